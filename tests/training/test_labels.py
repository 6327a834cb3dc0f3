"""Training on documents with labels: what is read with which, and what a model makes of it."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import burble
from burble.errors import RunError, SettingsError
from burble.evaluation import evaluate as evaluation
from burble.inference.generator import load
from burble.ngram.training_text import recognize_training_text
from burble.runs.folder import Run
from burble.settings import make_settings
from burble.training.framings import LABEL_DROPOUT, DroppedLabels, frame_text
from burble.training.validation import Part

STEPS = 150
WORDS = {"Dickinson": "hope bee death soul", "Whitman": "grass sail drum city"}
TINY: dict[str, Any] = {
    "units": 24,
    "layers": 1,
    "embedding": 8,
    "batch": 8,
    "length": 32,
    "base": "none",
}
TINY |= {"dropout": 0.0, "dropout_input": 0.0, "dropout_output": 0.0, "evaluations": 2}
TINY |= {"learning_rate": 0.02, "batch": 16}
KINDS: dict[str, dict[str, Any]] = {"streams": {}, "documents": {}, "windows": {"length": 6}}


@pytest.fixture(scope="module")
def poems(tmp_path_factory):
    """A table of verses, each of words of its poet alone, and some of nobody."""
    rng, path = random.Random(1), tmp_path_factory.mktemp("poems") / "poems.csv"
    lines = ["poet,body"]
    for number in range(240):
        poet = rng.choice([*WORDS])
        verse = " ".join(rng.choice(WORDS[poet].split()) for _ in range(4))
        lines.append(f"{poet if number % 12 else ''},{verse}")
    path.write_text("\n".join(lines), "utf-8")
    return f"{path}:body"


@pytest.fixture(scope="module")
def run(poems, tmp_path_factory):
    folder = tmp_path_factory.mktemp("labelled") / "run"
    return burble.train(poems, folder, label="poet", steps=STEPS, **TINY)


def corpus(poems):
    return burble.read(poems, label="poet")


@pytest.mark.parametrize("framing", KINDS)
def test_each_place_is_read_with_the_label_of_the_symbol_to_predict(poems, framing):
    text = corpus(poems)
    how = make_settings({"framing": framing, "batch": 5, "length": 20, **KINDS[framing]}).training
    frame = frame_text(text, how)
    whole = text.place_labels.at(np.arange(len(text.ids)))[:, 0]
    # What may follow each symbol tells the place, for symbols that only one poet has.
    mine = {text.vocabulary.ids["g"]: 2, text.vocabulary.ids["b"]: 1}
    seen = {0: 0, 1: 0, 2: 0}
    for step in range(3 * frame.steps_per_epoch):
        batch = frame.at(step)
        assert batch.labels.shape == (*batch.targets.shape, 1)
        counted = batch.weights > 0
        for symbol, number in mine.items():
            found = batch.labels[..., 0][counted & (batch.targets == symbol)]
            assert {*found.tolist()} <= {0, number}
            seen[number] += int((found == number).sum())
            seen[0] += int((found == 0).sum())
        part = frame.at(step, slice(1, 3))
        np.testing.assert_array_equal(part.labels, batch.labels[1:3])
    # A twelfth has none, and of the others a tenth is left out.
    none = np.isin(text.training, [*mine]) & (whole[: text.cut] == 0)
    had = none.sum() / np.isin(text.training, [*mine]).sum()
    expected = had + (1 - had) * LABEL_DROPOUT
    # Of 650 verses of which each is drawn once an epoch: six standard deviations are 0.075.
    assert abs(seen[0] / sum(seen.values()) - expected) < 0.075
    scored = list(Part(text, how, 10**6).batches())
    assert all(batch.labels is not None for batch in scored)
    for batch in scored:
        for symbol, number in mine.items():
            there = (batch.weights > 0) & (batch.targets == symbol)
            assert {*batch.labels[..., 0][there].tolist()} <= {0, number}


def test_labels_that_are_left_out_are_others_in_each_epoch_and_the_same_for_each_seed(poems):
    text = corpus(poems)
    one, other = (DroppedLabels(text.place_labels, seed) for seed in (0, 1))
    first = one.of_epoch(0).numbers
    assert (first != one.of_epoch(1).numbers).any()
    np.testing.assert_array_equal(first, one.of_epoch(0).numbers)
    assert (first != other.of_epoch(0).numbers).any()


@pytest.mark.slow
def test_a_label_steers_what_is_written(run):
    writer = load(run.folder)
    for poet, words in WORDS.items():
        (other,) = (one.split() for name, one in WORDS.items() if name != poet)
        texts = writer.generate_many(
            count=10, label={"poet": poet}, until_document=True, length=60, seed=1, temperature=0.5
        )
        written = " ".join(texts).split()
        assert len(written) > 20
        assert sum(word in words.split() for word in written) > 0.8 * len(written)
        assert not {*written} & {*other}
    plain = " ".join(writer.generate_many(count=30, until_document=True, length=60, seed=1)).split()
    assert {*plain} & {*WORDS["Dickinson"].split()}
    assert {*plain} & {*WORDS["Whitman"].split()}
    assert writer.generate(label="poet=whitman", seed=3) == writer.generate(
        label=["poet=Whitman"], seed=3
    )


@pytest.mark.slow
def test_the_score_of_training_is_that_of_eval_with_the_labels_of_the_text(run, poems):
    writer, text = load(run.folder), corpus(poems)
    known = recognize_training_text(writer.model, text)
    parts = writer, known.ids, known.start, known.given
    (found,) = evaluation.score_validation(*parts, labels=known.labels)
    assert found.nats == pytest.approx(writer.model.facts("scores")["held_out_loss"], abs=1e-5)
    # Without its label, a verse's first word tells whose it is.
    (without,) = evaluation.score_validation(*parts)
    # Read in another order, and so added up in another.
    assert found.nats_without_labels == pytest.approx(without.nats, rel=1e-9)
    assert without.nats > found.nats + 0.02
    assert without.nats_without_labels is None


@pytest.mark.slow
def test_another_table_is_scored_with_its_labels_or_those_given(run, tmp_path):
    table = "body,poet\nhope bee death soul,Dickinson\ngrass sail drum city,Whitman\n"
    path = tmp_path / "more.csv"
    path.write_text(table, "utf-8")
    own = burble.evaluate(run, f"{path}:body")
    assert own.nats_without_labels > own.nats
    given = burble.evaluate(run, f"{path}:body", label="poet=Whitman")
    assert given.nats > own.nats + 0.1
    assert given.nats_without_labels == own.nats_without_labels
    adaptive = burble.evaluate(run, f"{path}:body", adaptive=True, memory=0.0)
    assert adaptive.nats == pytest.approx(own.nats, abs=0.3)
    path.write_text(table.replace("Whitman", "Poe"), "utf-8")
    other = burble.evaluate(run, f"{path}:body")
    assert own.nats < other.nats < given.nats
    plain = tmp_path / "plain.txt"
    plain.write_text("hope bee death soul", "utf-8")
    assert burble.evaluate(run, plain).nats_without_labels is None
    named = burble.evaluate(run, plain, label={"poet": "Dickinson"})
    assert named.nats < named.nats_without_labels


@pytest.mark.slow
def test_a_run_that_is_resumed_gives_the_same_bytes(run, poems, tmp_path):
    asked = iter(range(10**6))
    burble.train(
        poems, tmp_path / "run", label="poet", steps=STEPS, **TINY, stop=lambda: next(asked) == 70
    )
    assert 0 < Run(tmp_path / "run").steps_done() < STEPS
    resumed = burble.train(poems, tmp_path / "run", resume=True)
    model = "model.safetensors"
    assert (resumed.folder / model).read_bytes() == (run.folder / model).read_bytes()


@pytest.mark.slow
def test_a_run_goes_on_only_with_the_labels_it_began_with(run, poems, tmp_path):
    table = tmp_path / "poems.csv"
    table.write_text(Path(poems.partition(":")[0]).read_text("utf-8").replace("Walt", "W"), "utf-8")
    shutil.copytree(run.folder, tmp_path / "run")
    other = table.read_text("utf-8").replace("Whitman", "Poe")
    table.write_text(other, "utf-8")
    with pytest.raises(RunError, match=r"the text is that of .*, but its labels are others"):
        burble.train(f"{table}:body", tmp_path / "run", resume=True, steps=200)
    with pytest.raises(SettingsError, match=r"cannot change label"):
        burble.train(f"{table}:body", tmp_path / "run", resume=True, label="body")


@pytest.mark.slow
def test_a_run_starts_from_a_base_with_other_labels(run, poems, tmp_path):
    table = tmp_path / "poems.csv"
    text = Path(poems.partition(":")[0]).read_text("utf-8")
    table.write_text(text.replace("Whitman", "Poe"), "utf-8")
    how: dict[str, Any] = {
        "label": "poet",
        "steps": 1,
        "learning_rate": 1e-9,
        "validation": 0.0,
        "averaging": 0.0,
    }
    begun = burble.train(f"{table}:body", tmp_path / "run", base=run, **how)
    old, new = load(run.folder).model, load(begun.folder).model
    assert new.labels.values == (("Dickinson", "Poe"),)
    vectors = new.weights["label_embedding"]
    np.testing.assert_allclose(vectors[0], old.weights["label_embedding"][0], atol=1e-6)
    np.testing.assert_allclose(vectors[1], 0, atol=1e-6)
    assert np.abs(vectors[0]).max() > 0.1


def test_what_cannot_be_is_refused_before_training(poems, tmp_path):
    with pytest.raises(SettingsError, match=r"input is 'onehot', but a label is a vector"):
        burble.train(poems, tmp_path / "run", label="poet", input="onehot", base="none")


@pytest.mark.slow
def test_the_command_line_writes_with_a_label_and_says_which(command, run):
    how = ["-l", 30, "--seed", 1]
    done = command("sample", run.folder, "--label", "poet=whitman", *how, "--jsonl")
    row = json.loads(done.stdout)
    assert row["label"] == {"poet": "Whitman"}
    writer = load(run.folder)
    assert row["text"] == writer.generate(length=30, seed=1, label=row["label"])
    refused = command("sample", run.folder, "--label", "poet=Poe", *how)
    assert refused.returncode == 2
    assert b"is none that this model was trained on. It knows 'Dickinson', 'Whitman'." in (
        refused.stderr
    )
    scored = command("eval", run.folder, "--label", "poet=Whitman")
    assert (scored.returncode, b"--label needs a text to score" in scored.stderr) == (2, True)
    assert b"labels     poet: 'Dickinson', 'Whitman'" in command("info", run.folder).stdout
