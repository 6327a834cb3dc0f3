"""Bytes to text, strictly and block by block. Knows nothing of where the bytes came from."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain

from burble.data import sniffing
from burble.errors import EncodingError

BOM = "\ufeff"
_FEW = 3
"""Letters of UTF-8 of which fewer may stand in a text of another encoding by chance."""
_NEAR = 4096
"""Bytes before and after the first that cannot be decoded, from which the encoding is told."""


def decode(
    blocks: Iterable[bytes], name: str, encoding: str = "", marked: list[str] | None = None
) -> Iterator[str]:
    r"""Turns the bytes of one source into text, whatever the machine's locale is.

    Args:
        blocks: The whole source, in blocks of any size.
        name: What to call the source in a message.
        encoding: The encoding the person named, or empty for UTF-8 (UTF-16 and UTF-32 are
            recognised by their byte-order mark).
        marked: Gets the name where a byte-order mark was left out.

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
    pieces = _strict(chain([head], stream), name, codec, bool(encoding))
    start = ""
    for piece in pieces:
        start += piece
        if start:
            break
    if start.startswith(BOM) or codec in {c for mark, c in sniffing.MARKS if head.startswith(mark)}:
        if marked is not None:
            marked.append(name)
        start = start.removeprefix(BOM)
    yield start
    yield from pieces


def _codec(head: bytes, name: str, encoding: str) -> str:
    """The codec to decode with."""
    mark = next((codec for mark, codec in sniffing.MARKS if head.startswith(mark)), "")
    if not encoding:
        return mark or "utf-8"
    known = sniffing.canonical(encoding)
    if not known:
        raise EncodingError(f"{name} cannot be read: {sniffing.unknown(encoding)}")
    if known in ("utf-16", "utf-32") and mark != known:
        # Without a mark the codec would ask the machine; Windows, where such files come from,
        # writes the low byte first.
        return f"{known}-be" if head[:1] == b"\x00" else f"{known}-le"
    return known


def _strict(blocks: Iterable[bytes], name: str, codec: str, named: bool) -> Iterator[str]:
    """Decodes block by block; an undecodable byte is named by its place in the whole."""
    decoder = codecs.getincrementaldecoder(codec)()
    taken = feeds = returns = 0
    good = 0
    last = b""
    for block in chain(blocks, [b""]):
        taken += len(block)
        if not named and (other := sniffing.escaped(block)):
            raise EncodingError(sniffing.told(other, name))
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            seen = error.object[: error.start]
            wide = codec.startswith(("utf-16", "utf-32"))
            text = seen.decode(codec, "ignore") if wide else seen.decode("latin-1")
            line = 1 + _lines(feeds + text.count("\n"), returns + text.count("\r"))
            place = f"line {line:,}, byte {taken - len(error.object) + error.start:,}"
            good += _beyond_ascii(seen.decode("utf-8", "replace"))
            # A letter that two blocks share stands in both.
            before = last[: len(last) - (len(error.object) - len(block))]
            raise EncodingError(_sentence(error, before, name, codec, place, good)) from error
        feeds += piece.count("\n")
        returns += piece.count("\r")
        good += 0 if good >= _FEW or piece.isascii() else _beyond_ascii(piece[:_NEAR])
        last = block if len(block) >= _NEAR else _end(last + block)
        yield piece


def _end(data: bytes) -> bytes:
    """The end of some bytes, cut where letters of two or four bytes stay whole."""
    return data[max(0, len(data) - _NEAR) // 4 * 4 :]


def _lines(feeds: int, returns: int) -> int:
    """Line ends among so many characters: old files have returns alone, others have both."""
    return returns if returns > 3 * feeds else feeds


def _sentence(
    error: UnicodeDecodeError, before: bytes, name: str, codec: str, place: str, good: int
) -> str:
    """What to say of bytes that `codec` cannot decode.

    Args:
        error: What happened.
        before: Bytes of earlier blocks.
        name: What to call the source.
        codec: What it was decoded with.
        place: Where it happened.
        good: Letters beyond ASCII that stand before it, or at least some of many.
    """
    byte = error.object[error.start]
    said = f"{name} is not {codec} text: {place} is 0x{byte:02x}. Nothing was read from it. "
    # A multiple of four, so that letters of two or four bytes stay whole.
    near, start = before + error.object, len(before) + error.start
    sample = near[max(0, start - _NEAR) // 4 * 4 : start + _NEAR]
    if not codec.startswith("utf-8"):
        return said + _instead(sample)
    rest = error.object[error.start :]
    ends = error.reason == "unexpected end of data"
    if ends and (good or _is_begun(rest)):
        return (
            f"{name} is UTF-8 text that is cut short: its last letter, at {place}, is not whole. "
            "Nothing was read from it. Get the whole file, or remove what is left of that letter."
        )
    damaged = "All before it is good UTF-8, so this place may be damaged: mend it there."
    if good and (_is_mostly_utf8(rest) or (good < _FEW and _is_mostly_utf8(sample))):
        return said + damaged
    if good < _FEW:
        # Letters of other encodings look like one of UTF-8 now and then.
        said += "It may be UTF-8 that was cut short. If it is not: " if ends else ""
        return said + sniffing.advice(sample)
    # To read all of it in the encoding of its second part would spoil the first.
    after = sniffing.advice(rest[:_NEAR])
    return f"{said}{damaged} Or two files were joined; then part them. Of what follows: {after}"


def _is_begun(rest: bytes) -> bool:
    """Whether a text's last bytes are a letter of UTF-8 that is cut, and hardly one of another.

    A lone byte from 0xc4 on is a usual letter of many encodings at the end of a word.
    """
    return len(rest) > 1 or rest in (b"\xc2", b"\xc3")


def _is_mostly_utf8(sample: bytes) -> bool:
    """Whether more letters beyond ASCII are whole UTF-8 than are not."""
    text = sample[: 2 * _NEAR].decode("utf-8", "replace")
    damaged = text.count("\ufffd")
    return _beyond_ascii(text) - damaged >= damaged


def _beyond_ascii(text: str) -> int:
    """How many characters are more than ASCII."""
    return len(text) - sum(map(str.isascii, text))


def _instead(sample: bytes) -> str:
    """What to do where the encoding that was named is not the right one."""
    # The sample may begin and end inside a letter.
    if sample.decode("utf-8", "replace").count("\ufffd") > 6:
        return sniffing.advice(sample)
    return "Name the right encoding with --encoding, or leave it out for UTF-8."
