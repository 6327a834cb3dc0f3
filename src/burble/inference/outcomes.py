"""What came of writing several texts: which are wanted, how each ended, what a person should hear.

Knows nothing of models.
"""

from collections.abc import Set
from dataclasses import dataclass

from burble.formatting import some

TRIES = 1_000
"""Texts in a row that are not wanted, after which a model has no more to give."""


@dataclass(frozen=True)
class Ended:
    """How a text ended.

    Attributes:
        stuck: Whether every symbol would have gone on with a copy, so that it is cut short.
        broken: Whether a loop was broken in it.
    """

    stuck: bool = False
    broken: bool = False


@dataclass
class Outcome:
    """What happened while texts were written.

    Attributes:
        wanted: Texts that were asked for.
        written: Texts that there are.
        stuck: Those of them that were cut short; see `Ended`.
        broken: Those of them in which a loop was broken.
    """

    wanted: int = 0
    written: int = 0
    stuck: int = 0
    broken: int = 0

    def add(self, end: Ended) -> None:
        """Takes how a text ended."""
        self.written += 1
        self.stuck += end.stuck
        self.broken += end.broken

    @property
    def lacking(self) -> str:
        """What is less than was asked for, in a sentence or two; empty where nothing is."""
        said = []
        if self.stuck:
            said.append(
                f"{_some_of(self.stuck, self.written)} {'was' if self.stuck == 1 else 'were'} cut "
                "short: every symbol would have gone on with a copy there. Give a longer --novel."
            )
        if self.written < self.wanted:
            are = "is" if self.written == 1 else "are"
            said.append(
                f"there {are} {self.written:,} of the {some(self.wanted, 'text')} asked for: "
                f"{TRIES:,} more in a row were documents of the training text, or had come "
                "before, so the model has no more to give. Raise --temperature, or ask for fewer."
            )
        return " ".join(said)

    @property
    def changed(self) -> str:
        """A sentence about loops that were broken; empty where none was."""
        if not self.broken:
            return ""
        where = _some_of(self.broken, self.written)
        return f"A loop was broken in {where}; --no-break-loops leaves loops as they come."


def _some_of(count: int, written: int) -> str:
    """Some of the texts that there are."""
    return "the text" if written == 1 else f"{count:,} of {some(written, 'text')}"


class Choice:
    """Which texts are wanted, of those that are written one after the other.

    Blanks at either end tell no two texts apart.

    Args:
        before: The prompt, with which a document begins.
        unwanted: Documents that a text may not be.
        distinct: Whether all must be different.
    """

    def __init__(self, before: str, unwanted: Set[str], *, distinct: bool) -> None:
        """None has come."""
        self._before = before
        self._unwanted = unwanted
        self._distinct = distinct
        self._seen: set[str] = set()

    def takes(self, text: str) -> bool:
        """Whether a text is wanted; it has come then."""
        whole = (self._before + text).strip()
        if whole in self._unwanted or (self._distinct and whole in self._seen):
            return False
        if self._distinct:
            self._seen.add(whole)
        return True
