"""Where a run may lie: any name that a disk takes, and never on top of something else."""

import json
import os
import re
import shutil
from dataclasses import asdict
from typing import Any

import pytest
import safetensors.numpy

from burble.data import corpus
from burble.errors import RunError, SettingsError, StorageError
from burble.model.file import read_model
from burble.runs.events import Score
from burble.runs.folder import FORMAT, PREVIOUS, STATE, Run
from burble.runs.request import (
    TrainingRequest,
    check_folder,
    resolve_reading,
    resolve_settings,
)
from burble.settings import DEFAULT_READING, Settings, SourceSettings, TextSettings
from burble.training.processes import Peer
from tests.support.trainers import run_training

SIZE = ["--units", "8", "--embedding", "4", "--layers", "1", "--steps", "4"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "cat.txt"
    path.write_text("the cat sat on the mat. " * 20, encoding="utf-8")
    return path


@pytest.mark.slow
def test_any_name_the_disk_takes_is_honoured(burble, text):
    name = "/".join(["-dash", "it's a 'кот' 🙂", "10:30", "model.h5", "a" * 250])
    for options in (SIZE, ["--resume"]):
        done = burble("train", text.name, f"--output={name}", *options, cwd=text.parent)
        assert done.returncode == 0, done.stderr.decode()
    assert (text.parent / name / "model.safetensors").exists()


def test_what_cannot_be_a_run_is_refused_before_any_work(burble, text):
    folder = text.parent
    (folder / "file").write_text("mine", encoding="utf-8")
    (folder / "full").mkdir()
    (folder / "full" / "README.md").write_text("mine", encoding="utf-8")
    cases = {
        "file": "Not a directory",
        "file/run": "is a file",
        "full": "holds other things (README.md)",
        "a" * 256: "File name too long",
        "": "holds other things",
    }
    for name, said in cases.items():
        done = burble("train", text.name, "-o", name, *SIZE, cwd=folder)
        assert done.returncode == 2, name
        assert said in done.stderr.decode()
        assert b"Loading" not in done.stderr
    assert {p.name for p in folder.iterdir()} == {"cat.txt", "file", "full"}
    assert (folder / "full" / "README.md").read_text("utf-8") == "mine"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_place_is_refused(burble, text, tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    done = burble("train", text, "-o", tmp_path / "locked" / "run", *SIZE)
    assert done.returncode == 2
    assert "is read-only" in done.stderr.decode()


def test_a_disk_too_small_is_told_with_figures(tmp_path):
    with pytest.raises(StorageError, match=r"has .* MB left, and the run needs 1,000,000,000"):
        Run(tmp_path).check_room(10**15)


@pytest.mark.slow
def test_a_full_disk_ends_training_with_a_sentence_and_keeps_the_last_state(burble, text, tmp_path):
    """A limit on file sizes stands for the full disk: writing fails in the same way."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    for folder, steps in ((whole, 8), (run, 4)):
        assert burble("train", text, "-o", folder, *SIZE[:-1], steps).returncode == 0
    saved = (run / "last" / "state.safetensors").read_bytes()
    limit = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(saved) - 1}, {len(saved) - 1}))\n"
    )
    # Coverage writes files, too.
    unmeasured = {name: value for name, value in os.environ.items() if "COVERAGE" not in name}
    done = burble("train", text, "-o", run, "--resume", "--steps", 8, first=limit, env=unmeasured)
    assert done.returncode == 1
    said = " ".join(done.stderr.decode().split())
    assert "could not write" in said
    assert "Traceback" not in said
    assert (run / "last" / "state.safetensors").read_bytes() == saved
    assert burble("train", text, "-o", run, "--resume", "--steps", 8).returncode == 0
    assert Run(run).read_state().step == Run(whole).read_state().step == 8


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("run.json", b"[]", "names no format"),
        ("run.json", b'{"format": 2}', "its settings cannot be read"),
        ("run.json", b'{"format": 1}', "has format 1, and this burble knows 2"),
        ("run.json", b"[" * 100_000, "is damaged: it is no JSON. Put it back from a copy"),
        ("metrics.jsonl", b"[]\n", "remove it, and go on"),
    ],
)
def test_a_damaged_run_is_refused_with_a_sentence(text, tmp_path, name, damage, said):
    run = tmp_path / "run"
    made = corpus.build([str(text)], TextSettings())
    asked = {"units": 8, "embedding": 4, "layers": 1, "steps": 4}
    list(run_training(made, Run(run), TrainingRequest(asked)))
    (run / name).write_bytes(damage)
    with pytest.raises(RunError, match=said):
        list(run_training(made, Run(run), TrainingRequest({"steps": 6}, resume=True)))


SMALL = {"units": 8, "embedding": 4, "layers": 1, "steps": 12, "evaluations": 4, "patience": 0}


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A corpus, a run of 12 steps on it, and one that was stopped after 7 of them."""
    folder = tmp_path_factory.mktemp("begun")
    (folder / "cat.txt").write_text("the cat sat on the mat. " * 20, encoding="utf-8")
    made = corpus.build([str(folder / "cat.txt")], TextSettings())
    list(run_training(made, Run(folder / "whole"), TrainingRequest(SMALL)))
    left = iter([False] * 7 + [True])
    list(run_training(made, Run(folder / "half"), TrainingRequest(SMALL), stop=lambda: next(left)))
    return made, folder / "whole", folder / "half"


def copied(begun, tmp_path):
    made, _, half = begun
    shutil.copytree(half, tmp_path / "run")
    return made, Run(tmp_path / "run")


def kept(folder):
    names = ["model.safetensors", "metrics.jsonl", "loss.svg", "README.md"]
    names += [f"samples/{path.name}" for path in (folder / "samples").iterdir()]
    return {name: (folder / name).read_bytes() for name in names}


def gone_on(made, run, asked=None):
    """What is said where a run goes on."""
    said: list[str] = []
    list(run_training(made, run, TrainingRequest(asked or {}, resume=True), log=said.append))
    return " ".join(said)


def flipped(data):
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("damage", "how"),
    [(flipped, "damaged"), (lambda data: data[:99], "damaged"), (None, "not there")],
)
def test_a_damaged_state_costs_the_steps_since_the_one_before_it(begun, tmp_path, damage, how):
    made, run = copied(begun, tmp_path)
    path = run.folder / STATE
    if damage:
        path.write_bytes(damage(path.read_bytes()))
    else:
        path.unlink()
    said = f"{STATE} is {how}, so training goes on from the state before it, at step 6."
    assert said in gone_on(made, run)
    # To the same bits as if nothing had been interrupted or damaged.
    assert kept(run.folder) == kept(begun[1])
    assert run.read_state().step == 12


@pytest.mark.slow
def test_the_file_of_a_state_keeps_the_names_that_earlier_versions_know(begun):
    with safetensors.safe_open(begun[2] / STATE, "numpy") as file:
        names, counters = set(file.keys()), json.loads(file.metadata()["burble"])
    groups = {name.rpartition(".")[0] for name in names}
    assert groups == {"weight", "average", "good", "seed", "optimizer", "carried", "loss"}
    assert "loss.0" in names
    assert list(counters) == [
        *("step", "best", "stale", "recoveries", "epoch_nats", "epoch_places"),
        *("best_epoch", "elapsed", "due"),
    ]


@pytest.mark.slow
def test_a_state_of_an_earlier_burble_goes_on(begun, tmp_path):
    made, run = copied(begun, tmp_path)
    path = run.folder / STATE
    with safetensors.safe_open(path, "numpy") as file:
        counters = file.metadata()["burble"]
    safetensors.numpy.save_file(safetensors.numpy.load_file(path), path, {"burble": counters})
    (run.folder / PREVIOUS).unlink()
    facts = run.facts() | {"from": {"model": "its model", "sha256": "ab"}}
    (run.folder / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    assert "goes on from" not in gone_on(made, run)
    made_again, whole = kept(run.folder), kept(begun[1])
    # The model, its page and its picture say what the run started from.
    for name in ("README.md", "loss.svg"):
        assert b"with base" in made_again.pop(name)
        assert b"with base" not in whole.pop(name)
    assert made_again.pop("model.safetensors") != whole.pop("model.safetensors")
    assert made_again == whole
    heir, other = (read_model(folder / "model.safetensors") for folder in (run.folder, begun[1]))
    assert heir.summary["base"] == {"name": "its model", "sha256": "ab"}
    assert all((heir.weights[name] == other.weights[name]).all() for name in other.weights)
    # What the run started from is kept where it goes on.
    assert run.facts()["from"] == facts["from"]
    assert "'--base=its model'" in run.facts()["repeat"]


@pytest.mark.slow
def test_a_card_that_was_changed_stays(begun, tmp_path):
    made, run = copied(begun, tmp_path)
    card, new = run.folder / "README.md", run.folder / "README.new.md"
    gone_on(made, run, {"steps": 13})
    written = card.read_bytes()
    assert not new.exists()
    own = written.replace(b"library_name", b"license: cc0-1.0\nlibrary_name")
    card.write_bytes(own)
    gone_on(made, run, {"steps": 14})
    assert card.read_bytes() == own
    assert b"14" in new.read_bytes()
    # The folder is a run's as before.
    gone_on(made, run, {"steps": 15})


@pytest.mark.slow
def test_a_run_whose_states_are_both_damaged_is_refused(begun, tmp_path):
    made, run = copied(begun, tmp_path)
    for name in (STATE, PREVIOUS):
        (run.folder / name).write_bytes(b"\0" * 99)
    said = rf"{STATE} is damaged, and so is the state before it, {PREVIOUS}\. Put one of them back"
    with pytest.raises(RunError, match=said):
        gone_on(made, run)


@pytest.mark.slow
def test_a_state_of_another_network_is_no_state_of_the_run(begun, tmp_path):
    made, run = copied(begun, tmp_path)
    other = Run(tmp_path / "other")
    list(run_training(made, other, TrainingRequest({"units": 9, "layers": 1, "steps": 1})))
    shutil.copy(other.folder / STATE, run.folder / STATE)
    assert "is damaged, so training goes on from the state before it" in gone_on(made, run)
    assert kept(run.folder) == kept(begun[1])


@pytest.mark.slow
def test_a_run_without_a_state_is_refused_before_anything_is_written(begun, tmp_path):
    _, run = copied(begun, tmp_path)
    for name in (STATE, PREVIOUS):
        (run.folder / name).unlink()
    before = {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")}
    said = f"{STATE} is not there, so the run cannot go on. Put it back from a copy, or begin again"
    with pytest.raises(RunError, match=re.escape(said)):
        check_folder(TrainingRequest({}, resume=True), run)
    assert {path: path.stat().st_mtime_ns for path in run.folder.rglob("*")} == before


@pytest.mark.slow
def test_a_sample_is_kept_before_the_state_that_would_pass_it_over(begun, tmp_path):
    made, run = begun[0], Run(tmp_path / "run")
    events = run_training(made, run, TrainingRequest(SMALL))
    score = next(event for event in events if isinstance(event, Score) and event.improved)
    # Killed here, it goes on from this very score.
    events.close()
    assert run.read_state().step == score.state.step
    assert (run.folder / "samples" / f"step-{score.state.step:08}.txt").exists()


@pytest.mark.slow
def test_what_is_refused_leaves_no_folder(begun, tmp_path, monkeypatch):
    made = begun[0]
    cases: dict[str, dict[str, Any]] = {
        "length is 600, but the training text has": {"framing": "windows", "length": 600},
        "framing is 'documents', but the text is one": {"framing": "documents"},
        "embedding is 3, but with --input scalar": {"input": "scalar", "embedding": 3},
    }
    monkeypatch.setattr(Run, "locked", None)
    for said, asked in cases.items():
        with pytest.raises(SettingsError, match=said):
            next(run_training(made, Run(tmp_path / "a" / "run"), TrainingRequest(asked)))
    monkeypatch.undo()
    # What only this machine refuses, once the folder is there.
    monkeypatch.setattr(Run, "check_room", lambda *_: (_ for _ in ()).throw(StorageError("full")))
    with pytest.raises(StorageError, match="full"):
        next(run_training(made, Run(tmp_path / "a" / "run"), TrainingRequest(SMALL)))
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_framed_is_refused_before_the_engine_is_loaded(burble, tmp_path):
    (tmp_path / "t.txt").write_text("it is all the same " * 27, encoding="utf-8")
    asked = ["--framing", "windows", "--length", "600"]
    done = burble("train", "t.txt", "-o", "run", *asked, cwd=tmp_path)
    assert done.returncode == 2
    assert (
        "length is 600, but the training text has only 462 symbols (51 more" in done.stderr.decode()
    )
    assert b"Loading" not in done.stderr
    assert not (tmp_path / "run").exists()
    for command in (["compare", "--vary", "units=8,9"], ["tune"]):
        done = burble(command[0], "t.txt", "-o", "many", *command[1:], *asked, cwd=tmp_path)
        assert done.returncode == 2
        assert "length is 600, but the training text has only" in done.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["t.txt"]


def test_what_a_run_keeps_of_its_command_names_no_place_or_machine(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = (f"{tmp_path}/a.csv:text", "b.txt", f"{tmp_path}/-c", f"{tmp_path.parent}/d", "-")
    peer = Peer("ten.example:6000", 1, 2)
    request = TrainingRequest({}, sources=names, flags=peer.flags, kept_flags=peer.portable.flags)
    said = request.kept(str(tmp_path / "run"), "--resume")
    assert said == (
        "burble train ./a.csv:text b.txt ./-c ../d - -o run --resume "
        "--coordinator=HOST:6000 --process-id=1 --num-processes=2"
    )
    # What is shown, to be pasted, is what was typed.
    assert str(tmp_path) in request.command(tmp_path / "run")


def test_a_run_is_resumed_with_its_text_read_as_it_was(tmp_path):
    run = Run(tmp_path)
    reading = {"speaker": ["Anna"], "mask_private": True}
    (tmp_path / "run.json").write_text(json.dumps({"format": FORMAT, "reading": reading}))
    found = resolve_reading(DEFAULT_READING, run, resume=True)
    assert found == SourceSettings(speaker=("Anna",), mask_private=True)
    given = SourceSettings(min_length=3)
    assert resolve_reading(given, run, resume=True) == given
    assert resolve_reading(DEFAULT_READING, run, resume=False) == DEFAULT_READING
    (tmp_path / "run.json").write_text(json.dumps({"format": FORMAT, "reading": {"chat": 7}}))
    with pytest.raises(RunError, match="damaged: how its text was read"):
        resolve_reading(DEFAULT_READING, run, resume=True)


def test_labels_that_are_given_again_are_no_change(tmp_path):
    stored = asdict(Settings(text=TextSettings(label=("speaker",))))
    (tmp_path / "run.json").write_text(json.dumps({"format": FORMAT, "settings": stored}))
    again = TrainingRequest({"label": ["speaker"]}, resume=True, sources=("chat.txt",))
    assert resolve_settings(again, Run(tmp_path)).text.label == ("speaker",)
    other = TrainingRequest({"label": ["file"]}, resume=True, sources=("chat.txt",))
    with pytest.raises(SettingsError, match="cannot change label"):
        resolve_settings(other, Run(tmp_path))
