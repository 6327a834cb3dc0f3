"""Loads the compiled kernels, if they are there, fit the processor, and are wanted.

Knows nothing of what they compute.
"""

import ctypes
import hashlib
import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

SWITCH = "BURBLE_NATIVE"
"""The variable of the environment that, where it is 0, leaves the kernels off."""
FOLDER = Path(__file__).parent
NAME = {"win32": "kernels.dll", "darwin": "kernels.dylib"}.get(sys.platform, "kernels.so")
SETS = {1: "NEON", 2: "AVX2", 3: "AVX-512"}
"""Instruction sets, by the numbers of `dispatch.h`."""


def load_library() -> ctypes.CDLL | None:
    """The compiled kernels; None where they are not used, for the reason of `explain`."""
    return _load(os.environ.get(SWITCH, ""))[0]


def explain() -> str:
    """Whether the kernels are used and how, or why not, in a line for a person."""
    return _load(os.environ.get(SWITCH, ""))[1]


@cache
def _load(switch: str) -> tuple[ctypes.CDLL | None, str]:
    """The library, and what there is to say of it."""
    if switch == "0":
        return None, f"off ({SWITCH} is 0)"
    path = FOLDER / NAME
    if not path.exists():
        return None, "not built (no C compiler was at hand when burble was installed)"
    try:
        library = ctypes.CDLL(str(path))
        library.burble_sources.restype = ctypes.c_char_p
    except (OSError, AttributeError) as error:
        return None, f"not used (its library cannot be loaded: {error})"
    expected = _fingerprint()
    if expected and library.burble_sources() != expected:
        return None, "not used (built from older sources; run: python hatch_build.py)"
    instructions = SETS.get(library.burble_instruction_set())
    if instructions is None:
        return None, "not used (this processor has neither AVX2 with FMA nor NEON)"
    return library, f"in use, with {instructions}"


def _fingerprint() -> bytes:
    """What stands for the sources where they lie beside; see `hatch_build.py`. Empty without."""
    sources = sorted(FOLDER.rglob("*.[ch]"))
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in sources))
    return digest.hexdigest()[:16].encode() if sources else b""


def find(array: NDArray[Any]) -> int:
    """Where the first number of an array lies."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(array.data))
    except (TypeError, ValueError):
        # Slower; of arrays that do not lie in one piece, cannot be changed, or are empty.
        return int(array.ctypes.data)
