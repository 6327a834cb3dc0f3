"""Frozen settings with their defaults and checks. Knows nothing of files or Keras.

A flag of the command line, a field here and a key in JSON share one name, and this is the only
place that holds a default.
"""

from dataclasses import dataclass
from typing import Literal

from burble.errors import SettingsError

Unit = Literal["char", "grapheme"]
Cell = Literal["lstm", "gru", "rnn"]


def require(holds: bool, name: str, value: object, expected: str) -> None:
    """Raises `SettingsError` unless `holds`, naming the setting, its value and the expectation."""
    if not holds:
        raise SettingsError(f"{name} is {value!r}, but must be {expected}.")


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """How text is cleaned and cut into symbols.

    Attributes:
        unit: What one symbol is: a code point, or a grapheme (a letter with all its marks).
        lowercase: Whether letters are made lower case.
        strip_punctuation: Whether all but letters, digits and white space is removed.
        min_count: Symbols that occur fewer times than this are removed from the text.
    """

    unit: Unit = "char"
    lowercase: bool = False
    strip_punctuation: bool = False
    min_count: int = 1

    def __post_init__(self) -> None:
        """Checks every field."""
        require(self.unit in ("char", "grapheme"), "unit", self.unit, "char or grapheme")
        require(self.min_count >= 1, "min_count", self.min_count, "1 or more")


@dataclass(frozen=True, kw_only=True)
class ModelSettings:
    """The shape of the network.

    Attributes:
        cell: The recurrent layer: LSTM, GRU, or the plain recurrent layer.
        layers: Recurrent layers, one above the other.
        units: U, units in each recurrent layer.
        embedding: Numbers that stand for one symbol.
        dropout_input: Share of the embedding left out at each training step.
        dropout: Share left out between two recurrent layers.
        dropout_output: Share left out before the output layer.
    """

    cell: Cell = "lstm"
    layers: int = 2
    units: int = 256
    embedding: int = 64
    dropout_input: float = 0.2
    dropout: float = 0.4
    dropout_output: float = 0.4

    def __post_init__(self) -> None:
        """Checks every field."""
        require(self.cell in ("lstm", "gru", "rnn"), "cell", self.cell, "lstm, gru or rnn")
        require(1 <= self.layers <= 16, "layers", self.layers, "1 to 16")
        require(1 <= self.units <= 8192, "units", self.units, "1 to 8192")
        require(1 <= self.embedding <= 8192, "embedding", self.embedding, "1 to 8192")
        for name in ("dropout_input", "dropout", "dropout_output"):
            share = getattr(self, name)
            require(0 <= share < 1, name, share, "at least 0 and less than 1")
