"""Where the time of a training step goes, from JAX's own profiler.

    python -m benchmarks step_profile [--quick]

Each device of this computer runs the operations of a step one after another, or two at once where
it has several threads; their times are summed by kind, for the mean device. What is left of the
step is time between operations, and Python. Compiled code is that of the LSTM layers, the output
layer and dropout, each call of which cores share.
"""

import argparse
import gzip
import json
import os
import re
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from benchmarks.harness import call, make_parser, record

SHAPES = ((1, 256, 32, 64), (2, 256, 32, 64), (2, 512, 32, 64), (2, 256, 16, 64))
SYMBOLS = 65
HOLDERS = re.compile(
    r"while|Thunk|Thread|Slinky|Rendezvous|Wait|call|conditional|LaunchOnDevice|Pjit|end: |\[\d"
)
KINDS = {
    "compiled code": re.compile("ffi_call"),
    "products": re.compile(r"dot|gemm|matmul|ynn"),
    "exchange of gradients": re.compile(r"all-reduce"),
    "copies": re.compile(r"copy|transpose|concatenate\.|broadcast"),
}
"""What the names of operations say they are; all others are arithmetic on single numbers."""


def profile(layers: int, units: int, batch: int, length: int, steps: int) -> dict[str, float]:
    """Milliseconds of a step, by kind, in this process."""
    os.environ["KERAS_BACKEND"] = "jax"
    import jax
    import numpy as np

    from burble import settings
    from burble.training import devices, processes
    from burble.training.framings import Streams
    from burble.training.step import CompiledNetwork, fetch_arrays

    devices.prepare(processes.available_cores(), batch, units)
    shape = {"layers": layers, "units": units, "batch": batch, "length": length, "averaging": 0.0}
    chosen = settings.make_settings(
        shape | {"dropout": 0.0, "dropout_input": 0.0, "dropout_output": 0.0}
    )
    compiled = CompiledNetwork(chosen.model, SYMBOLS, chosen.training)
    ids = np.random.default_rng(0).integers(0, SYMBOLS, 200_000).astype(np.uint8)
    streams = Streams(ids, batch, length, seed=0, reset_rate=0.03)
    arrays = compiled.place(fetch_arrays(compiled.initial_arrays(batch)))

    def run(arrays: Any) -> Any:
        for step in range(steps):
            arrays = compiled.step(arrays, streams.at(step), 1e-3)
        arrays.loss.block_until_ready()
        return arrays

    arrays = run(arrays)
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder, create_perfetto_trace=True):
            started = time.perf_counter()
            run(arrays)
            elapsed = time.perf_counter() - started
        (path,) = Path(folder).rglob("perfetto_trace.json.gz")
        found = by_kind(json.loads(gzip.decompress(path.read_bytes()))["traceEvents"])
    count = compiled.devices.count
    figures = {kind: micro / 1000 / steps / count for kind, micro in found.items()}
    return {"all": 1000 * elapsed / steps, "devices": count} | figures


def by_kind(events: list[dict[str, Any]]) -> dict[str, float]:
    """Microseconds of the operations on all devices, by kind."""
    threads = {
        (e["pid"], e["tid"]): e["args"]["name"]
        for e in events
        if e.get("ph") == "M" and e["name"] == "thread_name"
    }
    found: dict[str, float] = defaultdict(float)
    for event in events:
        if event.get("ph") != "X" or HOLDERS.match(event["name"]):
            continue
        if "XLA" not in threads.get((event["pid"], event["tid"]), ""):
            continue
        kinds = (kind for kind, names in KINDS.items() if names.search(event["name"]))
        found[next(kinds, "arithmetic")] += event["dur"]
    return found


def main() -> None:
    """Profiles all shapes and records the table."""
    parser = make_parser(__doc__, "few steps of one shape")
    parser.add_argument("--child", nargs=5, type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(profile(*asked.child)))
        return
    rows = []
    for shape in SHAPES[1:2] if asked.quick else SHAPES:
        layers, units, batch, length = shape
        found = call("step_profile", "--child", *shape, 4 if asked.quick else 8)
        kinds = (*KINDS, "arithmetic")
        left = found["all"] - sum(found.get(kind, 0.0) for kind in kinds)
        row: dict[str, object] = {"network": f"{layers} x {units}"}
        row |= {"streams x steps": f"{batch} x {length}", "ms a step": f"{found['all']:.0f}"}
        row |= {kind: f"{found.get(kind, 0.0):.1f}" for kind in kinds}
        rows.append(row | {"between": f"{left:.1f}", "devices": round(found["devices"])})
    record("step_profile", rows, "milliseconds a step on the mean device, under the profiler")
