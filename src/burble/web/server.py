"""The server below the application: connections, their limits, and how it stops. Knows no models.

Built on uvicorn and its h11 protocol, which leaves to others what slow and rude clients do.
"""

import asyncio
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from types import FrameType
from typing import Any, cast

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from burble.web.errors import ApiError

HEADER_BYTES = 16 << 10
HEADER_SECONDS = 10.0
"""After which the headers of a request must be there, and how long an idle connection stays."""
STALLED_SECONDS = 10.0
"""After which a client is cut that takes nothing of what it was sent."""
MOST_CONNECTIONS = 1_000
STOP_SECONDS = 5
"""How long what is being written may go on once the server is asked to stop."""
LOOK_SECONDS = 0.1
"""How often a second request to stop is looked for, which a signal's handler only notes."""
BUSY = ApiError(503, f"there are more than {MOST_CONNECTIONS:,} connections. Come again later.")


class Protocol(H11Protocol):
    """One connection: uvicorn's, with limits on time, and errors in the shape that clients read."""

    _waiting: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to wait for a request."""
        super().connection_made(cast("asyncio.Transport", transport))
        if len(self.connections) > MOST_CONNECTIONS:
            self._refuse(BUSY)
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Takes a piece of a request; what comes too slowly ends the connection."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy and self._waiting:
            self._waiting.cancel()
            self._waiting = None
        elif not busy and not self._waiting:
            # uvicorn's own timer ended with the first byte.
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends all waiting."""
        for timer in (self._waiting, self._stalled):
            if timer:
                timer.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Gives a client that takes nothing a while before it is cut."""
        super().pause_writing()
        self._stalled = self.loop.call_later(STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client takes what it was sent."""
        if self._stalled:
            self._stalled.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Answers what is no HTTP; called where h11 has just said why."""
        error = sys.exception()
        status = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        why = f"{msg.rstrip('.')}: {error}." if error else msg
        if status == 431:
            why = f"the headers have more than {HEADER_BYTES:,} bytes. Send less in them."
        self._refuse(ApiError(status, why, code="invalid_http"))

    def _refuse(self, error: ApiError) -> None:
        """Answers with an error and closes the connection, whatever state it is in."""
        if self.cycle is None or not self.cycle.response_started:
            answer = error.response
            phrase = HTTPStatus(error.status).phrase
            head = f"HTTP/1.1 {error.status} {phrase}\r\nconnection: close\r\n".encode()
            head += b"".join(b"%s: %s\r\n" % pair for pair in answer.raw_headers)
            self.transport.write(head + b"\r\n" + bytes(answer.body))
        self.transport.close()

    def _wait(self) -> None:
        """Closes the connection unless a request has come in time."""
        self._waiting = self.loop.call_later(HEADER_SECONDS, self._give_up)

    def _give_up(self) -> None:
        """No request came."""
        self._waiting = None
        if not self.transport.is_closing():
            self.transport.close()


class Server(uvicorn.Server):
    """The server.

    Args:
        app: The application.
        started: Called once it answers.
        stopping: Set once it is asked to stop.
        stop: Called when what is being written has had its time after a request to stop.
    """

    def __init__(
        self,
        app: ASGIApp,
        started: Callable[[], object],
        stopping: threading.Event,
        stop: Callable[[], object],
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Protocol,
                ws="none",
                loop="asyncio",
                lifespan="on",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=max(1, int(HEADER_SECONDS)),
                timeout_graceful_shutdown=STOP_SECONDS + 2,
                h11_max_incomplete_event_size=HEADER_BYTES,
            )
        )
        self._tell_started = started
        self._stopping = stopping
        self._stop_writing = stop
        self._requests = 0

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer."""
        await super().startup(sockets)
        if self.started:
            self._tell_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Takes no more, lets what is being written go on for a while, and ends."""
        self._stopping.set()
        ending = asyncio.create_task(self._end_writing())
        await super().shutdown(sockets)
        ending.cancel()

    async def _end_writing(self) -> None:
        """Ends what is being written after a while, or at the second request to stop."""
        loop = asyncio.get_running_loop()
        end = loop.time() + STOP_SECONDS
        while loop.time() < end and self._requests < 2:
            await asyncio.sleep(LOOK_SECONDS)
        self._stop_writing()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """The first request to stop lets texts be finished, the second ends them."""
        self._requests += 1
        if self._requests != 2:
            # uvicorn (0.54) waits for no client any more at its second request.
            super().handle_exit(sig, frame)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Takes Ctrl-C and SIGTERM as requests to stop, after which the command is done.

        uvicorn (0.54) would send itself the same signal again at the end.
        """
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def serve(app: Any, listening: socket.socket, started: Callable[[], object]) -> None:
    """Answers requests until it is asked to stop.

    Args:
        app: What `build_app` made.
        listening: Where clients come.
        started: Called once the server answers.
    """
    # It tells of every write to a client that is gone, which is nothing that went wrong here.
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    writer = app.state.writer
    try:
        Server(app, started, app.state.stopping, writer.end_all).run([listening])
    finally:
        writer.stop()
