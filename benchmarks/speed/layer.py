"""One LSTM layer on one core, forward and backward: the compiled code beside the loop of XLA.

    python -m benchmarks layer [--quick]

Both in one process, in turn; processor time, so that other work on the machine counts little. The
share of the machine is that of its matrix product, XLA's at its best, measured the same way on the
same core. (NumPy's leaves a thread behind that takes processor time for a while.) Whether both do
the same work is checked first.
"""

import os
import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

from benchmarks.harness import format_spread, make_parser, record

SHAPES = [
    *((16, 64, 64, 256), (16, 64, 256, 256), (32, 64, 256, 256), (64, 128, 256, 256)),
    *((16, 64, 512, 512), (32, 128, 512, 512)),
]
"""Streams, steps, inputs, units."""


def processor_seconds(work: Callable[[], object]) -> float:
    """What one call takes of the processor, all threads together."""
    started = time.process_time()
    work()
    return time.process_time() - started


def are_alike(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether arrays are the same but for rounding."""
    pairs = zip(ours, theirs, strict=True)
    return all(np.abs(a - b).max() <= 1e-4 * np.abs(b).max() for a, b in pairs)


def compare(shape: tuple[int, ...], rounds: int) -> dict[str, object]:
    """A row: both in turn, `rounds` times."""
    import jax

    from burble.model.lstm import lstm_loop, run_lstm

    batch, length, inputs, units = shape
    rng = np.random.default_rng(0)
    sizes = [(batch, length, inputs), (inputs, 4 * units), (units, 4 * units), (4 * units,)]
    sizes += [(batch, units)] * 2
    given = [jax.device_put(rng.normal(0, 0.05, size).astype(np.float32)) for size in sizes]

    def gradients(layer: Callable[..., Any]) -> Callable[[], Any]:
        compiled = jax.jit(jax.grad(lambda given: sum((a * a).sum() for a in layer(*given))))
        return lambda: jax.block_until_ready(compiled(given))

    ours, theirs = gradients(run_lstm), gradients(lstm_loop)
    if not are_alike(ours(), theirs()):
        raise SystemExit(f"not the same work at {shape}")
    a, b = (jax.device_put(rng.random((1024, 1024), np.float32)) for _ in range(2))
    product = jax.jit(lambda a, b: a @ b)
    works = ours, theirs, lambda: product(a, b).block_until_ready()
    for work in works:
        work()
    times = [[processor_seconds(work) for work in works] for _ in range(rounds)]
    operations = 3 * 2 * batch * length * (inputs + units) * 4 * units
    rates = [operations / ours for ours, *_ in times]
    limit = 2 * 1024**3 / min(seconds for *_, seconds in times)
    return {
        "streams x steps": f"{batch} x {length}",
        "inputs to units": f"{inputs} to {units}",
        "ms": format_spread([1000 * ours for ours, *_ in times]),
        "ms, loop": format_spread([1000 * loop for _, loop, _ in times]),
        "times as fast": f"{median(loop / ours for ours, loop, _ in times):.2f}",
        "10^9 operations/s": format_spread([rate / 1e9 for rate in rates]),
        "share of the product": f"{median(rates) / limit:.0%}",
    }


def main() -> None:
    """Compares all shapes and records the table."""
    quick = make_parser(__doc__, "one shape, few rounds").parse_args().quick
    # JAX and the kernels count the cores when they are loaded.
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    from burble.training import devices

    devices.prepare(1, SHAPES[0][0], SHAPES[0][3])
    from burble.model import compiled

    if not compiled.is_available():
        raise SystemExit("no kernels are in use here: see burble doctor.")
    rows = [compare(shape, 3 if quick else 15) for shape in (SHAPES[:1] if quick else SHAPES)]
    record("layer", rows, "one core, processor time; median (least to most) over the rounds")


if __name__ == "__main__":
    main()
