"""Which part of a text is held out, where it has several sources or many documents."""

import json
from collections import Counter

import numpy as np
import pytest

from burble.data import report as corpus_report
from burble.data.split import Split
from burble.errors import CorpusError, RunError
from burble.model.file import Model
from burble.ngram.training_text import recognize_training_text
from burble.runs.folder import Run
from burble.settings import TrainingSettings
from burble.training import preflight, recorder
from burble.training.framings import Documents, Streams
from burble.training.validation import Part
from tests.support.corpora import NAMES, from_texts, parts, validation
from tests.support.speakers import chancy


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


# One running text keeps its end.


@pytest.mark.parametrize("documents", ["sources", "sentences", "blank"])
def test_of_one_running_text_the_end_is_for_validation(documents):
    text = "One sentence. Another one.\n" * 40
    c = from_texts(text, validation=0.1, documents=documents)
    d = from_texts(text, validation=0.1, documents=documents, split="tail")
    assert c.split == "tail"
    np.testing.assert_array_equal(c.ids, d.ids)
    assert (c.cut, len(c.given)) == (d.cut, 0)


# Documents.


# Running texts.


def test_what_is_too_short_is_learned_whole_and_said():
    c = from_texts("ab" * 500, "xy" * 20, validation=0.1)
    assert c.validation_by_source == (100, 0)
    said = corpus_report.summarize(c)
    assert "Validation symbols by source: text 1 100 of 1,001; text 2 0 of 41." in said
    assert "No validation symbols, too short or not drawn: text 2." in said
    # Where all are, the end is held out after all.
    assert from_texts("ab" * 20, "xy" * 20, validation=0.1).split == "tail"


# Whatever the text.


def test_the_test_part_is_what_the_validation_part_would_be():
    def read(text_share, test=0.0):
        split = Split(text_share, test)
        c = from_texts("\n".join(NAMES), validation=0.1, documents="lines").split_again(split)
        return c, Counter(parts(c))

    chosen, _ = read(0.2)
    rest, every = read(0.1, 0.2)
    assert every == Counter(parts(chosen)[: len(NAMES) - len(validation(chosen))])
    assert len(validation(rest)) == pytest.approx(48, abs=1)
    assert any(
        "Test part, which takes no part in training: 600 symbols of all sources." in n
        for n in rest.notes
    )


# Learned and scored.


def test_places_that_are_given_are_neither_learned_nor_scored():
    ids = np.arange(12, dtype=np.uint8)
    nowhere = np.array([3, 7])
    streams = Streams(ids, 1, 4, 0, 0.0, nowhere)
    seen = [streams.at(step) for step in range(streams.steps_per_epoch)]
    targets = np.concatenate([b.targets[b.weights > 0] for b in seen])
    assert sorted(targets) == [1, 2, 4, 5, 6, 8, 9, 10, 11]
    documents = Documents(ids, np.array([0, 6]), 11, 1, 4, 0, nowhere)
    seen = [documents.at(step) for step in range(documents.steps_per_epoch)]
    targets = np.concatenate([b.targets[b.weights > 0] for b in seen])
    assert sorted(targets) == [0, 1, 2, 4, 5, 6, 8, 9, 10, 11]


@pytest.mark.parametrize("framing", ["streams", "documents"])
def test_the_part_is_scored_in_training_without_what_is_given(framing):
    c = from_texts("ab" * 500, "xyz" * 400, validation=0.1)
    part = Part(c, TrainingSettings(framing=framing), 10_000)
    assert part.size - part.scored == 4
    assert sum(batch.weights.sum() for batch in part.batches()) == part.scored


@pytest.mark.parametrize("split", ["auto", "tail"])
@pytest.mark.parametrize("texts", [["ab" * 500, "ba" * 400], ["\n".join(["ab", "ba"] * 200)]])
def test_eval_finds_the_validation_part(texts, split):
    kind = "lines" if len(texts) == 1 else "sources"
    c = from_texts(*texts, validation=0.1, documents=kind, split=split)
    model = chancy("\nab" if kind == "sources" else "ab", boundary=True)
    training = recorder._describe_training(TrainingSettings(split=c.split))
    # A model of before says nothing of it, as one whose end is held out does today.
    assert ("split" in training) == (split == "auto")
    summary = {"corpus": recorder.corpus_facts(c), "training": training}
    read = from_texts(*texts, validation=0.0, documents=kind)
    own = recognize_training_text(replace_summary(model, summary), read)
    assert (own.start, own.validation) == (c.cut, len(c.ids) - c.cut)
    np.testing.assert_array_equal(own.given, c.given)
    text = own.text(own.start, len(own.ids))
    assert text == c.vocabulary.decode(c.ids[c.cut :], model.separator)


def test_the_same_text_from_other_files_is_not_taken_for_its_own(tmp_path):
    """It would be drawn from otherwise, and what was held out be remembered or learned."""
    chosen = {"validation": 0.1, "documents": "lines"}
    halves = ["".join(f"{name}\n" for name in part) for part in (NAMES[:250], NAMES[250:])]
    c, other = from_texts(*halves, **chosen), from_texts("".join(halves), **chosen)
    assert (c.split, c.sha256, len(c.ids)) == (other.split, other.sha256, len(other.ids))
    model = chancy(c.vocabulary.symbols, boundary=True)
    training = recorder._describe_training(TrainingSettings(split=c.split))
    model = replace_summary(model, {"corpus": recorder.corpus_facts(c), "training": training})
    assert recognize_training_text(model, c).start == c.cut
    with pytest.raises(CorpusError, match="but from other sources than then"):
        recognize_training_text(model, other)
    facts = {"format": 2, "corpus": recorder.corpus_facts(c), "resume": "burble train a b --resume"}
    (tmp_path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    preflight._check_same_text(Run(tmp_path), c)
    said = "but from other sources, .* Give the same files, .* as in: burble train a b --resume"
    with pytest.raises(RunError, match=said):
        preflight._check_same_text(Run(tmp_path), other)


def replace_summary(model, summary):
    """A model with another summary."""
    return Model(**{**vars(model), "summary": json.loads(json.dumps(summary))})


def test_a_run_that_says_nothing_of_it_has_its_end_for_validation(trained, tmp_path):
    facts = json.loads((trained / "run.json").read_text(encoding="utf-8"))
    assert facts["settings"]["training"].pop("split") == "tail"
    (tmp_path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    assert Run(tmp_path).settings() == Run(trained).settings()


# What is told of it.


def test_where_nothing_can_be_spread_the_end_is_for_validation_and_said():
    c = from_texts("ab" * 500, validation=0.1, split="spread")
    assert (
        "The validation part is the end of the text, since there is one running text alone."
        in c.notes
    )
    c = from_texts("ab" * 20, "xy" * 20, validation=0.1)
    said = "since no source is long enough to give some of its own."
    assert (c.split, any(said in note for note in c.notes)) == ("tail", True)


def test_what_validation_takes_of_each_source_is_said_and_which_symbols_are_only_there():
    texts = ["the cat sat " * 500, "собака " * 200]
    said = corpus_report.summarize(from_texts(*texts, validation=0.1, split="tail"))
    assert "Never trained on, since all of it is for validation or testing: text 2." in said
    assert "Not in the validation part: text 1." in said
    only = "5 different symbols occur in the validation part alone, and will not be learned: "
    assert any(line.startswith(only) for line in said)
    assert (
        "1 symbol occurs in the validation part alone, and will not be learned: 'z' (U+007A)."
        in (corpus_report.summarize(from_texts("ab" * 500 + "z", validation=0.1, split="tail")))
    )
    said = corpus_report.summarize(from_texts(*texts, validation=0.1))
    assert "Validation symbols by source: text 1 600 of 6,001; text 2 140 of 1,401." in said
    assert not any("different symbol" in line for line in said[1:])
    many = corpus_report.summarize(from_texts(*["ab" * 100] * 30, validation=0.1))
    assert any(
        line.startswith("The validation part has symbols of 3 of 30 sources.") for line in many
    )
    each = corpus_report.summarize(from_texts(*["ab" * 1000] * 8, validation=0.1))
    assert "The validation part has symbols of each of 8 sources." in each


def test_lists_in_alphabetical_order_are_noticed():
    def said(text, **chosen):
        told = corpus_report.summarize(from_texts(text, validation=0.1, **chosen))
        return [line for line in told if "alphabetical" in line]

    names = "\n".join(NAMES)
    assert said(names, documents="lines") == [
        "The documents are in alphabetical order; the validation part is drawn from all."
    ]
    assert said(names, documents="lines", split="tail") == [
        "The documents are in alphabetical order, and their end, the validation part, is never "
        "learned; "
        "--split spread would take some of all letters."
    ]
    assert said(names) == [
        "The lines are in alphabetical order, and their end, the validation part, is never "
        "learned; with "
        "--documents lines some of all letters would be taken."
    ]
    shuffled = "\n".join(np.random.default_rng(0).permutation(NAMES))
    assert said(shuffled) == said(shuffled, documents="lines") == []
