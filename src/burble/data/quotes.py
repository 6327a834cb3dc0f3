"""Quotes and brackets: which of a text are open, as it is read.

Knows nothing of models.
"""

from burble.data.sentences import ELISIONS, LONGEST_QUOTE, QUOTES, opens_before

MARKS = frozenset("".join(QUOTES) + "".join(QUOTES.values()))
LONGEST_ELISION = 8
"""Characters of a word after which it is none that `ELISIONS` knows."""


class Quotes:
    """The quotes and brackets of a text, as it is read.

    What has not closed after `LONGEST_QUOTE` characters, or when what is around it closes, is
    forgotten: it was none, or never will. An apostrophe of a known elision ('tis) opens nothing.

    Attributes:
        opened: How many have opened.
        closed: How many of them have closed.
        waiting: What closes each that is open, and the characters up to its mark; the latest last.
        last: The last two characters.
    """

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.waiting: list[tuple[str, int]] = []
        self._read = 0
        self._mark = ""
        self._before = self.last = ""
        self._word: str | None = None

    @property
    def age(self) -> int:
        """Characters since the latest that is open; 0 if none is, or right after a mark."""
        return self._read - self.waiting[-1][1] if self.waiting and not self._mark else 0

    def add(self, text: str) -> None:
        """Reads on. What a mark is, shows in the character after it."""
        for char in text:
            self._classify_mark(char)
            if char in MARKS:
                self._mark, self._before = char, self.last[-1:]
            self.last = self.last[-1:] + char
            self._read += 1

    def end(self) -> None:
        """Ends the text."""
        self._classify_mark("")

    def _classify_mark(self, after: str) -> None:
        """Opens or closes a quote by the last mark, once it is known what follows."""
        self._check_elision(after)
        if self.waiting and self._read - self.waiting[0][1] > LONGEST_QUOTE:
            del self.waiting[0]
        mark, self._mark = self._mark, ""
        if not mark:
            return
        closing = [place for place, (closers, _) in enumerate(self.waiting) if mark in closers]
        if closing and not (mark in "'’" and after.isalnum()):
            del self.waiting[closing[-1] :]
            self.closed += 1
            return
        inside_word = mark in "'’" and self._before.isalnum()
        if mark in QUOTES and not inside_word and mark != "’" and opens_before(mark, after):
            self.waiting.append((QUOTES[mark], self._read))
            self.opened += 1
            self._word = after if mark in "'‘" else None

    def _check_elision(self, char: str) -> None:
        """Takes back that a quote has opened if the word after its mark is an elision."""
        if self._word is None:
            return
        if char.isalnum() and len(self._word) < LONGEST_ELISION:
            self._word += char
            return
        if self.waiting and ELISIONS.fullmatch(self._word):
            self.waiting.pop()
            self.opened -= 1
        self._word = None
