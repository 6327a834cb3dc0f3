import json
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from bases.books import Book, read_novels
from bases.prepare import (
    PART,
    PASSAGE,
    RECORD,
    compare_reports,
    draw_authors,
    find_passages,
    hash_texts,
    make_texts,
    remove_shared,
    split_parts,
    write_texts,
)
from bases.styles import ALPHABET

SHARED = "said that it was a fine day for the time of the year, and that she was glad of it"
AUTHORS = ("Early", "Soon", "Middle", "Later", "Late", "Last")


def sentence(rng):
    words = ("".join(rng.choices("abcdefgh", k=rng.randint(2, 8))) for _ in range(30))
    return f"\u201cI don't,\u201d {' '.join(words)} -- he said."


@pytest.fixture(scope="module")
def novels(tmp_path_factory):
    """Six small novels by six authors, one of which quotes a scored text."""
    folder, rng = tmp_path_factory.mktemp("novels"), random.Random(1)
    for number, author in enumerate(AUTHORS):
        paragraphs = [sentence(rng) for _ in range(40)]
        paragraphs[7] += "" if number else f" Alice {SHARED.upper()}."
        paragraphs[9] += " 猫" if number == 1 else ""
        name = f"{author}_Book_{1850 + 10 * number}.txt"
        (folder / name).write_text("\ufeff" + "\n\n".join(paragraphs), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """A text on which models are scored."""
    path = tmp_path_factory.mktemp("scored") / "alice.txt"
    path.write_text(f"She {SHARED.replace(' time', chr(10) + 'time')}.", encoding="utf-8")
    return path


def test_the_same_novels_give_the_same_bytes(novels, scored, tmp_path):
    for name in "ab":
        _, train, _ = make_texts([*read_novels(novels)], find_passages([scored]), Counter())
        facts = write_texts(tmp_path / name, train)
        assert facts["sha256"] == hash_texts(tmp_path / name)
    first, second = (sorted((tmp_path / name).iterdir()) for name in "ab")
    assert [p.name for p in first] == [p.name for p in second]
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_no_text_holds_a_sign_or_a_passage_that_it_must_not(novels, scored):
    removed = Counter[str]()
    passages = find_passages([scored])
    left_out, train, validation = make_texts([*read_novels(novels)], passages, removed)
    assert removed == {"paragraphs with other signs": 1, "paragraphs that share a passage": 1}
    for _, text in [*train, *validation]:
        assert set(text) <= set(ALPHABET)
        flat = " ".join(text.lower().split())
        assert not any(flat[i : i + PASSAGE] in passages for i in range(len(flat)))
    assert set(ALPHABET) <= set("".join(text for _, text in train))
    written = {name.split("_")[0] for name, _ in validation}
    assert written == {*left_out}
    assert written.isdisjoint(name.split("_")[0] for name, _ in train)


def test_authors_of_each_third_of_the_years_are_left_out():
    names = [f"{author}_Book_{1850 + 10 * n}" for n, author in enumerate(AUTHORS)]
    for seed in range(20):
        drawn = draw_authors([*names, "jargon_003", "sotu_1835_x"], random.Random(seed))
        assert [AUTHORS.index(author) // 2 for author in drawn] == [0, 1, 2]


def test_parts_are_the_book_in_order():
    book = Book("x", ["a" * 1000] * 150, True)
    parts = [*split_parts(book)]
    assert [sum(map(len, part)) for part in parts] == [PART, PART, 30_000]
    assert [p for part in parts for p in part] == book.paragraphs


def test_a_passage_across_two_paragraphs_removes_both():
    halves = [f"Alice {SHARED[:40]}", f"{SHARED[41:]} now", "and more"]
    flat = SHARED.lower()
    passages = {flat[i : i + PASSAGE] for i in range(len(flat) - PASSAGE + 1)}
    assert remove_shared(halves, passages, Counter()) == ["and more"]


def test_what_differs_from_the_text_of_the_base_is_told():
    recorded = json.loads(RECORD.read_text("utf-8"))
    assert len(recorded["novels"]) == 94
    assert compare_reports(recorded, recorded) == []
    novels = recorded["novels"] | {"Hardy_Tess_1891.txt": "0"}
    found = recorded | {"novels": novels, "train": {"sha256": "1"}}
    assert compare_reports(found, recorded) == [
        "novels: Hardy_Tess_1891.txt is missing, new or another.",
        "train/ is another text than the base has read.",
    ]


def test_the_command_says_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-m", "bases.prepare"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert re.search(r"required: --novels, --packages, --scored", done.stderr.decode())
