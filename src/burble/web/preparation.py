"""Requests made ready to be written: the model loaded, prompts read, training texts looked up.

Takes a while at times, so it is done in threads. Knows nothing of answers.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import anyio.to_thread
from anyio import CapacityLimiter

from burble.errors import VocabularyError
from burble.inference.generator import Generator
from burble.inference.prompts import prepare_stops
from burble.inference.settings import WritingSettings
from burble.inference.texts import Texts
from burble.model.file import Model
from burble.web.errors import ApiError
from burble.web.parameters import MOST_TOLD, Completions
from burble.web.registry import Registry

MOST_THREADS = 4
SHORT = 2_000
"""Characters or ids of prompts that are read at once."""
MOST_KEPT = 4
"""Looked-up restrictions that are kept of a model."""
Restriction = tuple[Any, Any]


class Preparation:
    """Makes requests ready.

    Args:
        models: The models.
    """

    def __init__(self, models: Registry) -> None:
        self._models = models
        self._found: WeakKeyDictionary[Generator, OrderedDict[Restriction, Restriction]]
        self._found = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._limits: dict[bool, CapacityLimiter] = {}

    async def prepare(self, wanted: Completions) -> tuple[Generator, list[Texts]]:
        """The model of a request, and what writes the texts of each of its prompts.

        Raises:
            ApiError, BurbleError: There is no such model, or it cannot do it.
        """
        # Models and training texts take long: one at a time, so that others are not held up.
        is_long = _key(wanted.options) != _key({})
        loaded = self._models.find_loaded(wanted.model, wanted.mix)
        if loaded and not is_long and sum(map(len, wanted.prompts)) <= SHORT:
            # Takes less time than to hand it to a thread.
            return loaded, self._prepare_texts(loaded, wanted)
        is_long |= loaded is None
        if is_long not in self._limits:
            self._limits[is_long] = CapacityLimiter(1 if is_long else MOST_THREADS)
        return await anyio.to_thread.run_sync(self._prepare, wanted, limiter=self._limits[is_long])

    def _prepare(self, wanted: Completions) -> tuple[Generator, list[Texts]]:
        """See `prepare`."""
        generator = self._models.generator(wanted.model, wanted.mix)
        return generator, self._prepare_texts(generator, wanted)

    def _prepare_texts(self, generator: Generator, wanted: Completions) -> list[Texts]:
        """What writes the texts of each prompt."""
        _check_memory(wanted.options, generator)
        options = dict(wanted.options)
        options["stop"] = _possible_stops(options.get("stop", ()), generator.model)
        settings = self._resolve(generator, options)
        several = [generator.prepare_texts(prompt, settings) for prompt in wanted.prompts]
        _check_told(wanted, several)
        return several

    def _resolve(self, generator: Generator, options: dict[str, Any]) -> WritingSettings:
        """Settings, with what they look up in a training text looked up once."""
        key = _key(options)
        with self._lock:
            known = self._found.setdefault(generator, OrderedDict())
            if found := known.get(key):
                known.move_to_end(key)
                options = options | {"novel": found[0], "words": found[1]}
        settings, _ = generator.resolve_settings(options, log=lambda _note: None)
        if key != _key({}) and not found:
            with self._lock:
                known[key] = (settings.novel, settings.words)
                while len(known) > MOST_KEPT:
                    known.popitem(last=False)
        return settings


def _key(options: Mapping[str, Any]) -> Restriction:
    """What is looked up in a training text."""
    return options.get("novel", 0), options.get("words", "any")


def _check_memory(options: Mapping[str, Any], generator: Generator) -> None:
    """Refuses what needs a memory where there is none.

    Raises:
        ApiError: The model has none (422).
    """
    needed = {"memory": 0, "novel": 0, "words": "any"}
    named = next((name for name in needed if options.get(name, needed[name]) != needed[name]), None)
    if named and not generator.has_memory:
        raise ApiError(
            422,
            f"{named} needs a memory, and this model has none. Whoever serves it can give it one: "
            "burble remember MODEL TEXT. Models that are mixed have none.",
            param=named,
        )


def _check_told(wanted: Completions, several: Sequence[Texts]) -> None:
    """Refuses to tell more log-probabilities than an answer can hold.

    Raises:
        ApiError: They are too many.
    """
    if wanted.logprobs is None:
        return
    size = several[0].model.vocabulary.size
    each = size if wanted.logprobs == -1 else max(1, min(wanted.logprobs, size))
    read = sum(len(texts.prompt.ids) for texts in several) if wanted.echo else 0
    written = len(several) * wanted.options["length"]
    told = (read + written) * wanted.count * each
    if told > MOST_TOLD:
        raise ApiError(
            400,
            f"logprobs asks for up to {told:,} log-probabilities, and there may be {MOST_TOLD:,}. "
            "Ask for fewer at each place, or for less text.",
            param="logprobs",
        )


def _possible_stops(stops: Sequence[str], model: Model) -> tuple[str, ...]:
    """Those stop strings that the model could write; the others never end a text.

    Clients have lists of them that were made for other models.
    """
    possible: list[str] = []
    for stop in stops:
        try:
            possible += prepare_stops(stop, model)
        except VocabularyError:
            continue
    return tuple(possible)
