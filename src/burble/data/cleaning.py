"""Text to clean text, every change counted. Knows nothing of where the text came from.

The same cleaning is applied to a corpus, to prompts and to stop strings, so it is stored in the
model as a `TextSettings`.
"""

import re
import unicodedata
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from burble.formatting import some
from burble.patterns import compile_pattern
from burble.settings import TextSettings

BOM = "\ufeff"
# Programs that write a carriage return before every newline make \r\r\n of \r\n.
_NEWLINES = re.compile("\r{0,2}\r\n|[\r\u0085\u2028\u2029]")
_DOUBLED = "\r\r\n"
_SURROGATES = re.compile("[\ud800-\udfff]")
# Letters of these ranges neither join with what stands before them nor decide how the letters
# around them are lowered, so text may be cut between any two of them; see `cut_blocks`.
_WIDE = "\u3041-\u3096\u30a1-\u30fa\u3400-\u4dbf\u4e00-\u9fff"
_CUT = f"(?r)[ \t0-9A-Za-z{_WIDE}](?=[ \t0-9A-Za-z{_WIDE}])"
# What becomes of each code point when punctuation is stripped, found out when it first comes up:
# 0 is not known yet, 1 stays, 2 goes.
_FATES = np.zeros(0x110000, np.uint8)
ALIKE = str.maketrans("‘’‚‛“”„«»–—−…\u00a0", '\'\'\'\'"""""---. ')
_SEQUENCE = re.compile(f"[\x00-\x7f{_WIDE}]?[^\x00-\x7f{_WIDE}]+")


@dataclass
class Changes:
    """How many characters each step of the cleaning touched.

    Attributes:
        marks: Byte-order marks removed from inside the text.
        unusable: NUL characters and halves of surrogate pairs removed.
        newlines: Line ends that were not a plain newline, made one.
        doubled: The same for line ends with more than one carriage return.
        composed: Characters fewer (or more) after Unicode composition (NFC).
        lowercased: Characters made lower case.
        punctuation: Punctuation characters removed.
    """

    marks: int = 0
    unusable: int = 0
    newlines: int = 0
    doubled: int = 0
    composed: int = 0
    lowercased: int = 0
    punctuation: int = 0

    def add(self, other: "Changes") -> None:
        """Adds the counts of `other` to these."""
        for field in fields(self):
            total = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, total)

    def describe(self) -> list[str]:
        """One phrase for each kind of change that happened, for a person to read."""
        phrases = {
            "marks": ("byte-order mark", "removed from inside the text"),
            "unusable": ("NUL or broken character", "removed"),
            "newlines": ("line end", "made plain newlines"),
            "doubled": ("doubled line end", "(\\r\\r\\n) made one newline each"),
            "composed": ("character", "joined with accents (NFC)"),
            "lowercased": ("character", "made lower case"),
            "punctuation": ("punctuation character", "removed"),
        }
        found = [(n, *phrases[name]) for name, n in vars(self).items() if n]
        return [f"{some(n, noun)} {what}" for n, noun, what in found]


def clean(text: str, settings: TextSettings) -> tuple[str, Changes]:
    r"""Makes newlines one, composes accents (NFC), and lowers or strips by the settings.

    Cleaning twice changes nothing more. Marks inside the text are removed and counted, since two
    joined files leave one in the middle; so are NUL characters and lone surrogates, which no
    text file can hold again.

    Returns:
        The clean text, and what was changed.

    >>> clean("A\r\nb", TextSettings(lowercase=True))[0]
    'a\nb'
    """
    changes = Changes()
    text = _remove_unusable(text, changes)
    if any(end in text for end in "\r\u0085\u2028\u2029"):
        changes.doubled = text.count(_DOUBLED)
        text, newlines = _NEWLINES.subn("\n", text)
        changes.newlines = newlines - changes.doubled
    if not unicodedata.is_normalized("NFC", text):
        changes.composed = sum(map(_composed, _SEQUENCE.findall(text)))
        text = unicodedata.normalize("NFC", text)
    if settings.lowercase:
        text, changes.lowercased = _lower(text)
    if settings.strip_punctuation:
        kept = _strip(text)
        changes.punctuation = len(text) - len(kept)
        # What stood on either side of a removed character may now compose.
        text = unicodedata.normalize("NFC", kept)
    return text, changes


def _remove_unusable(text: str, changes: Changes) -> str:
    """Removes marks, NUL characters and lone surrogates, and counts them."""
    if BOM in text:
        changes.marks = text.count(BOM)
        text = text.replace(BOM, "")
    if "\x00" in text:
        changes.unusable = text.count("\x00")
        text = text.replace("\x00", "")
    try:
        text.isascii() or text.encode()
    except UnicodeEncodeError:
        text, broken = _SURROGATES.subn("", text)
        changes.unusable += broken
    return text


def _composed(sequence: str) -> int:
    """By how many characters composition changes a letter and its marks; 1 where only in kind.

    Sequences and not whole blocks are counted, so that a sum over blocks is the same wherever
    the text was cut.
    """
    composed = unicodedata.normalize("NFC", sequence)
    return 0 if composed == sequence else max(1, abs(len(sequence) - len(composed)))


def _lower(text: str) -> tuple[str, int]:
    """`text` in lower case, and how many of its characters changed."""
    lowered = text.lower()
    if lowered == text:
        return text, 0
    # U+0130 alone becomes two characters; doubled, both texts have one length again.
    dotted = text.count("\u0130")
    before = code_points(text.replace("\u0130", "\u0130\u0130") if dotted else text)
    changed = int(np.count_nonzero(before != code_points(lowered))) - dotted
    # Lowering can undo composition (U+0130), so compose once more.
    return unicodedata.normalize("NFC", lowered), changed


def _strip(text: str) -> str:
    """`text` without all but letters, digits, marks and white space."""
    points = code_points(text)
    fates = _FATES[points]
    for point in np.unique(points[fates == 0]):
        symbol = chr(point)
        stays = symbol.isspace() or unicodedata.category(symbol)[0] in "LMN"
        _FATES[point] = 1 if stays else 2
        fates[points == point] = _FATES[point]
    kept: bytes = points[fates == 1].astype("<u4").tobytes()
    return kept.decode("utf-32-le")


def code_points(text: str) -> NDArray[np.uint8 | np.uint32]:
    """The code point of each character, shape (characters,).

    >>> code_points("aé").tolist()
    [97, 233]
    """
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), np.uint8)
    return np.frombuffer(text.encode("utf-32-le"), "<u4")


def cut_blocks(pieces: Iterable[str]) -> Iterator[str]:
    r"""Cuts text anew at places where cleaning one side cannot touch the other.

    Such a place is after a newline, or else between two plain letters, digits or blanks. Text
    with neither is kept together, whatever its size.

    Args:
        pieces: A text, cut anywhere.

    Yields:
        The same text; cleaned apart and joined it is what it would be cleaned whole.

    >>> list(cut_blocks(["one\ntwo e", "\u0301t"])) == ["one\n", "two e\u0301t"]
    True
    """
    held: list[str] = []
    for piece in pieces:
        before = held[-1][-1] if held else ""
        cut = piece.rfind("\n") + 1
        if not cut:
            found = compile_pattern(_CUT, "cleaning a text").search(before + piece)
            cut = found.end() - len(before) if found else -1
        if cut >= 0 and (held or cut):
            yield "".join([*held, piece[:cut]])
            held = [piece[cut:]] if cut < len(piece) else []
        elif piece:
            held.append(piece)
    if held:
        yield "".join(held)


def strip_accents(symbol: str) -> str:
    """A letter without its accents.

    >>> strip_accents("é")
    'e'
    """
    decomposed = unicodedata.normalize("NFKD", symbol)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def find_nearest(symbol: str, known: Container[str]) -> str:
    """The nearest of some symbols: a plain quote or dash, other case, no accent; empty if none is.

    >>> find_nearest("“", {'"'}), find_nearest("É", {"é"}), find_nearest("7", {"a"})
    ('"', 'é', '')
    """
    near = (symbol.translate(ALIKE), symbol.lower(), symbol.upper(), strip_accents(symbol))
    return next((one for one in near if one in known), "")
