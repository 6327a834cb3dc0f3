"""Damaged files of every format that can be imported: a sentence each, or what is in them."""

import random
from pathlib import Path

import h5py
import numpy as np
import pytest

from benchmarks.robustness.damaged import damage, damage_copy, try_import
from burble.errors import ModelFileError
from burble.exchange import apart
from burble.exchange.imports import IMPORTS, read_import
from burble.exchange.options import ImportRequest
from tests.support.import_samples import RECIPE, SAMPLES


@pytest.fixture(scope="module", params=SAMPLES)
def sample(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return SAMPLES[request.param], SAMPLES[request.param].make(folder)


# Keras 3.15 with NumPy 2.4, where it saves weights.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_damage_of_any_kind_ends_in_a_sentence(sample, tmp_path):
    kind, whole = sample
    assert try_import(whole, kind.options, whole.parent) == "imported"
    seen = set()
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        seen.add(try_import(damage_copy(kind, whole, folder, seed), kind.options, whole.parent))
    assert {"refused"} <= seen <= {"imported", "refused"}


@pytest.mark.parametrize("library", ["import os; os.kill(os.getpid(), 9)", "while True: pass"])
def test_a_library_that_ends_or_has_no_end_ends_in_a_sentence(library, tmp_path, monkeypatch):
    # What stands here for h5py ends its process, or goes round in circles, with any file.
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "h5py.py").write_text(library, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "stub"))
    monkeypatch.setattr(apart, "PATIENCE", 0.5)
    monkeypatch.setattr(apart, "_kept", [])
    whole = SAMPLES["keras .h5"].make(tmp_path)
    with pytest.raises(ModelFileError, match="comes to no end"):
        apart.read_apart("keras_reader", whole, ImportRequest(), str)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux limits memory")
@pytest.mark.parametrize("is_written", [True, False])
def test_no_file_takes_more_memory_than_twice_itself_and_200_mb(tmp_path, is_written):
    # Not written, each array is still within bounds, and all of them are 200 MB.
    units = 1_000 if is_written else 2_000
    path = tmp_path / "m.weights.h5"
    with h5py.File(path, "w") as file:
        for name, below in {"lstm": 1, "lstm_1": units}.items():
            shapes = (below, 4 * units), (units, 4 * units), (4 * units,)
            for number, shape in enumerate(shapes):
                data = np.ones(shape) if is_written else None
                file.create_dataset(f"layers/{name}/cell/vars/{number}", shape, "f4", data)
        file["layers/dense/vars/0"], file["layers/dense/vars/1"] = np.ones((units, 5)), np.ones(5)
    recipe = RECIPE.replace("layers = 1", "layers = 2").replace("units = 3", f"units = {units}")
    (tmp_path / "mine.toml").write_text(recipe, encoding="utf-8")
    (tmp_path / "text.txt").write_text("abcde", encoding="utf-8")
    options = ImportRequest(
        recipe=str(tmp_path / "mine.toml"), alphabet_from=str(tmp_path / "text.txt")
    )
    apart._end()
    if is_written:
        read_import(path, options)
    else:
        with pytest.raises(
            ModelFileError, match=r"m\.weights\.h5 is damaged: it asks for far more"
        ):
            read_import(path, options)
    status = Path(f"/proc/{apart._kept[0].pid}/status").read_text("ascii")
    most = 1024 * int(status.partition("VmHWM:")[2].split()[0])
    assert most < 2 * path.stat().st_size + 200_000_000


def test_names_are_those_of_here_wherever_this_goes(tmp_path, monkeypatch):
    kind = SAMPLES["keras .h5"]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        whole = kind.make(tmp_path / name)
        monkeypatch.chdir(tmp_path / name)
        assert try_import(Path(whole.name), kind.options, Path()) == "imported"


def test_what_is_raised_apart_is_raised_here(tmp_path):
    (tmp_path / "m_weights.hdf5").write_text("text", encoding="utf-8")
    (tmp_path / "m_vocab.json").write_text('{"a": 1}', encoding="utf-8")
    log = list[str]().append
    with pytest.raises(ModelFileError, match=r"cannot read .*m_weights\.hdf5 as HDF5"):
        apart.read_apart("textgenrnn", tmp_path / "m_weights.hdf5", ImportRequest(), log)
    with pytest.raises(ModelFileError, match="cannot be read: No such file"):
        apart.read_apart("textgenrnn", tmp_path / "none", ImportRequest(), log)
    # A fault of burble's own is no damage of a file.
    with pytest.raises(RuntimeError, match=r"AttributeError: module .* has no attribute 'read'"):
        apart.read_apart("probe", tmp_path / "m_weights.hdf5", ImportRequest(), log)


def test_all_formats_have_a_sample():
    names = {name.partition(",")[0].partition(" ")[0] for name in SAMPLES}
    known = {one.name for one in IMPORTS}
    assert names - {"torch-rnn", "char-rnn"} == known - {"torch7"}


def test_damage_is_some_and_the_same_for_a_seed():
    data = bytes(range(256)) * 10
    made = [damage(data, random.Random(seed)) for seed in range(200)]
    assert made == [damage(data, random.Random(seed)) for seed in range(200)]
    assert sum(one != data for one in made) > 190
    assert {len(one) < len(data) for one in made} == {True, False}
