"""Frozen settings with their defaults and checks. Knows nothing of files or Keras.

A flag of the command line, a field here and a key in JSON share one name, and this is the only
place that holds a default.
"""

from dataclasses import dataclass
from typing import Literal

from burble.errors import SettingsError

Unit = Literal["char", "grapheme"]


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
