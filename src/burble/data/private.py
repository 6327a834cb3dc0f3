"""Private data in a text: e-mail addresses, telephone, card and account numbers; found or masked.

Numbers of cards and accounts are told by their check digits, those of telephones by how they are
written. Knows nothing of files. What is found is never told, only how much and where.

Source: ISO/IEC 7812-1, annex B (Luhn); ISO 13616-1 (IBAN), with ISO/IEC 7064, MOD 97-10.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from burble.formatting import listed, some

KINDS = {"email": "e-mail address", "phone": "telephone number", "card": "card number"}
KINDS |= {"iban": "account number (IBAN)"}
_PLURALS = {"email": "e-mail addresses", "iban": "account numbers (IBAN)"}
_EMAIL = re.compile(
    r"(?<![\w.+-])(?:[\w.+-]{1,32}'(?=[\w.+-]*@))?[\w.+-]{1,64}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_]{2,24}"
)
# In one, or in the groups that stand on cards: other rows of numbers are none.
_CARD = re.compile(
    r"(?<![\d.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{1,3})?"
    r"|\d{4}([ -])\d{6}\2\d{4,5})(?![\d-])"
)
_IBAN = re.compile(
    r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]{4}){2,7}(?:[ -]?[A-Za-z0-9]{1,4})?(?!\w)"
)
_GAP = r"[ .\u00a0/-]{0,2}"
_CUES = (
    "tele(?:ph|f)on[a-z]*|t[eé]l[eéè]phone|tel[eé]fono|telem[oó]vel|telefax|t[eé]l|fax|phone|cell"
    "|cellphone|mobile|mobil|mobilnummer|handy|handynummer|rufnummer|portable|m[oó]vil|celular"
    "|cellulare|gsm|tlf|tfn|puh|puhelin|whatsapp|call|dial|тел|телефон|моб"
    "|(?:my|your|his|her|our|their) number|(?:meine|deine|seine|ihre|unsere) nummer|mon num[eé]ro"
    "|mi n[uú]mero"
)
"""What says of a number after it that it is one of a telephone."""
_LINKS = "number|no|nr|nummer|num[eé]ro|n[uú]mero|is|ist|est|es|at|on|under|unter|me|us|mich|uns|au"
_PHONE = re.compile(
    # With the code of a country.
    rf"(?<![\w+.-])(?:\+|00(?=[1-9]))\d{{1,3}}{_GAP}(?:\(\d{{1,5}}\){_GAP})?\d(?:{_GAP}\d){{5,11}}(?!\d)"
    # As in North America.
    r"|(?<![\w.+-])(?:1[ .-])?(?:\([2-9]\d{2}\) ?|[2-9]\d{2}[.-])\d{3}[ .-]\d{4}(?![\w-])"
    r"|(?<![\w.,+-])(?:1 )?[2-9]\d\d \d{3} \d{4}(?![\w-]|[ .,]\d)"
    # With a zero first, and its parts apart or in one.
    r"|(?<![\w+-])(?<!\d[.:])\(?0\d{1,5}\)?[ \u00a0/-]{1,3}\d{2,}(?:[ \u00a0-]\d{2,}){0,5}(?![\w-])"
    r"|(?<![\w+-])(?<!\d[.:])0\d{9,11}(?![\w-])"
    # In pairs with points, as in France; with a code in brackets, as in Brazil; with an 8 first, as
    # in Russia; of a mobile, as in China.
    r"|(?<![\w+.-])0[1-9](?:\.\d\d){4}(?!\.?\w)|(?<![\w(])\(\d\d\) ?\d{4,5}-\d{4}(?![\w-])"
    r"|(?<![\w+.-])8[ -]?(?:\(\d{3}\) ?|\d{3}[ -])\d{3}-\d\d-\d\d(?![\w-])"
    r"|(?<![\w+.-])1[3-9]\d(?: \d{4}){2}(?![\w-])|(?<![\w+.,-])1[3-9]\d{9}(?![\w.,-]\w|\w)"
    # Mentioned by its number.
    r"|(?<=@)\d{9,15}(?!\w)"
    # Within an area, as in North America; others only where it is said what they are.
    r"|(?<![\w.,+/〒$€£¥#-])(?P<local>[2-9]\d\d-\d{4})(?![\w-]|[.,/]\d)"
    rf"|(?:(?<![^\W_])(?i:{_CUES})(?![^\W\d_])|[☎☏📞📱]\ufe0f?|電話|电话|手机|携帯|전화)"
    rf"[^\w\n+(@]{{0,4}}(?:(?i:{_LINKS})(?![^\W\d_])[^\w\n+(@]{{1,3}}){{0,3}}"
    r"(?P<called>\d{2,}(?:[ .\u00a0/-]\d{2,}){0,5})(?![\w-]|[.,:/]\d)"
)
_LEAST, _MOST = 8, 15
"""Digits of a telephone number with the code of a country, by ITU-T E.164, or a little fewer."""
_DIGITS = re.compile(r"\d(?:[ ()./\u00a0-]{0,3}\d){4}")
"""What any number that is sought has in it; found fast."""
_MOST_PLAIN = 12
_NEAR = 1 << 20
_GAPS = re.compile(r"[ /\u00a0-]")
_YEARS = re.compile(r"(?:19|20)\d\d(?:[ -](?:19|20)\d\d)+")
_PAIRS = re.compile(r"\d\d(?:[ \u00a0]\d\d)+")
_DAY = re.compile(r"\d{1,2}[ ./-]\d{1,2}[ ./-]\d{4}")
_NUMBERED = re.compile(r"(?:ISBN|ISSN)(?:-1[03])?:? ?[\d-]*$")
_DATE = re.compile(
    r"(?:(?:[0-3]?\d[./-][01]?\d|[01]?\d/[0-3]?\d)[./-](?:\d\d|\d{4})|(?:1\d|20)\d\d[./-](?:\d\d[./-]\d\d|"
    r"(?:1\d|20)\d\d))(?![./-]?\d)"
)
_AMOUNT = re.compile(r"\d+\.\d\d|\d{1,3}(?:[ .]\d{3})*[ .]?000")
_LEAST_CALLED, _MOST_CALLED = 5, 13
_YEAR = 2100
_PLACES = 5
_BETWEEN_WORDS = re.compile(r"[^\W\d_] (?=[^\W\d_])")
_HELD = 80
"""Characters at the end of a piece in which something may have begun."""
_ISSUERS = ("3", "4", "5", "6", "2")


@dataclass
class _Found:
    """What was found of one kind: how many, and where the first few are."""

    count: int = 0
    places: list[str] = field(default_factory=list)


@dataclass
class PrivateData:
    """What was found so far.

    Attributes:
        is_masked: Whether it is masked, too.
        source: What is read.
        line: The line of it, from 1; 0 where it has no lines of its own.
        found: By kind.
    """

    is_masked: bool = False
    source: str = ""
    line: int = 0
    found: dict[str, _Found] = field(default_factory=dict)

    def begin_source(self, name: str, *, is_text: bool) -> None:
        """Another source is read from now on; only of a text are lines told."""
        self.source, self.line = name, int(is_text)

    def read(self, pieces: Iterable[str]) -> Iterator[str]:
        """A text as it goes on: masked, if that is wanted, and otherwise as it came.

        Args:
            pieces: A text, cut anywhere.
        """
        held = ""
        for piece in pieces:
            held += piece
            cut = _find_cut(held)
            if cut:
                yield self._pass(held[:cut])
                held = held[cut:]
        if held:
            yield self._pass(held)

    def mask(self, text: str) -> str:
        """A short text, masked or as it came; see `read`."""
        return "".join(self.read([text]))

    def _pass(self, text: str) -> str:
        """A stretch in which whatever begins also ends."""
        if "@" not in text and not _DIGITS.search(text):
            self.line += text.count("\n") * (self.line > 0)
            return text
        lines = text.splitlines(keepends=True)
        for place, line in enumerate(lines):
            if "@" in line:
                lines[place] = self._pass_kind("email", _EMAIL, lines[place])
            if _DIGITS.search(line):
                for kind, pattern in _NUMBERS.items():
                    lines[place] = self._pass_kind(kind, pattern, lines[place])
            self.line += line.count("\n") * (self.line > 0)
        return "".join(lines)

    def _pass_kind(self, kind: str, pattern: re.Pattern[str], text: str) -> str:
        """The same for one kind, of a line."""
        parts, done, place, last = list[str](), 0, 0, -_NEAR
        while match := pattern.search(text, place):
            place = match.start() + 1
            span = _find_span(kind, text, match, last)
            if span is None:
                continue
            begin, end = span
            found = self.found.setdefault(kind, _Found())
            found.count += 1
            if len(found.places) < _PLACES:
                where = f"{self.source}, line {self.line:,}" if self.line else self.source
                found.places.append(where)
            parts += [text[done:begin], f"[{kind}]"]
            done = place = last = end
        return "".join([*parts, text[done:]]) if self.is_masked else text

    def describe(self) -> list[str]:
        """One sentence on all that was found; none where nothing was."""
        if not self.found:
            return []
        counts = [_some(kind, found.count) for kind, found in self.found.items()]
        first = listed([*Counter(p for one in self.found.values() for p in one.places)], most=3)
        if self.is_masked:
            masks = listed([f"[{kind}]" for kind in self.found])
            return [f"Masked as {masks}: {', '.join(counts)}."]
        return [
            f"Private data: {', '.join(counts)}, first in {first}. A model may write them again; "
            "--mask-private puts [email] and the like in their place."
        ]

    def to_json(self) -> dict[str, object]:
        """What was found, in JSON types."""
        return {
            kind: {"count": found.count, "places": found.places, "masked": self.is_masked}
            for kind, found in self.found.items()
        }


def _some(kind: str, count: int) -> str:
    """So many of a kind."""
    if count != 1 and kind in _PLURALS:
        return f"{count:,} {_PLURALS[kind]}"
    return some(count, KINDS[kind])


def _find_cut(text: str) -> int:
    """Where a text can be cut without cutting anything that is sought; 0 for nowhere."""
    cut = text.rfind("\n") + 1
    if cut or len(text) <= 1 << 16:
        return cut
    # One long line: at a blank between two words, as far from the end as all that is sought.
    cut = len(text) - _HELD
    places = [found.end() for found in _BETWEEN_WORDS.finditer(text, cut // 2, cut)]
    return places[-1] if places else cut


def is_card(text: str) -> bool:
    """Whether digits are the number of a card, by its length, its first digit and its last.

    >>> is_card("4111 1111 1111 1111"), is_card("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(char) for char in text if char.isdigit()]
    if _YEARS.fullmatch(text):
        return False
    if not 13 <= len(digits) <= 19 or str(digits[0]) not in _ISSUERS or len({*digits}) < 2:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether it is the number of an account, by its check digits.

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    plain = text.replace(" ", "").replace("-", "").upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def is_phone(text: str) -> bool:
    """Whether what is written like a telephone number has as many digits as one, and is no date.

    >>> is_phone("+49 171 1234567"), is_phone("0 12"), is_phone("01 02 2024")
    (True, False, False)
    """
    coded = text[0] in "+@" or text.startswith("00") or text.isdigit()
    most = _MOST if coded else _MOST_PLAIN - (text[0] == "(")
    digits = sum(char.isdigit() for char in text)
    plain = not _DAY.fullmatch(text) and not _is_book(text) and not _is_row(text)
    return _LEAST <= digits <= most and plain


def _is_row(text: str) -> bool:
    """Whether pairs of digits are a row of numbers: no telephone has others than five pairs.

    >>> _is_row("01 02 03 04 05"), _is_row("04 12 23 34 42 49"), _is_row("01 23 45 67 89")
    (True, True, False)
    """
    groups = re.findall(r"\d+", text)
    if any(len(group) != 2 for group in groups):
        return False
    numbers = [*map(int, groups)]
    return len(groups) != 5 or all(b - a == 1 for a, b in pairwise(numbers))


def _is_book(text: str) -> bool:
    """Whether ten digits are the number of a book (ISBN-10), by its check digit."""
    if len(text) != 10 or not text.isdigit():
        return False
    return sum((10 - place) * int(digit) for place, digit in enumerate(text)) % 11 == 0


def is_called(text: str) -> bool:
    """Whether a number that is said to be one of a telephone may be: it is no date, nor an amount.

    >>> is_called("23 45 67"), is_called("24.12.23"), is_called("1876-1900"), is_called("250 000")
    (True, False, False, False)
    """
    digits = sum(char.isdigit() for char in text)
    fits = _LEAST_CALLED <= digits <= _MOST_CALLED
    return fits and not _DATE.match(text) and not _AMOUNT.fullmatch(text)


def is_local(text: str) -> bool:
    """Whether three digits and four are a telephone number, and no range of pages, years or sizes.

    >>> is_local("555-0123"), is_local("867-5309"), is_local("476-1453"), is_local("300-3000")
    (True, True, False, False)
    """
    last = text[4:]
    is_range = int(last) <= _YEAR or text[2] == last[-1] == "0"
    # N11 is a service, as 911 is.
    return text[1:3] != "11" and (last[0] == "0" or not is_range)


def _find_span(kind: str, text: str, match: re.Match[str], last: int) -> tuple[int, int] | None:
    """Where what was found begins and ends, perhaps within the match; None if it is none.

    Args:
        kind: What it may be.
        text: The line.
        match: Where.
        last: Where the one before it in the line ended.
    """
    if (name := match.lastgroup or "") in _NAMED:
        return match.span(name) if _NAMED[name](match[name]) else None
    begin, check = match.start(), _CHECKS[kind]
    if kind == "email":
        return match.span()
    before = text[:begin]
    if kind == "phone" and (_NUMBERED.search(before) or _is_in_row(before, text[begin], last)):
        return None
    ends = [match.end(), *(begin + gap.start() for gap in reversed([*_GAPS.finditer(match[0])]))]
    if kind == "phone" and _PAIRS.fullmatch(match[0]):
        # The beginning of a row of numbers is none.
        ends = ends[:1]
    return next(((begin, end) for end in ends if check(text[begin:end])), None)


def _is_in_row(before: str, first: str, last: int) -> bool:
    """Whether a number stands among other numbers that are none of telephones."""
    apart = before.rstrip(" ,;")
    return first.isdigit() and apart[-1:].isdigit() and before != apart and last != len(apart)


_NAMED: dict[str, Callable[[str], bool]] = {"called": is_called, "local": is_local}
_NUMBERS = {"iban": _IBAN, "card": _CARD, "phone": _PHONE}
_CHECKS: dict[str, Callable[[str], bool]] = {
    "email": lambda _: True,
    "iban": is_iban,
    "card": is_card,
    "phone": is_phone,
}
