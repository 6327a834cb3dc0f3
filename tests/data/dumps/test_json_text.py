"""JSON that is read value by value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data.dumps import json_text
from burble.data.dumps.json_text import JsonText
from burble.errors import SourceError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def enter_all(text):
    """A value that is taken apart wherever that can be."""
    mark = text.peek()
    if mark not in ("[", "{"):
        return text.read()
    found = [(key, enter_all(text)) for key in text.enter()]
    return [value for _, value in found] if mark == "[" else dict(found)


@given(VALUES, st.sampled_from([None, 2]), st.integers(1, 9))
def test_what_is_entered_is_what_is_read(value, indent, size):
    whole = json.dumps(value, indent=indent)
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]
    before = json_text._CHUNK
    json_text._CHUNK = 1
    try:
        assert enter_all(JsonText(pieces, "p")) == value
        text = JsonText([f"[{whole},", *pieces, ", 7]"], "p")
        entered = text.enter()
        next(entered)
        assert text.read() == value
        next(entered)
        text.skip()
        next(entered)
        assert (text.read(), [*entered], text.peek()) == (7, [], "")
    finally:
        json_text._CHUNK = before


def test_a_value_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(json_text, "MOST", 1_000)
    monkeypatch.setattr(json_text, "_CHUNK", 100)
    endless = ('"a": [1, 2, 3], ' * 10 for _ in range(1_000))
    text = JsonText(("{" if not n else piece for n, piece in enumerate(endless)), "p.json")
    with pytest.raises(SourceError, match=r"p\.json has a value of more than 1,000 characters"):
        text.read()
    assert sum(1 for _ in endless) > 900


def test_damage_is_told_at_once_with_its_line(monkeypatch):
    monkeypatch.setattr(json_text, "_CHUNK", 100)
    pieces = iter(['[1,\n2,\n{"a": b' + " " * 90, *["1, " * 40] * 99])
    text = JsonText(pieces, "p.json")
    with pytest.raises(SourceError, match=r"p\.json, line 3, is not JSON: Expecting value"):
        enter_all(text)
    assert len([*pieces]) > 90


RECORDS = st.recursive(
    st.text('ab,{}[]"\\ \n', max_size=6) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.fixed_dictionaries({"a": inner}, optional={"b": inner})
    ),
    max_leaves=8,
)


@given(st.lists(RECORDS), st.sampled_from([None, 1]), st.integers(1, 40), st.integers(1, 40))
def test_a_list_read_some_values_at_a_time_is_what_it_is(values, indent, size, chunk):
    whole = json.dumps({"x": values, "y": 1}, indent=indent)
    pieces = [whole[i : i + size] for i in range(0, len(whole), size)]
    before = json_text._CHUNK
    json_text._CHUNK = chunk
    try:
        text = JsonText(pieces, "p", pairs=True)
        found = {
            key: [*text.read_list()] if text.peek() == "[" else text.read() for key in text.enter()
        }
        text.check_end()
    finally:
        json_text._CHUNK = before
    twice: list[str] = []
    assert [json_text.to_plain(one, twice.append) for one in found["x"]] == values
    assert (found["y"], twice) == (1, [])


def test_values_that_follow_alike_are_read_at_once(monkeypatch):
    posts = [{"id": n, "text": 'a, {"id": ' * n} for n in range(40)]
    text = JsonText([json.dumps(posts, indent=1)], "p")
    alone: list[object] = []

    def read() -> object:
        alone.append(JsonText.read(text))
        return alone[-1]

    monkeypatch.setattr(text, "read", read)
    assert [*text.read_list()] == posts
    # The first by itself, those after it together, and the last, which nothing follows.
    assert alone == [posts[0], posts[-1]]
