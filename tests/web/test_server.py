"""What slow, rude and vanishing clients do to the server, and how it stops."""

import json
import signal
import socket
import struct

import pytest

from burble.model.file import write_model
from tests.support import processes
from tests.support.servers import read_raw, serving
from tests.support.speakers import chancy

LIMITS = """
from burble.web import bodies, server
server.HEADER_SECONDS = server.STALLED_SECONDS = server.STOP_SECONDS = 0.5
bodies.read_body.__defaults__ = (bodies.MOST_BYTES, 0.5)
"""
PATIENT = LIMITS.replace("server.STOP_SECONDS = 0.5", "0.5; server.STOP_SECONDS = 600")
LONG = {"model": "slow", "max_tokens": 20_000, "seed": 1}
HEAD = b"POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model that writes slowly enough to be left in the middle of a text."""
    path = tmp_path_factory.mktemp("slow") / "slow.safetensors"
    write_model(path, chancy(units=1536, embedding=64))
    return path


@pytest.fixture(scope="module")
def hasty(folder):
    """A server that waits for nothing longer than half a second."""
    with serving(folder, first=LIMITS) as running:
        yield running


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Odd: " + b"a" * 20_000, 431),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
        (HEAD + b"Content-Length: 9999999\r\n\r\n", 413),
        (HEAD + b"Content-Length: " + b"9" * 19 + b"\r\n\r\n", 413),
        (HEAD + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (HEAD + b"Content-Length: 10\r\n\r\n{", 408),
    ],
)
def test_what_is_no_request_is_refused_as_clients_read_it(hasty, sent, status):
    answer = read_raw(hasty.send_raw(sent))
    assert answer.status == status
    assert answer.error["message"]


def test_a_body_in_chunks_is_no_larger_than_another(hasty):
    connection = hasty.send_raw(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%s\r\n" % (1 << 16, b"a" * (1 << 16))
    connection.sendall(chunk * 17)
    assert read_raw(connection).status == 413


def test_who_sends_too_much_hears_so(hasty):
    answer = hasty.ask(
        "POST", "/v1/completions", b" " * (8 << 20), {"Content-Type": "application/json"}
    )
    assert answer.status == 413
    assert "more than 1,048,576 bytes" in answer.error["message"]


@pytest.mark.parametrize("sent", [b"", b"GET /health HT", b"GET /health HTTP/1.1\r\nHost: loc"])
def test_a_client_that_never_asks_is_cut(hasty, sent):
    with hasty.send_raw(sent) as connection:
        assert connection.recv(1) == b""


def test_a_client_that_asks_again_too_slowly_is_cut(hasty):
    asked = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with hasty.send_raw(asked) as connection, connection.makefile("rb") as file:
        assert file.readline() == b"HTTP/1.1 200 OK\r\n"
        connection.sendall(asked[:9])
        assert file.read().endswith(b"}")


def test_a_client_that_reads_nothing_is_cut(hasty):
    before = hasty.metric("burble_unfinished_total")
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    connection.connect(("127.0.0.1", hasty.port))
    body = json.dumps(LONG | {"stream": True, "n": 10, "logprobs": 1}).encode()
    with connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        hasty.wait_for("burble_unfinished_total", before + 1)
        hasty.wait_for("burble_texts_active", 0)


@pytest.mark.parametrize("stream", [True, False])
def test_work_ends_when_a_client_leaves(hasty, stream):
    before = hasty.metric("burble_unfinished_total")
    written = hasty.metric("burble_characters_written_total")
    body = json.dumps(LONG | {"stream": stream}).encode()
    with hasty.send_raw(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(body), body)) as connection:
        hasty.wait_for("burble_texts_active", 1)
        # Whoever resets says nothing in farewell.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    hasty.wait_for("burble_texts_active", 0)
    hasty.wait_for("burble_unfinished_total", before + 1)
    assert hasty.metric("burble_characters_written_total") - written < LONG["max_tokens"]


def test_others_are_answered_while_clients_dawdle(hasty):
    dawdlers = [hasty.send_raw(HEAD) for _ in range(50)]
    assert hasty.get("/health").status == 200
    for one in dawdlers:
        one.close()


def test_requests_on_one_connection_are_answered_in_their_order(hasty):
    asked = (
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /none HTTP/1.1\r\nHost: localhost\r\n"
    )
    answer = read_raw(hasty.send_raw(asked + b"Connection: close\r\n\r\n"))
    assert answer.status == 200
    assert b"HTTP/1.1 404 Not Found" in answer.body


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/metrics", "/openapi.json"])
def test_head_runs_nothing(hasty, path):
    answer = hasty.ask("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")
    # It was not made only to be thrown away.
    assert answer.headers["content-length"] == "0"
    assert hasty.ask("HEAD", "/nowhere").status == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_written_is_ended_after_a_while_when_it_stops(folder, number):
    with serving(folder, first=LIMITS) as running, running.stream(**LONG) as read_rest:
        running.process.send_signal(number)
        *_, last = read_rest()
        assert last["error"]["code"] == "unavailable"
        assert running.process.wait(processes.PATIENCE) == 0
        assert running.process.stderr.read() == "Ctrl-C stops it.\n"


def test_clients_that_leave_leave_no_trace(folder):
    with serving(folder, first=LIMITS) as running:
        with running.stream(**LONG):
            pass
        running.send_raw(HEAD + b"Content-Length: 2\r\n\r\n{").close()
        running.wait_for("burble_texts_active", 0)
        assert running.stop() == "Ctrl-C stops it.\n"


def test_what_is_nearly_done_is_finished_when_it_stops(folder):
    asked = LONG | {"max_tokens": 300}
    with serving(folder, first=PATIENT) as running, running.stream(**asked) as read_rest:
        running.process.send_signal(signal.SIGTERM)
        assert read_rest()[-1]["choices"][0]["finish_reason"] == "length"
        assert running.process.wait(processes.PATIENCE) == 0


def come_again(running):
    while True:
        running.send_raw(b"").close()


def test_a_second_signal_ends_it_at_once(folder):
    with serving(folder, first=PATIENT) as running, running.stream(**LONG) as read_rest:
        running.process.send_signal(signal.SIGTERM)
        # Nobody is let in once the first was seen; two that come together would count as one.
        with pytest.raises(ConnectionError):
            come_again(running)
        running.process.send_signal(signal.SIGTERM)
        assert read_rest()[-1]["error"]["code"] == "unavailable"
        assert running.process.wait(processes.PATIENCE) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0"], "Give a key that they must know, with --api-key"),
        (["--host", "203.0.113.1", "--api-key", "k"], "cannot listen at 203.0.113.1"),
        (["--port", "70000"], "port is 70000, but must be 0 to 65535"),
        (["--api-key", "ñ"], "api_key must be of printable ASCII characters"),
        (["--api-key", "key "], "without a blank at either end"),
        (["--allow-origin", "https://a.org/"], "allow_origin is 'https://a.org/', but must be"),
        (["--allow-origin", "*"], "must be as browsers send it"),
        (["--models", "no/where"], "models is no/where, but must be a folder"),
        (["nowhere"], "there is no nowhere. Give a run folder"),
    ],
)
def test_what_cannot_be_served_is_told(command, folder, arguments, message):
    done = command("serve", folder, "--no-browser", *arguments)
    assert done.returncode == 2
    assert message in done.stderr.decode()
    assert done.stdout == b""


def test_a_port_that_is_taken_is_told(command, folder, hasty):
    done = command("serve", folder, "--no-browser", "--port", hasty.port)
    assert done.returncode == 2
    said = done.stderr.decode()
    assert f"cannot listen at 127.0.0.1, port {hasty.port}: Address already in use. Ch" in said
