"""Where a run may lie: any name that a disk takes, and never on top of something else."""

import os
import subprocess
import sys

import pytest

from burble.errors import StorageError
from burble.runs import Run

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


def test_a_full_disk_ends_training_with_a_sentence_and_keeps_the_last_state(text, tmp_path):
    """A limit on file sizes stands for the full disk: writing fails in the same way."""
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        "from burble.cli import main; main()"
    )
    command = [sys.executable, "-c", code, "train", str(text), "-o", str(tmp_path / "run")]
    done = subprocess.run([*command, *SIZE, "--units", "64"], capture_output=True, check=False)
    assert done.returncode == 1
    said = " ".join(done.stderr.decode().split())
    assert "could not write" in said
    assert "Traceback" not in said
