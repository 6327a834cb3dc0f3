"""Frozen settings with their defaults and checks. Knows nothing of files or Keras.

A flag of the command line, a field here and a key in JSON share one name. The defaults here
train; for a new run, `sizing` replaces some by what suits the text.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from numbers import Integral, Real
from string import Formatter
from typing import Any, Literal

from burble.errors import SettingsError

Unit = Literal["char", "grapheme"]
Cell = Literal["lstm", "gru", "rnn"]
RecurrentActivation = Literal["sigmoid", "hard_sigmoid"]
Documents = Literal["sources", "lines", "blank", "sentences"]
Input = Literal["embedding", "onehot", "scalar"]
Framing = Literal["auto", "streams", "documents", "windows"]
SplitKind = Literal["auto", "tail", "spread"]
Schedule = Literal["cosine", "constant"]
LIMITS = ("steps", "epochs", "minutes")
"""Settings that end a training; of several the nearest holds."""
MOST: Mapping[str, int] = {
    "steps": 10**18,
    "epochs": 10**9,
    "minutes": 10**7,
    "weight_decay": 10**6,
    "clip": 10**12,
}
"""What no training comes to; beyond it numbers would run out of range where they are used."""
MOST_RATE = 1e30
Precision = Literal["float32", "bfloat16"]
STORED: Mapping[str, str] = {"validation": "held_out", "test": "left_out", "ensemble": "networks"}
"""Settings with an older name: files that burble writes keep it, and whoever gives it is heard."""
DROPOUTS = ("dropout_input", "dropout", "dropout_output", "dropout_recurrent")
"""Shares that are left out in training, and change nothing of a model that is there."""


def require(holds: bool, name: str, value: object, expected: str) -> None:
    """Raises `SettingsError` unless `holds`, naming the setting, its value and the expectation."""
    if not holds:
        raise SettingsError(f"{name} is {value!r}, but must be {expected}.")


def is_whole(value: object) -> bool:
    """Whether it is a whole number; True is none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a number; True is none, and NaN is one."""
    return isinstance(value, Real) and not isinstance(value, bool)


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    r"""How sources are read; nothing of it concerns a model once its text is there.

    Attributes:
        encoding: The encoding of the text; if empty, UTF-8 or what a byte-order mark says.
        mirror: Where to ask for books of Project Gutenberg; if empty, the main site.
        delimiter: The character between two cells of a table, or tab; if empty, it is found.
        quote: What encloses a cell of a table: " or '; \" or \' where those inside a cell have a
            backslash before them; or none, where quotes are letters. If empty, it is found.
        deduplicate: Whether a document that is the same as one before it, once both are clean, is
            left out.
        drop_documents_with_rare: Documents with a symbol that occurs fewer times than this are
            left out, so that no symbol of those that are left does; 0 leaves them in.
    """

    encoding: str = ""
    mirror: str = ""
    delimiter: str = ""
    quote: str = ""
    deduplicate: bool = False
    drop_documents_with_rare: int = 0

    def __post_init__(self) -> None:
        """Checks the numbers and what describes tables, and gives the tab its name."""
        rarest = self.drop_documents_with_rare
        require(rarest >= 0, "drop_documents_with_rare", rarest, "0 or more")
        if self.delimiter in ("\t", "\\t"):
            object.__setattr__(self, "delimiter", "tab")
        fits = self.delimiter in ("", "tab") or (
            len(self.delimiter) == 1 and self.delimiter not in "\r\n\0\"'\\"
        )
        expected = "one character that is no quote, such as ';' or '|', or tab"
        require(fits, "delimiter", self.delimiter, expected)
        fits = self.quote in ("", '"', "'", '\\"', "\\'", "none")
        expected = "none, \" or ', with a backslash before it where those inside a cell have one"
        require(fits, "quote", self.quote, expected)

    @classmethod
    def taken_from(cls, values: dict[str, Any]) -> "SourceSettings":
        """Takes its own fields out of a flat mapping; a value of None means the default.

        Raises:
            SettingsError: A value that cannot be.

        >>> values = {"encoding": "cp1252", "units": 8}
        >>> SourceSettings.taken_from(values).encoding, values
        ('cp1252', {'units': 8})
        """
        own = {f.name: (values.pop(f.name), f.type) for f in fields(cls) if f.name in values}
        given = {n: _typed(n, value, kind) for n, (value, kind) in own.items() if value is not None}
        return cls(**given)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are not their defaults, by name."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}

    def without_tables(self) -> None:
        """Refuses what describes tables, where none is read.

        Raises:
            SettingsError: Something does.
        """
        for name in ("delimiter", "quote"):
            value = getattr(self, name)
            expected = "left out: no column of a table is read here (as p.csv:text would be)"
            require(not value, name, value, expected)


AS_IT_COMES = SourceSettings()
"""Sources read by the defaults."""


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """How text is cleaned and cut into symbols.

    Attributes:
        unit: What one symbol is: a code point, or a grapheme (a letter with all its marks).
        lowercase: Whether letters are made lower case.
        strip_punctuation: Whether all but letters, digits and white space is removed.
        min_count: Symbols that occur fewer times than this are removed from the text.
        documents: What one document is: each of the sources (or rows of a table), each of their
            lines, each of the blocks between blank lines, or each of their sentences.
    """

    unit: Unit = "char"
    lowercase: bool = False
    strip_punctuation: bool = False
    min_count: int = 1
    documents: Documents = "sources"

    def __post_init__(self) -> None:
        """Checks every field."""
        require(self.unit in ("char", "grapheme"), "unit", self.unit, "char or grapheme")
        require(self.min_count >= 1, "min_count", self.min_count, "1 or more")
        known = self.documents in ("sources", "lines", "blank", "sentences")
        require(known, "documents", self.documents, "sources, lines, blank or sentences")


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The shape of the network.

    Attributes:
        cell: The recurrent layer: LSTM, GRU, or the plain recurrent layer.
        recurrent_activation: What the gates of LSTM layers are made with: sigmoid, or hard_sigmoid,
            0.2 x + 0.5 cut at 0 and 1, as Keras had it before version 2.3.
        layers: Recurrent layers, one above the other.
        units: U, units in each recurrent layer.
        ensemble: Networks of this shape that are trained side by side, each by itself from weights
            of its own; what the model says is the mean of their probabilities.
        input: What enters the network for a symbol: numbers that are learned (embedding), a one
            among zeros (onehot), or its number in the alphabet, divided by the alphabet's size
            (scalar).
        embedding: Numbers that stand for one symbol; follows from the alphabet where they are
            not learned.
        dropout_input: Share of the embedding left out at each training step.
        dropout: Share left out between two recurrent layers.
        dropout_output: Share left out before the output layer.
        dropout_recurrent: Share of the weights between a recurrent layer's steps that is left out,
            drawn once for each training step (DropConnect).
    """

    cell: Cell = "lstm"
    recurrent_activation: RecurrentActivation = "sigmoid"
    layers: int = 2
    units: int = 256
    ensemble: int = 1
    input: Input = "embedding"
    embedding: int = 64
    dropout_input: float = 0.2
    dropout: float = 0.4
    dropout_output: float = 0.4
    dropout_recurrent: float = 0.0

    def __post_init__(self) -> None:
        """Checks every field."""
        require(self.cell in ("lstm", "gru", "rnn"), "cell", self.cell, "lstm, gru or rnn")
        activation = self.recurrent_activation
        known = activation == "sigmoid" or (activation == "hard_sigmoid" and self.cell == "lstm")
        expected = "sigmoid, or, of LSTM layers, hard_sigmoid"
        require(known, "recurrent_activation", activation, expected)
        known = self.input in ("embedding", "onehot", "scalar")
        require(known, "input", self.input, "embedding, onehot or scalar")
        require(1 <= self.layers <= 16, "layers", self.layers, "1 to 16")
        require(1 <= self.units <= 8192, "units", self.units, "1 to 8192")
        require(1 <= self.ensemble <= 16, "ensemble", self.ensemble, "1 to 16")
        require(1 <= self.embedding <= 8192, "embedding", self.embedding, "1 to 8192")
        for name in DROPOUTS:
            share = getattr(self, name)
            require(0 <= share < 1, name, share, "at least 0 and less than 1")


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a model is trained.

    Attributes:
        framing: How the text is cut for training: contiguous streams, one document at a time,
            every window of `length` symbols for itself to foretell the one after it, or auto,
            which takes documents where there are many short ones and streams otherwise.
        batch: B, streams read side by side.
        length: T, symbols of each stream in one step.
        steps: Training steps in all; 0 sets no limit.
        epochs: Times the training text is read; 0 sets no limit.
        minutes: Time in all; 0 sets no limit. The machine is measured for a few steps, then the
            number of steps is fixed and recorded. Of several limits the nearest holds.
        learning_rate: The highest step size of the optimiser, reached after the warm-up.
        schedule: How the step size goes on: after a warm-up down half a cosine, or constant
            from the first step.
        warmup: Share of the steps over which the step size rises to `learning_rate`, where it
            is not constant.
        beta_2: How slowly the optimiser forgets the size of past gradients (Adam).
        averaging: Share of the steps over which weights are averaged for scores and for the model,
            the latest counting most; 0 takes the latest alone.
        weight_decay: The pull of the weights towards zero (AdamW).
        clip: The largest norm of the gradient; 0 sets no limit.
        reset_rate: Share of the streams that start again from a zero state at each step; other
            framings reset by themselves.
        validation: Share of the text that is never trained on but scored.
        test: Share of the text that is neither trained on nor scored: what would be held out
            if so much were; the held-out part is taken from the rest. For choosing settings by
            held-out scores without a look at the text that will judge the choice.
        split: Where the held-out part is: tail, the end of the text; spread, some documents of
            each source, and the ends of long ones; or auto, which takes the tail of one running
            text and spreads it otherwise.
        evaluations: Times the held-out text is scored, evenly spread.
        val_chars: Held-out symbols scored each time, from the first; 0 means all. The best
            model is scored on more of them, mostly all, at the end.
        patience: Training stops after this many scores in a row without a better one; 0 never.
        epoch_files: Keeps a model file, under this name with the epoch in place of {epoch} and
            the loss in place of {loss}, whenever an epoch's training loss is the best so far;
            empty keeps none.
        precision: The numbers in which products are computed: float32, or bfloat16 on
            accelerators; weights, carried states and losses are float32 in any case.
        seed: Seeds the first weights, the dropout and the order of the text.
    """

    framing: Framing = "auto"
    batch: int = 16
    length: int = 64
    steps: int = 0
    epochs: float = 0.0
    minutes: float = 0.0
    learning_rate: float = 5e-3
    schedule: Schedule = "cosine"
    warmup: float = 0.05
    beta_2: float = 0.99
    averaging: float = 0.05
    weight_decay: float = 0.01
    clip: float = 1.0
    reset_rate: float = 0.03
    validation: float = 0.1
    test: float = 0.0
    split: SplitKind = "auto"
    evaluations: int = 15
    val_chars: int = 20_000
    patience: int = 5
    epoch_files: str = ""
    precision: Precision = "float32"
    seed: int = 0

    def __post_init__(self) -> None:
        """Checks every field."""
        framings = ("auto", "streams", "documents", "windows")
        known = self.framing in framings
        require(known, "framing", self.framing, "auto, streams, documents or windows")
        known = self.schedule in ("cosine", "constant")
        require(known, "schedule", self.schedule, "cosine or constant")
        if self.epoch_files:
            fits = _is_file_name(self.epoch_files)
            expected = "a short file name that holds {epoch}, and {loss} if you like"
            require(fits, "epoch_files", self.epoch_files, expected)
        known = self.split in ("auto", "tail", "spread")
        require(known, "split", self.split, "auto, tail or spread")
        known = self.precision in ("float32", "bfloat16")
        require(known, "precision", self.precision, "float32 or bfloat16")
        for name in ("batch", "length", "evaluations"):
            require(1 <= getattr(self, name) < 1 << 31, name, getattr(self, name), "1 or more")
        for name, most in MOST.items():
            require(0 <= getattr(self, name) <= most, name, getattr(self, name), f"0 to {most:,}")
        for name in ("patience", "seed", "val_chars"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        rate = self.learning_rate
        require(0 < rate <= MOST_RATE, "learning_rate", rate, f"more than 0, {MOST_RATE:g} at most")
        for name in ("warmup", "beta_2", "averaging", "reset_rate", "validation", "test"):
            share = getattr(self, name)
            require(0 <= share < 1, name, share, "a share: at least 0 and less than 1")

    @property
    def window(self) -> int:
        """Symbols that the network sees at once, each time from a zero state; 0 for no limit."""
        return self.length if self.framing == "windows" else 0

    @property
    def predicted_a_step(self) -> int:
        """Symbols that one step predicts, padding included."""
        return self.batch if self.window else self.batch * self.length


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of one training.

    Attributes:
        text: How the text is cleaned.
        model: The shape of the network.
        training: How it is trained.
    """

    text: TextSettings = TextSettings()
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()


def _is_file_name(pattern: str) -> bool:
    """Whether it names a file once epoch and loss are filled in."""
    try:
        # Looked at before it is filled in: a width of billions would take as much memory.
        for _, field, width, _ in Formatter().parse(pattern):
            if field not in (None, "epoch", "loss") or re.search(r"\d{4}|\{", width or ""):
                return False
        name, other = (pattern.format(epoch=epoch, loss=1.0) for epoch in (1, 2))
        short = len(name.encode()) < 200
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
    return name != other and short and not set(name) & set('/\\:*?"<>|\0')


def stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as files hold them: by the names of the first version; see `STORED`.

    >>> stored({"ensemble": 2, "units": 8})
    {'networks': 2, 'units': 8}
    """
    return {STORED.get(name, name): value for name, value in values.items()}


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by the names of today, whichever of both they were given by; see `STORED`.

    Raises:
        SettingsError: One is given by both.

    >>> renamed({"held_out": 0.2, "units": 8})
    {'units': 8, 'validation': 0.2}
    """
    found = dict(values)
    for name, older in STORED.items():
        value = found.pop(older, None)
        if value is None:
            continue
        if found.get(name) is not None:
            raise SettingsError(
                f"{name} is given twice: {found[name]!r}, and {value!r} by its older name, "
                f"{older}. Leave out {older}."
            )
        found[name] = value
    return found


def with_older_names(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts for JSON by the names of today, and beside them by those of the first version.

    >>> with_older_names({"test": 0, "held_out_loss": 1.5})
    {'test': 0, 'left_out': 0, 'validation_loss': 1.5, 'held_out_loss': 1.5}
    """
    found: dict[str, Any] = {}
    for key, value in facts.items():
        for name, older in STORED.items():
            if f"{key}_".startswith((f"{name}_", f"{older}_")):
                rest = key.removeprefix(name).removeprefix(older)
                found |= {name + rest: value, older + rest: value}
                break
        else:
            found[key] = value
    return found


GROUPS = {"text": TextSettings, "model": ModelSettings, "training": TrainingSettings}


def make(values: Mapping[str, Any]) -> Settings:
    """Settings from a flat mapping of field names to values; a value of None means the default.

    Raises:
        SettingsError: There is no setting of that name, or its value cannot be.

    >>> make({"units": 128}).model.units
    128
    """
    given = {name: value for name, value in renamed(values).items() if value is not None}
    names = {group: {f.name for f in fields(cls)} for group, cls in GROUPS.items()}
    unknown = given.keys() - set().union(*names.values())
    if unknown:
        raise SettingsError(
            f"there is no setting called {', '.join(sorted(unknown))}. "
            f"There are: {', '.join(sorted(set().union(*names.values())))}."
        )
    kinds = {f.name: f.type for cls in GROUPS.values() for f in fields(cls)}
    given = {name: _typed(name, value, kinds[name]) for name, value in given.items()}
    parts = {g: cls(**{n: given[n] for n in names[g] & given.keys()}) for g, cls in GROUPS.items()}
    return Settings(**parts)


def _typed(name: str, value: Any, kind: Any) -> Any:
    """A value as its field's own type, where that changes nothing of it."""
    if kind is bool:
        require(isinstance(value, bool), name, value, "True or False")
        return value
    if kind is int:
        require(is_whole(value), name, value, "a whole number")
        return int(value)
    if kind is float:
        require(is_number(value), name, value, "a number")
        return float(value)
    require(isinstance(value, str), name, value, "a word")
    return value


def flat(settings: Settings) -> dict[str, Any]:
    """All fields of all groups by their names; the inverse of `make`.

    >>> make(flat(Settings())) == Settings()
    True
    """
    return {name: value for group in asdict(settings).values() for name, value in group.items()}
