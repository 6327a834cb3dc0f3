"""Models of burble in `llm`, the command line of that name: its entry point. Knows no terminal.

Loaded by `llm` alone, where that is installed. Nothing is handed to it to be logged but the text.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from pathlib import Path
from typing import Any

import llm
from llm.parts import TextPart
from pydantic import Field, create_model, model_validator

from burble.cli.options import describe_fields, flag_type
from burble.errors import InputError
from burble.formatting import unescape
from burble.inference.catalogue import list_models
from burble.inference.generator import Generator, load
from burble.inference.settings import SamplingSettings, WritingSettings

PREFIX = "burble/"
"""What the id of a model has before its name."""
SETTINGS = {one.name: one for one in fields(WritingSettings) if one.name != "distinct"}
"""All that can be said of one text."""


@llm.hookimpl
def register_models(register: Callable[[llm.Model], None]) -> None:
    """Tells `llm` of each model there is; none is read before it is to write."""
    for name, path in list_models().items():
        register(BurbleModel(name, path))


def _check_options(options: llm.Options) -> llm.Options:
    """Refuses options that cannot be, before anything is loaded."""
    with _with_own_flags():
        WritingSettings(**choose_options(dict(options)))
    return options


@contextmanager
def _with_own_flags() -> Iterator[None]:
    """Lets what is refused name options as `llm` takes them, and not burble's own command line."""
    try:
        yield
    except InputError as error:
        raise type(error)(name_options(str(error))) from error


def name_options(sentence: str) -> str:
    """A sentence with flags of burble as options of `llm`, but those of a command that it names.

    >>> name_options("pass --unknown skip, or --no-break-loops. Or: burble train T --label C")
    'pass -o unknown skip, or -o break_loops off. Or: burble train T --label C'
    """

    def named(found: re.Match[str]) -> str:
        name = (found["name"] or "").replace("-", "_")
        return f"-o {name}{' off' if found['no'] else ''}" if name in SETTINGS else found[0]

    return re.sub(r"burble [a-z]+ .*|--(?P<no>no-)?(?P<name>[a-z]+(?:-[a-z]+)*)", named, sentence)


def choose_options(given: Mapping[str, Any]) -> dict[str, Any]:
    r"""Fields of `WritingSettings` from options of `llm`.

    Args:
        given: By name; None where one was not given.

    >>> choose_options({"temperature": 0.5, "top_k": None, "stop": r"\n"})
    {'temperature': 0.5, 'stop': ('\n',)}
    """
    options = {name: value for name, value in given.items() if value is not None}
    if "stop" in options:
        stops = options["stop"]
        options["stop"] = tuple(map(unescape, [stops] if isinstance(stops, str) else stops))
    return options


def _make_options() -> type[llm.Model.Options]:
    """Options of a model: all settings of writing, each by its name."""
    described = describe_fields(SamplingSettings) | describe_fields(WritingSettings)
    made: dict[str, Any] = {}
    for name, one in SETTINGS.items():
        kind = flag_type(one)
        several = str | list[str] if kind == list[str] else kind
        made[name] = several | None, Field(default=None, description=described[name])
    check: Any = model_validator(mode="after")(_check_options)
    return create_model(
        "Options", __base__=llm.Model.Options, __validators__={"check": check}, **made
    )


class BurbleModel(llm.Model):
    """A model of burble, as `llm` takes it.

    Args:
        name: Its name in the folder of models.
        path: Its run folder or file.
    """

    can_stream = True
    Options = _make_options()

    def __init__(self, name: str, path: Path) -> None:
        self.model_id = f"{PREFIX}{name}"
        self._path = path

    def __str__(self) -> str:
        """What `llm models` shows."""
        return f"burble: {self.model_id}"

    @cached_property
    def _writer(self) -> Generator:
        """The model, once it is to write."""
        return load(self._path)

    def execute(self, prompt: llm.Prompt, *_: Any, **_more: Any) -> Iterator[str]:
        """Goes on from a text: from all that was given and written in a conversation so far.

        Raises:
            InputError: There is a system prompt, or something that is no text.
            SettingsError, VocabularyError, EncodingError: See `Generator.stream`.
        """
        options = {"length": WritingSettings.length} | choose_options(dict(prompt.options))
        with _with_own_flags():
            text = join_texts(prompt) or self._writer.draw_prompt(options.get("seed") or 0)
            yield from self._writer.stream(text, **options)


def join_texts(prompt: llm.Prompt) -> str:
    """What a model goes on from: all texts of a conversation in order, with nothing between them.

    Raises:
        InputError: There is a system prompt, or something that is no text.
    """
    parts = [part for message in prompt.messages for part in message.parts]
    if any(message.role == "system" for message in prompt.messages):
        raise InputError(
            "a model of burble goes on from a text, and nothing in it could obey a system prompt. "
            "Leave it out."
        )
    if not all(isinstance(part, TextPart) for part in parts):
        raise InputError("a model of burble goes on from texts alone. Leave out all else.")
    return "".join(part.text for part in parts if isinstance(part, TextPart))
