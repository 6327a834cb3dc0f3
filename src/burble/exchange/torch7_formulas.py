"""A graph of modules of Torch7 as formulas: what each module computes, with nothing computed.

What is linear is multiplied out at once, so that a gate is the same formula whether it has weights
of its own or is a part of a larger product. Knows nothing of networks or files.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from burble.exchange.torch7_file import Table
from burble.exchange.torch7_networks import Array, check_shape, read_tensor, refuse_module

MOST_NODES = 10_000
MOST_COLUMNS = 1 << 20


class UnlikeError(Exception):
    """A formula that is none of char-rnn's."""


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """A formula. Two are the same if they are one object: each node gives one."""


@dataclass(frozen=True, eq=False, repr=False)
class Input(Value):
    """What enters the network: the symbol, 1, and states, from 2 on; 0 is all of them."""

    number: int


@dataclass(frozen=True, eq=False, repr=False)
class First(Value):
    """What stands for the symbol: a vector, a row of `embedding`, or if that is None, one-hot."""

    embedding: Array | None


@dataclass(frozen=True, eq=False, repr=False)
class Affine(Value):
    """Values times kernels (inputs, outputs), added up, and a bias (outputs,)."""

    kernels: dict[Value, Array]
    bias: Array


@dataclass(frozen=True, eq=False, repr=False)
class Applied(Value):
    """A function, sigmoid, tanh or negative, of each number of a value."""

    function: str
    inner: Value


@dataclass(frozen=True, eq=False, repr=False)
class Sum(Value):
    """Values that are added up, and a number."""

    terms: tuple[Value, ...]
    constant: float = 0


@dataclass(frozen=True, eq=False, repr=False)
class Product(Value):
    """Values that are multiplied."""

    factors: tuple[Value, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Parts(Value):
    """A value in so many parts of equal length."""

    whole: Value
    count: int


def _sources(node: Table) -> list[Table]:
    """The nodes whose values enter a node, in order."""
    listed = node.get("mapindex")
    found = listed.items if isinstance(listed, Table) else []
    if not all(isinstance(one, Table) for one in found):
        raise UnlikeError("what enters a module is none")
    return found


def evaluate_graph(end: Table) -> list[Value]:
    """The formulas of what enters the last node."""
    known: dict[int, Value] = {}
    begun: set[int] = set()
    waiting = [*_sources(end)]
    while waiting:
        node = waiting[-1]
        before = [one for one in _sources(node) if id(one) not in known]
        if id(node) in known or not before:
            waiting.pop()
            if id(node) not in known:
                known[id(node)] = _apply_node(node, [known[id(one)] for one in _sources(node)])
        elif id(node) in begun or len(waiting) > MOST_NODES:
            raise UnlikeError("it runs in a circle, or is too large")
        else:
            begun.add(id(node))
            waiting += before
    return [known[id(one)] for one in _sources(end)]


def _apply_node(node: Table, inputs: Sequence[Value]) -> Value:
    """The formula of a node, from those of what enters it."""
    module, index = node.get("module"), node.get("selectindex")
    if index is not None:
        fits = isinstance(index, float) and abs(index) < MOST_COLUMNS
        return _choose(_only(inputs), int(index) if fits else 0)
    if module is None:
        # The first node of all, or one that hands on what enters it.
        return _only(inputs) if inputs else Input(0)
    rule = RULES.get(module.name) if isinstance(module, Table) else None
    if rule is None:
        raise refuse_module(module)
    return rule(module, inputs)


def _only(inputs: Sequence[Value]) -> Value:
    """The one value that enters a module."""
    if len(inputs) != 1:
        raise UnlikeError(f"{len(inputs)} values enter a module where 1 can")
    return inputs[0]


def _choose(value: Value, number: int) -> Value:
    """One of several values, from 1."""
    match value:
        case Input(0):
            return Input(number)
        case Parts(whole, count) if 1 <= number <= count:
            width = _width(whole) // count
            return _cut(whole, (number - 1) * width, width)
    raise UnlikeError("a choice among values that are not several")


def _width(value: Value) -> int:
    """How many numbers a value has."""
    match value:
        case Affine():
            return len(value.bias)
        case Applied():
            return _width(value.inner)
    raise UnlikeError("a part of what has no parts")


def _cut(value: Value, first: int, count: int) -> Value:
    """So many numbers of a value, from one on."""
    if not 0 <= first <= first + count <= _width(value):
        raise UnlikeError("a part that is beyond the whole")
    columns = slice(first, first + count)
    match value:
        case Affine():
            kernels = {source: kernel[:, columns] for source, kernel in value.kernels.items()}
            return Affine(kernels, value.bias[columns])
        case Applied():
            return Applied(value.function, _cut(value.inner, first, count))
    raise UnlikeError("a part of what has no parts")


def _multiply_by_weights(module: Table, inputs: Sequence[Value]) -> Value:
    """A linear layer."""
    weight, bias = read_tensor(module, "weight", 2).T, read_tensor(module, "bias", 1)
    check_shape(bias, weight.shape[1:], "the bias of a nn.Linear")
    return Affine({_only(inputs): weight}, bias)


def _add_up(_module: Table, inputs: Sequence[Value]) -> Value:
    """A sum; of linear layers, one that is linear."""
    affine = [one for one in inputs if isinstance(one, Affine)]
    if len(affine) < len(inputs) or not affine:
        return Sum(tuple(inputs))
    kernels: dict[Value, Array] = {}
    for one in affine:
        check_shape(one.bias, affine[0].bias.shape, "the bias of a nn.Linear")
        for source, kernel in one.kernels.items():
            if source in kernels:
                raise UnlikeError("a value that enters a sum twice")
            kernels[source] = kernel
    # In float64, as there; then as here.
    bias = np.sum([one.bias for one in affine], axis=0, dtype=np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return Affine(kernels, np.asarray(bias, np.float32))


def _add_constant(module: Table, inputs: Sequence[Value]) -> Value:
    """A value and a number."""
    added = module.get("constant_scalar")
    return Sum((_only(inputs),), added if isinstance(added, float) else 0)


def _multiply_by_constant(module: Table, inputs: Sequence[Value]) -> Value:
    """A value times -1."""
    if module.get("constant_scalar") != -1:
        raise UnlikeError("a value that is multiplied by a constant other than -1")
    return Applied("negative", _only(inputs))


def _read_first(module: Table, inputs: Sequence[Value]) -> Value:
    """What stands for the symbol."""
    match _only(inputs):
        case Input(1):
            return First(None if module.name == "OneHot" else read_tensor(module, "weight", 2))
    raise UnlikeError("the symbol is not what enters it first")


def _part(module: Table, inputs: Sequence[Value]) -> Value:
    """A value as rows of equal length."""
    sizes = module.get("size")
    # As numbers of Python, which do not overflow.
    rows, width = sizes.tolist() if isinstance(sizes, np.ndarray) and len(sizes) == 2 else (0, 0)
    if not 0 < rows < MOST_COLUMNS:
        raise UnlikeError("a nn.Reshape into other than rows")
    whole, count = _only(inputs), int(rows)
    if count * width != _width(whole):
        raise UnlikeError("a nn.Reshape of another size")
    return Parts(whole, count)


def _narrow(module: Table, inputs: Sequence[Value]) -> Value:
    """Some columns of a value."""
    first, count = module.get("index"), module.get("length")
    if not isinstance(first, float) or not isinstance(count, float):
        raise UnlikeError("a nn.Narrow of nothing")
    # Its numbers were checked by none: not finite, they would be no integers.
    if not (1 <= first < MOST_COLUMNS and 1 <= count < MOST_COLUMNS):
        raise UnlikeError("a nn.Narrow beyond the whole")
    return _cut(_only(inputs), int(first) - 1, int(count))


def _hand_on(_module: Table, inputs: Sequence[Value]) -> Value:
    """The value itself."""
    return _only(inputs)


RULES: dict[str, Callable[[Table, Sequence[Value]], Value]] = {
    **dict.fromkeys(("nn.Identity", "nn.Dropout", "nn.SplitTable", "nn.LogSoftMax"), _hand_on),
    **dict.fromkeys(("OneHot", "nn.LookupTable"), _read_first),
    "nn.Linear": _multiply_by_weights,
    "nn.CAddTable": _add_up,
    "nn.CMulTable": lambda _, inputs: Product(tuple(inputs)),
    "nn.Sigmoid": lambda _, inputs: Applied("sigmoid", _only(inputs)),
    "nn.Tanh": lambda _, inputs: Applied("tanh", _only(inputs)),
    "nn.AddConstant": _add_constant,
    "nn.MulConstant": _multiply_by_constant,
    "nn.Reshape": _part,
    "nn.Narrow": _narrow,
}
"""What each module computes. LogSoftMax, the last, changes no probability."""


def find_parts(value: Value) -> Iterable[Value]:
    """All that a formula is made of."""
    waiting, seen = [value], {value}
    while waiting:
        found = waiting.pop()
        yield found
        inner: Iterable[Value] = ()
        match found:
            case Affine():
                inner = found.kernels
            case Applied():
                inner = [found.inner]
            case Sum():
                inner = found.terms
            case Product():
                inner = found.factors
        new = [one for one in inner if one not in seen]
        seen.update(new)
        waiting += new
