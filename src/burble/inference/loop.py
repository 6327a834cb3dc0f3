"""The loop that draws symbols, in texts side by side that come and go between its steps.

They may differ in their prompts and settings, and each is, to the bit, what it would be alone. A
step is one symbol, or several where the compiled kernels can draw them by themselves. Knows nothing
of how a prompt is read, or of where settings come from.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from burble.errors import DivergedError
from burble.inference import sampling
from burble.inference.choosers import Chooser, find_key
from burble.inference.context import Context, StateContext
from burble.inference.logits_processors import LogitsProcessors, build_processors
from burble.inference.scored import Alignment, Scored, score_symbol
from burble.inference.selection import Ending
from burble.inference.settings import WritingSettings
from burble.inference.spoken import Gathered, Spoken, SpokenBytes, begin_spoken
from burble.inference.stopping import Cutter
from burble.model.engine import Array
from burble.model.file import Model
from burble.model.softmax import log_softmax
from burble.model.writing import Writing
from burble.native.writing import NotFiniteError

BLOCK = 256
"""Random numbers that are drawn at once for a text."""
Item = tuple[int, str | Scored | Ending]
"""The number of a text, and its next piece, what was predicted of that, or how the text ended."""


@dataclass(frozen=True)
class Text:
    """One text to write.

    Attributes:
        key: Its number, for whoever reads it.
        stops: Strings at which to stop.
        settings: How to choose, and where to end.
        number: With the seed, where its random numbers come from, and those of no other text.
        logprobs: How many of the likeliest symbols are told with each that is drawn; None for
            nothing.
    """

    key: int
    stops: Sequence[str]
    settings: WritingSettings
    number: int
    logprobs: int | None = None


@dataclass(frozen=True)
class _Row:
    """One text being written: what chooses for it, what ends it, and its random numbers."""

    text: Text
    chooser: Chooser
    cutter: Cutter
    rng: np.random.Generator
    last: int | None
    alignment: Alignment | None
    spoken: Spoken | SpokenBytes | None
    gathered: Gathered


class Loop:
    """Texts of one model that are being written.

    Args:
        model: The model, for its alphabet and what parts documents.
    """

    def __init__(self, model: Model) -> None:
        self._vocabulary = model.vocabulary
        self._edge = model.vocabulary.boundary_id
        self._pieces = (*model.vocabulary.symbols, model.separator)
        self._names = (*model.vocabulary.names, "")
        self._rows: list[_Row] = []
        self._choosers: dict[Hashable, Chooser] = {}
        # The first rows are in the context, but for the symbol that each drew last; of the others
        # it is known what is predicted.
        self._context: Context | None = None
        self._drawn = np.empty(0, np.intp)
        self._newcomers: list[tuple[Array, Context]] = []
        self._uniforms = np.empty((0, BLOCK))
        self._used = np.empty(0, np.intp)
        self._places = np.empty(0, np.intp)
        self._tracked: list[int] = []
        # Symbols for which all rows have random numbers.
        self._supply = 0
        # Symbols with which no text can end by its length or by what stands in it, and those of
        # them that were taken without looking.
        self._calm = self._passed = 0
        self._keys: list[int] = []
        one_each = all(len(one) == 1 for one in model.vocabulary.symbols)
        self._pieces_are_characters = one_each and model.vocabulary.unit != "bytes"

    def __len__(self) -> int:
        """How many texts are being written."""
        return len(self._rows)

    def join(
        self,
        texts: Sequence[Text],
        begun: tuple[Array, Context],
        before: Sequence[int],
        owed: str = "",
        chances: Mapping[str, float] | None = None,
    ) -> None:
        """Goes on with texts besides, all of them from one prompt with the same settings.

        Args:
            texts: One or more.
            begun: The logits after the prompt, shape (1, V), and the context that has read it,
                which is the loop's own from now on.
            before: The symbols of the prompt.
            owed: What the prompt ends with besides, which they write again.
            chances: Of what they add to that first; see `Gathered`.
        """
        self._settle()
        settings, first, count = texts[0].settings, len(self._rows), len(texts)
        of_bytes = self._vocabulary.unit == "bytes"
        processors = build_processors(settings, self._pieces, count, before, of_bytes=of_bytes)
        chooser = self._find_chooser(settings, processors)
        chooser.rows += range(first, first + count)
        last = self._edge if settings.by_document else None
        for text in texts:
            # Each text has random numbers of its own, from (seed, number) alone.
            rng = default_rng((settings.seed or 0, text.number))
            cutter = Cutter(text.stops, settings.length)
            alignment = None if text.logprobs is None else Alignment()
            spoken = begin_spoken(self._vocabulary, self._pieces, owed, before)
            gathered = Gathered(chances)
            self._rows.append(_Row(text, chooser, cutter, rng, last, alignment, spoken, gathered))
        logits, context = begun
        context.keep_rows([0] * count)
        self._newcomers.append((logits[[0] * count], context))
        self._uniforms = np.concatenate([self._uniforms, np.empty((count, BLOCK))])
        self._used = np.concatenate([self._used, np.full(count, BLOCK)])
        self._supply = 0
        self._count()

    def _find_chooser(self, settings: WritingSettings, processors: LogitsProcessors) -> Chooser:
        """What chooses by some settings, with processors for more texts."""
        key = find_key(settings)
        if key in self._choosers:
            self._choosers[key].processors.join(processors)
        else:
            self._choosers[key] = Chooser(settings, processors)
        return self._choosers[key]

    def leave(self, key: int) -> None:
        """Writes no more of a text, if it is being written."""
        self._settle()
        self._keep([row for row, one in enumerate(self._rows) if one.text.key != key])

    def step(self, most: int = BLOCK) -> list[Item]:
        """Draws a symbol in each text, or several.

        Args:
            most: How many at most.

        Returns:
            The next piece of each, as far as there is one, and before it what was predicted of it,
            where that was asked for; and how it ended once it is finished.

        Raises:
            DivergedError: What the model predicts is no number.
        """
        if not self._rows:
            return []
        written = self._write(most)
        if written is not None:
            self._drawn = written[-1]
            return self._tell(written.T.tolist(), [False] * len(self._rows))
        logits = self._predict()
        # What is chosen from may be changed for that.
        rows = log_softmax(logits[self._tracked].astype(np.float64)) if self._tracked else ()
        predicted = dict(zip(self._tracked, rows, strict=True))
        self._drawn, blocked = self._choose(logits)
        return self._tell(self._drawn[:, None].tolist(), blocked, predicted)

    def _write(self, most: int) -> NDArray[np.intp] | None:
        """Draws up to `most` symbols in each text, (T, B), in the kernels; None if they cannot."""
        context = self._context
        if not isinstance(context, StateContext) or context.writing is None:
            return None
        if self._newcomers or self._tracked or len(self._choosers) != 1:
            return None
        (chooser,) = self._choosers.values()
        choice = chooser.begin_choice()
        if choice is None:
            return None
        uniforms = self._draw_uniforms(min(most, self._count_steps(context.writing)))
        try:
            written, context.state = context.writing.write(
                self._drawn, context.state, uniforms, choice
            )
        except NotFiniteError:
            raise DivergedError(sampling.DAMAGED) from None
        return written

    def _count_steps(self, writing: Writing) -> int:
        """How many symbols are drawn at once: no more than the longest text still has."""
        longest = max(row.cutter.left for row in self._rows) - self._passed
        return max(1, min(longest, writing.count_steps(len(self._rows))))

    def _tell(
        self,
        drawn: Sequence[Sequence[int]],
        blocked: Sequence[bool],
        predicted: Mapping[int, NDArray[np.float64]] | None = None,
    ) -> list[Item]:
        """What there is to tell of symbols that were drawn; see `step`.

        Args:
            drawn: Those of each text, (B, T).
            blocked: Whether nothing was possible there.
            predicted: What was predicted, (V,), by the places of texts that are tracked; T is 1.
        """
        steps = len(drawn[0])
        edges = any(self._edge in ids for ids in drawn) if self._edge is not None else False
        if self._calm >= steps and not edges and True not in blocked:
            self._calm -= steps
            self._passed += steps
            get = self._pieces.__getitem__
            said = ("".join(map(get, ids)) for ids in drawn)
            return [*zip(self._keys, said, strict=True)]
        self._settle()
        items = self._cut(drawn, blocked, predicted or {})
        calm = (row.cutter.calm for row in self._rows)
        looked_at = self._tracked or not self._pieces_are_characters
        self._calm = 0 if looked_at else min(calm, default=0)
        return items

    def _cut(
        self,
        drawn: Sequence[Sequence[int]],
        blocked: Sequence[bool],
        predicted: Mapping[int, NDArray[np.float64]],
    ) -> list[Item]:
        """Ends texts where they end, and gives what was written; see `_tell`."""
        items: list[Item] = []
        left = []
        for place, (row, ids, no_other) in enumerate(zip(self._rows, drawn, blocked, strict=True)):
            if self._is_plain(row, ids, no_other):
                piece = row.cutter.feed("".join(map(self._pieces.__getitem__, ids)))
                read = len(piece)
            else:
                piece, read = self._say(row, ids, no_other, predicted.get(place))
            key, done = row.text.key, row.cutter.done
            if row.alignment is not None:
                piece, scored = row.alignment.release(piece, ended=done)
                if scored is not None:
                    items.append((key, scored))
            if piece:
                items.append((key, piece))
            if done:
                items.append((key, Ending(no_other, row.chooser.has_broken_loop(place, read - 1))))
            else:
                left.append(place)
        self._keep(left)
        return items

    def _is_plain(self, row: _Row, ids: Sequence[int], no_other: bool) -> bool:
        """Whether a text goes on by one character for each symbol, until its length at most."""
        as_they_are = self._pieces_are_characters and row.spoken is None and row.alignment is None
        return as_they_are and not (row.text.stops or no_other or self._edge in ids)

    def _say(
        self, row: _Row, ids: Sequence[int], no_other: bool, predicted: NDArray[np.float64] | None
    ) -> tuple[str, int]:
        """What a text has of its symbols, and how many of them it has read when it ends."""
        piece = ""
        for read, symbol in enumerate(ids, 1):
            said = self._pieces[symbol] if row.spoken is None else row.spoken.read(symbol)
            if predicted is not None:
                self._track(row, predicted, symbol, said)
            ends = no_other or symbol == row.last
            piece += row.cutter.finish() if ends else row.cutter.feed(said)
            if row.cutter.done:
                return piece, read
        return piece, len(ids)

    def _settle(self) -> None:
        """Tells what ends texts of the characters that were written without it."""
        if self._passed:
            for row in self._rows:
                row.cutter.pass_by(self._passed)
        self._calm = self._passed = 0

    def _predict(self) -> Array:
        """Reads what was drawn, and takes newcomers in; the logits of all texts, (B, V)."""
        found = []
        if self._context is not None:
            found.append(self._context.append_symbols(self._drawn))
        for logits, context in self._newcomers:
            found.append(logits)
            if self._context is None:
                self._context = context
            else:
                self._context.join(context)
        self._newcomers = []
        return found[0] if len(found) == 1 else np.concatenate(found)

    def _choose(self, logits: Array) -> tuple[NDArray[np.intp], list[bool]]:
        """The next symbol of each text, shape (B,), and whether none was possible."""
        (uniforms,) = self._draw_uniforms(1)
        if len(self._choosers) == 1:
            (chooser,) = self._choosers.values()
            return chooser.choose(logits, uniforms)
        chosen, blocked = np.empty(len(logits), np.intp), np.empty(len(logits), bool)
        for chooser in self._choosers.values():
            rows = np.array(chooser.rows)
            chosen[rows], blocked[rows] = chooser.choose(logits[rows], uniforms[rows])
        return chosen, blocked.tolist()

    def _draw_uniforms(self, most: int) -> NDArray[np.float64]:
        """The next random numbers of each text, (T, B), as many as there are of `most`."""
        if not self._supply:
            for place in np.flatnonzero(self._used == BLOCK).tolist():
                self._uniforms[place] = self._rows[place].rng.random(BLOCK)
                self._used[place] = 0
            self._supply = BLOCK - int(self._used.max())
        count = min(most, self._supply)
        places = self._used + np.arange(count)[:, None]
        self._used += count
        self._supply -= count
        return np.asarray(self._uniforms[self._places, places])

    def _track(self, row: _Row, predicted: NDArray[np.float64], symbol: int, said: str) -> None:
        """Keeps what was predicted of the symbol that a text goes on with, (V,)."""
        if row.alignment is None or symbol == row.last:
            return
        scored = score_symbol(predicted, symbol, self._names, row.text.logprobs or 0)
        if row.spoken is None:
            row.alignment.add(replace(scored, text=said))
        elif (told := row.gathered.add(scored, said)) is not None:
            row.alignment.add(told)

    def _keep(self, kept: Sequence[int]) -> None:
        """Goes on with some of the texts, their rows rising."""
        if len(kept) == len(self._rows):
            return
        known = len(self._drawn)
        if self._context is not None:
            old = [place for place in kept if place < known]
            self._drawn = self._drawn[old]
            if old:
                self._context.keep_rows(old)
            else:
                self._context = None
        self._newcomers = _keep_newcomers(self._newcomers, known, kept)
        moved = {place: row for row, place in enumerate(kept)}
        for key, chooser in [*self._choosers.items()]:
            own = [row for row, place in enumerate(chooser.rows) if place in moved]
            chooser.processors.keep_rows(own)
            chooser.rows = [moved[chooser.rows[row]] for row in own]
            if not own:
                del self._choosers[key]
        self._rows = [self._rows[place] for place in kept]
        self._uniforms, self._used = self._uniforms[kept], self._used[kept]
        self._count()

    def _count(self) -> None:
        """Takes note of where texts stand, of which there are more or fewer now."""
        self._places = np.arange(len(self._rows))
        self._keys = [row.text.key for row in self._rows]
        self._tracked = [place for place in self._places.tolist() if self._rows[place].alignment]


def _keep_newcomers(
    newcomers: Sequence[tuple[Array, Context]], first: int, kept: Sequence[int]
) -> list[tuple[Array, Context]]:
    """Those of the texts after `first` that are kept."""
    found = []
    for logits, context in newcomers:
        own = [place - first for place in kept if 0 <= place - first < len(logits)]
        first += len(logits)
        if own:
            context.keep_rows(own)
            found.append((logits[own], context))
    return found
