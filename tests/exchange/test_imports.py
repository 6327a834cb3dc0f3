"""What import knows by its content, what it refuses, and where what came in had come from."""

import os
import zipfile
from dataclasses import replace

import pytest

from burble.errors import ModelFileError, RunError, SettingsError
from burble.exchange.imports import fingerprint, make_run, read_import, recognize
from burble.exchange.options import ImportRequest, make_options
from burble.exchange.probe import look
from burble.model.description import describe_origin
from burble.model.file import Model, read_model, serialize_model, write_model
from tests.support.keras_files import PLAIN, described, legacy
from tests.support.speakers import chancy


def test_a_file_is_known_by_what_is_in_it(tmp_path):
    legacy(tmp_path / "odd.txt", PLAIN, config=described(PLAIN))
    assert recognize(tmp_path / "odd.txt").name == "keras"
    write_model(tmp_path / "odd.h5", chancy())
    assert recognize(tmp_path / "odd.h5").name == "safetensors"
    with zipfile.ZipFile(tmp_path / "z", "w") as archive:
        archive.writestr("model.weights.h5", b"")
    assert recognize(tmp_path / "z").name == "keras"
    assert look(tmp_path).names == ("odd.h5", "odd.txt", "z")


@pytest.mark.parametrize("held", [b"\0" * 100, b"PK\3\4 no archive", b"Alice was", b"\x89HDF"])
def test_what_is_none_is_refused_with_what_could_be(tmp_path, held):
    (tmp_path / "odd").write_bytes(held)
    with pytest.raises(ModelFileError, match=r"no file of a model that can be imported, .* Keras"):
        recognize(tmp_path / "odd")


def test_what_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"cannot read .*none: No such file"):
        recognize(tmp_path / "none")
    (tmp_path / "empty").touch()
    with pytest.raises(ModelFileError, match=r"empty is empty"):
        recognize(tmp_path / "empty")
    with pytest.raises(ModelFileError, match=r"no folder of a model"):
        recognize(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(
        ModelFileError,
        match=r"^cannot read [^ ]*pipe: it is no ordinary file. Give a model to import.$",
    ):
        recognize(tmp_path / "pipe")


def test_an_option_that_a_format_does_not_need_is_refused(tmp_path):
    write_model(tmp_path / "m", chancy())
    with pytest.raises(SettingsError, match=r"own file, which needs no recipe: it is all in the"):
        read_import(tmp_path / "m", ImportRequest(recipe="tutorial-small"))
    with pytest.raises(SettingsError, match=r"there is no option recipes"):
        make_options(ImportRequest, {"recipes": "x"})
    with pytest.raises(SettingsError, match=r"recurrent_activation is 'tanh'"):
        make_options(ImportRequest, {"recurrent_activation": "tanh"})
    legacy(tmp_path / "w.h5", PLAIN)
    with pytest.raises(SettingsError, match=r"knows 5 symbols, but not which"):
        read_import(tmp_path / "w.h5", ImportRequest())


def test_a_model_says_where_it_came_from_and_where_from_before(tmp_path):
    before = {"name": "w.h5", "program": "Keras", "version": "2.3.1", "sha256": "ab" * 32}
    model = replace(chancy(), summary={"origin": before})
    (tmp_path / "m").write_bytes(serialize_model(model))
    found = read_import(tmp_path / "m", ImportRequest()).content
    assert isinstance(found, Model)
    origin = found.facts("origin")
    assert origin["before"] == before
    assert origin["sha256"] == fingerprint(tmp_path / "m")
    told = describe_origin(origin)
    assert told.startswith(f"m of burble (SHA-256 {origin['sha256'][:8]}…), which came from w.h5")
    run = make_run(found, tmp_path / "run")
    assert read_model(run.folder / "model.safetensors").facts("origin") == origin
    with pytest.raises(RunError, match=r"holds other things|holds a run already"):
        make_run(found, tmp_path / "run")


def test_a_folder_has_a_fingerprint_of_names_and_content(tmp_path):
    (tmp_path / "a").write_text("1", encoding="utf-8")
    first = fingerprint(tmp_path)
    (tmp_path / "a").rename(tmp_path / "b")
    assert fingerprint(tmp_path) != first
