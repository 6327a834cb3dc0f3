"""Writes texts one after the other until the batch of `inference` is there; to be removed."""

from collections.abc import Iterator
from dataclasses import dataclass

from burble.errors import SettingsError
from burble.inference.generator import Generator
from burble.inference.selection import Ending
from burble.inference.texts import Texts


@dataclass(frozen=True)
class Symbol:
    """A symbol, and what was predicted where it stands."""

    text: str
    log_probability: float | None
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Scored:
    """Symbols and what was predicted."""

    symbols: tuple[Symbol, ...]
    of_prompt: bool


class Batch:
    """Texts of one model."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator
        self._texts: dict[int, Iterator[tuple[int, str | Ending]]] = {}
        self._last = 0

    def join(
        self, texts: Texts, number: int = 0, *, logprobs: int | None = None, echo: bool = False
    ) -> int:
        """Begins a text."""
        if logprobs is not None:
            raise SettingsError("logprobs is not there yet.")
        _ = echo
        self._last += 1
        self._texts[self._last] = texts.stream_side_by_side(range(number, number + 1))
        return self._last

    def leave(self, key: int) -> None:
        """Ends a text."""
        self._texts.pop(key, None)

    def step(self) -> list[tuple[int, str | Scored | Ending]]:
        """One symbol for each."""
        found: list[tuple[int, str | Scored | Ending]] = []
        for key, stream in [*self._texts.items()]:
            _, item = next(stream)
            found.append((key, item))
            if isinstance(item, Ending):
                del self._texts[key]
        return found
