"""A real server in a process of its own, and a plain client."""

import http.client
import json
import re
import signal
import socket
import subprocess
import time
from contextlib import closing, contextmanager
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


def read_raw(connection):
    """The answer on a connection that the server closes after it."""
    with connection, connection.makefile("rb") as file:
        whole = file.read()
    head, _, body = whole.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    headers = http.client.HTTPMessage()
    for name, value in (one.split(": ", 1) for one in lines):
        headers[name] = value
    return Answer(int(line.split()[1]), headers, body)


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

    def metric(self, name):
        """A number that the server counts."""
        return float(re.search(rf"^{name} (\S+)$", self.get("/metrics").body.decode(), re.M)[1])

    def wait_for(self, name, value):
        """Returns once a number is that."""
        while self.metric(name) != value:
            assert self.process.poll() is None
            time.sleep(0.01)

    @contextmanager
    def stream(self, **fields):
        """Begins a stream; what is there once the first piece has come reads the rest of it."""
        body = json.dumps(fields | {"stream": True})
        with closing(self.connect()) as connection:
            connection.request("POST", "/v1/completions", body, headers=JSON)
            with connection.getresponse() as answer:
                first = answer.readline()
                assert first.startswith(b"data: {")
                yield lambda: Answer(answer.status, answer.headers, first + answer.read()).events

    def send_raw(self, data):
        """Sends bytes as they are; the connection, on which nothing is read."""
        connection = socket.create_connection(("127.0.0.1", self.port), processes.PATIENCE)
        try:
            connection.sendall(data)
        except OSError:
            connection.close()
            raise
        return connection

    def stop(self):
        """Stops it as a service manager does; what it said since it began."""
        self.process.send_signal(signal.SIGTERM)
        said = self.process.stderr.read()
        assert self.process.wait(processes.PATIENCE) == 0, said
        return said


@contextmanager
def serving(*arguments, first="", **options):
    """Runs `burble serve` at a free port until the end of a block.

    Args:
        arguments: Of the command.
        first: Code that is run before it, such as what makes limits shorter.
        options: Of `subprocess.Popen`.
    """
    command = processes.command("serve", *arguments, "--port", 0, "--no-browser", first=first)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)
    try:
        line = process.stderr.readline()
        found = re.search(r"at http://\S+:(\d+)/$", line.strip())
        assert found, line + process.stderr.read()
        yield Running(process, int(found[1]))
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
