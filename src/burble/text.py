"""Bytes to clean text, every change counted. Knows nothing of where the text came from.

The same cleaning is applied to a corpus, to prompts and to stop strings, so it is stored in the
model as a `TextSettings`.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, fields

import charset_normalizer

from burble.errors import EncodingError
from burble.settings import TextSettings

BOM = "\ufeff"
_NEWLINES = re.compile("\r\n?|[\u0085\u2028]")
_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)


@dataclass
class Changes:
    """How many characters each step of the cleaning touched.

    Attributes:
        marks: Byte-order marks removed.
        newlines: Line ends that were not a plain newline, made one.
        composed: Characters fewer (or more) after Unicode composition (NFC).
        lowercased: Characters made lower case.
        punctuation: Punctuation characters removed.
    """

    marks: int = 0
    newlines: int = 0
    composed: int = 0
    lowercased: int = 0
    punctuation: int = 0

    def add(self, other: "Changes") -> None:
        """Adds the counts of `other` to these."""
        for field in fields(self):
            total = getattr(self, field.name) + getattr(other, field.name)
            setattr(self, field.name, total)

    def sentences(self) -> list[str]:
        """One phrase for each kind of change that happened, for a person to read."""
        phrases = {
            "marks": "byte-order marks removed",
            "newlines": "line ends made plain newlines",
            "composed": "characters joined with their accents (NFC)",
            "lowercased": "characters made lower case",
            "punctuation": "punctuation characters removed",
        }
        return [f"{n:,} {phrases[name]}" for name, n in vars(self).items() if n]


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Turns the bytes of one source into text, strictly.

    Args:
        data: The whole source.
        name: What to call the source in a message.
        encoding: The encoding the person named, or None for UTF-8 (UTF-16 and UTF-32 are
            recognised by their byte-order mark).

    Returns:
        The text, without a byte-order mark at its start.

    Raises:
        EncodingError: The bytes are not text in that encoding; names line and byte.
    """
    marked = next((codec for mark, codec in _MARKS if data.startswith(mark)), "utf-8")
    codec = encoding or marked
    try:
        return data.decode(codec).removeprefix(BOM)
    except LookupError as error:
        raise EncodingError(
            f"{encoding!r} is no encoding Python knows. Try utf-8, cp1252 or utf-16."
        ) from error
    except UnicodeDecodeError as error:
        raise EncodingError(_undecodable(data, name, codec, error.start)) from error


def _undecodable(data: bytes, name: str, codec: str, start: int) -> str:
    """The sentence for bytes that `codec` cannot decode at byte offset `start`."""
    line = data.count(b"\n", 0, start) + 1
    said = (
        f"{name} is not {codec} text: line {line:,}, byte {start:,} is 0x{data[start]:02x}. "
        "Nothing was read from it. "
    )
    return said + _encoding_advice(data, start)


def _encoding_advice(data: bytes, start: int) -> str:
    """Which encoding the bytes around offset `start` are likely to be in, as advice."""
    if b"\x00" in data[:65536]:
        return "It looks like a binary file, not text; leave it out."
    sample = data[max(0, start - 4096) : start + 4096]
    # The Windows code page is by far the commonest, and its quotes lie where ISO-8859 has nothing.
    if any(0x91 <= byte <= 0x97 for byte in sample):
        return "It looks like cp1252; if so, add --encoding cp1252."
    best = charset_normalizer.from_bytes(data[:65536]).best()
    if best is None or best.encoding in ("utf_8", "ascii"):
        return "If you know its encoding, name it with --encoding."
    return f"It may be {best.encoding}; if so, add --encoding {best.encoding}."


def clean(text: str, settings: TextSettings) -> tuple[str, Changes]:
    r"""Makes newlines one, composes accents (NFC), and lowers or strips where asked.

    Cleaning twice changes nothing more. Marks inside the text are removed and counted, since two
    joined files leave one in the middle.

    Args:
        text: Decoded text.
        settings: What is asked for.

    Returns:
        The clean text, and what was changed.

    >>> clean("A\r\nb", TextSettings(lowercase=True))[0]
    'a\nb'
    """
    changes = Changes(marks=text.count(BOM))
    text = text.replace(BOM, "")
    if not text.isascii() or "\r" in text:
        text, changes.newlines = _NEWLINES.subn("\n", text)
        text, changes.composed = _compose(text)
    if settings.lowercase:
        # Lowering can undo composition (U+0130), so compose once more.
        lowered = unicodedata.normalize("NFC", text.lower())
        changes.lowercased = sum(map(str.isupper, text)) if lowered != text else 0
        text = lowered
    if settings.strip_punctuation:
        kept = "".join(filter(_is_kept, text))
        changes.punctuation = len(text) - len(kept)
        # What stood on either side of a removed character may now compose.
        text = unicodedata.normalize("NFC", kept)
    return text, changes


def _compose(text: str) -> tuple[str, int]:
    """`text` in NFC, and by how many characters its length changed."""
    if unicodedata.is_normalized("NFC", text):
        return text, 0
    composed = unicodedata.normalize("NFC", text)
    return composed, max(1, abs(len(text) - len(composed)))


def _is_kept(symbol: str) -> bool:
    """Whether `symbol` survives the removal of punctuation: letters, digits, marks, white space."""
    return symbol.isspace() or unicodedata.category(symbol)[0] in "LMN"


def blocks(text: str, size: int = 1 << 20) -> Iterator[str]:
    """Cuts `text` into pieces of about `size` characters, each ending at a newline if there is one.

    Args:
        text: Any text.
        size: Characters a piece, about.

    Yields:
        The pieces; joined, they are `text`.
    """
    start = 0
    while start < len(text):
        cut = text.rfind("\n", start, start + size) + 1 if start + size < len(text) else len(text)
        cut = cut if cut > start else min(start + size, len(text))
        yield text[start:cut]
        start = cut


def bare(symbol: str) -> str:
    """A letter without its accents.

    >>> bare("é")
    'e'
    """
    decomposed = unicodedata.normalize("NFKD", symbol)
    return "".join(c for c in decomposed if not unicodedata.combining(c))
