import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burble.inference.stopping import Cutter, find_loop


def cut(pieces, stops, length):
    """What a cutter passes on."""
    cutter = Cutter(stops, length)
    for piece in pieces:
        if cutter.done:
            return
        yield cutter.feed(piece)
    yield cutter.finish()


@given(st.text("ab", max_size=30), st.lists(st.text("ab", min_size=1, max_size=4), max_size=3))
def test_stop_strings_are_found_across_pieces_and_never_begun(whole, stops):
    written = "".join(cut(whole, stops, None))
    ends = [n for n in range(len(whole) + 1) if whole[:n].endswith(tuple(stops))]
    first = whole[: ends[0]] if ends else whole
    assert written == first[: min((first.find(s) for s in stops if s in first), default=None)]


@given(st.text("ab", max_size=30), st.text("ab", min_size=1, max_size=4))
def test_no_part_of_a_stop_string_is_written_early(whole, stop):
    cutter, seen, written = Cutter([stop], None), "", ""
    for symbol in whole:
        seen, written = seen + symbol, written + cutter.feed(symbol)
        begun = max(n for n in range(len(stop) + 1) if seen.endswith(stop[:n]))
        assert written == seen[: len(seen) - begun]
        if cutter.done:
            break


@given(
    st.lists(st.text("ab", min_size=1, max_size=5), max_size=8),
    st.lists(st.text("ab", min_size=1, max_size=4), max_size=3),
    st.none() | st.integers(0, 20),
)
def test_a_cut_does_not_depend_on_where_pieces_end(pieces, stops, length):
    assert "".join(cut(pieces, stops, length)) == "".join(cut("".join(pieces), stops, length))


@given(st.lists(st.text("ab", min_size=1, max_size=4)), st.integers(0, 20))
def test_length_is_exact(pieces, length):
    assert "".join(cut(pieces, [], length)) == "".join(pieces)[:length]
    assert "".join(cut(pieces, ["c"], length)) == "".join(pieces)[:length]


def test_nothing_is_asked_for_after_the_end():
    cutter = Cutter(["x"], 3)
    assert [cutter.feed("ab"), cutter.done] == ["ab", False]
    assert [cutter.feed("cd"), cutter.done] == ["c", True]


@given(st.text("abcdefgh ", min_size=1, max_size=20), st.text(max_size=20))
def test_a_repeated_phrase_is_found(phrase, before):
    found = find_loop(before + phrase * 60)
    assert found
    assert len(found) <= len(phrase)
    assert (found * 60).endswith(phrase * 2) or (phrase * 60).endswith(found * 2)


def test_ordinary_text_does_not_loop():
    assert find_loop("the cat sat on the mat. " * 3) == ""
    assert find_loop("the cat sat on the mat. " * 4) == "the cat sat on the mat. "
    assert find_loop("ha " * 19) == ""
    assert find_loop("ha " * 20) == "ha "
    assert find_loop("") == ""


@given(st.integers(1, 30), st.text("ab", max_size=40), st.integers(0, 2**32))
def test_a_text_ends_at_the_same_place_where_calm_characters_go_by_it(length, text, seed):
    looked, passed = Cutter((), length), Cutter((), length)
    rng, ends = np.random.default_rng(seed), []
    for place, char in enumerate(text):
        if passed.calm and rng.random() < 0.7:
            passed.pass_by(1)
        else:
            passed.feed(char)
        looked.feed(char)
        assert passed.done == looked.done
        if looked.done:
            ends.append(place)
            break
    assert not ends or ends == [length - 1]
    assert Cutter(("b",), length).calm == 0
    assert Cutter((), None).calm > 10**6
