"""How likely a text is in each of some languages, in bits. Knows nothing of bytes or encodings.

What is usual in a language is counted from a little text of it (`languages.txt`): which letter
follows which. Anything else, punctuation and letters of other languages, has bits of its own. Bits
are a negative log-probability, to base 2.
"""

import functools
import unicodedata
from dataclasses import dataclass
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.float32]
_PLAIN = "abcdefghijklmnopqrstuvwxyz"
# Romanian has been written with either; encodings have one of them.
_ALIKE = ("şţ", "șț")
_SMOOTHING = 6.0
"""Pseudo-counts after each letter, drawn from the rates of all."""
_RARE = 0.3
"""Pseudo-counts of each letter."""
_BORROWED = 0.03
"""How much English stands in a text of another script."""
_CHARACTERS = {"Simplified Chinese": "gb2312", "Traditional Chinese": "big5", "Japanese": "euc_jp"}
"""Encodings whose first half holds the characters in common use, the second half the others."""
_COMMON_END = {"gb2312": 0xD7, "big5": 0xC6, "euc_jp": 0xCF}
_UNSEEN = 12.5
_UNCOMMON = 18.0
_FOREIGN = 20.0
_ACCENTED = 13.0
_CASES = np.array(
    # To no letter, small, capital, one without case; from the same.
    [[0, 0.2, 2.7, 0], [0, 0, 8, 0.5], [0.5, 0.4, 1, 0.5], [0, 0.5, 2.7, 0]],
    np.float32,
)
"""Bits of a step from one kind of character to the next."""
_USUAL = {" ": 0.3, "\n": 4.0, ",": 4.0, ".": 4.0, "\r": 5.0} | dict.fromkeys("-'\"!?:;()", 6.5)
_USUAL |= dict.fromkeys("“”‘’„«»–—…\xa0", 8.0) | dict.fromkeys("°§€£©®·•½¼²³‚‹›№¿¡ªº×", 11.5)
_USUAL |= dict.fromkeys("、。，「」！？：；（）・", 5.0) | dict.fromkeys("『』《》、～\u3000", 8.0)
_KINDS = {"Cc": 25.0, "Cn": 30.0, "Co": 30.0, "Cs": 30.0, "So": 16.0, "Sm": 15.0, "Mn": 15.0}
_CONTROL = 19.0
_REPEATED = 2.0
_BESIDE = 4.0
"""Bits more of a sign beyond ASCII for each side on which it touches a letter."""
_INSIDE = 6.0
"""Bits more of a quote or the like between two letters."""
_JOINING = frozenset("’…–—·")
_QUOTING = frozenset("“”‘„«»‚‹›")


CODES = {
    "Albanian": "sq",
    "Arabic": "ar",
    "Belarusian": "be",
    "Bulgarian": "bg",
    "Croatian": "hr",
    "Czech": "cs",
    "Danish": "da",
    "Dutch": "nl",
    "English": "en",
    "Esperanto": "eo",
    "Estonian": "et",
    "Finnish": "fi",
    "French": "fr",
    "German": "de",
    "Greek": "el",
    "Hebrew": "he",
    "Hungarian": "hu",
    "Icelandic": "is",
    "Italian": "it",
    "Japanese": "ja",
    "Kazakh": "kk",
    "Korean": "ko",
    "Latvian": "lv",
    "Lithuanian": "lt",
    "Maltese": "mt",
    "Persian": "fa",
    "Polish": "pl",
    "Portuguese": "pt",
    "Romanian": "ro",
    "Russian": "ru",
    "Serbian": "sr",
    "Slovak": "sk",
    "Spanish": "es",
    "Swedish": "sv",
    "Thai": "th",
    "Turkish": "tr",
    "Ukrainian": "uk",
    "Vietnamese": "vi",
    "Welsh": "cy",
    "Simplified Chinese": "zh",
    "Traditional Chinese": "zh",
}
"""The code of each language (ISO 639-1), by its name."""


@dataclass(frozen=True)
class _Language:
    """What is usual in a language.

    Attributes:
        name: Its name.
        ids: Its letters, numbered from 2; 0 is all that is no letter, 1 a letter of another
            language.
        steps: Bits of each step from one to the next, shape (ids, ids).
        characters: The encoding that tells its common characters, if it has thousands.
    """

    name: str
    ids: dict[str, int]
    steps: Bits
    characters: str = ""


@functools.cache
def _load_languages() -> tuple[_Language, ...]:
    """All languages there is a text of."""
    whole = resources.files("burble.data").joinpath("languages.txt").read_text(encoding="utf-8")
    parts = [part.partition("\n") for part in whole.split("\n= ")[1:]]
    texts = {head.partition(":")[0]: text for head, _, text in parts}
    own = {head.partition(":")[0]: head.partition(":")[2].strip() for head, _, _ in parts}
    return tuple(_learn(name, text, own[name], texts["English"]) for name, text in texts.items())


def _learn(name: str, text: str, letters: str, english: str) -> _Language:
    """A language as its little text shows it."""
    if "ș" in text:
        text = text.translate(str.maketrans(*_ALIKE))
    symbols = sorted({c for c in text.lower() + letters + _PLAIN if _is_letter(c)})
    ids = {symbol: number for number, symbol in enumerate(symbols, 2)}
    ids |= {old: ids[new] for old, new in zip(*_ALIKE, strict=True) if new in ids}
    counts = _count_steps(text, ids)
    if sum(c in _PLAIN for c in text.lower()) * 2 < len(text):
        counts += _BORROWED * len(text) / len(english) * _count_steps(english, ids)
    singles = counts.sum(0) + _RARE
    singles[1] = 0
    rates = singles / singles.sum()
    after = counts.sum(1, keepdims=True)
    likely = (counts + _SMOOTHING * rates) / (after + _SMOOTHING)
    likely[1] = rates
    likely[:, 1] = 1
    return _Language(name, ids, -np.log2(likely).astype(np.float32), _CHARACTERS.get(name, ""))


def _count_steps(text: str, ids: dict[str, int]) -> NDArray[np.float64]:
    """How often each letter follows each, shape (ids, ids)."""
    numbers = np.array([ids.get(c, 0) for c in " ".join(text.lower().split())])
    size = max(ids.values()) + 1
    counts = np.zeros((size, size))
    np.add.at(counts, (numbers[:-1], numbers[1:]), 1)
    return counts


def _is_letter(symbol: str) -> bool:
    """Whether a character is part of words."""
    return unicodedata.category(symbol)[0] in "LM"


def identify(text: str) -> tuple[float, str]:
    """The language in which a text is the most likely.

    Returns:
        The bits of the text in it, and its name.

    >>> identify("erdő és mező")[1], identify("λίγο κρύο")[1]
    ('Hungarian', 'Greek')
    """
    text = unicodedata.normalize("NFC", " " + text)
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    unique, inverse = np.unique(points, return_inverse=True)
    symbols = [chr(point) for point in unique]
    general = _count_general(symbols, inverse)
    letters = [symbol.lower() if _is_letter(symbol) else "" for symbol in symbols]
    best = min(
        (
            (_count_letters(language, letters, inverse), language.name)
            for language in _load_languages()
        ),
    )
    return general + best[0], best[1]


def _count_general(symbols: list[str], inverse: NDArray[np.intp]) -> float:
    """Bits of punctuation, capitals and other characters in any language."""
    bits = np.array([_punctuation(symbol) for symbol in symbols], np.float32)[inverse]
    repeated = (inverse[1:] == inverse[:-1]) & (bits[1:] > _REPEATED) & (bits[1:] < _CONTROL)
    bits[1:][repeated] = _REPEATED
    cases = np.array([_case(symbol) for symbol in symbols])[inverse]
    beside = np.array([_beside(symbol) for symbol in symbols], np.float32)[inverse]
    inside = np.array([symbol in _QUOTING for symbol in symbols])[inverse] * _INSIDE
    before, after = cases[:-1] > 0, cases[1:] > 0
    touched = (beside[1:] * before).sum() + (beside[:-1] * after).sum()
    touched += (inside[1:-1] * (before[:-1] & after[1:])).sum()
    return float(bits.sum() + touched + _CASES[cases[:-1], cases[1:]].sum())


def _beside(symbol: str) -> float:
    """Bits more of a sign for each letter it touches."""
    plain = symbol.isascii() or _is_letter(symbol) or symbol in _JOINING | _QUOTING
    return 0.0 if plain or symbol in "、。，「」！？：；（）・『』《》～" else _BESIDE


def _case(symbol: str) -> int:
    """Whether a character is no letter, a small one, a capital, or a letter without case."""
    if not _is_letter(symbol):
        return 0
    return 1 if symbol.islower() else 2 if symbol.isupper() else 3


def _punctuation(symbol: str) -> float:
    """Bits of a character that is no letter, beyond being none."""
    if symbol in _USUAL:
        return _USUAL[symbol]
    kind = unicodedata.category(symbol)
    if kind[0] in "LM":
        return 0.0
    if symbol.isascii():
        return 5.5 if kind == "Nd" else _CONTROL if kind == "Cc" and symbol != "\t" else 9.5
    return _KINDS.get(kind, 14.0)


def _count_letters(language: _Language, letters: list[str], inverse: NDArray[np.intp]) -> float:
    """Bits of the letters in one language."""
    ids = np.array([language.ids.get(c, 1) if c else 0 for c in letters])
    foreign = np.array(
        [_foreign(c, language) if c and i == 1 else 0 for c, i in zip(letters, ids, strict=True)],
        np.float32,
    )
    numbers = ids[inverse]
    return float(language.steps[numbers[:-1], numbers[1:]].sum() + foreign[inverse].sum())


def _foreign(letter: str, language: _Language) -> float:
    """Bits of a letter that the language's little text lacks."""
    if language.characters:
        return _character(letter, language.characters)
    if language.name == "Korean" and "가" <= letter <= "힣":
        return _UNSEEN if _encoded(letter, "euc_kr") else _UNCOMMON
    return _ACCENTED if "\xaa" <= letter <= "\u024f" else _FOREIGN


@functools.lru_cache(1 << 14)
def _character(letter: str, characters: str) -> float:
    """Bits of a Chinese character or a kana that was not seen."""
    if "\u3041" <= letter <= "\u30ff":
        return _UNSEEN if characters == "euc_jp" else _UNCOMMON
    code = _encoded(letter, characters)
    if len(code) != 2 or not "\u3400" <= letter <= "\u9fff":
        return 14.0 if "\uff61" <= letter <= "\uff9f" else _FOREIGN
    return _UNSEEN if code[0] <= _COMMON_END[characters] else _UNCOMMON


def _encoded(letter: str, codec: str) -> bytes:
    """A letter in an encoding; nothing where it has none."""
    return letter.encode(codec, "ignore")
