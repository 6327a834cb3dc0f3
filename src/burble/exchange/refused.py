"""Models that cannot be opened, each by its name, and what to do: train again on the text.

Looked at are their first bytes and the names of what is in them alone: a pickle can run anything
when it is opened, so none is. Knows nothing of what is in them.
"""

import pickletools
import re
from collections.abc import Callable

from burble.exchange.probe import Probe
from burble.formatting import shown

MINUTES = 5
WITH_BASE, FROM_NOTHING = 1.300, 1.448
"""Nats per character on the last tenth of tiny Shakespeare after so many minutes on two cores: the
README's table of scores."""
AGAIN = (
    f"Train again on its text: burble train TEXT --minutes {MINUTES}. For 1 MB of English on two "
    f"cores that comes to about {WITH_BASE:.2f} nats per character from the base that comes with "
    f"burble, {FROM_NOTHING:.2f} from nothing (measured on tiny Shakespeare)."
)
PICKLE = "which is a pickle: opening it would run whatever its author put in it, so burble does not"
_ZIP_PICKLE = re.compile(r"(?:[^/]+/)?data\.pkl")
_TF1 = re.compile(r".*\.data-\d{5}-of-\d{5}|checkpoint|.*\.ckpt\.(index|meta)")
_SAVED_MODEL = {"saved_model.pb", "saved_model.pbtxt"}


def describe_refused(probe: Probe) -> str:
    """What a file or folder is that cannot be opened, and what to do; empty if it is none of these.

    Args:
        probe: A first look at it.
    """
    what = next((what for what, fits in KINDS if fits(probe)), "")
    return what and f"{shown(probe.path)} is {what}. {AGAIN}"


def _is_zipped_pickle(probe: Probe) -> bool:
    """An archive of PyTorch 1.6 or later."""
    return any(_ZIP_PICKLE.fullmatch(name) for name in probe.names)


def _is_old_torch(probe: Probe) -> bool:
    """A file of PyTorch before 1.6: it begins with this number, as a pickle."""
    return b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19" in probe.head[:64]


def _is_pickle(probe: Probe) -> bool:
    """A pickle of protocol 2 or later, whose first instructions can be told without being run."""
    head = probe.head
    if not (head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")):
        return False
    try:
        for count, _ in enumerate(pickletools.genops(head)):
            if count == 3:
                break
    except Exception:
        # Whatever it raises of bytes that are cut or none of a pickle's.
        return False
    return True


def _is_saved_model(probe: Probe) -> bool:
    """A folder of TensorFlow."""
    return probe.is_folder and bool(_SAVED_MODEL & {*probe.names})


def _is_checkpoint(probe: Probe) -> bool:
    """A folder of checkpoints of TensorFlow, or one of its files."""
    if probe.is_folder:
        return any(_TF1.fullmatch(name) for name in probe.names)
    text = probe.head.startswith(b"model_checkpoint_path:")
    return text or (bool(_TF1.fullmatch(probe.path.name)) and not probe.is_hdf5)


def _is_transformer(probe: Probe) -> bool:
    """A folder of Hugging Face's Transformers."""
    has = {*probe.names}
    return probe.is_folder and "config.json" in has and bool(_TRANSFORMER & has)


def _starts(mark: bytes, place: int = 0) -> Callable[[Probe], bool]:
    """Whether a file has a mark at a place."""
    return lambda probe: probe.head.startswith(mark, place)


_TRANSFORMER = {"pytorch_model.bin", "model.safetensors", "tf_model.h5", "tokenizer.json"}
KINDS: tuple[tuple[str, Callable[[Probe], bool]], ...] = (
    ("a model of PyTorch (as of nanoGPT or char-rnn.pytorch), " + PICKLE, _is_zipped_pickle),
    ("a model of PyTorch before version 1.6, " + PICKLE, _is_old_torch),
    ("a model in GGUF, of llama.cpp: a Transformer, which burble has not", _starts(b"GGUF")),
    ("a SavedModel of TensorFlow: a program, and not a list of layers", _is_saved_model),
    ("a checkpoint of TensorFlow: arrays without a description of their network", _is_checkpoint),
    ("a TensorFlow Lite model: a program, and not a list of layers", _starts(b"TFL3", 4)),
    ("a model of Transformers, of which burble has none", _is_transformer),
    ("a pickle, and opening it would run whatever its author put in it", _is_pickle),
)
"""What is known and cannot be opened, in the order in which it is looked for."""
