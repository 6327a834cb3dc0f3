"""Comparisons: each training a real process, one that fails, one that is interrupted."""

import csv
import json
import math
import os
import signal
from dataclasses import replace

import pytest

from burble.cli import compare
from burble.data import folders
from burble.errors import SettingsError
from burble.experiments import grid
from burble.experiments.compare import Comparison
from burble.experiments.trial import Trial
from burble.model.file import write_model
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.settings import TextSettings
from tests.support.corpora import build_corpus, from_texts
from tests.support.processes import start, wait_for
from tests.support.speakers import chancy
from tests.support.trainers import TINY, run_training

SMALL = ["--batch", "4", "--length", "12", "--embedding", "8", "--steps", "30"]
SMALL += ["--evaluations", "2", "--patience", "0"]


@pytest.fixture(scope="module")
def compared(burble, text, with_own_files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("compare") / "all"
    # The higher rate has no room: it runs away again and again.
    vary = ["--vary", "units=8", "--vary", "learning-rate=0.01,1e30", "--seeds", "2"]
    # Trials begin in the person's folder, and run none of its files.
    done = burble("compare", text, "-o", folder, *vary, *SMALL, cwd=with_own_files)
    return folder, done


@pytest.mark.slow
def test_every_combination_has_its_row_and_a_failure_costs_one(compared):
    folder, done = compared
    rows = json.loads((folder / "compare.json").read_text(encoding="utf-8"))["rows"]
    good, failed = rows
    assert good["settings"] == "units=8,learning_rate=0.01"
    assert good["seeds"] == 2
    assert 0 < good["validation bits per symbol"] < 5
    assert good["spread"] > 0
    assert good["failed"] == ""
    # Sixteen symbols: an embedding of 8, one layer, and the output.
    assert good["weights"] == 16 * 8 + (8 + 8 + 1) * 32 + 8 * 16 + 16
    assert failed["settings"] == "units=8,learning_rate=1e+30"
    assert failed["seeds"] == 0
    assert "loss diverged" in failed["failed"]
    assert done.returncode == 2
    assert "not all came to their end: units=8,learning_rate=1e+30" in done.stderr.decode()


@pytest.mark.slow
def test_the_table_is_printed_and_written_with_a_picture(compared):
    folder, done = compared
    printed = done.stdout.decode()
    assert printed.count("\n") == 4
    with open(folder / "compare.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(row["settings"] in printed for row in rows)
    picture = (folder / "compare.svg").read_text(encoding="utf-8")
    assert picture.count("<polyline") == 1
    assert folders.walk_folder(folder.parent)[1][folders.OURS] == [folder]


@pytest.mark.slow
def test_what_is_finished_is_not_done_again(burble, compared, text):
    folder, _ = compared
    model = folder / "units=8,learning_rate=0.01" / "seed-0" / "model.safetensors"
    before = os.stat(model).st_mtime_ns
    vary = ["--vary", "units=8", "--vary", "learning-rate=0.01", "--seeds", "2"]
    done = burble("compare", text, "-o", folder, *vary, *SMALL)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr.decode().count("finished before") == 2
    assert os.stat(model).st_mtime_ns == before


@pytest.mark.slow
def test_an_interrupted_comparison_goes_on(burble, text, tmp_path):
    arguments = [
        "compare",
        text,
        "-o",
        tmp_path / "c",
        "--vary",
        "units=8,12",
        *SMALL,
        "--steps",
        2000,
    ]
    with start(*arguments) as process:
        # Written before the first step is compiled.
        wait_for(tmp_path / "c" / "units=8" / "seed-0" / "run.json", process)
        process.send_signal(signal.SIGTERM)
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "The same command goes on." in said
    facts = (tmp_path / "c" / "units=8" / "seed-0" / "run.json").read_text(encoding="utf-8")
    assert json.loads(facts)["status"] == "interrupted"
    done = burble(*arguments)
    assert done.returncode == 0, done.stderr.decode()
    rows = json.loads((tmp_path / "c" / "compare.json").read_text(encoding="utf-8"))["rows"]
    assert [row["seeds"] for row in rows] == [1, 1]


@pytest.mark.parametrize(
    ("vary", "said"), [("lowercase=true,false", "lowercase"), ("units=8,16", "")]
)
def test_scores_on_different_texts_are_said_not_to_be_comparable(vary, said, capsys):
    text = from_texts("the cat sat on the mat. " * 9, validation=0.1)
    variants = grid.expand_grid([vary])
    compare._check_text(text, {*variants[0].values}, [each.settings for each in variants])
    told = f"What is scored depends on {said}, so the scores of these trainings cannot be laid"
    heard = capsys.readouterr().err
    assert heard.startswith(told) if said else not heard


@pytest.mark.slow
def test_figures_of_a_model_of_bytes_are_those_of_characters(tmp_path):
    made = build_corpus(["ы" * 2_000], TextSettings(unit="bytes"))
    run = Run(tmp_path / "run")
    options = TINY | {"unit": "bytes", "steps": 6, "evaluations": 1}
    *_, end = run_training(made, run, TrainingRequest(options))
    result, done = Trial(run.folder).result(), run.facts()["done"]
    # Each is two bytes.
    assert result.validation == pytest.approx(2 * end.facts["held_out_loss"] / math.log(2))
    predicted = run.settings().training.predicted_a_step * done["steps"]
    assert result.speed == pytest.approx(predicted / 2 / done["seconds"])


def small_base(folder, **text):
    """A model file to start from."""
    path = folder / "base.safetensors"
    model = chancy("acdeghlmnost. \n", units=8, embedding=8, layers=1, scale=0.2)
    write_model(path, replace(model, text=TextSettings(**text)))
    return path


@pytest.mark.slow
def test_trainings_from_a_base_have_a_column_of_their_own(burble, text, tmp_path):
    base = small_base(tmp_path)
    flags = ["--batch=4", "--length=12", "--steps=6", "--evaluations=1"]
    done = burble("compare", text, "-o", tmp_path / "c", "--vary", f"base=none,{base}", *flags)
    assert done.returncode == 0, done.stderr.decode()
    rows = json.loads((tmp_path / "c" / "compare.json").read_text(encoding="utf-8"))["rows"]
    columns = "validation bits per symbol", "validation bits per symbol, with base"
    filled = {row["settings"]: [row[name] is not None for name in columns] for row in rows}
    assert filled == {"base=none": [True, False], f"base={base}": [False, True]}
    assert f"| {columns[0]} | {columns[1]} |" in done.stdout.decode()
    # The base's own network was trained, and not one of the size that suits the text.
    assert min(row["weights"] for row in rows) < 1_000 < max(row["weights"] for row in rows)


def test_a_base_that_cleans_its_text_otherwise_makes_scores_that_cannot_be_compared(
    tmp_path, capsys
):
    base = small_base(tmp_path, lowercase=True)
    made = [compare.merge_settings({}, {"base": name}) for name in ("none", str(base))]
    assert [each.get("units") for each in made] == [None, 8]
    text = from_texts("the cat sat on the mat. " * 9, validation=0.1)
    compare._check_text(text, {"base"}, made)
    assert capsys.readouterr().err.startswith("What is scored depends on base, so the scores")
    with pytest.raises(SettingsError, match="units is 9, but the model to start from has 8"):
        compare.merge_settings({"units": 9}, {"base": str(base)})


@pytest.mark.slow
def test_a_folder_holds_one_comparison(burble, compared, text, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("an other text " * 99, encoding="utf-8")
    folder, _ = compared
    vary = ["--vary", "units=8", "--vary", "learning-rate=0.01", "--seeds", "2"]
    for sources, flags in (((text, other), SMALL), ((text,), [*SMALL, "--clip", "2"])):
        done = burble("compare", *sources, "-o", folder, *vary, *flags)
        assert done.returncode == 2
        assert "compares other texts or settings" in done.stderr.decode()


def test_trainings_of_a_comparison_that_is_forgotten_are_no_results_of_a_new_one(tmp_path):
    (tmp_path / "units=8" / "seed-0").mkdir(parents=True)
    made = Comparison(tmp_path, ["t.txt"], [], grid.expand_grid(["units=8"]), [0], "sha")
    with pytest.raises(SettingsError, match=r"of a comparison whose compare\.json is gone"):
        made.run(print)
    assert [path.name for path in tmp_path.iterdir()] == ["units=8"]


def test_standard_input_cannot_be_compared_on(burble, tmp_path):
    done = burble("compare", "-", "-o", tmp_path / "c", "--vary", "units=8", stdin=b"text")
    assert done.returncode == 2
    assert "standard input can be read only once" in done.stderr.decode()
