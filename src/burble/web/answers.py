"""Answers to completions, as clients read them: whole ones and pieces. Knows nothing of models."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from burble.inference.scored import Scored, Symbol
from burble.inference.selection import Ending


@dataclass
class Choice:
    """One text of an answer, and what has come of it since it was last looked at.

    The first symbol of a prompt has nothing before it, so that no prediction of it is told; where
    the edge of a document was given, that is the first.

    Attributes:
        index: Its place among the texts of the answer.
        length: Characters that it has at most, without the prompt.
        logprobs: Whether it is told what was predicted.
        prompt: What comes back before it; empty where nothing does.
        edge: Whether the prompt began with the id of a document's edge, which has no text.
        written: Characters written so far.
        finish_reason: How it ended; None until then.
    """

    index: int
    length: int
    logprobs: bool = False
    prompt: str = ""
    edge: bool = False
    written: int = 0
    finish_reason: str | None = None
    _text: str = ""
    _symbols: list[tuple[Symbol, int]] = field(default_factory=list)
    _offset: int = 0

    def __post_init__(self) -> None:
        """Puts the prompt first, where its symbols do not come one by one."""
        if not self.logprobs:
            self._text = self.prompt
        elif self.prompt and self.edge:
            self._symbols.append((Symbol("", None), 0))

    def add(self, item: str | Scored | Ending) -> None:
        """Takes what comes next."""
        if isinstance(item, str):
            self._text += item
            self.written += len(item)
        elif isinstance(item, Ending):
            self.finish_reason = "length" if self.written >= self.length else "stop"
        else:
            for symbol in item.symbols:
                is_first = item.of_prompt and not self._offset and not self.edge
                told = Symbol(symbol.text, None) if is_first else symbol
                self._symbols.append((told, self._offset))
                self._offset += len(symbol.text)
            if item.of_prompt:
                self._text += "".join(symbol.text for symbol in item.symbols)

    def take(self) -> dict[str, Any]:
        """What has come, as a client reads it."""
        text, symbols = self._text, self._symbols
        self._text, self._symbols = "", []
        return {
            "index": self.index,
            "text": text,
            "logprobs": _logprobs(symbols) if self.logprobs else None,
            "finish_reason": self.finish_reason,
        }


def _logprobs(symbols: Sequence[tuple[Symbol, int]]) -> dict[str, Any]:
    """What was predicted of symbols, each with its place in the text."""
    known = [symbol.log_probability for symbol, _ in symbols]
    return {
        "tokens": [symbol.text for symbol, _ in symbols],
        "token_logprobs": known,
        "top_logprobs": [
            None if one is None else {symbol.text: one} | dict(symbol.top)
            for one, (symbol, _) in zip(known, symbols, strict=True)
        ],
        "text_offset": [place for _, place in symbols],
    }


@dataclass(frozen=True)
class Head:
    """What all pieces of an answer share.

    Attributes:
        model: The name of the model.
        seed: What writes the same again.
        prompt_characters: Characters of all prompts.
        id: Of the answer.
        created: Seconds since 1970.
    """

    model: str
    seed: int
    prompt_characters: int
    id: str = field(default_factory=lambda: f"cmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def answer(self, choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """An answer, or a piece of one."""
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model,
            "seed": self.seed,
            "choices": [*choices],
        }

    def usage(self, choices: Sequence[Choice]) -> dict[str, int]:
        """How much was read and written, in characters."""
        written = sum(choice.written for choice in choices)
        return {
            "prompt_tokens": self.prompt_characters,
            "completion_tokens": written,
            "total_tokens": self.prompt_characters + written,
        }
