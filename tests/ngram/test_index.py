"""The index of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.errors import CorpusError
from burble.ngram.index import MAX_CONTEXT, build_index


@given(st.lists(st.integers(0, 300), min_size=1, max_size=40))
def test_positions_stand_in_the_order_of_their_contexts(ids):
    index = build_index(np.array(ids))
    assert index.ids().tolist() == ids
    contexts = [tuple(index.text[at : at + MAX_CONTEXT]) for at in index.contexts.tolist()]
    assert contexts == sorted(contexts)
    assert sorted(index.contexts) == [*range(1, len(ids) + 1)]


def test_nothing_and_too_much_cannot_be_indexed(monkeypatch):
    monkeypatch.setattr("burble.ngram.index.MAX_SYMBOLS", 5)
    for count in (0, 6):
        with pytest.raises(CorpusError, match=f"1 to 5 symbols, and there are {count}"):
            build_index(np.zeros(count, int))
