"""What this machine can do at most: its matrix product, and reading its memory.

    python -m benchmarks machine [--quick]

The other benchmarks give burble's share of these.
"""

import time
from collections.abc import Callable

import numpy as np

from benchmarks.harness import make_parser, record


def best(work: Callable[[], object], tries: int) -> float:
    """The shortest of several times, in seconds."""
    times = []
    for _ in range(tries):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def product_rate(tries: int = 10) -> float:
    """Floating-point operations a second in a float32 matrix product, all cores at work."""
    rng = np.random.default_rng(0)
    a, b = (rng.random(shape, np.float32) for shape in ((2048, 1024), (1024, 1024)))
    return 2 * 2048 * 1024 * 1024 / best(lambda: a @ b, tries)


def bandwidth(megabytes: float, tries: int = 10) -> float:
    """Bytes a second at which one thread reads so much memory again and again (a dot product)."""
    halves = np.ones((2, int(megabytes * 1e6 / 8)), np.float32)
    return halves.nbytes / best(lambda: np.dot(halves[0], halves[1]), tries)


def training_operations(
    batch: int, length: int, layers: int, units: int, embedding: int, size: int
) -> int:
    """Floating-point operations of the products in one training step.

    A product of a row with a matrix of n weights is 2 n operations; the gradients of both sides
    are as many each. Gates, softmax and optimiser are not counted.
    """
    weights = embedding * 4 * units + units * 4 * units * (2 * layers - 1) + units * size
    return 3 * 2 * batch * length * weights


def main() -> None:
    """Measures and records."""
    parser = make_parser(__doc__, "fewer tries")
    tries = 5 if parser.parse_args().quick else 30
    rows = [
        {"what": "float32 matrix product, all cores", "figure": f"{product_rate(tries) / 1e9:.0f}"}
        | {"unit": "10^9 operations/s"}
    ]
    for size in (0.25, 3.2, 400):
        rate = bandwidth(size, max(3, tries // 5)) / 1e9
        rows.append({"what": f"reading {size:g} MB, one thread", "figure": f"{rate:.1f}"})
        rows[-1]["unit"] = "GB/s"
    record("machine", rows, "the best of several tries")
