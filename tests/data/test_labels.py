"""Labels of documents: read beside their text, and named by a person."""

import json

import numpy as np
import pytest

from burble.data import corpus, encoder
from burble.data.labels import MOST, Labels, LabelSet
from burble.errors import BurbleError, SettingsError, SourceError
from burble.settings import SourceSettings, TextSettings
from tests.support.speakers import POETS

ROWS = "poet,form,body\nDickinson,short,hope\n Walt  Whitman ,long,leaves of\n,short,nobody\n"


def read(tmp_path, *files, label=("poet",), reading=None, **chosen):
    names = []
    for name, text in files:
        (tmp_path / name.split(":")[0]).write_text(text, "utf-8")
        names.append(str(tmp_path / name))
    chosen = {"validation": 0.0} | chosen
    text = {name: chosen.pop(name) for name in ("documents", "min_count") if name in chosen}
    settings = TextSettings(label=label, **text)
    return corpus.build(names, settings, reading=reading or SourceSettings(), **chosen)


def labelled(c):
    """The labels of each document, with its text."""
    ends = [*c.starts[1:], len(c.ids)]
    texts = [c.vocabulary.decode(c.ids[a : b - 1]) for a, b in zip(c.starts, ends, strict=True)]
    return {
        text: tuple(c.labels.names.describe(row).values())
        for text, row in zip(texts, c.labels.numbers.tolist(), strict=True)
    }


def test_each_document_has_the_label_of_its_row(tmp_path):
    found = read(tmp_path, ("p.csv:body", ROWS), label=("poet", "form"))
    assert found.labels.names == LabelSet(
        ("poet", "form"), (("Dickinson", "Walt Whitman"), ("long", "short"))
    )
    assert labelled(found) == {
        "hope": ("Dickinson", "short"),
        "leaves of": ("Walt Whitman", "long"),
        "nobody": ("short",),
    }
    assert "'Dickinson' 1, 'Walt Whitman' 1; 1 document without one" in " ".join(found.notes)
    # What is learned is not another text for having labels.
    plain = read(tmp_path, ("p.csv:body", ROWS), label=())
    assert (plain.sha256, plain.labels) == (found.sha256, None)
    assert (plain.ids == found.ids).all()


@pytest.mark.parametrize("name", ["p.csv:3", "p.csv:body", "p.tsv:body"])
def test_a_column_may_be_named_by_its_number(tmp_path, name):
    table = ROWS.replace(",", "\t") if "tsv" in name else ROWS
    found = read(tmp_path, (name, table), label=("1",))
    assert labelled(found)["hope"] == ("Dickinson",)


def test_fields_of_json_are_labels(tmp_path):
    rows = [
        {"text": "one", "meta": {"year": 1862}, "poet": "A"},
        {"text": "two", "meta": {"year": None}, "poet": True},
        {"text": "three", "poet": ["A"]},
        {"text": "four", "poet": "half a pair \ud800"},
    ]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    found = read(tmp_path, ("p.jsonl:text", lines), label=("meta.year", "poet"))
    assert labelled(found) == {
        "one": ("1862", "A"),
        "two": ("true",),
        "three": (),
        "four": ("half a pair ?",),
    }
    assert "1 row without a label, since 'poet' is a list or an object" in " ".join(found.notes)


def test_parts_of_a_row_share_its_label_and_a_file_says_its_own(tmp_path):
    lines = 'poet,body\nA,"one\ntwo"\nB,three\n'
    files = [("p.csv:body", lines), ("q.txt", "four\nfive\n")]
    found = read(tmp_path, *files, label=("poet", "file"), documents="lines")
    assert labelled(found) == {
        "one": ("A", "p"),
        "two": ("A", "p"),
        "three": ("B", "p"),
        "four": ("q",),
        "five": ("q",),
    }
    assert "q.txt has no column 'poet', so no label of it" in " ".join(found.notes)
    folder = read(tmp_path, files[1], label=("folder",), documents="lines")
    assert folder.labels.names.values == ((tmp_path.name,),)


def test_labels_follow_documents_that_are_left_out_or_moved(tmp_path):
    kinds = [f"{n % 3},{'abc'[n % 3] * 9} {n:03}" for n in range(90)]
    again = [*kinds, "2,aaaaaaaaa 000", "1,zzz"]
    table = "kind,body\n" + "".join(f"{row}\n" for row in again)
    how = {"label": ("kind",), "reading": SourceSettings(deduplicate=True), "min_count": 4}
    found = read(tmp_path, ("p.csv:body", table), **how, split="spread", validation=0.2)
    assert len(found.starts) == 90
    assert found.cut < len(found.ids)
    wanted = {"a": ("0",), "b": ("1",), "c": ("2",)}
    assert {(text[0], label) for text, label in labelled(found).items()} == {*wanted.items()}
    places = found.place_labels.at(np.arange(len(found.ids)))[:, 0]
    for number, letter in enumerate("abc", 1):
        assert set(places[found.ids == found.vocabulary.ids[letter]]) == {number}


def test_labels_are_found_again_in_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(encoder, "IN_MEMORY", 100)
    table = "poet,body\n" + "".join(f"{'AB'[n % 2]},some verse {n}\n" for n in range(50))
    first, second = (read(tmp_path, ("p.csv:body", table)) for _ in range(2))
    assert first.labels.sha256 == second.labels.sha256
    assert labelled(first) == labelled(second)
    (entry,) = (tmp_path / "cache").rglob("labels.npy")
    damaged = np.load(entry)
    np.save(entry, damaged + 7)
    assert read(tmp_path, ("p.csv:body", table)).labels.sha256 == first.labels.sha256


@pytest.mark.parametrize(
    ("name", "text", "label", "message"),
    [
        ("p.csv:body", ROWS, "poem", r"no source has a column 'poem'.*'poet', 'form', 'body'"),
        ("p.txt", "text", "poet", r"since none is a table read by a column"),
        ("p.csv:body", ROWS, "body", r"--label body is the text itself"),
        ("p.jsonl:t", '{"t": "x y"}\n', "t", r"--label t is the text itself"),
        ("p.csv:body", "a,a,body\n1,2,x y\n", "a", r"has 2 columns 'a'.*--label 1"),
        ("p.csv:body", "a,body\n,x y\n", "a", r"column 'a' holds no label"),
        ("p.csv:body", f"a,body\n{'x' * 201},x y\n", "a", r"has 201 characters.*a text\?"),
    ],
)
def test_labels_that_cannot_be_are_refused(tmp_path, name, text, label, message):
    with pytest.raises(SourceError, match=message):
        read(tmp_path, (name, text), label=(label,))


def test_too_many_labels_are_refused_and_many_rare_ones_are_said():
    names = tuple(f"{n:05}" for n in range(MOST + 1))
    with pytest.raises(SourceError, match=r"there are 10,001 labels, and a model has at most"):
        Labels(LabelSet(("a",), (names,)), np.ones((3, 1), np.int32)).check()
    few = Labels(LabelSet(("a",), (("x", "y"),)), np.array([[1], [2], [0]], np.int32))
    assert "With 1.0 documents each, hardly any" in few.summarize()[0]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("poet=Dickinson", (1, 0)),
        ({"poet": "Whitman", "form": "short"}, (2, 4)),
        (["form=long", "poet= whitman"], (2, 3)),
        ({"poet": ""}, (0, 0)),
        ((), (0, 0)),
    ],
)
def test_a_person_names_labels(given, found):
    assert POETS.find(given) == found


def test_names_may_hold_signs_of_equality_and_differ_in_case_alone():
    odd = LabelSet(("a", "a=b"), (("b=c", "c"), ("C", "c")))
    assert odd.find("a=b=c") == (1, 0)
    assert odd.find({"a=b": "c"}) == (0, 4)
    with pytest.raises(SettingsError, match="is none that this model"):
        LabelSet(("a",), (("BB", "Bb"),)).find("a=bb")


@pytest.mark.parametrize(
    ("names", "given", "message"),
    [
        (POETS, "poet=Poe", r"label poet=Poe is none.*It knows 'Dickinson', 'Whitman'"),
        (POETS, "year=1", r"'year', but the labels of this model are of 'poet', 'form'"),
        (POETS, "poet", r"must be COLUMN=VALUE, as in poet=VALUE"),
        (POETS, ["poet=Whitman", "poet=Dickinson"], r"names 'poet' twice"),
        (POETS, {"poet": 3}, r"both of them text"),
        (POETS, 3, r"must be COLUMN=VALUE"),
        (LabelSet(), "poet=Poe", r"was trained without labels"),
    ],
)
def test_labels_that_a_model_does_not_know_are_refused(names, given, message):
    with pytest.raises(BurbleError, match=message):
        names.find(given)


def test_labels_of_another_text_are_renumbered():
    theirs = LabelSet(("form", "poet"), (("long", "odd"), ("Whitman",)))
    numbers = np.array([[1, 3], [2, 0], [0, 3]], np.int32)
    found = POETS.renumber(Labels(theirs, numbers))
    assert found.tolist() == [[2, 3], [0, 0], [2, 0]]
    assert POETS.shared_with(theirs).tolist() == [[2, 0], [1, 2]]
