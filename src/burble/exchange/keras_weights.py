"""Weights that Keras wrote, made a burble model.

What cannot be run as it was in Keras is refused by name; see `keras_file` and `keras_config`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from burble.data import corpus
from burble.data.encodings import decode
from burble.data.vocabulary import Vocabulary
from burble.errors import ModelFileError, SettingsError, SourceError, VocabularyError
from burble.exchange import keras_config, keras_container
from burble.exchange.keras_file import PARTS, KerasFile, Parts, count_columns
from burble.exchange.keras_found import refuse_other_cells
from burble.formatting import shown
from burble.model.architecture import array_shapes, fixed_input, input_width
from burble.model.file import Model
from burble.settings import (
    DEFAULT_READING,
    ModelSettings,
    RecurrentActivation,
    Settings,
    SourceSettings,
)

GATES = "ifco"
BOTH = "2.2.4-tf"
"""What TensorFlow 1.15 and 2.0 both call their Keras, whose gates differ."""
NEW_SLOPE = 5 / 6
"""Keras 3's hard sigmoid is x / 6 + 0.5, that of before 0.2 x + 0.5: the same of 5 / 6 x."""
Shape = tuple[int, ...]


def read_alphabet(
    settings: Settings,
    sources: Sequence[str] = (),
    alphabet_from: Path | None = None,
    reading: SourceSettings = DEFAULT_READING,
) -> tuple[Vocabulary, str]:
    """The alphabet of the text that weights were trained on, and a piece of that text.

    Args:
        settings: Of the training.
        sources: The text, read and cleaned as burble does; or none.
        alphabet_from: In its place a file, read as a plain script does: decoded, line ends made
            newlines, lower case with `lowercase`, and every character that is left.
        reading: How either is read.

    Raises:
        SettingsError: Not exactly one of both texts is given, or with it what does not apply.
        SourceError: The text cannot be read.
    """
    if bool(sources) == bool(alphabet_from):
        raise SettingsError(
            "the alphabet comes from the text the weights were trained on: give it with --text "
            "or, where it was read as the tutorial does, with --alphabet-from; not both."
        )
    window = settings.training.window
    if alphabet_from is None:
        text = corpus.build(sources, settings.text, validation=0.0, reading=reading)
        return text.vocabulary, text.excerpt(window)
    others = [name for name in reading.given if name != "encoding"]
    if others:
        raise SettingsError(
            f"{', '.join(others)} cannot be given with --alphabet-from, whose file is read as "
            "it is. Leave it out, or give the text with --text."
        )
    plain = _read_plain_text(alphabet_from, reading.encoding, settings.text.lowercase)
    excerpt = plain[len(plain) // 2 :][: corpus.EXCERPT + window]
    return Vocabulary(tuple(sorted(set(plain)))), excerpt


def _read_plain_text(path: Path, encoding: str, lowercase: bool) -> str:
    """A text as a plain script reads it."""
    try:
        text = path.read_text(encoding or "utf-8")
    except (OSError, UnicodeError, LookupError) as error:
        if isinstance(error, UnicodeDecodeError):
            # Its message has the line, and the encodings that read well.
            decode(path.read_bytes(), shown(path), encoding)
        why = getattr(error, "strerror", None) or error
        raise SourceError(
            f"cannot read {path}: {why}. Give the text file the weights were trained on, and its "
            "--encoding."
        ) from error
    return text.lower() if lowercase else text


def import_model(
    file: KerasFile,
    settings: Settings,
    alphabet: tuple[Vocabulary, str],
    recurrent_activation: RecurrentActivation | None = None,
    log: Callable[[str], object] = str,
) -> Model:
    """Reads weights as a model.

    Args:
        file: The file that Keras wrote.
        settings: Of the training that made it; its network is an LSTM.
        alphabet: Of the text it was trained on, and a piece of it; see `read_alphabet`.
        recurrent_activation: What its gates are made with, sigmoid or hard_sigmoid; if None, what
            stands in the file, or else the default of its Keras.
        log: Takes a sentence about what is not in the file.

    Returns:
        The model, which sees windows if the settings have windows.

    Raises:
        SettingsError: The network is none whose weights can be imported, or it is not known what
            its gates are made with.
        ModelFileError: It does not hold these weights.
        VocabularyError: Its alphabet has another size.
    """
    vocabulary, excerpt = alphabet
    shape, embedding = _find_shape(settings.model, vocabulary.size)
    gates = _gates(file, settings.training.window, recurrent_activation, log)
    weights = _weights(file, shape, vocabulary)
    if gates == "hard_sigmoid" and file.version.startswith("3"):
        weights = _rescale_gates(weights)
    return Model(
        weights={"embedding": embedding} | weights,
        vocabulary=vocabulary,
        architecture=replace(shape, recurrent_activation=gates),
        text=settings.text,
        window=settings.training.window,
        excerpt=excerpt,
    )


def _find_shape(model: ModelSettings, size: int) -> tuple[ModelSettings, NDArray[np.float32]]:
    """The shape of a network that reads so many symbols, and what stands for each of them.

    Raises:
        SettingsError: It is none whose weights can be imported.
    """
    shape = replace(model, embedding=input_width(model.input, size) or model.embedding)
    embedding = fixed_input(shape, size)
    if embedding is None or shape.cell != "lstm":
        raise SettingsError(
            f"the recipe's network is of {shape.cell} layers with {shape.input} input, but weights "
            "can be imported of LSTM layers with scalar or onehot input."
        )
    return shape, embedding


def _gates(
    file: KerasFile,
    window: int,
    given: RecurrentActivation | None,
    log: Callable[[str], object],
) -> RecurrentActivation:
    """What the gates of a file's network are made with; see `import_model`."""
    path, known = file.path, _known_gates(file, window)
    if known:
        if given not in (None, known):
            raise SettingsError(
                f"{path} says that its gates are made with {known}, not {given}. Leave out "
                "--recurrent-activation, and the recurrent_activation of the recipe."
            )
        return known
    default = _default_gates(file)
    if given == "hard_sigmoid" and file.modern:
        raise SettingsError(
            f"{path} does not say whether Keras 2 or 3 wrote it, whose hard sigmoids differ. "
            f"{keras_container.SAVE}"
        )
    if given:
        return given
    if default is None:
        raise SettingsError(
            f"{path} does not say what its gates are made with, and the Keras that wrote it "
            f"({file.version or 'unknown'}) leaves that open. Give --recurrent-activation "
            "hard_sigmoid if it was trained with Keras before 2.3 or TensorFlow 1, sigmoid if with "
            "a later one."
        )
    log(
        f"{path.name} holds weights and no description of their network, which is taken as "
        f"you say it, with gates of {default}, the default of the Keras that wrote it. If it was "
        "trained with others, give --recurrent-activation."
    )
    return default


def _known_gates(file: KerasFile, window: int) -> RecurrentActivation | None:
    """The gates by the file itself, its network checked; None where it does not have them."""
    path = file.path
    if file.config is None:
        # cuDNN has no other gates.
        parts = file.layers.values()
        cudnn = any(
            count_columns(p, "bias") == 2 * count_columns(p, "recurrent_kernel") > 0 for p in parts
        )
        return "sigmoid" if cudnn else None
    network = keras_config.read_network(file.config, path)
    if window and network.window not in (0, window):
        raise SettingsError(
            f"{path} was trained on windows of {network.window} symbols, but the recipe has "
            f"{window}. Take the recipe it was trained with, or change its length."
        )
    if window and network.stateful:
        raise SettingsError(
            f"{path} was trained with a hidden state that went on from batch to batch (stateful), "
            "but the recipe starts each window from a zero state. Take a recipe with framing = "
            '"streams".'
        )
    return network.recurrent_activation


def _default_gates(file: KerasFile) -> RecurrentActivation | None:
    """The default of the Keras that wrote a file; None if that is not known."""
    version = re.match(r"(\d+)\.(\d+)", file.version)
    if file.by_gate or (version and file.version != BOTH and _before_2_3(version)):
        return "hard_sigmoid"
    return "sigmoid" if file.modern or (version and not _before_2_3(version)) else None


def _before_2_3(version: re.Match[str]) -> bool:
    """Whether a version is one in which hard sigmoids were the default."""
    return (int(version[1]), int(version[2])) < (2, 3)


def _rescale_gates(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Weights with which burble's hard sigmoid gives what Keras 3's gives; see `NEW_SLOPE`."""
    factors = np.array([NEW_SLOPE, NEW_SLOPE, 1, NEW_SLOPE], np.float32)
    return {
        name: array * np.repeat(factors, array.shape[-1] // 4) if name[:5] == "layer" else array
        for name, array in weights.items()
    }


def _weights(
    file: KerasFile, shape: ModelSettings, vocabulary: Vocabulary
) -> dict[str, NDArray[np.float32]]:
    """The arrays of a file by the names of a model file."""
    path, recurrent = file.path, file.recurrent
    others = [name for name in file.layers if name not in recurrent]
    if len(recurrent) != shape.layers or len(others) != 1:
        raise ModelFileError(
            f"{path} holds {len(recurrent)} recurrent and {len(others)} other layers with "
            f"weights, but the recipe has {shape.layers} and 1. Take the recipe it was "
            "trained with."
        )
    _check_alphabet(path, file.layers[others[0]], vocabulary)
    named: dict[str, NDArray[np.float32]] = {}
    expected = {n: s for n, s in array_shapes(shape, vocabulary.size).items() if n != "embedding"}
    for place, layer in [(f"layer{i}", name) for i, name in enumerate(recurrent)]:
        named |= _recurrent(file.layers[layer], place, layer, expected, path)
    for name in ("output.kernel", "output.bias"):
        part = name.partition(".")[2]
        named[name] = _array(file.layers[others[0]], part, expected[name], f"{path}: {name}")
    return {name: named[name] for name in expected}


def _recurrent(
    parts: Parts, place: str, layer: str, expected: Mapping[str, Shape], path: Path
) -> dict[str, NDArray[np.float32]]:
    """The arrays of one LSTM layer; those of cuDNN's layout put into the usual one."""
    names = {f"{place}.{part.removesuffix('_kernel')}": part for part in PARTS}
    units = expected[f"{place}.recurrent"][0]
    refuse_other_cells(parts, layer, path)
    cudnn = count_columns(parts, "bias") == 8 * units
    wanted = dict(expected) | ({f"{place}.bias": (8 * units,)} if cudnn else {})
    found = {
        name: _array(parts, part, wanted[name], f"{path}: {name}") for name, part in names.items()
    }
    return dict(zip(names, from_cudnn(*found.values()), strict=True)) if cudnn else found


def from_cudnn(
    kernel: NDArray[np.float32], recurrent: NDArray[np.float32], bias: NDArray[np.float32]
) -> tuple[NDArray[np.float32], ...]:
    """Arrays of Keras's CuDNNLSTM as those of its LSTM.

    Each gate's matrices lie there column by column, and there are two biases, which add up.
    """
    gates = np.split(kernel, 4, -1)
    kernel = np.concatenate([g.T.reshape(g.shape, order="F") for g in gates], -1)
    recurrent = np.concatenate([g.T for g in np.split(recurrent, 4, -1)], -1)
    return kernel, recurrent, bias[: len(bias) // 2] + bias[len(bias) // 2 :]


def _check_alphabet(path: Path, output: Parts, vocabulary: Vocabulary) -> None:
    """Refuses weights of an alphabet of another size."""
    size = count_columns(output, "kernel")
    if size != vocabulary.size:
        raise VocabularyError(
            f"{path} was trained with {size or 'no'} symbols, but this text has "
            f"{vocabulary.size}. Its alphabet depends on how the text was read: give the very "
            "file with --alphabet-from, and its --encoding where that was not UTF-8."
        )


def _array(parts: Parts, part: str, expected: Shape, name: str) -> NDArray[np.float32]:
    """One array, of one dataset or of four that are its gates; zeros for a bias not there."""
    gates = parts.get(part, {})
    if part == "bias" and not gates:
        return np.zeros(expected, np.float32)
    order = [""] if set(gates) == {""} else list(GATES)
    if set(gates) != set(order):
        raise ModelFileError(f"{name} is missing. Give weights of the network of the recipe.")
    datasets = [gates[gate] for gate in order]
    shapes_: list[Shape] = [dataset.shape or () for dataset in datasets]
    if sum(s[-1] if s else 0 for s in shapes_) != expected[-1] or any(
        s[:-1] != expected[:-1] for s in shapes_
    ):
        found = shapes_[0] if len(shapes_) == 1 else shapes_
        raise ModelFileError(
            f"{name} has the shape {found}, but the recipe's network has {expected}. Take the "
            "recipe it was trained with."
        )
    for dataset in datasets:
        keras_container.check_plain(dataset, name)
    arrays = [np.asarray(one[()], np.float32) for one in datasets]
    # One need not lie in memory twice.
    array = arrays[0] if len(arrays) == 1 else np.concatenate(arrays, -1)
    if not np.isfinite(array).all():
        raise ModelFileError(f"{name} holds numbers that are none (NaN or infinity).")
    return array
