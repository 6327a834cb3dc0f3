"""Characters a second in training: burble beside PyTorch's `nn.LSTM`, and the machine's limit.

    python -m benchmarks training_speed [--quick]

Both train the same network from the same weights on the same random text, without dropout, in
processes of their own, in turn, several times. Before anything is timed, their losses on one batch
are compared. The machine's matrix product is measured in every round, since other work on the
machine changes it. Needs the `bench` dependencies.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, SupportsFloat

import numpy as np

from benchmarks.harness import call, format_spread, make_parser, record
from benchmarks.speed.machine import product_rate, training_operations

SHAPES = [
    *((1, 256, 32, 64), (1, 256, 64, 128)),
    *((2, 256, 32, 64), (2, 256, 64, 128)),
    *((2, 512, 32, 64), (2, 512, 64, 128)),
]
QUICK = [(2, 256, 32, 64)]
SYMBOLS, EMBEDDING = 65, 64
TEXT = np.random.default_rng(0).integers(SYMBOLS, size=300_000).astype(np.uint8)


@dataclass(frozen=True)
class Total:
    """The loss of all steps so far, which is waited for once it is asked for."""

    loss: Any

    def __float__(self) -> float:
        """The sum in nats."""
        return float(np.asarray(self.loss)[0])


def burble_step(shape: tuple[int, ...], start: Path) -> tuple[Callable[[], SupportsFloat], float]:
    """A training step of burble, and the loss before it; writes where it starts."""
    from burble import settings
    from burble.model import network as model_network
    from burble.training import devices, processes
    from burble.training.framings import Streams
    from burble.training.step import CompiledNetwork, fetch_arrays

    layers, units, batch, length = shape
    devices.prepare(processes.available_cores(), batch, units)
    shape_of = {"layers": layers, "units": units, "embedding": EMBEDDING, "batch": batch}
    plain = {"dropout_input": 0.0, "dropout": 0.0, "dropout_output": 0.0, "averaging": 0.0}
    chosen = settings.make_settings({**shape_of, "length": length, **plain})
    compiled = CompiledNetwork(chosen.model, SYMBOLS, chosen.training)
    streams = Streams(TEXT, batch, length, seed=0, reset_rate=0.0)
    begun = fetch_arrays(compiled.initial_arrays(batch))
    first = streams.at(0)
    nats, places, _ = compiled.nats(begun.weights, begun.rng, first, compiled.zero_state(batch))
    named = model_network.name_weights(begun.weights, chosen.model, SYMBOLS)
    np.savez(start, inputs=first.inputs, targets=first.targets, allow_pickle=False, **named)
    arrays, number = compiled.place(begun), itertools.count()

    def step() -> SupportsFloat:
        nonlocal arrays
        arrays = compiled.step(arrays, streams.at(next(number)), 2e-3)
        return Total(arrays.loss)

    return step, float(nats) / float(places)


def torch_step(shape: tuple[int, ...], start: Path) -> tuple[Callable[[], SupportsFloat], float]:
    """A training step of PyTorch from the same weights, and the loss before it."""
    import torch

    from benchmarks.rivals.torch_rnn import CharRNN, Training

    layers, units, batch, length = shape
    network = CharRNN(SYMBOLS, layers, units)
    with np.load(start) as begun:
        network.take({n: begun[n] for n in begun.files}, layers)
        inputs, targets = (torch.tensor(begun[n]).long() for n in ("inputs", "targets"))
    with torch.no_grad():
        logits, _ = network(inputs)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
    return Training(network, TEXT, batch, length).step, loss.item()


def measured(who: str, shape: tuple[int, ...], start: Path, seconds: float) -> dict[str, float]:
    """Runs steps for about so many seconds: the loss before them, and characters a second."""
    made = burble_step if who == "burble" else torch_step
    step, loss = made(shape, start)
    began = time.perf_counter()
    for _ in range(3):
        last = step()
        float(last)
        began, once = time.perf_counter(), time.perf_counter() - began
    # burble's steps run on while the next batch is made: their number is fixed beforehand.
    steps = max(3, round(seconds / once))
    for _ in range(steps):
        last = step()
    float(last)
    speed = steps * shape[2] * shape[3] / (time.perf_counter() - began)
    return {"loss": loss, "speed": speed, "product": product_rate(5)}


def compare(shape: tuple[int, ...], rounds: int, seconds: float, folder: Path) -> dict[str, object]:
    """A row: both in turn, `rounds` times."""
    layers, units, batch, length = shape
    start = folder / "start.npz"
    ours: list[Any] = []
    theirs: list[Any] = []
    for _ in range(rounds):
        for who, found in (("burble", ours), ("torch", theirs)):
            found.append(call("training_speed", "--child", who, start, seconds, *shape))
        if abs(ours[-1]["loss"] - theirs[-1]["loss"]) > 1e-4:
            raise SystemExit(f"not the same work: losses {ours[-1]['loss']}, {theirs[-1]['loss']}")
    operations = training_operations(batch, length, layers, units, EMBEDDING, SYMBOLS)
    shares = [r["speed"] / (batch * length) * operations / r["product"] for r in ours]
    their_shares = [r["speed"] / (batch * length) * operations / r["product"] for r in theirs]
    ratios = [a["speed"] / b["speed"] for a, b in zip(ours, theirs, strict=True)]
    return {
        "network": f"{layers} x {units}",
        "streams x steps": f"{batch} x {length}",
        "loss at the start": f"{ours[0]['loss']:.5f} / {theirs[0]['loss']:.5f}",
        "burble characters/s": format_spread([r["speed"] for r in ours]),
        "PyTorch characters/s": format_spread([r["speed"] for r in theirs]),
        "ratio": round(median(ratios), 2),
        "ratios": " ".join(f"{ratio:.2f}" for ratio in ratios),
        "burble's share of the product": f"{median(shares):.0%}",
        "PyTorch's share": f"{median(their_shares):.0%}",
    }


def main() -> None:
    """Compares all shapes and records the table."""
    parser = make_parser(__doc__, "one network, one round")
    parser.add_argument("--child", nargs=7, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        who, start, seconds, *shape = asked.child
        print(json.dumps(measured(who, tuple(map(int, shape)), Path(start), float(seconds))))
        return
    shapes, rounds, seconds = (QUICK, 1, 3.0) if asked.quick else (SHAPES, 5, 4.0)
    with tempfile.TemporaryDirectory() as folder:
        rows = [compare(shape, rounds, seconds, Path(folder)) for shape in shapes]
    record("training_speed", rows, "median (least to most) over the rounds; torch beside burble")
