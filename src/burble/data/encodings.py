"""What bytes are: text, in which encoding, or what else; and bytes to text, block by block.

Knows nothing of where the bytes came from.
"""

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from burble.data import encoding_detection as detection
from burble.data.cleaning import BOM
from burble.errors import EncodingError

HEAD = 65_536
"""Bytes at the start of a source that are looked at."""
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_MAGIC = tuple(
    (re.compile(magic, re.DOTALL), what)
    for magic, what in (
        # Where a magic number is made of letters, what must follow it is checked too: texts may
        # begin with any word.
        (rb"\xff\xd8\xff", "a JPEG image"),
        (rb"\x89PNG\r\n\x1a\n", "a PNG image"),
        (rb"GIF8[79]a.{0,7}[\x00-\x08\x80-\xff]", "a GIF image"),
        (rb"%PDF-[12]\.\d\s*[\r\n]", "a PDF document"),
        (rb"PK\x03\x04", "a ZIP archive (a .keras file is one too)"),
        (rb"\x1f\x8b", "a gzip archive"),
        (rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)", "a bzip2 archive"),
        (rb"\xfd7zXZ\x00", "an xz archive"),
        (rb"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (rb"\x7fELF", "a program"),
        (rb"MZ\x90\x00", "a program"),
        (rb"\x89HDF\r\n\x1a\n", "an HDF5 file, such as the weights of a network"),
        (rb"[\x03\x04]\x00{3}\x01\x00{3}", "a file of Torch7, such as a checkpoint of char-rnn"),
        (rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document (save it as .docx or .odt)"),
        (rb"\{\\rtf\d?[\\{} \r\n]", "a rich text document"),
        (rb"OggS\x00[\x00-\x07]", "a sound"),
        (rb"ID3[\x02-\x04][\x00-\x0f].[\x00-\x7f]{4}", "a sound"),
        (rb"fLaC[\x00\x80]\x00\x00\x22", "a sound"),
        (rb"SQLite format 3\x00", "a database"),
    )
)
_JAPANESE = ("iso2022_jp", "iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004")
_ESCAPES = ((re.compile(rb"\x1b\$[@B(]"), _JAPANESE), (re.compile(rb"\x1b\$\)C"), ("iso2022_kr",)))
_HZ = re.compile(rb"~\{((?:[\x21-\x77][\x21-\x7e])+)~\}")
_OF_NAMES = {"idna", "punycode"}
"""Codecs that read the names of machines, not texts."""
_FEW = 3
"""Letters of UTF-8 of which fewer may stand in a text of another encoding by chance."""
_NEAR = 4096
"""Bytes before and after the first that cannot be decoded, from which the encoding is detected."""


@dataclass(frozen=True)
class ContentType:
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


@lru_cache(maxsize=4)
def detect_content_type(head: bytes) -> ContentType:
    r"""What a source is, by its first bytes.

    Args:
        head: The first bytes, at most `HEAD` of them.

    >>> detect_content_type(b"\xff\xd8\xff\xe0").binary
    'a JPEG image'
    >>> detect_content_type("Ἀχιλλεύς".encode("utf-16")).codec
    'utf-16'
    """
    if codec := _marked_codec(head):
        return ContentType(codec=codec, marked=True)
    for magic, what in _MAGIC:
        if magic.match(head):
            return ContentType(binary=what, sure=_is_binary(head))
    if head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return ContentType(binary="a model (safetensors)", sure=True)
    if wide := detection.detect_wide(head):
        return ContentType(codec=wide[0].codec.replace("_", "-"))
    if codec := find_escape_codec(head):
        return ContentType(codec=codec)
    return ContentType(binary="a binary file" if _is_binary(head) else "")


def _marked_codec(head: bytes) -> str:
    """The codec that a byte-order mark names; empty where there is none."""
    return next((codec for mark, codec in _BYTE_ORDER_MARKS if head.startswith(mark)), "")


def _is_binary(head: bytes) -> bool:
    """Whether so many bytes are zero or control characters that this can't be text."""
    controls = detection.count_controls(head)
    return head.count(0) * 1000 > len(head) or controls * 25 > len(head)


def find_escape_codec(block: bytes) -> str:
    r"""The encoding of text that is all ASCII, but for escape sequences that switch alphabets.

    Args:
        block: Bytes of a text, from anywhere in it.

    Returns:
        The encoding's name, or nothing.

    >>> find_escape_codec("猫は".encode("iso2022_jp")), find_escape_codec(b"\x1b[1mbold")
    ('iso2022_jp', '')
    """
    # One byte is found many times faster than two.
    if (b"\x1b" not in block and b"~" not in block) or not block.isascii():
        return ""
    for sequences, names in _ESCAPES:
        if sequences.search(block):
            return next((name for name in names if detection.decode_part(block, name)), "")
    pairs = b"".join(_HZ.findall(block))
    return "hz" if pairs and detection.is_common_chinese(pairs) else ""


def describe_missing_mark(codec: str, name: str) -> str:
    """What to say of a source that shows its encoding without a byte-order mark."""
    if codec.startswith("utf"):
        return f"{name} is {codec} text without a byte-order mark; add --encoding {codec}."
    return (
        f"{name} looks like {codec} text: it switches between alphabets by escape sequences that "
        f"are all ASCII. Add --encoding {codec}, or ascii to read these sequences as text."
    )


def find_codec(encoding: str) -> str:
    """Python's own name of an encoding of text; empty where it knows none.

    >>> find_codec("UTF8"), find_codec("nope"), find_codec("rot13"), find_codec("idna")
    ('utf-8', '', '', '')
    """
    try:
        b"a".decode(encoding, "ignore")
        name = codecs.lookup(encoding).name
    except (LookupError, UnicodeError):
        return ""
    return "" if name in _OF_NAMES else name


def describe_unknown_encoding(encoding: str) -> str:
    """What to say of an encoding that Python does not know."""
    return f"{encoding!r} is no encoding Python knows. Try utf-8, cp1252 or utf-16."


@dataclass(frozen=True)
class Decoded:
    """The text of one source.

    Attributes:
        pieces: The text in pieces, each decoded when it is taken, without a byte-order mark at its
            start.
        has_mark: Whether there was one.
    """

    pieces: Iterator[str]
    has_mark: bool


def decode(data: bytes, name: str, encoding: str = "") -> str:
    r"""The text of some bytes; see `decode_blocks`.

    >>> decode(b"\xef\xbb\xbfna\xc3\xafve", "f")
    'naïve'
    """
    return "".join(decode_blocks([data], name, encoding).pieces)


def decode_blocks(
    blocks: Iterable[bytes],
    name: str,
    encoding: str = "",
    again: Callable[[], Iterable[bytes]] | None = None,
) -> Decoded:
    """Turns the bytes of one source into text, whatever the machine's locale is.

    Args:
        blocks: The whole source, in blocks of any size.
        name: What to call the source in a message.
        encoding: The encoding the person named, or empty for UTF-8 (UTF-16 and UTF-32 are
            recognised by their byte-order mark).
        again: Gives the blocks again, to count lines up to what is no text. Without it they are
            counted as they are read, which takes a while.

    Returns:
        The text. Taking its pieces raises EncodingError, too.

    Raises:
        EncodingError: The bytes are not text in that encoding; names line and byte.
    """
    stream = iter(blocks)
    head = b""
    for block in stream:
        head += block
        if len(head) >= 4:
            break
    codec = _choose_codec(head, name, encoding)
    pieces = _decode_strictly(chain([head], stream), name, codec, bool(encoding), again)
    start = ""
    for piece in pieces:
        start += piece
        if start:
            break
    marks = {codec for mark, codec in _BYTE_ORDER_MARKS if head.startswith(mark)}
    has_mark = start.startswith(BOM) or codec in marks
    return Decoded(chain([start.removeprefix(BOM)], pieces), has_mark)


def _choose_codec(head: bytes, name: str, encoding: str) -> str:
    """The codec to decode with."""
    marked = _marked_codec(head)
    if not encoding:
        return marked or "utf-8"
    codec = find_codec(encoding)
    if not codec:
        raise EncodingError(f"{name} cannot be read: {describe_unknown_encoding(encoding)}")
    if codec in ("utf-16", "utf-32") and marked != codec:
        # Without a mark the codec would ask the machine; Windows, where such files come from,
        # writes the low byte first.
        return f"{codec}-be" if head[:1] == b"\x00" else f"{codec}-le"
    return codec


def _decode_strictly(
    blocks: Iterable[bytes],
    name: str,
    codec: str,
    named: bool,
    again: Callable[[], Iterable[bytes]] | None,
) -> Iterator[str]:
    """Decodes block by block; an undecodable byte is named by its place in the whole."""
    decoder = codecs.getincrementaldecoder(codec)()
    taken = feeds = returns = letters = 0
    last = b""
    for block in chain(blocks, [b""]):
        taken += len(block)
        if not named and (other := find_escape_codec(block)):
            raise EncodingError(describe_missing_mark(other, name))
        try:
            piece = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            seen = error.object[: error.start]
            wide = codec.startswith(("utf-16", "utf-32"))
            text = seen.decode(codec, "ignore") if wide else seen.decode("latin-1")
            if again:
                feeds, returns = _count_ends(again(), codec, taken - len(error.object))
            line = 1 + _count_lines(feeds + text.count("\n"), returns + text.count("\r"))
            place = f"line {line:,}, byte {taken - len(error.object) + error.start:,}"
            letters += _beyond_ascii(seen.decode("utf-8", "replace"))
            # A letter that two blocks share stands in both.
            before = last[: len(last) - (len(error.object) - len(block))]
            message = _describe_undecodable(error, before, name, codec, place, letters)
            raise EncodingError(message) from error
        if not again:
            feeds += piece.count("\n")
            returns += piece.count("\r")
        letters += 0 if letters >= _FEW or piece.isascii() else _beyond_ascii(piece[:_NEAR])
        last = block if len(block) >= _NEAR else _keep_end(last + block)
        yield piece


def _count_ends(blocks: Iterable[bytes], codec: str, size: int) -> tuple[int, int]:
    """The newlines and the carriage returns in so many of the first bytes."""
    decoder, feeds, returns = codecs.getincrementaldecoder(codec)(), 0, 0
    for block in blocks:
        piece = decoder.decode(block[:size])
        feeds += piece.count("\n")
        returns += piece.count("\r")
        size -= len(block[:size])
        if not size:
            break
    return feeds, returns


def _keep_end(data: bytes) -> bytes:
    """The end of some bytes, cut where letters of two or four bytes stay whole."""
    return data[max(0, len(data) - _NEAR) // 4 * 4 :]


def _count_lines(feeds: int, returns: int) -> int:
    """Line ends among so many characters: old files have returns alone, others have both."""
    return returns if returns > 3 * feeds else feeds


def _describe_undecodable(
    error: UnicodeDecodeError, before: bytes, name: str, codec: str, place: str, letters: int
) -> str:
    """What to say of bytes that `codec` cannot decode.

    Args:
        error: What happened.
        before: Bytes of earlier blocks.
        name: What to call the source.
        codec: What it was decoded with.
        place: Where it happened.
        letters: Letters beyond ASCII that stand before it, or at least some of many.
    """
    byte = error.object[error.start]
    message = f"{name} is not {codec} text: {place} is 0x{byte:02x}. Nothing was read from it. "
    # A multiple of four, so that letters of two or four bytes stay whole.
    near, start = before + error.object, len(before) + error.start
    sample = near[max(0, start - _NEAR) // 4 * 4 : start + _NEAR]
    if not codec.startswith("utf-8"):
        return message + _advise_instead(sample)
    rest = error.object[error.start :]
    ends = error.reason == "unexpected end of data"
    if ends and (letters or _is_begun(rest)):
        return (
            f"{name} is UTF-8 text that is cut short: its last letter, at {place}, is not whole. "
            "Nothing was read from it. Get the whole file, or remove what is left of that letter."
        )
    damaged = "All before it is good UTF-8, so this place may be damaged: mend it there."
    if letters and (_is_mostly_utf8(rest) or (letters < _FEW and _is_mostly_utf8(sample))):
        return message + damaged
    if letters < _FEW:
        # Letters of other encodings look like one of UTF-8 now and then.
        message += "It may be UTF-8 that was cut short. If it is not: " if ends else ""
        return message + detection.advise(sample)
    # To read all of it in the encoding of its second part would spoil the first.
    after = detection.advise(rest[:_NEAR])
    return f"{message}{damaged} Or two files were joined; then part them. Of what follows: {after}"


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


def _advise_instead(sample: bytes) -> str:
    """What to do where the encoding that was named is not the right one."""
    # The sample may begin and end inside a letter.
    if sample.decode("utf-8", "replace").count("\ufffd") > 6:
        return detection.advise(sample)
    return "Name the right encoding with --encoding, or leave it out for UTF-8."
