"""A model that writes: prime, stream, stop, many at once. Knows nothing of how it was trained."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble import engine, memoryfile, modelfile, prompts, sampling, scoring
from burble.contexts import Remembered, Seen, Stream, Windows
from burble.engine import Array
from burble.errors import SettingsError
from burble.memory import Memory
from burble.modelfile import Model
from burble.prompts import Prompt, Unknown
from burble.recall import Index
from burble.scoring import Look
from burble.settings import require
from burble.stopping import Cutter
from burble.writing import WritingSettings, completed, require_memory

GROUP = 64
BLOCK = 256


class _Writer:
    """One text being written.

    Args:
        index: Its number among those asked for.
        cutter: Says where it ends.
        seed: The seed of all the texts.
    """

    def __init__(self, index: int, cutter: Cutter, seed: int) -> None:
        """Each text has a generator of its own, from (seed, index) alone."""
        self.index = index
        self.cutter = cutter
        self.rng = np.random.default_rng((seed, index))


class Generator:
    """A model that writes. It is never changed by writing, so threads may share it.

    Args:
        model: A model, as read from its file.
        memory: Brings its memory, once that is asked for; None where there is none.
    """

    def __init__(self, model: Model, memory: Callable[[], Memory] | None = None) -> None:
        """Makes the engine ready."""
        self.model = model
        self._engine = engine.of(model.weights, model.architecture)
        self._memory = memory

    def completed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options, with what was found to suit the model where they say nothing."""
        return completed(options, self.model.summary.get("writing"))

    @property
    def has_memory(self) -> bool:
        """Whether there is a memory."""
        return self._memory is not None

    @cached_property
    def memory(self) -> Index:
        """Its memory.

        Raises:
            SettingsError: There is none.
            ModelFileError: It is damaged, or that of another model.
        """
        if self._memory is None:
            raise SettingsError(
                "this model has no memory beside it. Make one from the text it was trained on: "
                "burble remember MODEL TEXT"
            )
        return Index(self._memory(), self.model.vocabulary.size)

    def beginning(self, seed: int = 0) -> str:
        """What to go on from where nothing is given: a random window, where the model needs one."""
        model = self.model
        return prompts.piece(model.excerpt, model, model.window, seed) if model.window else ""

    def prepare(self, prompt: str, unknown: Unknown = "error") -> Prompt:
        """Cleans a prompt as the corpus was cleaned, and encodes it; see `prompts.prepare`."""
        return prompts.prepare(prompt, self.model, unknown)

    def generate(self, prompt: str = "", **options: Any) -> str:
        """Writes one text: new characters only, without the prompt.

        Args:
            prompt: What the text goes on from.
            **options: Fields of `WritingSettings`, such as `length`, `temperature` and `seed`.

        Returns:
            The new text.

        Raises:
            SettingsError: A value that cannot be, such as a length without end.
            VocabularyError: The prompt has symbols the model never saw, or a stop string cannot be.
        """
        return self.generate_many(prompt, count=1, **options)[0]

    def stream(self, prompt: str = "", **options: Any) -> Iterator[str]:
        """Writes one text piece by piece, without end unless a length or a stop is given.

        Args:
            prompt: What the text goes on from.
            **options: Fields of `WritingSettings`.

        Returns:
            The pieces, as they are written; joined, they are what `generate` returns.

        Raises:
            SettingsError: See `generate`.
            VocabularyError: See `generate`.
        """
        settings = self._settings({"length": None} | options)
        ready, stops = self._check(prompt, settings)
        return (piece for _, piece in self._write(ready, stops, settings, range(1)) if piece)

    def generate_many(self, prompt: str = "", *, count: int, **options: Any) -> list[str]:
        """Writes `count` texts from one prompt, many in each pass; see `stream_many`."""
        return list(self.stream_many(prompt, count=count, **options))

    def stream_many(self, prompt: str = "", *, count: int, **options: Any) -> Iterator[str]:
        """Writes `count` texts from one prompt, many in each pass.

        Text i comes from (seed, i) alone, however many are asked for; the first is what
        `generate` writes. (More than `engine.ALONE` at once are rounded otherwise in the last
        bit, which tips about one draw in a million.) Memory does not grow with `count`.

        Args:
            prompt: What the texts go on from.
            count: How many.
            **options: Fields of `WritingSettings`.

        Returns:
            The texts, whole and in order, each as soon as it and those before it are finished.

        Raises:
            SettingsError: See `generate`.
            VocabularyError: See `generate`.
        """
        settings = self._settings(options)
        require(count >= 0, "count", count, "0 or more texts")
        if settings.length is None and not (settings.stop or settings.until_document):
            raise SettingsError(
                "whole texts were asked for, but nothing ends them. Give a length or a stop "
                "string, or stream one text."
            )
        ready, stops = self._check(prompt, settings)
        return self._whole(ready, stops, settings, count)

    def pieces(
        self, prompt: str = "", *, count: int, **options: Any
    ) -> Iterator[tuple[int, str | None]]:
        """The pieces of `count` texts that are written side by side, as they come.

        Args:
            prompt: What the texts go on from.
            count: How many.
            **options: Fields of `WritingSettings`.

        Returns:
            The number of a text with its next piece, or with None once it is finished; joined,
            they are what `generate_many` returns of as many.
        """
        settings = self._settings(options)
        ready, stops = self._check(prompt, settings)
        return self._write(ready, stops, settings, range(count))

    def probabilities(
        self, prompt: str = "", unknown: Unknown = "error", memory: float = 0.0
    ) -> dict[str, float]:
        """What the model expects after a prompt.

        Args:
            prompt: Any text.
            unknown: See `prepare`.
            memory: See `WritingSettings`.

        Returns:
            The probability of each symbol, likeliest first; the end of a document is "".
        """
        require_memory(memory)
        logits, _ = self._prime(self.prepare(prompt, unknown).ids, memory)
        row = sampling.probabilities(logits.astype(np.float64))[0]
        names = (*self.model.vocabulary.symbols, "")
        return {names[i]: float(row[i]) for i in np.argsort(-row, kind="stable")}

    def surprise(
        self, ids: NDArray[np.integer], look: Look = scoring.nothing
    ) -> NDArray[np.float64]:
        """What each symbol of a text costs the model, from edge to edge; see `costs`."""
        return self.costs(scoring.from_edge_to_edge(self.model.vocabulary.boundary_id, ids), look)

    def costs(self, ids: NDArray[np.integer], look: Look = scoring.nothing) -> NDArray[np.float64]:
        """What all symbols of a sequence but the first cost the model; see `scoring.costs`."""
        if self.model.window:
            return scoring.costs_by_window(self._engine, self.model.window, ids, look)
        return scoring.costs(self._engine, ids, look)

    def costs_each(
        self, texts: Sequence[NDArray[np.integer]], look: Look = scoring.nothing
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """The same of many sequences; see `scoring.costs_each`."""
        if self.model.window:
            return ((i, self.costs(ids, look)) for i, ids in enumerate(texts))
        return scoring.costs_each(self._engine, texts, look)

    def surprise_each(
        self, texts: Sequence[NDArray[np.integer]], look: Look = scoring.nothing
    ) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """What each symbol of many texts costs, from edge to edge; see `costs_each`."""
        edge = self.model.vocabulary.boundary_id
        return self.costs_each([scoring.from_edge_to_edge(edge, ids) for ids in texts], look)

    def _settings(self, options: dict[str, Any]) -> WritingSettings:
        """Settings, completed with what suits the model."""
        return WritingSettings(**self.completed(options))

    def _check(self, prompt: str, settings: WritingSettings) -> tuple[Prompt, tuple[str, ...]]:
        """The prompt and stop strings, ready; refuses what this model cannot do."""
        if settings.until_document and not self.model.vocabulary.boundary:
            raise SettingsError(
                "until_document needs a model trained on documents, and this one was trained on "
                "running text. Use a length or a stop string instead."
            )
        # Told now if there is no memory, not at the first piece.
        _ = settings.memory and self.memory
        stops = prompts.prepare_stops(settings.stop, self.model)
        return self.prepare(prompt, settings.unknown), stops

    def _prime(self, ids: NDArray[np.integer], memory: float) -> tuple[Array, Seen]:
        """The logits (1, V) after `ids`, and all that has been seen to foretell what follows."""
        window = self.model.window
        seen: Seen = Windows(self._engine, window) if window else Stream(self._engine)
        seen = Remembered(seen, self.memory, memory) if memory else seen
        return seen.prime(ids), seen

    def _whole(
        self, prompt: Prompt, stops: tuple[str, ...], settings: WritingSettings, count: int
    ) -> Iterator[str]:
        """Whole texts in order, in groups of `GROUP`."""
        for first in range(0, count, GROUP):
            group = range(first, min(first + GROUP, count))
            parts: dict[int, list[str]] = {i: [] for i in group}
            finished: set[int] = set()
            for index, piece in self._write(prompt, stops, settings, group):
                if piece is not None:
                    parts[index].append(piece)
                    continue
                finished.add(index)
                while parts and (earliest := next(iter(parts))) in finished:
                    yield "".join(parts.pop(earliest))

    def _write(
        self, prompt: Prompt, stops: tuple[str, ...], settings: WritingSettings, group: range
    ) -> Iterator[tuple[int, str | None]]:
        """Writes texts side by side.

        Args:
            prompt: What all of them go on from.
            stops: Strings at which to stop.
            settings: How to choose, and where to end.
            group: The numbers of the texts.

        Yields:
            The number of a text and its next piece, or None once it is finished.
        """
        writers = [_Writer(i, Cutter(stops, settings.length), settings.seed) for i in group]
        if settings.length == 0:
            yield from ((writer.index, None) for writer in writers)
            return
        vocabulary = self.model.vocabulary
        pieces = (*vocabulary.symbols, self.model.separator)
        last = vocabulary.boundary_id if settings.until_document else None
        bans = settings.bans(len(group), pieces, prompt.ids.tolist() if prompt.text else ())
        logits, seen = self._prime(prompt.ids, settings.memory)
        rows = [0] * len(writers)
        logits = logits[rows]
        seen.keep(rows)
        draws = np.empty((len(writers), 0))
        used = 0
        while writers:
            if used == draws.shape[1]:
                draws, used = np.stack([writer.rng.random(BLOCK) for writer in writers]), 0
            for ban in bans:
                ban.apply(logits)
            chosen = sampling.choose(logits, settings, draws[:, used])
            for ban in bans:
                ban.add(chosen)
            used += 1
            for writer, i in zip(writers, chosen.tolist(), strict=True):
                cutter = writer.cutter
                yield writer.index, cutter.finish() if i == last else cutter.feed(pieces[i])
                if cutter.done:
                    yield writer.index, None
            if any(writer.cutter.done for writer in writers):
                rows = [row for row, writer in enumerate(writers) if not writer.cutter.done]
                writers = [writers[row] for row in rows]
                chosen, draws = chosen[rows], draws[rows]
                seen.keep(rows)
                for ban in bans:
                    ban.keep(rows)
            if writers:
                logits = seen.add(chosen)


def load(path: str | Path) -> Generator:
    """Loads a model to write with, from a run folder or a model file, with its memory if any."""
    file = modelfile.find(Path(path))
    model, beside = modelfile.read(file), memoryfile.beside(file)
    return Generator(model, partial(memoryfile.read, beside, model) if beside.exists() else None)
