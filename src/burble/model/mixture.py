"""Several models that write as one: the log-probabilities they predict are mixed, by weights.

Their alphabets may differ. A symbol that a model does not know it reads as the nearest it knows
(other case, a plain quote, no accent), or not at all. What it cannot tell apart is told apart by
the models that can, and a symbol that it cannot read is left to those that know it. The rest is
the mean of the log-probabilities, by weight, normalised. Source: Hinton, Products of Experts, 1999.
A model that sees windows reads its own. Knows nothing of files.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data.cleaning import find_nearest
from burble.data.labels import Labels, LabelSet
from burble.data.vocabulary import Vocabulary
from burble.errors import SettingsError
from burble.model.attention import AttentionEngine
from burble.model.engine import Array, Core, Reading, State, build_engine, finish_reading
from burble.model.file import Model
from burble.model.portable import build_portable
from burble.model.resets import ResetEngine
from burble.model.windows import WindowEngine
from burble.settings import TextSettings, is_integer, is_number, require

Ids = NDArray[np.intp]
Floats = NDArray[Any]
_FAR = -60.0
"""A log-probability that is as good as none, and whose exponential is still a number in float32."""
_MIN_PROBABILITY = np.float32(1e-30)
"""Added to a probability, so that its logarithm is finite."""


@dataclass(frozen=True)
class Mixture(Model):
    """Several models as one, in the alphabet of all of them. It has no weights of its own.

    Attributes:
        parts: The models.
        mix: The weight of each, above 0; together they are 1.
    """

    parts: tuple[Model, ...] = ()
    mix: tuple[float, ...] = ()

    @property
    def base(self) -> str | None:
        """What has read other texts than one that a part learned: its base, or the other parts."""
        bases = sorted({part.base for part in self.parts if part.base})
        texts = {part.facts("corpus").get("sha256") for part in self.parts}
        return ", ".join(bases) or ("other models" if len(texts) > 1 else None)

    def was_trained_on(self, sha256: str) -> bool:
        """Whether one of them was trained on the text of that fingerprint."""
        return any(part.was_trained_on(sha256) for part in self.parts)


def build_mixture(models: Sequence[Model], weights: Sequence[float]) -> Mixture:
    """Several models as one.

    Args:
        models: The models, one or more.
        weights: A finite number of 0 or more for each, not all 0. Only their proportions count. A
            model of weight 0 takes no part, nor do symbols that it alone knows.

    Raises:
        SettingsError: The models cannot be mixed.
    """
    known = [(model, weight) for model, weight in zip(models, weights, strict=True) if weight]
    parts, total = tuple(model for model, _ in known), sum(weight for _, weight in known)
    units = sorted({part.vocabulary.unit for part in parts})
    if len(units) > 1:
        raise SettingsError(
            f"the symbols of these models are of different kinds, {' and '.join(units)}, and "
            "cannot be mixed. Give models that were trained with the same --unit."
        )
    if units == ["word"] and len({part.vocabulary.symbols for part in parts}) > 1:
        raise SettingsError(
            "these models know different words, so that one reads as a symbol what another spells, "
            "and they cannot be mixed. Give models of characters."
        )
    # What documents are, and how they stand apart, the first that knows them says.
    first = next((part for part in parts if part.vocabulary.boundary), parts[0])
    mix = tuple(weight / total for _, weight in known)
    labels = _join_labels([part.labels for part in parts])
    return Mixture(
        weights={},
        labels=labels,
        vocabulary=_join_alphabets([part.vocabulary for part in parts]),
        architecture=parts[0].architecture,
        text=replace(_join_cleaning(first.text, parts), label=labels.columns),
        separator=first.separator,
        summary={"writing": _mix_writing(parts, mix)},
        parts=parts,
        mix=mix,
    )


def build_core(model: Model, *, portable: bool = False) -> Core:
    """What reads and predicts for a model, or for a mixture of several.

    Args:
        model: The model.
        portable: Whether in arithmetic that every machine repeats; see `portable`.

    Raises:
        SettingsError: There is no such arithmetic for it.
    """
    if portable:
        require(not isinstance(model, Mixture), "portable", True, "False where models are mixed")
        require(not model.attention, "portable", True, "False for a network that attends")
        return _reset(build_portable(model.weights, model.architecture), model)
    if model.attention:
        return AttentionEngine(model.weights, model.architecture, model.attention)
    if not isinstance(model, Mixture):
        return _reset(build_engine(model.weights, model.architecture), model)
    cores = [build_core(part) for part in model.parts]
    reading = [
        WindowEngine(core, part.window) if part.window else core
        for core, part in zip(cores, model.parts, strict=True)
    ]
    return MixtureEngine(model, reading)


def _reset(core: Core, model: Model) -> Core:
    """What reads with a model's network, each document from a zero state if it was learned so."""
    return core if model.reset_id is None else ResetEngine(core, model.reset_id)


def build_mixer(mixture: Mixture) -> "Mixer":
    """What mixes the predictions of a mixture's parts."""
    ids, known = zip(
        *(find_ids(mixture.vocabulary, part.vocabulary) for part in mixture.parts), strict=True
    )
    return Mixer(np.array(ids), np.array(known), np.array(mixture.mix, np.float32))


def find_ids(alphabet: Vocabulary, own: Vocabulary) -> tuple[Ids, NDArray[np.bool_]]:
    """What a model of one alphabet reads for each symbol of a larger one.

    The edge between two documents is a line end to a model without documents.

    Args:
        alphabet: The larger one, of V ids.
        own: The model's.

    Returns:
        The model's ids, -1 where it reads nothing, shape (V,); and whether it knows the very
        symbol, shape (V,).
    """
    ids = np.array(own.renumber(np.arange(alphabet.size), alphabet), np.intp)
    known = ids >= 0
    pieces = (*alphabet.symbols, "\n")
    for place in np.flatnonzero(~known).tolist():
        piece = pieces[place]
        near = piece if piece in own.ids else find_nearest(piece, own.ids)
        ids[place] = own.ids.get(near, -1)
    return ids, known


def _join_alphabets(alphabets: Sequence[Vocabulary]) -> Vocabulary:
    """The first alphabet, and then what each of the others adds to it, in its order."""
    symbols = dict.fromkeys(symbol for one in alphabets for symbol in one.symbols)
    cut_by = {one.cut_by for one in alphabets}
    return Vocabulary(
        tuple(symbols),
        alphabets[0].unit,
        any(one.boundary for one in alphabets),
        cut_by.pop() if len(cut_by) == 1 else "",
    )


def _join_cleaning(first: TextSettings, parts: Sequence[Model]) -> TextSettings:
    """Cleaning that changes only what all models change; the rest each does by what it reads."""
    return replace(
        first,
        lowercase=all(part.text.lowercase for part in parts),
        strip_punctuation=all(part.text.strip_punctuation for part in parts),
        min_count=1,
    )


def _join_labels(each: Sequence[LabelSet]) -> LabelSet:
    """The labels that any of the models knows, by column."""
    found: dict[str, set[str]] = {}
    for labels in each:
        for column, values in zip(labels.columns, labels.values, strict=True):
            found.setdefault(column, set()).update(values)
    return LabelSet(tuple(found), tuple(tuple(sorted(values)) for values in found.values()))


def _mix_writing(parts: Sequence[Model], mix: Sequence[float]) -> dict[str, Any]:
    """The settings of writing that suit a mixture: means by weight, and what any of them repeats.

    What a model's file does not say, or not as a number, is left to the others.
    """
    each = [(part.facts("writing"), weight) for part, weight in zip(parts, mix, strict=True)]
    found: dict[str, Any] = {}
    for name in ("temperature", "close_quotes"):
        told = [(told[name], weight) for told, weight in each if is_number(told.get(name))]
        if told:
            found[name] = sum(n * weight for n, weight in told) / sum(weight for _, weight in told)
    if any(told.get("break_loops") is False for told, _ in each):
        found["break_loops"] = False
    rounds = [told["rounds"] for told, _ in each if is_integer(told.get("rounds"))]
    return found | ({"rounds": max(rounds)} if rounds else {})


class Mixer:
    """Mixes what several models predict, each in its own alphabet.

    Args:
        ids: For each of E models and each of V symbols the id that the model reads, or -1, shape
            (E, V).
        known: Whether it knows the very symbol, shape (E, V). Of each symbol one does.
        mix: The weights, which add up to 1, shape (E,).
    """

    def __init__(self, ids: Ids, known: NDArray[np.bool_], mix: Array) -> None:
        self.ids = ids
        self._mix = mix
        self._places = np.maximum(ids, 0)
        reads = ids >= 0
        self._weights = _divide(mix, reads)
        shared = reads.all(0)
        self._shared = None if shared.all() else np.flatnonzero(shared)
        # Symbols that a model reads as one: those of the same id.
        merged = np.array([np.bincount(own + 1)[own + 1] > 1 for own in ids]) & reads
        self._merged = [np.flatnonzero(row) for row in merged]
        self._alike = [
            (own[row, None] == own[row]).astype(np.float32)
            for own, row in zip(ids, self._merged, strict=True)
        ]
        telling = known & ~merged
        self._telling = _divide(mix, np.where(telling.any(0), telling, known))

    def mix(self, predictions: Sequence[Floats]) -> Floats:
        """What the models predict together.

        Args:
            predictions: The logits of each, shape (N, V of that model).

        Returns:
            Logits, shape (N, V).
        """
        each = [
            _log_softmax(logits).take(places, 1)
            for logits, places in zip(predictions, self._places, strict=True)
        ]
        self._tell_apart(each)
        mixed = _add(self._weights, each)
        if self._shared is not None:
            # What not all can read gains nothing from their disagreement about the rest.
            shared = mixed.take(self._shared, 1)
            level = _add(self._mix, [_log_sum(one.take(self._shared, 1)) for one in each])
            mixed[:, self._shared] = _log_softmax(shared) + level
        return mixed

    def _tell_apart(self, each: Sequence[Floats]) -> None:
        """Divides what a model predicts of several symbols as one, as those do that know them."""
        if not any(map(len, self._merged)):
            return
        told = _add(self._telling, each)
        np.maximum(told, _FAR, out=told)
        for one, merged, alike in zip(each, self._merged, self._alike, strict=True):
            if len(merged):
                part = told.take(merged, 1)
                # Row by row: one product for all would add up otherwise.
                one[:, merged] += part - np.log((np.exp(part)[:, None] @ alike)[:, 0])


def _divide(mix: Array, among: NDArray[np.bool_]) -> Array:
    """The weights divided anew among some of the models, for each symbol, shape (E, V)."""
    weights = mix[:, None] * among
    return np.asarray(weights / weights.sum(0))


def _add(weights: Array, each: Sequence[Floats]) -> Floats:
    """The sum of predictions by their weights, shape (N, V)."""
    total: Floats = weights[0] * each[0]
    for weight, one in zip(weights[1:], each[1:], strict=True):
        total += weight * one
    return total


def _log_sum(logs: Floats) -> Floats:
    """The logarithm of the sum of probabilities whose logarithms these are, shape (N, 1)."""
    return np.asarray(np.log(np.add.reduce(np.exp(logs), 1, keepdims=True) + _MIN_PROBABILITY))


def _log_softmax(logits: Floats) -> Floats:
    """The log-probabilities of each row of none or more; the methods of arrays take longer."""
    if not logits.shape[1]:
        return logits
    shifted = logits - np.maximum.reduce(logits, 1, keepdims=True)
    shifted -= np.log(np.add.reduce(np.exp(shifted), 1, keepdims=True))
    return np.asarray(shifted)


class MixtureEngine:
    """The forward step of a mixture: each model reads by itself, and what they predict is mixed.

    Args:
        model: The mixture.
        cores: The networks of its parts.
    """

    def __init__(self, model: Mixture, cores: Sequence[Core]) -> None:
        self._model = model
        self._cores = cores
        self._mixer = build_mixer(model)
        self._sizes = [len(core.zero_state(1)) for core in cores]

    side_by_side = False

    def with_labels(self, labels: Sequence[int]) -> "MixtureEngine":
        """The engine for texts that have some labels, for each model those that it knows.

        Args:
            labels: The number of one for each column, as the mixture numbers them; 0 is none.
        """
        if not any(labels):
            return self
        given = Labels(self._model.labels, np.array([labels], np.int32))
        labelled = copy(self)
        labelled._cores = [
            core.with_labels(part.labels.renumber(given)[0].tolist())
            for core, part in zip(self._cores, self._model.parts, strict=True)
        ]
        return labelled

    def zero_state(self, streams: int) -> State:
        """The zero state of all models, one behind the other; see `Core`."""
        return tuple(part for core in self._cores for part in core.zero_state(streams))

    def step(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads one symbol in each stream; see `Core`."""
        return self._join([c.step(own, part) for c, own, part in self._split(ids, state)])

    def read_symbols(self, ids: NDArray[np.integer], state: State) -> tuple[Array, State]:
        """Reads many symbols in one stream; see `Core`."""
        return finish_reading(self.read_in_parts(ids, state))

    def read_in_parts(self, ids: NDArray[np.integer], state: State) -> Reading:
        """Reads many symbols in one stream; see `Core`."""
        results = []
        for core, own, part in self._split(ids, state):
            results.append((yield from core.read_in_parts(own, part)))
        return self._join(results)

    def _split(self, ids: NDArray[np.integer], state: State) -> Iterator[tuple[Core, Ids, State]]:
        """Each model, with the ids it reads and its part of the state."""
        first = 0
        for core, own, size in zip(self._cores, self._mixer.ids, self._sizes, strict=True):
            yield core, own.take(ids), state[first : first + size]
            first += size

    def _join(self, results: Sequence[tuple[Array, State]]) -> tuple[Array, State]:
        """What all predict together, and the states of all."""
        mixed = self._mixer.mix([logits for logits, _ in results])
        return mixed, tuple(part for _, state in results for part in state)
