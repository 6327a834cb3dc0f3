"""What export refuses and writes, whatever the format; and burble's own file."""

import json
import os
from dataclasses import replace

import pytest

import burble as package
from burble.errors import InputError, SettingsError, StorageError
from burble.exchange import exports
from burble.exchange.exports import choose_format, export_model
from burble.exchange.options import ExportOptions, make_options
from burble.model.file import read_model, write_model
from tests.support.speakers import POETS, chancy

PLAIN = ExportOptions()


@pytest.fixture
def model():
    return replace(chancy(), summary={"best": {"loss": 1.5}})


def test_the_own_file_goes_out_and_comes_in_again(burble, model, tmp_path):
    write_model(tmp_path / "m.safetensors", model)
    done = burble("export", "m.safetensors", "copy.safetensors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    size = (tmp_path / "copy.safetensors").stat().st_size
    assert f"Wrote copy.safetensors, {size:,} bytes." in done.stderr.decode()
    assert (tmp_path / "copy.safetensors").read_bytes() == (tmp_path / "m.safetensors").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["copy.safetensors", "m.safetensors"]
    done = burble("import", "copy.safetensors", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    found = read_model(tmp_path / "runs/copy/model.safetensors")
    assert found.vocabulary == model.vocabulary
    assert all((found.weights[name] == array).all() for name, array in model.weights.items())
    assert found.facts("origin")["name"] == "copy.safetensors"
    shown = burble("info", "runs/copy", cwd=tmp_path).stdout.decode()
    assert "origin     copy.safetensors of burble (SHA-256 " in shown


def test_the_same_from_python(model, tmp_path):
    write_model(tmp_path / "m", model)
    made = package.export(tmp_path / "m", tmp_path / "x.bin", format="safetensors")
    run = package.import_model(made, tmp_path / "run")
    assert package.load(run).model.facts("origin")["program"] == "burble"
    with pytest.raises(InputError, match=r"there is no option int7. There are: "):
        package.export(tmp_path / "m", tmp_path / "y.safetensors", int7=True)


def test_a_path_says_the_format_by_its_ending():
    assert choose_format("a.SafeTensors").name == "safetensors"
    assert choose_format("a/").name == "ml5"
    assert choose_format("a", "ml5").name == "ml5"
    with pytest.raises(InputError, match=r"by how it ends. Formats: .safetensors"):
        choose_format("a.model")
    for format in ("", "onnx"):
        with pytest.raises(InputError, match=r"^the name of what is to be written is empty. Give"):
            choose_format("", format)
    for path in (".html", "some/.HTML"):
        with pytest.raises(
            InputError, match=r"(?i)html is an ending without a name .* model.html\.$"
        ):
            choose_format(path)
    with pytest.raises(InputError, match=r"there is no format 'tflite'. There are: safetensors"):
        choose_format("a.safetensors", "tflite")


def test_what_is_there_stays_unless_it_may_go(model, tmp_path):
    place = tmp_path / "a.safetensors"
    export_model(model, str(place), PLAIN)
    with pytest.raises(InputError, match=r"is there already. Choose another name, or add --over"):
        export_model(model, str(place), PLAIN)
    place.write_bytes(place.read_bytes()[:-1])
    export_model(model, str(place), PLAIN, overwrite=True)
    assert read_model(place).vocabulary == model.vocabulary
    with pytest.raises(InputError, match=r"no folder .*none to write in"):
        export_model(model, str(tmp_path / "none" / "a.safetensors"), PLAIN)
    (tmp_path / "b.safetensors").mkdir()
    (tmp_path / "b.safetensors" / "mine").touch()
    with pytest.raises(InputError, match=r"holds other things \(mine\), which would be lost"):
        export_model(model, str(tmp_path / "b.safetensors"), PLAIN, overwrite=True)
    assert sorted(os.listdir(tmp_path)) == ["a.safetensors", "b.safetensors"]


@pytest.mark.parametrize("name", ["safetensors", "html", "onnx", "keras"])
def test_a_file_that_no_export_made_is_never_replaced(model, tmp_path, name):
    place = tmp_path / "novel.txt"
    place.write_text("mine", encoding="utf-8")
    for overwrite in (False, True):
        with pytest.raises(InputError, match=rf"no export to {name}. Choose another name.$"):
            export_model(model, str(place), PLAIN, name=name, overwrite=overwrite)
    assert place.read_text("utf-8") == "mine"


@pytest.mark.parametrize("mark", ["run.json", "README.md"])
def test_the_model_of_a_run_is_never_replaced(model, tmp_path, mark):
    place = tmp_path / "model.safetensors"
    export_model(model, str(place), PLAIN)
    (tmp_path / mark).touch()
    with pytest.raises(InputError, match=r"model.safetensors belongs to a run. Choose another"):
        export_model(model, str(place), PLAIN, overwrite=True)
    export_model(model, str(tmp_path / "page.html"), PLAIN)
    export_model(model, str(tmp_path / "page.html"), PLAIN, overwrite=True)


@pytest.mark.parametrize("name", ["a.onnx", "a.keras"])
def test_what_lies_beside_it_is_looked_at_before_the_work(model, tmp_path, name):
    (tmp_path / f"{name}.json").write_text("mine", encoding="utf-8")
    said: list[str] = []
    with pytest.raises(InputError, match=rf"{name}.json is there already. Choose another name"):
        export_model(model, str(tmp_path / name), PLAIN, log=said.append)
    assert said == []
    assert os.listdir(tmp_path) == [f"{name}.json"]


def test_an_export_that_fails_leaves_nothing(model, tmp_path):
    huge = replace(model, dtype="float16", weights={n: a + 1e6 for n, a in model.weights.items()})
    with pytest.raises(InputError, match=r"float16"):
        export_model(huge, str(tmp_path / "a.safetensors"), PLAIN)
    assert os.listdir(tmp_path) == []
    if os.geteuid():
        tmp_path.chmod(0o500)
        with pytest.raises(StorageError, match=r"cannot write in"):
            export_model(model, str(tmp_path / "a.safetensors"), PLAIN)


def test_labels_and_all_else_come_through(tmp_path):
    model = chancy(boundary=True, labels=POETS)
    export_model(model, str(tmp_path / "a.safetensors"), PLAIN)
    assert read_model(tmp_path / "a.safetensors").labels == POETS


def test_an_option_of_another_format_is_refused(model, tmp_path, monkeypatch):
    monkeypatch.setattr(exports, "given_options", lambda _: ["int8"])
    with pytest.raises(SettingsError, match=r"int8 says nothing of safetensors. Leave it out"):
        export_model(model, str(tmp_path / "a.safetensors"), make_options(ExportOptions, {}))
    assert json.dumps(os.listdir(tmp_path)) == "[]"
