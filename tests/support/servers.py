"""A real server in a process of its own, and a plain client."""

import http.client
import json
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

from tests.support import processes

JSON = {"Content-Type": "application/json"}


@dataclass
class Answer:
    """What a server answered."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def error(self):
        """What went wrong, and that it is told as clients expect it."""
        assert self.headers["content-type"] == "application/json"
        assert list(self.json) == ["error"]
        assert set(self.json["error"]) == {"message", "type", "param", "code"}
        return self.json["error"]

    @property
    def events(self):
        """The events of a stream, of which each is one line of data."""
        assert self.headers["content-type"].startswith("text/event-stream")
        *events, end = self.body.decode().split("\n\n")
        assert end == ""
        assert all(re.fullmatch("data: [^\n]+", event) for event in events)
        assert events.pop() == "data: [DONE]"
        return [json.loads(event.removeprefix("data: ")) for event in events]


@dataclass
class Running:
    """A server that runs."""

    process: subprocess.Popen[str]
    port: int

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=processes.PATIENCE)

    def ask(self, method, path, body=None, headers=None):
        """Asks, with a body of JSON if there is one."""
        connection = self.connect()
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, sent, headers=(JSON if sent else {}) | (headers or {}))
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, **headers):
        return self.ask("GET", path, headers=headers)

    def complete(self, **fields):
        return self.ask("POST", "/v1/completions", fields)

    def stop(self):
        """Stops it as a service manager does; what it said since it began."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.stderr.read()
        assert self.process.wait(processes.PATIENCE) == 0, said
        return said


@contextmanager
def serving(*arguments, **options):
    """Runs `burble serve` at a free port until the end of a block."""
    flags = ["--port", "0", "--no-browser"]
    process = processes.start("serve", *arguments, *flags, **options)
    try:
        line = process.stderr.readline()
        found = re.search(r"at http://\S+:(\d+)/$", line.strip())
        assert found, line + process.stderr.read()
        yield Running(process, int(found[1]))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
