"""Which part of a text is held out, where it has several sources or many documents."""

import json
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import encoder, spread
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
from tests.support.corpora import from_texts, parts
from tests.support.speakers import chancy


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


NAMES = [f"{letter}{number:03}" for letter in "abcdefghij" for number in range(60)]


def validation(c):
    """The held-out documents as texts."""
    return c.vocabulary.decode(c.ids[c.cut :], "\n").split("\n")[:-1]


# One running text keeps its end.


@pytest.mark.parametrize("documents", ["sources", "sentences", "blank"])
def test_of_one_running_text_the_end_is_held_out(documents):
    text = "One sentence. Another one.\n" * 40
    c = from_texts(text, validation=0.1, documents=documents)
    d = from_texts(text, validation=0.1, documents=documents, split="tail")
    assert c.split == "tail"
    np.testing.assert_array_equal(c.ids, d.ids)
    assert (c.cut, len(c.given)) == (d.cut, 0)


# Documents.


def test_of_a_sorted_list_some_of_all_letters_are_held_out():
    c = from_texts("\n".join(NAMES), validation=0.1, documents="lines")
    drawn = validation(c)
    assert (c.split, len(drawn)) == ("spread", 60)
    assert {name[0] for name in drawn} == {*"abcdefghij"}
    assert {name[0] for name in parts(c)[:540]} == {*"abcdefghij"}
    # What is learned keeps its order, and what was read is written as it was read.
    assert parts(c)[:540] == [name for name in NAMES if name not in drawn]
    assert "".join(c.text()) == "\n".join(NAMES)
    assert c.sha256 == from_texts("\n".join(NAMES), documents="lines").sha256
    # The end of the list was held out before.
    old = validation(from_texts("\n".join(NAMES), validation=0.1, documents="lines", split="tail"))
    assert {name[0] for name in old} == {"j"}


def test_what_is_held_out_is_the_same_each_time_and_mixed_from_its_beginning():
    texts = ["\n".join(f"a{n:03}" for n in range(1000)), "\n".join(f"b{n:03}" for n in range(200))]
    c = from_texts(*texts, validation=0.1, documents="lines")
    np.testing.assert_array_equal(c.ids, from_texts(*texts, validation=0.1, documents="lines").ids)
    assert c.validation_by_source == (500, 100)
    assert c.learned_by_source == (4500, 900)
    # Of each stretch of the part about a sixth is of the small source.
    for first in range(0, 120, 30):
        assert 3 <= sum(name[0] == "b" for name in validation(c)[first : first + 30]) <= 7


def test_small_sources_are_drawn_from_together_and_large_documents_give_their_ends():
    small, novel = [f"note {n} " * 5 for n in range(200)], "word " * 4_000
    c = from_texts(novel, *small, validation=0.1)
    assert c.validation_by_source[0] == 2_000
    assert sum(n > 0 for n in c.validation_by_source[1:]) == pytest.approx(20, abs=3)
    assert 0.05 < sum(c.validation_by_source[1:]) / sum(map(len, small)) < 0.2


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_of_many_small_sources_the_share_that_is_asked_for_is_held_out(share):
    c = from_texts(*(f"note {n:02} " * 5 for n in range(40)), validation=share)
    assert (c.split, len(c.ids) - c.cut) == ("spread", pytest.approx(share * len(c.ids), rel=0.03))
    assert 0 < sum(held > 0 for held in c.validation_by_source) < 40


def test_a_source_that_would_be_much_of_the_held_out_part_gives_its_end():
    english, russian = ["the cat " * 500 for _ in range(20)], "кот и пёс " * 600
    c = from_texts(*english, russian, *["a note"] * 9, validation=0.1)
    assert c.validation_by_source[:21] == (*[400] * 20, 600)
    assert all(c.learned_by_source[:21])
    # Rows of one table are drawn, so that ends of rows are learned.
    d = from_texts("\n".join(english), validation=0.1, documents="lines")
    assert (len(d.starts), len(d.given)) == (20, 0)


# Running texts.


def test_each_of_a_few_running_texts_gives_its_end_and_nothing_is_learned_across():
    one, other = "ab" * 500, "xyz" * 400
    c = from_texts(one, other, validation=0.1)
    edge = c.vocabulary.boundary_id
    assert (c.learned_by_source, c.validation_by_source) == ((901, 1081), (100, 120))
    learned, held = (c.vocabulary.decode(part, "|") for part in (c.training, c.ids[c.cut :]))
    assert learned == f"{one[:901]}|{other[:1081]}|"
    assert {*held.split("|")} == {one[901:], other[1081:], ""}
    # Neither the edge between two parts of a text, nor the symbol after it, nor its end.
    assert sum(c.ids[c.given] == edge) == 4
    assert len(c.given) == 6


def test_what_is_too_short_is_learned_whole_and_said():
    c = from_texts("ab" * 500, "xy" * 20, validation=0.1)
    assert c.validation_by_source == (100, 0)
    said = corpus_report.summarize(c)
    assert "Validation symbols: 100 of 1,001 of text 1; 0 of 41 of text 2." in said
    assert (
        "Trained on whole, being too short to give some of it for validation, or not drawn: text 2."
        in said
    )
    # Where all are, the end is held out after all.
    assert from_texts("ab" * 20, "xy" * 20, validation=0.1).split == "tail"


def test_a_large_part_is_mixed_from_its_beginning(monkeypatch):
    monkeypatch.setattr(spread, "FIRST", 2_000)
    c = from_texts("a" * 100_000, "b" * 300_000, "c" * 50, validation=0.1)
    assert c.validation_by_source == (10_000, 30_000, 0)
    a, b = (c.vocabulary.ids[letter] for letter in "ab")
    for size in (2_000, 4_000, 8_000, 16_000):
        part = c.ids[c.cut : c.cut + size]
        assert np.mean(part == a) == pytest.approx(0.25, abs=0.01)
        assert np.mean(part == b) == pytest.approx(0.75, abs=0.01)


# Whatever the text.


@given(
    st.lists(st.lists(st.integers(1, 60), min_size=1, max_size=12), min_size=1, max_size=8),
    st.sampled_from([0.02, 0.1, 0.4]),
    st.sampled_from([0.0, 0.1]),
    st.booleans(),
)
def test_every_symbol_is_in_one_part_and_every_document_whole_or_cut_once(
    sources, share, test, long
):
    sizes = [n * (300 if long else 1) for documents in sources for n in documents]
    whole = spread.Pieces.whole(
        sum(sizes), np.cumsum([0, *sizes[:-1]]), [len(documents) for documents in sources]
    )
    pieces, number = whole, 0
    gone = whole.take(np.zeros(len(whole), bool))
    for running in (True, False):
        if test:
            pieces, gone = spread.draw(whole, test, running=running, number=0)
            number = 1
        learned, held = spread.draw(pieces, share, running=running, number=number)
        covered = np.zeros(sum(sizes), int)
        for part in (gone, learned, held):
            assert (part.sizes > 0).all()
            for begin, end in zip(part.begins, part.ends, strict=True):
                covered[begin:end] += 1
            firsts, lasts = np.isin(part.begins, whole.begins), np.isin(part.ends, whole.ends)
            np.testing.assert_array_equal(part.first, firsts)
            np.testing.assert_array_equal(part.last, lasts)
        assert (covered == 1).all()
        # What is learned never begins inside a document, and keeps its order.
        assert learned.first.all()
        assert (np.diff(learned.begins) > 0).all()
        assert held.sizes.sum() <= 2 * share * pieces.sizes.sum()
        assert len(learned) > 0


def test_what_is_left_out_is_what_would_be_held_out():
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


def test_a_text_that_is_mapped_is_parted_as_one_in_memory(monkeypatch):
    texts = ["ab" * 500, "xyz" * 400]
    here = from_texts(*texts, validation=0.1)
    monkeypatch.setattr(encoder, "IN_MEMORY", 100)
    mapped = from_texts(*texts, validation=0.1)
    assert isinstance(mapped.ids, np.memmap)
    np.testing.assert_array_equal(here.ids, mapped.ids)


def test_documents_that_vanish_with_their_rare_symbols_leave_their_source_right():
    c = from_texts("a\nxy\nb", "z", "a\nb\na", min_count=2, documents="lines")
    assert (c.encoded.documents, parts(c)) == ([2, 0, 3], ["a", "b", "a", "b", "a"])


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
def test_eval_finds_the_part_that_was_held_out(texts, split):
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


def test_a_run_that_says_nothing_of_it_has_its_end_held_out(trained, tmp_path):
    facts = json.loads((trained / "run.json").read_text(encoding="utf-8"))
    assert facts["settings"]["training"].pop("split") == "tail"
    (tmp_path / "run.json").write_text(json.dumps(facts), encoding="utf-8")
    assert Run(tmp_path).settings() == Run(trained).settings()


# What is told of it.


def test_where_nothing_can_be_spread_the_end_is_held_out_and_said():
    c = from_texts("ab" * 500, validation=0.1, split="spread")
    assert (
        "The validation part is the end of the text, since there is one running text alone."
        in c.notes
    )
    c = from_texts("ab" * 20, "xy" * 20, validation=0.1)
    said = "since no source is long enough to give some of its own."
    assert (c.split, any(said in note for note in c.notes)) == ("tail", True)


def test_what_is_held_out_of_each_source_is_told_and_which_symbols_are_only_there():
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
    assert "Validation symbols: 600 of 6,001 of text 1; 140 of 1,401 of text 2." in said
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
