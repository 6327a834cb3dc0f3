"""Work dealt out to threads that last as long as the process.

For work that NumPy does without Python's lock, such as products. Knows nothing of what is done.
"""

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

Result = TypeVar("Result")
LIMITS = "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"
"""Variables by which people limit the threads of numerical libraries; ours keep to them."""


def count_threads() -> int:
    """How many threads may work at once, this one included; none besides in one of several."""
    return 1 if getattr(_own, "is_one_of_several", False) else _count_all()


@cache
def _count_all() -> int:
    """How many threads the machine and the limits allow."""
    limits = [int(one) for name in LIMITS if (one := os.environ.get(name, "")).isdecimal()]
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min([cores, *limits]))


def run_at_once(work: Sequence[Callable[[], Result]]) -> list[Result]:
    """Does several things at once, the last of them in this thread.

    Args:
        work: Functions, not more of them than `count_threads`.

    Returns:
        What each returned, in order.
    """
    if len(work) < 2:
        return [one() for one in work]
    started = [_pool().submit(_work, one) for one in work[:-1]]
    last = _work(work[-1])
    return [*(one.result() for one in started), last]


def _work(one: Callable[[], Result]) -> Result:
    """Does something as one of several things at once."""
    _own.is_one_of_several = True
    try:
        return one()
    finally:
        _own.is_one_of_several = False


_own = threading.local()


@cache
def _pool() -> ThreadPoolExecutor:
    """The threads besides this one."""
    return ThreadPoolExecutor(max(1, _count_all() - 1), "burble")


if hasattr(os, "register_at_fork"):
    # Threads do not come along into a process that is forked.
    os.register_at_fork(after_in_child=_pool.cache_clear)
