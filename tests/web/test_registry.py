"""Which models are served by which name."""

import os

import pytest

from burble.errors import ModelFileError
from burble.model import bases
from burble.model.file import write_model
from burble.web.errors import ApiError
from burble.web.registry import MOST_ALIVE, MOST_LOADED, Registry, name_models
from tests.support.speakers import chancy, follower


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    folder = tmp_path / "models"
    folder.mkdir()
    write_model(folder / "one.safetensors", chancy())
    return folder


def test_models_that_come_later_are_served(folder):
    registry = Registry({}, folder)
    assert registry.names() == ["one"]
    write_model(folder / "another.safetensors", chancy(seed=1))
    assert registry.names() == ["another", "one"]
    assert registry.find(None) == folder / "another.safetensors"
    registry.add("third", folder / "one.safetensors")
    assert registry.find("third") == folder / "one.safetensors"


def test_one_that_is_gone_takes_no_other_with_it(folder):
    (folder / "run").mkdir()
    write_model(folder / "run" / "model.safetensors", chancy())
    registry = Registry(name_models([folder / "run", folder / "one.safetensors"]))
    (folder / "run" / "model.safetensors").unlink()
    assert registry.names() == ["one"]
    with pytest.raises(ApiError, match="there is no model called 'run'"):
        registry.generator("run")
    write_model(folder / "run" / "model.safetensors", chancy())
    assert registry.names() == ["run", "one"]


def test_a_name_that_is_no_text_is_sent_all_the_same(folder):
    odd = os.fsdecode(b"lat\xe9.safetensors")
    write_model(folder / odd, chancy())
    registry = Registry({}, folder)
    assert registry.names() == ["lat\\xe9", "one"]
    assert registry.generator("lat\\xe9").generate("a", length=2)


def test_a_model_that_changes_is_loaded_anew(folder):
    registry = Registry({}, folder)
    first = registry.generator("one")
    assert registry.generator("one") is first
    write_model(folder / "one.safetensors", follower("ab", [1, 0]))
    assert registry.generator("one").generate("a", length=4) == "baba"
    assert first.generate("a", length=4, seed=1) != "baba"


def test_only_some_stay_in_memory(folder):
    for number in range(MOST_LOADED + 1):
        write_model(folder / f"{number}.safetensors", chancy(seed=number))
    registry = Registry({}, folder)
    first = registry.generator("0")
    for number in range(1, MOST_LOADED + 1):
        registry.generator(str(number))
    assert registry.generator(str(MOST_LOADED)) is registry.generator(str(MOST_LOADED))
    assert registry.generator("0") is not first


def test_no_more_are_loaded_while_too_many_are_in_use(folder):
    write_model(folder / "two.safetensors", chancy(seed=1))
    registry = Registry({}, folder)
    used = [registry.generator("one+two", [1, weight]) for weight in range(1, MOST_ALIVE + 1)]
    with pytest.raises(ApiError, match="models and mixtures of models are in use") as caught:
        registry.generator("one")
    assert caught.value.status == 429
    assert registry.generator("one+two", [1, MOST_ALIVE]) is used.pop()
    used.clear()
    assert registry.generator("one").generate("a", length=2)


def test_what_is_loaded_is_there_while_another_is_being_loaded(folder):
    registry = Registry({}, folder)
    first = registry.generator("one")
    with registry._loading:
        assert registry.generator("one") is first


@pytest.mark.parametrize("name", ["none", "../one", "/etc/passwd", "one.safetensors", "", "one+no"])
def test_a_name_is_none_of_a_path(folder, name):
    with pytest.raises(ApiError, match=r"there is no model called .* There are: one") as caught:
        Registry({}, folder).generator(name)
    assert (caught.value.status, caught.value.code) == (404, "model_not_found")


def test_where_there_is_no_model_that_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(bases, "FOLDER", tmp_path)
    with pytest.raises(ApiError, match=r"there is no model\. There is none yet"):
        Registry({}, tmp_path / "models").find(None)


def test_models_are_named_after_their_folders_and_files(folder):
    (folder / "run").mkdir()
    write_model(folder / "run" / "model.safetensors", chancy())
    same = folder / "run" / "one.safetensors"
    write_model(same, chancy())
    paths = [folder / "one.safetensors", folder / "run", same, folder / "run" / "model.safetensors"]
    assert name_models(paths) == dict(zip(["one", "run", "one-2", "run-2"], paths, strict=True))
    odd = folder / "a+b.safetensors"
    write_model(odd, chancy())
    with pytest.raises(ModelFileError, match="which stands between models that are mixed"):
        name_models([odd])
