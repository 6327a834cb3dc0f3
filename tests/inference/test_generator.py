import itertools
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.data import vocabulary
from burble.errors import DivergedError, SettingsError
from burble.inference.generator import Generator
from burble.inference.loop import BLOCK
from burble.inference.texts import GROUP
from tests.support.speakers import chancy, follower

HERE = vocabulary.cut_here("grapheme")
CYCLE = Generator(follower("abc", [1, 2, 0]))
POEMS = Generator(follower("ab", [1, 2, 0], boundary=True, separator="\n\n"))
CHANCY = Generator(chancy())


def test_it_goes_on_from_the_end_of_the_prompt():
    assert CYCLE.generate("ab", length=7, temperature=0) == "cabcabc"
    assert CYCLE.generate("abca", length=4, temperature=0) == "bcab"


@pytest.mark.parametrize("prompt", ["", "a", "ab" * 3000])
@pytest.mark.parametrize("length", [0, 1, 50])
def test_length_counts_new_characters_exactly(prompt, length):
    assert len(CHANCY.generate(prompt, length=length)) == length


def test_length_counts_characters_also_where_a_symbol_has_several():
    writer = Generator(follower(["e\u0323\u0302", "x"], [1, 0], unit="grapheme"))
    assert writer.generate("x", length=5, temperature=0) == "e\u0323\u0302xe"


def test_an_endless_stream_goes_on_in_the_same_memory():
    pieces = CHANCY.stream("a", temperature=1)
    used = []
    for _ in range(3):
        assert len(list(itertools.islice(pieces, 2000))) == 2000
        tracemalloc.start()
        for _ in itertools.islice(pieces, 2000):
            pass
        used.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
    # A table of the interpreter itself may grow meanwhile, once.
    assert sorted(used)[1] < 200_000


def test_a_stream_joined_is_the_text():
    assert "".join(CHANCY.stream("a", length=300, seed=3)) == CHANCY.generate(
        "a", length=300, seed=3
    )


def test_the_same_seed_writes_the_same_text_and_another_another():
    texts = [CHANCY.generate("a", length=100, seed=seed) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 12), st.integers(0, 2**64))
def test_a_text_does_not_depend_on_how_many_are_asked(count, seed):
    alone = CHANCY.generate_many("a", count=12, length=40, seed=seed)
    assert CHANCY.generate_many("a", count=count, length=40, seed=seed) == alone[:count]
    assert CHANCY.generate("a", length=40, seed=seed) == alone[0]


def test_a_big_batch_writes_what_a_small_one_does():
    big = CHANCY.generate_many("a", count=2 * GROUP + 3, length=30, seed=5)
    assert len(big) == 2 * GROUP + 3
    assert len(set(big)) > GROUP
    few = CHANCY.generate_many("a", count=12, length=30, seed=5)
    assert big[:12] == few


def test_no_texts_is_an_empty_list():
    assert CHANCY.generate_many("a", count=0) == []
    with pytest.raises(SettingsError, match="count is -1"):
        CHANCY.generate_many(count=-1)


def test_ten_thousand_texts_take_the_memory_of_one_group():
    texts = CHANCY.stream_many("a", count=10_000, length=3)
    tracemalloc.start()
    assert sum(1 for _ in texts) == 10_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_texts_come_whole_and_in_order_while_others_go_on():
    """A stop string ends the texts at different lengths; the batch shrinks under way."""
    batch = CHANCY.generate_many("a", count=6, length=200, stop="b", seed=1, temperature=1)
    assert len({len(text) for text in batch}) > 2
    for i in range(6):
        assert (
            batch[i]
            == CHANCY.generate_many("a", count=i + 1, length=200, seed=1, temperature=1)[
                i
            ].partition("b")[0]
        )


def test_the_first_texts_come_before_the_last_are_begun():
    texts = CHANCY.stream_many("a", count=10**9, length=2)
    assert len(next(texts)) == 2


def test_stop_strings_are_found_across_pieces_in_new_text_only():
    assert CYCLE.generate("ab", stop="ab", length=50, temperature=0) == "c"
    assert CYCLE.generate("a", stop=["cab", "bb"], length=50, temperature=0) == "b"
    assert "".join(CYCLE.stream("a", stop="ca", temperature=0)) == "b"


def test_documents_end_with_the_separator_or_the_text():
    assert POEMS.generate("a", length=9, temperature=0) == "b\n\nab\n\nab"
    assert POEMS.generate("a", length=9, temperature=0, until_document=True) == "b"
    assert POEMS.generate("", length=2, temperature=0) == "ab"
    assert POEMS.generate("a", length=9, temperature=0, stop="\n\n") == "b"


def test_until_document_needs_documents():
    with pytest.raises(SettingsError, match="trained on running text"):
        CYCLE.generate("a", until_document=True)


def test_quotes_are_closed_at_any_temperature():
    writer = Generator(chancy('ab "'))
    assert len(writer.generate('"a', length=300, temperature=1e308, close_quotes=9, seed=1)) == 300


def test_probabilities_are_those_of_the_next_symbol():
    writer = Generator(follower("abc", [1, 2, 0], strength=np.log(8)))
    told = writer.probabilities("a")
    assert list(told) == ["b", "a", "c"]
    assert told == pytest.approx({"b": 0.8, "a": 0.1, "c": 0.1}, abs=1e-6)
    assert POEMS.probabilities("b")[""] == pytest.approx(1)


def test_the_nll_is_minus_the_logarithm_of_each_probability():
    writer = Generator(follower("abc", [1, 2, 0], strength=np.log(8)))
    ids = writer.model.vocabulary.encode("abb")
    np.testing.assert_allclose(writer.nll(ids), -np.log([0.8, 0.1]), atol=1e-6)
    assert len(writer.nll(ids[:1])) == len(writer.nll(ids[:0])) == 0
    poems = POEMS.nll(POEMS.model.vocabulary.encode("ab"))
    np.testing.assert_allclose(poems, [0, 0, 0], atol=1e-6)


def test_the_nll_has_full_context_across_blocks():
    text = "".join(CHANCY.stream("a", length=2 * BLOCK + 7, temperature=1))
    nll = CHANCY.nll(CHANCY.model.vocabulary.encode(text))
    for at in (1, BLOCK, BLOCK + 1, len(text) - 1):
        expected = -np.log(CHANCY.probabilities(text[:at])[text[at]])
        assert nll[at - 1] == pytest.approx(expected, abs=1e-4)


def test_a_model_whose_output_is_no_number_says_so():
    model = follower("abc", [1, 2, 0])
    model.weights["output.bias"][1] = np.inf
    with pytest.raises(DivergedError, match="not a number"):
        Generator(model).generate("a")


def test_threads_and_two_models_do_not_disturb_each_other():
    other = Generator(chancy(seed=9))
    jobs = [(writer, seed) for writer in (CHANCY, other) for seed in range(4)]
    expected = [writer.generate("a", length=300, seed=seed) for writer, seed in jobs]
    found = [""] * len(jobs)

    def work(at):
        writer, seed = jobs[at]
        found[at] = "".join(writer.stream("a", length=300, seed=seed))

    threads = [threading.Thread(target=work, args=(at,)) for at in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
