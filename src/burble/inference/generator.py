"""A model that writes: its memory, its settings, and what it writes from a prompt.

Knows nothing of how it was trained.
"""

import copy
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import GivenLabels
from burble.errors import SettingsError, require_packages
from burble.files import path_names
from burble.inference import prompts, restrictions, scoring
from burble.inference.beginnings import Beginnings
from burble.inference.context import Context
from burble.inference.notebook import show_generator
from burble.inference.open_ends import predict_next
from burble.inference.own_memory import OwnMemory
from burble.inference.prompts import Prompt
from burble.inference.reader import Reader
from burble.inference.selection import Ending, describe_shortfall
from burble.inference.settings import (
    Paths,
    Unknown,
    WritingSettings,
    choose_memory,
    draw_seed,
    fill_defaults,
)
from burble.inference.suggestions import Suggestions, find_suggestions
from burble.inference.texts import Texts, warn_of_shortfall
from burble.model.engine import Array, Core
from burble.model.file import Model, find_model_file, read_model
from burble.model.mixture import build_core
from burble.ngram.file import index_path, read_index
from burble.ngram.index import SuffixIndex
from burble.ngram.mixing import MixingWeights
from burble.ngram.predictor import NgramModel
from burble.settings import DEFAULT_READING, SourceSettings, is_integer, require

if TYPE_CHECKING:
    from burble.data.documents import Progress


class Generator:
    """A model that writes. It is never changed by writing, so threads may share it.

    Args:
        model: A model, as read from its file.
        memory: Loads its n-gram memory, once that is needed; None where there is none.
    """

    def __init__(self, model: Model, memory: Callable[[], SuffixIndex] | None = None) -> None:
        self.model = model
        self.engine = build_core(model)
        self._own = OwnMemory(model, self.engine, memory)
        self._read_before = Beginnings()

    def _repr_html_(self) -> str:
        """What a notebook shows: the model, and a sample."""
        return show_generator(self)

    def with_memory(
        self,
        text: Paths | Sequence[Paths],
        reading: SourceSettings = DEFAULT_READING,
        log: Callable[[str], object] | None = None,
        progress: "Progress | None" = None,
    ) -> "Generator":
        """The same model with the n-gram model of a text as its memory, built on the spot.

        Args:
            text: What to read, as for `train`; cleaned as the model's own text was.
            reading: How it is read.
            log: Takes a sentence for each thing that was left out of it or decided; where there is
                none, what was left out becomes a warning.
            progress: Called with the bytes read so far, and in all.

        Returns:
            The generator; this one stays as it is.

        Raises:
            SourceError: A source cannot be read.
            CorpusError: There is nothing in it that the model knows.
        """
        # What reads texts is loaded only where one is read.
        with require_packages("reading a text"):
            from burble.ngram.memory import index_text

        made = index_text(self.model, path_names("memory", text), reading, progress)
        for note in [*made.left_out, *(made.notes if log else ())]:
            (log or warnings.warn)(note)
        other, own = copy.copy(self), self._own.beside
        if made.is_own:
            other._own = OwnMemory(self.model, self.engine, lambda: made.index)
        else:
            other._own = OwnMemory(self.model, self.engine, own, made)
        return other

    def resolve_settings(
        self,
        options: Mapping[str, Any],
        reading: SourceSettings = DEFAULT_READING,
        log: Callable[[str], object] = warnings.warn,
    ) -> tuple[WritingSettings, dict[str, Any]]:
        """The settings that follow from some options, with which the same is written every time.

        Args:
            options: Fields of `WritingSettings`; what is left out is what suits the model.
            reading: How the training text is read, if one is among them.
            log: Takes a sentence about that text.

        Returns:
            The settings, with a seed and all that is looked up in the training text; and what was
            looked up there as facts in JSON types.

        Raises:
            SettingsError: A value that cannot be; or `memory` is a text, which `take_memory` makes
                a weight.
            TypeError: There is no such option.
        """
        names = [field.name for field in fields(WritingSettings)]
        for name in options.keys() - {*names}:
            raise TypeError(f"there is no option called {name}. There are: {', '.join(names)}.")
        settings = WritingSettings(**fill_defaults(options, self.model.summary.get("writing")))
        chosen = settings.memory_choice
        if chosen.texts:
            raise SettingsError(
                f"memory is {settings.memory!r}, which has not been read. Call take_memory first."
            )
        seed = draw_seed() if settings.seed is None else settings.seed
        settings = replace(settings, seed=seed, memory=chosen.weight)
        return restrictions.look_up_restrictions(
            settings, self.model, self._own.beside, self._own.text, reading, log
        )

    def take_memory(
        self,
        options: Mapping[str, Any],
        reading: SourceSettings = DEFAULT_READING,
        log: Callable[[str], object] | None = None,
        progress: "Progress | None" = None,
    ) -> tuple["Generator", dict[str, Any]]:
        """Reads the texts that `memory` names among some options, if it names any.

        Args:
            options: Fields of `WritingSettings`.
            reading: How the texts are read.
            log: See `with_memory`.
            progress: See `with_memory`.

        Returns:
            The generator that holds them, or this one; and the options with `memory` as a weight.

        Raises:
            SettingsError: Weights that cannot be; see `choose_memory`.
            SourceError, CorpusError: See `with_memory`.
        """
        rest = dict(options)
        chosen = choose_memory(rest.pop("memory", 0.0), rest.pop("memory_weight", None))
        writer = self
        if chosen.texts:
            writer = self.with_memory(chosen.texts, reading, log, progress)
        return writer, rest | {"memory": chosen.weight}

    @property
    def has_memory(self) -> bool:
        """Whether there is a memory."""
        return self._own.exists

    def mixing_weights(self, strength: float, *, adaptive: bool = False) -> MixingWeights:
        """How much network and memory count: fitted to the memory's text, if that is another.

        Args:
            strength: The weight of the memory, 0 to 1.
            adaptive: Whether both learn from what they are scored on.
        """
        return self._own.mixing_weights(strength, adaptive=adaptive)

    @property
    def memory_texts(self) -> tuple[str, ...]:
        """The texts of its memory, where that is not of what the model was trained on."""
        return self._own.text.names if self._own.text else ()

    @property
    def memory(self) -> NgramModel:
        """Its memory.

        Raises:
            SettingsError: There is none.
            ModelFileError: It is damaged, or that of another model.
        """
        return self._own.ngrams

    @cached_property
    def _portable(self) -> Core:
        """The network in arithmetic that every machine repeats."""
        return build_core(self.model, portable=True)

    def draw_prompt(self, seed: int = 0) -> str:
        """What to go on from where nothing is given: a random window, where the model needs one."""
        return prompts.draw_prompt(self.model, seed)

    def prepare_texts(self, prompt: str | Sequence[int], settings: WritingSettings) -> Texts:
        """What writes texts from a prompt, with settings from `resolve_settings`.

        Args:
            prompt: Any text, or the ids of its symbols.
            settings: How the texts are written.

        Raises:
            SettingsError: The model cannot do this.
            VocabularyError: The prompt has symbols the model never saw, or a stop string cannot be.
            EncodingError: The prompt has bytes that are no text.
        """
        if settings.by_document and not self.model.vocabulary.boundary:
            name = "until_document" if settings.until_document else "new"
            raise SettingsError(
                f"{name} needs a model trained on documents, and this one was trained on "
                "running text. Use a length or a stop string instead."
            )
        stops = prompts.prepare_stops(settings.stop, self.model)
        if isinstance(prompt, str):
            ready = prompts.prepare_prompt(prompt, self.model, settings.unknown)
        else:
            ready = prompts.prepare_ids(prompt, self.model)
        weight = settings.memory_choice.weight
        reader = self._reader(settings.label, weight, portable=settings.portable)
        kind = (self, tuple(self.model.labels.find(settings.label)), weight, settings.portable)
        return Texts(self.model, reader, kind, ready, stops, settings)

    def generate(self, prompt: str = "", **options: Any) -> str:
        """Writes one text: new characters only, without the prompt.

        Args:
            prompt: What the text goes on from.
            **options: Fields of `WritingSettings`, such as `length`, `temperature` and `seed`;
                and of `SourceSettings`, to read the training text.

        Returns:
            The new text.

        Raises:
            SettingsError: A value that cannot be, such as a length without end; or the text should
                be new, and none is.
            VocabularyError, EncodingError: See `prepare_texts`.
        """
        items = [*self._prepare(prompt, options).stream_whole(1)]
        endings = Counter(item for item in items if isinstance(item, Ending))
        shortfall = describe_shortfall(endings, 1)
        if not items:
            raise SettingsError(shortfall)
        if shortfall:
            warnings.warn(shortfall, stacklevel=2)
        return str(items[0])

    def stream(self, prompt: str = "", **options: Any) -> Iterator[str]:
        """Writes one text piece by piece, without end unless a length or a stop is given.

        Args:
            prompt: What the text goes on from.
            **options: See `generate`.

        Returns:
            The pieces, as they are written; joined, they are what `generate` returns. What is less
            than was requested becomes a warning after them.

        Raises:
            SettingsError, VocabularyError, EncodingError: See `generate`.
        """
        texts = self._prepare(prompt, {"length": None} | options)
        return warn_of_shortfall(texts.stream(), 1)

    def generate_many(self, prompt: str = "", *, count: int, **options: Any) -> list[str]:
        """Writes `count` texts from one prompt, many in each pass; see `stream_many`."""
        return list(self.stream_many(prompt, count=count, **options))

    def stream_many(self, prompt: str = "", *, count: int, **options: Any) -> Iterator[str]:
        """Writes `count` texts from one prompt, many in each pass.

        Text i comes from (seed, i) alone, however many there are; the first is what
        `generate` writes. Memory does not grow with `count`, unless all are to be `distinct`.

        Args:
            prompt: What the texts go on from.
            count: How many.
            **options: Fields of `WritingSettings`.

        Returns:
            The texts, whole and in order, each as soon as it and those before it are finished.
            Fewer than `count`, and a warning, where no more are found that are `new` or `distinct`.

        Raises:
            SettingsError, VocabularyError, EncodingError: See `generate`.
        """
        require(
            is_integer(count) and count >= 0, "count", count, "a whole number of 0 or more texts"
        )
        return warn_of_shortfall(self._prepare(prompt, options).stream_whole(count), count)

    def probabilities(
        self,
        prompt: str = "",
        unknown: Unknown = "error",
        memory: float | Paths | Sequence[Paths] = 0.0,
        memory_weight: float | None = None,
        label: GivenLabels = (),
    ) -> dict[str, float]:
        """What the model predicts after a prompt; all else is as in `WritingSettings`.

        Returns:
            The probability of each symbol, likeliest first; the end of a document is "". Of a
            model of words, what each adds to a prompt that ends inside a word.
        """
        ready, logits, context = self._read(prompt, unknown, label, memory, memory_weight)
        return predict_next(logits, context, self.model.vocabulary, ready.end)

    def suggest(
        self,
        prompt: str = "",
        count: int = 5,
        unknown: Unknown = "error",
        memory: float | Paths | Sequence[Paths] = 0.0,
        memory_weight: float | None = None,
        label: GivenLabels = (),
    ) -> Suggestions:
        """The `count` likeliest next symbols and next words; the rest as for `probabilities`."""
        read = self._read(prompt, unknown, label, memory, memory_weight)
        return find_suggestions(*read, self.model.vocabulary, count)

    def _read(
        self, prompt: str, unknown: Unknown, label: GivenLabels, memory: Any, weight: float | None
    ) -> tuple[Prompt, Array, Context]:
        """A prompt as it is read, the logits (1, V) after it, and the context that has read it."""
        writer, options = self.take_memory({"memory": memory, "memory_weight": weight})
        ready = prompts.prepare_prompt(prompt, self.model, unknown)
        return ready, *writer._reader(label, options["memory"]).read(ready.primed, ready.end)

    def nll(self, ids: NDArray[np.integer]) -> NDArray[np.float64]:
        """The negative log-likelihood of each symbol of a text, nats; see `scoring.predict_text`.

        Args:
            ids: Shape (T,). Of a model without documents the first symbol is given.
        """
        whole = scoring.add_edges(self.model.vocabulary.boundary_id, ids)
        predictions = scoring.predict_text(self.engine, whole, self.model.window)
        return np.concatenate([np.empty(0), *(each.nll for each in predictions)])

    def _prepare(self, prompt: str, options: Mapping[str, Any]) -> Texts:
        """What writes texts with some options, and options of how a training text is read."""
        rest = dict(options)
        reading = SourceSettings.pop_from(rest)
        writer, rest = self.take_memory(rest, reading)
        if writer is not self and rest.get("training_text") is None:
            # It says how the memory's text is read, and has been used.
            reading = DEFAULT_READING
        settings, _ = writer.resolve_settings(rest, reading)
        return writer.prepare_texts(prompt, settings)

    def _reader(self, label: GivenLabels, memory: float, *, portable: bool = False) -> Reader:
        """What reads texts that have some labels, with the memory by its weight."""
        numbers = self.model.labels.find(label)
        words = self.model.vocabulary.unit == "word"
        if portable:
            require(not memory, "memory", memory, "0 with portable, as a page has none")
            core = self._portable.with_labels(numbers)
            return Reader(core, self.model.window, may_be_open=words)
        core, kept = self.engine.with_labels(numbers), self._read_before.with_labels(numbers)
        index, weights = (self.memory, self.mixing_weights(memory)) if memory else (None, None)
        return Reader(core, self.model.window, index, weights, kept, may_be_open=words)


def load(path: str | Path) -> Generator:
    """Loads a model to write with, and its memory if any; see `find_model_file`."""
    file = find_model_file(Path(path))
    model, beside = read_model(file), index_path(file)
    return Generator(model, partial(read_index, beside, model) if beside.exists() else None)
