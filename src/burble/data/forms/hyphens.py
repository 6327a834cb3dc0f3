"""Words that the end of a line broke, put together again. Knows nothing of lines or pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import islice

from burble.data.forms.form import Account

HYPHEN = "\x02"
"""What marks a hyphen at the end of a line, after which it joins the next one."""
HYPHENS = ("-", "\u2010")
_WORD = re.compile(r"\w+(?:-\w+)*")
_HALF = re.compile(r"\w+")
_GOES_BEFORE, _GOES_ON, _ENDS_HERE = (re.compile(rule) for rule in (r"\w-?\Z", r"-?\w", r"\W|\Z"))
_FEW_HYPHENS = 24
"""Hyphens at line ends of which each is looked up by itself."""


def join_words(text: str, account: Account) -> str:
    """The text without hyphens at line ends: each is taken away, or is one of a compound."""
    known = _Words(text, text.count(HYPHEN))
    parts, at = list[str](), 0
    for mark in re.finditer(HYPHEN, text):
        # A hyphen that the file has, too, stands before it.
        end = mark.start() - text.endswith(HYPHENS, 0, mark.start())
        one, following = _find_word_before(text, end), _HALF.match(text, mark.end())
        parts.append(text[at:end])
        at = mark.end()
        # One beside a sign is no part of a word that was broken.
        if not one or not following:
            parts.append("-")
            account.taken["hyphen at the end of a line (kept)"] += 1
            continue
        halves = one.lower(), following[0].lower()
        compound = known.begins_compound(halves[0]) or all(known.count(half) > 1 for half in halves)
        if compound and not known.count("".join(halves)):
            parts.append("-")
            account.taken["hyphen at the end of a line (kept)"] += 1
        else:
            account.changed["hyphen at the end of a line (its word joined)"] += 1
    return "".join([*parts, text[at:]])


class _Words:
    """The words of a text; where few of them matter, they are looked for one by one.

    Args:
        text: The text; words are asked for in small letters.
        asked: How many words will be asked for, about.
    """

    def __init__(self, text: str, asked: int) -> None:
        self._counts: dict[str, int] | None = None
        if asked <= _FEW_HYPHENS:
            self._text = text.lower()
            return
        self._counts = defaultdict(int)
        # What stands between blanks is taken apart once.
        for part, count in Counter(text.split()).items():
            small = part.lower()
            for word in (small,) if small.isalnum() else _WORD.findall(small):
                self._counts[word] += count
        self._beginnings = {word.partition("-")[0] for word in self._counts if "-" in word}

    def count(self, word: str) -> int:
        """How often a word comes by itself; 2 may stand for more."""
        if self._counts is not None:
            return self._counts[word]
        return sum(1 for _ in islice(self._find(word, _GOES_ON), 2))

    def begins_compound(self, word: str) -> bool:
        """Whether it is the first part of a word with a hyphen."""
        if self._counts is not None:
            return word in self._beginnings
        return any(True for _ in self._find(f"{word}-", _ENDS_HERE))

    def _find(self, word: str, beyond: re.Pattern[str]) -> Iterator[int]:
        """Where a word begins that stands before nothing of some kind."""
        text, at = self._text, self._text.find(word)
        while at >= 0:
            end = at + len(word)
            if not _GOES_BEFORE.search(text, max(0, at - 2), at) and not beyond.match(text, end):
                yield at
            at = text.find(word, end)


def _find_word_before(text: str, end: int) -> str:
    """The word that ends there, or nothing."""
    start = end
    while start and _HALF.match(text, start - 1, end):
        start -= 1
    return text[start:end]
