"""The fields of a file of records, each with a sample, and the command that reads the likeliest.

Knows nothing of how any form is read.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from burble.formatting import command_line

ROWS = 100
"""Records at the start of a file whose fields are looked at."""
_MOST = 40
_USUAL = {"text", "content", "contents", "body", "message", "selftext", "full_text", "comment"}
_USUAL |= {"post", "tweet", "caption", "note", "description", "texte", "texto", "nachricht"}
_NAMED = 3
"""How much more a field looks like text whose name says that it is."""
_LAST = re.compile(r"[^\W_]+(?:_[^\W_]+)*")
_ADDRESS = re.compile(
    r"\s*(?:\w{2,12}://\S+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,30}|[0-9a-fA-F]{16,})\s*$"
)
_SAMPLE = 44
_WIDE = 34
MARKOVIFY = {"chain", "parsed_sentences[][]"}
"""Fields of a model of markovify, whose text is not one of them."""


@dataclass
class _Field:
    """What is known of a field."""

    sample: str = ""
    letters: int = 0


@dataclass
class Fields:
    """The fields that were found, in that order.

    Attributes:
        found: What is known of each, by its name.
    """

    found: dict[str, _Field] = field(default_factory=dict)

    def add(self, name: str, value: object) -> None:
        """Notes the value that a field has in one more record; None where it is empty there."""
        one = self.found.setdefault(name, _Field())
        if value is None or value == "":
            return
        text = value if isinstance(value, str) else str(value)
        one.sample = one.sample or _shorten(text, quoted=isinstance(value, str))
        if isinstance(value, str) and any(map(str.isalpha, value[:200])):
            # An address or an id is long, and hardly what somebody wants to be written.
            one.letters += 0 if _ADDRESS.match(value) else len(value)

    def add_row(self, names: Iterable[str], values: Iterable[object]) -> None:
        """Notes the values of one more record."""
        for name, value in zip(names, values, strict=False):
            self.add(name, value)

    @property
    def likeliest(self) -> str:
        """The field that looks most like text: by the letters in its texts, and by its name."""
        return max(self.found, key=self._weigh, default="")

    def list_likeliest(self, most: int) -> list[str]:
        """So many fields that look most like text, in their order."""
        likeliest = {*sorted(self.found, key=self._weigh, reverse=True)[:most]}
        return [name for name in self.found if name in likeliest]

    def _weigh(self, name: str) -> int:
        """How much a field looks like text."""
        last = _LAST.findall(name.casefold())[-1:]
        return self.found[name].letters * (_NAMED if {*last} & _USUAL else 1)

    def tabulate(self) -> str:
        """A line for each field, with its sample."""
        names = [*self.found][:_MOST]
        wide = min(_WIDE, max(map(len, names), default=0))
        lines = [f"  {name:<{wide}}  {self.found[name].sample}".rstrip() for name in names]
        more = len(self.found) - len(names)
        return "\n".join([*lines, *([f"  … and {more:,} more"] if more else [])])

    def describe(self, name: str, what: str, *, as_text: bool = False) -> str:
        """What to say where none of them is named.

        Args:
            name: What to call the file.
            what: What it is, with its article.
            as_text: Whether the file could be read as it stands, too.
        """
        if not self.found:
            return f"{name} is {what} without any field that could be read. Leave it out."
        if self.found.keys() >= MARKOVIFY:
            command = command_line(["burble", "import", name, "-o", "text.txt"])
            told = "is a model of markovify. The text that it holds is written by:"
            return f"{name} {told}\n  {command}"
        stands = "\nTo learn the file as it stands, add --form text." if as_text else ""
        return (
            f"{name} is {what}; name the field that is the text. Its fields, each with a sample:\n"
            f"{self.tabulate()}\n{self.advise(name)}{stands}"
        )

    def advise(self, name: str) -> str:
        """The command that reads the likeliest field."""
        command = command_line(["burble", "corpus", f"{name}:{self.likeliest}"])
        return f"One field is read by its name after a colon, such as:\n  {command}"


def _shorten(text: str, *, quoted: bool) -> str:
    """The beginning of a value, in one line."""
    short = " ".join(text[: 4 * _SAMPLE].split())
    cut = short[:_SAMPLE] + ("…" if len(short) > _SAMPLE or len(text) > 4 * _SAMPLE else "")
    return repr(cut) if quoted else cut
