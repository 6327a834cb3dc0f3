"""What some bytes are likely to be: text, in which encoding, or what else. Knows no files."""

from dataclasses import dataclass

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
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive (a .docx, .odt, .epub or .keras file is one too)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90\x00", "a program"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, such as the weights of a network"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (save it as plain text)"),
    (b"{\\rtf", "a rich text document (save it as plain text)"),
    (b"OggS", "a sound"),
    (b"ID3", "a sound"),
    (b"fLaC", "a sound"),
    (b"SQLite format 3\x00", "a database"),
)
_CONTROLS = bytes({*range(1, 32)} - {*b"\t\n\v\f\r\x1a\x1b"})
_WESTERN = set("éèêëàâäùûüôöîïçñáíóúßæœåøãõÉÈÊÀÂÄÔÖÜÇÑÁÍÓÚÅØÆŒ‘’“”„–—…€«»°§£¿¡©®·•™\xa0")


@dataclass(frozen=True)
class Kind:
    """What bytes are.

    Attributes:
        binary: What they are, with its article, where they are no text; otherwise empty.
        codec: The encoding of text that shows it: by a byte-order mark, or by where its zero
            bytes lie; otherwise empty.
        marked: Whether there is a byte-order mark.
    """

    binary: str = ""
    codec: str = ""
    marked: bool = False


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
        if head.startswith(magic):
            return Kind(binary=what)
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return Kind(binary="a model (safetensors)")
    if codec := _wide(head):
        return Kind(codec=codec)
    return Kind(binary="a binary file" if _is_binary(head) else "")


def _wide(head: bytes) -> str:
    """UTF-16 without its mark, which shows in zero bytes that all lie on one side."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if min(even, odd) * 50 > max(even, odd) or max(even, odd) * 100 < len(head):
        return ""
    if head.isascii() and (even + odd) * 3 < len(head):
        # Plain words with zero bytes between them; wide plain words are half zero bytes.
        return ""
    codec = "utf-16-le" if odd > even else "utf-16-be"
    try:
        text = head[: len(head) // 2 * 2 - 2].decode(codec)
    except UnicodeDecodeError:
        return ""
    return codec if text and sum(map(str.isprintable, text)) > 0.7 * len(text) else ""


def _is_binary(head: bytes) -> bool:
    """Whether so many bytes are zero or control characters that this can't be text."""
    zeros = head.count(0)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return zeros * 1000 > len(head) or controls * 25 > len(head)


def advice(sample: bytes) -> str:
    """Which encoding bytes that are not UTF-8 are likely to be in, as advice for a person.

    Args:
        sample: Some thousand bytes around the first that could not be decoded.

    >>> advice("“Café”, she said".encode("cp1252"))
    'It looks like cp1252; if so, add --encoding cp1252.'
    """
    codec = _wide(sample) or _guess(sample)
    if codec:
        return f"It looks like {codec}; if so, add --encoding {codec}."
    return "If you know its encoding, name it with --encoding."


def _guess(sample: bytes) -> str:
    """The likely one-byte or East Asian encoding of `sample`, or nothing."""
    # charset-normalizer calls short western texts cp1250 or cp1257, so the commonest case by far
    # is settled here: western letters and quotes, and few of them among plain ones.
    high = bytes(byte for byte in sample if byte > 127)
    western = sum(c in _WESTERN for c in high.decode("cp1252", "replace"))
    if len(high) * 3 < len(sample) and western * 20 >= len(high) * 19:
        return "cp1252"
    # Imported here because it takes long and only a failure needs it.
    import charset_normalizer

    best = charset_normalizer.from_bytes(sample).best()
    return "" if best is None or best.encoding in ("utf_8", "ascii") else best.encoding
