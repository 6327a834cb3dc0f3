"""Models that attend among their last symbols, and what they predict by the formulas."""

import numpy as np

from burble.data.vocabulary import Vocabulary
from burble.model.architecture import array_shapes
from burble.model.file import Model
from burble.settings import ModelSettings, TextSettings

SPAN = 6


def attending(layers=2, units=4, symbols="ab c\n", seed=0, boundary=True):
    """A model that attends, with random weights."""
    shape = ModelSettings(layers=layers, units=units, embedding=3)
    vocabulary = Vocabulary(tuple(symbols), boundary=boundary)
    rng = np.random.default_rng(seed)
    shapes = array_shapes(shape, vocabulary.size, attends=True)
    weights = {name: rng.normal(size=one).astype(np.float32) for name, one in shapes.items()}
    return Model(weights, vocabulary, shape, TextSettings(), "\n\n" * boundary, attention=SPAN)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def expected_logits(model, ids):
    """What is predicted after all of `ids`, by the formulas, in float64 and one place at a time."""
    weights = {name: array.astype(np.float64) for name, array in model.weights.items()}
    seen = [None] * SPAN + [*ids]
    vectors = [
        weights["padding"] if one is None else weights["embedding"][one] for one in seen[-SPAN:]
    ]
    places, below = [[vector] for vector in vectors], vectors
    for layer in range(model.architecture.layers):
        kernel, recurrent, bias = (
            weights[f"layer{layer}.{part}"] for part in ("kernel", "recurrent", "bias")
        )
        h = c = np.zeros(len(recurrent))
        outputs = []
        for vector in below:
            i, f, g, o = np.split(vector @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
            outputs.append(h)
        for place, output in zip(places, outputs, strict=True):
            place.append(output)
        below = outputs
    joined = np.array([np.concatenate(place) for place in places])
    shares = np.exp(joined @ weights["attention"])
    found = shares @ joined / shares.sum()
    return found @ weights["output.kernel"] + weights["output.bias"]
