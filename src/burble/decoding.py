"""Bytes to text, strictly and block by block. Knows nothing of where the bytes came from."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from burble import sniffing
from burble.errors import EncodingError

BOM = "\ufeff"


def decode(
    blocks: Iterable[bytes], name: str, encoding: str = "", notes: list[str] | None = None
) -> Iterator[str]:
    r"""Turns the bytes of one source into text, whatever the machine's locale is.

    Args:
        blocks: The whole source, in blocks of any size.
        name: What to call the source in a message.
        encoding: The encoding the person named, or empty for UTF-8 (UTF-16 and UTF-32 are
            recognised by their byte-order mark).
        notes: Gets a sentence where a byte-order mark was left out.

    Yields:
        The text in pieces, without a byte-order mark at its start.

    Raises:
        EncodingError: The bytes are not text in that encoding; names line and byte.

    >>> "".join(decode([b"\xef\xbb\xbfna\xc3", b"\xafve"], "f"))
    'naïve'
    """
    stream = iter(blocks)
    head = b""
    for block in stream:
        head += block
        if len(head) >= 4:
            break
    codec = _codec(head, name, encoding)
    pieces = _strict(chain([head], stream), name, codec)
    start = ""
    for piece in pieces:
        start += piece
        if start:
            break
    if start.startswith(BOM) or codec in {c for mark, c in sniffing.MARKS if head.startswith(mark)}:
        if notes is not None:
            notes.append(f"{name} starts with a byte-order mark, which is no part of the text.")
        start = start.removeprefix(BOM)
    yield start
    yield from pieces


def _codec(head: bytes, name: str, encoding: str) -> str:
    """The codec to decode with."""
    mark = next((codec for mark, codec in sniffing.MARKS if head.startswith(mark)), "")
    if not encoding:
        return mark or "utf-8"
    try:
        b"a".decode(encoding, "ignore")
        known = codecs.lookup(encoding).name
    except LookupError as error:
        raise EncodingError(
            f"{name} cannot be read: {encoding!r} is no encoding Python knows. "
            "Try utf-8, cp1252 or utf-16."
        ) from error
    if known in ("utf-16", "utf-32") and mark != known:
        # Without a mark the codec would ask the machine; Windows, where such files come from,
        # writes the low byte first.
        return f"{known}-be" if head[:1] == b"\x00" else f"{known}-le"
    return known


def _strict(blocks: Iterable[bytes], name: str, codec: str) -> Iterator[str]:
    """Decodes block by block; an undecodable byte is named by its place in the whole."""
    decoder = codecs.getincrementaldecoder(codec)()
    taken = feeds = returns = 0
    beyond_ascii = False
    for block in chain(blocks, [b""]):
        taken += len(block)
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            seen = error.object[: error.start]
            wide = codec.startswith(("utf-16", "utf-32"))
            text = seen.decode(codec, "ignore") if wide else seen.decode("latin-1")
            line = 1 + max(feeds + text.count("\n"), returns + text.count("\r"))
            place = f"line {line:,}, byte {taken - len(error.object) + error.start:,}"
            mixed = beyond_ascii or (codec == "utf-8" and not seen.isascii())
            raise EncodingError(_sentence(error, name, codec, place, mixed)) from error
        feeds += piece.count("\n")
        returns += piece.count("\r")
        beyond_ascii = beyond_ascii or (codec == "utf-8" and not piece.isascii())
        yield piece


def _sentence(error: UnicodeDecodeError, name: str, codec: str, place: str, mixed: bool) -> str:
    """What to say of bytes that `codec` cannot decode."""
    byte = error.object[error.start]
    said = f"{name} is not {codec} text: {place} is 0x{byte:02x}. Nothing was read from it. "
    if mixed:
        said += "All before it is good UTF-8, so this place may be damaged: mend it there. Or: "
    if not codec.startswith("utf-8"):
        return said + "Name the right encoding with --encoding, or leave it out for UTF-8."
    return said + sniffing.advice(error.object[max(0, error.start - 4096) : error.start + 4096])
