"""What is not installed is named, with the command that installs it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from burble.errors import InputError

_INSTALLED_AS = {"jaxlib": "jax", "sqlalchemy": "optuna"}
"""Packages that come with another one, which is the one to install."""


@contextmanager
def needed(for_what: str) -> Iterator[None]:
    """Turns what is raised where a package is missing into a sentence.

    Args:
        for_what: Such as "burble train".

    Raises:
        InputError: A package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "burble"):
            raise
        cure = f"Install it with: pip install {_INSTALLED_AS.get(name, name)}"
        if name in sys.stdlib_module_names:
            cure = "It is a part of Python that this one was built without; use another Python."
        raise InputError(f"{for_what} needs {name}, which is not installed. {cure}") from error
