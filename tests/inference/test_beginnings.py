"""What was read a moment ago is not read again, and all stays the same to the bit."""

from typing import Any

import numpy as np
import pytest

from burble.inference import beginnings
from burble.inference.beginnings import Beginnings
from burble.inference.context import BLOCK, StateContext
from burble.inference.generator import Generator
from burble.model.engine import finish_reading
from tests.support.speakers import POETS, chancy, remembered

MODEL = chancy("ab c", labels=POETS, units=40)
TEXT = "".join(np.random.default_rng(0).choice([*"ab c"], 3 * BLOCK + 7))


@pytest.mark.parametrize("how", [{}, {"label": "poet=Whitman"}])
@pytest.mark.parametrize("length", [BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, len(TEXT)])
def test_what_follows_is_the_same_whatever_was_read_before(how, length):
    fresh = Generator(MODEL).probabilities(TEXT[:length], **how)
    writer = Generator(MODEL)
    for read in (TEXT[: BLOCK + 9], TEXT, TEXT[BLOCK:], TEXT[:length], "b" + TEXT):
        writer.probabilities(read, label="poet=Dickinson")
        writer.probabilities(read)
    assert writer.probabilities(TEXT[:length], **how) == fresh
    assert writer.generate(TEXT[:length], length=30, seed=1, **how) == Generator(MODEL).generate(
        TEXT[:length], length=30, seed=1, **how
    )


def test_a_memory_beside_the_network_reads_all_the_same():
    small = chancy("ab c")
    fresh, writer = (remembered(small, TEXT[:400]) for _ in range(2))
    writer.probabilities(TEXT, memory=1.0)
    assert writer.probabilities(f"{TEXT}a", memory=1.0) == fresh.probabilities(
        f"{TEXT}a", memory=1.0
    )


class Counting:
    """A network that counts what it reads."""

    def __init__(self):
        self.core = Generator(MODEL).engine
        self.read = 0

    def zero_state(self, streams):
        return self.core.zero_state(streams)

    def read_in_parts(self, ids, state):
        self.read += len(ids)
        return self.core.read_in_parts(ids, state)


def test_only_what_is_new_is_read():
    kept = Beginnings()
    core: Any = Counting()
    ids = MODEL.vocabulary.encode(TEXT)
    read = []
    for text in (ids, np.append(ids, 1), ids[: 2 * BLOCK], ids[1:]):
        before = core.read
        finish_reading(StateContext(core, kept).read_in_parts(text))
        read.append(core.read - before)
    # The last block is read in any case: what is predicted after it is wanted.
    assert read == [len(ids), 8, BLOCK, len(ids) - 1]


def test_there_is_an_end_to_what_is_kept(monkeypatch):
    monkeypatch.setattr(beginnings, "MOST", 2)
    kept = Beginnings()
    for number in range(5):
        kept.keep(bytes([number]), ())
        assert kept.find([bytes([number])]) == (1, ())
    assert kept.find([b"\x00"]) == (0, None)
    assert kept.find([b"\x04", b"\x00"]) == (1, ())
