"""The plugin, in the real `llm`."""

import json
import os
import subprocess
import sys

import pytest

from burble.inference.generator import load
from burble.model.file import write_model
from tests.support.speakers import chancy, follower

STREAM = """
import llm
model = llm.get_model("burble/chancy")
pieces = [*model.prompt("ab", length=30, seed=4)]
print(len(pieces), "".join(pieces), sep="|", end="|")
talk = model.conversation()
first = talk.prompt("a", length=9, seed=1).text()
print(first, talk.prompt("b", length=9, seed=2).text(), sep="|", end="")
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with two models."""
    folder = tmp_path_factory.mktemp("models")
    write_model(folder / "cycle.safetensors", follower("abc", [1, 2, 0]))
    (folder / "chancy").mkdir()
    write_model(folder / "chancy" / "model.safetensors", chancy("abc "))
    return folder


@pytest.fixture
def llm(models, tmp_path):
    """Runs `llm` in a process of its own, with a folder of its own."""

    def run(*arguments, code=None):
        ran = ["-c", code] if code else ["-m", "llm", *map(str, arguments)]
        environment = os.environ | {"BURBLE_MODELS": str(models), "LLM_USER_PATH": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-P", *ran], env=environment, capture_output=True, check=False
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_each_model_in_the_folder_is_one_of_llm(llm):
    _, listed, _ = llm("models", "list")
    names = [line for line in listed.splitlines() if line.startswith("burble: ")]
    assert names == ["burble: burble/chancy", "burble: burble/cycle", "burble: burble/english"]
    _, described, _ = llm("models", "-m", "burble/cycle", "--options")
    assert "temperature: float\n      Lower is safer" in described


def test_it_writes_as_burble_does_and_goes_on_in_a_conversation(llm, models):
    writer = load(models / "chancy")
    code, shown, complaint = llm(code=STREAM)
    assert (code, complaint) == (0, "")
    count, text, first, second = shown.split("|")
    # It comes piece by piece.
    assert int(count) == 30
    assert text == writer.generate("ab", length=30, seed=4)
    assert first == writer.generate("a", length=9, seed=1)
    assert second == writer.generate(f"a{first}b", length=9, seed=2)


def test_a_conversation_goes_on_in_another_process_and_the_log_holds_what_llm_says(llm):
    asked = ["-m", "burble/cycle", "-o", "length", 2]
    assert llm(*asked, "-n", "ab")[1] == "ca\n"
    assert llm(*asked, "ab")[1] == "ca\n"
    assert llm("-c", "b", "-o", "length", 4)[1] == "cabc\n"
    rows = json.loads(llm("logs", "list", "--json")[1])
    # What was asked for with -n is not there, and of the others what llm itself keeps.
    assert [(row["prompt"], row["response"]) for row in rows] == [("ab", "ca"), ("b", "cabc")]
    assert [row["options_json"] for row in rows] == [{"length": 2}, {"length": 4}]
    assert {row["response_json"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["-o", "temperature", -1], "temperature is -1.0, but must be a number of 0 or more."),
        (["-o", "warmth", 1], "warmth\n  Extra inputs are not permitted"),
        (["-o", "memory", 1], "this model has no memory beside it."),
        (["-o", "label", "poet=Whitman"], "label"),
        (["-s", "Be brief"], "nothing in it could obey a system prompt. Leave it out."),
    ],
)
def test_what_cannot_be_is_refused(llm, flags, sentence):
    code, shown, complaint = llm("-m", "burble/cycle", "a", *flags)
    assert (code, shown) == (1, "")
    assert sentence in complaint
    assert "Traceback" not in complaint


def test_burble_itself_never_loads_llm():
    code = "import burble.api, burble.cli.app, sys; print({'llm', 'pydantic'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, check=True)
    assert done.stdout == b"set()\n"
