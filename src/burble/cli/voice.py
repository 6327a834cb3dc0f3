"""A model that writes with settings that change on the way. Knows no terminal."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, get_args

from burble.cli.memory import take_memory
from burble.cli.options import flag_type
from burble.errors import SettingsError
from burble.formatting import unescape
from burble.inference.generator import Generator
from burble.inference.settings import WritingSettings
from burble.inference.suggestions import Suggestions
from burble.inference.texts import Texts
from burble.settings import DEFAULT_READING, SourceSettings

FIXED = {"new", "distinct", "training_text"}
"""Settings of whole texts, and what is read once."""
SETTABLE = {one.name: one for one in fields(WritingSettings) if one.name not in FIXED}
SWITCHES = {
    **dict.fromkeys(("on", "yes", "true"), True),
    **dict.fromkeys(("off", "no", "false"), False),
}
MEMORY = {"memory", "memory_weight"}


class Voice:
    """What writes, and how.

    Args:
        origin: The model.
        options: Fields of `WritingSettings` that were given.
        reading: How the texts among them are read.
        log: Takes a sentence about what was found there.

    Raises:
        SettingsError, SourceError, CorpusError: See `Generator.resolve_settings`.
    """

    def __init__(
        self,
        origin: Generator,
        options: Mapping[str, Any],
        reading: SourceSettings,
        log: Callable[[str], object],
    ) -> None:
        self._origin, self._reading, self._log = origin, reading, log
        self._options = dict(options)
        self.writer, taken = take_memory(origin, options, reading)
        self._weight = taken["memory"]
        self.how = self._resolve(self.writer, taken)

    def change(self, name: str, value: str) -> None:
        """Changes a setting, and keeps all as it was where that cannot be.

        Args:
            name: Of the setting, as its flag has it.
            value: As it is typed; `default` for what it is where it is not given.

        Raises:
            SettingsError, SourceError, CorpusError: It cannot be.
        """
        name = name.removeprefix("--").replace("-", "_")
        if name not in SETTABLE:
            raise SettingsError(f"there is no setting {name}. There are: {', '.join(SETTABLE)}.")
        options = {one: given for one, given in self._options.items() if one != name}
        if value != "default":
            options[name] = parse_value(name, value)
        # A seed that was drawn stays, and a text that was read for the memory.
        kept = {} if name == "seed" else {"seed": self.how.seed}
        writer, taken = self.writer, {**options, "memory": self._weight}
        if name in MEMORY:
            writer, taken = take_memory(self._origin, options, self._reading)
        taken.pop("memory_weight", None)
        how = self._resolve(writer, taken | kept)
        # What the model cannot do is refused now, and not when it is to write.
        writer.prepare_texts("", how)
        self.writer, self.how, self._options, self._weight = writer, how, options, taken["memory"]

    def describe(self) -> dict[str, str]:
        """Each setting that can be changed, as a person reads it."""
        given = self._options | {"seed": self.how.seed}
        return {name: _describe(given.get(name, getattr(self.how, name))) for name in SETTABLE}

    def prepare(self, text: str, **changes: Any) -> Texts:
        """What goes on from a text; see `Generator.prepare_texts`."""
        return self.writer.prepare_texts(text, replace(self.how, **changes))

    def take_seed(self) -> int:
        """The seed of the next piece; every piece has another, the one after it."""
        seed = self.how.seed or 0
        self.how = replace(self.how, seed=seed + 1)
        return seed

    def suggest(self, text: str, count: int) -> Suggestions:
        """What may follow a text."""
        how = self.how
        weight = how.memory_choice.weight
        return self.writer.suggest(text, count, how.unknown, weight, label=how.label)

    def _resolve(self, writer: Generator, options: Mapping[str, Any]) -> WritingSettings:
        """The settings that follow from options; see `Generator.resolve_settings`."""
        reading = self._reading if options.get("training_text") else DEFAULT_READING
        return writer.resolve_settings(options, reading, self._log)[0]


def parse_value(name: str, value: str) -> Any:
    """The value of a setting from what is typed, as its flag would take it.

    Raises:
        SettingsError: It can be none.

    >>> parse_value("temperature", "0.7"), parse_value("length", "none"), parse_value("stop", "a")
    (0.7, None, ('a',))
    """
    field = SETTABLE[name]
    kind, kinds = flag_type(field), get_args(field.type)
    if value == "none" and type(None) in kinds:
        return None
    if kind == list[str]:
        return (unescape(value),) if name == "stop" else [value]
    if kind is bool:
        if value.lower() not in SWITCHES:
            raise SettingsError(f"{name} is {value}, but must be on or off.")
        return SWITCHES[value.lower()]
    try:
        return kind(value)
    except ValueError:
        noun = "a whole number" if kind is int else "a number"
        raise SettingsError(f"{name} is {value}, but must be {noun}.") from None


def _describe(value: Any) -> str:
    """A value as it would be typed."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return " ".join(map(str, value)) if value else "none"
    return "none" if value is None else str(value)
