"""Work is dealt out to threads, and comes back in order."""

import os
import subprocess
import sys
import threading

import pytest

from burble.model import parallel
from burble.model.parallel import count_threads, run_at_once

COUNT = "from burble.model.parallel import count_threads; print(count_threads())"


def test_all_is_done_at_once_and_comes_back_in_order():
    # None of them could go on if they were done one after the other.
    meet = threading.Barrier(2, timeout=60)

    def work(number):
        meet.wait()
        return number, threading.current_thread() is threading.main_thread()

    assert run_at_once([lambda: work(1), lambda: work(2)]) == [(1, False), (2, True)]
    assert run_at_once([lambda: 3]) == [3]


def test_what_is_done_at_once_is_not_dealt_out_again():
    def work():
        return count_threads(), run_at_once([lambda: count_threads()])

    assert run_at_once([work, work]) == [(1, [1])] * 2
    assert count_threads() == parallel._count_all()


def test_what_goes_wrong_in_a_thread_is_raised():
    def fail():
        raise ZeroDivisionError("here")

    with pytest.raises(ZeroDivisionError, match="here"):
        run_at_once([fail, lambda: 2])


@pytest.mark.parametrize("name", ["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"])
def test_a_limit_for_numerical_libraries_is_kept(name):
    limited = subprocess.run(
        [sys.executable, "-c", COUNT], capture_output=True, check=True, env=os.environ | {name: "1"}
    )
    assert int(limited.stdout) == 1
    assert count_threads() >= 1
