"""What runs, trainings and models show in a notebook."""

import math
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import nbformat
from nbclient import NotebookClient

from burble.inference.generator import Generator, load
from burble.model.mixture import build_mixture
from burble.runs import notebook
from burble.runs.events import BaselineLosses, Report, Sample, Task
from burble.runs.folder import Run
from burble.runs.notebook import TrainingView, watch_training
from tests.support.speakers import chancy, follower

CELLS = (
    """
import burble
run = burble.train("cat.txt", "run", steps=6, units=8, embedding=4, base="none", seed=1)
""",
    "run",
    "burble.load(run)",
    'quiet = burble.train("cat.txt", "other", steps=2, units=8, embedding=4, base="none", '
    "on_event=lambda event: None)",
)


class Parser(HTMLParser):
    """The text of a page, whose tags must all be closed."""

    def __init__(self, page):
        super().__init__()
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, *_):
        if tag not in ("circle", "path", "rect", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in ("circle", "path", "rect", "polyline"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


class Recording(NotebookClient):
    """Runs a notebook, and keeps what is shown on the way."""

    def __init__(self, *page, **options):
        super().__init__(*page, **options)
        self.shown = []

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in ("display_data", "update_display_data"):
            self.shown.append((msg["msg_type"], msg["content"]))
        return super().process_message(msg, cell, cell_index)


def html(output):
    return output["data"]["text/html"]


def test_a_notebook_shows_a_training_as_it_goes_and_the_run_and_the_model(text, tmp_path):
    (tmp_path / "cat.txt").write_bytes(text.read_bytes())
    page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    client = Recording(page, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    training, run, model, quiet = (cell.outputs for cell in page.cells)
    # One place that changes: it began with a bar, and ends as the run.
    updates = [html(content) for kind, content in client.shown if kind == "update_display_data"]
    first = next(html(content) for kind, content in client.shown if kind == "display_data")
    assert "<progress" in first
    assert updates
    assert [one["output_type"] for one in training] == ["display_data"]
    assert html(training[0]) == updates[-1] == html(run[0])
    shown = Parser(html(run[0])).text
    for part in ("statusfinished", "network1 x 8 LSTM", "At step 6 it wrote:"):
        assert part in shown
    assert "nats per symbol, by step" in shown
    assert model[0]["data"]["text/plain"].startswith("<burble.inference.generator.Generator")
    shown = Parser(html(model[0])).text
    written = load(tmp_path / "run").generate(length=200, seed=0)
    assert f"With seed=0 it writes:{written}" in shown
    assert quiet == []


def test_a_training_is_shown_with_all_that_is_known_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(notebook, "POINTS", 9)
    view = TrainingView(Run(tmp_path / "run"), "char", {})
    assert repr(view).endswith(": measuring the speed of this machine")
    view.take(BaselineLosses(uniform=4.0, unigram=3.0, ngram=2.0, order=5))
    for step in range(1, 30):
        view.take(Report(step, 40, 4.0 - step / 10, 1000.0, 70.0))
    view.take(Sample(20, "a <b> & c\n d"))
    page = Parser(view._repr_html_())
    line = "step 29 of 40 · loss 1.100 · 1,000 characters/s · 1:10 min left"
    assert line in page.text
    assert "At step 20 it wrote:a <b> & c\n d" in page.text
    assert 'value="0.7250"' in view._repr_html_()
    (picture,) = re.findall(r"<svg.*?</svg>", view._repr_html_(), re.S)
    curves = [
        one.get("points")
        for one in ElementTree.fromstring(picture).iter()
        if "points" in one.attrib
    ]
    # Training, validation, and two baselines; of the first no more than are needed.
    assert [len(curve.split()) for curve in curves] == [len(curves[0].split()), 0, 2, 2]
    assert 3 < len(curves[0].split()) <= 9
    view.take(Task("Looking for a temperature", 0.5))
    assert "Looking for a temperature: 50%" in view._repr_html_()


def test_a_loss_that_is_no_number_is_no_point(tmp_path):
    view = TrainingView(Run(tmp_path), "char", {})
    view.take(Report(1, 9, math.nan, math.nan, math.nan))
    assert "<svg" not in view._repr_html_()
    assert "step 1 of 9 · loss nan" in repr(view)


def test_a_folder_without_a_run_says_so_and_one_that_is_damaged_what_it_is(tmp_path):
    assert "No training has begun here." in Run(tmp_path)._repr_html_()
    (tmp_path / "run.json").write_text("{")
    assert "run.json is damaged: it is no JSON." in Parser(Run(tmp_path)._repr_html_()).text
    (tmp_path / "run.json").write_text('{"format": 2, "settings": {}, "corpus": 3}')
    assert "run.json is damaged" in Parser(Run(tmp_path)._repr_html_()).text
    assert repr(Run(tmp_path)) == f"Run('{tmp_path}')"


def test_nothing_is_shown_where_there_is_no_notebook(tmp_path):
    assert watch_training(Run(tmp_path), "char", {}) is None


def test_a_model_shows_itself_whatever_it_writes():
    odd = Generator(follower("<&>", [1, 2, 0]))
    assert "it writes:&><&><" in Parser(odd._repr_html_()).text
    mixed = Generator(build_mixture([chancy(), chancy("abcd")], [3, 1]))
    shown = Parser(mixed._repr_html_()).text
    assert "75% of it:network2 LSTM layers of 12 units" in shown
    assert "25% of it:" in shown
    broken = chancy()
    broken.weights["output.bias"][:] = math.nan
    assert "writes" not in Parser(Generator(broken)._repr_html_()).text
