"""Frozen settings with their defaults and checks. Knows nothing of files or Keras.

A flag of the command line, a field here and a key in JSON share one name. The defaults here
train; for a new run, `runs.defaults` replaces some by what suits the text.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from burble.checks import check_choices, check_fractions, convert
from burble.checks import is_integer as is_integer
from burble.checks import is_number as is_number
from burble.checks import require as require
from burble.errors import SettingsError
from burble.formatting import is_file_name
from burble.text_settings import DEFAULT_READING as DEFAULT_READING
from burble.text_settings import OF_WORDS as OF_WORDS
from burble.text_settings import RECUT as RECUT
from burble.text_settings import Documents as Documents
from burble.text_settings import SourceSettings as SourceSettings
from burble.text_settings import TextSettings as TextSettings
from burble.text_settings import Unit as Unit

Cell = Literal["lstm", "gru", "rnn"]
RecurrentActivation = Literal["sigmoid", "hard_sigmoid"]
Input = Literal["embedding", "onehot", "scalar"]
Framing = Literal["auto", "streams", "documents", "windows"]
SplitKind = Literal["auto", "tail", "spread"]
Schedule = Literal["cosine", "constant"]
LIMITS = ("steps", "epochs", "minutes")
"""Settings that end a training; of several the nearest holds."""
MOST: dict[str, int] = {"steps": 10**18, "epochs": 10**9, "minutes": 10**7}
MOST |= {"weight_decay": 10**6, "clip": 10**12}
"""What no training comes to; beyond it numbers would run out of range where they are used."""
MOST_RATE = 1e30
Precision = Literal["float32", "bfloat16"]
STORED: Mapping[str, str] = {"validation": "held_out", "test": "left_out", "ensemble": "networks"}
"""The older names of settings: files that burble writes keep them, and they are aliases."""
DROPOUTS = ("dropout_input", "dropout", "dropout_output", "dropout_recurrent")
"""Fractions that are dropped in training, and change nothing of a model that is there."""
FRACTIONS = ("warmup", "beta_2", "averaging", "reset_rate", "validation", "test")


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The shape of the network.

    Attributes:
        cell: Recurrent layer: lstm, gru, or rnn, a plain one.
        recurrent_activation: Activation of an LSTM's gates: sigmoid, or hard_sigmoid, 0.2 x + 0.5
            cut at 0 and 1, as in Keras before version 2.3.
        reset_after: Whether a GRU's reset gate acts on what its recurrent weights make of the
            state, as in Keras and cuDNN, and not on the state before them, as in the first papers.
        layers: Recurrent layers, one above the other.
        units: Units in each recurrent layer (U).
        ensemble: Networks of this shape that are trained side by side, each from other first
            weights; the model predicts with the mean of their probabilities.
        input: How a symbol enters the network: as a learned vector (embedding), a one among zeros
            (onehot), or its id divided by the size of the alphabet (scalar).
        embedding: Length of a symbol's vector; follows from the alphabet where it is not learned.
        dropout_input: Dropout of the embedding: the fraction set to zero in each training step.
        dropout: Dropout between recurrent layers.
        dropout_output: Dropout before the output layer.
        dropout_recurrent: Dropout of recurrent weights, drawn once a training step (DropConnect).
    """

    cell: Cell = "lstm"
    recurrent_activation: RecurrentActivation = "sigmoid"
    reset_after: bool = True
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
        check_choices(self)
        fits, expected = self.cell == "lstm", "sigmoid where cell is no lstm"
        activation = self.recurrent_activation
        require(fits or activation == "sigmoid", "recurrent_activation", activation, expected)
        fits, expected = self.reset_after or self.cell == "gru", "true where cell is no gru"
        require(fits, "reset_after", self.reset_after, expected)
        for name, most in {"layers": 16, "units": 8192, "ensemble": 16, "embedding": 8192}.items():
            value = getattr(self, name)
            require(1 <= value <= most, name, value, f"1 to {most}")
        check_fractions(self, DROPOUTS)


@dataclass(frozen=True, kw_only=True)
class TrainingSettings:
    """How a model is trained.

    Attributes:
        framing: How training reads the text: as contiguous streams, as documents one at a time, as
            windows of `length` symbols that each predict the next one, or auto: as documents where
            there are many short ones, else as streams.
        batch: Streams read side by side (B).
        length: Symbols of each stream in one step (T).
        steps: Training steps in all; 0 sets no limit.
        epochs: Passes over the training text; 0 sets no limit.
        minutes: Minutes in all; 0 sets no limit. How many steps fit is measured at the start and
            recorded. Of several limits the nearest holds.
        learning_rate: Highest learning rate, reached after the warm-up.
        schedule: cosine, where the learning rate falls along half a cosine after the warm-up, or
            constant.
        warmup: Fraction of the steps in which the learning rate rises, unless it is constant.
        beta_2: Decay of Adam's average of squared gradients.
        averaging: Fraction of the steps over which weights are averaged for evaluation and for the
            model, the latest counting most; 0 takes the latest alone.
        average_base: Whether the average begins with the weights of the model that training starts
            from, and keeps a share of them: e^(-1/averaging) after the last step.
        weight_decay: Weight decay (AdamW).
        clip: Largest norm of the gradient; 0 sets no limit.
        reset_rate: Fraction of the streams whose hidden state is set to zero at each step; other
            framings reset by themselves.
        validation: Fraction of the text kept out of training; its loss says which model is best.
        test: Fraction of the text kept out of training and validation alike, for a score that has
            chosen nothing: what would be the validation part if there were no test part.
        split: Where both parts are: tail, the end of the text; spread, some documents of each
            source and the ends of long ones; or auto: tail for one running text, else spread.
        evaluations: Times the validation loss is measured, evenly spread.
        val_chars: Validation symbols measured each time, from the first; 0 takes all. The best
            model is scored on more of them, mostly all, at the end.
        patience: Evaluations in a row without improvement after which training stops; 0 never does.
        epoch_files: Name of a model file, {epoch} and, if you like, {loss} to be filled in, that is
            written whenever an epoch's training loss is the best so far; empty writes none.
        precision: Precision of products: float32, or bfloat16 on accelerators; weights, hidden
            states and losses are float32 in any case.
        seed: Seed of the first weights, the dropout and the order of the text.
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
    average_base: bool = False
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
        check_choices(self)
        fits = not self.epoch_files or is_file_name(self.epoch_files)
        expected = "a short file name that holds {epoch}, and {loss} if you like"
        require(fits, "epoch_files", self.epoch_files, expected)
        for name in ("batch", "length", "evaluations"):
            require(1 <= getattr(self, name) < 1 << 31, name, getattr(self, name), "1 or more")
        for name, most in MOST.items():
            require(0 <= getattr(self, name) <= most, name, getattr(self, name), f"0 to {most:,}")
        for name in ("patience", "seed", "val_chars"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        fits = not self.average_base or self.averaging > 0
        require(fits, "average_base", True, "False where averaging is 0, and nothing is averaged")
        rate, expected = self.learning_rate, f"more than 0, {MOST_RATE:g} at most"
        require(0 < rate <= MOST_RATE, "learning_rate", rate, expected)
        check_fractions(self, FRACTIONS)

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

    text: TextSettings = field(default_factory=TextSettings)
    model: ModelSettings = ModelSettings()
    training: TrainingSettings = TrainingSettings()


def with_stored_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings as files hold them: by the names of the first version; see `STORED`.

    >>> with_stored_names({"ensemble": 2, "units": 8})
    {'networks': 2, 'units': 8}
    """
    return {STORED.get(name, name): value for name, value in values.items()}


def with_current_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by the names of today, whichever of both they were given by; see `STORED`.

    Raises:
        SettingsError: One is given by both.

    >>> with_current_names({"held_out": 0.2, "units": 8})
    {'units': 8, 'validation': 0.2}
    """
    found = dict(values)
    for name, older in STORED.items():
        value = found.pop(older, None)
        if value is None:
            continue
        if found.get(name) is not None:
            given = f"{value!r} and {found[name]!r}. Leave out {older}."
            raise SettingsError(f"{older} is the older name of {name}, and both are given: {given}")
        found[name] = value
    return found


GROUPS = {"text": TextSettings, "model": ModelSettings, "training": TrainingSettings}


def make_settings(values: Mapping[str, Any]) -> Settings:
    """Settings from a flat mapping of field names to values; a value of None means the default.

    Raises:
        SettingsError: There is no setting of that name, or its value cannot be.

    >>> make_settings({"units": 128}).model.units
    128
    """
    given = {name: value for name, value in with_current_names(values).items() if value is not None}
    known = {f.name: (group, f.type) for group, cls in GROUPS.items() for f in fields(cls)}
    if unknown := given.keys() - known.keys():
        raise SettingsError(
            f"there is no setting called {', '.join(sorted(unknown))}. "
            f"There are: {', '.join(sorted(known))}."
        )
    parts: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
    for name, value in given.items():
        group, kind = known[name]
        parts[group][name] = convert(name, value, kind)
    return Settings(**{group: cls(**parts[group]) for group, cls in GROUPS.items()})


def flatten_settings(settings: Settings) -> dict[str, Any]:
    """All fields of all groups by their names; the inverse of `make_settings`.

    >>> make_settings(flatten_settings(Settings())) == Settings()
    True
    """
    return {name: value for group in asdict(settings).values() for name, value in group.items()}
