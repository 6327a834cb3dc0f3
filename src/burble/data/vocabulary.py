"""Symbols to ids and back, exactly invertible. Knows nothing of files.

A symbol is a character, a grapheme, a word or a byte (see `units`). Symbols are ordered by code
point, so the same text gives the same ids on every machine. Where a text has documents, one id more
than there are symbols stands for the edge between two documents; it has no text of its own.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from burble.data import units
from burble.errors import VocabularyError, require_packages
from burble.formatting import some
from burble.patterns import compile_pattern
from burble.settings import Unit

_GRAPHEME = r"\X"
_CUTTING = "cutting a text into graphemes"
# Two plain characters are never one grapheme (line ends apart), so only what is near others
# needs the slow search.
_NOT_PLAIN = re.compile("(?:[\x00-\x7f]?[^\x00-\x7f]+)+(?:\r\n|[\x00-\x7f])?|\r\n")
MAX_SYMBOLS = 65_535
NAMED = 12
"""Unknown symbols that are named at most."""


def split(text: str, unit: Unit) -> Sequence[str]:
    r"""Cuts `text` into symbols; joined, they are `text` again (bytes once they are decoded).

    Of words, those are here that a vocabulary may have; see `Vocabulary.split`.

    >>> split("e\u0308!", "grapheme") == ["e\u0308", "!"]
    True
    """
    if unit == "char":
        return text
    if unit == "bytes":
        return units.split_bytes(text)
    if unit == "word":
        return units.cut_into_pieces(text)
    symbols: list[str] = []
    place = 0
    for found in _NOT_PLAIN.finditer(text):
        symbols += text[place : found.start()]
        symbols += compile_pattern(_GRAPHEME, _CUTTING).findall(found.group())
        place = found.end()
    symbols += text[place:]
    return symbols


@cache
def cut_here(unit: Unit) -> str:
    """The version of `regex` that cuts graphemes here; empty where a symbol is one code point.

    Unicode changes what a grapheme is: version 17, for example, keeps conjuncts of Khmer, Myanmar,
    Balinese and Javanese whole that were parted before.
    """
    if unit != "grapheme":
        return ""
    # Loaded for graphemes alone: few texts have them.
    from importlib.metadata import version

    with require_packages(_CUTTING):
        return version("regex")


def describe(symbol: str) -> str:
    """A symbol as a person should read it: quoted, with its code points.

    >>> describe("é")
    "'é' (U+00E9)"
    """
    return f"{symbol!r} ({' '.join(f'U+{ord(c):04X}' for c in symbol)})"


def describe_unknown(unknown: Mapping[str, int], whence: str = "") -> str:
    """What to say of symbols that a model does not know, with how often each came.

    Args:
        unknown: The symbols with their counts; one or more.
        whence: What they were left out of, where that is not plain.

    >>> describe_unknown({"é": 2}, "of the memory")
    "2 symbols the model does not know were left out of the memory: 2 × 'é' (U+00E9)"
    """
    total = sum(unknown.values())
    named = [f"{count:,} × {describe(symbol)}" for symbol, count in [*unknown.items()][:NAMED]]
    were = f"{'was' if total == 1 else 'were'} left out {whence}".rstrip()
    more = ", …" if len(unknown) > NAMED else ""
    return f"{some(total, 'symbol')} the model does not know {were}: {', '.join(named)}{more}"


@dataclass(frozen=True)
class Vocabulary:
    """The alphabet of a model.

    Attributes:
        symbols: Every symbol, in id order.
        unit: What one symbol is.
        boundary: Whether one more id stands for the edge between two documents.
        cut_by: The version of `regex` that cut the text into graphemes; empty if that is not known,
            or a symbol is one code point.
    """

    symbols: tuple[str, ...]
    unit: Unit = "char"
    boundary: bool = False
    cut_by: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Checks that the symbols are distinct, not empty, and few enough for 16 bits."""
        if len(set(self.symbols)) != len(self.symbols) or "" in self.symbols:
            raise VocabularyError("the symbols of a vocabulary must be distinct and not empty.")
        if not 1 <= len(self.symbols) <= MAX_SYMBOLS:
            raise VocabularyError(
                f"a vocabulary has {some(len(self.symbols), 'symbol')}, but must have 1 to "
                f"{MAX_SYMBOLS:,}. Raise --min-count to leave out the rare ones."
            )

    @classmethod
    def from_counts(
        cls,
        counts: Counter[str],
        *,
        unit: Unit = "char",
        min_count: int = 1,
        boundary: bool = False,
    ) -> "Vocabulary":
        """The symbols that occur at least `min_count` times, ordered by code point."""
        kept = sorted(symbol for symbol, n in counts.items() if n >= min_count)
        return cls(tuple(kept), unit, boundary, cut_here(unit))

    @cached_property
    def ids(self) -> dict[str, int]:
        """The id of each symbol."""
        return {symbol: i for i, symbol in enumerate(self.symbols)}

    @property
    def size(self) -> int:
        """V, the number of ids."""
        return len(self.symbols) + self.boundary

    @property
    def boundary_id(self) -> int | None:
        """The id of the edge between two documents, if there is one."""
        return len(self.symbols) if self.boundary else None

    @property
    def dtype(self) -> type[np.uint8 | np.uint16]:
        """The smallest integer type that holds every id."""
        return np.uint8 if self.size <= 256 else np.uint16

    def unknown(self, text: str) -> Counter[str]:
        """The symbols of `text` that are not in the vocabulary, with their counts."""
        counts = Counter(self.split(text))
        return Counter({s: n for s, n in counts.items() if s not in self.ids})

    def split(self, text: str) -> Sequence[str]:
        r"""Cuts `text` into symbols; joined, they are `text` again (bytes once they are decoded).

        Words that it does not have are spelled. Where another version of `regex` cut the text of
        this alphabet into graphemes, its own symbols say where to cut: graphemes of here that
        together are one of them are joined, the most first, and one that it does not know is parted
        into symbols that it does know, the longest first, if all of it can be.

        >>> Vocabulary(("e", "\u0308"), "grapheme").split("e\u0308") == ["e", "\u0308"]
        True
        """
        if self.unit == "word":
            return units.spell(text, self.ids)
        here = split(text, self.unit)
        if self.cut_by == cut_here(self.unit):
            return here
        symbols: list[str] = []
        place = 0
        while place < len(here):
            several = self._joined.get(here[place], ())
            fitting = (s for s in several if s == tuple(here[place : place + len(s)]))
            found = next(fitting, (here[place],))
            symbols.append("".join(found))
            place += len(found)
        return [part for symbol in symbols for part in self._parts(symbol)]

    def describe(self, symbol: str) -> str:
        """One of its symbols as a person should read it: a word as it is, else with code points."""
        if self.unit == "bytes" and not symbol.isascii():
            return f"the byte 0x{ord(symbol) - 0xDC00:02X}"
        return repr(symbol) if self.unit == "word" and len(symbol) > 1 else describe(symbol)

    @property
    def is_cut_elsewhere(self) -> bool:
        """Whether another version of `regex` than is here is known to have cut the text."""
        return self.cut_by not in ("", cut_here(self.unit))

    @property
    def cut_note(self) -> str:
        """What to say where this alphabet's text was cut otherwise than it would be here."""
        cut = f"regex {self.cut_by}" if self.cut_by else "another version of regex"
        return f"its text was cut into graphemes by {cut}, and regex {cut_here('grapheme')} is here"

    @cached_property
    def _joined(self) -> dict[str, list[tuple[str, ...]]]:
        """The symbols that are several graphemes here, as these, by the first; the most first."""
        found: dict[str, list[tuple[str, ...]]] = {}
        for symbol in self.symbols:
            parts = tuple(split(symbol, self.unit))
            if len(parts) > 1:
                found.setdefault(parts[0], []).append(parts)
        return {first: sorted(several, key=len, reverse=True) for first, several in found.items()}

    def _parts(self, symbol: str) -> list[str]:
        """A symbol, or those known ones that it is made of, if it is not known itself."""
        parts: list[str] = []
        place = 0
        while symbol not in self.ids and place < len(symbol):
            ends = range(len(symbol), place, -1)
            end = next((end for end in ends if symbol[place:end] in self.ids), None)
            if end is None:
                return [symbol]
            parts.append(symbol[place:end])
            place = end
        return parts or [symbol]

    def encode(self, text: str, what: str = "text") -> NDArray[np.uint8 | np.uint16]:
        """The ids of `text`, shape (symbols,).

        Raises:
            VocabularyError: The text has a symbol that is not in the vocabulary.
        """
        try:
            ids = [self.ids[symbol] for symbol in self.split(text)]
        except KeyError:
            raise VocabularyError(self._unknown_sentence(text, what)) from None
        return np.array(ids, dtype=self.dtype)

    def _unknown_sentence(self, text: str, what: str) -> str:
        """What to say about a text with unknown symbols."""
        unknown = self.unknown(text)
        named = ", ".join(describe(symbol) for symbol, _ in unknown.most_common(12))
        more = ", …" if len(unknown) > 12 else ""
        left = "it" if len(unknown) == 1 else "them"
        return (
            f"the {what} has {some(len(unknown), 'symbol')} this model never saw: {named}{more}. "
            f"It knows {len(self.symbols):,}. Leave {left} out, or pass --unknown skip or nearest."
        )

    def renumber(self, ids: NDArray[np.integer], other: "Vocabulary") -> NDArray[np.integer]:
        """Ids of another vocabulary as ids of this one; what this one does not know becomes -1.

        >>> Vocabulary(("b", "c")).renumber(np.array([0, 1]), Vocabulary(("a", "b"))).tolist()
        [-1, 0]
        """
        if (self.symbols, self.boundary) == (other.symbols, other.boundary):
            return ids
        new = [self.ids.get(symbol, -1) for symbol in other.symbols]
        edge = -1 if self.boundary_id is None else self.boundary_id
        return np.asarray(np.array([*new, edge], np.int32)[ids])

    def decode(self, ids: ArrayLike, separator: str = "") -> str:
        """The text of `ids`.

        >>> v = Vocabulary(("a", "b"))
        >>> v.decode(v.encode("abba"))
        'abba'
        """
        found = self.join(ids, separator)
        return units.join_bytes(found) if self.unit == "bytes" else found

    def join(self, ids: ArrayLike, separator: str = "") -> str:
        """The symbols of `ids`, joined: of bytes not yet decoded."""
        texts = (*self.symbols, separator) if self.boundary else self.symbols
        return "".join(map(texts.__getitem__, np.asarray(ids, np.intp).tolist()))

    def decode_blocks(
        self, blocks: Iterable[NDArray[np.integer]], separator: str = ""
    ) -> Iterator[str]:
        """The text of ids that come in blocks, which may be cut inside a character's bytes."""
        found = (self.join(block, separator) for block in blocks)
        return units.decode_blocks(found) if self.unit == "bytes" else found

    @cached_property
    def lengths(self) -> NDArray[np.intp]:
        """Characters of each symbol, shape (symbols,); see `units.count_characters`."""
        return units.count_characters(self.symbols)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What each symbol is called where it is shown: itself, but for a byte that is no text."""
        if self.unit != "bytes":
            return self.symbols
        return tuple(map(units.show_byte, self.symbols))

    def count_characters(self, ids: NDArray[np.integer]) -> int:
        """Characters of a text, shape (N,); an edge between documents has none."""
        lengths = np.append(self.lengths, 0) if self.boundary else self.lengths
        return int(lengths[ids].sum())
