"""The networks of torch-rnn and char-rnn as arrays of burble: gates in its order, biases added up.

Knows what both programs compute, and nothing of alphabets.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.errors import ModelFileError
from burble.exchange.torch7_file import Table, Tensor
from burble.model.architecture import array_shapes, fixed_input
from burble.settings import Cell, ModelSettings

Array = NDArray[np.float32]
UNSEEN = -100.0
"""The logit of a byte that the training text never had: e^-100, which no sum notices."""
Block = tuple[Array, Array, Array]
"""Kernel (inputs, G), recurrent weights (U, G) and bias (G,) of a layer, or of one gate of it."""
IMPORTABLE = (
    "Checkpoints can be imported of torch-rnn (lstm and rnn, without batch normalisation) and of "
    "char-rnn (lstm, gru and rnn), with up to 16 layers."
)


@dataclass(frozen=True)
class Network:
    """A network whose ids are still in the order of its program.

    Attributes:
        cell: What its layers are; a GRU resets its state before the product.
        embedding: What stands for each id, shape (V, E); None where that is a one among zeros.
        layers: From the lowest on, gates in burble's order.
        kernel: Of the output, shape (U, V).
        bias: Of the output, shape (V,).
    """

    cell: Cell
    embedding: Array | None
    layers: Sequence[Block]
    kernel: Array
    bias: Array

    def shape(self, size: int) -> ModelSettings:
        """Its shape with so many ids."""
        return ModelSettings(
            cell=self.cell,
            reset_after=self.cell != "gru",
            layers=len(self.layers),
            units=len(self.kernel),
            input="onehot" if self.embedding is None else "embedding",
            embedding=size if self.embedding is None else self.embedding.shape[1],
        )

    def weights(self, order: Sequence[int]) -> dict[str, Array]:
        """Its arrays by the names of a model file, ids in another order.

        Args:
            order: For each new id the old one, or -1 of one that it never saw.

        Raises:
            ModelFileError: They do not fit together, or hold numbers that are none.
        """
        shape = self.shape(len(order))
        kernel, recurrent, bias = self.layers[0]
        lowest = (_reorder(kernel, order) if self.embedding is None else kernel, recurrent, bias)
        eye = fixed_input(shape, len(order))
        first = eye if self.embedding is None else _reorder(self.embedding, order)
        named: dict[str, Any] = {"embedding": first}
        for number, block in enumerate([lowest, *self.layers[1:]]):
            parts = zip(("kernel", "recurrent", "bias"), block, strict=True)
            named |= {f"layer{number}.{part}": array for part, array in parts}
        output = _reorder(self.kernel.T, order).T, _reorder(self.bias, order, UNSEEN)
        named |= dict(zip(("output.kernel", "output.bias"), output, strict=True))
        for name, size in array_shapes(shape, len(order)).items():
            check_shape(named[name], size, name)
            if not np.isfinite(named[name]).all():
                raise ModelFileError(
                    f"{name} holds numbers that are none (NaN or infinity): the training had gone "
                    "wrong. Take an earlier checkpoint."
                )
        return {name: np.ascontiguousarray(array, np.float32) for name, array in named.items()}


def _reorder(rows: Array, order: Sequence[int], unseen: float = 0) -> Array:
    """Rows in another order, -1 for one that is not among them."""
    # The last of all is the one that -1 takes.
    filled = np.concatenate([rows, np.full_like(rows[:1], unseen)])
    return np.asarray(filled[np.asarray(order)], np.float32)


def check_shape(array: Array, expected: tuple[int, ...], what: str) -> None:
    """Refuses an array of another shape."""
    if array.shape != expected:
        raise ModelFileError(
            f"{what} has the shape {array.shape}, where {expected} fits. The checkpoint is damaged "
            f"or of another program. {IMPORTABLE}"
        )


def read_tensor(module: Table, name: str, dimensions: int) -> Array:
    """A tensor of a module."""
    found = module.get(name)
    if not isinstance(found, Tensor) or len(found.sizes) != dimensions:
        size = " by ".join(map(str, found.sizes)) if isinstance(found, Tensor) else "none"
        raise ModelFileError(
            f"a {module.name} has a {name} of {dimensions} dimensions, but {size} came. "
            f"{IMPORTABLE}"
        )
    return found.array()


def refuse_module(module: Any) -> ModelFileError:
    """The error for a module whose arithmetic burble does not have."""
    name = module.name if isinstance(module, Table) else ""
    if "BatchNorm" in name:
        return ModelFileError(
            "the network was trained with batch normalisation (-batchnorm 1), which burble has "
            f"not. Train again without it. {IMPORTABLE}"
        )
    return ModelFileError(
        f"the network has a module {name or 'without a name'}, which is not in those that can be "
        f"imported. {IMPORTABLE}"
    )


def read_language_model(model: Table) -> Network:
    """The network of torch-rnn.

    Raises:
        ModelFileError: It is none whose arithmetic burble has.
    """
    net = model.get("net")
    listed = net.get("modules") if isinstance(net, Table) else None
    modules = listed.items if isinstance(listed, Table) else []
    used = [m for m in modules if not isinstance(m, Table) or m.name not in _PASSING]
    if len(used) < 3 or any(not isinstance(module, Table) for module in used):
        raise refuse_module(net)
    first, *recurrent, last = used
    for module in used:
        expected = (
            ("nn.LookupTable",)
            if module is first
            else ("nn.Linear",)
            if module is last
            else _LAYERS
        )
        if module.name not in expected:
            raise refuse_module(module)
    if len({module.name for module in recurrent}) > 1:
        raise refuse_module(recurrent[-1])
    embedding, width, layers = read_tensor(first, "weight", 2), 0, []
    width = embedding.shape[1]
    for module in recurrent:
        layers.append(_read_layer(module, width))
        width = len(layers[-1][1])
    kernel, bias = read_tensor(last, "weight", 2).T, read_tensor(last, "bias", 1)
    return Network(_LAYERS[recurrent[0].name], embedding, layers, kernel, bias)


_PASSING = ("nn.Dropout", "nn.View")
"""Modules that change no number once a network is trained."""
_LAYERS: dict[str, Cell] = {"nn.LSTM": "lstm", "nn.VanillaRNN": "rnn"}


def _read_layer(module: Table, width: int) -> Block:
    """The weights of a layer of torch-rnn: those of its input stand above those of its state."""
    weight, bias = read_tensor(module, "weight", 2), read_tensor(module, "bias", 1)
    units = len(weight) - width
    gates = 4 if module.name == "nn.LSTM" else 1
    check_shape(weight, (width + units, gates * max(units, 1)), f"the weight of a {module.name}")
    check_shape(bias, (gates * units,), f"the bias of a {module.name}")
    if gates == 4:
        # Gates i, f, o, g there; i, f, g, o here.
        order = np.arange(4 * units).reshape(4, units)[[0, 1, 3, 2]].ravel()
        weight, bias = weight[:, order], bias[order]
    return weight[:width], weight[width:], bias
