"""What a person may not mean to teach, counted while a text is read. Changes nothing of it.

Found are the traces of other programs: letters that one of them could not read, tags and names of
signs of web pages, invisible characters, JSON.
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html import entities

from burble.formatting import listed

_JOINERS = "\u200c\u200d"
_NEEDLESS = "\u00ad\u034f\u061c\u180e\u200b\u200e\u200f" + "".join(
    chr(point) for point in (*range(0x202A, 0x202F), *range(0x2060, 0x2065), *range(0x2066, 0x206A))
)
INVISIBLE = _NEEDLESS + _JOINERS + "\ufeff"
"""Characters that show nothing. Joiners are among them, with which some scripts are spelled."""
_EMPTY = INVISIBLE + "".join(c for c in map(chr, range(0x3001)) if c.isspace())
# Each pattern gives the part that decides whether a match is one, and begins with a sign that
# can be sought fast.
_TAG = re.compile(
    r"</?([A-Za-z][A-Za-z0-9]*)(?:\s+[\w:-]+\s*=\s*(?:\"[^\"<]*\"|'[^'<]*'|[^\s<>\"']+))*\s*/?>"
    r"|<!(--|(?i:doctype))"
)
_NAMES = frozenset(
    re.findall(
        r"\w+",
        "a abbr b big blockquote body br button center cite code dd div dl dt em figure font "
        "footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input label li link main "
        "meta nav ol option p pre s script section select small span strike strong style sub sup "
        "svg table tbody td th thead title tr tt u ul video doctype",
    )
)
_ENTITY = re.compile(r"&(#[0-9]{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)")
# What cp1252 makes of a letter of two or three bytes in UTF-8; two in a row where its second
# half is a sign that may well follow such a capital.
_HALF = "[\x80-\x9f¡-¬®-¿ƒ†‡ˆ‰ŠŒŽ˜™šœžŸ]"
_EITHER = f"(?:{_HALF}|[‚„…‘’“”•–—‹› \xa0])"
_MISREAD = re.compile(
    f"([ÃÂÐÑÎÏâ])(?:(?<!â){_HALF}|(?<!â){_EITHER}(?:[ÃÂÐÑÎÏ]{_EITHER})+|(?<=â)€(?:{_HALF}|[œ“”]))"
)
_JSON = re.compile(r'\s*(?:\[\s*)?\{\s*"([^"\n]{0,60})"\s*:|\s*\[\s*(?:\[|"[^"\n]*"\s*,)')
_LINE_END = re.compile("\r{0,2}\r\n|\r|\n")
_AROUND = 16
"""Characters of a text that are shown on each side of an example."""
_LONGEST = 400
"""Characters that a tag may have and still be known where a piece ends in it."""


@dataclass(frozen=True)
class _Kind:
    """One kind of trace.

    Attributes:
        one: What one of them is called.
        several: What several are called.
        starts: Characters without any of which there is none in a text; each is found at
            once, unlike a word.
        pattern: What it looks like; its groups give what `known` decides by.
        advice: What becomes of it, and what to do.
        known: Whether a match is one.
    """

    one: str
    several: str
    starts: tuple[str, ...]
    pattern: re.Pattern[str]
    advice: str
    known: Callable[[str], bool] = bool

    def matches(self, piece: str) -> int:
        """How many there are in a text."""
        if not any(start in piece for start in self.starts):
            return 0
        found = Counter(self.pattern.findall(piece))
        return sum(n for match, n in found.items() if self.known("".join(match)))

    def first(self, piece: str) -> re.Match[str]:
        """The first of those in a text."""
        every = self.pattern.finditer(piece)
        return next(match for match in every if self.known("".join(match.groups(""))))


_TAGS = _Kind(
    "HTML tag",
    "HTML tags",
    ("<",),
    _TAG,
    "Tags are learned as text; to leave them out, save the page as plain text.",
    lambda name: name == "--" or name.lower() in _NAMES,
)
_ENTITIES = _Kind(
    "HTML entity",
    "HTML entities",
    ("&",),
    _ENTITY,
    "Entities are learned letter by letter; Python's html.unescape makes signs of them.",
    lambda name: name[0] == "#" or name in entities.html5,
)
_BEYOND_ASCII = (
    _Kind(
        "replacement character (U+FFFD)",
        "replacement characters (U+FFFD)",
        ("\ufffd",),
        re.compile("(\ufffd)"),
        "Another program put one wherever it could not read a letter, and the letter is lost; "
        "get the text anew from where it came.",
    ),
    _Kind(
        "invisible character",
        "invisible characters",
        ("\u00ad", "\u200b", "\u200e", "\u200f", "\u2060"),
        re.compile(f"([{_NEEDLESS}])"),
        "Such characters are learned like letters; remove them if they mean nothing.",
    ),
    _Kind(
        "letter of UTF-8 that was read as if in another encoding",
        "letters of UTF-8 that were read as if in another encoding",
        ("Ã", "Â", "Ð", "Ñ", "Î", "Ï", "€"),
        _MISREAD,
        "Leave out --encoding if you gave one; or else get the text anew from where it came.",
    ),
)
_PLAIN = (_TAGS, _ENTITIES)


@dataclass
class _Found:
    """What was found of one kind: how many, in which sources, and the first."""

    count: int = 0
    sources: list[str] = field(default_factory=list)
    line: str = ""
    example: str = ""


@dataclass
class Artifacts:
    """What was found so far.

    Attributes:
        source: What is read.
        first: Lines of all sources before it.
        is_text: Whether it is plain text, all of which is read.
        held: The end of the last piece, where a tag may have begun.
        begun: Whether something of the source was seen.
        beyond_ascii: Whether something of it was more than ASCII.
        found: By kind.
        json: Sources that look like JSON, and the name of the first one's first field.
    """

    source: str = "the text"
    first: int = 0
    is_text: bool = False
    held: str = ""
    begun: bool = False
    beyond_ascii: bool = False
    found: dict[str, _Found] = field(default_factory=dict)
    json: list[tuple[str, str]] = field(default_factory=list)

    def begin_source(self, source: str, lines: int, *, is_text: bool) -> None:
        """Another source is read from now on, after so many lines of others."""
        self.source, self.first, self.is_text = source, lines, is_text
        self.held, self.begun, self.beyond_ascii = "", False, False

    def count(self, piece: str, lines: int) -> None:
        """Counts what is in a piece of a text.

        Args:
            piece: The text as it came, from where the last piece ended.
            lines: Lines of all sources that end before it.
        """
        if not self.begun and self.is_text and (match := _JSON.match(piece)):
            self.json.append((self.source, match[1] or ""))
        self.begun = True
        kinds: tuple[_Kind, ...] = _PLAIN
        if not piece.isascii():
            self.beyond_ascii, kinds = True, _PLAIN + _BEYOND_ASCII
        elif "<" not in piece and "&" not in piece and not self.held:
            return
        for kind in kinds:
            self._count_kind(kind, piece, lines - self.first + 1)

    def _count_kind(self, kind: _Kind, piece: str, line: int) -> None:
        """Counts one kind."""
        if kind is _TAGS:
            line -= len(_LINE_END.findall(self.held))
            piece = self._whole(piece)
        if not (count := kind.matches(piece)):
            return
        found = self.found.setdefault(kind.one, _Found())
        if not found.count:
            first = kind.first(piece)
            line += len(_LINE_END.findall(piece[: first.start()]))
            found.line = f"in line {line:,}" if self.is_text else ""
            found.example = _example(piece, first)
        found.count += count
        if found.sources[-1:] != [self.source]:
            found.sources.append(self.source)

    def _whole(self, piece: str) -> str:
        """A piece without a tag that only begins in it; that is held for the next."""
        piece, self.held = self.held + piece, ""
        begins = piece.rfind("<", max(0, len(piece) - _LONGEST))
        if begins >= 0 and ">" not in piece[begins:]:
            piece, self.held = piece[:begins], piece[begins:]
        return piece

    def describe(self) -> list[str]:
        """One for each kind that was found, with a count, the first of them, and what to do."""
        kinds = ((kind, self.found.get(kind.one)) for kind in _PLAIN + _BEYOND_ASCII)
        sentences = [_describe_kind(kind, found) for kind, found in kinds if found]
        if self.json:
            names = [name for name, _ in self.json]
            looks = f"{listed(names)} {'looks' if len(names) == 1 else 'look'} like JSON"
            which = f" (such as {self.json[0][1]!r})" if self.json[0][1] else ""
            sentences.append(
                f"{looks}, whose brackets and names{which} are learned as text. To read one field, "
                f"name it after the file: {names[0]}:FIELD."
            )
        return sentences


def _describe_kind(kind: _Kind, found: _Found) -> str:
    """What to say of one kind."""
    several = len(found.sources) > 1
    holds = f"{len(found.sources):,} sources hold" if several else f"{found.sources[0]} holds"
    place = f"in {found.sources[0]}" if several else ""
    place = ", ".join(filter(None, [place, found.line]))
    what = kind.one if found.count == 1 else f"{kind.several}, the first"
    sentence = f"{holds} {found.count:,} {what}{' ' if place else ''}{place}: {found.example}."
    return f"{sentence} {kind.advice}"


def _example(piece: str, match: re.Match[str]) -> str:
    """A match with some of what stands around it, as it can be shown."""
    before = piece[max(0, match.start() - _AROUND) : match.start()].rpartition("\n")[2]
    after = piece[match.end() : match.end() + _AROUND].partition("\n")[0]
    line = " ".join(f"{before}{match[0]}{after}".split())
    return "“" + "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in line) + "”"


def strip_end(piece: str) -> str:
    r"""A text without what stands at its end and shows nothing.

    >>> strip_end("a b \u200b\n"), strip_end(" \u200b\n")
    ('a b', '')
    """
    return piece.rstrip(_EMPTY)
