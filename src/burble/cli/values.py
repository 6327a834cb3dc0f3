"""Values of flags and arguments that are plainly of their type, read without typer's validators.

Typer (0.29) makes a validator of pydantic for every flag that a command has, given or not, which
takes longer than to load all of burble that writes a text. Whatever is not plain goes its usual
way, so what is refused, and with which words, stays typer's own. Knows no command.
"""

import inspect
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

NUMBERS = {
    int: re.compile(r"-?[0-9]{1,15}"),
    float: re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?(e-?[0-9]{1,2})?"),
}
"""How numbers are commonly written."""


def read_plain_values(command: Any, function: Callable[..., Any]) -> None:
    """Lets a command read plain values by itself.

    Args:
        command: A command that typer has made.
        function: Its function, whose parameters are each of an annotated type.
    """
    signature, usual = inspect.signature(function).parameters, command.get_params

    def get_params(context: Any) -> Any:
        found = usual(context)
        for one in found:
            if "process_value" not in vars(one):
                # What every command has, --help, is not given or ends it.
                own = signature.get(one.name)
                _replace_reading(one, own.annotation if own else Annotated[bool, None])
        return found

    vars(command)["get_params"] = get_params


def _replace_reading(one: Any, annotation: Any) -> None:
    """Replaces how one flag or argument reads its value."""
    kind = annotation.__origin__
    kinds = [part for part in get_args(kind) if part is not NoneType]
    kind = kinds[0] if NoneType in get_args(kind) and len(kinds) == 1 else kind
    usual, several = one.process_value, one.multiple or one.nargs == -1

    def process_value(context: Any, value: Any) -> Any:
        read = convert(kind, value)
        missing = value is None or (several and not value)
        if (read is None and value is not None) or (missing and one.required):
            return usual(context, value)
        read = () if several and value is None else read
        return one.callback(context, one, read) if one.callback else read

    # Each flag has its own: a method would serve them all.
    vars(one)["process_value"] = process_value


def convert(kind: Any, value: Any) -> Any:
    """A value as its type, from text; None where it is not plainly one of it.

    >>> convert(int, "12"), convert(float, "-0.5"), convert(str, "a"), convert(list[int], ["1"])
    (12, -0.5, 'a', [1])
    >>> convert(int, "1_2"), convert(float, "nan"), convert(bool, "yes"), convert(int, None)
    (None, None, None, None)
    """
    if get_origin(kind) is list and isinstance(value, list | tuple):
        (each,) = get_args(kind)
        items = [convert(each, one) for one in value]
        return None if None in items else items
    if kind in (bool, int, float, str) and type(value) is kind:
        return value if kind is not str or _is_text(value) else None
    if not isinstance(value, str):
        return None
    if kind in NUMBERS:
        return kind(value) if NUMBERS[kind].fullmatch(value) else None
    if kind is Path:
        unreadable = os.path.exists(value) and not os.access(value, os.R_OK)
        return None if unreadable else Path(value)
    return None


def _is_text(value: str) -> bool:
    """Whether there is nothing in a value that is no text, as the system's own names may have."""
    return not any("\ud800" <= one <= "\udfff" for one in value)
