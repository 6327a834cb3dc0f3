"""The one thread that writes: texts of all requests, a few symbols at a time, side by side.

Knows nothing of requests or of what answers look like. Whoever waits for a text gets its pieces in
an inbox of its own, in the event loop.
"""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass

from burble.inference.batching import Batch
from burble.inference.generator import Generator
from burble.inference.scored import Scored
from burble.inference.selection import Ending
from burble.inference.texts import Texts
from burble.web.errors import ApiError, stopping
from burble.web.metrics import Metrics

MOST_WRITTEN = 256
"""Texts that are written side by side."""
MOST_WAITING = 512
"""Texts that wait until there is room; more are refused."""
MOST_OF_ONE = 64
"""Texts of one request that are written side by side."""
FEW = 4
ROOM = 64
"""Places that are kept for requests of which no more than a few texts are being written."""
MOST_BATCHES = 8
"""Models that are kept ready to write with."""
SHARE = 0.002
"""Seconds of sending that are for each text that is being written."""
Item = str | Scored | Ending | Exception


class Inbox:
    """What was written for one request, until its handler takes it; lives in the event loop."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._items: deque[tuple[int, Item]] = deque()
        self._filled = asyncio.Event()
        self._awaited = False

    def put(self, text: int, item: Item) -> bool:
        """Adds an item of a text; may be called from any thread.

        Returns:
            Whether somebody waits for it, and must be woken.
        """
        self._items.append((text, item))
        return self._awaited

    def wake(self) -> None:
        """Tells whoever waits that there is something; called in the event loop."""
        self._filled.set()

    async def take(self) -> list[tuple[int, Item]]:
        """All that is there, with the number of the text that each is of; waits for something."""
        while not self._items:
            self._filled.clear()
            self._awaited = True
            # What the thread added before it could see that is there now.
            if not self._items:
                await self._filled.wait()
        self._awaited = False
        return [self._items.popleft() for _ in range(len(self._items))]


@dataclass(eq=False)
class Part:
    """One text to write.

    Attributes:
        generator: The model.
        texts: What writes it.
        number: Of the random numbers that it is written with.
        logprobs: How many of the likeliest symbols are told at each place; None for nothing.
        echo: Whether that is told of the prompt, too.
        inbox: Where its pieces go.
        place: Its number in the inbox.
    """

    generator: Generator
    texts: Texts
    number: int
    logprobs: int | None
    echo: bool
    inbox: Inbox
    place: int


class Writer:
    """Writes the texts of all requests in a thread.

    Args:
        metrics: Counts what is written.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._changed = threading.Condition()
        self._waiting: deque[Part] = deque()
        self._leaving: set[Part] = set()
        self._active: dict[Part, tuple[Generator, int]] = {}
        self._batches: dict[Generator, tuple[Batch, dict[int, Part]]] = {}
        self._ended = self._stopped = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)

    def start(self) -> None:
        """Begins to write."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread, and all texts with it."""
        self.end_all()
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def end_all(self) -> None:
        """Ends all texts, and takes no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    @property
    def pause(self) -> float:
        """Seconds that should pass between two looks into an inbox.

        To send a character costs more than to write it. Whoever is alone gets a few of them at
        once, and of many each gets more, so that what is sent to all together costs the same.
        """
        return len(self._active) * SHARE

    def submit(self, parts: Sequence[Part]) -> None:
        """Takes texts to write: all of them or none.

        Raises:
            ApiError: Too many wait already (429), or the server is stopping (503).
        """
        with self._changed:
            if self._ended:
                raise stopping()
            # A request that is large by itself is taken where nothing waits.
            if self._waiting and len(self._waiting) + len(parts) > MOST_WAITING:
                self._metrics.count("burble_rejected_total")
                raise ApiError(
                    429,
                    f"{len(self._waiting):,} texts are waiting to be written, and this is one too "
                    "many. Try again in a moment.",
                )
            self._waiting.extend(parts)
            self._changed.notify()

    def withdraw(self, parts: Sequence[Part]) -> None:
        """Ends the work on texts for which nobody waits any more; those that are done stay so."""
        with self._changed:
            self._leaving.update(parts)
            self._changed.notify()

    def _run(self) -> None:
        """Writes until it is stopped."""
        while self._prepare():
            touched: set[Inbox] = set()
            for generator, (batch, parts) in [*self._batches.items()]:
                if parts:
                    self._step(generator, batch, parts, touched)
            _wake(touched)

    def _prepare(self) -> bool:
        """Waits for something to do and lets texts join and leave; false once it is stopped."""
        touched: set[Inbox] = set()
        with self._changed:
            while not (self._waiting or self._active or self._leaving or self._stopped):
                self._changed.wait()
            leaving = [part for part in self._leaving if part in self._active]
            kept = [part for part in self._waiting if part not in self._leaving]
            self._leaving.clear()
            if self._ended:
                for part in [*kept, *self._active]:
                    _tell(part, stopping(), touched)
                leaving, kept = [*self._active], []
            joining, self._waiting = self._choose(kept, leaving)
            stopped = self._stopped
        for part in leaving:
            self._leave(part)
        for part in joining:
            self._join(part, touched)
        _wake(touched)
        self._metrics.set("burble_texts_waiting", len(self._waiting))
        self._metrics.set("burble_texts_active", len(self._active))
        return not stopped

    def _choose(
        self, waiting: Sequence[Part], leaving: Sequence[Part]
    ) -> tuple[list[Part], deque[Part]]:
        """Those that may join now, and those that wait on, in their order.

        A request of many texts leaves room, so that one of few does not wait for all of them.
        """
        written = Counter(part.inbox for part in self._active)
        written.subtract(part.inbox for part in leaving)
        places = len(self._active) - len(leaving)
        joining, others = list[Part](), deque[Part]()
        for part in waiting:
            most = MOST_WRITTEN if written[part.inbox] < FEW else MOST_WRITTEN - ROOM
            if places < most and written[part.inbox] < MOST_OF_ONE:
                joining.append(part)
                written[part.inbox] += 1
                places += 1
            else:
                others.append(part)
        return joining, others

    def _join(self, part: Part, touched: set[Inbox]) -> None:
        """Begins to write a text."""
        try:
            batch, parts = self._find_batch(part.generator)
            key = batch.join(part.texts, part.number, logprobs=part.logprobs, echo=part.echo)
        except Exception as error:
            _tell(part, error, touched)
            return
        parts[key] = part
        self._active[part] = (part.generator, key)

    def _find_batch(self, generator: Generator) -> tuple[Batch, dict[int, Part]]:
        """What writes with a model, and the texts there."""
        if generator not in self._batches:
            idle = [one for one, (_, parts) in self._batches.items() if not parts]
            # Models that are not served any more must not stay in memory.
            for one in idle[: max(0, len(self._batches) + 1 - MOST_BATCHES)]:
                del self._batches[one]
            self._batches[generator] = (Batch(generator), {})
        return self._batches[generator]

    def _leave(self, part: Part) -> None:
        """Writes no more of a text."""
        generator, key = self._active.pop(part)
        batch, parts = self._batches[generator]
        del parts[key]
        batch.leave(key)

    def _step(
        self, generator: Generator, batch: Batch, parts: dict[int, Part], touched: set[Inbox]
    ) -> None:
        """Goes on with all texts of a model."""
        written = 0
        try:
            items: list[tuple[int, Item]] = [*batch.step()]
        except Exception as error:
            items = [(key, error) for key in parts]
            del self._batches[generator]
        for key, item in items:
            part = parts[key]
            _tell(part, item, touched)
            written += len(item) if isinstance(item, str) else 0
            if isinstance(item, Ending | Exception):
                del self._active[part], parts[key]
        self._metrics.count("burble_characters_written_total", written)


def _tell(part: Part, item: Item, touched: set[Inbox]) -> None:
    """Puts an item of a text into its inbox, which is noted if somebody waits there."""
    if part.inbox.put(part.place, item):
        touched.add(part.inbox)


def _wake(inboxes: set[Inbox]) -> None:
    """Wakes whoever waits for what was written: once in each event loop."""
    loops: dict[asyncio.AbstractEventLoop, list[Inbox]] = {}
    for inbox in inboxes:
        loops.setdefault(inbox.loop, []).append(inbox)
    for loop, several in loops.items():
        try:
            loop.call_soon_threadsafe(_wake_here, several)
        except RuntimeError:
            # The loop is closed, and nobody waits there.
            continue


def _wake_here(inboxes: Sequence[Inbox]) -> None:
    """Wakes whoever waits in this event loop."""
    for inbox in inboxes:
        inbox.wake()
