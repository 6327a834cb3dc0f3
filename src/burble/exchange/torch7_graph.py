"""The network of char-rnn, found in its graph of modules by what these compute.

Which module is which gate is not written anywhere: the formulas of its outputs must be those of an
LSTM, a GRU or a plain layer. Knows nothing of modules or files.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from burble.errors import ModelFileError
from burble.exchange.torch7_file import Table
from burble.exchange.torch7_formulas import (
    Affine,
    Applied,
    First,
    Input,
    Product,
    Sum,
    UnlikeError,
    Value,
    evaluate_graph,
    find_parts,
)
from burble.exchange.torch7_networks import IMPORTABLE, Block, Network, refuse_module
from burble.settings import Cell


def read_graph(graph: Table) -> Network:
    """The network of char-rnn.

    Args:
        graph: Its `nn.gModule`, one step of the network.

    Raises:
        ModelFileError: It is none whose arithmetic burble has.
    """
    top = graph.get("outnode")
    end = top.get("data") if isinstance(top, Table) else None
    if not isinstance(end, Table):
        raise refuse_module(graph)
    try:
        outputs = evaluate_graph(end)
        if len(outputs) < 2:
            raise UnlikeError(f"it has {len(outputs)} outputs")
        return _match_network(outputs[:-1], outputs[-1])
    except UnlikeError as error:
        raise ModelFileError(
            "the modules of the network are put together in another way than in char-rnn's lstm, "
            f"gru and rnn: {error}. {IMPORTABLE}"
        ) from error


def _match_network(states: Sequence[Value], output: Value) -> Network:
    """The network of which these are the outputs: the states, and the logits of the next symbol."""
    first = next((v for v in find_parts(output) if isinstance(v, First)), None)
    if first is None:
        raise UnlikeError("no symbol enters it")
    below: Value = first
    layers: list[Block] = []
    last = states[-1]
    cell: Cell = "lstm" if isinstance(last, Product) else "gru" if isinstance(last, Sum) else "rnn"
    each = 2 if cell == "lstm" else 1
    for place in range(0, len(states), each):
        own = states[place : place + each]
        match = {"lstm": _match_lstm, "gru": _match_gru, "rnn": _match_rnn}[cell]
        # The states come in by the numbers 2, 3 and so on, as they go out.
        layers.append(match(own, below, 2 + place))
        below = own[-1]
    match output:
        case Affine() if [*output.kernels] == [below]:
            kernel, bias = output.kernels[below], output.bias
            return Network(cell, first.embedding, layers, kernel, bias)
    raise UnlikeError("its output is no linear layer above the last state")


def _two_ways(values: Sequence[Value]) -> Iterable[Sequence[Value]]:
    """Two values in both orders."""
    return (values, values[::-1]) if len(values) == 2 else ()


def _match_lstm(own: Sequence[Value], below: Value, before: int) -> Block:
    """The weights of an LSTM layer.

    Args:
        own: Its cells and its state, as they go out.
        below: What it reads.
        before: The number of the input by which its cells come in; its state has the next.
    """
    c, h = own if len(own) == 2 else (None, None)
    if not isinstance(c, Sum) or not isinstance(h, Product) or c.constant:
        raise UnlikeError("an LSTM layer without cells")
    for out, squashed in _two_ways(h.factors):
        for kept, entering in _two_ways(c.terms):
            match squashed, kept, entering:
                case Applied("tanh", inner), Product(old), Product(new) if inner is c:
                    for (forget, cells), (gate, value) in (
                        (a, b) for a in _two_ways(old) for b in _two_ways(new)
                    ):
                        if _is_input(cells, before) and _is_applied(value, "tanh"):
                            gates = [(gate, "sigmoid"), (forget, "sigmoid"), (value, "tanh")]
                            gates.append((out, "sigmoid"))
                            return _join(_gate(*g, below, before + 1) for g in gates)
    raise UnlikeError("an LSTM layer with other gates")


def _match_gru(own: Sequence[Value], below: Value, before: int) -> Block:
    """The weights of a GRU layer, of which the state comes in by the input `before`.

    There, the update gate is the part that is new; here, the part that is kept: σ(-x) = 1 - σ(x).
    """
    terms = own[0].terms if isinstance(own[0], Sum) and not own[0].constant else ()
    for fresh, kept in _two_ways(terms):
        match fresh, kept:
            case Product(new), Product(old):
                for (update, inner), (rest, state) in (
                    (a, b) for a in _two_ways(new) for b in _two_ways(old)
                ):
                    if _is_rest(rest, update) and _is_input(state, before):
                        return _join_gru(update, inner, below, before)
    raise UnlikeError("a GRU layer with other gates")


def _join_gru(update: Value, inner: Value, below: Value, before: int) -> Block:
    """The weights of a GRU layer from its update gate and its new state."""
    match inner:
        case Applied("tanh", Affine(kernels, bias)) if len(kernels) == 2 and below in kernels:
            gated = next(source for source in kernels if source is not below)
            for reset, state in _two_ways(gated.factors if isinstance(gated, Product) else ()):
                if _is_input(state, before):
                    kernel, recurrent, one = _gate(update, "sigmoid", below, before)
                    r = _gate(reset, "sigmoid", below, before)
                    n = kernels[below], kernels[gated], bias
                    return _join([(-kernel, -recurrent, -one), r, n])
    raise UnlikeError("a GRU layer whose state is not reset")


def _match_rnn(own: Sequence[Value], below: Value, before: int) -> Block:
    """The weights of a plain layer, of which the state comes in by the input `before`."""
    return _gate(own[0], "tanh", below, before)


def _is_input(value: Value, number: int) -> bool:
    """Whether a value is what enters by that number."""
    return isinstance(value, Input) and value.number == number


def _is_applied(value: Value, function: str) -> bool:
    """Whether a value is a function of another."""
    return isinstance(value, Applied) and value.function == function


def _is_rest(value: Value, update: Value) -> bool:
    """Whether a value is 1 less another."""
    match value:
        case Sum((Applied("negative", inner),), 1.0):
            return inner is update
    return False


def _gate(value: Value, function: str, below: Value, before: int) -> Block:
    """The weights of a gate that reads what is below and the input `before`."""
    match value:
        case Applied(found, Affine(kernels, bias)) if found == function and len(kernels) == 2:
            state = next((source for source in kernels if _is_input(source, before)), None)
            if state is not None and below in kernels:
                return kernels[below], kernels[state], bias
    raise UnlikeError(f"a gate that is no {function} of input and state")


def _join(gates: Iterable[Block]) -> Block:
    """The weights of a layer, its gates side by side."""
    parts: list[Any] = [np.concatenate(part, axis=-1) for part in zip(*gates, strict=True)]
    return parts[0], parts[1], parts[2]
