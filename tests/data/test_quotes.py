"""Which quotes and brackets are open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data.quotes import Quotes


def read(text):
    quotes = Quotes()
    quotes.add(text)
    return quotes


@given(st.text("a (')“”«»'\"\n", max_size=60), st.lists(st.integers(0, 60), max_size=3))
def test_pieces_read_as_the_whole(text, cuts):
    ends = sorted(min(cut, len(text)) for cut in cuts)
    pieces = [text[a:b] for a, b in zip([0, *ends], [*ends, len(text)], strict=True)]
    one, many = read(text), Quotes()
    for piece in pieces:
        many.add(piece)
    assert (one.opened, one.closed, one.waiting) == (many.opened, many.closed, many.waiting)
    one.end()
    # What was opened inside another that has closed is forgotten.
    assert one.opened >= one.closed + len(one.waiting)


def test_the_age_is_that_of_the_latest():
    assert read("aa").age == 0
    assert read("(aa").age == 2
    assert read("(a “a").age == 1
    assert read("(a “a” ").age == 6
    # Whether this one closes or is an apostrophe, only the next character shows.
    assert read("'aa'").age == 0
    assert read("'aa'a").age == 4


@pytest.mark.parametrize(
    ("text", "counts", "waiting"),
    [
        # Set with spaces, as in French; and the other way round, as in German.
        ("« a », a. a", (1, 1), ""),
        ("»a«, a", (1, 1), ""),
        ("a » a", (0, 0), ""),
        ("'tis a", (0, 0), ""),
        ("“'Twas a,” a", (1, 1), ""),
        ("“a ‘em a", (1, 0), "”"),
        ("'tisa a", (1, 0), "'"),
        # What was left open inside one that has closed is no longer waited for.
        ("“a (a,” a", (2, 1), ""),
        ("(a “a ", (2, 0), ")”"),
    ],
)
def test_what_opens_and_closes(text, counts, waiting):
    quotes = read(text)
    assert (quotes.opened, quotes.closed) == counts
    assert "".join(closers for closers, _ in quotes.waiting) == waiting


def test_what_never_closes_is_forgotten():
    assert read("(" + "a" * 2_000).age == 2_000
    assert read("(" + "a" * 2_002).age == 0
