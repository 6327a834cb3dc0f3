"""The lines of a text: how long they are, which come again, and which are odd.

Reads the encoded text block by block, and keeps counts and a few lines.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.histogram import count_lengths, make_histogram
from burble.files import release

LOOKED_AT = 1 << 25
"""Symbols of which every line is looked at, from the first; beyond them lines are only counted."""
NAMED, SHOWN = 5, 160
"""Lines of each kind that are shown, and characters of each at most."""
LONG = 40
"""Symbols of a line from which on it is unlikely to come again by chance."""
_HASHED = 500_000
_SEEN, _CAP = 3, 1 << 16
_BLOCK = 1 << 20
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Line:
    """A line of which there is something to say.

    Attributes:
        text: How it begins.
        place: Where it stands.
        why: What is odd about it, or how often it stands there.
    """

    text: str
    place: str
    why: str


def survey_lines(corpus: Corpus) -> "Lines":
    """Looks at all lines of a text."""
    lines = Lines(corpus)
    for begins, ends in _find_lines(corpus):
        lines.add(begins, ends)
        release(corpus.encoded.ids)
    return lines


def _find_lines(corpus: Corpus) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Where lines begin and end, block by block; a document ends a line, too."""
    ids, vocabulary = corpus.encoded.ids, corpus.vocabulary
    ends = [i for i in (vocabulary.boundary_id, vocabulary.ids.get("\n")) if i is not None]
    begin = 0
    for first in range(0, len(ids), _BLOCK):
        places = np.flatnonzero(np.isin(ids[first : first + _BLOCK], ends)) + first
        if first + _BLOCK >= len(ids):
            places = np.append(places, len(ids))
        if len(places):
            yield np.append(begin, places[:-1] + 1), places
            begin = int(places[-1]) + 1


@dataclass
class _Odd:
    """Lines that are odd in one way: how many, and the first few."""

    count: int = 0
    spans: list[tuple[int, int]] = field(default_factory=list)

    def add(self, begins: NDArray[np.int64], ends: NDArray[np.int64], which: Flags) -> None:
        """Adds those lines of some that are."""
        self.count += int(which.sum())
        for place in np.flatnonzero(which)[: max(0, NAMED - len(self.spans))].tolist():
            self.spans.append((int(begins[place]), int(ends[place])))


class Lines:
    """The lines of a text, as they are looked at.

    Args:
        corpus: The text.

    Attributes:
        lengths: How often each length comes up, empty lines left out.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.lengths: Counter[int] = Counter()
        self._corpus, self._ids = corpus, corpus.encoded.ids
        symbols = corpus.vocabulary.symbols
        size = corpus.vocabulary.size
        scripts = [name_script(symbol) for symbol in symbols]
        known = count_scripts(corpus.counts)
        self._main = next(iter(known), "")
        # A hundredth of all letters is a script of the text's own.
        own = {name for name, n in known.items() if n > 0.01 * sum(known.values())}
        self._letters, self._foreign, self._rare = (np.zeros(size, bool) for _ in range(3))
        for place, (symbol, script) in enumerate(zip(symbols, scripts, strict=True)):
            self._letters[place] = bool(script)
            self._foreign[place] = bool(script) and script not in own
            self._rare[place] = corpus.counts[symbol] < _SEEN and not symbol.isspace()
        self._few_rare = int(self._rare.sum()) <= 0.2 * len(symbols) or len(self._ids) > 10_000
        self._odd = {"foreign": _Odd(), "rare": _Odd(), "bare": _Odd()}
        self._longest: list[tuple[int, int, int]] = []
        self._hashes: dict[bytes, list[int]] = {}

    def add(self, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> None:
        """Looks at some lines."""
        sizes = ends - begins
        self.lengths += count_lengths(np.minimum(sizes[sizes > 0], _CAP))
        top = np.argsort(sizes)[-NAMED:].tolist()
        spans = [(int(sizes[i]), int(begins[i]), int(ends[i])) for i in top]
        self._longest = sorted([*self._longest, *spans], key=lambda one: -one[0])[:NAMED]
        if begins[0] >= LOOKED_AT:
            return
        self._add_odd(begins, ends, sizes)
        self._add_hashes(begins, ends, sizes)

    def _add_odd(
        self, begins: NDArray[np.int64], ends: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> None:
        """Finds lines in another script, with rare symbols, or hardly with letters."""
        block = self._ids[begins[0] : ends[-1] + 1]
        offsets = begins - begins[0]

        def has(flags: Flags) -> NDArray[np.int64]:
            upto = np.concatenate([[0], np.cumsum(flags[block])])
            return np.asarray(upto[np.minimum(offsets + sizes, len(block))] - upto[offsets])

        letters = has(self._letters)
        if self._foreign.any():
            most = has(self._foreign) > 0.3 * np.maximum(letters, 1)
            self._odd["foreign"].add(begins, ends, most)
        if self._few_rare and self._rare.any():
            self._odd["rare"].add(begins, ends, has(self._rare) > 0)
        self._odd["bare"].add(begins, ends, (sizes >= 20) & (letters < 0.2 * sizes))

    def _add_hashes(
        self, begins: NDArray[np.int64], ends: NDArray[np.int64], sizes: NDArray[np.int64]
    ) -> None:
        """Takes note of long lines, to find those that come again."""
        for place in np.flatnonzero(sizes >= LONG).tolist():
            begin, end = int(begins[place]), int(ends[place])
            key = hashlib.blake2b(self._ids[begin:end].tobytes(), digest_size=8).digest()
            if key in self._hashes:
                self._hashes[key][0] += 1
            elif len(self._hashes) < _HASHED:
                self._hashes[key] = [1, begin, end]

    def repeated(self) -> list[Line]:
        """Long lines that come again, the most frequent first."""
        again = [one for one in self._hashes.values() if one[0] > 1]
        again.sort(key=lambda one: -one[0])
        return [self._show(a, b, f"{n:,} times") for n, a, b in again[: 2 * NAMED]]

    def odd(self) -> list[Line]:
        """Odd lines of each kind."""
        why = {
            "foreign": f"in another script than {self._main}",
            "rare": f"with a symbol that occurs fewer than {_SEEN} times",
            "bare": "hardly a letter",
        }
        found = list[Line]()
        usual = make_histogram(self.lengths).median
        for size, begin, end in self._longest:
            if size > max(1_000, 20 * usual):
                found.append(self._show(begin, end, f"{size:,} characters long"))
        for kind, odd in self._odd.items():
            for begin, end in odd.spans:
                more = f", as {odd.count - 1:,} others" if odd.count > 1 else ""
                found.append(self._show(begin, end, f"{why[kind]}{more}"))
        return found

    def _show(self, begin: int, end: int, why: str) -> Line:
        """A line with its place."""
        part = self._ids[begin : min(end, begin + SHOWN)]
        text = self._corpus.vocabulary.decode(part, "\n")
        return Line(text + ("…" if end - begin > SHOWN else ""), self._place(begin), why)

    def _place(self, begin: int) -> str:
        """Where a line stands: its source, which of its documents, and which line of that."""
        encoded = self._corpus.encoded
        document = int(np.searchsorted(encoded.starts, begin, side="right")) - 1
        firsts = np.cumsum([0, *encoded.documents])
        source = int(np.searchsorted(firsts, document, side="right")) - 1
        start = int(encoded.starts[document])
        newline = self._corpus.vocabulary.ids.get("\n", -1)
        line = 1
        for first in range(start, begin, _BLOCK):
            part = self._ids[first : min(first + _BLOCK, begin)]
            line += int(np.count_nonzero(part == newline))
        name, number = encoded.names[source], document - int(firsts[source]) + 1
        which = f", document {number:,}" if encoded.documents[source] > 1 else ""
        return f"{name}{which}, line {line:,}"


def count_scripts(counts: Counter[str]) -> dict[str, int]:
    """Letters of each script.

    >>> count_scripts(Counter({"a": 2, "б": 1, "!": 9}))
    {'Latin': 2, 'Cyrillic': 1}
    """
    found: Counter[str] = Counter()
    for symbol, count in counts.items():
        if script := name_script(symbol):
            found[script] += count
    return dict(found.most_common())


def name_script(symbol: str) -> str:
    """The script of a letter, by its Unicode name; empty for what is none."""
    if unicodedata.category(symbol[0])[0] != "L":
        return ""
    word = unicodedata.name(symbol[0], "unknown").split()[0]
    return {"CJK": "Han", "FULLWIDTH": "Latin", "HALFWIDTH": "Katakana"}.get(word, word.title())
