r"""How a text is cut into words or into bytes. Knows nothing of files or models.

A text of words is cut into pieces first: words (letters with their marks, and apostrophes inside),
numbers, runs of one character such as blanks or dots, and whatever else there is, one character
each; so are the letters of scripts without blanks between words, such as Chinese and Thai. A piece
that is a symbol of its own is read as that, and any other is spelled, character by character: there
is one way for each text, and joined, its symbols are the text again. The symbols of bytes are those
of UTF-8, each as Python's `surrogateescape` writes it.
"""

import codecs
import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.patterns import compile_pattern

BYTES = tuple(bytes([value]).decode("utf-8", "surrogateescape") for value in range(256))
"""The symbol of each byte, by its value: ASCII is itself, and others are lone surrogates."""
APART = ("'", "’")
"""Pieces that may yet become part of the word before them."""

# All pieces are bounded, so that a text in one line can be cut block by block.
_LETTER = r"\p{WB=ALetter}\p{WB=Hebrew_Letter}\p{WB=Katakana}"
_PART = rf"[{_LETTER}][{_LETTER}\p{{M}}]{{0,31}}"
_WORD = rf"{_PART}(?:['’]{_PART}){{0,3}}"
_RUNS = "|".join(f"{one}{{1,32}}" for one in (r"\p{N}", " ", r"\t", *map(re.escape, "-.=_*#~")))
_PIECE = rf"(?s:{_WORD}|{_RUNS}|.)"
_GROWS = rf"(?:{_WORD}['’]?|{_RUNS})"
_CUTTING = "cutting a text into words"
_CONTINUES = 0x80, 0xC0
"""Bytes from the first to below the second go on with a character that another began."""


def cut_into_pieces(text: str) -> list[str]:
    """The pieces of a text; joined, they are the text again.

    >>> cut_into_pieces("Don't say 1865 ...")
    ["Don't", ' ', 'say', ' ', '1865', ' ', '...']
    """
    found: list[str] = compile_pattern(_PIECE, _CUTTING).findall(text)
    return found


def find_open_end(text: str) -> str:
    """What stands at the end of a text and may become another piece by what follows it.

    >>> find_open_end("Say bro"), find_open_end("Say it!"), find_open_end("don'")
    ('bro', '', "don'")
    """
    *before, last = ["", *cut_into_pieces(text)]
    end = before[-1] + last if before and last in APART else last
    grows = compile_pattern(_GROWS, _CUTTING)
    return next((one for one in (end, last) if grows.fullmatch(one)), "")


def spell(text: str, known: Container[str]) -> list[str]:
    """The symbols of a text of words: pieces that are known, and the characters of the others.

    >>> spell("say bro", {"say"})
    ['say', ' ', 'b', 'r', 'o']
    """
    return _spell(cut_into_pieces(text), known)


def _spell(pieces: Iterable[str], known: Container[str]) -> list[str]:
    """The symbols of some pieces."""
    symbols: list[str] = []
    for piece in pieces:
        if piece in known:
            symbols.append(piece)
        else:
            symbols += piece
    return symbols


def split_bytes(text: str) -> list[str]:
    r"""The symbols of a text of bytes.

    >>> split_bytes("é") == ["\udcc3", "\udca9"]
    True
    """
    return [BYTES[value] for value in text.encode()]


def join_bytes(symbols: str) -> str:
    """The text of bytes, joined; what is no whole character is left out, as at a cut end.

    >>> join_bytes("".join(split_bytes("é!"))), join_bytes("".join(split_bytes("é")[1:]) + "!")
    ('é!', '!')
    """
    if symbols.isascii():
        return symbols
    return symbols.encode("utf-8", "surrogateescape").decode("utf-8", "ignore")


def decode_blocks(blocks: Iterable[str]) -> Iterator[str]:
    """The text of bytes, joined and cut anywhere, in blocks of whole characters."""
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    for block in blocks:
        yield decoder.decode(block.encode("utf-8", "surrogateescape"))


def count_characters(symbols: Sequence[str]) -> NDArray[np.intp]:
    """Characters that each symbol has, shape (V,); of a character in bytes, the first has it.

    >>> count_characters(["the", *split_bytes("é")]).tolist()
    [3, 1, 0]
    """
    first, last = (chr(0xDC00 + value) for value in _CONTINUES)
    return np.array([0 if first <= one < last else len(one) for one in symbols], np.intp)


def show_byte(symbol: str) -> str:
    r"""A symbol as text that can be written: that of a byte which is no character by itself.

    >>> show_byte(BYTES[0xE9])
    'bytes:\\xe9'
    """
    if "\udc80" <= symbol <= "\udcff":
        return f"bytes:\\x{ord(symbol) - 0xDC00:02x}"
    return symbol


def cut_blocks(texts: Iterable[str]) -> Iterator[list[str]]:
    """The pieces of a text that comes in blocks, which are cut anywhere."""
    held = ""
    for text in texts:
        pieces = cut_into_pieces(held + text)
        # By what follows, the last may become longer, and so may the word before an apostrophe.
        held = "".join(pieces[-2:])
        yield pieces[:-2]
    yield cut_into_pieces(held)


def count_pieces(blocks: Iterable[list[str]]) -> Counter[str]:
    """How often each piece of a text occurs."""
    counts = Counter[str]()
    for pieces in blocks:
        counts.update(pieces)
    return counts


def choose_words(counts: Counter[str], least: int, most: int) -> list[str]:
    """The pieces that become symbols: those that occur often enough, the most frequent first.

    Args:
        counts: How often each occurs.
        least: Times that one occurs at least.
        most: How many there are at most; of those that are as frequent, the first by code point.
    """
    found = [(-n, piece) for piece, n in counts.items() if len(piece) > 1 and n >= least]
    return [piece for _, piece in sorted(found)[:most]]


def count_symbols(counts: Counter[str], symbols: Collection[str]) -> Counter[str]:
    """How often each symbol occurs, from how often each piece does; in the order of the symbols."""
    known = {*symbols}
    found = Counter(dict.fromkeys(symbols, 0))
    for piece, n in counts.items():
        for symbol in (piece,) if piece in known else piece:
            found[symbol] += n
    return found


def encode_words(blocks: Iterable[list[str]], ids: dict[str, int]) -> Iterator[NDArray[np.uint16]]:
    """The ids of a text of words.

    Args:
        blocks: Its pieces.
        ids: The id of each symbol; each character of the text is one.
    """
    for pieces in blocks:
        symbols = _spell(pieces, ids)
        yield np.fromiter(map(ids.__getitem__, symbols), np.uint16, len(symbols))


def encode_bytes(texts: Iterable[str], edge: str) -> Iterator[NDArray[np.uint16]]:
    """The ids of a text of bytes: their values, and 256 for the edge, a character of one byte."""
    for text in texts:
        ids = np.frombuffer(text.encode(), np.uint8).astype(np.uint16)
        ids[ids == ord(edge)] = len(BYTES)
        yield ids
