"""From logits to a symbol: filters `logits -> logits` in one table, and one draw.

Knows nothing of models or text. Logits are float64 of shape (B, V); a filter makes symbols
impossible with minus infinity and always leaves the likeliest one.
"""

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from burble.errors import DivergedError
from burble.inference.settings import COLDEST, SamplingSettings
from burble.model.portable import exp
from burble.model.portable import log as portable_log
from burble.model.portable import softmax as portable_softmax
from burble.model.softmax import IMPOSSIBLE, softmax
from burble.native import choosing

Logits = NDArray[np.float64]
DAMAGED = (
    "what the model predicts is not a number any more, so nothing can be drawn from it. Its "
    "weights are damaged; take an earlier copy, or train again."
)


def apply_temperature(logits: Logits, temperature: float) -> Logits:
    """Divides by the temperature; at 0, only the likeliest symbol stays possible."""
    # Below this, quotients could leave the range of numbers.
    if temperature < COLDEST:
        first = logits.argmax(axis=-1)[:, None] == np.arange(logits.shape[-1])
        return np.where(first, 0.0, -np.inf)
    shifted = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    return np.asarray(shifted / temperature)


def keep_top_k(logits: Logits, k: int) -> Logits:
    """Keeps the `k` likeliest symbols; of equally likely ones, those of the lowest ids."""
    if k == 0 or k >= logits.shape[-1]:
        return logits
    least = np.partition(logits, -k, axis=-1)[:, -k, None]
    above, level = logits > least, logits == least
    room = k - above.sum(axis=-1, keepdims=True)
    kept = above | (level & (level.cumsum(axis=-1) <= room))
    return np.where(kept, logits, -np.inf)


def keep_top_p(logits: Logits, p: float, softmax: Callable[[Logits], Logits] = softmax) -> Logits:
    """Keeps the likeliest symbols until their probabilities, those of `softmax`, reach `p`.

    Source: Holtzman et al., The Curious Case of Neural Text Degeneration, 2020.
    """
    if p >= 1:
        return logits
    order = np.argsort(-logits, axis=-1, kind="stable")
    sorted_probabilities = np.take_along_axis(softmax(logits), order, -1)
    before = np.cumsum(sorted_probabilities, axis=-1) - sorted_probabilities
    kept_in_order = before < p
    kept_in_order[:, 0] = True
    kept = np.empty_like(kept_in_order)
    np.put_along_axis(kept, order, kept_in_order, -1)
    return np.where(kept, logits, -np.inf)


def keep_min_p(logits: Logits, p: float, log: Callable[[Logits], Logits] = np.log) -> Logits:
    """Keeps symbols at least `p` times as likely as the likeliest.

    Source: Nguyen et al., Min-p Sampling, 2024.
    """
    if p == 0:
        return logits
    least = logits.max(axis=-1, keepdims=True) + log(np.array(p))
    return np.where(logits >= least, logits, -np.inf)


FILTERS: Mapping[str, Callable[[Logits, float], Logits]] = {
    "temperature": apply_temperature,
    "top_k": lambda logits, k: keep_top_k(logits, int(k)),
    "top_p": keep_top_p,
    "min_p": keep_min_p,
}
"""The filters, by the name of their setting, in the order they are applied."""


PORTABLE_FILTERS = dict(FILTERS) | {
    "top_p": partial(keep_top_p, softmax=portable_softmax),
    "min_p": partial(keep_min_p, log=portable_log),
}
"""The same in arithmetic that every machine repeats; see `model.portable`."""
_IDLE = {"top_k": 0, "top_p": 1, "min_p": 0}
"""Values with which the filters but the temperature keep everything."""


def draw_symbols(
    logits: Logits, uniforms: NDArray[np.float64], exp: Callable[[Logits], Logits] = np.exp
) -> NDArray[np.intp]:
    """Draws a symbol from each row.

    Args:
        logits: Shape (B, V), as `filter_logits` gives them: the largest of a row is 0, which cannot
            overflow.
        uniforms: A number from [0, 1) for each row, shape (B,).
        exp: The exponential.

    Returns:
        The ids, shape (B,); never one whose logit is minus infinity.
    """
    sums = exp(logits).cumsum(axis=-1)
    aims = uniforms * sums[:, -1]
    # A strict comparison skips symbols of probability 0, also where the draw is exactly 0.
    if len(sums) == 1:
        return np.asarray(sums[0].searchsorted(aims, side="right"))
    return np.asarray((sums <= aims[:, None]).sum(axis=-1))


def choose_symbols(
    logits: NDArray[np.float32],
    settings: SamplingSettings,
    uniforms: NDArray[np.float64],
    *,
    portable: bool = False,
) -> NDArray[np.intp]:
    """Filters logits and draws from what is left.

    Args:
        logits: Shape (B, V).
        settings: The filters' values.
        uniforms: A number from [0, 1) for each row, shape (B,).
        portable: Whether arithmetic is used that every machine repeats.

    Returns:
        An id for each row, shape (B,).

    Raises:
        DivergedError: A logit is not a finite number.
    """
    if portable:
        passed = filter_logits(logits, settings, PORTABLE_FILTERS)
        return draw_symbols(passed, uniforms, exp)
    if is_plain(settings):
        limit = float(IMPOSSIBLE)
        chosen = choosing.draw_symbols(logits, settings.temperature, limit, uniforms)
        if chosen is not None:
            return chosen
    return draw_symbols(filter_logits(logits, settings), uniforms)


def is_plain(settings: SamplingSettings) -> bool:
    """Whether symbols are drawn by a temperature alone, which the kernels can do."""
    return settings.temperature >= COLDEST and all(
        getattr(settings, name) == idle for name, idle in _IDLE.items()
    )


def filter_logits(
    logits: NDArray[np.float32],
    settings: SamplingSettings,
    filters: Mapping[str, Callable[[Logits, float], Logits]] = FILTERS,
) -> Logits:
    """Logits (B, V) after every filter of a table, in its order; see `choose_symbols`."""
    passed = logits.astype(np.float64)
    # The sum of float64 is finite just where each of these is.
    if not math.isfinite(np.add.reduce(passed, axis=None)):
        raise DivergedError(DAMAGED)
    blocked = _find_blocked(passed) if np.minimum.reduce(passed, axis=None) <= IMPOSSIBLE else None
    for name, apply in filters.items():
        passed = apply(passed, getattr(settings, name))
        if blocked is not None and name == "temperature":
            # A high enough temperature would bring back what may not come.
            passed[blocked] = -np.inf
    return passed


def _find_blocked(logits: Logits) -> NDArray[np.bool_]:
    """What may not come, (B, V); nothing where all may not: whoever writes ends such a text."""
    found = logits <= IMPOSSIBLE
    return np.asarray(found & ~found.all(axis=-1, keepdims=True))
