"""An ONNX file run by onnxruntime, beside the model that it was written of. Knows no other format.

onnxruntime is an extra: this module is imported where it is known to be there. Axes as in
`model.engine`; two streams are run, the second with labels, where there are any.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from burble.errors import BurbleError
from burble.exchange.onnx_network import state_names
from burble.formatting import shown
from burble.model.engine import Core, State, build_engine
from burble.model.metadata import Model
from burble.model.softmax import log_softmax, softmax

VERSION = onnxruntime.__version__
STEPS = 1_000
PARTS = (1, 499, 500)
"""Symbols that are given to onnxruntime at once: one, then many, from the states before."""
SINGLE = 50
"""Steps that are run one by one where the states drift apart."""
TOLERANCE = 1e-5
Array = NDArray[np.float32]
Ids = NDArray[np.int64]


def open_session(path: Path) -> Any:
    """A session of onnxruntime, in one thread and without its remarks."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Reference:
    """What the model writes, at random and always the same, and predicts on the way.

    Attributes:
        labels: The labels of both streams, (2, columns).
        cores: What predicts in each.
        ids: What they write, (2, T).
        logits: What is predicted after each symbol, (2, T, V).
    """

    def __init__(self, model: Model) -> None:
        labels = model.labels
        first = [min(numbers.values()) for numbers in labels.numbers]
        self.labels = np.array([[0] * len(first), first], np.int64)
        core = build_engine(model.weights, model.architecture)
        self.cores: list[Core] = [core, core.with_labels(first)]
        written = [write(core, model.vocabulary.size, seed) for seed, core in enumerate(self.cores)]
        self.ids = np.stack([ids for ids, _ in written])
        self.logits = np.stack([logits for _, logits in written])


def write(core: Core, size: int, seed: int) -> tuple[Ids, Array]:
    """What is written at random from a zero state: ids (T,), and logits after each (T, V)."""
    rng = np.random.default_rng(seed)
    state, ids = core.zero_state(1), [int(rng.integers(size))]
    found = []
    for _ in range(STEPS):
        logits, state = core.step(np.array(ids[-1:]), state)
        found.append(logits[0])
        ids.append(int(rng.choice(size, p=softmax(logits[0].astype(np.float64)))))
    return np.array(ids[:-1], np.int64), np.stack(found)


@dataclass(frozen=True)
class Difference:
    """How far what a file predicts is from what the model does.

    Attributes:
        largest: The largest difference of a logit.
        scale: The largest logit, whatever its sign; 1 at least.
    """

    largest: float = 0.0
    scale: float = 1.0

    @property
    def is_small(self) -> bool:
        """Whether it is rounding: numbers of float32 have seven digits, however large they are."""
        return self.largest <= TOLERANCE * self.scale


def _differ(found: Array, expected: Array) -> Difference:
    """How far logits are from those of the model."""
    return Difference(float(np.abs(found - expected).max()), max(1.0, float(abs(expected).max())))


def compare(model: Model, path: Path) -> Difference:
    """Runs a file beside the model.

    Raises:
        BurbleError: It does not predict the same.
    """
    reference, session = Reference(model), open_session(path)
    difference = _differ(run(session, reference, _zero_states(model)), reference.logits)
    if not difference.is_small:
        # In some networks the least difference grows from step to step: each is looked at alone.
        difference = _differ(*run_single(session, model, reference))
    if not difference.is_small:
        raise BurbleError(
            f"onnxruntime {VERSION} does not predict with {shown(path.name)} what the model does: "
            f"a logit differs by {difference.largest:.2g}. It is not kept; please report that."
        )
    return difference


def run(session: Any, reference: Reference, states: dict[str, Array]) -> Array:
    """The logits of a file after each symbol of a reference, (2, T, V)."""
    found, first = [], 0
    for length in PARTS:
        ids = reference.ids[:, first : first + length]
        logits, states = _feed(session, ids, reference.labels, states)
        found.append(logits)
        first += length
    return np.concatenate(found, 1)


def run_single(session: Any, model: Model, reference: Reference) -> tuple[Array, Array]:
    """The logits of a file and of the model, (T, V), each step from the model's own state."""
    found, expected = [], []
    for core, ids, labels in zip(reference.cores, reference.ids, reference.labels, strict=True):
        state = core.zero_state(1)
        for symbol in ids[:SINGLE]:
            given = _turn_states(model, state)
            found.append(_feed(session, symbol.reshape(1, 1), labels[None], given)[0][0])
            logits, state = core.step(symbol[None], state)
            expected.append(logits)
    return np.concatenate(found), np.concatenate(expected)


def quantize(model: Model, path: Path) -> float:
    """Replaces a file by one with weights of 8 bits, by onnxruntime's own quantiser.

    Returns:
        What that costs, in nats a symbol: how much less likely it finds what the model writes.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    smaller = path.with_name(f"{path.name}.int8")
    with _without_remarks():
        quantize_dynamic(path, smaller, weight_type=QuantType.QInt8)
    smaller.replace(path)
    reference = Reference(model)
    found = run(open_session(path), reference, _zero_states(model))
    exact, other = (log_softmax(one.astype(np.float64)) for one in (reference.logits, found))
    return float((np.exp(exact) * (exact - other)).sum(-1).mean())


@contextmanager
def _without_remarks() -> Iterator[None]:
    """Keeps what the quantiser (onnxruntime 1.32) logs as a warning from the person's terminal.

    It advises a step for pictures, and says of ids that they are no weights.
    """
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _feed(
    session: Any, ids: Ids, labels: Ids, states: dict[str, Array]
) -> tuple[Array, dict[str, Array]]:
    """Reads symbols, (B, T); returns logits, (B, T, V), and states, by name."""
    given: dict[str, Array | Ids] = {"ids": ids, **({"labels": labels} if labels.shape[1] else {})}
    given |= {f"{name}0": array for name, array in states.items()}
    logits, *after = session.run(None, given)
    return logits, dict(zip(states, after, strict=True))


def _zero_states(model: Model) -> dict[str, Array]:
    """The zero states of two streams, by name."""
    shape = model.architecture
    zero = np.zeros((shape.layers * shape.ensemble, 2, shape.units), np.float32)
    return dict.fromkeys(state_names(shape), zero)


def _turn_states(model: Model, state: State) -> dict[str, Array]:
    """The states of an engine, by name, (P, B, U)."""
    names = state_names(model.architecture)
    several: Sequence[Array] = state
    return {
        name: np.concatenate([part[place :: len(names)] for part in several]).transpose(0, 2, 1)
        for place, name in enumerate(names)
    }
