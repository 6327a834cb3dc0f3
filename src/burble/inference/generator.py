"""A model that writes: prime, stream, stop, many at once. Knows nothing of how it was trained."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError
from burble.inference import prompts, restrictions, scoring
from burble.inference.candidates import Texts
from burble.inference.context import Remembered, Seen, Stream, Windows
from burble.inference.outcomes import Outcome
from burble.inference.prompts import Prompt
from burble.inference.scoring import Look
from burble.inference.settings import (
    Unknown,
    WritingSettings,
    draw_seed,
    fill_defaults,
    require_memory,
)
from burble.model import softmax
from burble.model.engine import Array, build_engine
from burble.model.file import Model, find_model_file, read_model
from burble.ngram.file import index_path, read_index
from burble.ngram.index import SuffixIndex
from burble.ngram.predictor import NgramModel
from burble.settings import AS_IT_COMES, SourceSettings, is_whole, require


class Generator:
    """A model that writes. It is never changed by writing, so threads may share it.

    Args:
        model: A model, as read from its file.
        memory: Brings its memory, once that is asked for; None where there is none.
    """

    def __init__(self, model: Model, memory: Callable[[], SuffixIndex] | None = None) -> None:
        """Makes the engine ready."""
        self.model = model
        self._engine = build_engine(model.weights, model.architecture)
        self._memory = memory

    def completed(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Options, with what was found to suit the model where they say nothing."""
        return fill_defaults(options, self.model.summary.get("writing"))

    def settled(
        self,
        options: Mapping[str, Any],
        reading: SourceSettings = AS_IT_COMES,
        tell: Callable[[str], object] = warnings.warn,
    ) -> tuple[WritingSettings, dict[str, Any]]:
        """How it writes with some options, so that it can be done again and again.

        Args:
            options: Fields of `WritingSettings`; what is left out is what suits the model.
            reading: How the training text is read, if one is among them.
            tell: Takes a sentence about that text.

        Returns:
            The settings, with a seed and all that is looked up in the training text; and what was
            looked up there as facts in JSON types.

        Raises:
            SettingsError: A value that cannot be.
            TypeError: There is no such option.
        """
        names = [field.name for field in fields(WritingSettings)]
        for name in options.keys() - {*names}:
            raise TypeError(f"there is no option called {name}. There are: {', '.join(names)}.")
        settings = WritingSettings(**self.completed(options))
        if settings.seed is None:
            settings = replace(settings, seed=draw_seed())
        return restrictions.settle(settings, self.model, self._memory, reading, tell)

    @property
    def has_memory(self) -> bool:
        """Whether there is a memory."""
        return self._memory is not None

    @cached_property
    def memory(self) -> NgramModel:
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
        return NgramModel(self._memory(), self.model.vocabulary.size)

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
            **options: Fields of `WritingSettings`, such as `length`, `temperature` and `seed`;
                and of `SourceSettings`, to read the training text.

        Returns:
            The new text.

        Raises:
            SettingsError: A value that cannot be, such as a length without end; or a new text was
                asked for, and there is none.
            VocabularyError: The prompt has symbols the model never saw, or a stop string cannot be.
            EncodingError: The prompt has bytes that are no text.
        """
        outcome = Outcome()
        texts = list(self.stream_many(prompt, count=1, outcome=outcome, **options))
        if not texts:
            raise SettingsError(outcome.lacking)
        _warn(outcome)
        return texts[0]

    def stream(
        self, prompt: str = "", *, outcome: Outcome | None = None, **options: Any
    ) -> Iterator[str]:
        """Writes one text piece by piece, without end unless a length or a stop is given.

        Args:
            prompt: What the text goes on from.
            outcome: Takes what happened; without it, what is lacking becomes a warning.
            **options: Fields of `WritingSettings`.

        Returns:
            The pieces, as they are written; joined, they are what `generate` returns.

        Raises:
            SettingsError: See `generate`.
            VocabularyError: See `generate`.
        """
        settings = self._settings({"length": None} | options)
        texts = self._texts(prompt, settings)
        found = Outcome() if outcome is None else outcome
        found.wanted += 1
        # Only when it is whole does it show whether it is new.
        pieces = texts.whole(1, found) if settings.new is not False else texts.one(found)
        return pieces if outcome else _warned(pieces, found)

    def generate_many(self, prompt: str = "", *, count: int, **options: Any) -> list[str]:
        """Writes `count` texts from one prompt, many in each pass; see `stream_many`."""
        return list(self.stream_many(prompt, count=count, **options))

    def stream_many(
        self, prompt: str = "", *, count: int, outcome: Outcome | None = None, **options: Any
    ) -> Iterator[str]:
        """Writes `count` texts from one prompt, many in each pass.

        Text i comes from (seed, i) alone, however many are asked for; the first is what
        `generate` writes. (More than `engine.ALONE` at once are rounded otherwise in the last
        bit, which tips about one draw in a million.) Memory does not grow with `count`, unless
        all are to be `distinct`.

        Args:
            prompt: What the texts go on from.
            count: How many.
            outcome: Takes what happened; without it, what is lacking becomes a warning.
            **options: Fields of `WritingSettings`.

        Returns:
            The texts, whole and in order, each as soon as it and those before it are finished.
            Fewer than `count` where no more are found that are `new` or `distinct`.

        Raises:
            SettingsError: See `generate`.
            VocabularyError: See `generate`.
        """
        settings = self._settings(options)
        require(is_whole(count) and count >= 0, "count", count, "a whole number of 0 or more texts")
        if settings.length is None and not (settings.stop or settings.by_document):
            raise SettingsError(
                "whole texts were asked for, but nothing ends them. Give a length or a stop "
                "string, or stream one text."
            )
        found = Outcome() if outcome is None else outcome
        found.wanted += count
        texts = self._texts(prompt, settings).whole(count, found)
        return texts if outcome else _warned(texts, found)

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
        texts = self._texts(prompt, self._settings(options))
        pieces = texts.pieces(range(count))
        return ((number, one if isinstance(one, str) else None) for number, one in pieces)

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
        row = softmax.probabilities(logits.astype(np.float64))[0]
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
        """Settings, completed with what suits the model and with the training text."""
        rest = dict(options)
        return self.settled(rest, SourceSettings.taken_from(rest))[0]

    def _texts(self, prompt: str, settings: WritingSettings) -> Texts:
        """What writes texts, with prompt and stop strings ready; refuses what cannot be done."""
        if settings.by_document and not self.model.vocabulary.boundary:
            name = "until_document" if settings.until_document else "new"
            raise SettingsError(
                f"{name} needs a model trained on documents, and this one was trained on "
                "running text. Use a length or a stop string instead."
            )
        # Told now if there is no memory, not at the first piece.
        _ = settings.memory and self.memory
        stops = prompts.prepare_stops(settings.stop, self.model)
        ready = self.prepare(prompt, settings.unknown)
        prime = partial(self._prime, ready.ids, settings.memory)
        return Texts(self.model, prime, ready, stops, settings)

    def _prime(self, ids: NDArray[np.integer], memory: float) -> tuple[Array, Seen]:
        """The logits (1, V) after `ids`, and all that has been seen to foretell what follows."""
        window = self.model.window
        seen: Seen = Windows(self._engine, window) if window else Stream(self._engine)
        seen = Remembered(seen, self.memory, memory) if memory else seen
        return seen.prime(ids), seen


def _warn(outcome: Outcome) -> None:
    """Warns of what is lacking, where nobody asked to hear it."""
    if outcome.lacking:
        warnings.warn(outcome.lacking, stacklevel=3)


def _warned(pieces: Iterator[str], outcome: Outcome) -> Iterator[str]:
    """The same, and a warning after them of what is lacking."""
    yield from pieces
    _warn(outcome)


def load(path: str | Path) -> Generator:
    """Loads a model to write with, from a run folder or a model file, with its memory if any."""
    file = find_model_file(Path(path))
    model, beside = read_model(file), index_path(file)
    return Generator(model, partial(read_index, beside, model) if beside.exists() else None)
