"""The page on runs: what stands on it, and that browsers show it to everyone, from a file alone."""

import json
import re
import shutil
from dataclasses import replace

import pytest

import burble as package
from burble.errors import RunError
from burble.model.file import read_model
from burble.reports.charts import make_ticks
from burble.reports.facts import gather_facts
from burble.reports.page import write_page
from burble.runs.folder import Run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
CAT = "the cat sat on the mat.\n" * 60
ATTACK = "<script>alert(1)</script> & \"quoted\" 'text'"


@pytest.fixture
def mine(trained, tmp_path):
    """A copy of a run, with its text in the current folder."""
    folder = tmp_path / "runs" / "mine"
    shutil.copytree(trained, folder)
    text = tmp_path / "cat.txt"
    text.write_text(CAT, encoding="utf-8")
    return Run(folder), text


def test_the_figures_are_those_of_the_run(mine):
    run, text = mine
    facts, stored = gather_facts(run, [str(text)]), run.facts()
    html = write_page([facts])
    loss = stored["scores"]["held_out_loss"]
    assert f"<b>{loss:.3f}</b>nats per character" in html
    for baseline in ("nothing", "letters", "ngrams"):
        assert f'<td class="n">{stored["references"][baseline]:.3f}</td>' in html
    assert facts.validation == [
        (m["step"], m["held_out_loss"]) for m in run.metrics() if "held_out_loss" in m
    ]
    assert "<b>300</b>steps" in html
    # Exactly what differs from the defaults stands out, with both values.
    changed = re.findall(r'class="changed"><td class="name">(\w+)</td><td>(.*?)</td>', html)
    assert {("units", "24"), ("length", "16"), ("steps", "300")} <= set(changed)
    assert not {"cell", "seed"} & {name for name, _ in changed}


def test_what_was_copied_is_marked_with_its_place(mine):
    run, text = mine
    facts = gather_facts(run, [str(text)])
    learned = CAT[: facts.searched]
    passages = [(one, part) for one in facts.samples for part in one.copied]
    # A text of one line again and again is copied as soon as it is learned.
    assert passages
    for sample, part in passages:
        assert len(part.text) >= 30
        assert sample.text[part.start : part.start + len(part.text)] == part.text
        assert learned[part.place : part.place + len(part.text)] == part.text
        assert learned[: part.place].endswith(part.before)
    html = write_page([facts])
    assert "Passages of 30 characters or more" in html
    assert f"<mark>{passages[0][1].text}</mark>" in html
    assert html.count('<pre class="sample"') == len(facts.samples) == len({*facts.samples})


def test_the_text_is_found_where_it_was_or_its_lack_is_said(mine, command, monkeypatch):
    run, text = mine
    monkeypatch.chdir(text.parent)
    stored = run.facts()
    # The run of the fixture was read from another place.
    known = json.dumps(stored | {"sources": ["cat.txt"]})
    (run.folder / "run.json").write_text(known, encoding="utf-8")
    assert gather_facts(run).searched == gather_facts(run, [str(text)]).searched > 1000
    text.rename(text.with_name("elsewhere.txt"))
    done = command("report", run.folder, "-o", "page.html")
    assert (done.returncode, done.stderr.count(b"\n")) == (0, 1)
    page = (text.parent / "page.html").read_text("utf-8")
    assert "Give it with --text." in page
    assert "<mark>" not in page
    # Another text of that name is not taken for it.
    text.write_text("the dog lay on the log.\n" * 60, encoding="utf-8")
    assert gather_facts(run).searched == 0
    # Beside its memory nothing else is needed.
    command("remember", run.folder, "elsewhere.txt")
    assert gather_facts(run).searched > 1000


def test_all_that_comes_from_a_run_is_escaped(mine):
    run, text = mine
    (run.folder / "samples" / "step-00000300.txt").write_text(f"{ATTACK}\n", encoding="utf-8")
    stored = run.facts()
    stored["corpus"]["names"] = [ATTACK]
    stored |= {"resume": ATTACK, "status": ATTACK}
    (run.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    other = Run(run.folder.rename(run.folder.with_name("<b>&'")))
    for runs in ([gather_facts(other)], [gather_facts(other), gather_facts(other)]):
        html = write_page(runs)
        assert "&lt;script&gt;alert(1)" in html
        assert "<script" not in html
        assert "<b>&" not in html
        assert "default-src 'none'" in html
        assert set(re.findall(r'(?:src|href)="?([^">]*)', html)) <= {"#run-1", "#run-2"}
    assert text.exists()


def test_wrong_input_is_one_sentence(mine, command, tmp_path, monkeypatch):
    run, text = mine
    monkeypatch.chdir(tmp_path)
    other = tmp_path / "other.txt"
    other.write_text("the dog lay on the log.\n" * 60, encoding="utf-8")
    there = tmp_path / "there.html"
    there.write_text("mine", encoding="utf-8")
    cases = {
        (run.folder, "-o", "page.txt"): "give a name that ends in .html",
        (run.folder, "-o", "there.html"): "add --overwrite to replace it",
        (tmp_path, "-o", "page.html"): "is no run folder: run.json cannot be read",
        (tmp_path / "gone", "-o", "page.html"): "gone is no run folder: nothing has that name",
        (run.folder, "-o", "page.html", "--text", other): "this is not the text the model was",
        (run.folder, "-o", "page.html", "--text", "gone.txt"): "gone.txt",
        (run.folder, "-o", "page.html", "--encoding", "cp1252"): "which --text names",
    }
    for given, why in cases.items():
        done = command("report", *given)
        said = done.stderr.decode()
        assert (done.returncode, done.stdout, said.count("\n")) == (2, b"", 1), said
        assert why in said
    done = command("report", "english", "-o", "page.html")
    assert (done.returncode, done.stderr.count(b"\n")) == (2, 1)
    assert b"english is a model without a training to report on" in done.stderr
    imported = tmp_path / "imported"
    imported.mkdir()
    shutil.copy(run.folder / "model.safetensors", imported)
    for model in (imported, imported / "model.safetensors"):
        with pytest.raises(RunError, match="without a training to report on"):
            package.report([run, model], tmp_path / "page.html")
    assert there.read_text("utf-8") == "mine"
    assert not (tmp_path / "page.html").exists()
    (run.folder / "samples" / "step-00000300.txt").write_bytes(b"\xff\xfe\xff")
    done = command("report", run.folder, "-o", "page.html", "--text", text)
    assert done.returncode == 2
    assert b"step-00000300.txt is no text" in done.stderr


def test_losses_of_words_are_told_per_character(mine):
    run, _ = mine
    stored, plain = run.facts(), gather_facts(run)
    stored["settings"]["text"]["unit"] = "word"
    stored["corpus"]["held_out_characters"] = 4 * stored["corpus"]["held_out"]
    (run.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    words = gather_facts(run)
    assert 4 * words.loss == pytest.approx(plain.loss)
    assert [4 * loss for _, loss in words.training] == [loss for _, loss in plain.training]
    assert 4 * words.baselines["uniform guessing"] == plain.baselines["uniform guessing"]
    assert "nats per character" in write_page([words])
    assert "symbols of text" in write_page([words])
    # Beside characters they stand in one picture; graphemes have one of their own.
    both = write_page([plain, words])
    assert both[: both.index('id="run-1"')].count("nats per character") == 2
    assert f'<td class="n">{words.loss:.3f}</td>' in both
    stored["settings"]["text"]["unit"] = "grapheme"
    del stored["corpus"]["held_out_characters"]
    (run.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    html = write_page([plain, words, gather_facts(run)])
    html = html[: html.index('id="run-1"')]
    assert "Some losses are per character and some per grapheme" in html
    assert re.findall(r">(nats per \w+)</text>", html) == [
        "nats per character",
        "nats per grapheme",
    ]
    assert f'<td class="n">{plain.loss:.3f} per character</td>' in html
    assert f'<td class="n">{plain.loss:.3f} per grapheme</td>' in html
    assert "per symbol" not in html


def test_what_a_model_of_windows_was_given_is_no_copy_of_its_own(mine):
    run, text = mine
    model = read_model(run.folder / "model.safetensors")
    (run.folder / "model.safetensors").unlink()
    run.write_model(replace(model, window=36, excerpt=CAT[:60]))
    sample = run.folder / "samples" / "step-00000300.txt"
    sample.write_text(CAT[:40] + "tttttttttttt" + CAT[:50] + "\n", encoding="utf-8")
    last = gather_facts(run, [str(text)]).samples[-1]
    assert last.given == 36
    # Of what it was given and four characters more, nothing was copied.
    assert [(one.start, one.text) for one in last.copied] == [(52, CAT[:50])]
    html = write_page([gather_facts(run, [str(text)])])
    assert f'<span class="given">{CAT[:36]}</span>' in html


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("done", "steps", "many"),
        ("done", "seconds", [1]),
        ("corpus", "names", 7),
        ("corpus", "symbols", {}),
        ("references", "ngrams", "low"),
        ("scores", "held_out_loss", -1e400),
        ("from", "model", 3),
    ],
)
def test_facts_of_other_kinds_are_told_or_refused_in_a_sentence(mine, command, part, name, value):
    run, _ = mine
    stored = run.facts()
    stored.setdefault(part, {})[name] = value
    (run.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    done = command("report", run.folder, "-o", run.folder.with_name("page.html"))
    assert done.returncode in (0, 2)
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == 0 or b"run.json is damaged" in done.stderr


def test_a_run_without_scores_or_model_has_a_page_too(mine):
    run, text = mine
    (run.folder / "metrics.jsonl").unlink()
    stored = run.facts() | {"scores": {}, "references": {}, "done": {}, "status": "training"}
    (run.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    (run.folder / "model.safetensors").unlink()
    shutil.rmtree(run.folder / "samples")
    html = write_page([gather_facts(run)])
    assert "There is none yet" in html
    assert "<svg" not in html
    assert text.exists()


def test_several_runs_stand_side_by_side(mine, tmp_path):
    run, text = mine
    other = Run(tmp_path / "runs" / "other")
    shutil.copytree(run.folder, other.folder)
    stored = other.facts()
    stored["settings"]["training"]["seed"] = 7
    stored["corpus"]["sha256"] = "another"
    (other.folder / "run.json").write_text(json.dumps(stored), encoding="utf-8")
    made = package.report([run, other.folder], tmp_path / "page.html")
    html = made.read_text("utf-8")
    differing = html[html.index("Settings that differ") : html.index('id="run-1"')]
    rows = re.findall(r'<td class="name">(\w+)</td><td>(.*?)</td><td>(.*?)</td>', differing)
    assert rows == [("seed", "0", "7")]
    assert "They read different texts, so that their losses cannot be compared." in html
    assert re.findall(r'<h2 id="run-\d">(\w+)</h2>', html) == ["mine", "other"]
    assert text.exists()


def test_ticks_lie_within_what_they_measure():
    for low, high in ((0, 1), (0.93, 4.17), (0, 1016), (1.0, 1.0001), (0, 3), (2e-9, 3e-9)):
        ticks = make_ticks(low, high)
        assert 2 <= len(ticks) <= 8, (low, high, ticks)
        assert all(low <= tick <= high for tick in ticks)


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_everyone_can_read_it_from_a_file(mine, tmp_path):
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is missing")
    run, text = mine
    one = package.report(run, tmp_path / "one.html", text=text)
    two = package.report([run, run], tmp_path / "two.html", text=text)
    with sync_api.sync_playwright() as playwright:
        # A container may not allow the sandbox, and only these pages are opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for page in (one, two):
            for look in ({"color_scheme": "dark"}, {"viewport": {"width": 360, "height": 700}}):
                wrong: list[str] = []
                context = browser.new_context(**look)
                tab = context.new_page()
                tab.on("request", lambda asked, wrong=wrong: wrong.append(asked.url))
                tab.on("console", lambda said, wrong=wrong: wrong.append(said.text))
                tab.goto(page.as_uri())
                assert wrong == [page.as_uri()]
                # Nothing of it lies beyond the edge.
                within = "document.documentElement.scrollWidth <= innerWidth"
                assert tab.evaluate(within)
                # Its own style counts: the policy names it.
                assert tab.evaluate("getComputedStyle(document.body).maxWidth") == "960px"
                found = axe.Axe().run(tab)
                assert found.violations_count == 0, found.generate_report()
                tab.emulate_media(media="print")
                ink = "getComputedStyle(document.body).color"
                assert tab.evaluate(ink) == "rgb(0, 0, 0)"
                context.close()
        browser.close()
