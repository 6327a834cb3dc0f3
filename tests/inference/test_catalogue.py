from burble.files import find_models_folder
from burble.inference.catalogue import list_models
from burble.model import bases
from burble.model.file import write_model
from tests.support.speakers import chancy


def test_models_are_run_folders_and_files_and_then_the_bases(tmp_path):
    for path in ("b/model.safetensors", "a.safetensors", ".hidden.safetensors"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        write_model(tmp_path / path, chancy())
    (tmp_path / "b" / "model.memory.safetensors").write_bytes(b"")
    (tmp_path / "a.memory.safetensors").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("none")
    named = {"a": tmp_path / "a.safetensors", "b": tmp_path / "b"}
    known = {name: bases.find_base(name) for name in bases.base_names()}
    assert list_models(tmp_path) == named | known
    assert [*list_models(tmp_path)][:2] == ["a", "b"]


def test_a_base_gives_way_to_a_model_of_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    for folder in (tmp_path / "bases", tmp_path / "models"):
        folder.mkdir()
        write_model(folder / "english.safetensors", chancy())
    assert list_models(tmp_path / "models") == {
        "english": tmp_path / "models" / "english.safetensors"
    }
    assert list_models(tmp_path / "none") == {"english": tmp_path / "bases" / "english.safetensors"}


def test_the_environment_names_another_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("BURBLE_MODELS", str(tmp_path))
    assert find_models_folder() == tmp_path
    monkeypatch.delenv("BURBLE_MODELS")
    assert find_models_folder().parts[-2:] == ("burble", "models")
