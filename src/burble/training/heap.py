"""When free memory goes back to the system, on Linux. Knows nothing of what it is used for.

What the allocator of the GNU C library does by itself suits no training: each thread that begins
gets a heap of its own, and what a step needs for a moment is handed back after each.
"""

import ctypes
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

TRIM_THRESHOLD, TOP_PAD, MMAP_THRESHOLD, ARENA_MAX = -1, -2, -3, -8
"""Options of `mallopt`, by their numbers in its header (M_TRIM_THRESHOLD and so on)."""
KEEPING = {
    # Large blocks come from the heap, too, and stay there.
    MMAP_THRESHOLD: 1 << 30,
    TRIM_THRESHOLD: (1 << 31) - 1,
    TOP_PAD: 1 << 26,
}
USUAL = {
    # What it comes to by itself in a process that has let go of large blocks.
    MMAP_THRESHOLD: 1 << 25,
    TRIM_THRESHOLD: 1 << 26,
    TOP_PAD: 1 << 17,
}


def share() -> None:
    """Lets all threads take from one heap, but those that have another already.

    What was let go in one heap serves no other, so that with several the memory of a step would be
    kept several times. Call it before there are threads.
    """
    _set({ARENA_MAX: 1})


@contextmanager
def kept() -> Iterator[None]:
    """Keeps what a step has used for the next one; gives back what is free at the end.

    Otherwise the system takes back tens of megabytes after every step and hands them out again
    page by page, which takes a quarter of the step (glibc 2.36, 2 x 256, 32 streams of 64).
    """
    _set(KEEPING)
    try:
        yield
    finally:
        _set(USUAL)
        if library := _find():
            # Also of what is free between blocks that are in use.
            library.malloc_trim(0)


def _set(options: Mapping[int, int]) -> None:
    """Sets options of the allocator, where it is that of GNU."""
    if library := _find():
        for option, value in options.items():
            library.mallopt(option, value)


def _find() -> Any:
    """The C library, if it is that of GNU; else None."""
    if sys.platform != "linux":
        return None
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL(None)
        return library if library.mallopt and library.malloc_trim else None
    return None
