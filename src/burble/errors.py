"""The error tree: each class carries the exit code of the command line. Knows nothing else.

Every message says what came, what was expected and what to do about it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

_INSTALLED_AS = {"jaxlib": "jax", "sqlalchemy": "optuna", "tomli_w": "tomli-w"}
"""Packages that come with another one, or by another name: that is the one to install."""

_TRAINS = ("jax", "jaxlib", "keras")
"""What not every machine can install."""


class BurbleError(Exception):
    """Anything burble reports on purpose."""

    exit_code = 1


class InputError(BurbleError, ValueError):
    """Something a person gave cannot be used as it is."""

    exit_code = 2


class SourceError(InputError):
    """A source of text is missing, unreadable or not text."""


class FieldError(SourceError):
    """A file of which a field must be named, and none is.

    Args:
        message: What to say where fields are named in a terminal.
        what: What the file is: a sentence without its end.
    """

    def __init__(self, message: str, what: str = "") -> None:
        super().__init__(message)
        self.what = what


class MissingFieldError(SourceError):
    """A file that lacks the field that is named."""


class EncodingError(SourceError):
    """Bytes that are not text in the expected encoding."""


class VocabularyError(InputError):
    """Symbols a model does not know, or a vocabulary that cannot be used."""


class SettingsError(InputError):
    """A setting with a value it cannot have."""


class CorpusError(InputError):
    """A text from which nothing can be learned."""


class ModelFileError(InputError):
    """A model file that is damaged, foreign or of a newer format."""


class RunError(InputError):
    """A run folder that cannot be used as asked."""


class StorageError(BurbleError, OSError):
    """The disk refused: full, read-only or gone."""


class OutputError(BurbleError, OSError):
    """What was to be said or written to a standard stream is lost; the work is not."""

    exit_code = 74


class DivergedError(BurbleError, ArithmeticError):
    """Training left the range of finite numbers and could not come back."""


class PeerError(BurbleError):
    """One of the processes that train together was killed, or cannot be reached."""


class LostError(BurbleError):
    """Another of the processes that train together is gone; whoever watches tells which."""

    exit_code = 75


class Interrupted(BurbleError):
    """The person asked to stop; what was done so far is kept."""

    exit_code = 130


@contextmanager
def require_packages(for_what: str, extra: str = "") -> Iterator[None]:
    """Names a package that is not installed, with the command that installs it.

    Args:
        for_what: What needs it.
        extra: The extra of burble that brings it; empty if none does.

    Raises:
        InputError: A package is missing.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        name = (error.name or "").partition(".")[0]
        if name in ("", "burble"):
            raise
        package = f"'burble[{extra}]'" if extra else _INSTALLED_AS.get(name, name)
        cure = f"Install it with: pip install {package}"
        if name in _TRAINS:
            cure += ". If there is none for this machine, train on another: the model writes here"
        if name in sys.stdlib_module_names:
            cure = "It is a part of Python that this one was built without; use another Python."
        raise InputError(f"{for_what} needs {name}, which is not installed. {cure}") from error
