"""Whether documents look sorted."""

import random

import pytest

from burble.data import corpus
from burble.settings import SourceSettings, TextSettings

WORDS = ["ash", "birch", "cedar", "elder", "fir", "hazel", "larch", "maple", "oak", "pine", "yew"]


def check(folder, lines, **how):
    path = folder / "a.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    settings = TextSettings(documents="lines")
    found = corpus.build([str(path)], settings, reading=SourceSettings(sort_check=True), **how)
    return next(note for note in found.notes if note.startswith("Sort check"))


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (lambda line: line.casefold(), "sorted by how they begin (100% of neighbours)"),
        (len, "sorted by length, the shortest first (100% of neighbours)"),
        (lambda line: -len(line), "sorted by length, the longest first (100% of neighbours)"),
    ],
)
def test_what_is_sorted_is_told_with_what_to_do(tmp_path, key, told):
    rng = random.Random(0)
    lines = [" ".join(rng.choices(WORDS, k=rng.randint(2, 9))) for _ in range(300)]
    assert told not in check(tmp_path, lines)
    assert "do not look sorted" in check(tmp_path, lines)
    lines.sort(key=key)
    assert told in check(tmp_path, lines)
    assert check(tmp_path, lines, split="tail").endswith("unlike the rest: add --split spread.")
    assert check(tmp_path, lines).endswith("drawn from all of them, which is right.")


def test_dates_are_compared_as_numbers(tmp_path):
    rng = random.Random(0)
    lines = [f"9.{day}: {' '.join(rng.choices(WORDS, k=5))}" for day in range(1, 100)]
    assert "by number or date (100% of neighbours)" in check(tmp_path, lines)


def test_labels_that_stand_together_are_told(tmp_path):
    rng = random.Random(0)
    rows = [f"{poet},{' '.join(rng.choices(WORDS, k=5))}" for poet in "BAC" for _ in range(60)]
    path = tmp_path / "p.csv"
    path.write_text("\n".join(["poet,text", *rows]), encoding="utf-8")
    reading = SourceSettings(sort_check=True)
    found = corpus.build([f"{path}:text"], TextSettings(label=("poet",)), reading=reading)
    assert any("look sorted by poet (100% of neighbours)" in note for note in found.notes)
