"""What a person may ask of an export or an import: a field is a flag. Knows no format."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from burble.checks import check_choices, convert, require
from burble.errors import SettingsError
from burble.text_settings import DEFAULT_READING, SourceSettings


@dataclass(frozen=True, kw_only=True)
class ExportOptions:
    """How a model is written in another format. Every format says which of these it takes.

    Attributes:
        int8: Weights of 8 bits: a page becomes about half as large, ONNX of LSTMs a quarter (its
            GRU and plain layers stay in float32); what that costs is told.
        keras_layout: states, where a network takes ids and states and gives them back; or
            tutorial, where it takes windows as the network of the Keras tutorial does.
    """

    int8: bool = False
    keras_layout: Literal["states", "tutorial"] = "states"

    def __post_init__(self) -> None:
        """Checks every field."""
        check_choices(self)


@dataclass(frozen=True, kw_only=True)
class ImportOptions:
    """What a file does not say of itself. Every format says which of these it takes.

    Attributes:
        recipe: The recipe that it was trained with, by name or file; refused where the file says
            otherwise.
        window: How many symbols it reads at a time, if it does not say, such as 100 for the Keras
            tutorial; 0 is what it says.
        text: Take the alphabet from its training text, read and cleaned as burble does.
        alphabet_from: Take the alphabet from its training text, a file read as the Keras tutorial
            does.
        recurrent_activation: Activation of its gates, sigmoid or hard_sigmoid, where the file does
            not say.
    """

    recipe: str = ""
    window: int = 0
    text: tuple[str, ...] = field(default=(), metadata={"flag": list[str]})
    alphabet_from: str = ""
    recurrent_activation: str = ""

    def __post_init__(self) -> None:
        """Checks every field."""
        require(self.window >= 0, "window", self.window, "a number of symbols")
        value, known = self.recurrent_activation, ("sigmoid", "hard_sigmoid")
        require(value in ("", *known), "recurrent_activation", value, " or ".join(known))


@dataclass(frozen=True, kw_only=True)
class ImportRequest(ImportOptions):
    """All that is said of a file.

    Attributes:
        reading: How the texts that are given with it are read.
    """

    reading: SourceSettings = DEFAULT_READING


_O = TypeVar("_O", ExportOptions, ImportRequest)


def make_options(kind: type[_O], values: Mapping[str, Any]) -> _O:
    """Options from names and values; a value of None means the default.

    Raises:
        SettingsError: There is no option of that name, or its value cannot be.
    """
    known = {one.name: one for one in fields(kind)}
    for name in values.keys() - known.keys():
        raise SettingsError(f"there is no option {name}. There are: {', '.join(sorted(known))}.")
    return kind(
        **{
            name: value if name == "reading" else convert(name, value, known[name].type)
            for name, value in values.items()
            if value is not None
        }
    )


def given_options(options: ExportOptions | ImportRequest) -> list[str]:
    """The names of options that are not their defaults."""
    return [one.name for one in fields(options) if getattr(options, one.name) != one.default]
