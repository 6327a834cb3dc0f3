"""Text cut into sentences, wherever its pieces were cut. Knows nothing of corpora.

A rule of thumb that would rather leave two sentences together than cut one in two: what stands
in quotes or brackets stays whole, and abbreviations end nothing. The library `sentencex` (1.0.32)
cuts 11 of the 26 texts in this module's tests as a reader would.
"""

import re
from collections.abc import Iterable, Iterator

from burble.patterns import compile_pattern

EDGE = "\x00"
LONGEST_QUOTE = 2_000
"""Characters after which a quote that was never closed counts as none."""

_STOPS = ".!?…؟۔।॥։።"
_WIDE = "。！？｡"
QUOTES = dict(zip("'\"‘’“”«»‹›「『([（", "'\"’’””»«›‹」』)]）", strict=True))
QUOTES |= {"‚": "‘’", "„": "“”"}
"""What opens, and what may close it. A mark that can be either opens where nothing is open."""
_CLOSERS = "".join(sorted(set("".join(QUOTES.values())) | set("*_")))
_OPENERS = "".join(QUOTES) + "¿¡*_—–-"
ALWAYS_OPEN = "«‹([（「『"
_APOSTROPHES = "'‘’"
_TOKEN = re.compile(
    rf"(?P<gap>(?<=[{_STOPS}{_WIDE}{re.escape(_CLOSERS)}])\s+|[^\S\n]*\n[^\S\n]*\n\s*)"
    rf"|(?P<wide>[{_WIDE}]+(?=[^\s{_WIDE}{re.escape(_CLOSERS)}]))"
    rf"|(?P<quote>[{re.escape(''.join({*QUOTES, *_CLOSERS} - {*'*_'}))}])"
)
_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_FIRST = re.compile(rf"[{re.escape(_OPENERS)}]*")
_AHEAD = 9
# A place after white space is sure where a word follows, or so much of it as is ever looked at,
# and its first letter would not join with the white space, as a mark does.
_LAST_SURE = (
    rf"(?s)(.*[\s{_WIDE}])(?=[\p{{L}}\p{{N}}](?<!\p{{GCB=EX}}|\p{{GCB=SM}})"
    rf"(?:\w{{{_AHEAD}}}|\w{{0,{_AHEAD}}}\W))"
)
_WORD = re.compile(r"[\w.&'’-]*\Z")
_NEAR = 24
"""Characters before a place that are looked at, for the word that stands there."""

# Words that a full stop shortens, and that hardly ever end a sentence.
_NEVER_LAST = re.compile(
    "mr|mrs|ms|mx|mm|messrs|dr|prof|rev|fr|hon|rt|st|ste|mt|ft|gen|col|maj|capt|cpt|cmdr|lieut|lt|"
    "sgt|cpl|adm|gov|sen|rep|pres|sr|sra|srta|jr|esq|wm|supt|insp|mme|mlle|mgr|hr|frl|dña|co|inc|ltd|"
    "vs|viz|cf|al|ca|approx|bzw|ggf|evtl|inkl|vgl|sog|geb|gest|dipl|ing|med|mio|mrd|chr|av|"
    r"\w*str|bd|ed|eds|trans|hrsg|aufl|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|okt|nov|dec|dez"
)
# Initials (J.-J.), and what is shortened to a few letters (U.S, e.g, z.B, Dipl.-Ing).
_SHORTENED = re.compile(
    r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]{1,3}|[^\W\d_]{1,5}\.-[^\W\d_]{1,5}|(?!I)[^\W\d_]"
)
_TIMES = re.compile(r"[ap]\.m", re.I)
_BEFORE_NUMBERS = re.compile("nos?|nr|pp?|vols?|ch|chap|art|sec|figs?|abb|op|cap|abs|s", re.I)
_NUMBER = re.compile(r"\d|[IVXLC]+\b")
_AFTER_ORDINALS = re.compile("jan|feb|mär|apr|mai|jun|jul|aug|sep|okt|nov|dez|jahrh", re.I)
ELISIONS = re.compile(r"(?:tis|twas|twere|twill|twould|em|til|cause|bout|round|n)\b", re.I)


def opens_before(mark: str, after: str) -> bool:
    """Whether one of `QUOTES` can open before a character, where none is open.

    >>> opens_before("«", " "), opens_before("»", " "), opens_before("'", "a")
    (True, False, True)
    """
    if mark in ALWAYS_OPEN:
        return True
    return after.isalnum() if mark in "»›" else bool(after.strip())


def split_sentences(pieces: Iterable[str]) -> Iterator[str]:
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

    >>> "".join(split_sentences(['"Dr. No? Who? ', 'Me?" he said. I ran.'])).split(EDGE)
    ['"Dr. No? Who? Me?" he said.', 'I ran.']
    """
    pattern, splitter = compile_pattern(_LAST_SURE, "cutting a text into sentences"), _Splitter()
    for piece in pieces:
        splitter.text += piece if splitter.text else piece.lstrip()
        sure = pattern.match(splitter.text, splitter.done)
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
        self._opening = self._closing = ""
        self._depth = self._opened = 0
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
            if mark in self._closing:
                self._depth -= not joins
                self._closing = self._closing if self._depth else ""
            elif mark == self._opening:
                self._depth += 1
        elif mark in QUOTES and not before.isalnum() and self._may_open(at, before, after):
            self._opening, self._closing = mark, QUOTES[mark]
            self._depth, self._opened = 1, at

    def _may_open(self, at: int, before: str, after: str) -> bool:
        """Whether a mark can be a quote or bracket that opens, where none is open."""
        mark = self.text[at]
        if mark in _APOSTROPHES and ELISIONS.match(self.text, at + 1):
            return False
        # After a full stop, or before white space, it closes what was never seen to open.
        closes = before and before in _STOPS + ",;" and mark not in ALWAYS_OPEN
        return not closes and opens_before(mark, after)

    def _ends(self, at: int, after: int) -> bool:
        """Whether a sentence ends before the white space at `at`, which ends at `after`."""
        near = self.text[max(0, at - _NEAR) : at]
        closed = near.rstrip(_CLOSERS)
        if near[len(closed) :] in ("»", "›", "«", "‹"):
            # Some languages set white space inside these.
            closed = closed.rstrip()
        if not closed or closed[-1] not in _STOPS + _WIDE:
            return False
        first = _FIRST.match(self.text, after)
        follows = first.end() if first else after
        letter = self.text[follows : follows + 1]
        if (letter.islower() and self._has_capitals) or (letter and letter in _STOPS + ",;:"):
            return False
        return closed[-1] != "." or not self._abbreviates(closed[:-1], at, follows)

    def _abbreviates(self, before: str, at: int, follows: int) -> bool:
        """Whether a full stop belongs to the word before it, and ends nothing."""
        found = _WORD.search(before)
        word = found[0] if found else ""
        if word.isdigit():
            lead = self.text[max(0, self._began, at - _NEAR) : at]
            begins = at - self._began < _NEAR and lead.strip(_OPENERS).startswith(word)
            return begins or (len(word) < 3 and bool(_AFTER_ORDINALS.match(self.text, follows)))
        if (_BEFORE_NUMBERS.fullmatch(word) and len(word) > 1) or word in ("p", "s"):
            return bool(_NUMBER.match(self.text, follows))
        if _SHORTENED.fullmatch(word):
            return not _TIMES.fullmatch(word)
        # A full stop by itself is one of several with white space between.
        return before[-1:].isspace() or bool(_NEVER_LAST.fullmatch(word.lower()))
