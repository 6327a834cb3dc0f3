"""Weights that Keras wrote, in HDF5, made a burble model. Read with distrust; nothing is executed.

Legacy files (of `save_weights`, of checkpoints and of whole models) and Keras 3's `.weights.h5`
are understood. Only arrays of the expected names and shapes are read: no links are followed, no
data outside the file, no compression that needs a plug-in, and no configuration.
"""

import math
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from burble import cookbook, corpus, inputs
from burble import settings as settings_module
from burble.errors import (
    BurbleError,
    ModelFileError,
    SettingsError,
    SourceError,
    VocabularyError,
)
from burble.modelfile import Model, shapes
from burble.settings import AS_IT_COMES, ModelSettings, Settings, SourceSettings
from burble.vocabulary import Vocabulary

MOST_OBJECTS = 10_000
MOST_DEPTH = 16
MOST_IN_CHUNK = 1 << 26
FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}
NOT_WEIGHTS = {"optimizer", "optimizer_weights"}
PARTS = ("kernel", "recurrent_kernel", "bias")
# Keras 1 wrote the gates one by one.
_GATE = re.compile(r".*_(?P<part>[WUb])_(?P<gate>[ifco])")
_GATE_PARTS = dict(zip("WUb", PARTS, strict=True))
GATES = "ifco"
Layers = dict[str, dict[str, dict[str, h5py.Dataset]]]


def from_text(
    path: Path,
    recipe: str,
    sources: Sequence[str],
    alphabet_from: Path | None,
    reading: SourceSettings = AS_IT_COMES,
) -> Model:
    """Reads weights as a model, with the alphabet of the text they were trained on.

    Args:
        path: The HDF5 file.
        recipe: The recipe they were trained with.
        sources: The text, read and cleaned as burble does; or none.
        alphabet_from: In its place a file, read as a plain script does: decoded, line ends made
            newlines, lower case where the recipe says so, and every character that is left.
        reading: How either is read.

    Raises:
        SettingsError: The recipe cannot be used, or it is not said which text it was.
        SourceError: The text cannot be read.
        ModelFileError: See `model`.
        VocabularyError: See `model`.
    """
    settings = settings_module.make(cookbook.read(recipe))
    if bool(sources) == bool(alphabet_from):
        raise SettingsError(
            "the alphabet comes from the text the weights were trained on: give it with --text "
            "or, where it was read as the tutorial does, with --alphabet-from; not both."
        )
    window = settings.training.window
    if alphabet_from:
        reading.without_tables()
        text = _plainly(alphabet_from, reading.encoding, settings.text.lowercase)
        vocabulary = Vocabulary(tuple(sorted(set(text))))
        excerpt = text[len(text) // 2 :][: corpus.EXCERPT + window]
    else:
        read = corpus.build(sources, settings.text, held_out=0.0, reading=reading)
        vocabulary, excerpt = read.vocabulary, read.excerpt(window)
    return model(path, settings, vocabulary, excerpt)


def _plainly(path: Path, encoding: str, lowercase: bool) -> str:
    """A text as a plain script reads it."""
    try:
        text = path.read_text(encoding or "utf-8")
    except (OSError, UnicodeError, LookupError) as error:
        why = getattr(error, "strerror", None) or error
        raise SourceError(
            f"cannot read {path}: {why}. Give the text file the weights were trained on, and its "
            "--encoding."
        ) from error
    return text.lower() if lowercase else text


def model(path: Path, settings: Settings, vocabulary: Vocabulary, excerpt: str) -> Model:
    """Reads weights as a model.

    Args:
        path: The HDF5 file.
        settings: Of the training that made it; its network is an LSTM.
        vocabulary: The alphabet it was trained with.
        excerpt: A piece of its text.

    Returns:
        The model, which sees windows where the settings say so.

    Raises:
        SettingsError: The network is none whose weights can be imported.
        ModelFileError: It is no such file, or does not hold these weights.
        VocabularyError: Its alphabet has another size.
    """
    width = inputs.width(settings.model.input, vocabulary.size)
    shape = replace(settings.model, embedding=width or settings.model.embedding)
    entering = inputs.fixed(shape, vocabulary.size)
    if entering is None or shape.cell != "lstm":
        raise SettingsError(
            f"the recipe's network is of {shape.cell} layers with {shape.input} input, but weights "
            "can be imported of LSTM layers with scalar or onehot input."
        )
    return Model(
        weights={"embedding": entering} | _weights(path, shape, vocabulary),
        vocabulary=vocabulary,
        architecture=shape,
        text=settings.text,
        summary={"imported": {"file": path.name}},
        window=settings.training.window,
        excerpt=excerpt,
    )


def _weights(
    path: Path, shape: ModelSettings, vocabulary: Vocabulary
) -> dict[str, NDArray[np.float32]]:
    """The arrays of the file by the names of a model file."""
    try:
        # Looked at before it is opened: opening a pipe would wait for its other end.
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError("it is no ordinary file")
        with h5py.File(path, "r") as file:
            layers = _layers(file, path)
            recurrent = [name for name, parts in layers.items() if "recurrent_kernel" in parts]
            others = [name for name in layers if name not in recurrent]
            if len(recurrent) != shape.layers or len(others) != 1:
                raise ModelFileError(
                    f"{path} holds {len(recurrent)} recurrent and {len(others)} other layers with "
                    f"weights, but the recipe has {shape.layers} and 1. Take the recipe it was "
                    "trained with."
                )
            _check_alphabet(path, layers[others[0]], vocabulary)
            named = {}
            for name, expected in shapes(shape, vocabulary.size).items():
                if name == "embedding":
                    continue
                place, _, part = name.partition(".")
                found = layers[others[0] if place == "output" else recurrent[int(place[5:])]]
                wanted = "recurrent_kernel" if part == "recurrent" else part
                named[name] = _array(found.get(wanted, {}), expected, f"{path}: {name}")
            return named
    except BurbleError:
        raise
    except (OSError, RuntimeError, LookupError, ValueError, TypeError) as error:
        # What h5py raises where a file is damaged.
        raise ModelFileError(
            f"cannot read {path} as HDF5 ({error}). Give a file of weights that Keras wrote, such "
            "as weights.hdf5 or model.weights.h5."
        ) from error


def _check_alphabet(
    path: Path, output: Mapping[str, Mapping[str, h5py.Dataset]], vocabulary: Vocabulary
) -> None:
    """Refuses weights of an alphabet of another size."""
    sizes: set[tuple[int, ...]] = {d.shape or () for d in output.get("bias", {}).values()}
    if sizes != {(vocabulary.size,)}:
        told = ", ".join(str(shape[0]) if len(shape) == 1 else str(shape) for shape in sizes)
        raise VocabularyError(
            f"{path} was trained with {told or 'no'} symbols, but this text has "
            f"{vocabulary.size}. Its alphabet depends on how the text was read: give the very "
            "file with --alphabet-from, and its --encoding where that was not UTF-8."
        )


def _layers(file: h5py.File, path: Path) -> Layers:
    """The datasets of a file by layer, part and gate, layers in the order of their numbers."""
    found: Layers = {}
    for components, dataset in _datasets(file, path, iter(range(MOST_OBJECTS))):
        # A whole model keeps its weights one level down.
        inside = components[1:] if components[0] == "model_weights" else components
        named = _named(inside) if inside else None
        if named:
            layer, part, gate = named
            found.setdefault(layer, {}).setdefault(part, {})[gate] = dataset
    return dict(sorted(found.items(), key=lambda item: _number(item[0])))


def _datasets(
    group: h5py.Group, path: Path, budget: Iterator[int], before: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], h5py.Dataset]]:
    """All datasets below a group that lie in the file itself, with the names on the way.

    Raises:
        ModelFileError: There are links, or more objects than weights have.
    """
    for name in group:
        # A group may hold itself.
        if next(budget, None) is None or len(before) > MOST_DEPTH:
            raise ModelFileError(f"{path} holds more than weights. Give a file that Keras wrote.")
        if not before and name in NOT_WEIGHTS:
            continue
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ModelFileError(
                f"{path} links {name!r} to another place, which is not followed. Give a file that "
                "holds its weights itself."
            )
        held = group[name]
        if isinstance(held, h5py.Group):
            yield from _datasets(held, path, budget, (*before, name))
        elif isinstance(held, h5py.Dataset):
            yield (*before, name), held


def _named(components: tuple[str, ...]) -> tuple[str, str, str] | None:
    """Layer, part and gate (empty for all of them) that the names on the way to a dataset mean.

    >>> _named(("layers", "lstm_1", "cell", "vars", "2"))
    ('lstm_1', 'bias', '')
    >>> _named(("lstm_1", "lstm_1", "recurrent_kernel:0"))
    ('lstm_1', 'recurrent_kernel', '')
    >>> _named(("lstm_1", "lstm_1_U_c"))
    ('lstm_1', 'recurrent_kernel', 'c')
    """
    last = components[-1].removesuffix(":0")
    if len(components) > 3 and components[0] == "layers" and components[-2] == "vars":
        parts = PARTS if "cell" in components else ("kernel", "bias")
        known = last.isdecimal() and int(last) < len(parts)
        return (components[1], parts[int(last)], "") if known else None
    if last in PARTS:
        return components[0], last, ""
    gate = _GATE.fullmatch(last)
    if gate:
        return components[0], _GATE_PARTS[gate["part"]], gate["gate"]
    if last.endswith(("_W", "_b")):
        return components[0], "kernel" if last.endswith("_W") else "bias", ""
    return None


def _number(layer: str) -> tuple[int, str]:
    """What sorts layers as Keras numbers them: `lstm`, `lstm_1`, …, `lstm_10`."""
    number = layer.rpartition("_")[2]
    return (int(number) if number.isdecimal() and len(number) < 9 else 0), layer


def _array(
    gates: Mapping[str, h5py.Dataset], expected: tuple[int, ...], name: str
) -> NDArray[np.float32]:
    """One array, of one dataset or of four that are its gates.

    Raises:
        ModelFileError: It is not of that shape, or not stored plainly.
    """
    order = [""] if set(gates) == {""} else list(GATES)
    if set(gates) != set(order):
        raise ModelFileError(f"{name} is missing. Give weights of the network of the recipe.")
    parts = [gates[gate] for gate in order]
    shapes_: list[tuple[int, ...]] = [part.shape or () for part in parts]
    if sum(s[-1] if s else 0 for s in shapes_) != expected[-1] or any(
        s[:-1] != expected[:-1] for s in shapes_
    ):
        told = shapes_[0] if len(shapes_) == 1 else shapes_
        raise ModelFileError(
            f"{name} has the shape {told}, but the recipe's network has {expected}. Take the "
            "recipe it was trained with."
        )
    for part in parts:
        plan = part.id.get_create_plist()
        filters = {plan.get_filter(i)[0] for i in range(plan.get_nfilters())}
        whole = part.chunks is None or math.prod(part.chunks) <= MOST_IN_CHUNK
        plain = not (part.external or part.is_virtual) and part.dtype.kind == "f" and whole
        if not plain or not filters <= FILTERS:
            raise ModelFileError(
                f"{name} is not stored as plain numbers in the file itself. Give a file that "
                "Keras wrote."
            )
    array = np.concatenate([np.asarray(part[()], np.float32) for part in parts], -1)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{name} holds numbers that are none (NaN or infinity).")
    return array
