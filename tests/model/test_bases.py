import hashlib
from pathlib import Path

import pytest

from burble.errors import ModelFileError
from burble.inference.generator import load
from burble.model import bases
from burble.model.file import find_model_file, read_model
from tests.support.bases import write_base
from tests.support.speakers import chancy

GOLDEN = "bf663eb99ec1b310"
"""Of the SHA-256 of 2,000 characters that the base `english` writes with seed 5."""


@pytest.fixture
def base(tmp_path, monkeypatch):
    """The file of a base, in an empty current folder."""
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return write_base(tmp_path / "bases", chancy())


def test_a_base_is_found_by_its_name_alone(base):
    assert bases.base_names() == ["english"]
    assert find_model_file(Path("english")) == bases.find_base("english") == base
    for name in ("English", "english.safetensors", "../bases/english", "english.md", ""):
        assert bases.find_base(name) is None
    assert bases.find_card(base) == base.with_suffix(".md")


def test_what_is_there_by_that_name_comes_first_and_is_told(base):
    assert bases.describe_namesake("english") == bases.describe_namesake("none") == ""
    Path("english").write_bytes(base.read_bytes())
    assert find_model_file(Path("english")) == Path("english")
    assert bases.describe_namesake("english").startswith("english is the file of that name")
    Path("english").unlink()
    Path("english").mkdir()
    assert bases.describe_namesake("english").startswith("english is the folder of that name")
    with pytest.raises(ModelFileError, match=r"the folder english holds no model\.safetensors"):
        find_model_file(Path("english"))
    assert bases.find_base("english") == base


def test_an_unknown_name_lists_the_bases(base):
    with pytest.raises(ModelFileError, match=r"no greek\. .* come with burble: english\."):
        find_model_file(Path("greek"))
    base.unlink()
    with pytest.raises(ModelFileError, match=r"no english\. .* holds no bases that could be named"):
        find_model_file(Path("english"))


def test_a_copy_of_a_base_is_a_model_of_ones_own(base):
    assert bases.is_base_file(base)
    copy = Path("english.safetensors")
    copy.write_bytes(base.read_bytes())
    assert not bases.is_base_file(copy)
    assert bases.find_card(copy) is None


@pytest.mark.skipif(not bases.base_names(), reason="this copy of burble holds no bases")
def test_the_bases_that_come_with_burble_are_small_and_have_cards():
    for name in bases.base_names():
        file = bases.find_base(name)
        assert file.stat().st_size < 8_000_000
        card = bases.find_card(file).read_text("utf-8")
        assert card.startswith(f"# {name}\n")
        assert hashlib.sha256(file.read_bytes()).hexdigest() in card
        model = read_model(file)
        assert model.base is None
        assert model.facts("about")["licence"] in card
        assert model.facts("about")["float32_sha256"] in card


@pytest.mark.parametrize("switch", ["0", ""])
def test_a_base_writes_what_it_wrote_before_there_were_kernels(switch, monkeypatch):
    monkeypatch.setenv("BURBLE_NATIVE", switch)
    writer = load(bases.FOLDER / "english.safetensors")
    text = writer.generate("The ", length=2_000, seed=5)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == GOLDEN
