import json
import re
from dataclasses import replace

import numpy as np
import pytest

from bases.card import count_authors
from bases.pack import choose_validation, main, pack, score_authors
from bases.prepare import hash_file, write_texts
from burble.inference import generator
from burble.model.file import read_model

LINE = "the cat sat on the mat.\n"


@pytest.fixture
def text(tmp_path):
    """A text as it is prepared: two kinds to learn from, two authors left out."""
    train = [("Hardy_Cat_1890_00", LINE * 3), ("sotu_1790_x_00", LINE)]
    validation = [(f"{name}_Mat_1900_00", LINE * 20) for name in ("Doyle", "Eliot", "Doyle")]
    report = {
        "novels": {f"{name}_1900.txt": "" for name in ("Hardy_Cat", "Doyle_Mat", "Anon_Dog")},
        "scored": {"alice.txt": ""},
        "left_out_authors": ["Eliot", "Doyle"],
        "removed": {"paragraphs with other signs": 5, "paragraphs that share a passage": 3},
        "train": write_texts(tmp_path / "text/train", train),
        "validation": write_texts(tmp_path / "text/validation", validation),
    }
    (tmp_path / "text/report.json").write_text(json.dumps(report))
    return tmp_path / "text"


def test_the_file_is_the_model_in_half_the_bytes_with_facts_of_its_own(trained, text, tmp_path):
    facts = pack(trained, text, tmp_path / "bases/cat.safetensors", characters=900)
    model, packed = (
        read_model(p) for p in (trained / "model.safetensors", tmp_path / "bases/cat.safetensors")
    )
    assert packed.dtype == "float16"
    for name, array in model.weights.items():
        np.testing.assert_array_equal(packed.weights[name], array.astype(np.float16))
    assert replace(packed, weights={}, summary={}, dtype="float32") == replace(
        model, weights={}, summary={}
    )
    base = packed.summary["about"]
    assert base["float32_sha256"] == hash_file(trained / "model.safetensors")
    assert base["text_sha256"] == json.loads((text / "report.json").read_text())["train"]["sha256"]
    assert base["validation_authors"] == ["Doyle", "Eliot"]
    assert packed.summary["training"]["steps"] == 300
    assert packed.summary["writing"] == model.summary["writing"]
    assert packed.summary["scores"]["held_out_loss"] == facts.scores["all"].nats
    assert facts.sha256 == hash_file(tmp_path / "bases/cat.safetensors")


def test_the_card_tells_figures_terms_and_what_not_to_expect(trained, text, tmp_path):
    facts = pack(trained, text, tmp_path / "cat.safetensors", characters=400)
    card = (tmp_path / "cat.md").read_text("utf-8")
    assert card.startswith("# cat\n")
    score = facts.scores["Doyle"]
    # Eliot is left out as well, and not scored: the first file is enough.
    assert "whom it never read (Doyle),\n" in card
    assert f"| Doyle | {score.characters:,} | {score.nats:.3f} |" in card
    assert f"| {len(LINE) * 3} | 100 English Novels 1.4 | out of copyright" in card
    assert "2 English novels of 1900, by 1 author |" in card
    assert "CC0 1.0" in card
    assert "MIT" not in card
    assert "3 paragraphs that\nshare 60 characters" in card
    assert f"`{facts.sha256}`" in card
    assert facts.sample.strip() in card
    assert "trademark" in card
    best = f"temperature {facts.model.summary['writing']['temperature']}"
    assert re.search(rf"^\| writes best with \| .*{re.escape(best)}", card, re.M)


def test_each_author_is_scored_apart(trained, text):
    files = choose_validation(text, 900)
    assert len(files) == 2
    scores = score_authors(generator.load(trained), files)
    assert [*scores] == ["all", "Doyle", "Eliot"]
    both = scores["Doyle"].nats + scores["Eliot"].nats
    assert scores["all"].nats == pytest.approx(both / 2)


def test_another_text_than_was_recorded_is_refused(trained, text, tmp_path, monkeypatch):
    (text / "train" / "00000_Hardy_Cat_1890_00.txt").write_text("another")
    monkeypatch.setattr("sys.argv", ["pack", str(trained), "--text", str(text), "-o", "x"])
    with pytest.raises(SystemExit, match=r"train is not what .*report\.json tells of"):
        main()
    assert not (tmp_path / "x").exists()


def test_a_novel_without_a_name_counts_and_adds_no_author(text):
    report = json.loads((text / "report.json").read_text())
    assert count_authors(report) == (2, 1, "1900")
