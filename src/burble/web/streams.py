"""Answers that take a while: given up once their client is gone. Knows nothing of their content."""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import aclosing, suppress
from typing import Any, TypeVar

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from burble.errors import BurbleError
from burble.web.errors import ApiError, ClientGone, translate

LOGGER = logging.getLogger(__name__)
_T = TypeVar("_T")


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, _T]) -> _T:
    """Does some work, and gives it up at once where the client leaves.

    Args:
        receive: Of the request, whose body was read.
        work: What is to be done.

    Raises:
        ClientGone: The client left.
    """
    doing = asyncio.create_task(work)
    gone = asyncio.create_task(_wait_until_gone(receive))
    try:
        await asyncio.wait((doing, gone), return_when=asyncio.FIRST_COMPLETED)
        if doing.done():
            return doing.result()
        raise ClientGone
    finally:
        for task in (doing, gone):
            task.cancel()
        await asyncio.gather(doing, gone, return_exceptions=True)


async def _wait_until_gone(receive: Receive) -> None:
    """Returns once the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


class EventStream(Response):
    """Server-sent events: lines of `data:` alone, which is all that clients understand, and [DONE].

    Args:
        events: JSON values; what is raised becomes the last event.
        end: Called at the end, however it comes.
    """

    media_type = "text/event-stream"

    def __init__(self, events: AsyncGenerator[Any], end: Callable[[], object]) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._events = events
        self._end = end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the events as they come."""
        _ = scope
        try:
            # The answer has begun: nothing more can be said to whoever is gone.
            with suppress(ClientGone):
                await unless_gone(receive, self._send_all(send))
        finally:
            self._end()

    async def _send_all(self, send: Send) -> None:
        """Sends all events."""
        start = {"type": "http.response.start", "status": self.status_code}
        await send(start | {"headers": self.raw_headers})
        body = {"type": "http.response.body", "more_body": True}
        async with aclosing(self._events):
            try:
                async for event in self._events:
                    await send(body | {"body": _event(event)})
            except Exception as error:
                if not isinstance(error, ApiError | BurbleError):
                    LOGGER.error("a stream failed", exc_info=error)
                await send(body | {"body": _event(translate(error).body)})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


def _event(value: Any) -> bytes:
    """An event of JSON, in one line."""
    return b"data: " + json.dumps(value, ensure_ascii=False, allow_nan=False).encode() + b"\n\n"
