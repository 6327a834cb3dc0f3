"""Numbers with their nouns, names of files, notes and tables, as a person reads them."""

import csv
import html
import io
import os
import re
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Any

_NAMED = 6
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\"}
_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def some(count: int, noun: str) -> str:
    """A number of things.

    >>> some(1, "line"), some(2000, "line")
    ('1 line', '2,000 lines')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def command_line(words: Iterable[str]) -> str:
    r"""A command that a person can paste into a shell, whatever bytes its words hold.

    >>> command_line(["burble", "a b", "caf\udce9.txt"])
    "burble 'a b' $'caf\\xe9.txt'"
    """
    return " ".join(map(_quoted, words))


def _quoted(word: str) -> str:
    """A word as shells take it; bytes that are no UTF-8, and control characters, as escapes."""
    if shown(word) == word:
        return shlex.quote(word)
    plain = (
        chr(b) if 32 <= b < 127 and b not in b"'\\" else f"\\x{b:02x}" for b in os.fsencode(word)
    )
    return f"$'{''.join(plain)}'"


def relative(name: str) -> str:
    """A name that tells nothing of this machine: an absolute path as one from the current folder.

    Names that are no absolute paths stay as a person typed them, and so does what lies on another
    drive.
    """
    if not os.path.isabs(name):
        return name
    try:
        found = os.path.relpath(name)
    except (OSError, ValueError):
        return name
    # Else it might be taken for a flag, or for a source that is no file.
    return os.path.join(os.curdir, found) if found.startswith("-") or ":" in found else found


def unescape(text: str) -> str:
    r"""A text with its escapes as what they stand for.

    >>> unescape(r"\n\\n\d") == "\n\\n\\d"
    True
    """
    return re.sub(r"\\([nt\\])", lambda found: ESCAPES[found[1]], text)


def shown(path: str | os.PathLike[str]) -> str:
    r"""A path as a person should read it, in whatever locale Python was started.

    Bytes that are no UTF-8, and characters that a terminal would obey, are written as escapes.

    >>> shown("a\nb"), shown("caf\udce9.txt")
    ('a\\nb', 'caf\\xe9.txt')
    """
    name = os.fsencode(path).decode("utf-8", "backslashreplace")
    return _OBEYED.sub(lambda found: found.group().encode("unicode_escape").decode(), name)


def list_flags(names: Iterable[str]) -> str:
    """The flags of some settings, as a person types them.

    >>> list_flags(["reset_rate", "units"])
    '--reset-rate, --units'
    """
    return ", ".join(f"--{name.replace('_', '-')}" for name in names)


def is_file_name(pattern: str) -> bool:
    """Whether it names a file once epoch and loss are filled in.

    >>> is_file_name("{epoch:03}.safetensors"), is_file_name("a/{epoch}")
    (True, False)
    """
    try:
        # Looked at before it is filled in: a width of billions would take as much memory.
        for _, field, width, _ in Formatter().parse(pattern):
            if field not in (None, "epoch", "loss") or re.search(r"\d{4}|\{", width or ""):
                return False
        name, other = (pattern.format(epoch=epoch, loss=1.0) for epoch in (1, 2))
        short = len(name.encode()) < 200
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
    return name != other and short and not set(name) & set('/\\:*?"<>|\0')


def listed(names: Sequence[str], count: int = 0, most: int = _NAMED) -> str:
    """The first few of some names, and how many more there are.

    Args:
        names: All of them, or the first.
        count: How many there are, if that is more than are given.
        most: How many are named at most.

    >>> listed(["a", "b"]), listed(["a", "b", "c"], 1000, most=2)
    ('a, b', 'a, b and 998 more')
    """
    more = max(count, len(names)) - len(names[:most])
    return ", ".join(names[:most]) + (f" and {more:,} more" if more else "")


@dataclass(frozen=True)
class Note:
    """Something to say of a source of text, once for all sources of which it holds.

    Attributes:
        source: Its name.
        text: What to say, with {} for each count.
        counts: Numbers of things, which are added up over sources.
        alone: What to say in its place where it holds of this source alone; empty for the same.

    >>> str(Note("a.csv", "{} skipped.", ((2, "row"),)))
    'a.csv: 2 rows skipped.'
    """

    source: str
    text: str
    counts: tuple[tuple[int, str], ...] = ()
    alone: str = ""

    def __str__(self) -> str:
        """The sentence of this source alone."""
        return f"{self.source}: {self.alone or self._count(self.counts)}"

    def _count(self, counts: Iterable[tuple[int, str]]) -> str:
        """The text with some counts."""
        text = self.text
        for number, noun in counts:
            text = text.replace("{}", some(number, noun), 1)
        return text

    @classmethod
    def combine(cls, notes: Iterable["Note"]) -> list[str]:
        """The sentences of some notes, those that say the same as one.

        >>> Note.combine(Note(name, "{} cut.", ((2, "row"),)) for name in "ab")
        ['2 sources (a, b): 4 rows cut.']
        """
        alike: dict[str, list[Note]] = defaultdict(list)
        for note in notes:
            alike[note.text].append(note)
        return [same[0]._join(same) for same in alike.values()]

    def _join(self, same: Sequence["Note"]) -> str:
        """One sentence for notes with this one's text."""
        if len(same) == 1:
            return str(self)
        sums = [
            (sum(note.counts[place][0] for note in same), noun)
            for place, (_, noun) in enumerate(self.counts)
        ]
        names = listed([note.source for note in same])
        return f"{len(same):,} sources ({names}): {self._count(sums)}"


def symbol_name(unit: str) -> str:
    """What a person calls one symbol.

    >>> symbol_name("char")
    'character'
    """
    return {"char": "character", "word": "symbol", "bytes": "byte"}.get(unit, unit)


HELD_CHARACTERS = "held_out_characters"
"""A fact about a corpus of words or bytes."""


def per_character(nats: float, corpus: Mapping[str, Any]) -> float:
    """A loss per symbol of a validation part as one per character, as scores are compared.

    Args:
        nats: The loss.
        corpus: Facts about the corpus; where a symbol is a character, or a grapheme, it stays.

    >>> per_character(3.0, {"held_out": 10, "held_out_characters": 20})
    1.5
    """
    symbols, characters = corpus.get("held_out"), corpus.get(HELD_CHARACTERS)
    if not isinstance(symbols, int) or not isinstance(characters, int) or characters < 1:
        return nats
    return nats * symbols / characters


def markdown(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A table in Markdown.

    >>> print(markdown(["a", "b"], [{"a": 1234, "b": 0.5}, {"a": None, "b": "x"}]))
    | a | b |
    | --- | --- |
    | 1,234 | 0.500 |
    |  | x |
    """
    cells = [names, ["---"] * len(names), *([_cell(row[name]) for name in names] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def fence(text: str) -> str:
    r"""A text in Markdown that shows it as it is, whatever marks it holds.

    >>> fence("*a*")
    '```\n*a*\n```'
    """
    # What Python's Markdown (3.11) drops or takes for marks of its own, and what ends a line there.
    plain = re.sub("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]", "\ufffd", text)
    longest = max((len(run) for run in re.findall("`+", plain)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}\n{plain}\n{marks}"


def format_csv(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A table as CSV, the same on every system; see `markdown`."""
    text = io.StringIO()
    table = csv.DictWriter(text, names, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def time_left(seconds: float) -> str:
    """Seconds as minutes, for a person.

    >>> time_left(75)
    '1:15 min'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min" if seconds > 600 else f"{minutes}:{rest:02} min"


def html_table(rows: Mapping[str, str]) -> str:
    """Names and what is said of each, as a table in HTML.

    >>> html_table({"a": "<b>"})
    '<table><tr><th>a</th><td style="text-align: left">&lt;b&gt;</td></tr></table>'
    """
    cells = '<tr><th>{}</th><td style="text-align: left">{}</td></tr>'
    lines = (cells.format(html.escape(name), html.escape(rows[name])) for name in rows)
    return f"<table>{''.join(lines)}</table>"


def html_text(text: str) -> str:
    """A text of a model in HTML: line ends and blanks as they are, and in its own direction.

    >>> html_text("a <b")
    '<pre dir="auto" style="white-space: pre-wrap">a &lt;b</pre>'
    """
    return f'<pre dir="auto" style="white-space: pre-wrap">{html.escape(text)}</pre>'


def _cell(value: Any) -> str:
    """A value as a person reads it."""
    if value is None or isinstance(value, str | bool):
        return "" if value is None else str(value)
    return f"{value:.3f}" if isinstance(value, float) else f"{value:,}"
