"""Work dealt out to threads that last as long as the process.

For work that NumPy does without Python's lock, such as products. Knows nothing of what is done.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Result = TypeVar("Result")
LIMITS = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"
"""Variables by which people limit the threads of numerical libraries; ours keep to them."""


@cache
def count_threads() -> int:
    """How many threads there are to work at once, this one included."""
    limits = [int(one) for name in LIMITS if (one := os.environ.get(name, "")).isdecimal()]
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min([cores, *limits]))


def run_at_once(work: Sequence[Callable[[], Result]]) -> list[Result]:
    """Does several things at once, the last of them in this thread.

    Args:
        work: Functions; there should not be more of them than threads.

    Returns:
        What each returned, in order.
    """
    started = [_pool().submit(one) for one in work[:-1]]
    last = work[-1]()
    return [*(one.result() for one in started), last]


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads besides this one."""
    return ThreadPoolExecutor(max(1, count_threads() - 1), "burble")


if hasattr(os, "register_at_fork"):
    # Threads do not come along into a process that is forked.
    os.register_at_fork(after_in_child=_pool.cache_clear)
