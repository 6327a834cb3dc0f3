import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import corpus
from burble.errors import CorpusError, SettingsError, SourceError
from burble.settings import TextSettings
from tests.support.corpora import from_texts, parts


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def test_one_text_is_its_characters():
    c = from_texts("abracadabra", validation=0.2)
    assert c.vocabulary.decode(c.ids) == "abracadabra"
    assert c.vocabulary.decode(c.training) == "abracadab"
    assert c.vocabulary.decode(c.tail) == "bra"
    assert (c.counts["a"], c.characters, c.lines, c.separator) == (5, 11, 1, "")
    np.testing.assert_array_equal(c.starts, [0])


def test_several_texts_have_an_edge_after_each():
    c = from_texts("ab", "ba")
    np.testing.assert_array_equal(c.ids, [0, 1, 2, 1, 0, 2])
    np.testing.assert_array_equal(c.starts, [0, 3])
    assert "".join(c.text()) == "ab\n\nba"


def test_too_little_text_is_refused_with_numbers():
    with pytest.raises(CorpusError, match="1 symbol, of which 1 would be trained on"):
        from_texts("a")
    with pytest.raises(SourceError, match="there is no text to read"):
        from_texts("", " ")


@pytest.mark.parametrize(
    ("text", "min_count", "shares", "cure"),
    [
        ("a", 1, {}, r"Add text\."),
        (
            "ab" * 99,
            1,
            {"validation": 0.999},
            r"1 would be .* Lower --validation, which is 0\.999\.",
        ),
        (
            "ab" * 99,
            1,
            {"validation": 0.9, "test": 0.99},
            "Lower --validation, which is 0.9 and --test, which is 0.99",
        ),
        ("abcda", 9, {}, "fewer than 9 times"),
    ],
)
def test_what_leaves_too_little_is_named(text, min_count, shares, cure, tmp_path):
    (tmp_path / "t.txt").write_text(text, encoding="utf-8")
    with pytest.raises(CorpusError, match=cure):
        corpus.build([str(tmp_path / "t.txt")], TextSettings(min_count=min_count), **shares)


def test_one_character_over_and_over_is_a_text():
    c = from_texts("a" * 50, validation=0.1)
    assert (c.vocabulary.symbols, c.cut) == (("a",), 45)


# The held-out part.


def test_no_validation_part_is_said():
    assert any("No validation part: all" in note for note in from_texts("abc").notes)
    c = from_texts("abc", validation=0.1)
    assert c.cut == 3
    assert any("No validation part: the text is too short" in note for note in c.notes)


def test_the_validation_part_begins_with_a_document_near_the_fraction():
    c = from_texts(*[f"{n:09}" for n in range(30)], validation=0.11, split="tail")
    assert (len(c.ids), c.cut) == (300, 270)
    assert not c.notes
    c = from_texts("x" * 100, "y" * 17, validation=0.1, split="tail")
    assert c.cut == 101


@pytest.mark.parametrize("last", [4, 60])
def test_a_document_too_short_or_too_long_is_cut_into_and_said_so(last):
    c = from_texts("x" * 200, "y" * last, validation=0.1, split="tail")
    assert c.cut == len(c.ids) - len(c.ids) // 10
    assert any("inside a document" in note for note in c.notes)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30), st.floats(0, 0.5))
def test_the_validation_part_is_half_to_double_of_what_was_requested(lengths, share):
    c = from_texts(*["x" * n for n in lengths], "xx", validation=share, split="tail")
    asked = int(len(c.ids) * share)
    assert asked / 2 <= len(c.ids) - c.cut <= 2 * asked
    assert c.cut >= 2


@pytest.mark.parametrize("share", [-0.1, 1, 1.5, 100, float("nan")])
def test_a_share_that_is_none_is_refused_by_name(share):
    with pytest.raises(SettingsError, match=r"validation is .*fraction"):
        from_texts("abc", validation=share)


@given(st.lists(st.integers(1, 40), min_size=2, max_size=30), st.floats(0.02, 0.4), st.booleans())
def test_the_test_part_is_what_the_validation_part_would_be(tmp_path_factory, lengths, share, one):
    text = ("" if one else "\n").join("abc"[n % 3] * n for n in lengths) + "\nxx"
    path = tmp_path_factory.mktemp("left") / "text.txt"
    path.write_text(text, encoding="utf-8")
    asked = TextSettings(documents="sources" if one else "lines")
    whole = corpus.build([str(path)], asked, validation=share, split="tail")
    rest = corpus.build([str(path)], asked, validation=0.1, test=share, split="tail")
    np.testing.assert_array_equal(rest.ids, whole.training)
    assert rest.cut <= len(rest.ids) == whole.cut
    assert (rest.starts < whole.cut).all()
    assert (rest.sha256, rest.vocabulary) == (whole.sha256, whole.vocabulary)
    separator = "" if one else "\n"
    assert "".join(whole.text()).startswith("".join(rest.text()).removesuffix(separator))
    assert len("".join(rest.text())) >= len(rest.ids) - 1
    gone = len(whole.ids) - whole.cut
    told = (
        f"Test part, which takes no part in training: {gone:,} symbol" if gone else "No test part"
    )
    assert any(told in note for note in rest.notes)


WORDS = st.text(alphabet="aA1 \n\r.\u0301ΣσİかéÀ一👩\u200d👧\ufeff\0", max_size=30)


@given(
    st.lists(WORDS, min_size=1, max_size=4),
    st.sampled_from(["sources", "lines", "blank", "sentences"]),
)
def test_the_numbers_add_up(texts, documents):
    try:
        c = from_texts("ab", *texts, documents=documents)
    except CorpusError:
        return
    assert c.characters == c.counts.total()
    edges = len(c.starts) if c.vocabulary.boundary else 0
    assert len(c.ids) == c.characters + edges
    assert "".join(parts(c)) == c.vocabulary.decode(c.ids)
    assert all(part.strip() for part in parts(c))
