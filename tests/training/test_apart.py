"""Networks with a core each learn what they learn on shared cores; in a real process of two."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

TRAIN = """
import json, sys
import jax
import numpy as np
from burble import settings
from burble.training import devices
from burble.training.framings import Streams
from burble.training.step import CompiledNetwork, fetch_arrays

shape = {"layers": 1, "units": 24, "embedding": 8, "batch": 4, "length": 9, "clip": 0.05}
shape |= {"dropout": 0.2, "dropout_input": 0.1, "dropout_recurrent": 0.2, "ensemble": 2}
chosen = settings.make_settings(shape)
devices.prepare(2, 4, 24, networks=2)
batches = Streams(np.arange(900, dtype=np.uint8) % 30, 4, 9, 0, 0.03)

def train(compiled, pause=None):
    arrays = compiled.place(compiled.initial_arrays(4))
    for step in range(12):
        if step == pause:
            arrays = compiled.place(fetch_arrays(arrays))
        arrays = compiled.step(arrays, batches.at(step), 0.003, 0.5)
    held = [device.id for array in arrays.weights for device in array.devices()]
    return held, jax.tree.leaves(fetch_arrays(arrays))

apart = CompiledNetwork(chosen.model, 30, chosen.training)
devices._even = lambda most, networks: 1
together = CompiledNetwork(chosen.model, 30, chosen.training)
held, whole = train(apart)
_, resumed = train(apart, pause=5)
_, shared = train(together)
print(json.dumps({
    "apart": [len(compiled.devices.apart) for compiled in (apart, together)],
    "held": held,
    "resumed": all(np.array_equal(a, b) for a, b in zip(whole, resumed, strict=True)),
    "kinds": all(
        (a.dtype, a.shape) == (b.dtype, b.shape) for a, b in zip(whole, shared, strict=True)
    ),
    "difference": max(
        float(np.abs(a.astype(float) - b).max() / max(1, np.abs(b).max()))
        for a, b in zip(whole, shared, strict=True)
    ),
}))
"""


def test_networks_with_a_core_each_learn_as_on_shared_cores_and_resume_to_the_same_bits():
    done = subprocess.run(
        [sys.executable, "-c", TRAIN], capture_output=True, check=False, text=True
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["apart"] == [2, 0]
    assert found["held"] == sorted(found["held"])
    assert found["held"].count(0) == found["held"].count(1) > 0
    assert found["resumed"]
    assert found["kinds"]
    assert found["difference"] < 1e-5
