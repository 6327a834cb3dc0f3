"""`burble eval` on models that were trained for real."""

import json
from dataclasses import replace

import numpy as np
import pytest

from burble import api
from burble.cli import evaluate, scores
from burble.evaluation.baselines import BaselineScore
from burble.evaluation.report import ModelReport, parts_used
from burble.inference import generator
from burble.inference.generator import Generator
from burble.model.file import read_model, write_model
from burble.ngram.training_text import TrainingText
from tests.support.scores import score_text
from tests.support.speakers import chancy


@pytest.fixture(scope="module")
def text(trained):
    return trained.parent / "cat.txt"


def test_its_own_text_is_known_and_scored_on_its_validation_part(burble, trained, text):
    done = burble("eval", trained, text, "--json", "--seed", 3)
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    stored = generator.load(trained).model.summary
    assert found["characters"] == stored["corpus"]["held_out"]
    assert found["nats"] == pytest.approx(stored["scores"]["held_out_loss"], rel=1e-4)
    # A hundred and fifty symbols say too little for an interval.
    assert found["interval"] is None
    assert (found["adaptive"], found["base"]) == (None, None)
    names = [(s["name"], s["adaptive"]) for s in found["baselines"]]
    assert ("uniform guessing", False) in names
    assert ("PPMd, order 6", True) in names
    assert found["validation"]["words"] == 1
    assert found["samples_overlap"]["longest"] >= 1
    assert 0 <= found["samples"]["words"] <= 1
    suited, _ = generator.load(trained).resolve_settings({})
    wanted = {name: getattr(suited, name) for name in ("temperature", "close_quotes")}
    assert found["writing"] == wanted | {"seed": 3}


def test_renamed_keys_keep_their_former_spelling_as_well(burble, trained, text):
    found = json.loads(burble("eval", trained, text, "--json", "--memory", 1).stdout)
    for name, former in evaluate.FORMER.items():
        assert found[name] == found[former]
    assert found["parts"]["others"] == found["parts"]["baselines"]


def test_the_report_reads_as_tables(burble, trained, text):
    said = burble("eval", trained, text).stdout.decode()
    for words in ("| this model | ", "| words found in the training text | ", "| novel 8-grams | "):
        assert words in said
    assert "nan" not in said


@pytest.fixture(scope="module")
def with_base(trained, tmp_path_factory):
    """The same model, as if it had begun from a base."""
    path = tmp_path_factory.mktemp("base") / "cat.safetensors"
    model = read_model(trained / "model.safetensors")
    began = {"base": {"name": "english", "sha256": "0" * 64}}
    write_model(path, replace(model, summary={**model.summary, **began}))
    return path


def test_a_score_with_a_base_is_called_that_beside_baselines(burble, with_base, text):
    said = burble("eval", with_base, text).stdout.decode()
    assert " nats), with base english" in said.splitlines()[0]
    assert "|  | static | adaptive | static, with base | adaptive, with base |" in said
    assert "the model began from english, which has read other texts" in said
    assert "The texts that its base has read are not searched." in said
    stored = burble("eval", with_base).stdout.decode()
    assert " nats), with base english, on the validation part" in stored


def test_json_names_the_base_of_each_score(burble, with_base, text):
    found = json.loads(burble("eval", with_base, text, "--memory", 1, "--json").stdout)
    assert (found["base"], found["with_memory"]["base"]) == ("english", "english")
    assert json.loads(burble("eval", with_base, "--json").stdout)["base"] == "english"


@pytest.mark.parametrize("base", [None, "english"])
def test_each_kind_of_score_has_a_column_of_its_own(base):
    model = chancy()
    model = replace(model, summary={"base": {"name": base}} if base else {})
    static = score_text(Generator(model), "abcabc")
    baselines = [
        BaselineScore("n-grams", 1.0, adaptive=False),
        BaselineScore("n-grams", 0.5, adaptive=True),
    ]
    nothing = [None] * 6
    report = ModelReport(static, replace(static, adaptive=True), static, None, baselines, *nothing)
    header, _, *rows = scores.tabulate_scores(report).splitlines()
    columns = [cell.strip() for cell in header.split("|")[2:-1]]
    cells = {row.split("|")[1].strip(): row.split("|")[2:-1] for row in rows if "|" in row}
    filled = {
        name: [column for column, cell in zip(columns, row, strict=True) if cell.strip()]
        for name, row in cells.items()
    }
    own = ["static, with base", "adaptive, with base"] if base else ["static", "adaptive"]
    assert filled == {
        "n-grams": ["static", "adaptive"],
        "this model": own,
        "with n-gram model (memory)": own[:1],
    }


def test_without_the_packages_for_scores_the_rest_is_told_and_what_is_missing(
    burble, trained, text
):
    without = "import sys; sys.modules['pydivsufsort'] = sys.modules['pyppmd'] = None"
    done = burble("eval", trained, text, first=without)
    assert done.returncode == 0, done.stderr.decode()
    said = done.stdout.decode()
    assert "| zlib |" in said
    assert "PPMd is left out: pip install pyppmd" in said
    assert "pydivsufsort is not installed" in said


def test_standard_input_can_be_its_own_text(burble, trained, text):
    done = burble("eval", trained, "-", "--json", stdin=text.read_bytes())
    stored = generator.load(trained).model.summary
    assert json.loads(done.stdout)["characters"] == stored["corpus"]["held_out"]


@pytest.mark.slow
def test_json_holds_no_number_that_is_none(burble, tmp_path):
    (tmp_path / "dots").write_text(". . .\n.. ..\n" * 40, encoding="utf-8")
    done = burble("train", tmp_path / "dots", "-o", tmp_path / "run", "--units", 8, "--steps", 5)
    assert done.returncode == 0, done.stderr.decode()
    done = burble("eval", tmp_path / "run", tmp_path / "dots", "--json")
    assert json.loads(done.stdout, parse_constant=pytest.fail)["validation"]["words"] is None


def test_another_text_has_a_score_alone(burble, trained, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("the mat sat on the cat.\n", encoding="utf-8")
    done = burble("eval", trained, other)
    assert done.returncode == 0, done.stderr.decode()
    assert "bits per character" in done.stdout.decode()
    assert "| this model |" not in done.stdout.decode()
    assert "not the text the model was trained on" in done.stderr.decode()
    assert "the first" not in done.stdout.decode()


def test_eval_reads_whatever_train_reads(burble, trained, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("the mat sat\n", encoding="utf-8")
    (tmp_path / "folder" / "b.txt").write_text("on the cat.", encoding="utf-8")
    (tmp_path / "rows.csv").write_text("n,said\n1,the mat sat\n2,on the cat.\n", "utf-8")
    writer = generator.load(trained)
    one = api.evaluate(trained, f"{tmp_path}/rows.csv:said")
    two = api.evaluate(trained, tmp_path / "folder")
    # Each of two texts is read from its beginning; the first symbol of each is given.
    assert (one.characters, two.characters) == (20, 21)
    parts = [score_text(writer, part) for part in ("the mat sat", "on the cat.")]
    assert one.nats == pytest.approx(sum(part.nats for part in parts) / 2)
    done = burble("eval", trained, tmp_path / "folder", f"{tmp_path}/rows.csv:said", "--json")
    assert json.loads(done.stdout)["characters"] == 41
    done = burble("eval", trained, "builtin:nothing")
    assert (done.returncode, b"there is builtin:python-docs" in done.stderr) == (2, True)


def test_what_was_left_out_of_the_figures_is_said():
    vocabulary = chancy().vocabulary
    text = TrainingText(
        np.zeros(2_600_000, np.uint8), 2_500_000, vocabulary, "", validation=300_000
    )
    assert scores.describe_parts(parts_used(text, 1.0)) == [
        "Scored are the first 100,000 of 300,000 validation symbols.",
        "The baselines read the last 2,000,000 of 2,500,000 training symbols.",
    ]
    short = TrainingText(np.zeros(9, np.uint8), 5, vocabulary, "", validation=4)
    assert scores.describe_parts(parts_used(short, 1.0)) == []


@pytest.mark.slow
def test_a_text_without_a_validation_part_is_refused(burble, text, tmp_path):
    tiny = ["--units", 8, "--steps", 3, "--validation", 0]
    done = burble("train", text, "-o", tmp_path / "run", *tiny)
    assert done.returncode == 0, done.stderr.decode()
    done = burble("eval", tmp_path / "run", text)
    assert done.returncode == 2
    assert "a score on it would say nothing" in done.stderr.decode()


@pytest.mark.slow
def test_windows_score_as_in_training(burble, text, tmp_path):
    flags = ["--framing", "windows", "--length", 7, "--units", 8, "--steps", 60, "--batch", 8]
    done = burble("train", text, "-o", tmp_path / "run", *flags)
    assert done.returncode == 0, done.stderr.decode()
    stored = generator.load(tmp_path / "run").model.summary
    done = burble("eval", tmp_path / "run", text, "--json")
    found = json.loads(done.stdout)
    assert found["characters"] == stored["corpus"]["held_out"]
    assert found["nats"] == pytest.approx(stored["scores"]["held_out_loss"], rel=1e-4)
    done = burble("eval", tmp_path / "run", text, "--adaptive")
    assert done.returncode == 2
    assert "Leave out --adaptive" in done.stderr.decode()


@pytest.mark.slow
def test_documents_and_an_inherited_alphabet_score_as_in_training(burble, trained, tmp_path):
    lines = tmp_path / "lines.txt"
    names = ["".join(np.random.default_rng(n).choice([*"etaZ"], 5)) for n in range(200)]
    lines.write_text("\n".join(names), encoding="utf-8")
    flags = ["--documents", "lines", "--units", 8, "--steps", 10]
    done = burble("train", lines, "-o", tmp_path / "run", *flags)
    assert done.returncode == 0, done.stderr.decode()
    heir = ["train", lines, "--from", trained, "--steps", 10, "--dropout-recurrent", 0]
    done = burble(*heir, "-o", tmp_path / "heir")
    assert done.returncode == 0, done.stderr.decode()
    for name in ("run", "heir"):
        stored = generator.load(tmp_path / name).model.summary
        done = burble("eval", tmp_path / name, lines, "--json")
        assert done.returncode == 0, done.stderr.decode()
        found = json.loads(done.stdout)
        assert found["characters"] + found["ends"] == stored["corpus"]["held_out"]
        assert found["nats"] == pytest.approx(stored["scores"]["held_out_loss"], rel=1e-4)
