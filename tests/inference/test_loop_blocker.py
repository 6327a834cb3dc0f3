"""No passage stands too often in a row, but for what the text itself repeats."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from burble.evaluation import statistics
from burble.inference import loop_blocker
from burble.inference.generator import Generator
from burble.inference.loop_blocker import LoopBlocker
from burble.inference.settings import ROUNDS
from tests.support.speakers import follower, write_symbols

LETTERS = [chr(0x100 + n) for n in range(60)]


def loops(text):
    """Whether a passage stands three times in a row, twelve symbols or more after the first."""
    for period in range(1, len(text) // 3 + 1):
        least = max(2 * period, loop_blocker.SHORTEST_LOOP)
        same = 0
        for i in range(period, len(text)):
            same = same + 1 if text[i] == text[i - period] else 0
            if same >= least:
                return True
    return False


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(2, 30))
def test_no_passage_stands_a_third_time_in_a_row(passage, times):
    wanted = passage * times
    written = write_symbols(LoopBlocker(LETTERS, 1), 40, wanted)
    assert not loops(written)
    # Two rounds may stand, and short runs of few symbols.
    free = min(len(wanted), max(2 * len(passage), loop_blocker.SHORTEST_LOOP) + len(passage) - 1)
    if not loops(wanted[:free]):
        assert written[:free] == wanted[:free]


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.integers(3, 12))
def test_what_a_text_repeats_itself_is_not_broken(passage, times):
    wanted = [*passage * times, 3, *passage]
    _, rounds = statistics.find_loops("".join(LETTERS[symbol] for symbol in wanted))
    processor = LoopBlocker(LETTERS, 1, rounds or ROUNDS)
    assert write_symbols(processor, 40, wanted) == wanted
    assert not processor.acted[0]


def test_a_passage_may_stand_as_often_as_it_is_told():
    for rounds in (1, 2, 3, 5):
        processor = LoopBlocker(LETTERS, 1, rounds)
        wanted = [*range(12)] * 9
        # The last symbol of one round more is another.
        assert write_symbols(processor, 40, wanted)[: 12 * (rounds + 1)] == [
            *wanted[: 12 * rounds + 11],
            0,
        ]
        assert processor.acted[0]


@given(st.lists(st.integers(0, 3), max_size=30).map(lambda some: some * 20), st.integers(1, 3))
def test_a_prompt_is_taken_at_once_as_symbol_by_symbol(before, texts):
    whole, slowly = LoopBlocker("ab-c", texts, 2, before), LoopBlocker("ab-c", texts, 2)
    for symbol in before:
        slowly.append_symbols(np.full(texts, symbol))
    for name in ("_past", "_same", "_silent"):
        np.testing.assert_array_equal(getattr(whole, name), getattr(slowly, name), strict=True)
    both = [np.zeros((texts, 4), np.float32) for _ in range(2)]
    whole.process(both[0])
    slowly.process(both[1])
    np.testing.assert_array_equal(both[0], both[1])


def test_spelling_is_left_alone():
    word = [1, 2, 2, 3, 4, 4, 5]
    text = [s for n in range(40) for s in (*word, 6 + n)]
    assert write_symbols(LoopBlocker(LETTERS, 1), 60, text) == text


def test_rules_and_indents_may_be_long_but_not_endless():
    symbols = [*"ab -\n"]
    layout = [4, *[2] * 30, 0, 1, 4, *[3] * 70, 4, *[2, 3] * 30, 4, 0]
    assert write_symbols(LoopBlocker(symbols, 1), 5, layout) == layout
    assert write_symbols(LoopBlocker(symbols, 1), 5, [3] * 200) != [3] * 200


def test_a_model_that_only_goes_round_is_made_to_leave():
    writer = Generator(follower("abc ", [1, 2, 3, 0], strength=9))
    text = writer.generate("a", length=300, temperature=1.0, seed=1, break_loops=False)
    assert statistics.find_loops(text)[0] > 250
    broken = writer.generate("a", length=300, temperature=1.0, seed=1)
    assert statistics.find_loops(broken)[0] == 0
    # Whoever asks for the likeliest gets it, unless loops are to be broken all the same.
    greedy = writer.generate("a", length=60, temperature=0)
    assert greedy == ("bc a" * 15)
    assert writer.generate("a", length=60, temperature=0, break_loops=True) != greedy
