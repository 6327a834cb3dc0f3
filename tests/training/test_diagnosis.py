"""Figures to lay beside the losses of a training, and what is said of a model that is no better."""

import io
import math
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from burble import settings
from burble.cli import progress
from burble.runs import card
from burble.runs.events import BaselineLosses, End, Score
from burble.runs.folder import Run
from burble.runs.state import State
from burble.training import diagnosis, recorder
from tests.support.corpora import from_texts
from tests.support.trainers import NO_ARRAYS

FIGURES = BaselineLosses(uniform=4.0, unigram=3.0, ngram=2.0, order=5)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (4.5, "worse than uniform guessing (4.00)"),
        (3.5, "worse than symbol frequencies (3.00)"),
        (2.5, "worse than n-grams (2.00)"),
        (1.5, "better than n-grams (2.00)"),
    ],
)
def test_a_score_is_compared_with_the_baselines_where_its_place_changes(loss, said):
    shown = io.StringIO()
    events: Any = iter(
        [FIGURES, *(Score(loss, True, State(NO_ARRAYS, step=step)) for step in (7, 8))]
    )
    console = Console(file=shown, width=200)
    progress.follow(events, console, Path("run"), "again", "char")
    expected = "step {} · validation loss {:.4f} (best so far, saved)"
    assert shown.getvalue().splitlines() == [
        f"{expected.format(7, loss)}, {said}",
        expected.format(8, loss),
    ]


def test_scores_with_a_base_are_called_that_beside_figures_of_this_text_alone():
    shown, state = io.StringIO(), State(NO_ARRAYS, step=7)
    facts = {"held_out_loss": 1.5, "held_out_scored": 100.0}
    events: Any = iter([FIGURES, Score(1.5, True, state), End(state, "done", facts)])
    progress.follow(
        events, Console(file=shown, width=200), Path("run"), "again", "char", "engl[i]sh"
    )
    first, last, _ = shown.getvalue().splitlines()
    assert first.startswith("step 7 · validation loss 1.5000 with base (best")
    assert "(2.164 bits), with base engl[i]sh, on 100 characters" in last
    alone = "These know this text alone; english has read other texts."
    assert FIGURES.describe("character", "english").endswith(f" about 2.00. {alone}")
    assert FIGURES.describe("character").endswith(" about 2.00.")


def test_the_page_of_a_run_says_what_it_began_from():
    corpus, metrics = (
        {"symbols": 9, "documents": 1, "held_out": 3},
        [{"step": 1, "held_out_loss": 1.5}],
    )
    made = settings.make_settings({})
    origin = {"model": "runs/mine", "sha256": "ab"}
    page = card.format_card(card.make_card(made, corpus, metrics, origin))
    assert "| began from | the base mine, which has read other texts |" in page
    assert "| best validation loss on the way | 1.5000 nats per symbol, with base |" in page
    page = card.format_card(card.make_card(made, corpus, metrics))
    assert "| began from | nothing |" in page
    assert "| 1.5000 nats per symbol |" in page
    assert "validation, with base mine" in card.draw_loss_curves(metrics, {}, origin)


def test_they_stand_in_the_run_folder(trained):
    figures = Run(trained).facts()["references"]
    assert figures["nothing"] > figures["letters"] > figures["ngrams"]
    picture = (trained / "loss.svg").read_text(encoding="utf-8")
    assert "symbol frequencies" in picture
    assert "n-grams, about" in picture
    assert "n-grams" not in card.draw_loss_curves([{"step": 1, "loss": 2.0}])


# Where a model is no better.

LONG = "the cat sat on the mat. " * 1_500


def doubt(loss, *texts, steps=1_000, passes=9.0, split="tail"):
    c = from_texts(*texts, validation=0.1, split=split)
    return diagnosis.explain_loss(FIGURES, c, loss, steps, passes)


def test_a_loss_that_is_better_is_no_doubt():
    assert doubt(2.9, LONG) == ""
    assert doubt(math.nan, LONG) == ""


def test_why_a_loss_is_above_symbol_frequencies_is_said_by_what_is_known():
    above = (
        "The validation loss, 3.20, is above 3.00, that of symbol frequencies alone: the model has "
        "learned nothing that helps there. Likely because "
    )
    assert doubt(3.2, LONG, steps=20, passes=0.4) == (
        f"{above}20 steps are too few: the text was read 0.4 times. Give more --minutes or --steps."
    )
    assert doubt(3.2, LONG[:1_000]) == (
        f"{above}900 symbols are too little to learn from. Add text, or take a smaller network: "
        "--size small."
    )
    assert doubt(3.2, LONG[:9_000]).startswith(f"{above}8,100 symbols are too little")
    assert doubt(3.2, LONG) == (
        f"{above}it learned its text by heart (overfitting), or in too large steps. Give more "
        "--dropout, or a lower --learning-rate."
    )


def test_where_most_is_for_validation_that_is_why_there_is_too_little():
    c = from_texts(LONG, validation=0.999)
    assert diagnosis.explain_loss(FIGURES, c, 3.2, 1_000, 9.0).endswith(
        "Likely because 36 symbols are too little to learn from, while 35,964 are for "
        "validation. Give a smaller --validation."
    )


def test_a_validation_part_in_another_language_is_named():
    russian = "кот сидит на полу. " * 200
    assert doubt(3.9, LONG, russian, steps=20, passes=0.4) == (
        "The validation loss, 3.90, is above 3.00, that of symbol frequencies alone: the model has "
        "learned nothing that helps there. Likely because the validation text is unlike the "
        "training text (74% of its symbols occur nowhere else). --split spread takes some of each "
        "source or document for validation."
    )
    assert "unlike" not in doubt(3.9, LONG, russian, split="spread")
    assert "is above 4.00, that of uniform guessing" in doubt(4.2, LONG, russian)
    unlike = BaselineLosses(uniform=4.0, unigram=9.0, ngram=7.0, order=2)
    c = from_texts(LONG, russian, validation=0.1, split="tail")
    said = diagnosis.explain_loss(unlike, c, 3.9, 20, 0.4)
    assert said.startswith(
        "The validation loss, 3.90, is hardly below 4.00, that of uniform guessing"
    )


def test_a_memory_of_another_split_is_told_by_what_a_model_says_of_its_text():
    lines = "\n".join(["ab"] * 200)
    one, other = (
        recorder.corpus_facts(from_texts(lines, validation=0.1, documents="lines", split=split))
        for split in ("tail", "spread")
    )
    assert one != other
    assert "split" not in one
