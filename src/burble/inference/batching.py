"""Continuous batching: texts of many readers, each of which begins and ends when it likes.

A newcomer's prompt is read in parts between the steps of the others, and it joins them at the next
step after. Each text is, to the bit, what it is alone. Knows nothing of clients or threads.
"""

import time
from collections import deque
from collections.abc import Generator, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice

from burble.errors import SettingsError
from burble.inference.context import BLOCK, Context
from burble.inference.generator import Generator as Writer
from burble.inference.loop import Item, Loop, Text
from burble.inference.open_ends import predict_next
from burble.inference.scored import Scored, Symbol, score_symbol
from burble.inference.selection import Ending
from burble.inference.spoken import Gathered, begin_spoken
from burble.inference.texts import Texts
from burble.model.engine import Array
from burble.model.forward import PART
from burble.model.parallel import count_threads, run_at_once

SECONDS = 0.004
"""For which prompts are read between two steps at least: as long as a step takes, if longer."""
HURRIED = 4
"""Symbols that are written in a step at most while prompts wait to be read."""
FEW = 8
"""So many texts of one kind are written by one thread."""
AT_ONCE = 16
"""Symbols of a prompt that are scored at once."""
TURN = 16
"""Parts of a long prompt that are read before it is another's turn."""
TOGETHER = 8
"""Prompts that are read side by side, where that is faster; of more, a part would take long."""
MOST_LOGITS = 1 << 22
"""Numbers that are predicted while they are read."""
Begun = tuple[Array, Context]
"""The logits after a prompt, and the context that has read it."""


@dataclass(eq=False)
class _Newcomers:
    """Texts from one prompt that is not read yet.

    Attributes:
        texts: What they are prepared as.
        waiting: The texts, by key.
        echoes: How many of the likeliest symbols are told with each of the prompt's, for those
            that want to hear of it.
        reading: What is left to do; it tells of the prompt's symbols, and returns what it came to
            for each of those that are read together.
        parts: What has been done of it.
        first: The first of those that are read together, whose reading it is; None for itself.
        others: The others, where this is the first.
    """

    texts: Texts
    waiting: dict[int, Text] = field(default_factory=dict)
    echoes: dict[int, int] = field(default_factory=dict)
    reading: Generator[list[Item], None, Sequence[Begun | None]] | None = None
    parts: int = 0
    first: "_Newcomers | None" = None
    others: list["_Newcomers"] = field(default_factory=list)

    @property
    def together(self) -> list["_Newcomers"]:
        """All that are read together with this one, the first of them first."""
        first = self.first or self
        return [first, *first.others]

    def suits(self, other: "_Newcomers") -> bool:
        """Whether both can be read side by side, in as many parts."""
        own, others = self.texts, other.texts
        parts = (-(-len(texts.prompt.primed) // PART) for texts in (own, others))
        return own.kind == others.kind and other.is_plain and len({*parts}) == 1

    @property
    def is_plain(self) -> bool:
        """Whether nothing but a short prompt is to be read, and that has not begun."""
        texts = self.texts
        short = len(texts.prompt.primed) <= BLOCK and texts.settings.length != 0
        return short and not self.echoes and self.reading is None and texts.reader.side_by_side


class Batch:
    """Texts that are being written by one model, for whoever steps it: one thread.

    Args:
        generator: The model.
    """

    def __init__(self, generator: Writer) -> None:
        self._model = generator.model
        # For each kind as many as there are threads, of which the first are filled first.
        self._loops: dict[Hashable, list[Loop]] = {}
        self._newcomers: deque[_Newcomers] = deque()
        self._places: dict[int, Loop | _Newcomers] = {}
        self._next = 0
        self._step_seconds = 0.0

    def __len__(self) -> int:
        """How many texts are being written, or wait to be."""
        return len(self._places)

    def join(
        self, texts: Texts, number: int = 0, *, logprobs: int | None = None, echo: bool = False
    ) -> int:
        """Takes a text in.

        Args:
            texts: What it goes on from and how, prepared by the generator. Several that are given
                the same one before the next step share the reading of their prompt.
            number: With the seed, where its random numbers come from: 0 for what `stream` writes.
            logprobs: How many of the likeliest symbols are told with each that is written, which
                makes `step` give what was predicted; None for nothing.
            echo: Whether that is told of the prompt's symbols as well.

        Returns:
            Its key, which no other text ever has.

        Raises:
            SettingsError: It is of another model; or it must be new, which only whole texts show.
        """
        if texts.model is not self._model:
            raise SettingsError("a text of one model cannot be written by another.")
        if texts.settings.new is not False:
            raise SettingsError(
                "new texts are told from those of the training text once they are whole, and are "
                "not streamed. Leave out new."
            )
        key, self._next = self._next, self._next + 1
        found = (one for one in self._newcomers if one.texts is texts and one.reading is None)
        newcomers = next(found, None)
        if newcomers is None:
            newcomers = _Newcomers(texts)
            self._newcomers.append(newcomers)
        newcomers.waiting[key] = Text(key, texts.stops, texts.settings, number, logprobs)
        if echo:
            newcomers.echoes[key] = logprobs or 0
        self._places[key] = newcomers
        return key

    def leave(self, key: int) -> None:
        """Writes no more of a text, and keeps nothing of it; one that has ended is left already."""
        place = self._places.pop(key, None)
        if isinstance(place, Loop):
            place.leave(key)
            self._drop_idle()
        elif place is not None:
            del place.waiting[key]
            place.echoes.pop(key, None)
            if not any(one.waiting for one in place.together):
                self._newcomers.remove(place.together[0])

    def step(self) -> list[Item]:
        """Goes on with every text that has begun, and reads on in the prompts of others.

        That is one symbol, or as many as are written in a few milliseconds; see `Loop.step`.

        Returns:
            The texts' next pieces, each before what follows it; what was predicted of a piece,
            where that was asked for, before the piece; and how a text ended, last of it.

        Raises:
            DivergedError: What the model predicts is no number.
        """
        told = self._read_prompts()
        loops = [loop for kind in self._loops.values() for loop in kind if len(loop)]
        # As many texts in each thread.
        loops.sort(key=len, reverse=True)
        threads = count_threads() if sum(map(len, loops)) > FEW else 1
        work = [loops[part::threads] for part in range(min(threads, len(loops)))]
        most = HURRIED if self._newcomers else BLOCK
        began = time.perf_counter()
        for each in run_at_once([partial(_step_all, some, most) for some in work]):
            told += each
        self._step_seconds = time.perf_counter() - began
        for key, item in told:
            if isinstance(item, Ending):
                del self._places[key]
        self._drop_idle()
        return told

    def _drop_idle(self) -> None:
        """Keeps no loops that write nothing."""
        self._loops = {kind: loops for kind, loops in self._loops.items() if any(map(len, loops))}

    def _read_prompts(self) -> list[Item]:
        """Reads prompts in turn, a part of each, for a few milliseconds."""
        told: list[Item] = []
        until = time.perf_counter() + max(SECONDS, self._step_seconds)
        while self._newcomers and time.perf_counter() < until:
            newcomers = self._newcomers.popleft()
            newcomers.reading = newcomers.reading or self._start(newcomers)
            newcomers.parts += 1
            try:
                told += next(newcomers.reading)
            except StopIteration as ended:
                for one, begun in zip(newcomers.together, ended.value, strict=True):
                    told += self._begin(one, begun)
                continue
            if newcomers.parts % TURN:
                self._newcomers.appendleft(newcomers)
            else:
                self._newcomers.append(newcomers)
        return told

    def _start(self, newcomers: _Newcomers) -> Generator[list[Item], None, Sequence[Begun | None]]:
        """Begins to read a prompt, and others that wait for that and can be read side by side."""
        if not newcomers.is_plain:
            return self._read(newcomers)
        width = len(newcomers.texts.prompt.primed) * self._model.vocabulary.size
        most = min(TOGETHER, MOST_LOGITS // width) - 1
        suiting = (one for one in self._newcomers if newcomers.suits(one))
        newcomers.others = [*islice(suiting, max(0, most))]
        for one in newcomers.others:
            one.first = newcomers
            self._newcomers.remove(one)
        return self._read_together(newcomers.together)

    def _read_together(
        self, several: Sequence[_Newcomers]
    ) -> Generator[list[Item], None, Sequence[Begun | None]]:
        """Reads prompts side by side, of which nobody wants to hear."""
        reading = several[0].texts.reader.read_several([one.texts.prompt.primed for one in several])
        while True:
            try:
                next(reading)
            except StopIteration as ended:
                begun: list[Begun] = ended.value
                return begun
            yield []

    def _begin(self, newcomers: _Newcomers, begun: Begun | None) -> list[Item]:
        """Puts texts whose prompt has been read where they are written, or ends them."""
        if not newcomers.waiting:
            # They have left, while others were read with them.
            return []
        if begun is None:
            return [(key, Ending()) for key in newcomers.waiting]
        texts = newcomers.texts
        if texts.kind not in self._loops:
            self._loops[texts.kind] = [Loop(self._model) for _ in range(count_threads())]
        loops = self._loops[texts.kind]
        # A few are quicker together than in two threads.
        loop = next((one for one in loops if 0 < len(one) < FEW), min(loops, key=len))
        waiting, end = [*newcomers.waiting.values()], texts.prompt.end
        told = end is not None and any(text.logprobs is not None for text in waiting)
        chances = predict_next(*begun, self._model.vocabulary, end) if told else None
        loop.join(waiting, begun, texts.before, texts.prompt.owed, chances)
        self._places |= dict.fromkeys(newcomers.waiting, loop)
        return []

    def _read(self, newcomers: _Newcomers) -> Generator[list[Item], None, Sequence[Begun | None]]:
        """Reads a prompt in parts, telling of its symbols those that want to hear of them."""
        texts = newcomers.texts
        if newcomers.echoes:
            for symbols in self._score(texts, max(newcomers.echoes.values())):
                yield [
                    (key, Scored(tuple(_shorten(one, count) for one in symbols), of_prompt=True))
                    for key, count in newcomers.echoes.items()
                    if symbols
                ]
        if texts.settings.length == 0:
            return [None]
        reading = texts.reader.read_in_parts(texts.prompt.primed, texts.prompt.end)
        while True:
            try:
                next(reading)
            except StopIteration as ended:
                begun: Begun = ended.value
                return [begun]
            yield []

    def _score(self, texts: Texts, count: int) -> Iterator[list[Symbol]]:
        """The symbols of a prompt, some at a time, with what was predicted of each."""
        vocabulary = self._model.vocabulary
        pieces, names = (*vocabulary.symbols, self._model.separator), (*vocabulary.names, "")
        ids = texts.prompt.ids.tolist() if texts.prompt.text else []
        if not ids:
            return
        spoken, gathered = begin_spoken(vocabulary, pieces, "", []), Gathered()

        def tell(symbols: Iterable[tuple[int, Symbol]]) -> list[Symbol]:
            # The edge between two documents stands there as what is written between two.
            texts = ((i, one, spoken.read(i) if spoken else pieces[i]) for i, one in symbols)
            found = (gathered.add(one, text) for _, one, text in texts)
            return [one for one in found if one is not None]

        # A model of documents reads the edge of one first, which is no part of the prompt.
        if vocabulary.boundary_id is None:
            yield tell([(ids[0], Symbol("", None))])
        for predictions in texts.reader.predict_in_parts(texts.prompt.ids):
            if predictions is None:
                yield []
                continue
            rows, symbols = predictions.log_probabilities, predictions.symbols.tolist()
            pairs = [*zip(rows, symbols, strict=True)]
            for first in range(0, len(pairs), AT_ONCE):
                some = pairs[first : first + AT_ONCE]
                yield tell((i, score_symbol(row, i, names, count)) for row, i in some)


def _step_all(loops: Sequence[Loop], most: int) -> list[Item]:
    """Goes on with every text of some loops, by so many symbols at most."""
    return [item for loop in loops for item in loop.step(most)]


def _shorten(symbol: Symbol, count: int) -> Symbol:
    """A symbol with fewer of the likeliest."""
    return Symbol(symbol.text, symbol.log_probability, symbol.top[:count])
