"""Files as textgenrnn writes them, by hand; and its own, where its package can be had."""

import functools
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import filelock
import h5py
import numpy as np
import platformdirs
import pytest

VERSION = "2.0.0"
PATIENCE = 120
"""Seconds in which a package has come, or is given up."""
CHARACTERS = "ab\u00e9 "
E_, U = 3, 4


def arrays(size, layers=2, seed=0):
    """Arrays of a small network by the names that Keras gave them, in groups."""
    rng = np.random.default_rng(seed)
    found = E_ + layers * U
    shapes: dict[str, tuple[int, ...]] = {"embedding/embedding/embeddings:0": (size, E_)}
    for layer in range(1, layers + 1):
        below = U if layer > 1 else E_
        named = f"rnn_{layer}/rnn_{layer}"
        shapes |= {f"{named}/kernel:0": (below, 4 * U), f"{named}/bias:0": (4 * U,)}
        shapes |= {f"{named}/recurrent_kernel:0": (U, 4 * U)}
    shapes |= {"attention/attention/attention_W:0": (found, 1)}
    shapes |= {"output/output/kernel:0": (found, size), "output/output/bias:0": (size,)}
    return {name: rng.normal(size=shape).astype("f") for name, shape in shapes.items()}


def vocabulary(characters=CHARACTERS):
    """Numbers of symbols, those of later ones first."""
    return {one: n for n, one in enumerate(["<s>", *reversed(characters)], 1)}


def write(folder, *, config=None, held=None, numbers=None):
    """The three files of a model; the path of its weights."""
    numbers = vocabulary() if numbers is None else numbers
    held = arrays(len(numbers) + 1) if held is None else held
    path = folder / "mine_weights.hdf5"
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4"
        for name, array in held.items():
            file[name] = array
    (folder / "mine_vocab.json").write_text(json.dumps(numbers), encoding="utf-8")
    if config is not None:
        (folder / "mine_config.json").write_text(json.dumps(config), encoding="utf-8")
    return path


@functools.cache
def packaged():
    """The weights that the package brings; the test is skipped where it cannot be had."""
    kept = platformdirs.user_cache_path("burble-tests")
    folder = kept / f"textgenrnn-{VERSION}"
    kept.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{folder}.lock"), tempfile.TemporaryDirectory(dir=kept) as temporary:
        if not folder.is_dir():
            command = [sys.executable, "-m", "pip", "download", "-q", f"textgenrnn=={VERSION}"]
            command += ["--no-deps", "--no-binary", ":all:", "-d", temporary]
            try:
                subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE)
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                pytest.skip(f"pip cannot fetch textgenrnn {VERSION} here")
            (archive,) = Path(temporary).glob("*.tar.gz")
            with tarfile.open(archive) as opened:
                opened.extractall(Path(temporary, "whole"), filter="data")
            Path(temporary, "whole").replace(folder)
    return folder / f"textgenrnn-{VERSION}" / "textgenrnn" / "textgenrnn_weights.hdf5"
