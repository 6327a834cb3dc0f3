"""Text to ids: the same whatever the blocks, in memory or in the cache."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from burble.data import encoded_texts, encoder
from burble.data.documents import ReadOptions
from burble.data.source import from_bytes
from burble.errors import (
    CorpusError,
    SourceError,
    VocabularyError,
)
from burble.settings import TextSettings
from tests.support.corpora import build, from_texts, parts


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


WORDS = st.text(alphabet="aA1 \n\r.\u0301ΣσİかéÀ一👩\u200d👧\ufeff\0", max_size=30)


@given(
    texts=st.lists(WORDS, min_size=1, max_size=4),
    block=st.integers(1, 9),
    chosen=st.fixed_dictionaries(
        {
            "unit": st.sampled_from(["char", "grapheme"]),
            "documents": st.sampled_from(["sources", "lines", "blank", "sentences"]),
            "min_count": st.integers(1, 2),
            "lowercase": st.booleans(),
        }
    ),
)
@example(["ab \n", "\n\n"], 1, {"unit": "grapheme", "documents": "blank", "min_count": 1})
def test_memory_cache_and_block_size_make_no_difference(texts, block, chosen):
    made = TextSettings(**chosen)
    found = [from_bytes(str(i), t.encode()) for i, t in enumerate(texts)]

    def prepare(limit, size):
        try:
            options = ReadOptions(made, block=size)
            if limit:
                return encoder.encode_sources(found, options, limit)
            return encoded_texts.load_or_encode(found, options, limit)
        except (SourceError, CorpusError) as error:
            return str(error)

    whole = prepare(1 << 20, 1 << 20)
    for limit, size in [(1 << 20, block), (0, 1 << 20), (0, block)]:
        other = prepare(limit, size)
        if isinstance(whole, str):
            assert other == whole
            continue
        np.testing.assert_array_equal(other.ids, whole.ids)
        np.testing.assert_array_equal(other.starts, whole.starts)
        assert other.ids.dtype == whole.ids.dtype
        for name in ("vocabulary", "sha256", "counts", "lines", "changes", "removed"):
            assert getattr(other, name) == getattr(whole, name)


def test_rare_symbols_are_removed_and_counted():
    c = from_texts("aaxbb", min_count=2)
    assert c.vocabulary.decode(c.ids) == "aabb"
    assert c.removed == {"x": 1}
    assert c.characters == 4


def test_documents_of_rare_symbols_alone_vanish_with_their_edges():
    c = from_texts("xy", "aa", "z", "bb", "w", min_count=2)
    assert parts(c) == ["aa", "bb"]
    np.testing.assert_array_equal(c.ids, [0, 0, 2, 1, 1, 2])
    with pytest.raises(CorpusError, match=r"fewer than 9 times.*--min-count"):
        from_texts("abc", min_count=9)


def test_the_fingerprint_sees_every_letter_and_every_edge():
    def fingerprint(*texts):
        return from_texts(*texts).sha256

    assert fingerprint("abc", "d") == fingerprint("abc", "d")
    assert len({fingerprint("abc", "d"), fingerprint("ab", "cd"), fingerprint("abcd")}) == 3


def test_the_fingerprint_of_one_text_is_that_of_its_file():
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert from_texts("abc").sha256 == known


def test_more_symbols_than_ids_is_one_sentence(tmp_path):
    points = [*range(0x3400, 0xA000), *range(0xAC00, 0xD7A4), *range(0x20000, 0x2A6D0)]
    with pytest.raises(VocabularyError, match="more than 65,534 different symbols"):
        build(tmp_path, "".join(map(chr, points)).encode())


def test_documents_that_vanish_with_their_rare_symbols_leave_their_source_right():
    c = from_texts("a\nxy\nb", "z", "a\nb\na", min_count=2, documents="lines")
    assert (c.encoded.documents, parts(c)) == ([2, 0, 3], ["a", "b", "a", "b", "a"])
