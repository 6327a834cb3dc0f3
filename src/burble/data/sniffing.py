"""What some bytes are likely to be: text, in which encoding, or what else. Knows no files."""

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

from burble.data import guessing
from burble.data.guessing import Guess

HEAD = 65_536
"""Bytes at the start of a source that are looked at."""

MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_MAGIC = (
    # Where a magic word is made of letters, what must follow it is asked for too: texts may
    # begin with any word.
    (rb"\xff\xd8\xff", "a JPEG image"),
    (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
    (rb"GIF8[79]a.{0,7}[\x00-\x08\x80-\xff]", "a GIF image"),
    (rb"%PDF-[12]\.\d\s*[\r\n]", "a PDF document"),
    (rb"PK\x03\x04", "a ZIP archive (a .docx, .odt, .epub or .keras file is one too)"),
    (rb"\x1f\x8b", "a gzip archive"),
    (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "a bzip2 archive"),
    (rb"\xfd7zXZ\x00", "an xz archive"),
    (rb"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (rb"\x7fELF", "a program"),
    (rb"MZ\x90\x00", "a program"),
    (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, such as the weights of a network"),
    (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (save it as plain text)"),
    (rb"\{\\rtf\d?[\\{} \r\n]", "a rich text document (save it as plain text)"),
    (rb"OggS\x00[\x00-\x07]", "a sound"),
    (rb"ID3[\x02-\x04][\x00-\x0f].[\x00-\x7f]{4}", "a sound"),
    (rb"fLaC[\x00\x80]\x00\x00\x22", "a sound"),
    (rb"SQLite format 3\x00", "a database"),
)
_CONTROLS = bytes({*range(1, 32)} - {*b"\t\n\v\f\r\x1a\x1b"})
_JAPANESE = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004")
_ESCAPES = ((re.compile(rb"\x1b\$[@B(]"), _JAPANESE), (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)))
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
_SAMPLE = 48
_OF_NAMES = {"idna", "punycode"}
"""Codecs that read the names of machines, not texts."""
"""Characters of a sample line."""


@dataclass(frozen=True)
class Kind:
    """What bytes are.

    Attributes:
        binary: What they are, with its article, where they are no text; otherwise empty.
        codec: The encoding of text that shows it: by a byte-order mark, by how well it reads in
            two or four bytes a letter, or by escape sequences; otherwise empty.
        marked: Whether there is a byte-order mark.
        sure: Whether the bytes cannot be text in any encoding of one byte a letter.
    """

    binary: str = ""
    codec: str = ""
    marked: bool = False
    sure: bool = False


def kind(head: bytes) -> Kind:
    r"""What a source is, by its first bytes.

    Args:
        head: The first bytes, at most `HEAD` of them.

    >>> kind(b"\xff\xd8\xff\xe0").binary
    'a JPEG image'
    >>> kind("Ἀχιλλεύς".encode("utf-16")).codec
    'utf-16'
    """
    for mark, codec in MARKS:
        if head.startswith(mark):
            return Kind(codec=codec, marked=True)
    for magic, what in _MAGIC:
        if re.match(magic, head, re.DOTALL):
            return Kind(binary=what, sure=_is_binary(head))
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return Kind(binary="a model (safetensors)", sure=True)
    if codec := _wide(head) or escaped(head):
        return Kind(codec=codec)
    return Kind(binary="a binary file" if _is_binary(head) else "")


def _wide(head: bytes) -> str:
    """UTF-16 or UTF-32 without its mark: full of control characters, but it reads well."""
    if (head.count(0) + _controls(head)) * 50 < len(head):
        return ""
    guesses = guessing.wide(head)
    return guesses[0].codec.replace("_", "-") if guesses else ""


def escaped(block: bytes) -> str:
    r"""The encoding of text that is all ASCII, but for the signs that switch to other letters.

    Args:
        block: Bytes of a text, from anywhere in it.

    Returns:
        The encoding's name, or nothing.

    >>> escaped("猫は".encode("iso2022_jp")), escaped(b"\x1b[1mbold")
    ('iso2022_jp', '')
    """
    # One byte is found many times faster than two.
    if (b"\x1b" not in block and b"~" not in block) or not block.isascii():
        return ""
    for signs, names in _ESCAPES:
        if signs.search(block):
            return next((name for name in names if guessing.read(block, name)), "")
    pairs = b"".join(_HZ.findall(block))
    return "hz" if pairs and guessing.is_common_chinese(pairs) else ""


def _controls(head: bytes) -> int:
    """How many control characters there are that no text has."""
    return len(head) - len(head.translate(None, _CONTROLS))


def _is_binary(head: bytes) -> bool:
    """Whether so many bytes are zero or control characters that this can't be text."""
    return head.count(0) * 1000 > len(head) or _controls(head) * 25 > len(head)


def told(codec: str, name: str) -> str:
    """What to say of a source that shows its encoding without a byte-order mark."""
    if codec.startswith("utf"):
        return f"{name} is {codec} text without a byte-order mark; add --encoding {codec}."
    return (
        f"{name} looks like {codec} text: it switches between alphabets by signs that are all "
        f"ASCII. Add --encoding {codec}, or ascii to read the signs themselves as text."
    )


def advice(sample: bytes) -> str:
    """Which encodings bytes that are not UTF-8 may be in, as advice for a person.

    Args:
        sample: Some thousand bytes around the first that could not be decoded.

    Returns:
        A sentence; where there is doubt it is followed by a line for each encoding, which shows
        how the same piece of the text reads in it.

    >>> advice("“Café”, she said".encode("cp1252")).partition(" (for all")[0]
    'It looks like cp1252 (it reads: “Café”, she said); if so, add --encoding cp1252'
    """
    codec = _wide(sample)
    guesses = guessing.wide(sample) if codec else guessing.narrow(sample)
    if not guesses:
        return "If you know its encoding, name it with --encoding."
    shown = _shown(sample, guesses)
    if len(guesses) == 1:
        name = guesses[0].codec
        return (
            f"It looks like {name} (it reads: {shown[0]}); if so, add --encoding {name} (for all "
            "texts read together: where others are UTF-8, save this one as UTF-8 instead)."
        )
    lines = [
        f"\n  --encoding {guess.codec:<12} {line}"
        for guess, line in zip(guesses, shown, strict=True)
    ]
    return "Which encoding it is in cannot be told for sure; add the one that reads right:" + (
        "".join(lines)
    )


def canonical(encoding: str) -> str:
    """Python's own name of an encoding of text; empty where it knows none.

    >>> canonical("UTF8"), canonical("nope"), canonical("rot13"), canonical("idna")
    ('utf-8', '', '', '')
    """
    try:
        b"a".decode(encoding, "ignore")
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError):
        return ""
    return "" if name in _OF_NAMES else name


def unknown(encoding: str) -> str:
    """What to say of an encoding that Python does not know."""
    return f"{encoding!r} is no encoding Python knows. Try utf-8, cp1252 or utf-16."


def misnamed(head: bytes, encoding: str) -> str:
    """What to say of a text that reads much better in another encoding than the named one.

    Args:
        head: The first bytes.
        encoding: What was named.

    Returns:
        What follows the text's name in a sentence; nothing where all is well.

    >>> misnamed("Győr és Fertőd esős".encode("cp1250"), "cp1252")
    'is read as cp1252, but looks like cp1250: Győr és Fertőd esős, not Gyõr és Fertõd esõs.'
    """
    named = canonical(encoding)
    if named.startswith(("utf-16", "utf-32")):
        return _narrow(head, encoding)
    if not named or named.startswith("utf"):
        return ""
    first = next((place for place, byte in enumerate(head) if byte > 127), len(head))
    sample = head[max(0, first - _SAMPLE) :][:8192]
    if first == len(head) or not (found := guessing.better(sample, encoding)):
        return ""
    named, best = _shown(sample, found)
    codec = found[1].codec.replace("utf_8", "utf-8")
    return f"is read as {encoding}, but looks like {codec}: {best}, not {named}."


def _narrow(head: bytes, encoding: str) -> str:
    """The same where each letter would take two or four bytes, but all is good UTF-8."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return ""
    # Where plain letters take more than a byte, the others are zero.
    if "\0" in text:
        return ""
    return f"is read as {encoding}, but looks like utf-8: {' '.join(text.split())[:_SAMPLE]}."


def _shown(sample: bytes, guesses: Sequence[Guess]) -> list[str]:
    """One piece of the sample as each encoding reads it: the piece that tells them apart best."""
    pieces = guessing.pieces(sample, _SAMPLE) or [sample]
    read = [[piece.decode(guess.codec, "replace") for guess in guesses] for piece in pieces]
    best = max(read, key=lambda texts: (len(set(texts)), not all(map(str.isascii, texts))))
    return ["".join(c if c.isprintable() else " " for c in t).strip()[:_SAMPLE] for t in best]
