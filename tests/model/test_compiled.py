"""Devices that share a batch, each calling the compiled code for its own streams."""

import subprocess
import sys

import pytest

from burble.model import compiled

SHARED = """
import jax
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from burble.model.dense import run_dense
from burble.model.lstm import run_from_symbols, run_lstm

jax.config.update("jax_num_cpu_devices", 2)
rng = np.random.default_rng(0)
weights = [rng.normal(0, 0.3, s).astype(np.float32) for s in ((6, 5), (5, 80), (20, 80), (80,))]
dense = [rng.normal(0, 0.3, shape).astype(np.float32) for shape in ((20, 6), (6,))]
states = [rng.normal(0, 0.3, (8, 20)).astype(np.float32) for _ in range(2)]
ids = rng.integers(6, size=(8, 9)).astype(np.int32)
mesh = Mesh(np.array(jax.devices()), ("streams",))
whole, dealt = (NamedSharding(mesh, PartitionSpec(axes)) for axes in (None, "streams"))

def run(weights, dense, states, ids, looked_up, last):
    vectors, *others = weights
    layer = run_lstm if looked_up else run_from_symbols
    below = (vectors[ids],) if looked_up else (ids, vectors)
    outputs, h, c = layer(*below, *others, *states)
    above = h[:, None] if last else outputs
    return (run_dense(above, *dense) ** 2).sum() + h.sum() + c.sum()

for how in ((False, False), (True, False), (True, True)):
    def gradients(weights, dense, states, ids):
        return jax.grad(run, argnums=(0, 1, 2))(weights, dense, states, ids, *how)

    def in_mesh(*given):
        with jax.sharding.use_abstract_mesh(mesh.abstract_mesh):
            return gradients(*given)

    given = weights, dense, states, ids
    placed = map(jax.device_put, given, (whole, whole, dealt, dealt))
    alone, shared = jax.jit(gradients)(*given), jax.jit(in_mesh)(*placed)
    for one, other in zip(jax.tree.leaves(shared), jax.tree.leaves(alone), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
print(len(jax.devices()))
"""


@pytest.mark.skipif(not compiled.is_available(), reason="no kernels are in use")
def test_gradients_of_devices_that_share_a_batch_are_those_of_one():
    done = subprocess.run([sys.executable, "-c", SHARED], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
