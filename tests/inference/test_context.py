"""What a model has read of a text, however long."""

import numpy as np

from burble.inference.generator import Generator
from burble.inference.loop import BLOCK
from tests.support.speakers import chancy, follower

CYCLE = Generator(follower("abc", [1, 2, 0]))
CHANCY = Generator(chancy())


def test_a_long_prompt_is_read_to_its_end():
    text = "abc" * BLOCK
    after = [CHANCY.probabilities(text[-n:]) for n in (len(text), len(text) - 1)]
    assert after[0] != after[1]
    np.testing.assert_allclose(list(after[0].values()), list(after[1].values()), atol=1e-3)
    assert CYCLE.generate(text + "a", length=3, temperature=0) == "bca"
