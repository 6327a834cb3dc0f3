import random
import re

from hypothesis import given
from hypothesis import strategies as st

from bases.styles import ALPHABET, STRAIGHT, curl_quotes, style_text, write_alphabet

PARAGRAPHS = [
    "“It is a long way,” she said, “and I don’t know that we shall be there before night; but "
    "then — as you know — nobody waits for us there.”",
    "‘So be it,’ said he, who had been sitting by the window all that time, and had heard nothing.",
    "A line of verse,\nand then another,\nand the third of them.",
]


def plain(text):
    """A text without its style."""
    return re.sub(r"\s+", " ", text.translate(STRAIGHT)).lower().strip()


def test_every_style_is_drawn_and_changes_no_word():
    texts = [style_text(PARAGRAPHS, True, random.Random(seed)) for seed in range(300)]
    assert {plain(text) for text in texts} == {plain("\n".join(PARAGRAPHS))}
    curly = [text for text in texts if "“" in text]
    straight = [text for text in texts if '"' in text]
    assert len(curly) + len(straight) == len(texts)
    lower = [text for text in texts if text == text.lower()]
    wrapped = [text for text in texts if max(map(len, text.split("\n"))) <= 76]
    loose = [text for text in texts if "\n\n" not in text]
    # Drawn with 0.4, 0.15, 0.45 and 0.15; with these seeds nothing is left to chance.
    counts = [len(kind) / len(texts) for kind in (curly, lower, wrapped, loose)]
    assert all(abs(n - p) < 0.06 for n, p in zip(counts, (0.4, 0.15, 0.45, 0.15), strict=True))
    assert all("A line of verse,\nand then".lower() in text.lower() for text in texts)


def test_lines_that_may_end_a_paragraph_stay():
    texts = {style_text(["a\nb", "c"], False, random.Random(seed)) for seed in range(50)}
    assert texts == {"a\nb\n\nc\n"}


def test_quotes_open_and_close():
    assert curl_quotes("\"It's so,\" he said -- '(really)'.") == "“It’s so,” he said — ‘(really)’."


@given(st.text("ab \n'\"-.(", max_size=40))
def test_curled_quotes_are_the_same_signs(text):
    assert curl_quotes(text).translate(STRAIGHT) == text


def test_every_sign_of_the_alphabet_is_written():
    assert set(write_alphabet(random.Random(0))) == set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET)
