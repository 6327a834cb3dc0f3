"""Checks of values that a person gives, by the names of their settings. Knows no setting."""

from collections.abc import Sequence
from dataclasses import fields
from numbers import Integral, Real
from typing import Any, Literal, get_args, get_origin

from burble.errors import SettingsError


def require(holds: bool, name: str, value: object, expected: str) -> None:
    """Raises `SettingsError` unless `holds`, naming the setting, its value and the expectation."""
    if not holds:
        raise SettingsError(f"{name} is {value!r}, but must be {expected}.")


def is_integer(value: object) -> bool:
    """Whether it is a whole number; True is none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Whether it is a number; True is none, and NaN is one."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_choices(settings: Any) -> None:
    """Refuses a value that is none of its field's choices."""
    for one in fields(settings):
        if get_origin(one.type) is Literal:
            choices, value = get_args(one.type), getattr(settings, one.name)
            expected = f"{', '.join(choices[:-1])} or {choices[-1]}"
            require(value in choices, one.name, value, expected)


def check_fractions(settings: Any, names: Sequence[str]) -> None:
    """Refuses a value that is no fraction."""
    for name in names:
        value = getattr(settings, name)
        require(0 <= value < 1, name, value, "a fraction: at least 0 and less than 1")


def convert(name: str, value: Any, kind: Any) -> Any:
    """A value as its field's own type, where that changes nothing of it."""
    numbers = {int: (is_integer, "a whole number"), float: (is_number, "a number")}
    if kind in numbers:
        fits, expected = numbers[kind]
        require(fits(value), name, value, expected)
        return kind(value)
    if get_origin(kind) is tuple:
        values = (value,) if isinstance(value, str) else value
        words = isinstance(values, list | tuple) and all(isinstance(one, str) for one in values)
        require(words, name, value, "a word, or several")
        return tuple(values)
    wanted, expected = (bool, "True or False") if kind is bool else (str, "a word")
    require(isinstance(value, wanted), name, value, expected)
    return value
