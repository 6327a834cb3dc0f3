"""The dialect of a table: how its cells are parted, detected from many rows. Knows no files.

The `csv` module's own `Sniffer` (Python 3.11) looks at few lines and at no quotes that are letters:
it fails one in four of the tests of tables.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache

from burble.data.cleaning import BOM

_KNOWN = ",;\t|"
# Where these part cells, hardly a writer of tables encloses any.
BARE = "\t|"
_SEP = re.compile('"?sep=([^"\r\n])"?[ \t]*(?:\r\n?|\n|\\Z)', re.IGNORECASE)
_PAIR = re.compile(r"\\.", re.DOTALL)
# The csv module must have a delimiter; this one parts nothing in a text.
_NOTHING = "\x1f"


@dataclass(frozen=True)
class Dialect:
    r"""How cells are parted.

    Attributes:
        delimiter: What stands between two cells; empty where there is but one column.
        quote: What encloses a cell that holds delimiters or line ends; empty where quotes are
            letters.
        escaped: Whether a quote inside such a cell has a backslash before it; otherwise it is
            doubled.
    """

    delimiter: str
    quote: str
    escaped: bool = False

    @property
    def parting(self) -> str:
        """The character that parts cells, for the csv module."""
        return self.delimiter or _NOTHING

    @property
    def between(self) -> str:
        """What stands between two cells, for a person."""
        if self.delimiter == "\t":
            return "tabs"
        return repr(self.delimiter) if self.delimiter else "nothing"


@dataclass
class _Profile:
    """What some rows hold, read in one dialect.

    Attributes:
        widths: The number of cells of each row.
        first: The cells of the first row.
        whole: Cells in quotes.
        parted: Cells in quotes over several lines with a delimiter among them.
        broken: Cells that begin with a quote and are not in quotes.
        inner: Other cells with a quote in them that no backslash escapes.
        spaced: Cells that begin with a space.
    """

    widths: list[int] = field(default_factory=list)
    first: list[str] = field(default_factory=list)
    whole: int = 0
    parted: int = 0
    broken: int = 0
    inner: int = 0
    spaced: int = 0

    @property
    def stray(self) -> int:
        """Cells with quotes that enclose nothing."""
        return self.broken + self.inner

    @property
    def usual(self) -> int:
        """The commonest number of cells."""
        return Counter(self.widths).most_common(1)[0][0] if self.widths else 0

    def fit(self, width: int) -> float:
        """The fraction of rows with so many cells, if these are two or more."""
        return self.widths.count(width) / len(self.widths) if width > 1 else 0.0


def read_separator_line(start: str) -> tuple[str, int]:
    r"""What a first line such as `sep=;` says, which Excel reads and writes.

    Returns:
        The delimiter it names, and the characters of that line; empty and 0 if there is none.

    >>> read_separator_line("sep=;\r\na;b\r\n"), read_separator_line("a;b")
    ((';', 7), ('', 0))
    """
    found = _SEP.match(start)
    return (found[1], found.end()) if found else ("", 0)


def detect(
    sample: str, part: str, usual: str, delimiter: str, quote: str, *, ended: bool
) -> tuple[Dialect, int]:
    """The dialect in which most rows have the same number of cells.

    Args:
        sample: Rows from the first on.
        part: The column that is to be read: a name, which the first row should then hold, or a
            number.
        usual: The delimiter to expect.
        delimiter: The delimiter, where it is set.
        quote: What `SourceSettings` says of quotes.
        ended: Whether the sample is the whole table.

    Returns:
        The dialect, and how many cells most rows then have.
    """
    others = [known for known in _KNOWN if known in sample]
    profiles = dict(
        _detect_quoting(sample, candidate, quote, ended)
        for candidate in ([delimiter] if delimiter else dict.fromkeys([usual, *others]))
    )
    if not delimiter and all(look.usual < 2 for look in profiles.values()):
        alone, look = _detect_quoting(sample, "", quote, ended)
        if not look.broken and part in ("1", *map(strip_name, look.first)):
            return alone, 1

    def fit(dialect: Dialect) -> tuple[bool, float, float]:
        look = profiles[dialect]
        named = part in map(strip_name, look.first)
        fraction = look.fit(len(look.first) if named else look.usual)
        # After a mark of punctuation stands a space, after a delimiter mostly none.
        return named, fraction, -look.spaced / (sum(look.widths) or 1)

    best = max(profiles, key=fit)
    return best, profiles[best].usual


def strip_name(name: str) -> str:
    """A column's name without white space and marks around it."""
    return name.strip(BOM).strip()


def _detect_quoting(
    sample: str, delimiter: str, given: str, ended: bool
) -> tuple[Dialect, _Profile]:
    """What encloses cells, if a delimiter is what parts them, and what the rows then hold."""
    dialect = Dialect(delimiter, (given or '"')[-1], escaped=given.startswith("\\"))
    bare = Dialect(delimiter, "")
    if given == "none":
        return bare, _profile(sample, bare, ended)
    look = _profile(sample, dialect, ended)
    if look.stray and not dialect.escaped and f"\\{dialect.quote}" in sample:
        escaped = Dialect(delimiter, dialect.quote, escaped=True)
        other = _profile(sample, escaped, ended)
        if other.stray < look.stray:
            dialect, look = escaped, other
    letters = look.stray or look.parted or not look.whole
    if not given and delimiter and delimiter in BARE and letters:
        return bare, _profile(sample, bare, ended)
    return dialect, look


@cache
def _pattern(dialect: Dialect, ended: bool) -> re.Pattern[str]:
    """One cell: in quotes, with quotes that are not closed before the sample ends, or bare."""
    quote, parting = re.escape(dialect.quote), re.escape(dialect.parting)
    end = rf"(?:{parting}|\r\n?|\n|\Z)"
    if dialect.escaped:
        body, bare = rf"(?:[^{quote}\\]|{quote}{quote}|\\.)*+", rf"(?:[^{parting}\r\n\\]|\\.|\\)*+"
    else:
        body, bare = rf"(?:[^{quote}]|{quote}{quote})*+", rf"[^{parting}\r\n]*+"
    never = "(?!)"
    whole = f"{quote}(?P<whole>{body}){quote}(?={end})" if quote else f"(?P<whole>{never})"
    unclosed = never if ended or not quote else rf"{quote}{body}\Z"
    return re.compile(f"(?:{whole}|(?P<open>{unclosed})|(?P<bare>{bare}))(?P<end>{end})", re.DOTALL)


def _profile(sample: str, dialect: Dialect, ended: bool) -> _Profile:
    """Reads a sample leniently: a quote that does not enclose a cell is a letter."""
    look, row = _Profile(), list[str]()
    for found in _pattern(dialect, ended).finditer(sample):
        if found["open"] is not None or (not ended and found.end() == len(sample)):
            # The sample ends within this row.
            break
        cell, bare = found["whole"], found["bare"] or ""
        if cell is not None:
            look.whole += 1
            look.parted += dialect.parting in cell and ("\n" in cell or "\r" in cell)
        elif dialect.quote and dialect.quote in (_PAIR.sub("", bare) if dialect.escaped else bare):
            look.broken += bare.startswith(dialect.quote)
            look.inner += not bare.startswith(dialect.quote)
        look.spaced += bare.startswith(" ")
        row.append(bare if cell is None else cell.replace(dialect.quote * 2, dialect.quote))
        if found["end"] != dialect.parting:
            # A blank line is no row.
            if row != [""] or cell is not None:
                look.first = look.first or row
                look.widths.append(len(row))
            row = []
    return look
