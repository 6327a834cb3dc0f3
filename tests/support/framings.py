"""Documents of any lengths, framed for training."""

import numpy as np
from hypothesis import strategies as st

from burble.training.framings import Documents


@st.composite
def documents(draw):
    """Documents of different symbols, with the boundary 255 after each."""
    lengths = draw(st.lists(st.integers(1, 12), min_size=1, max_size=9))
    numbers = iter(range(200))
    parts = [[*(next(numbers) for _ in range(n)), 255] for n in lengths]
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    ids = np.array([i for part in parts for i in part], np.uint8)
    batch, length = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    return Documents(ids, starts, 255, batch, length, draw(st.integers(0, 9)))
