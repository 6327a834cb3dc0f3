"""Screenplays of Final Draft (.fdx) to text, laid out as screenplays are written in plain text.

Scenes, action and the names of who speaks have a blank line before them; what is said, and how,
stands right below the name. Knows nothing of files, fetches nothing.
"""

from collections.abc import Iterator

from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import parse_xml
from burble.formatting import Note

_BELOW = ("Dialogue", "Parenthetical")
"""Paragraphs that stand right below what is before them."""
_LEFT_OUT = {"ScriptNote": "note on the script", "TitlePage": "title page"}
_LEFT_OUT |= dict.fromkeys(
    ("HeaderAndFooter", "SmartType", "MoresAndContinueds", "ElementSettings", "Macros"), ""
)
"""Elements that are no part of the screenplay, and how they are counted."""


def read(file: File, write: Write) -> list[Note]:
    """Reads a screenplay; see `forms.form`."""
    write(read_script(file.blocks(), file.name, file.account))
    return []


def read_script(blocks: Iterator[bytes], name: str, account: Account) -> Iterator[str]:
    """The text of a screenplay, in pieces."""
    script = _Script(account)
    for _ in parse_xml(blocks, name, script.begin, script.finish, script.take):
        yield from script.ready
        script.ready.clear()


class _Script:
    """Takes the elements of a screenplay.

    Attributes:
        ready: Its paragraphs, with what stands between them.
    """

    def __init__(self, account: Account) -> None:
        self.ready: list[str] = []
        self._account = account
        self._skipped, self._kind = "", ""
        self._in_text, self._text = False, list[str]()
        self._begun = False

    def begin(self, tag: str, given: dict[str, str]) -> None:
        """Takes the beginning of an element."""
        if self._skipped:
            return
        if tag in _LEFT_OUT:
            self._skipped = tag
            if what := _LEFT_OUT[tag]:
                self._account.left[what] += 1
        elif tag == "Paragraph":
            # In a dialogue of two at once, paragraphs stand in one that has no text itself.
            self._end_paragraph()
            self._kind = given.get("Type", "")
        elif tag == "Text":
            self._in_text = True

    def finish(self, tag: str) -> None:
        """Takes the end of an element."""
        if self._skipped:
            self._skipped = "" if tag == self._skipped else self._skipped
        elif tag == "Paragraph":
            self._end_paragraph()
        elif tag == "Text":
            self._in_text = False

    def take(self, text: str) -> None:
        """Takes text."""
        if self._in_text and not self._skipped:
            self._text.append(text)

    def _end_paragraph(self) -> None:
        """Ends the paragraph at hand, if it has a text."""
        text = "".join(self._text).strip()
        self._text.clear()
        if not text:
            return
        if self._begun and self._kind not in _BELOW:
            self.ready.append("\n")
        self._begun = True
        self._account.taken["paragraph"] += 1
        self.ready.append(f"{text}\n")
