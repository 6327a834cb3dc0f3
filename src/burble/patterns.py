"""Patterns of the package `regex`, which is loaded once something is looked for with one.

To load it takes longer than to write a line; and where burble only writes, it may not be installed.
Knows nothing of what is looked for.
"""

from functools import cache
from typing import TYPE_CHECKING

from burble.errors import require_packages

if TYPE_CHECKING:
    import regex


@cache
def compile_pattern(pattern: str, for_what: str) -> "regex.Pattern[str]":
    r"""A pattern, compiled when it is first asked for.

    Args:
        pattern: As `regex` reads it.
        for_what: What needs it, for whoever has not installed `regex`.

    Raises:
        InputError: `regex` is not installed.

    >>> compile_pattern(r"\X", "this").findall("e\u0308!") == ["e\u0308", "!"]
    True
    """
    with require_packages(for_what):
        import regex
    return regex.compile(pattern)
