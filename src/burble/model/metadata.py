"""What a model is, and all of it but its weights as JSON. Knows nothing of files.

That JSON stands in the metadata of a model file, and beside the weights in other formats.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, TypeVar

from burble.data import units
from burble.data.labels import LONGEST, MOST, UNLABELLED, LabelSet, clean_label
from burble.data.vocabulary import Vocabulary
from burble.errors import BurbleError, ModelFileError
from burble.model.architecture import Weights, input_width
from burble.settings import (
    RECUT,
    STORED,
    ModelSettings,
    TextSettings,
    with_current_names,
    with_stored_names,
)

FORMAT = 5
"""The highest known; a model is written in the lowest that can hold it."""
Dtype = Literal["float16", "float32"]
MAX_WINDOW = 1 << 20
MAX_ATTENTION = 1 << 12
TEXT_KEYS = frozenset({"unit", "lowercase", "strip_punctuation", "min_count"})
ARCHITECTURE_KEYS = frozenset({"cell", "layers", "units", "embedding"})
_S = TypeVar("_S", TextSettings, ModelSettings)


@dataclass(frozen=True)
class Model:
    """A trained model, whole.

    Attributes:
        weights: float32 arrays by the names and shapes of `array_shapes`.
        vocabulary: The alphabet.
        architecture: The shape of the network.
        text: How the corpus was cleaned, and a prompt must be.
        separator: What is written between two documents.
        summary: Facts of the training (scores, corpus), in JSON types.
        window: Symbols it sees before each one it writes, from a zero state; 0 for all of them.
        excerpt: A piece of its text to take a first window from, where there are windows.
        labels: The labels that its documents may have; their vectors are among the weights.
        attention: Symbols among which it attends before each one it writes, as textgenrnn does; 0
            where it goes on from its hidden state.
        dtype: What the weights are stored as in its file; in memory they are float32 in any case.
    """

    weights: Weights
    vocabulary: Vocabulary
    architecture: ModelSettings
    text: TextSettings
    separator: str = ""
    summary: Mapping[str, Any] = field(default_factory=dict)
    window: int = 0
    excerpt: str = ""
    dtype: Dtype = "float32"
    labels: LabelSet = UNLABELLED
    attention: int = 0

    def facts(self, kind: str) -> Mapping[str, Any]:
        """The facts of a kind in its summary, such as corpus; none where there are none."""
        found = self.summary.get(kind)
        return found if isinstance(found, Mapping) else {}

    @property
    def base(self) -> str | None:
        """The model that its training started from, by name; None where it began from nothing."""
        name = self.facts("base").get("name")
        return name if isinstance(name, str) else None

    @property
    def reset_id(self) -> int | None:
        """The id before which the state becomes zero: the edge, if documents were learned apart.

        Such a model learned each document from a zero state, and never saw one begin from another.
        None where the state is carried on, as of models that learned in streams, and where nothing
        says how a model learned, as of another program's.
        """
        apart = self.facts("training").get("framing") == "documents"
        return self.vocabulary.boundary_id if apart else None

    def was_trained_on(self, sha256: str) -> bool:
        """Whether it was trained on the text of that fingerprint; see `Corpus.sha256`."""
        return self.facts("corpus").get("sha256") == sha256


def lowest_format(model: Model) -> int:
    """The lowest format that can hold a model.

    Readers of format 1 know no other gates than plain ones, those of format 2 no other weights
    than float32, those of format 3 no labels, and those of format 4 neither words nor bytes, and
    no GRU that resets its state before the product, and no attention.
    """
    if model.attention or model.vocabulary.unit in RECUT or not model.architecture.reset_after:
        return 5
    if model.labels:
        return 4
    if model.dtype == "float16":
        return 3
    return 1 if model.architecture.recurrent_activation == "sigmoid" else 2


def describe_as_json(model: Model) -> dict[str, Any]:
    """All of a model but its weights, in JSON types; see `read_description`."""
    architecture = with_stored_names(asdict(model.architecture))
    if model.architecture.recurrent_activation == "sigmoid":
        del architecture["recurrent_activation"]
    if model.architecture.reset_after:
        del architecture["reset_after"]
    meta = {
        "format": lowest_format(model),
        "architecture": architecture,
        # Where there are labels, they say themselves of which columns they are.
        "text": model.text.stored,
        # A byte that is no character by itself is no text: it is told by its value.
        "symbols": [*range(256)] if model.text.unit == "bytes" else model.vocabulary.symbols,
        "boundary": model.vocabulary.boundary,
        "separator": model.separator,
        "summary": dict(model.summary),
    }
    if model.vocabulary.cut_by:
        meta |= {"regex": model.vocabulary.cut_by}
    if model.window:
        meta |= {"window": model.window, "excerpt": model.excerpt}
    if model.attention:
        meta |= {"attention": model.attention}
    if model.labels:
        named = zip(model.labels.columns, model.labels.values, strict=True)
        meta |= {"labels": [{"column": column, "values": values} for column, values in named]}
    return meta


def read_description(meta: Mapping[str, Any], path: Path) -> Model:
    """A model without its weights, each part checked.

    Args:
        meta: Of a format that is known; see `describe_as_json`.
        path: Where it stands, for messages.

    Raises:
        ModelFileError: It describes a model that cannot be.
    """
    try:
        meta = dict[str, Any](window=0, excerpt="", regex="", labels=[], attention=0) | dict(meta)
        kinds = {"boundary": bool, "separator": str, "symbols": list, "summary": dict}
        kinds |= {"window": int, "excerpt": str, "regex": str, "labels": list, "attention": int}
        for key, kind in kinds.items():
            if type(meta.get(key)) is not kind:
                raise ValueError(f"{key} is {meta.get(key)!r:.40}, expected a {kind.__name__}.")
        text = _settings(TextSettings, meta.get("text"), TEXT_KEYS)
        labels = _labels(meta["labels"])
        if text.unit in RECUT and meta["format"] < 5:
            raise ValueError(f"its unit is {text.unit}, which format {meta['format']} has not.")
        symbols = _symbols(meta["symbols"], text)
        vocabulary = Vocabulary(symbols, text.unit, meta["boundary"], meta["regex"])
        model = Model(
            weights={},
            vocabulary=vocabulary,
            architecture=_settings(ModelSettings, meta.get("architecture"), ARCHITECTURE_KEYS),
            text=replace(text, label=labels.columns),
            labels=labels,
            attention=meta["attention"],
            separator=meta["separator"],
            window=meta["window"],
            excerpt=meta["excerpt"],
            summary=meta["summary"],
        )
        _check_whole(model, meta["format"])
    except (LookupError, TypeError, ValueError, AttributeError, BurbleError) as error:
        raise ModelFileError(f"{path} describes a model that cannot be: {error}") from error
    return model


def _check_whole(model: Model, number: int) -> None:
    """Raises ValueError where the parts of a model of a format do not fit together."""
    shape = model.architecture
    if model.labels and number < 4:
        raise ValueError(f"it has labels, and no model of format {number} has any.")
    if model.labels and shape.input != "embedding":
        raise ValueError(f"it has labels, and its input is {shape.input}.")
    if shape.embedding != (input_width(shape.input, model.vocabulary.size) or shape.embedding):
        raise ValueError(f"embedding is {shape.embedding}, which no {shape.input} input has.")
    if not 0 <= model.window <= MAX_WINDOW:
        raise ValueError(f"window is {model.window}, expected 0 to {MAX_WINDOW:,}.")
    _check_attention(model, number)
    (model.separator + model.excerpt + model.vocabulary.cut_by).encode()
    if model.vocabulary.boundary and not model.separator:
        raise ValueError("it has documents, but nothing to write between them.")


def _check_attention(model: Model, number: int) -> None:
    """Raises ValueError where a model cannot attend as it says."""
    if not 0 <= model.attention <= MAX_ATTENTION:
        raise ValueError(f"attention is {model.attention}, expected 0 to {MAX_ATTENTION:,}.")
    plain = model.architecture.ensemble == 1 and model.architecture.input == "embedding"
    if model.attention and (number < 5 or model.labels or model.window or not plain):
        raise ValueError("it attends, and has what no model has that does.")


def _symbols(symbols: list[Any], text: TextSettings) -> tuple[str, ...]:
    """Symbols that are text, and single characters where the unit is one; bytes by their values."""
    if text.unit == "bytes":
        # True is 1 to Python.
        if symbols != [*range(256)] or not all(type(one) is int for one in symbols):
            raise ValueError("its symbols are not the bytes 0 to 255.")
        return units.BYTES
    for symbol in symbols:
        if type(symbol) is not str or (text.unit == "char" and len(symbol) != 1):
            raise ValueError(f"{symbol!r:.40} is not a symbol.")
        # Half a surrogate pair could never be printed.
        symbol.encode()
    return tuple(symbols)


def _labels(columns: list[Any]) -> LabelSet:
    """Labels that can be: each of them a text as it is read, once in its column, in order."""
    for one in columns:
        if type(one) is not dict or one.keys() != {"column", "values"}:
            raise ValueError(f"labels hold {one!r:.40}, expected a column and its values.")
        column, values = one["column"], one["values"]
        if type(column) is not str or not column.strip() or type(values) is not list or not values:
            raise ValueError(f"labels name {column!r:.40} with {values!r:.40}.")
        for value in values:
            if (
                type(value) is not str
                or not 0 < len(value) <= LONGEST
                or clean_label(value) != value
            ):
                raise ValueError(f"{value!r:.40} is not a label.")
        if values != sorted({*values}):
            raise ValueError(f"the labels of {column!r:.40} are not in order, or one occurs twice.")
        column.encode()
    names = [one["column"] for one in columns]
    if len({*names}) != len(names):
        raise ValueError("a column of labels occurs twice.")
    found = LabelSet(tuple(names), tuple(tuple(one["values"]) for one in columns))
    if len(found) > MOST:
        raise ValueError(f"it has {len(found):,} labels, and at most {MOST:,} can be.")
    return found


def _settings(kind: type[_S], values: Any, needed: frozenset[str]) -> _S:
    """Settings from JSON, each value of the very type of its default."""
    if not isinstance(values, dict):
        raise ValueError(f"its {kind.__name__} are {values!r:.40}, expected names with values.")
    if missing := needed - values.keys():
        raise ValueError(f"it does not say {', '.join(sorted(missing))}.")
    known = {STORED.get(field_.name, field_.name): field_ for field_ in fields(kind)}
    if unknown := values.keys() - known.keys():
        raise ValueError(
            f"it names {', '.join(map(repr, sorted(unknown)))}, which this version of burble "
            f"({version('burble')}) does not know. If a newer one wrote it, open it with that."
        )
    for name, field_ in known.items():
        value = values.get(name, field_.default)
        wanted = type(field_.default)
        allowed = (int, float) if wanted is float else (wanted,)
        if type(value) not in allowed:
            raise ValueError(f"{name} is {value!r}, expected a {wanted.__name__}.")
    return kind(**with_current_names(values))
