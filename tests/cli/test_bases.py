"""The name of a base in the place of a model, in every command that takes one."""

import hashlib
import json
from dataclasses import replace

import pytest

from burble import api
from burble.errors import ModelFileError
from burble.model import bases
from tests.support.bases import in_place_of_bases, write_base
from tests.support.speakers import follower

SUMMARY = {"about": {"read": "three letters", "licence": "none needed"}}


@pytest.fixture
def base(tmp_path, monkeypatch):
    """The file of a base that goes in a circle, in an empty current folder."""
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    model = replace(follower("abc", [1, 2, 0]), summary=SUMMARY)
    return write_base(tmp_path / "bases", model)


def test_it_writes_at_once_in_a_process_of_its_own(burble, base, tmp_path):
    first = in_place_of_bases(base.parent)
    done = burble("sample", "english", "-p", "ab", "-t", 0, "-l", 4, first=first, cwd=tmp_path)
    assert done.stdout.decode() == "abcabc\n"


@pytest.mark.usefixtures("base")
def test_it_writes_and_is_scored(command, tmp_path):
    done = command("sample", "english", "-p", "ab", "--greedy", "-l", 7)
    assert done.stdout.decode() == "abcabcabc\n"
    (tmp_path / "text").write_text("abcabc")
    done = command("eval", "english", tmp_path / "text")
    assert done.stdout.decode().startswith("0.0000 bits per character")
    assert api.load("english").generate("a", length=3, temperature=0) == "bca"
    assert api.evaluate("english", tmp_path / "text").characters == 5


def test_info_tells_what_it_is(command, base):
    sha256 = hashlib.sha256(base.read_bytes()).hexdigest()
    lines = command("info", "english").stdout.decode().splitlines()
    # Embedding 3x3, kernel 3x3, recurrent 3x3, output 3x3, and two biases of 3.
    assert "weights    42 in float16" in lines
    assert 'about      licence "none needed", read "three letters"' in lines
    assert lines[-2:] == [
        f"file       {base.stat().st_size:,} bytes, SHA-256 {sha256}",
        f"card       {base.with_suffix('.md')}",
    ]
    facts = json.loads(command("info", "english", "--json").stdout)
    assert (facts["format"], facts["dtype"], facts["sha256"]) == (3, "float16", sha256)


def test_what_is_here_by_its_name_comes_first_and_is_told(command, base, tmp_path):
    path = tmp_path / "here" / "english"
    path.write_bytes(base.read_bytes())
    told = "english is the file of that name that is here"
    assert told in command("sample", "english", "-l", 3).stderr.decode()
    with pytest.warns(UserWarning, match=told):
        api.load("english")
    path.unlink()
    assert told not in command("sample", "english", "-l", 3).stderr.decode()


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize("verb", ["sample", "eval", "info"])
def test_an_unknown_name_lists_the_bases(command, verb):
    done = command(verb, "greek")
    assert done.returncode == 2
    assert "there is no greek." in done.stderr.decode()
    assert "come with burble: english." in done.stderr.decode()


def test_nothing_is_written_beside_it(command, base, tmp_path):
    (tmp_path / "text").write_text("abcabc")
    done = command("remember", "english", tmp_path / "text")
    assert done.returncode == 2
    assert "burble sample english --memory TEXT" in done.stderr.decode()
    with pytest.raises(ModelFileError, match="nothing is written beside it"):
        api.remember("english", tmp_path / "text")
    assert {path.name for path in base.parent.iterdir()} == {"english.safetensors", "english.md"}
