"""Completions: a request becomes texts that are written, and these become an answer.

Knows nothing of networks.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from burble.inference.generator import Generator
from burble.inference.selection import Ending
from burble.inference.texts import Texts
from burble.web.answers import Choice, Head
from burble.web.bodies import read_json
from burble.web.errors import ApiError
from burble.web.metrics import Metrics
from burble.web.parameters import Completions, parse_completions
from burble.web.streams import EventStream, unless_gone
from burble.web.writer import Inbox, Item, Part, Writer

SECONDS = 600.0
"""After which a request is given up, waiting included."""


async def complete(request: Request) -> Response:
    """`POST /v1/completions`."""
    started, state = time.perf_counter(), request.app.state
    wanted = parse_completions(await read_json(request))
    generator, several = await state.preparation.prepare(wanted)
    name = wanted.model or state.models.names()[0]
    job = Job(wanted, generator, several, name, Watch(state.metrics, started))
    job.begin(state.writer)
    if wanted.stream:
        return EventStream(job.stream(), job.end)
    try:
        body = await unless_gone(request.receive, job.write_whole())
        return Response(body, media_type="application/json")
    finally:
        job.end()


@dataclass(frozen=True)
class Watch:
    """What is measured of a request.

    Attributes:
        metrics: Where it goes.
        started: When it came.
    """

    metrics: Metrics
    started: float

    def observe(self, name: str) -> None:
        """Notes the seconds since it came."""
        self.metrics.observe(name, time.perf_counter() - self.started)


class Job:
    """The texts of one request.

    Args:
        wanted: What it asks for.
        generator: The model.
        several: What writes the texts of each prompt.
        model: The model's name.
        watch: What is measured.
    """

    def __init__(
        self,
        wanted: Completions,
        generator: Generator,
        several: Sequence[Texts],
        model: str,
        watch: Watch,
    ) -> None:
        self._wanted, self._watch = wanted, watch
        self._inbox = Inbox()
        self._choices: list[Choice] = []
        self._parts: list[Part] = []
        vocabulary = generator.model.vocabulary
        top = vocabulary.size if wanted.logprobs == -1 else wanted.logprobs
        for prompt, texts in zip(wanted.prompts, several, strict=True):
            edge = vocabulary.boundary and [*prompt[:1]] == [vocabulary.boundary_id]
            for number in range(wanted.count):
                place = len(self._choices)
                length = texts.settings.length or 0
                shown = texts.prompt.text if wanted.echo else ""
                self._choices.append(Choice(place, length, top is not None, shown, edge))
                echo = wanted.echo and top is not None
                part = Part(generator, texts, number, top, echo, self._inbox, place)
                self._parts.append(part)
        read = sum(len(texts.prompt.text) for texts in several)
        watch.metrics.count("burble_prompt_characters_total", read)
        self._head = Head(model, several[0].settings.seed or 0, read)
        self._writer: Writer | None = None

    def begin(self, writer: Writer) -> None:
        """Begins to write.

        Raises:
            ApiError: Too many wait already.
        """
        writer.submit(self._parts)
        self._writer = writer

    def end(self) -> None:
        """Ends the work on what is not written yet."""
        if self._writer is None:
            return
        if not self._done:
            self._watch.metrics.count("burble_unfinished_total")
        self._writer.withdraw(self._parts)
        self._watch.observe("burble_completion_seconds")

    @property
    def _done(self) -> bool:
        """Whether all texts are written."""
        return all(choice.finish_reason for choice in self._choices)

    async def write_whole(self) -> str:
        """The answer as JSON, once all is written."""
        async for _ in self._advance():
            pass
        if self._wanted.logprobs is None:
            return json.dumps(self._assemble(), ensure_ascii=False)
        # It may be long: made piece by piece in a thread, it does not hold up other answers.
        return await run_in_threadpool(self._render)

    def _assemble(self) -> dict[str, Any]:
        """The answer."""
        choices = [choice.take() for choice in self._choices]
        return self._head.answer(choices) | {"usage": self._head.usage(self._choices)}

    def _render(self) -> str:
        """The answer as JSON, made so that other threads come in between."""
        return "".join(json.JSONEncoder(ensure_ascii=False).iterencode(self._assemble()))

    async def stream(self) -> AsyncGenerator[dict[str, Any]]:
        """Pieces of the answer, as they are written."""
        wanted = self._wanted
        more: dict[str, Any] = {"usage": None} if wanted.include_usage else {}
        async for touched in self._advance():
            for piece in self._take(touched):
                yield self._head.answer([piece]) | more
        if wanted.include_usage:
            yield self._head.answer([]) | {"usage": self._head.usage(self._choices)}

    def _take(self, touched: Sequence[int]) -> Iterator[dict[str, Any]]:
        """What has come of some texts, where there is anything."""
        for place in touched:
            piece = self._choices[place].take()
            if piece["text"] or piece["finish_reason"]:
                yield piece

    async def _advance(self) -> AsyncGenerator[list[int]]:
        """The places of the texts of which something has come, again and again until all is there.

        Raises:
            ApiError: It takes too long (503), or could not be written.
        """
        end, first = asyncio.get_running_loop().time() + SECONDS, True
        while not self._done:
            touched = dict[int, None]()
            for place, item in await self._take_items(end):
                if isinstance(item, Exception):
                    raise item
                self._choices[place].add(item)
                if item or isinstance(item, Ending):
                    touched[place] = None
            if touched and first:
                first = False
                self._watch.observe("burble_first_piece_seconds")
            yield [*touched]
            if self._writer and not self._done:
                await asyncio.sleep(self._writer.pause)

    async def _take_items(self, end: float) -> list[tuple[int, Item]]:
        """What comes next for any text, until a time of the event loop."""
        try:
            async with asyncio.timeout_at(end):
                return await self._inbox.take()
        except TimeoutError:
            raise ApiError(
                503, f"the answer is not whole after {SECONDS:g} seconds. Ask for less at once."
            ) from None
