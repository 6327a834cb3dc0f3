"""Files of Torch7, written from its documentation, and checkpoints of torch-rnn and char-rnn.

Weights are kept by gate, so that what a network predicts can be worked out from them with no more
than the published formulas.
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

TEXT = "the cat sat on the mat. It is a fat cat!"
ELEMENTS = {"Float": "f", "Cuda": "f", "Cl": "f", "Double": "d"}


@dataclass(eq=False, repr=False)
class Table:
    """A table of Lua: any keys, in order."""

    pairs: list[Any]

    def __init__(self, *values, **named):
        self.pairs = [*enumerate(values, 1), *named.items()]


@dataclass(eq=False, repr=False)
class Object:
    """An object: its class and its fields."""

    name: str
    fields: Table


@dataclass(eq=False, repr=False)
class Storage:
    numbers: Any
    kind: str = "Double"


@dataclass(eq=False, repr=False)
class Tensor:
    storage: Any
    sizes: Any
    strides: Any
    first: int = 0


@dataclass(eq=False, repr=False)
class Function:
    code: bytes


def tensor(array, kind="Double"):
    array = np.ascontiguousarray(array)
    strides = [step // array.itemsize for step in array.strides]
    return Tensor(Storage(array.ravel(), kind), array.shape, tuple(strides))


class Writer:
    """Writes objects, each once and then by its number."""

    def __init__(self, *, text=False, long="q"):
        self.text, self.long, self.known, self.out = text, long, {}, []

    def put(self, code, *values):
        if not self.text:
            self.out.append(struct.pack(f"<{len(values)}{code}", *values))
        elif values:
            form = "{:.9g}" if code == "f" else "{:.17g}" if code == "d" else "{}"
            self.out.append((" ".join(map(form.format, values)) + "\n").encode())

    def string(self, value):
        value = value if isinstance(value, bytes) else value.encode()
        self.put("i", len(value))
        self.out.append(value + b"\n" * (self.text and bool(value)))

    def write(self, value):
        if value is None:
            self.put("i", 0)
        elif isinstance(value, bool):
            self.put("i", 5, int(value))
        elif isinstance(value, int | float):
            self.put("i", 1)
            self.put("d", float(value))
        elif isinstance(value, str | bytes):
            self.put("i", 2)
            self.string(value)
        else:
            kind = 3 if isinstance(value, Table) else 8 if isinstance(value, Function) else 4
            self.put("i", kind)
            new = id(value) not in self.known
            self.put("i", self.known.setdefault(id(value), len(self.known) + 1))
            if new:
                self.write_new(value)

    def write_new(self, value):
        if isinstance(value, Table):
            self.put("i", len(value.pairs))
            for key, one in value.pairs:
                self.write(key)
                self.write(one)
            return
        if isinstance(value, Function):
            self.string(value.code)
            self.write(Table())
            return
        self.string("V 1")
        if isinstance(value, Object):
            self.string(value.name)
            self.write(value.fields)
        elif isinstance(value, Storage):
            self.string(f"torch.{value.kind}Storage")
            self.put(self.long, len(value.numbers))
            code = self.long if value.kind == "Long" else ELEMENTS[value.kind]
            self.put(code, *value.numbers.tolist())
        else:
            kind = value.storage.kind if value.storage else "Float"
            self.string(f"torch.{kind}Tensor")
            self.put("i", len(value.sizes))
            self.put(self.long, *value.sizes)
            self.put(self.long, *value.strides)
            self.put(self.long, value.first + 1)
            self.write(value.storage)


def serialize(value, **how):
    writer = Writer(**how)
    writer.write(value)
    return b"".join(writer.out)


def module(name, *values, **fields):
    return Object(name, Table(*values, **fields))


def flattened(parameters):
    """Tensors as Torch keeps those of a network: all in one storage, at places of their own."""
    kinds = {one.storage.kind for one in parameters}
    whole = Storage(np.concatenate([one.storage.numbers for one in parameters]), kinds.pop())
    place = 0
    for one in parameters:
        size, one.storage, one.first = len(one.storage.numbers), whole, place
        place += size


def alphabet(text=TEXT):
    """The symbols in the order in which they first occur, as torch-rnn numbers them."""
    return list(dict.fromkeys(text))


def sigma(x):
    return 1 / (1 + np.exp(-x))


def draw(rng, *shape):
    return rng.uniform(-0.8, 0.8, shape)


# torch-rnn


def torch_rnn(cell="lstm", layers=2, units=5, width=4, kind="Float", text=TEXT, seed=0, **others):
    """A checkpoint, and the logits that its network predicts after each symbol of `TEXT`."""
    rng, tokens = np.random.default_rng(seed), alphabet(text)
    gates = 4 if cell == "lstm" else 1
    embedding, output = draw(rng, len(tokens), width), draw(rng, len(tokens), units)
    output_bias = draw(rng, len(tokens))
    modules, own = [module("nn.LookupTable", weight=tensor(embedding, kind))], []
    for layer in range(layers):
        below = units if layer else width
        weight, bias = draw(rng, below + units, gates * units), draw(rng, gates * units)
        own.append((weight, bias))
        name = "nn.LSTM" if cell == "lstm" else "nn.VanillaRNN"
        arrays = {"weight": tensor(weight, kind), "bias": tensor(bias, kind)}
        modules.append(module(name, **arrays, gates=Tensor(None, (), ()), train=False))
        modules += [module("nn.Dropout", p=0.5), *others.get("between", [])]
    arrays = {"weight": tensor(output, kind), "bias": tensor(output_bias, kind)}
    modules += [module("nn.View"), module("nn.Linear", **arrays), module("nn.View")]
    flattened([t for m in modules for n, t in m.fields.pairs if n in ("weight", "bias")])
    model = module(
        "nn.LanguageModel",
        net=module("nn.Sequential", modules=Table(*modules)),
        idx_to_token=Table(*tokens),
        model_type=cell,
        on_batch=Function(b"\x1bLJ\x02"),
    )
    checkpoint = Table(i=30, model=model, val_loss_history=Table(2.5, 2.25))
    checkpoint.pairs.append(("train_loss_history", Table(*np.linspace(3, 2, 1500).tolist())))

    def predict(read):
        h, c, found = np.zeros((layers, units)), np.zeros((layers, units)), []
        for symbol in read:
            x = embedding[tokens.index(symbol)]
            for layer, (weight, bias) in enumerate(own):
                sums = np.concatenate([x, h[layer]]) @ weight + bias
                if cell == "rnn":
                    h[layer] = np.tanh(sums)
                else:
                    i, f, o, g = np.split(sums, 4)
                    c[layer] = sigma(i) * np.tanh(g) + sigma(f) * c[layer]
                    h[layer] = sigma(o) * np.tanh(c[layer])
                x = h[layer]
            found.append(dict(zip(tokens, output @ x + output_bias, strict=True)))
        return found

    return checkpoint, predict


# char-rnn


def node(module, *sources, **fields):
    """A node of a graph: what enters it stands in `mapindex`, by number and the other way round."""
    listed = Table(*sources)
    listed.pairs += [(source, number) for number, source in enumerate(sources, 1)]
    return Table(module=module, mapindex=listed, annotations=Table(), **fields)


def choose(source, count):
    """The nodes that each take one of several values."""
    between = node(None, source, nSplitOutputs=count)
    return [node(None, between, selectindex=number) for number in range(1, count + 1)]


class Step:
    """One step of a network of char-rnn as a graph, and its weights by gate."""

    def __init__(self, cell, layers, units, kind, seed, form, text=TEXT):
        self.cell, self.units, self.kind, self.form = cell, units, kind, form
        self.rng, self.parameters, self.weights = np.random.default_rng(seed), [], []
        self.tokens = sorted(set(text))
        self.size = len(self.tokens)
        count = 1 + layers * (2 if cell == "lstm" else 1)
        symbol, *states = choose(node(None), count)
        below = node(module("OneHot", outputSize=self.size), self.passed(symbol))
        width, outputs = self.size, []
        for _ in range(layers):
            own = [self.passed(states.pop(0)) for _ in range(2 if cell == "lstm" else 1)]
            made = getattr(self, cell)(below, width, *own)
            outputs += made
            below, width = node(module("nn.Dropout"), made[-1]), units
        logits = self.linear([self.draw(units, self.size)], below)
        end = node(None, *outputs, node(module("nn.LogSoftMax"), logits))
        self.graph = module("nn.gModule", outnode=module("nngraph.Node", data=end))

    def passed(self, source):
        return node(module("nn.Identity"), source)

    def draw(self, inputs, outputs):
        pair = draw(self.rng, inputs, outputs), draw(self.rng, outputs)
        self.weights.append(pair)
        return pair

    def linear(self, gates, source):
        """A linear layer of some gates side by side."""
        weight = np.concatenate([kernel for kernel, _ in gates], 1).T
        bias = np.concatenate([bias for _, bias in gates])
        arrays = {"weight": tensor(weight, self.kind), "bias": tensor(bias, self.kind)}
        self.parameters += arrays.values()
        return node(module("nn.Linear", **arrays), source)

    def add(self, *sources):
        return node(module("nn.CAddTable"), *sources)

    def times(self, *sources):
        return node(module("nn.CMulTable"), *sources)

    def gates(self, count, below, width, state):
        """The sums of some gates: parts of one, or each with weights of its own."""
        drawn = [
            (self.draw(width, self.units), self.draw(self.units, self.units)) for _ in range(count)
        ]
        if self.form == "apart":
            return [self.add(self.linear([a], below), self.linear([b], state)) for a, b in drawn]
        sides = self.linear([a for a, _ in drawn], below), self.linear([b for _, b in drawn], state)
        whole = self.add(*sides)
        if self.form == "narrow":
            return [
                node(
                    module("nn.Narrow", dimension=2, index=1 + k * self.units, length=self.units),
                    whole,
                )
                for k in range(count)
            ]
        size = Storage(np.array([count, self.units]), "Long")
        rows = node(module("nn.Reshape", size=size), whole)
        return choose(node(module("nn.SplitTable", dimension=2), rows), count)

    def lstm(self, below, width, c, h):
        i, f, o, g = self.gates(4, below, width, h)
        i, f, o = (node(module("nn.Sigmoid"), one) for one in (i, f, o))
        g = node(module("nn.Tanh"), g)
        new_c = self.add(self.times(f, c), self.times(i, g))
        return [new_c, self.times(o, node(module("nn.Tanh"), new_c))]

    def gru(self, below, width, h):
        z, r = (node(module("nn.Sigmoid"), one) for one in self.gates(2, below, width, h))
        kernel, recurrent = self.draw(width, self.units), self.draw(self.units, self.units)
        gated = self.linear([recurrent], self.times(r, h))
        new = node(module("nn.Tanh"), self.add(self.linear([kernel], below), gated))
        less = node(module("nn.MulConstant", constant_scalar=-1.0), z)
        rest = node(module("nn.AddConstant", constant_scalar=1.0), less)
        return [self.add(self.times(z, new), self.times(rest, h))]

    def rnn(self, below, width, h):
        (whole,) = self.gates(1, below, width, h) if self.form == "apart" else [None]
        if whole is None:
            sides = self.draw(width, self.units), self.draw(self.units, self.units)
            whole = self.add(self.linear([sides[0]], below), self.linear([sides[1]], h))
        return [node(module("nn.Tanh"), whole)]

    def predict(self, read):
        """What follows each symbol, by the formulas of `model/*.lua`."""
        *own, (output, output_bias) = self.weights
        gates = {"lstm": 4, "gru": 3, "rnn": 1}[self.cell]
        layers = [own[n : n + 2 * gates] for n in range(0, len(own), 2 * gates)]
        h, c, found = [np.zeros(self.units)] * len(layers), [np.zeros(self.units)] * len(layers), []
        for symbol in read:
            x = np.eye(self.size)[self.tokens.index(symbol)]
            for layer, drawn in enumerate(layers):
                sides = [*zip(drawn[::2], drawn[1::2], strict=True)]
                x, c[layer] = self.advance(sides, x, h[layer], c[layer])
                h[layer] = x
            found.append(dict(zip(self.tokens, x @ output + output_bias, strict=True)))
        return found

    def advance(self, sides, x, h, c):
        def sums(pair, state):
            (kernel, bias), (recurrent, more) = pair
            return x @ kernel + bias + state @ recurrent + more

        if self.cell == "lstm":
            i, f, o, g = (sums(pair, h) for pair in sides)
            c = sigma(f) * c + sigma(i) * np.tanh(g)
            return sigma(o) * np.tanh(c), c
        if self.cell == "gru":
            z, r = sigma(sums(sides[0], h)), sigma(sums(sides[1], h))
            return z * np.tanh(sums(sides[2], r * h)) + (1 - z) * h, c
        return np.tanh(sums(sides[0], h)), c


def char_rnn(cell="lstm", layers=2, units=5, kind="Double", seed=0, form="", **others):
    """A checkpoint, and what its network predicts after each symbol of a text."""
    step = Step(cell, layers, units, kind, seed, form, **others)
    flattened(step.parameters)
    protos = Table(rnn=step.graph, criterion=module("nn.ClassNLLCriterion"))
    checkpoint = Table(protos=protos, i=1000, val_loss=1.25, opt=Table(model=cell))
    numbers = [(token, number) for number, token in enumerate(step.tokens, 1)]
    vocab = Table()
    vocab.pairs = numbers
    checkpoint.pairs.append(("vocab", vocab))
    return checkpoint, step.predict
