"""How often burble's advice on a text's encoding is right.

    python -m benchmarks encodings [--quick] [--first] [--name NAME]

Pieces of 20, 80, 400 and 4,000 bytes in each encoding are read as a person would read a file of
theirs, without naming the encoding; what the message advises is compared with what is true. Text
that an advised encoding reads as it was written counts as right, whatever the encoding's name.

The text (`encodings.txt`) was written for this, apart from the little texts that the rules count
their letters from, and with another subject. Of each language it has two paragraphs; the rules were
made with an eye on the first (`--first`), and the second is measured. Where it is shorter than a
piece, its sentences come again in another order.
"""

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.harness import make_parser, record
from burble.data import encodings
from burble.errors import EncodingError

TEXTS = Path(__file__).with_name("encodings.txt")
LENGTHS = (20, 80, 400, 4_000)
PIECES = 12
ADVICE = re.compile(r"--encoding (\w[\w-]*)")
WEST = "English French German Spanish Portuguese Italian Swedish Danish Finnish Icelandic"
MIDDLE = "Hungarian Polish Czech Slovak Croatian Romanian"
BALTIC = "Lithuanian Latvian Estonian"
CYRILLIC = "Russian Ukrainian Bulgarian Serbian"
LANGUAGES = (
    dict.fromkeys(("cp1252", "latin-1", "iso8859-15", "mac-roman"), WEST)
    | dict.fromkeys(("cp850", "cp437"), "French German Spanish Italian Swedish Finnish")
    | {"cp860": "Portuguese", "cp865": "Danish", "cp861": "Icelandic", "cp863": "French"}
    | {"cp037": WEST, "cp500": WEST}
    | dict.fromkeys(("cp1250", "iso8859-2", "cp852", "mac-latin2"), MIDDLE)
    | {"iso8859-16": "Romanian Hungarian Polish Croatian"}
    | dict.fromkeys(("cp1257", "iso8859-13", "cp775"), BALTIC)
    | {"iso8859-4": BALTIC, "iso8859-10": "Icelandic Lithuanian Estonian"}
    | {"iso8859-3": "Maltese Esperanto", "iso8859-14": "Welsh"}
    | dict.fromkeys(("cp1254", "iso8859-9", "cp857", "mac-turkish"), "Turkish")
    | dict.fromkeys(("cp1251", "iso8859-5", "mac-cyrillic"), CYRILLIC)
    | {"koi8-r": "Russian Bulgarian", "koi8-u": "Ukrainian Russian", "cp866": "Russian Bulgarian"}
    | {"cp855": "Serbian Bulgarian", "kz1048": "Kazakh", "ptcp154": "Kazakh"}
    | dict.fromkeys(("cp1253", "iso8859-7", "cp737", "mac-greek"), "Greek")
    | dict.fromkeys(("cp1255", "iso8859-8", "cp862"), "Hebrew")
    | dict.fromkeys(("cp1256", "iso8859-6", "cp720"), "Arabic")
    | dict.fromkeys(("cp874", "tis-620"), "Thai")
    | {"cp1258": "Vietnamese"}
    | dict.fromkeys(("cp932", "euc-jp", "iso2022-jp"), "Japanese")
    | dict.fromkeys(("gb18030", "gb2312", "hz"), "Simplified Chinese")
    | {"big5": "Traditional Chinese", "cp949": "Korean", "euc-kr": "Korean", "johab": "Korean"}
    | dict.fromkeys(
        ("utf-16-le", "utf-16-be"), f"French Polish {CYRILLIC} Greek Hebrew Arabic Thai Japanese"
    )
)
"""The encodings, and languages that are written in them."""
TOGETHER = ("Simplified Chinese", "Traditional Chinese")
OUTCOMES = ("right", "several, right among them", "no advice", "wrong", "read in silence")


def main() -> None:
    """Measures and records."""
    parser = make_parser(__doc__, "fewer pieces")
    parser.add_argument("--first", action="store_true", help="the paragraphs of the making")
    parser.add_argument("--name", default="encodings", help="the name of the result")
    asked = parser.parse_args()
    texts = paragraphs(0 if asked.first else 1)
    found: Counter[tuple[str, int, str]] = Counter()
    for codec, languages in LANGUAGES.items():
        for length in LENGTHS:
            for truth, data in pieces(codec, named(languages), texts, length, asked.quick):
                found[codec, length, outcome(data, truth)] += 1
    rows = [row("all", found, length) for length in LENGTHS]
    rows += [row(codec, found, None) for codec in LANGUAGES]
    record(asked.name, rows, "percent of the pieces; each encoding's row is of all lengths")


def named(languages: str) -> list[str]:
    """The languages of a list, of which some have two words."""
    return [languages] if languages in TOGETHER else languages.split()


def paragraphs(number: int) -> dict[str, str]:
    """One of the paragraphs of each language."""
    parts = TEXTS.read_text(encoding="utf-8").split("\n= ")[1:]
    heads = [part.strip().partition("\n") for part in parts]
    return {head: text.split("\n\n")[number].strip() for head, _, text in heads}


def pieces(
    codec: str, languages: list[str], texts: dict[str, str], length: int, quick: bool
) -> Iterator[tuple[str, bytes]]:
    """Pieces that are more than ASCII, as text and in the encoding, at most `length` bytes."""
    rng = random.Random(f"{codec} {length}")
    for number in range(4 if quick else PIECES):
        text = writable(texts[languages[number % len(languages)]], codec)
        for _ in range(99):
            piece = cut(text, codec, length, rng)
            if not piece.isascii():
                yield piece, piece.encode(codec)
                break


def writable(text: str, codec: str) -> str:
    """A text in the letters of an encoding; what it has no sign for is written plainly."""
    plain = str.maketrans("“”„«»»’‘–—ѝȘșȚț", '""""""\'\'--иŞşŢţ') | {"…": "...", "œ": "oe"}
    written = []
    for symbol in text:
        for form in (symbol, plain.get(symbol) or plain.get(ord(symbol)), parted(symbol)):
            if form is not None and fits(chr(form) if isinstance(form, int) else form, codec):
                written.append(chr(form) if isinstance(form, int) else form)
                break
    return "".join(written)


def parted(symbol: str) -> str:
    """A Vietnamese letter as its vowel and its tone, as cp1258 writes it."""
    whole = unicodedata.normalize("NFD", symbol)
    tones = [mark for mark in whole if mark in "\u0300\u0301\u0303\u0309\u0323"]
    rest = "".join(mark for mark in whole if mark not in tones)
    return unicodedata.normalize("NFC", rest) + "".join(tones)


def fits(symbol: str, codec: str) -> bool:
    """Whether an encoding has a sign."""
    try:
        symbol.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def cut(text: str, codec: str, length: int, rng: random.Random) -> str:
    """A piece of a text from the beginning of a word, as long as fits into so many bytes."""
    sentences = re.split(r"(?<=[.!?。！？])\s*", text)
    joined = text
    while len(joined.encode(codec)) < 2 * length:
        rng.shuffle(sentences)
        joined += "\n" + " ".join(sentences)
    begins = [m.start() for m in re.finditer(r"(?<=\s)\S|\A", joined)]
    usable = [b for b in begins if len(joined[b:].encode(codec)) >= length] or [0]
    piece = joined[rng.choice(usable) :][:length]
    while len(piece.encode(codec)) > length:
        piece = piece[:-1]
    return piece


def outcome(data: bytes, truth: str) -> str:
    """How a person fares who reads those bytes without naming an encoding."""
    kind = encodings.detect_content_type(data)
    if kind.binary:
        return "wrong"
    advised = [kind.codec] if kind.codec and not kind.marked else []
    if not advised:
        try:
            text = encodings.decode(data, "text")
        except EncodingError as error:
            advised = ADVICE.findall(str(error))
        else:
            return "right" if text == truth else "read in silence"
    if not advised:
        return "no advice"
    if not any(data.decode(codec, "replace") == truth for codec in advised):
        return "wrong"
    return "right" if len(advised) == 1 else "several, right among them"


def row(codec: str, found: Counter[tuple[str, int, str]], length: int | None) -> dict[str, object]:
    """The outcomes of an encoding at all lengths, or of all encodings at one."""
    counts: Counter[str] = Counter()
    for (name, size, what), n in found.items():
        if (length is None and name == codec) or size == length:
            counts[what] += n
    total = counts.total()
    shares = {what: f"{counts[what] / total:.1%}" for what in OUTCOMES}
    return {"encoding": codec, "bytes": length or "all", "pieces": total, **shares}
