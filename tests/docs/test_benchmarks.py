"""Every benchmark is found by its name, and has a short form that records nothing."""

import sys

import pytest

from benchmarks import __main__ as door
from benchmarks.harness import RESULTS

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
