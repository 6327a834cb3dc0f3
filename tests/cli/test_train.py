"""Training from the command line: real processes, interrupted and killed for real."""

import hashlib
import json
import os
import re
import shlex
import signal
from contextlib import contextmanager, suppress

import numpy as np
import pytest

from burble.cli import train
from burble.data import corpus
from burble.runs.base import read_base
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.settings import TextSettings
from tests.support.bases import in_place_of_bases, write_base
from tests.support.corpora import from_texts
from tests.support.processes import PATIENCE, interrupt, start, wait_for_pause
from tests.support.signals import HANGS_UP
from tests.support.speakers import readable, reader
from tests.support.trainers import run_training

pytestmark = pytest.mark.slow

SIZE = ["--units", "24", "--embedding", "8", "--batch", "4", "--length", "16"]
LONG = [*SIZE, "--steps", "300", "--evaluations", "15", "--patience", "0"]


@pytest.fixture(scope="module")
def uninterrupted(burble, text, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    done = burble("train", text, "-o", folder, *LONG)
    assert done.returncode == 0, done.stderr.decode()
    return folder


def model(folder):
    return (folder / "model.safetensors").read_bytes()


def absolute(path):
    """Where `path` stands as an absolute path, not at the end of a relative one: ../../tmp."""
    return re.compile(rb"(?<!\.\.)" + re.escape(os.fsencode(path)))


@contextmanager
def training(text, folder, *options, pause=30):
    """A training that scores every 20 steps, and waits before one of them."""
    asked = ["train", text, "-o", folder, *(options or LONG)]
    with start(*asked, pause=pause) as process:
        wait_for_pause(process)
        yield process


def kill_in(text, folder, *options, pause):
    with training(text, folder, *options, pause=pause) as process:
        process.kill()
    assert process.returncode == -signal.SIGKILL


def test_a_run_killed_twice_ends_in_the_same_bytes(burble, text, uninterrupted, tmp_path):
    folder = tmp_path / "run"
    kill_in(text, folder, pause=50)
    kill_in(text, folder, "--resume", pause=190)
    assert burble("sample", folder, "-l", 10).returncode == 0
    done = burble("train", text, "-o", folder, "--resume")
    assert done.returncode == 0, done.stderr.decode()
    assert model(folder) == model(uninterrupted)
    assert (folder / "metrics.jsonl").read_bytes() == (uninterrupted / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_saves_and_prints_the_command_that_goes_on(
    number, burble, text, uninterrupted, tmp_path
):
    folder = tmp_path / "run"
    with training(text, folder) as process:
        said = interrupt(process, number)
    assert process.returncode == 130
    assert f"Go on with: burble train {text} -o {folder} --resume" in " ".join(said.split())
    assert json.loads((folder / "run.json").read_text())["status"] == "interrupted"
    if number == signal.SIGINT:
        assert burble("train", text, "-o", folder, "--resume").returncode == 0
        assert model(folder) == model(uninterrupted)


def test_a_second_interrupt_stops_at_once_and_costs_what_was_not_saved(
    burble, text, uninterrupted, tmp_path
):
    folder = tmp_path / "run"
    with training(text, folder) as process:
        # The second comes while the first still waits for its step.
        said = interrupt(process, signal.SIGINT, signal.SIGTERM)
    assert process.returncode == 130
    # It neither saved nor said how to go on: that is what the first alone would have done.
    assert "Go on with" not in said
    assert Run(folder).facts()["status"] == "training"
    assert burble("train", text, "-o", folder, "--resume").returncode == 0
    assert model(folder) == model(uninterrupted)


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals are of POSIX systems")
def test_a_terminal_shows_a_bar_with_the_losses_speed_and_time_left(text, tmp_path):
    import pty  # Not on Windows.

    here, there = pty.openpty()
    wide = os.environ | {"COLUMNS": "140", "TERM": "xterm"}
    with start("train", text, "-o", tmp_path / "run", *LONG, stderr=there, env=wide) as process:
        os.close(there)
        shown = b""
        # The end of a pseudo-terminal is an error on Linux, and nothing more to read elsewhere.
        with suppress(OSError):
            while part := os.read(here, 65_536):
                shown += part
    os.close(here)
    assert process.returncode == 0
    losses = r"step \d+ of 300 · loss \d\.\d{3} · validation \d\.\d{3}"
    bar = rf"━ *{losses} · [\d,]+ characters/s · \d:\d\d"
    assert re.search(bar, re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", shown.decode()))
    assert re.search(
        r"\nloss in nats per character: .* training   . validation\r\n", shown.decode()
    )
    end = shown.decode().partition("What to try next:\r\n")[2].split("\r\n")
    run = tmp_path / "run"
    expected = [f"sample {run} -p '", f"eval {run} {text} ", f"remember {run} {text} "]
    for line, begun in zip(end, expected, strict=False):
        assert line.startswith(f"  burble {begun}")
    # The cursor, hidden by the bar, is shown again.
    assert shown.rfind(b"\x1b[?25h") > shown.rfind(b"\x1b[?25l") > 0


@pytest.mark.parametrize(
    ("source", "validation", "commands"),
    [
        ("builtin:python-docs", 0.1, ["sample", "eval", "train"]),
        ("mine.txt", 0.1, ["sample", "eval", "remember"]),
        ("mine.txt", 0, ["sample", "info", "remember"]),
        ("-", 0.1, ["sample", "eval", "train"]),
    ],
)
def test_the_end_names_three_commands_that_suit_the_text(source, validation, commands, tmp_path):
    read = from_texts("the cat sat on the mat. " * 99, validation=validation)
    request = TrainingRequest({}, sources=(source,))
    lines = train._suggest_commands(request, Run(tmp_path), read)
    assert [line.split()[1] for line in lines] == commands
    assert all(("-" in line.split()) is False for line in lines)
    assert re.search(r" -p '\w+\.? \w+\.?' ", lines[0])


def test_messages_that_nobody_reads_any_more_cost_no_training(text, uninterrupted, tmp_path):
    folder = tmp_path / "run"
    with start("train", text, "-o", folder, *LONG) as process:
        process.stderr.readline()
        process.stderr.close()
        assert process.wait(PATIENCE) == 74
    assert model(folder) == model(uninterrupted)
    assert Run(folder).facts()["status"] == "finished"


@HANGS_UP
def test_a_closed_terminal_stops_and_saves_however_often_it_is_told(text, tmp_path):
    folder = tmp_path / "run"
    with training(text, folder) as process:
        hangups = (signal.SIGHUP, signal.SIGHUP, signal.SIGTERM, signal.SIGHUP)
        said = interrupt(process, *hangups)
    assert process.returncode == 130
    assert "all is saved. Go on with: burble train" in said
    assert Run(folder).facts()["status"] == "interrupted"


def test_a_run_by_the_clock_is_repeated_by_its_flags(burble, text, tmp_path):
    size = ["--units", "24", "--layers", "1", "--length", "16"]
    # However long starting takes, some steps are trained: here there is no time for more.
    done = burble("train", text, "-o", tmp_path / "a", "--minutes", 0.001, *size)
    assert done.returncode == 0, done.stderr.decode()
    assert "only 10 steps are trained" in done.stderr.decode()
    facts = json.loads((tmp_path / "a" / "run.json").read_text())
    assert facts["settings"]["training"]["steps"] == facts["done"]["steps"] == 10
    start, flags = facts["repeat"].split(" -o RUN ")
    # No place of this machine stands in it.
    assert start == f"burble train {os.path.relpath(text)}"
    names = [flag.partition("=")[0] for flag in flags.split()]
    assert sorted({*names}) == sorted(names)
    again = burble("train", text, "-o", tmp_path / "b", *flags.split())
    assert again.returncode == 0, again.stderr.decode()
    assert model(tmp_path / "a") == model(tmp_path / "b")


def test_a_run_from_a_model_killed_before_its_first_step_keeps_its_weights(
    text, uninterrupted, tmp_path
):
    made = corpus.build([str(text)], TextSettings())
    run = Run(tmp_path / "run")
    base = read_base(str(uninterrupted))
    events = run_training(made, run, TrainingRequest({"steps": 4, "evaluations": 1}, base=base))
    next(events)
    events.close()
    begun = run.read_state()
    assert begun.step == 0
    np.testing.assert_array_equal(begun.arrays.weights[0], base.model.weights["embedding"])


def test_two_trainings_in_one_folder_are_refused(burble, text, tmp_path):
    with training(text, tmp_path / "run") as process:
        done = burble("train", text, "-o", tmp_path / "run", "--resume")
        process.kill()
    assert done.returncode == 2
    assert "another training is at work" in done.stderr.decode()


def test_a_resumed_run_changes_what_may_change_and_refuses_the_rest(
    burble, text, uninterrupted, tmp_path
):
    refused = burble("train", text, "-o", uninterrupted, "--resume", "--units", 48, "--batch", 2)
    assert refused.returncode == 2
    assert "batch (it is 4, not 2), units (it is 24, not 48)" in refused.stderr.decode()
    fewer = burble("train", text, "-o", uninterrupted, "--resume", "--steps", 10)
    assert fewer.returncode == 2
    assert "steps is 10, but the run has done 300 already" in fewer.stderr.decode()
    assert b"Loading" not in fewer.stderr
    larger = burble("train", text, "-o", uninterrupted, "--resume", "--size", "large")
    assert larger.returncode == 2
    assert "Leave out --size" in larger.stderr.decode()
    before = json.loads((uninterrupted / "run.json").read_text())["settings"]["training"]
    folder = tmp_path / "run"
    assert burble("train", text, "-o", folder, *SIZE, "--steps", 40).returncode == 0
    longer = burble("train", text, "-o", folder, "--resume", "--steps", 60, "--learning-rate", 1e-3)
    assert longer.returncode == 0, longer.stderr.decode()
    after = json.loads((folder / "run.json").read_text())["settings"]["training"]
    assert (before["steps"], after["steps"], after["learning_rate"]) == (300, 60, 1e-3)


def test_training_starts_from_another_model_with_new_letters(burble, uninterrupted, tmp_path):
    new = tmp_path / "new.txt"
    new.write_text("The fox: the cat sat on the mat?\n" * 50, encoding="utf-8")
    base = ["--from", uninterrupted]
    done = burble("train", new, "-o", tmp_path / "r", *base, "--steps", 12, "--evaluations", 12)
    assert done.returncode == 0, done.stderr.decode()
    assert "does not know 5 symbols of this text" in done.stderr.decode()
    metrics = [json.loads(m) for m in (tmp_path / "r" / "metrics.jsonl").read_text().splitlines()]
    first = next(m["held_out_loss"] for m in metrics if "held_out_loss" in m)
    assert first < 2.0
    facts = json.loads((tmp_path / "r" / "run.json").read_text())
    sha256 = hashlib.sha256((uninterrupted / "model.safetensors").read_bytes()).hexdigest()
    assert facts["from"] == {"model": os.path.relpath(uninterrupted), "sha256": sha256}
    # Its commands hold no place of this machine, and work from where the first was typed.
    assert not absolute(tmp_path).search((tmp_path / "r" / "run.json").read_bytes())
    repeat = shlex.split(facts["repeat"])
    words = [str(tmp_path / "t") if word == "RUN" else word for word in repeat]
    repeated = burble(*words[1:])
    assert repeated.returncode == 0, repeated.stderr.decode()
    assert model(tmp_path / "t") == model(tmp_path / "r")
    refused = burble("train", new, "-o", tmp_path / "s", *base, "--units", 7)
    assert refused.returncode == 2
    assert "units is 7, but the model to start from has 24" in refused.stderr.decode()


def test_a_base_is_taken_where_it_helps_or_is_named(burble, text, uninterrupted, tmp_path):
    write_base(tmp_path / "bases", reader())
    first = in_place_of_bases(tmp_path / "bases")
    new = tmp_path / "new.txt"
    new.write_text(readable(900), encoding="utf-8")
    short = ["--steps", 2, "--evaluations", 1]
    done = burble("train", new, "-o", tmp_path / "a", *short, first=first)
    assert done.returncode == 0, done.stderr.decode()
    assert "Starts from the base english: it predicts" in done.stderr.decode()
    assert json.loads((tmp_path / "a" / "run.json").read_text())["from"]["model"] == "english"
    shown = burble("info", tmp_path / "a").stdout.decode()
    assert re.search(r"^base +english \(SHA-256 [0-9a-f]{8}…\)$", shown, re.M)
    # Its text is another: what cannot be is refused, and how it is cleaned may differ.
    base = ["--base", uninterrupted, "--lowercase", "--steps", 2, "--evaluations", 1]
    named = burble("train", text, "-o", tmp_path / "b", *base)
    assert named.returncode == 0, named.stderr.decode()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["--base", "english"], "there is no english. Give a run folder, a model file"),
        (["--base", "none", "--from", "x"], "Give only --base."),
        (["--base", "RUN", "--size", "large"], "Leave out --size."),
        (["--base", "RUN", "--unit", "grapheme"], "unit is 'grapheme', but the model to start"),
        (["--base", "RUN", "--cell", "gru"], "cell is 'gru', but the model to start from has"),
        (["--resume", "--base", "none"], "--base says how a new one starts; give only one."),
    ],
)
def test_bases_that_cannot_be_are_refused(burble, text, uninterrupted, tmp_path, given, why):
    first = in_place_of_bases(tmp_path)
    given = [uninterrupted if word == "RUN" else word for word in given]
    done = burble("train", text, "-o", tmp_path / "run", *given, first=first)
    assert done.returncode == 2
    assert why in done.stderr.decode()
    assert done.stderr.count(b"\n") == 1


def test_the_run_folder_holds_what_the_docs_say(text, uninterrupted):
    names = {p.name for p in uninterrupted.iterdir() if not p.name.startswith(".")}
    assert names == {
        "run.json",
        "model.safetensors",
        "last",
        "metrics.jsonl",
        "samples",
        "loss.svg",
        "README.md",
    }
    last = {p.name for p in (uninterrupted / "last").iterdir()}
    assert last == {"state.safetensors", "previous.safetensors"}
    # Neither where it lies nor where its text does.
    for path in (p for p in uninterrupted.rglob("*") if p.is_file()):
        assert not absolute(uninterrupted.parent).search(path.read_bytes()), path
        assert not absolute(text.parent).search(path.read_bytes()), path


def test_a_tiny_text_shrinks_the_steps_and_says_so(burble, tmp_path):
    (tmp_path / "t.txt").write_text("tiny text of thirty characters", encoding="utf-8")
    small = ["--layers", 1, "--units", 16, "--steps", 5]
    done = burble("train", tmp_path / "t.txt", "-o", tmp_path / "r", *small)
    assert done.returncode == 0, done.stderr.decode()
    assert "1 streams side by side, 6 symbols of each" in done.stderr.decode()
    one = burble("train", "-", "-o", tmp_path / "a", *small, stdin=b"a" * 500)
    assert one.returncode == 0, one.stderr.decode()
    assert burble("sample", tmp_path / "a", "-l", 9).stdout == b"a" * 9 + b"\n"


def test_documents_are_learned_one_at_a_time(burble, tmp_path):
    names = "\n".join(f"{a}{b}{c}" for a in "bcdfg" for b in "aeiou" for c in "lmnrt")
    (tmp_path / "names.txt").write_text(names, encoding="utf-8")
    args = [*SIZE[:4], "--documents", "lines", "--steps", 300, "--dropout", 0]
    done = burble("train", tmp_path / "names.txt", "-o", tmp_path / "r", *args)
    assert done.returncode == 0, done.stderr.decode()
    assert "documents side by side" in done.stderr.decode()
    rows = burble("sample", tmp_path / "r", "-n", 20, "--until-document", "--jsonl", "--seed", 1)
    texts = [json.loads(row)["text"] for row in rows.stdout.splitlines()]
    assert sum(len(t) == 3 and "\n" not in t for t in texts) >= 15
    # In one text each is written as it was learned, too.
    text = burble("sample", tmp_path / "r", "-l", 400, "--seed", 1).stdout.decode()
    names = text.split("\n")[:-2]
    assert sum(len(name) == 3 for name in names) >= 0.75 * len(names)
