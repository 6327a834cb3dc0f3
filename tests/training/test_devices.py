"""Cores that share a batch learn what one alone learns; each number of cores in a real process."""

import json
import os
import subprocess
import sys

import pytest

from burble.model import compiled as native_calls

pytestmark = pytest.mark.slow

TRAIN = """
import json, sys
from burble import settings
from burble.runs.events import Score
from burble.training import devices
from burble.training.trainer import Trainer
from tests.support.corpora import build_corpus

asked = {"layers": 2, "units": 128, "embedding": 16, "batch": 8, "length": 12, "steps": 50}
asked |= {"dropout": 0.3, "dropout_input": 0.1, "dropout_output": 0.3, "framing": sys.argv[2]}
chosen = settings.make_settings(asked | {"evaluations": 2, "patience": 0})
devices.prepare(int(sys.argv[1]), chosen.training.batch, chosen.model.units)
words = ["the cat sat on the mat", "the dog lay on the log", "a bird flew by"] * 40
text = build_corpus(words, chosen.text)
trainer = Trainer(text, chosen)
events = list(trainer.run(trainer.initial_state()))
losses = [event.loss for event in events if isinstance(event, Score)]
facts = {name: loss for name, loss in events[-1].facts.items() if name.endswith("loss")}
compiled = trainer.compiled._step._cache_size()
shared = trainer.compiled.devices.count, trainer.compiled.devices.threads
print(json.dumps([*shared, compiled, losses, facts]))
"""


def trained(cores, framing, **environment):
    command = [sys.executable, "-c", TRAIN, str(cores), framing]
    done = subprocess.run(
        command, capture_output=True, check=False, text=True, env=os.environ | environment
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("framing", ["streams", "documents"])
def test_two_cores_come_to_the_losses_of_one(framing):
    *shared, compiled, losses, facts = trained(1, framing)
    assert (shared, compiled) == ([1, 1], 1)
    # As devices, and, where there is compiled code, as threads of one device.
    as_threads = native_calls.is_available() and native_calls.has_threads()
    for expected, wish in {(2, 1): "0", **({(1, 2): "1"} if as_threads else {})}.items():
        *shared, compiled, shared_losses, shared_facts = trained(2, framing, BURBLE_NATIVE=wish)
        assert (tuple(shared), compiled) == (expected, 1)
        assert len(losses) == 2
        assert shared_losses == pytest.approx(losses, abs=1e-5)
        assert shared_facts == pytest.approx(facts, abs=1e-5)


IN_FLIGHT = """
import json
import jax
import numpy as np
from burble import settings
from burble.training import devices
from burble.training.framings import Streams
from burble.training.step import CompiledNetwork, fetch_arrays

shape = {"layers": 1, "units": 128, "embedding": 16, "batch": 8, "length": 12}
chosen = settings.make_settings(shape)
devices.prepare(2, 8, 128)
compiled = CompiledNetwork(chosen.model, 30, chosen.training)
arrays = compiled.place(fetch_arrays(compiled.initial_arrays(8)))
batches = Streams(np.arange(900, dtype=np.uint8) % 30, 8, 12, 0, 0.03)
ready = []
for step in range(30):
    copies = compiled.copy_weights(arrays.weights)
    ready += [array.is_ready() for array in copies]
    arrays = compiled.step(arrays, batches.at(step), 0.001)
    ready += [array.is_ready() for array in jax.tree.leaves(arrays)]
print(json.dumps([compiled.devices.count, ready.count(False)]))
"""


def test_nothing_is_in_flight_where_cores_share_a_batch():
    # A step and a copy at once can take all threads that JAX has, each waiting for the other.
    command = [sys.executable, "-c", IN_FLIGHT]
    environment = os.environ | {"BURBLE_NATIVE": "0"}
    done = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [2, 0]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no variable moves the cache folder")
def test_what_was_compiled_is_kept_and_where_it_is_damaged_nobody_hears_of_it(
    burble, text, tmp_path
):
    own = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    environment = os.environ | own
    del environment["JAX_COMPILATION_CACHE_DIR"]
    small = ["--units", "8", "--layers", "1", "--batch", "4", "--length", "8", "--steps", "2"]
    models = []
    for name in ("first", "second", "third"):
        run = tmp_path / name
        done = burble("train", text, "-o", run, *small, env=environment)
        assert done.returncode == 0, done.stderr.decode()
        assert b"Warning" not in done.stderr
        models.append((run / "model.safetensors").read_bytes())
        entries = sorted((tmp_path / "cache" / "burble" / "compiled").rglob("*-cache"))
        assert any("step" in one.name or "traced" in one.name for one in entries)
        for place, entry in enumerate(entries):
            held = bytearray(entry.read_bytes())
            held[len(held) // 2] ^= 0x55
            entry.write_bytes(held if place % 2 else held[: len(held) // 2])
        times = sorted((tmp_path / "cache" / "burble" / "compiled").rglob("*-atime"))
        assert len(times) == len(entries)
        if name == "second":
            # As it is left by who is ended while writing: it may not keep others from being kept.
            times[0].unlink()
            entries[1].unlink()
    assert len(set(models)) == 1
