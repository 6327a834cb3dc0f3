"""Text cut into sentences, wherever its pieces were cut. Knows nothing of corpora.

A rule of thumb that would rather leave two sentences together than cut one in two: what stands
in quotes or brackets stays whole, and abbreviations end nothing.
"""

import re
from collections.abc import Iterable, Iterator

import regex

EDGE = "\x00"
LONGEST_QUOTE = 2_000
"""Characters after which a quote that was never closed counts as none."""

_STOPS = ".!?…؟۔।॥։።"
_WIDE = "。！？｡"
_QUOTES = dict(zip("'\"‘’“”«»‹›「『([（", "'\"’’””»«›‹」』)]）", strict=True))
_QUOTES |= {"‚": "‘’", "„": "“”"}
"""What opens, and what may close it. A mark that can be either opens where nothing is open."""
_CLOSERS = "".join(sorted(set("".join(_QUOTES.values())) | set("*_")))
_OPENERS = "".join(_QUOTES) + "¿¡*_—–-"
_APOSTROPHES = "'‘’"
_TOKEN = re.compile(
    rf"(?P<gap>(?<=[{_STOPS}{_WIDE}{re.escape(_CLOSERS)}])\s+|\n[^\S\n]*\n\s*)"
    rf"|(?P<wide>[{_WIDE}]+(?=[^\s{_WIDE}{re.escape(_CLOSERS)}]))"
    rf"|(?P<quote>[{re.escape(''.join({*_QUOTES, *_CLOSERS} - {*'*_'}))}])"
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_FIRST = re.compile(rf"[{re.escape(_OPENERS)}]*(.?)", re.DOTALL)
# A letter or digit tells what stands before it, unless it would join with that as a mark does.
_LAST_SURE = regex.compile(rf"(?s)(.*[\s{_WIDE}])[\p{{L}}\p{{N}}](?<!\p{{GCB=EX}}|\p{{GCB=SM}})")
_WORD = re.compile(r"[\w.&-]*\Z")
_LETTERS_AND_STOPS = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}")
_NEAR = 24
"""Characters before a place that are looked at, for the word that stands there."""

_NEVER_LAST = re.compile(
    "mr|mrs|ms|mx|messrs|dr|prof|rev|fr|hon|st|ste|mt|ft|gen|col|maj|capt|cpt|cmdr|lt|sgt|cpl|adm|"
    "gov|sen|rep|pres|sr|sra|srta|jr|esq|supt|insp|mme|mlle|mgr|hr|frl|dña|vs|viz|cf|al|ca|approx|"
    "bzw|ggf|evtl|inkl|bd|ed|eds|trans|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec"
)
_BEFORE_NUMBERS = re.compile("nos?|nr|pp?|vols?|ch|chap|art|sec|figs?|op|cap|abs|s")
_TIMES = frozenset({"a.m", "p.m"})
_ELISIONS = re.compile(r"(?:tis|twas|twere|twill|twould|em|til|cause|bout|round|n)\b", re.I)


def split(pieces: Iterable[str]) -> Iterator[str]:
    """The text of all pieces, with an edge in place of the white space between two sentences.

    A sentence ends with a full stop or its like, with the quotes and brackets that close after
    it, before white space; with the full stop of a script that needs no white space; or at a
    blank line. It does not end before a small letter (where the text so far has capitals at
    all), inside quotes or brackets, or after an abbreviation, an initial, or a number that
    begins it.

    Args:
        pieces: A text without `EDGE`, cut anywhere.

    White space at the start and the end is left out.

    Yields:
        `EDGE`, alone, or a piece of a sentence that ends with white space or with the sentence.

    >>> "".join(split(['"Dr. No? Who? ', 'Me?" he said. I ran.'])).split(EDGE)
    ['"Dr. No? Who? Me?" he said.', 'I ran.']
    """
    splitter = _Splitter()
    for piece in pieces:
        splitter.text += piece if splitter.text else piece.lstrip()
        sure = _LAST_SURE.match(splitter.text, splitter.done)
        if sure:
            yield from splitter.to(sure.end(1))
    yield from splitter.to(len(splitter.text.rstrip()))


class _Splitter:
    """Where in a text the cutting is, and what it has seen.

    Attributes:
        text: The text from a little before the part that is not cut yet.
        done: Where in `text` that part begins.
    """

    def __init__(self) -> None:
        self.text = ""
        self.done = 0
        self._closing, self._opened = "", 0
        self._began = 0
        self._has_capitals = False

    def to(self, end: int) -> Iterator[str]:
        """Cuts up to a place before which every token and what tells its meaning are known."""
        start = self.done
        for token in _TOKEN.finditer(self.text, self.done):
            at, after = token.span()
            if after > end:
                break
            if token.lastgroup == "quote":
                self._quote(at)
                continue
            self._see_capitals(at)
            if token.lastgroup == "wide":
                at = after
            elif _BLANK_LINE.search(token[0]):
                self._closing = ""
            elif not self._ends(at, after):
                continue
            if self._inside(at):
                continue
            if start < at:
                yield self.text[start:at]
            yield EDGE
            start = self._began = after
        self._see_capitals(end)
        if start < end:
            yield self.text[start:end]
        self._forget(end)

    def _forget(self, end: int) -> None:
        """Leaves out what no later decision looks at."""
        gone = max(0, end - _NEAR)
        self.text = self.text[gone:]
        self.done = end - gone
        self._began -= gone
        self._opened -= gone

    def _see_capitals(self, end: int) -> None:
        """Notes whether there are capitals before a place."""
        if not self._has_capitals:
            seen = self.text[self.done : end]
            self._has_capitals = seen != seen.lower()
        self.done = end

    def _inside(self, at: int) -> bool:
        """Whether a place is inside quotes or brackets."""
        return bool(self._closing) and at - self._opened < LONGEST_QUOTE

    def _quote(self, at: int) -> None:
        """Notes that a quote or bracket opens or closes, or that it is an apostrophe."""
        mark = self.text[at]
        before, after = self.text[at - 1 : at], self.text[at + 1 : at + 2]
        if self._inside(at):
            joins = mark in _APOSTROPHES and (after.isalnum() or not before.strip())
            if mark in self._closing and not joins:
                self._closing = ""
        elif mark in _QUOTES and not before.isalnum() and after.strip():
            if mark in _APOSTROPHES and _ELISIONS.match(self.text, at + 1):
                return
            # A mark after a full stop closes what was never seen to open.
            if not before or before not in _STOPS + ",;":
                self._closing, self._opened = _QUOTES[mark], at

    def _ends(self, at: int, after: int) -> bool:
        """Whether a sentence ends before the white space at `at`, which ends at `after`."""
        closed = self.text[max(0, at - _NEAR) : at].rstrip(_CLOSERS)
        if not closed or closed[-1] not in _STOPS + _WIDE:
            return False
        first = _FIRST.match(self.text, after)
        follows = first[1] if first else ""
        if follows.islower() and self._has_capitals:
            return False
        word = _WORD.search(closed[:-1])
        return closed[-1] != "." or not word or not self._abbreviates(word[0], at, follows)

    def _abbreviates(self, word: str, at: int, follows: str) -> bool:
        """Whether the full stop after `word` belongs to it, and ends nothing."""
        small = word.lower()
        if word.isdigit():
            lead = self.text[max(0, self._began, at - _NEAR) : at]
            return at - self._began < _NEAR and lead.strip(_OPENERS).startswith(word)
        if len(word) == 1 and word.isupper() and word != "I":
            return True
        if _LETTERS_AND_STOPS.fullmatch(word):
            return small not in _TIMES
        if _BEFORE_NUMBERS.fullmatch(small):
            return follows.isdigit()
        return bool(_NEVER_LAST.fullmatch(small))
