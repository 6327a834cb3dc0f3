"""Flags of the command line, made from settings classes. Knows no command."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import Field, fields
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import docstring_parser
import typer
from rich.markup import escape
from typer.models import OptionInfo

from burble.cli.output import log
from burble.exchange.options import ExportOptions, ImportOptions
from burble.inference.settings import SamplingSettings, WritingSettings
from burble.model import bases
from burble.runs.defaults import CHOSEN, DEFAULT_LIMITS
from burble.settings import (
    LIMITS,
    STORED,
    ModelSettings,
    SourceSettings,
    TextSettings,
    TrainingSettings,
    with_current_names,
)

PANELS = {
    SamplingSettings: "Sampling",
    WritingSettings: "Sampling",
    SourceSettings: "Text",
    TextSettings: "Text",
    ModelSettings: "Model",
    TrainingSettings: "Training",
    ExportOptions: "Export",
    ImportOptions: "Import",
}
"""The heading of each class in help, in order."""
TRAINING = (SourceSettings, TextSettings, ModelSettings, TrainingSettings)
"""Classes of all settings of a training."""
NOT = "no_"
LETTERS: Mapping[tuple[type, str], str] = {
    (SamplingSettings, "temperature"): "-t",
    (WritingSettings, "length"): "-l",
}
SUITED: Set[tuple[type, str]] = {
    (SamplingSettings, "temperature"),
    (WritingSettings, "close_quotes"),
}
"""Settings whose default is what was found to suit the model."""

Sources = Annotated[
    list[str],
    typer.Argument(
        help="Texts, documents, tables, folders, - for standard input, builtin:python-docs, "
        "gutenberg:NUMBER."
    ),
]


def note_namesake(path: Path | str | None) -> Path | str | None:
    """Says so where a path is taken that has the name of a base."""
    if note := bases.describe_namesake(path or ""):
        log(note)
    return path


MODEL_HELP = "A run folder, a model file, or the name of a base such as english."
ModelPath = Annotated[Path, typer.Argument(help=MODEL_HELP, callback=note_namesake)]


def note_namesakes(paths: list[Path] | None) -> list[Path] | None:
    """Says so of each of several."""
    for path in paths or []:
        note_namesake(path)
    return paths


ModelPaths = Annotated[
    list[Path], typer.Argument(help=f"{MODEL_HELP} Several are mixed.", callback=note_namesakes)
]
Mix = Annotated[
    str | None,
    typer.Option(
        help="Weights of several models, such as 0.7,0.3. \\[default: the same for each]",
        metavar="WEIGHTS",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


def advanced_panel(panel: str) -> str:
    """The heading of options that few people need."""
    return f"{panel} (advanced)"


def describe_fields(cls: type) -> dict[str, str]:
    """The description of each field of a settings class, from its docstring."""
    found = docstring_parser.parse(inspect.getdoc(cls) or "").params
    return {one.arg_name: " ".join((one.description or "").split()) for one in found}


def with_settings(
    function: Callable[..., None],
    *classes: type,
    first: Sequence[str] = (),
    limits: Mapping[str, float] = DEFAULT_LIMITS,
) -> Callable[..., None]:
    """Gives a command a flag for each field of settings classes, passed on as `**chosen`.

    A flag that was not given is passed as None, so that the class's own default holds.

    Args:
        function: The command; what it takes besides are arguments and options of its own.
        classes: The classes, each a key of `PANELS`.
        first: Names of options, its own or settings, that help shows first, in this order. All
            others come after them, below the headings of their classes; its own below that of the
            first class, or last, below a heading that they bring.
        limits: Those of a training for which none is given, by name.
    """
    signature = inspect.signature(function)
    own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
    taken = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own]
    for one in own:
        panel = advanced_panel(PANELS[classes[0]]) if first and one.name not in first else None
        _complete_option(one, panel)
    for cls in classes:
        taken += _list_flags(cls, first, limits)
    taken.sort(key=functools.partial(_help_position, first))

    @functools.wraps(function)
    def command(**given: Any) -> None:
        for name in [name for name in given if name.startswith(NOT)]:
            if given.pop(name):
                given[name.removeprefix(NOT)] = False
        function(**with_current_names(given))

    vars(command)["__signature__"] = signature.replace(parameters=taken)
    command.__annotations__ |= {one.name: one.annotation for one in taken}
    return command


def _list_flags(
    cls: type, first: Sequence[str], limits: Mapping[str, float]
) -> Iterator[inspect.Parameter]:
    """The flags of a settings class; see `with_settings`."""
    described = describe_fields(cls)
    # What a class inherits is a flag of that one.
    for field in (one for one in fields(cls) if one.name in described):
        panel = None if field.name in first else advanced_panel(PANELS[cls])
        letter = LETTERS.get((cls, field.name))
        # What stands in brackets would be taken for a style.
        text = f"{escape(described[field.name])}{_describe_default(cls, field, limits)}"
        yield from _make_flags(field, text, letter, panel)


def _complete_option(parameter: inspect.Parameter, panel: str | None) -> None:
    """Gives an option of a command's own its heading, and puts its choices where there is room."""
    kind, (option,) = parameter.annotation.__origin__, parameter.annotation.__metadata__
    if not isinstance(option, OptionInfo):
        return
    option.rich_help_panel = option.rich_help_panel or panel
    for part in (kind, *get_args(kind)):
        if get_origin(part) is Literal and option.metavar is None:
            option.metavar = "<str>"
            option.help = f"{option.help} One of: {', '.join(get_args(part))}."


def _help_position(first: Sequence[str], parameter: inspect.Parameter) -> int:
    """Where a parameter stands in help."""
    if parameter.name in first:
        return first.index(parameter.name)
    (option,) = parameter.annotation.__metadata__
    panels = [None, *map(advanced_panel, PANELS.values()), option.rich_help_panel]
    return len(first) + panels.index(option.rich_help_panel)


def _make_flags(
    field: Field[Any], described: str, letter: str | None, panel: str | None
) -> list[inspect.Parameter]:
    """The flag of a setting, and those that help hides: by an older name, or what undoes it."""
    kind = flag_type(field)
    flag = field.name.replace("_", "-")
    names = [f"--{flag}", *([letter] if letter else [])]
    shown = typer.Option(*names, help=described, rich_help_panel=panel, show_default=False)
    given = {field.name: shown}
    if older := STORED.get(field.name):
        given[older] = typer.Option(f"--{older.replace('_', '-')}", hidden=True)
    if kind is bool:
        given[NOT + field.name] = typer.Option(f"--no-{flag}", hidden=True)
    return [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[kind | None, option],
        )
        for name, option in given.items()
    ]


def flag_type(field: Field[Any]) -> Any:
    """The type that a setting's flag takes: what its metadata names, or its own, or text."""
    if "flag" in field.metadata:
        return field.metadata["flag"]
    kinds = [one for one in get_args(field.type) if one is not NoneType]
    kind = kinds[0] if len(kinds) == 1 else field.type
    return kind if kind in (int, float, bool) else str


def _describe_default(cls: type, field: Field[Any], limits: Mapping[str, float]) -> str:
    """What help says of a setting's default."""
    default = field.default
    if cls is TrainingSettings and field.name in LIMITS:
        value = limits.get(field.name)
        return rf" \[default: {value:g}, if no limit is given]" if value else ""
    if (cls, field.name) in SUITED:
        default = "as suits the model"
    elif cls in TRAINING and field.name in CHOSEN:
        default = "chosen for the text"
    # What a flag is when it is not given needs no word, nor does an empty text.
    if default is False or default in ("", None, ()):
        return ""
    return rf" \[default: {default if isinstance(default, str) else f'{default:g}'}]"
