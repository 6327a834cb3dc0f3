import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import generation
from burble.errors import SettingsError, VocabularyError


@given(st.text("ab", max_size=30), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_stop_strings_are_found_across_pieces_and_never_begun(whole, stops):
    written = "".join(generation._until(iter(whole), tuple(stops), None))
    ends = [n for n in range(len(whole) + 1) if whole[:n].endswith(tuple(stops))]
    first = whole[: ends[0]] if ends else whole
    assert written == first[: min((first.find(s) for s in stops if s in first), default=None)]


@given(st.lists(st.text("ab", min_size=1, max_size=4)), st.integers(0, 20))
def test_length_is_exact(pieces, length):
    text = "".join(generation._until(iter(pieces), (), length))
    assert text == "".join(pieces)[:length]


def test_any_prompt_length_works_and_length_counts_new_characters(trained):
    writer = generation.load(trained)
    for prompt in ["", "t", "the cat " * 600]:
        for length in [0, 1, 50]:
            assert len(writer.generate(prompt, length=length)) == length


def test_an_endless_stream_goes_on(trained):
    writer = generation.load(trained)
    assert len(list(itertools.islice(writer.stream("the"), 3000))) == 3000


def test_stopping_at_a_string_in_the_prompt_waits_for_the_next(trained):
    text = generation.load(trained).generate("the mat.", stop="mat", length=100, temperature=0)
    assert text == "\nthe cat sat on the "


def test_nonsense_is_refused(trained):
    writer = generation.load(trained)
    with pytest.raises(SettingsError, match="length is -1"):
        writer.generate(length=-1)
    with pytest.raises(VocabularyError, match="can never write the stop string 'Z'"):
        writer.generate(stop="Z")
    with pytest.raises(SettingsError, match="unknown is 'guess'"):
        writer.generate(unknown="guess")
