"""What a text looks like before training: lengths, scripts, languages, odd lines, a sample.

Reads the encoded text block by block, and keeps counts and a few lines. Knows nothing of terminals
or pages.
"""

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data.corpus import Corpus
from burble.data.languages import identify
from burble.files import Ids, release

LOOKED_AT = 1 << 25
"""Symbols of which every line is looked at, from the first; beyond them lines are only counted."""
BINS = 14
"""Bars of a histogram, besides one for all that is longer."""
SAMPLES, SAMPLE = 5, 240
"""Pieces of a sample, and symbols of each at most."""
NAMED, SHOWN = 5, 160
"""Lines of each kind that are shown, and characters of each at most."""
LONG = 40
"""Symbols of a line from which on it is unlikely to come again by chance."""
_HASHED = 500_000
_PIECES, _PIECE = 24, 400
"""Pieces whose language is identified, and their symbols."""
_SEEN, _CAP = 3, 1 << 16
_BLOCK = 1 << 20
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Histogram:
    """How many lengths are in each of some ranges.

    Attributes:
        edges: Where each range begins, and after them where the last ends.
        counts: How many there are in each.
        shortest: The shortest length.
        median: That in the middle.
        longest: The longest.
        total: How many there are.
        beyond: Whether the last range holds all that is longer than most.
    """

    edges: list[int]
    counts: list[int]
    shortest: int
    median: int
    longest: int
    total: int
    beyond: bool


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


@dataclass(frozen=True)
class Overview:
    """What a text looks like.

    Attributes:
        line_lengths: Characters of lines, empty ones left out.
        document_lengths: Characters of documents; None of a single one.
        scripts: Letters of each script, the most frequent first.
        languages: Pieces that are likely in each language, the most frequent first.
        repeated: Long lines that stand there several times, the most frequent first.
        odd: Odd lines.
        sample: Pieces of what will be learned.
        fraction: How much of the text every line was looked at of.
    """

    line_lengths: Histogram
    document_lengths: Histogram | None
    scripts: dict[str, int]
    languages: dict[str, int]
    repeated: list[Line]
    odd: list[Line]
    sample: list[str]
    fraction: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """All of it in JSON types."""
        return asdict(self)


def survey(corpus: Corpus) -> Overview:
    """Looks at a text.

    The sample is the same for the same text.
    """
    ids = corpus.encoded.ids
    lines = _Lines(corpus)
    for begins, ends in _find_lines(corpus):
        lines.add(begins, ends)
        release(ids)
    starts = corpus.encoded.starts
    edge = corpus.vocabulary.boundary_id is not None
    lengths = np.diff(np.append(starts, len(ids))) - edge
    return Overview(
        line_lengths=make_histogram(lines.lengths),
        document_lengths=make_histogram(_count(lengths)) if len(starts) > 1 else None,
        scripts=count_scripts(corpus.counts),
        languages=count_languages(corpus),
        repeated=lines.repeated(),
        odd=lines.odd(),
        sample=_take_sample(corpus),
        fraction=min(1.0, LOOKED_AT / len(ids)),
    )


def make_histogram(counts: Counter[int]) -> Histogram:
    """A histogram of lengths, given how often each comes up.

    >>> found = make_histogram(Counter({1: 2, 4: 1, 30: 1}))
    >>> found.edges[:3], found.counts[:3], found.median
    ([0, 3, 6], [2, 1, 0], 1)
    """
    lengths = sorted(counts)
    if not lengths:
        return Histogram([0, 1], [0], 0, 0, 0, 0, False)
    total = counts.total()
    upto = np.cumsum([counts[length] for length in lengths])
    high = lengths[int(np.searchsorted(upto, 0.98 * total))]
    width = _round_up(-(-(high - lengths[0] + 1) // BINS))
    begin = lengths[0] // width * width
    bars = (high - begin) // width + 1
    beyond = lengths[-1] >= begin + bars * width
    found = [0] * (bars + beyond)
    for length, count in counts.items():
        found[min((length - begin) // width, len(found) - 1)] += count
    edges = [begin + place * width for place in range(bars + 1)]
    edges += [lengths[-1] + 1] * beyond
    median = lengths[int(np.searchsorted(upto, (total + 1) // 2))]
    return Histogram(edges, found, lengths[0], median, lengths[-1], total, beyond)


def _round_up(width: int) -> int:
    """The next figure that is read at a glance: 1, 2, 3 or 5 times a power of ten."""
    scale = int(10 ** (len(str(width)) - 1))
    return next(n * scale for n in (1, 2, 3, 5, 10) if n * scale >= width)


def _count(lengths: NDArray[np.int64]) -> Counter[int]:
    """How often each length comes up."""
    values, counts = np.unique(lengths, return_counts=True)
    return Counter(dict(zip(values.tolist(), counts.tolist(), strict=True)))


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


def count_languages(corpus: Corpus) -> dict[str, int]:
    """In which languages pieces of the text, spread evenly over it, are the likeliest."""
    ids, found = corpus.encoded.ids, Counter[str]()
    for place in np.linspace(0, max(0, len(ids) - _PIECE), _PIECES).astype(int).tolist():
        text = corpus.vocabulary.decode(ids[place : place + _PIECE], "\n")
        if sum(map(str.isalpha, text)) >= min(_PIECE, len(ids)) // 4:
            found[identify(text)[1]] += 1
        if len(ids) <= _PIECE:
            break
    return dict(found.most_common())


def _take_sample(corpus: Corpus) -> list[str]:
    """Pieces of what is learned: beginnings of documents, or of lines of a single one."""
    rng = np.random.default_rng(int(corpus.sha256[:12], 16))
    ids, vocabulary = corpus.training, corpus.vocabulary
    edge, newline = vocabulary.boundary_id, vocabulary.ids.get("\n")
    starts = corpus.starts[corpus.starts < corpus.cut]
    if len(starts) > 1:
        chosen = np.sort(rng.choice(starts, min(SAMPLES, len(starts)), replace=False))
    else:
        chosen = np.sort(rng.integers(0, max(1, len(ids) - SAMPLE), SAMPLES - 2))
    found = []
    for place in chosen.tolist():
        part = ids[place : place + 2 * SAMPLE]
        if len(starts) < 2:
            part = _after_first(part, newline)
        elif len(ends := np.flatnonzero(part == edge)):
            part = part[: int(ends[0])]
        text = vocabulary.decode(part[:SAMPLE], corpus.separator)
        found.append(text + ("…" if len(part) > SAMPLE else ""))
    return list(dict.fromkeys(filter(str.strip, found)))


def _after_first(part: Ids, newline: int | None) -> Ids:
    """What stands after the first line end of a piece, if one is near its beginning."""
    ends = np.flatnonzero(part[:SAMPLE] == (-1 if newline is None else newline))
    return part[int(ends[0]) + 1 :] if len(ends) else part


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


class _Lines:
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
        self.lengths += _count(np.minimum(sizes[sizes > 0], _CAP))
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


def describe_shares(counts: dict[str, int]) -> Sequence[str]:
    """Names with how much of all each is, in percent.

    >>> describe_shares({"Latin": 3, "Greek": 1})
    ['Latin 75.0%', 'Greek 25.0%']
    """
    total = max(1, sum(counts.values()))
    shares = {name: count / total for name, count in counts.items()}
    return [f"{name} {n:.1%}" if n >= 5e-4 else f"{name} <0.1%" for name, n in shares.items()]
