"""The compiled kernels are used where they can be, and burble says why where they cannot."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from burble.native import library

CODE = "from burble.native.library import explain, load_library; print(load_library(), explain())"


def ask(**variables):
    done = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, env=os.environ | variables, text=True
    )
    return done.stdout


def test_a_variable_leaves_them_off():
    assert ask(BURBLE_NATIVE="0") == "None off (BURBLE_NATIVE is 0)\n"


def test_where_they_were_built_they_are_used():
    if not (library.FOLDER / library.NAME).exists():
        pytest.skip("no C compiler was at hand when burble was installed")
    assert library.explain().startswith(("in use, with ", "not used (this processor", "off"))


@pytest.fixture
def elsewhere(monkeypatch, tmp_path):
    """The folder of the package, as if burble were installed there."""
    monkeypatch.setattr(library, "FOLDER", tmp_path)
    library._load.cache_clear()
    yield tmp_path
    library._load.cache_clear()


@pytest.mark.usefixtures("elsewhere")
def test_where_they_were_not_built_it_says_so():
    assert library._load("") == (
        None,
        "not built (no C compiler was at hand when burble was installed)",
    )


def test_a_damaged_library_is_not_used(elsewhere):
    (elsewhere / library.NAME).write_bytes(b"no library")
    loaded, told = library._load("")
    assert loaded is None
    assert told.startswith("not used (its library cannot be loaded: ")


def test_another_library_of_that_name_is_not_used(elsewhere):
    shutil.copy(np.random.mtrand.__file__, elsewhere / library.NAME)
    loaded, told = library._load("")
    assert loaded is None
    assert told.startswith("not used (its library cannot be loaded: ")


def test_a_library_of_older_sources_is_not_used(elsewhere):
    built = Path(library.__file__).parent / library.NAME
    if not built.exists():
        pytest.skip("no C compiler was at hand when burble was installed")
    shutil.copy(built, elsewhere / library.NAME)
    # As it is installed from a wheel, without sources.
    assert library._load("")[1].startswith(("in use", "not used (this processor"))
    library._load.cache_clear()
    (elsewhere / "newer.c").write_text("")
    assert "run: python hatch_build.py" in library._load("")[1]


TEAM = """
import ctypes, os, threading
from burble.native.library import load_library

library = load_library()
if not library.burble_has_team():
    raise SystemExit("none")

def share(parts):
    done = []
    do_part = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int, ctypes.c_int)(
        lambda work, part, of: done.append((part, of, threading.get_native_id()))
    )
    library.burble_share(do_part, None, parts)
    assert sorted(one[:2] for one in done) == [(n, parts) for n in range(parts)], done
    return {one[2] for one in done}

for parts in (1, 3, 2, 5, 1, 5) * 50:
    assert len(share(parts)) == parts
copy = os.fork()
again = share(3)
# Threads do not live on in a copy: it starts its own.
assert len(again) == 3, again
if copy:
    assert os.waitpid(copy, 0)[1] == 0
else:
    os._exit(0)
"""


def test_every_part_of_shared_work_is_done_by_a_thread_of_its_own_in_a_copied_process_too():
    if library.load_library() is None:
        pytest.skip("no kernels are in use")
    # Later versions of Python warn of copies of processes with threads.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", TEAM]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if "none" in done.stderr:
        pytest.skip("threads share nothing on this system")
    assert (done.returncode, done.stderr) == (0, "")
