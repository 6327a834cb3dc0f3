"""Every benchmark is found by its name, and has a short form that records nothing."""

import json
import re
import sys

import pytest

from benchmarks import __main__ as door
from benchmarks import builds
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


def test_what_is_for_a_gpu_runs_in_a_tiny_form_on_a_processor(monkeypatch, capsys):
    run(monkeypatch, "gpu", "--quick")
    said = capsys.readouterr().out
    assert re.search(r"\| losses of 3 steps, cpu beside cpu, nats apart \| 1 x 16 \| 0\.0000", said)
    assert re.search(r"\| training, characters a second \| 1 x 16 \| [\d,]+ \(", said)
    assert re.search(r"one text / 64 texts \| 1 x 16 \| [\d,]+ / [\d,]+", said)


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


def test_an_earlier_build_runs_in_turn_with_the_working_tree(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if not (builds.ROOT / ".git").exists():
        pytest.skip("a copy without git has no earlier build")
    both = builds.find_builds("HEAD")
    places = [build.call(_script(tmp_path), "x")[0] for build in both]
    assert places[0].startswith(str(tmp_path))
    assert places[1].startswith(str(builds.ROOT / "src"))
    with both[0].keep(_script(tmp_path, "for _ in sys.stdin:"), "y") as ask:
        assert [ask(), ask()] == [[places[0], "y"]] * 2

    def measure(build):
        used = build.run("--version")
        return used.processor, used.printed

    found = builds.by_turns(measure, both, 1)
    assert len(found.ratios) == 1
    assert min(found.earlier) > 0
    with pytest.raises(SystemExit, match="not the same work: "):
        builds.by_turns(lambda build: (1.0, build.name), both, 1)
    with pytest.raises(SystemExit, match="commit 0123456789ab, which is not in "):
        builds.find_builds("0123456789abcdef")


def _script(folder, loop=""):
    path = folder / f"script{bool(loop):d}.py"
    said = "print(json.dumps([burble.__file__, sys.argv[1]]), flush=True)"
    path.write_text(f"import json, sys, burble\n{loop}{' ' if loop else ''}{said}\n")
    return path


def test_figures_are_given_with_their_spread_and_ratios_round_by_round():
    found = builds.Comparison((2.0, 4.0, 8.0), (1.0, 1.0, 4.0))
    assert found.ratios == (0.5, 0.25, 0.5)
    assert found.cells(1) == {
        "earlier": "4.0 (2.0 to 8.0)",
        "today": "1.0 (1.0 to 4.0)",
        "today / earlier": "0.50 (0.25 to 0.50)",
    }
