"""A text that comes with Python itself: the prose of its language reference.

It differs between versions of Python. Knows nothing of sources.
"""

import re
import textwrap
from dataclasses import dataclass

_RULE = re.compile(r"\s*([-=*~^+_#\"'])\1{2,}\s*")
_TABLE = re.compile(r"\s*(?:\||\+[-=]|={2,} +=)")
_CODE = re.compile(r"\s*(?:>>>|\(Pdb\)|[$#@] ?\w)|.*(?:::=|\s{2,}#)")
# Prose begins with a capital or a quote; what has a bullet or a number before it, with any letter.
_BEGINNING = re.compile(r"(?:[*•-]|\(?\w{1,4}[.)])\s+\S|[*_\"'“‘(]*[A-Z\"“]")
_END = re.compile(r"[.:;,!?)][\"'”’)*]*\Z")
_COMMON = frozenset(
    re.findall(
        r"\w+",
        "a an and are as at be but by can for from has have if in is it its may not of on or that "
        "the then there these they this to was when which will with",
    )
)
"""Words without which hardly a sentence of English is written."""
_FEWEST_WORDS = 5
_COMMON_WORDS = 1 / 6
"""Fraction of the words of a paragraph, at least, that are common ones."""
_SHORT = 80
"""Characters of a paragraph below which it may well come again by right."""


@dataclass(frozen=True)
class Prose:
    """The paragraphs of a text that are prose.

    Attributes:
        text: They, with a blank line between two.
        left_out: Lines of what is none: tables, rules, headings and code.
    """

    text: str
    left_out: int


def read_python_docs() -> Prose:
    """The prose of the topics of `help()`, by their names.

    Topics quote whole sections of each other; a long paragraph that comes again is left out.
    """
    from pydoc_data.topics import topics

    kept, left_out = list[str](), 0
    seen: set[str] = set()
    for name in sorted(topics):
        prose = find_prose(topics[name])
        left_out += prose.left_out
        for paragraph in prose.text.split("\n\n"):
            if len(paragraph) < _SHORT or paragraph not in seen:
                kept.append(paragraph)
            seen.add(paragraph)
    return Prose("\n\n".join(filter(None, kept)), left_out)


def find_prose(text: str) -> Prose:
    r"""The paragraphs of a documentation in plain text that are sentences, without their indent.

    >>> find_prose("Loops\n=====\n\nA loop can be left with it:\n\n   for x in y:\n      break\n")
    Prose(text='A loop can be left with it:', left_out=4)
    """
    kept, left_out = list[str](), 0
    for paragraph in re.split(r"\n(?:[^\S\n]*\n)+", text.strip("\n")):
        lines = paragraph.split("\n")
        if _is_prose(lines):
            kept.append(textwrap.dedent(paragraph).strip())
        else:
            left_out += len(lines)
    return Prose("\n\n".join(kept), left_out)


def _is_prose(lines: list[str]) -> bool:
    """Whether a paragraph is sentences, and no table, rule, heading or code."""
    if any(_RULE.fullmatch(line) or _TABLE.match(line) or _CODE.match(line) for line in lines):
        return False
    whole = "\n".join(lines).strip()
    words = re.findall(r"[a-z']+", whole.lower())
    common = sum(word in _COMMON for word in words)
    is_english = len(words) >= _FEWEST_WORDS and common >= _COMMON_WORDS * len(words)
    return is_english and bool(_BEGINNING.match(whole) and _END.search(whole))
