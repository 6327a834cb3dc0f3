"""What the allocator keeps and gives back, each in a process of its own."""

import ctypes
import json
import subprocess
import sys

import pytest

GNU = sys.platform == "linux" and hasattr(ctypes.CDLL(None), "malloc_trim")
pytestmark = pytest.mark.skipif(not GNU, reason="only the allocator of the GNU C library is set")

BEGIN = """
import ctypes, json, os, sys, threading
from pathlib import Path
from burble.training import heap

library = ctypes.CDLL(None)
library.malloc.restype, library.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
"""
SHARE = """
if sys.argv[1] == "shared":
    heap.share()
found = []
thread = threading.Thread(target=lambda: found.append(library.malloc(1000)))
thread.start()
thread.join()
maps = Path("/proc/self/maps").read_text().splitlines()
[own] = [line.split()[0] for line in maps if line.endswith("[heap]")]
first, end = (int(one, 16) for one in own.split("-"))
print(json.dumps(first <= found[0] < end))
"""
KEEP = """
def use():
    block, behind = library.malloc(100_000_000), library.malloc(1000)
    ctypes.memset(block, 1, 100_000_000)
    library.free(block)
    return behind

before = resident()
with heap.kept():
    use()
    within = resident()
after = resident()
use()
print(json.dumps([one - before for one in (within, after, resident())]))
"""


def run(script, *arguments):
    command = [sys.executable, "-c", BEGIN + script, *arguments]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_threads_take_from_the_heap_of_all_where_it_is_shared():
    assert run(SHARE, "shared") is True
    assert run(SHARE, "as it is") is False


def test_what_was_let_go_is_kept_for_a_while_and_then_given_back():
    within, after, later = run(KEEP)
    assert within > 95
    assert after < 10
    assert later < 10
