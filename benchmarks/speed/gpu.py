"""Training and writing on a machine with a GPU: equal to the processor, and beside cuDNN's LSTM.

    python -m benchmarks gpu [--quick]

First the same few steps on the accelerator and on the processor, from the same weights on the same
text without dropout, with products in full float32: their losses may differ by 0.0001 nats. Then
characters a second in training, in processes of their own, in turn, beside PyTorch's `nn.LSTM`,
which is cuDNN's on NVIDIA, where PyTorch is installed; and in writing, which is the processor's
work. Without a GPU all of it runs on the processor. Under six minutes.
"""

import argparse
import importlib.util
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, SupportsFloat

from benchmarks.harness import call, format_spread, make_parser, record
from benchmarks.speed import writing
from benchmarks.speed.training_speed import SYMBOLS, TEXT, burble_step

SHAPES = ((2, 512, 64, 128), (3, 1024, 64, 128))
"""Layers, units, streams and steps of each."""
CHECKED = (2, 512, 32, 32)
TINY = (1, 16, 4, 8)
STEPS = 3
"""Steps whose losses are compared."""
NEAR = 1e-4
"""Nats by which they may differ."""
FULL = {"JAX_DEFAULT_MATMUL_PRECISION": "highest", "NVIDIA_TF32_OVERRIDE": "0"}


def find_losses(shape: tuple[int, ...]) -> dict[str, Any]:
    """The loss of each of a few steps, nats, and the kind of device."""
    import jax

    with tempfile.TemporaryDirectory() as folder:
        step, before = burble_step(shape, Path(folder) / "start.npz")
    sums = [0.0, *(float(step()) for _ in range(STEPS))]
    losses = [after - so_far for so_far, after in itertools.pairwise(sums)]
    return {"device": jax.devices()[0].device_kind, "losses": [before, *losses]}


def measure(who: str, shape: tuple[int, ...], seconds: float) -> float:
    """Characters a second in training, for about so many seconds."""
    if who == "burble":
        with tempfile.TemporaryDirectory() as folder:
            step, _ = burble_step(shape, Path(folder) / "start.npz")
    else:
        step = torch_step(shape)
    once = 0.0
    for _ in range(3):
        began = time.perf_counter()
        float(step())
        once = time.perf_counter() - began
    steps = max(3, round(seconds / once))
    began = time.perf_counter()
    for _ in range(steps):
        last = step()
    float(last)
    return steps * shape[2] * shape[3] / (time.perf_counter() - began)


def torch_step(shape: tuple[int, ...]) -> Callable[[], SupportsFloat]:
    """A training step of PyTorch, on its accelerator if it has one."""
    import torch

    from benchmarks.rivals.torch_rnn import CharRNN, Training

    layers, units, batch, length = shape
    # Tensors that are made without a word of where are made there.
    torch.set_default_device("cuda" if torch.cuda.is_available() else "cpu")
    return Training(CharRNN(SYMBOLS, layers, units), TEXT, batch, length).step


def check_equal(shape: tuple[int, ...]) -> dict[str, object]:
    """The row of the comparison with the processor.

    Raises:
        SystemExit: The losses are not the same.
    """
    here = call("gpu", "--child", "losses", 0, *shape, **FULL)
    there = call("gpu", "--child", "losses", 0, *shape, **FULL, JAX_PLATFORMS="cpu")
    apart = max(abs(a - b) for a, b in zip(here["losses"], there["losses"], strict=True))
    if apart > NEAR:
        raise SystemExit(f"not the same: {here} and {there}")
    what = f"losses of {STEPS} steps, {here['device']} beside {there['device']}, nats apart"
    return {"what": what, "network": f"{shape[0]} x {shape[1]}", "burble": f"{apart:.6f}"}


def compare_training(shape: tuple[int, ...], rounds: int, seconds: float) -> dict[str, object]:
    """The row of training speeds."""
    found: dict[str, list[float]] = {"burble": []}
    if importlib.util.find_spec("torch") is not None:
        found["PyTorch"] = []
    for _ in range(rounds):
        for who, speeds in found.items():
            speeds.append(call("gpu", "--child", who, seconds, *shape))
    row: dict[str, object] = {"what": "training, characters a second"}
    row |= {"network": f"{shape[0]} x {shape[1]}"}
    row |= {who: format_spread(speeds) for who, speeds in found.items()}
    if "PyTorch" in found:
        ratios = [a / b for a, b in zip(found["burble"], found["PyTorch"], strict=True)]
        row["ratio"] = f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    return row


def write(layers: int, units: int, quick: bool) -> dict[str, object]:
    """The row of one text, and of 64 at once."""
    from burble.inference.generator import load

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        writing.make(path, layers, units)
        speeds = writing.measure_speeds(load(path), quick=quick)
    one, many = (speeds[f"characters_a_second{name}"] for name in ("", "_64_at_once"))
    return {
        "what": "writing on the processor, characters a second of it, one text / 64 texts",
        "network": f"{layers} x {units}",
        "burble": f"{one:,} / {many:,}",
    }


def main() -> None:
    """Checks, measures and records."""
    parser = make_parser(__doc__, "a tiny network, one round")
    parser.add_argument("--child", nargs=6, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        who, seconds, *numbers = asked.child
        shape = tuple(map(int, numbers))
        done = find_losses(shape) if who == "losses" else measure(who, shape, float(seconds))
        print(json.dumps(done))
        return
    shapes, checked = ((TINY,), TINY) if asked.quick else (SHAPES, CHECKED)
    rounds, seconds = (1, 0.1) if asked.quick else (3, 5.0)
    rows = [check_equal(checked)]
    rows += [compare_training(shape, rounds, seconds) for shape in shapes]
    rows += [write(layers, units, asked.quick) for layers, units, *_ in shapes]
    columns = dict.fromkeys(name for row in rows for name in row)
    record("gpu", [{name: row.get(name, "") for name in columns} for row in rows], "in turn")
