"""What cannot be opened is called by its name, and nothing in it is run."""

import pickle
import zipfile
from pathlib import Path

import pytest

from burble.errors import ModelFileError
from burble.exchange.imports import recognize
from burble.exchange.refused import FROM_NOTHING, MINUTES, WITH_BASE

README = Path(__file__).parents[2] / "README.md"


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


def make_torch(folder):
    with zipfile.ZipFile(folder / "ckpt.pt", "w") as archive:
        archive.writestr("ckpt/data.pkl", pickle.dumps(Trap(folder / "opened")))
    return folder / "ckpt.pt"


def make_old_torch(folder):
    number = pickle.dumps(119547037146038801333356, 2)
    (folder / "old.pth").write_bytes(number + pickle.dumps(Trap(folder / "opened"), 2))
    return folder / "old.pth"


def make_pickle(folder, protocol):
    (folder / "p.bin").write_bytes(pickle.dumps(Trap(folder / "opened"), protocol))
    return folder / "p.bin"


def make_file(folder, name, data):
    (folder / name).write_bytes(data)
    return folder / name


def make_folder(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"x")
    return folder


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (make_torch, r"a model of PyTorch \(as of nanoGPT .* would run whatever its author"),
        (make_old_torch, r"a model of PyTorch before version 1\.6"),
        (lambda f: make_pickle(f, 2), r"a pickle, and opening it would run"),
        (lambda f: make_pickle(f, 5), r"a pickle, and opening it would run"),
        (lambda f: make_file(f, "m", b"GGUF\3\0\0\0"), r"a model in GGUF, of llama\.cpp"),
        (lambda f: make_file(f, "m", b"\x1c\0\0\0TFL3"), r"a TensorFlow Lite model"),
        (
            lambda f: make_file(f, "checkpoint", b'model_checkpoint_path: "m"'),
            r"a checkpoint of TensorFlow",
        ),
        (
            lambda f: make_file(f, "m.data-00000-of-00001", b"\0\0"),
            r"a checkpoint of TensorFlow",
        ),
        (lambda f: make_folder(f, "m.ckpt.index", "m.ckpt.meta"), r"a checkpoint of TensorFlow"),
        (lambda f: make_folder(f, "saved_model.pb", "variables"), r"a SavedModel of TensorFlow"),
        (lambda f: make_folder(f, "config.json", "model.safetensors"), r"a model of Transformers"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_name_with_what_to_do(tmp_path, make, name):
    path = make(tmp_path)
    with pytest.raises(ModelFileError, match=rf"{name}.* Train again on its text: burble train"):
        recognize(path)
    assert not (tmp_path / "opened").exists()


def test_the_scores_that_are_promised_are_those_of_the_table():
    row = f"| tiny Shakespeare | {FROM_NOTHING} in {MINUTES} minutes | | {WITH_BASE:.3f} in "
    assert f"{row}{MINUTES} minutes |" in README.read_text("utf-8")
