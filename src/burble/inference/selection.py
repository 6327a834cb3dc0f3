"""Which of the texts that were written are kept, how each ended, and what a person should hear.

Knows nothing of models.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass

from burble.formatting import some

TRIES = 1_000
"""Texts in a row that are rejected, after which a model has no more to give."""


@dataclass(frozen=True)
class Ending:
    """How a text ended.

    Attributes:
        cut_short: Whether every symbol would have completed a copy, so that it ends early.
        loop_broken: Whether a loop was broken in it.
    """

    cut_short: bool = False
    loop_broken: bool = False


class TextFilter:
    """Rejects texts, of those that are written one after the other.

    Blanks at either end make no two texts different.

    Args:
        prompt: With which a document begins.
        unwanted: Documents that a text must not be.
        distinct: Whether all must be different.
    """

    def __init__(self, prompt: str, unwanted: Set[str], *, distinct: bool) -> None:
        self._prompt = prompt
        self._unwanted = unwanted
        self._distinct = distinct
        self._seen: set[str] = set()

    def accept(self, text: str) -> bool:
        """Whether a text is kept; it has been seen then."""
        whole = (self._prompt + text).strip()
        if whole in self._unwanted or (self._distinct and whole in self._seen):
            return False
        if self._distinct:
            self._seen.add(whole)
        return True


def describe_shortfall(endings: Mapping[Ending, int], requested: int) -> str:
    """What is less than was requested, in a sentence or two; empty where nothing is."""
    sentences = []
    written = sum(endings.values())
    cut_short = sum(count for ending, count in endings.items() if ending.cut_short)
    if cut_short:
        sentences.append(
            f"{_some_of(cut_short, written)} {'was' if cut_short == 1 else 'were'} cut short: "
            "every symbol would have gone on with a copy there. Give a longer --novel."
        )
    if written < requested:
        were = "was" if 1 in (written, requested) else "were"
        sentences.append(
            f"{written:,} of {some(requested, 'text')} {were} written: {TRIES:,} more in a row "
            "were documents of the training text, or the same as earlier ones, so the model has no "
            "more to give. Raise --temperature, or lower --count."
        )
    return " ".join(sentences)


def describe_broken_loops(endings: Mapping[Ending, int]) -> str:
    """A sentence about loops that were broken; empty where none was."""
    broken = sum(count for ending, count in endings.items() if ending.loop_broken)
    if not broken:
        return ""
    where = _some_of(broken, sum(endings.values()))
    return f"A loop was broken in {where}; --no-break-loops leaves loops as they come."


def _some_of(count: int, written: int) -> str:
    """Some of the texts that there are."""
    return "the text" if written == 1 else f"{count:,} of {some(written, 'text')}"
