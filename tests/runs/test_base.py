"""The model that a training starts from, as it is named and recorded."""

import hashlib
import os
from dataclasses import replace

import pytest

from burble.errors import ModelFileError, SettingsError
from burble.model import bases
from burble.model.file import write_model
from burble.runs.base import choose_base, read_base, read_packaged, summarize_origin
from tests.support.bases import write_base
from tests.support.speakers import chancy


@pytest.fixture
def file(tmp_path):
    """The model of a run."""
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "model.safetensors"
    before = {"name": "english", "sha256": "ab"}
    write_model(path, replace(chancy(), summary={"base": before}))
    return path


def test_what_is_requested_is_a_model_none_or_left_to_a_look(file):
    assert choose_base(None, None, resume=False) == (None, True)
    assert choose_base("auto", None, resume=False) == (None, True)
    assert choose_base("none", None, resume=False) == (None, False)
    for given in ((str(file), None), (None, str(file)), (str(file.parent), None)):
        base, look = choose_base(*given, resume=False)
        assert (base.sha256, look) == (hashlib.sha256(file.read_bytes()).hexdigest(), False)
    # A run that is resumed has begun.
    assert choose_base(None, None, resume=True) == (None, False)
    assert choose_base("auto", None, resume=True) == (None, False)


def test_what_contradicts_itself_is_refused(file):
    with pytest.raises(SettingsError, match=r"Give only --base\."):
        choose_base("english", str(file), resume=False)
    for given in (("none", None), (str(file), None), (None, str(file))):
        with pytest.raises(SettingsError, match=r"give only one\."):
            choose_base(*given, resume=True)


def test_a_run_records_its_base_and_what_that_began_from(file):
    base = read_base(str(file))
    before = {"name": "english", "sha256": "ab"}
    assert base.origin == {"model": os.path.relpath(file), "sha256": base.sha256, "base": before}
    # A model file does not say where it lay.
    assert summarize_origin(base.origin) == {
        "name": "mine",
        "sha256": base.sha256,
        "base": before,
    }
    assert summarize_origin(read_base(str(file.parent)).origin)["name"] == "mine"
    assert summarize_origin({"model": "english"}) == {"name": "english"}


def test_the_packaged_base_goes_by_its_name(monkeypatch, tmp_path):
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    assert read_packaged() is None
    with pytest.raises(ModelFileError, match="there is no english"):
        read_base("english")
    write_base(tmp_path / "bases", chancy())
    assert read_packaged().origin == read_base("english").origin
    assert read_packaged().name == "english"
