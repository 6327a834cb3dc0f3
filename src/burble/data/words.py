"""Words of a text. Knows nothing of models."""

import unicodedata
from collections import Counter
from collections.abc import Iterable

from burble.patterns import compile_pattern

APOSTROPHES = ("'", "’")
LAYOUT = 80
"""Characters of a passage without letters, such as a rule or an indent, that are no loop yet."""
_WORD = r"\p{L}[\p{L}\p{M}]*(?:['’]\p{L}[\p{L}\p{M}]*)*"


def find_words(text: str) -> list[str]:
    """Its words in lower case: letters with their marks, and apostrophes inside.

    >>> find_words("Don't say 'no', Al!")
    ["don't", 'say', 'no', 'al']
    """
    pattern = compile_pattern(_WORD, "finding the words of a text")
    # One by one: what follows a word must not change it, as it does a last Greek sigma.
    return [word.lower() for word in pattern.findall(text)]


def is_inside(char: str) -> bool:
    """Whether a character can stand inside a word."""
    return char.isalpha() or char in APOSTROPHES or unicodedata.category(char)[0] == "M"


def count_words(pieces: Iterable[str]) -> Counter[str]:
    """How often each word occurs in a text, which may be cut anywhere.

    >>> count_words(["Al", "l's we", "ll. Al"])
    Counter({"all's": 1, 'well': 1, 'al': 1})
    """
    found: Counter[str] = Counter()
    held = ""
    for piece in pieces:
        held += piece
        cut = len(held)
        while cut and is_inside(held[cut - 1]):
            cut -= 1
        found.update(find_words(held[:cut]))
        held = held[cut:]
    found.update(find_words(held))
    return found
