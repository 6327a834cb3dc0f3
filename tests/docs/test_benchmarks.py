"""Every benchmark is found by its name, and has a short form that records nothing."""

import json
import sys

import pytest

from benchmarks import __main__ as door
from benchmarks.harness import RESULTS
from benchmarks.quality import _base_rows, base

BENCHMARKS = door.find_benchmarks()


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["benchmarks", *arguments])
    door.main()


def test_all_are_listed_and_those_run_in_turn_are_there(monkeypatch, capsys):
    run(monkeypatch)
    said = capsys.readouterr().out
    assert all(f" {name} " in said for name in BENCHMARKS)
    assert {*door.PLAIN, *door.TEXTS, *door.NEED_TORCH} <= {*BENCHMARKS}
    with pytest.raises(SystemExit, match="there is no benchmark 'sped'"):
        run(monkeypatch, "sped")


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_has_a_quick_form(name, monkeypatch, capsys):
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    with pytest.raises(SystemExit) as ended:
        run(monkeypatch, name, "--help")
    assert not ended.value.code
    said = capsys.readouterr().out
    assert f"python -m benchmarks {name} " in said
    assert "printed, not recorded" in " ".join(said.split())


def test_a_quick_run_is_printed_and_not_recorded(monkeypatch, capsys):
    before = {path: path.read_bytes() for path in RESULTS.iterdir()}
    run(monkeypatch, "machine", "--quick")
    assert "| float32 matrix product, all cores | " in capsys.readouterr().out
    assert {path: path.read_bytes() for path in RESULTS.iterdir()} == before


def test_the_page_has_the_table_of_what_a_base_gives():
    path = RESULTS / "base.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    begin, end = base.MARKS
    _, _, rest = base.PAGE.read_text("utf-8").partition(begin)
    assert rest.partition(end)[0].strip() == base.format_summary(rows)


def test_gains_are_of_both_starts_and_their_mean_is_of_the_kinds_alone():
    def row(name, start, figure):
        return {"row": name, "from": start, "of": "nats", "figure": figure}

    rows = [row("first20k", "none", 1.6), row("first20k", "english 0a", 1.1)]
    rows += [row("verse", "none", 2.0), row("verse", "english 0a", 1.5)]
    rows += [row("diary", "none", 1.9), row("diary", "english 0a", 1.6)]
    rows += [row("diary", "english 0a, at once", 1.7)]
    *_, verse, diary, last = base.format_summary(rows).splitlines()
    assert verse == "| verse, 2 minutes | nats | 2.0 |  | 1.5 | 0.5 |  |"
    assert diary == "| diary, 2 minutes | nats | 1.9 | 1.7 | 1.6 | 0.3 |  |"
    assert last == "| mean of the 2 kinds | nats |  |  |  | 0.4 |  |"


def test_a_word_that_an_end_cuts_off_is_not_counted():
    known = {"the", "cat's", "hat"}
    assert _base_rows.count_real(["The cat’s ha", "a hat."], known) == 3 / 4
