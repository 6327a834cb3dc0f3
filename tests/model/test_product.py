"""Each stream has the very bits that it has alone, whatever else there is."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from burble.model.product import LARGEST_BLOCK, find_height, multiply_streams

SIZES = st.integers(1, 300)


def numbers(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape, np.float32)


def check(outputs, inputs, streams, seed):
    weights, columns = numbers(seed, outputs, inputs), numbers(seed + 1, inputs, streams)
    alone = [multiply_streams(weights, np.ascontiguousarray(c[:, None])) for c in columns.T]
    np.testing.assert_array_equal(multiply_streams(weights, columns), np.hstack(alone))
    assert (multiply_streams(weights, columns[:, :1])[:, 0] == weights @ columns[:, 0]).all()


@settings(deadline=None, max_examples=60)
@given(SIZES, SIZES, st.integers(1, 70), st.integers(0, 2**32))
@example(65, 256, 64, 0)
@example(1, 1, 3, 0)
@example(129, 71, 9, 0)
def test_a_stream_has_the_bits_that_it_has_alone(outputs, inputs, streams, seed):
    check(outputs, inputs, streams, seed)


@pytest.mark.parametrize("shape", [(1024, 256), (1024, 512), (2048, 512), (101, 512)])
def test_so_it_has_in_networks_of_common_sizes(shape):
    outputs, inputs = shape
    for streams in (2, 3, 17, 64):
        check(outputs, inputs, streams, streams)


def test_it_stands_in_no_other_place_than_another():
    weights, column = numbers(0, 260, 70), numbers(1, 70, 1)
    others = numbers(2, 70, 40)
    alone = multiply_streams(weights, column)[:, 0]
    for place in range(0, 40, 3):
        others[:, place] = column[:, 0]
        assert (multiply_streams(weights, others)[:, place] == alone).all()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_it_holds_for_any_number_of_threads_of_the_library(threads):
    code = "from tests.model.test_product import check; check(1024, 256, 9, 5)"
    more = {"OPENBLAS_NUM_THREADS": threads, "OMP_NUM_THREADS": threads}
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | more)


@given(st.integers(1, 5000), st.integers(1, 3000))
@settings(deadline=None, max_examples=30)
def test_blocks_are_small_and_leave_no_row_alone(outputs, inputs):
    height = find_height(min(outputs, 400), min(inputs, 400))
    if height:
        assert height * min(inputs, 400) <= LARGEST_BLOCK
        assert min(outputs, 400) % height != 1
