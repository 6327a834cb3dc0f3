"""Which encodings some bytes may be in, by how likely a text each makes of them. Knows no files."""

import codecs
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from burble.data import languages

# Bits of each encoding beforehand, its prior: those in wide use first. Where several read the
# bytes alike, the first of them is named.
NARROW = (
    {"cp1252": 0, "cp1250": 1, "cp1251": 1}
    | dict.fromkeys(("cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp874"), 1.5)
    | dict.fromkeys(("cp932", "euc_jp", "gb18030", "big5hkscs", "cp950", "cp949"), 2)
    | dict.fromkeys(("koi8_r", "iso8859_2", "latin_1", "iso8859_15", "cp1258"), 3)
    | dict.fromkeys(("iso8859_5", "iso8859_7", "iso8859_8", "iso8859_6", "iso8859_9"), 4)
    | dict.fromkeys(("cp850", "cp437", "cp852", "cp866", "mac_roman", "koi8_u"), 4)
    | dict.fromkeys(("iso8859_13", "iso8859_4", "iso8859_10", "iso8859_16", "tis_620"), 5)
    | dict.fromkeys(("cp737", "cp857", "cp862", "cp775", "cp855", "cp720", "cp869"), 6)
    | dict.fromkeys(("mac_latin2", "mac_cyrillic", "mac_greek", "mac_turkish"), 6)
    | dict.fromkeys(("mac_croatian", "mac_romanian", "mac_iceland"), 7)
    | dict.fromkeys(("cp865", "cp860", "cp861", "cp863", "iso8859_3", "iso8859_14"), 7)
    | dict.fromkeys(("johab", "kz1048", "ptcp154", "euc_jis_2004", "cp037", "cp500"), 9)
)
WIDE = {"utf_16_le": 0, "utf_16_be": 1, "utf_32_le": 3, "utf_32_be": 3}
_HOMES = (
    dict.fromkeys(("cp932", "euc_jp", "euc_jis_2004"), ("Japanese",))
    | dict.fromkeys(
        ("gb18030", "big5hkscs", "cp950"), ("Simplified Chinese", "Traditional Chinese")
    )
    | dict.fromkeys(("cp949", "johab"), ("Korean",))
)
"""The languages of encodings that have the letters of others too."""
_AWAY = 8.0
"""Bits of another language there."""
_CUT = 12.0
"""Bits of a last character that is cut."""
_MOST = 1500
"""Bytes that are read in each encoding."""
_AROUND = 4
"""Words on each side of one beyond ASCII that tell its language."""
_DOUBT = 7.0
"""Bits by which the best must be better than the next to be named alone."""
_SURELY = 20.0
"""Bits by which another must be better than the one that was named, for a word on it."""
_LISTED = 5
_SAMPLE = 48
"""Characters of a sample line."""
_CONTROLS = bytes({*range(1, 32)} - {*b"\t\n\v\f\r\x1a\x1b"})
_POOR = 7.0
"""Bits a byte beyond which a reading is no text; bytes drawn at random have eight."""
_POOR_WIDE = (7.5, 13.0)
"""The same a letter, for letters of several bytes: of some dozens, and of thousands."""
_EASTERN = frozenset(name for names in _HOMES.values() for name in names)
_CHUNKS = re.compile(rb"[^\x00-\x2f]*[\x00-\x2f]+|[^\x00-\x2f]+")


@dataclass(frozen=True)
class Guess:
    """An encoding that some bytes may be in.

    Attributes:
        codec: Its name.
        text: The bytes, read in it.
        bits: Its negative log-probability, to base 2; less is likelier.
        language: The language it seems to be in.
    """

    codec: str
    text: str
    bits: float
    language: str


def detect_narrow(sample: bytes) -> list[Guess]:
    """The encodings in which bytes that are not UTF-8 may be, the likeliest first.

    Args:
        sample: Some thousand bytes, parted from what surrounds them anywhere.

    Returns:
        One, where there is hardly a doubt; several, of which a person has to choose; or none.
    """
    near = _near(_whole(sample))
    return _rank(NARROW, sample, near)


def detect_better(sample: bytes, codec: str) -> tuple[Guess, Guess] | None:
    """An encoding in which bytes read much better than in the one that was named.

    Args:
        sample: Some thousand bytes.
        codec: The encoding that was named.

    Returns:
        How they read in that, and how in the better one; None where there is none.
    """
    near = _near(_whole(sample))
    named = _readings({codec: 0}, near, near)
    best = _rank({"utf_8": 0} | NARROW, near, near)
    if not named or not best or best[0].bits + _SURELY > named[0].bits:
        return None
    return named[0], best[0]


def detect_wide(sample: bytes) -> list[Guess]:
    """The same for encodings in which even plain letters take two or four bytes.

    None where hardly a byte is zero or a control character, or where the bytes read better as a
    byte a letter, with zeros between words.
    """
    if (sample.count(0) + count_controls(sample)) * 50 < len(sample):
        return []
    some = sample[: 2 * _MOST]
    found = _rank(WIDE, sample, some)
    apart = languages.identify(some.replace(b"\x00", b"\n").decode("latin-1"))[0] if found else 0.0
    return [
        g
        for g in found
        if g.bits < apart and g.bits < _POOR_WIDE[g.language in _EASTERN] * len(g.text)
    ]


def _whole(sample: bytes) -> bytes:
    """A sample without what may be half a word at its beginning."""
    first = re.search(rb"[\x00-\x2f]", sample[:200])
    return sample[first.end() :] if first and len(sample) > 4000 else sample


def _near(sample: bytes) -> bytes:
    """The words beyond ASCII with their neighbours, for which alone the encoding matters."""
    chunks = _CHUNKS.findall(sample)
    beyond_ascii = [not chunk.isascii() for chunk in chunks]
    kept, size = [], 0
    for place, chunk in enumerate(chunks):
        if any(beyond_ascii[max(0, place - _AROUND) : place + _AROUND + 1]):
            kept.append(chunk)
            size += len(chunk)
        if size > _MOST:
            break
    return b"".join(kept)[: 2 * _MOST]


def _rank(priors: Mapping[str, float], sample: bytes, near: bytes) -> list[Guess]:
    """The best readings, as far as they are any good."""
    ranked = _readings(priors, sample, near)
    if not ranked or ranked[0].bits > _POOR * len(near):
        return []
    return [g for g in ranked[:_LISTED] if g.bits < ranked[0].bits + _DOUBT]


def _readings(priors: Mapping[str, float], sample: bytes, near: bytes) -> list[Guess]:
    """All readings, the best first, those that are alike named once."""
    found: dict[str, Guess] = {}
    for codec, prior in priors.items():
        whole, some = decode_part(sample, codec), decode_part(near, codec)
        if whole is None or some is None or whole[0] in found:
            continue
        bits, language = languages.identify(some[0])
        bits += prior + _CUT * some[1] + _AWAY * (codec in _HOMES and language not in _HOMES[codec])
        found[whole[0]] = Guess(codec, some[0], bits, language)
    return sorted(found.values(), key=lambda guess: guess.bits)


def decode_part(data: bytes, codec: str) -> tuple[str, bool] | None:
    """Bytes as text, and whether its last character is cut; None where they are no such text."""
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        text = decoder.decode(data)
    except UnicodeDecodeError:
        return None
    return text, bool(decoder.getstate()[0])


def split_words(sample: bytes, size: int) -> list[bytes]:
    """A sample in pieces of whole words, each of about so many bytes, as far as it has spaces."""
    found = [b""]
    for chunk in _CHUNKS.findall(sample):
        if found[-1] and len(found[-1]) + len(chunk) > size:
            found.append(b"")
        found[-1] += chunk
    return found


def is_common_chinese(pairs: bytes) -> bool:
    """Whether pairs of bytes below 128 are Chinese in HZ: characters in common use, mostly."""
    common = sum(0x30 <= first < 0x58 or first in (0x21, 0x23) for first in pairs[0::2])
    return common * 10 >= len(pairs) // 2 * 9


def count_controls(head: bytes) -> int:
    """How many control characters there are that no text has."""
    return len(head) - len(head.translate(None, _CONTROLS))


def advise(sample: bytes) -> str:
    """Which encodings bytes that are not UTF-8 may be in, as advice for a person.

    Args:
        sample: Some thousand bytes around the first that could not be decoded.

    Returns:
        A sentence; where there is doubt it is followed by a line for each encoding, which shows
        how the same piece of the text reads in it.

    >>> advise("“Café”, she said".encode("cp1252")).partition(" (for all")[0]
    'It looks like cp1252 (it reads: “Café”, she said); if so, add --encoding cp1252'
    """
    guesses = detect_wide(sample) or detect_narrow(sample)
    if not guesses:
        return "If you know its encoding, name it with --encoding."
    readings = _read_alike(sample, guesses)
    if len(guesses) == 1:
        name = guesses[0].codec
        return (
            f"It looks like {name} (it reads: {readings[0]}); if so, add --encoding {name} (for "
            "all texts read together: where others are UTF-8, save this one as UTF-8 instead)."
        )
    lines = [
        f"\n  --encoding {guess.codec:<12} {line}"
        for guess, line in zip(guesses, readings, strict=True)
    ]
    return "Which encoding it is in cannot be told for sure; add the one that reads right:" + (
        "".join(lines)
    )


def describe_mismatch(head: bytes, encoding: str) -> str:
    """What to say of a text that reads much better in another encoding than the named one.

    Args:
        head: The first bytes.
        encoding: What was named, an encoding that Python knows.

    Returns:
        What follows the text's name in a sentence; nothing where all is well.

    >>> describe_mismatch("Győr és Fertőd esős".encode("cp1250"), "cp1252")
    'is read as cp1252, but looks like cp1250: Győr és Fertőd esős, not Gyõr és Fertõd esõs.'
    """
    codec = codecs.lookup(encoding).name
    if codec.startswith(("utf-16", "utf-32")):
        return _describe_narrow(head, encoding)
    if codec.startswith("utf"):
        return ""
    first = next((place for place, byte in enumerate(head) if byte > 127), len(head))
    sample = head[max(0, first - _SAMPLE) :][:8192]
    if first == len(head) or not (found := detect_better(sample, encoding)):
        return ""
    named, best = _read_alike(sample, found)
    codec = found[1].codec.replace("utf_8", "utf-8")
    return f"is read as {encoding}, but looks like {codec}: {best}, not {named}."


def _describe_narrow(head: bytes, encoding: str) -> str:
    """The same where each letter would take two or four bytes, but all is good UTF-8."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return ""
    # Where plain letters take more than a byte, the others are zero.
    if "\0" in text:
        return ""
    return f"is read as {encoding}, but looks like utf-8: {' '.join(text.split())[:_SAMPLE]}."


def _read_alike(sample: bytes, guesses: Sequence[Guess]) -> list[str]:
    """One piece of the sample as each encoding reads it: the piece that tells them apart best."""
    pieces = split_words(sample, _SAMPLE) or [sample]
    read = [[piece.decode(guess.codec, "replace") for guess in guesses] for piece in pieces]
    best = max(read, key=lambda texts: (len(set(texts)), not all(map(str.isascii, texts))))
    return ["".join(c if c.isprintable() else " " for c in t).strip()[:_SAMPLE] for t in best]
