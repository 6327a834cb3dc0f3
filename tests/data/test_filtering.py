"""Documents that are left out: what stays is as if they had never come."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burble.data import encoder, filtering
from burble.data.documents import ReadOptions
from burble.data.source import from_bytes
from burble.errors import CorpusError, SourceError
from burble.settings import SourceSettings, TextSettings


def test_hashes_are_the_same_wherever_blocks_are_cut():
    text = np.array([5, 6, 0, 7, 0, 0, 5, 6, 7, 0, 5, 6], np.uint16)
    whole = filtering.hash_documents([text])
    assert [int(np.flatnonzero(whole == h)[0]) for h in whole] == [0, 1, 2, 3, 0]
    for size in range(1, 12):
        blocks = [text[i : i + size].astype(np.uint8) for i in range(0, len(text), size)]
        assert filtering.hash_documents(blocks).tolist() == whole.tolist()


TEXTS = st.text("abcé\n", min_size=1, max_size=3).filter(str.strip)
DOCUMENTS = st.lists(TEXTS, min_size=1, max_size=12)


@given(
    texts=DOCUMENTS,
    asked=st.fixed_dictionaries(
        {"deduplicate": st.booleans(), "drop_documents_with_rare": st.integers(0, 4)}
    ),
    unit=st.sampled_from(["char", "grapheme"]),
    block=st.integers(1, 9),
)
def test_what_is_left_is_as_if_the_rest_had_never_come(texts, asked, unit, block):
    made = TextSettings(unit=unit)

    def prepare(texts, limit=1 << 20, **reading):
        found = [from_bytes(str(i), t.encode()) for i, t in enumerate(texts)]
        options = ReadOptions(made, SourceSettings(**reading), block=block)
        try:
            return encoder.encode_sources(found, options, limit)
        except (CorpusError, SourceError):
            return None

    left = list(dict.fromkeys(texts)) if asked["deduplicate"] else texts
    least = asked["drop_documents_with_rare"]
    while rare := {s for s in set("".join(left)) if "".join(left).count(s) < least}:
        left = [text for text in left if not rare & set(text)]
    got, expected = prepare(texts, **asked), prepare(left)
    if len(texts) == 1 and least > 1:
        expected = None
    assert (got is None) == (expected is None)
    if got is None:
        return
    assert got.ids.tolist() == expected.ids.tolist()
    assert got.starts.tolist() == expected.starts.tolist()
    assert [count for count in got.documents if count] == expected.documents
    for name in ("vocabulary", "sha256", "counts", "lines", "removed"):
        assert getattr(got, name) == getattr(expected, name)
