"""Where a run may lie: any name that a disk takes, and never on top of something else."""

import os
import subprocess
import sys

import pytest

from burble import corpus, jobs
from burble.errors import RunError, StorageError
from burble.orders import Order
from burble.runs import Run
from burble.settings import TextSettings

SIZE = ["--units", "8", "--embedding", "4", "--layers", "1", "--steps", "4"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "cat.txt"
    path.write_text("the cat sat on the mat. " * 20, encoding="utf-8")
    return path


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


def test_a_full_disk_ends_training_with_a_sentence_and_keeps_the_last_state(burble, text, tmp_path):
    """A limit on file sizes stands for the full disk: writing fails in the same way."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    for folder, steps in ((whole, 8), (run, 4)):
        assert burble("train", text, "-o", folder, *SIZE[:-1], steps).returncode == 0
    saved = (run / "last" / "state.safetensors").read_bytes()
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(saved) - 1}, {len(saved) - 1}))\n"
        "from burble.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "train", str(text), "-o", str(run), "--resume"]
    done = subprocess.run([*command, "--steps", "8"], capture_output=True, check=False)
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
        ("run.json", b"[" * 100_000, "run.json cannot be read"),
        ("last/state.safetensors", b"\0" * 99, "is damaged"),
        ("metrics.jsonl", b"[]\n", "remove it, and go on"),
    ],
)
def test_a_damaged_run_is_refused_with_a_sentence(text, tmp_path, name, damage, said):
    run = tmp_path / "run"
    made = corpus.build([str(text)], TextSettings())
    asked = {"units": 8, "embedding": 4, "layers": 1, "steps": 4}
    list(jobs.train(made, Run(run), Order(asked)))
    (run / name).write_bytes(damage)
    with pytest.raises(RunError, match=said):
        list(jobs.train(made, Run(run), Order({"steps": 6}, resume=True)))


def test_a_state_of_another_network_is_refused(text, tmp_path):
    made = corpus.build([str(text)], TextSettings())
    runs = [Run(tmp_path / name) for name in "ab"]
    for run, units in zip(runs, (8, 9), strict=True):
        list(jobs.train(made, run, Order({"units": units, "layers": 1, "steps": 2})))
    runs[0].write_state(runs[1].read_state())
    with pytest.raises(RunError, match="not this network's"):
        list(jobs.train(made, runs[0], Order({"steps": 6}, resume=True)))
