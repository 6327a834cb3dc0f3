"""Paragraphs in the styles that people's texts have: quotes, line breaks, case. Knows no files."""

import random
import re
import textwrap

LATIN_1 = "".join(map(chr, [*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x100)]))
SIGNS = "‘’“”‚„‹›«»–—…•·€£¥¢§¶©®°±×÷¡¿ªº¹²³¼½¾µ†‡™−ŒœŸŠšŽž"
ALPHABET = "\n" + "".join(map(chr, range(0x20, 0x7F))) + LATIN_1 + SIGNS
"""All that the base knows."""
STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "—": "--", "–": "-", "…": "..."})
WIDTHS = [60, 66, 70, 72, 76]
VERSE = 45
"""Characters below which a line within a paragraph is one of verse."""


def style_text(paragraphs: list[str], prose: bool, rng: random.Random) -> str:
    """A text in one of the styles, drawn by chance.

    Args:
        paragraphs: Its paragraphs.
        prose: Whether the lines of a paragraph may be broken anew.
        rng: Where the draws come from.
    """
    quotes, breaks, case = rng.random(), rng.random(), rng.random()
    if prose and breaks < 0.9:
        paragraphs = [_unwrap(paragraph) for paragraph in paragraphs]
        if breaks < 0.45:
            width = rng.choice(WIDTHS)
            paragraphs = ["\n".join(_wrap(paragraph, width)) for paragraph in paragraphs]
    text = ("\n" if prose and 0.75 < breaks < 0.9 else "\n\n").join(paragraphs)
    text = text.translate(STRAIGHT)
    if quotes < 0.4:
        text = curl_quotes(text)
    return (text.lower() if case < 0.15 else text) + "\n"


def curl_quotes(text: str) -> str:
    """A text with typographic quotes and dashes."""
    text = re.sub(r'(?<![^\s(\[\-—‘\'])"', "“", text).replace('"', "”")
    text = re.sub(r"(?<![^\s(\[\-—“])'(?=\S)", "‘", text).replace("'", "’")
    return text.replace("--", "—")


def _unwrap(paragraph: str) -> str:
    """A paragraph on one line; verse, whose lines are short, keeps its lines."""
    lines = paragraph.split("\n")
    if any(len(line) < VERSE for line in lines[:-1]):
        return paragraph
    joined = " ".join(line.strip() for line in lines)
    return re.sub(r"(?<=\w)- (?=\w)", "-", joined)


def _wrap(paragraph: str, width: int) -> list[str]:
    """The lines of a paragraph, each at most so wide; those of verse as they are."""
    lines = paragraph.split("\n")
    return lines if len(lines) > 1 else textwrap.wrap(paragraph, width, break_long_words=False)


def write_alphabet(rng: random.Random) -> str:
    """Every sign of the alphabet some times, in no order: so all are known."""
    signs = [sign for sign in ALPHABET if sign not in "\n "]
    return "".join(" ".join(rng.sample(signs, len(signs))) + "\n" for _ in range(12))
