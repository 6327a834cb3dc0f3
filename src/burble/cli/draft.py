"""A text that is written with a person, piece by piece: what it was before, and its file.

Knows no model.
"""

import itertools
import tempfile
from dataclasses import dataclass
from pathlib import Path

from burble.errors import BurbleError
from burble.files import write_atomically
from burble.formatting import shown

NAME = "burble-{}.txt"


@dataclass(frozen=True)
class Version:
    """The text at one time.

    Attributes:
        text: All of it.
        given: Characters of it that the last piece of the model goes on from; all of them where a
            person wrote last.
    """

    text: str
    given: int


class Draft:
    """A text, its versions, and whether it has been saved.

    >>> draft = Draft("Once")
    >>> draft.change("Once upon", given=4)
    >>> draft.text, draft.undo(), draft.text, draft.redo(), draft.text
    ('Once upon', True, 'Once', True, 'Once upon')

    Args:
        text: What it begins with, which nobody needs to save.
    """

    def __init__(self, text: str) -> None:
        self._versions = [Version(text, len(text))]
        self._at = 0
        self._saved = text

    @property
    def text(self) -> str:
        """The text as it is now."""
        return self._versions[self._at].text

    @property
    def last_piece(self) -> str:
        """What the model wrote last; empty where a person did."""
        return self.text[self._versions[self._at].given :]

    @property
    def before(self) -> str:
        """The text without that."""
        return self.text[: self._versions[self._at].given]

    @property
    def is_saved(self) -> bool:
        """Whether the text as it is now has been saved, or is what it began with."""
        return self.text == self._saved

    def change(self, text: str, given: int | None = None) -> None:
        """Goes on with another text. What had been undone is gone then.

        Args:
            text: All of it.
            given: See `Version`.
        """
        if text != self.text:
            version = Version(text, len(text) if given is None else given)
            self._versions[self._at + 1 :] = [version]
            self._at += 1

    def undo(self) -> bool:
        """Goes back to the version before, if there is one."""
        return self._move(-1)

    def redo(self) -> bool:
        """Goes forward again, where something was undone."""
        return self._move(1)

    def mark_saved(self) -> None:
        """Takes note that the text has been saved."""
        self._saved = self.text

    def _move(self, step: int) -> bool:
        """Goes to a version near this one."""
        there = 0 <= self._at + step < len(self._versions)
        self._at += step if there else 0
        return there


class DraftFile:
    """The file that a draft is saved in.

    Args:
        draft: The draft.

    Attributes:
        path: Where it was saved last; None where it was not.
    """

    def __init__(self, draft: Draft) -> None:
        self.path: Path | None = None
        self._draft = draft
        self._written = b""

    def would_lose(self, path: Path) -> bool:
        """Whether a file is there that holds something else than what was saved there."""
        ours = path == self.path and path.exists() and path.read_bytes() == self._written
        return path.exists() and not ours

    def write(self, path: Path) -> None:
        """Saves the draft there.

        Raises:
            StorageError: The disk refused.
        """
        data = self._draft.text.encode()
        write_atomically(path, data)
        self.path, self._written = path, data
        self._draft.mark_saved()

    def rescue(self) -> str:
        """Saves what has not been saved where it can; a sentence that says where."""
        for folder in (Path(), Path(tempfile.gettempdir())):
            if self._draft.is_saved:
                return ""
            path = find_free_name(folder)
            try:
                self.write(path)
            except (BurbleError, OSError):
                continue
            return f" The text is in {shown(path)}."
        return " The text could not be saved."


def find_free_name(folder: Path) -> Path:
    """A file that is not there yet."""
    return next(path for n in itertools.count(1) if not (path := folder / NAME.format(n)).exists())
