"""Files as Keras writes them, by hand, and their layers."""

import json
import zipfile

import h5py
import numpy as np

from burble.data.vocabulary import Vocabulary
from burble.exchange import keras_weights
from burble.exchange.keras_file import open_keras_file
from burble.settings import make_settings

V, U, WINDOW = 5, 3, 8
VOCABULARY = Vocabulary(tuple("abcde"))
ONE, TWO, THREE = (
    make_settings(
        {"framing": "windows", "length": WINDOW, "input": "scalar", "layers": n, "units": U}
    )
    for n in (1, 2, 3)
)
RNG = np.random.default_rng(0)


def lstm(name, below=U, **more):
    """A layer's class, configuration and arrays, in the order of Keras."""
    shapes = {"kernel": (below, 4 * U), "recurrent_kernel": (U, 4 * U), "bias": (4 * U,)}
    arrays = {part: RNG.normal(size=shape).astype("f") for part, shape in shapes.items()}
    own = {"name": name, "activation": "tanh", "recurrent_activation": "sigmoid", **more}
    return {"class_name": "LSTM", "config": own}, arrays


def dense(name="dense", **more):
    arrays = {"kernel": RNG.normal(size=(U, V)).astype("f"), "bias": np.ones(V, "f")}
    return {"class_name": "Dense", "config": {"name": name, "activation": "softmax"} | more}, arrays


def bare(kind, name="other", **more):
    """A layer without weights."""
    return {"class_name": kind, "config": {"name": name, **more}}, {}


def described(layers):
    return {"class_name": "Sequential", "config": {"layers": [layer for layer, _ in layers]}}


def legacy(path, layers, *, config=None, version=None, names=True):
    """A file of HDF5 as Keras wrote it before version 3."""
    with h5py.File(path, "w") as file:
        whole = config is not None
        group = file.create_group("model_weights") if whole else file
        if whole:
            file.attrs["model_config"] = config if isinstance(config, str) else json.dumps(config)
        if version:
            file.attrs["keras_version"] = version
        if names is True:
            group.attrs["layer_names"] = [own["config"]["name"].encode() for own, _ in layers]
        for own, arrays in layers:
            name = own["config"]["name"]
            for part, array in arrays.items():
                group[f"{name}/{name}/{part}:0"] = array
    return path


def modern(path, layers, *, more=()):
    """A file of weights as Keras 3 writes it; layers by their class and a number."""
    with h5py.File(path, "w") as file:
        for name, arrays in layers:
            cell = "/cell" if "recurrent_kernel" in arrays else ""
            for number, array in enumerate(arrays.values()):
                file[f"layers/{name}{cell}/vars/{number}"] = array
        for name in more:
            file[name] = np.ones(3, "f")
    return path


def archive(path, weights, config, version="3.15.1"):
    with zipfile.ZipFile(path, "w") as zipped:
        zipped.writestr("metadata.json", json.dumps({"keras_version": version}))
        zipped.writestr("config.json", json.dumps(config))
        zipped.writestr("model.weights.h5", weights)
    return path


def brought(path, settings=ONE, gates=None):
    with open_keras_file(path) as file:
        return keras_weights.import_model(file, settings, (VOCABULARY, "abc"), gates)


def check(model, layers):
    """A model has the arrays of some layers, in their order."""
    *recurrent, (_, top) = layers
    for number, (_, arrays) in enumerate(recurrent):
        for part, array in arrays.items():
            name = f"layer{number}.{part.removesuffix('_kernel')}"
            np.testing.assert_array_equal(model.weights[name], array)
    np.testing.assert_array_equal(model.weights["output.kernel"], top["kernel"])


def chained(*layers, inbound=None):
    """A model that says which layer takes what of which."""
    names = [own["config"]["name"] for own, _ in layers]
    held = [
        own | {"inbound_nodes": inbound or ([[[before, 0, 0, {}]]] if before else [])}
        for (own, _), before in zip(layers, [None, *names], strict=False)
    ]
    return {"class_name": "Functional", "config": {"layers": held}}


PLAIN = [lstm("lstm", 1), dense()]
