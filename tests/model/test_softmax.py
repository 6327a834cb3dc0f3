import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from burble.model.softmax import log_softmax, softmax

LOGITS = arrays(float, (3, 4), elements=st.floats(-1e6, 1e6))


@given(LOGITS, st.floats(-1e6, 1e6))
def test_probabilities_sum_to_one_and_only_differences_matter(logits, more):
    found = softmax(logits)
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(softmax(logits + more), found, atol=1e-6)


@given(LOGITS)
def test_a_logarithm_is_finite_where_its_probability_is_not_above_zero(logits):
    found = log_softmax(logits)
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(np.exp(found), softmax(logits))
