"""What TensorBoard itself reads of a training: curves, samples and settings, each step once."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.formatting import fence
from burble.runs.events import Report, Sample, Score
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.runs.tensorboard import FOLDER
from burble.settings import TextSettings
from tests.support.corpora import build_corpus
from tests.support.trainers import TEXT, TINY, run_training

pytest.importorskip("tensorboard", reason="TensorBoard is not installed")
# TensorBoard 2.21 brings a copy of html5lib that warns as it is loaded.
pytestmark = pytest.mark.filterwarnings("ignore:html5lib's sanitizer:DeprecationWarning")
SMALL = TINY | {"steps": 24, "framing": "streams"}


def read_board(run):
    """What TensorBoard reads in each folder: tags, with their steps and tensors."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.util.tensor_util import make_ndarray

    found = {}
    for place in sorted((run.folder / FOLDER).iterdir()):
        loaded = EventAccumulator(str(place), size_guidance={"tensors": 0}).Reload()
        found[place.name] = {
            tag: [(one.step, make_ndarray(one.tensor_proto).item()) for one in loaded.Tensors(tag)]
            for tag in loaded.Tags()["tensors"]
            if not tag.startswith("_")
        }
        for tag in loaded.Tags()["tensors"]:
            if tag.startswith("_"):
                found[place.name][tag] = loaded.SummaryMetadata(tag).plugin_data.content
    return found


def show(markdown):
    """The text that a person sees where TensorBoard shows some Markdown."""
    from tensorboard.plugin_util import markdown_to_safe_html

    shown = markdown_to_safe_html(markdown)
    plain = re.fullmatch(r"<pre><code>([^<>]*)\n</code></pre>", shown)
    assert plain, shown
    return html.unescape(plain[1])


def blanks(text):
    """A text without what Markdown makes of tabs and of lines of blanks."""
    return re.sub(r"(?m)^ +$", "", text.expandtabs(4))


@given(st.text(st.sampled_from("`~*_#|<>&[]()!-\\ \t\na😀é"), max_size=60))
def test_a_sample_is_shown_as_it_is(text):
    assert blanks(show(fence(text))) == blanks(text)


def test_what_no_page_can_show_is_shown_as_such():
    assert show(fence("a\x02b\rc\x1bd\u2028e\x00")) == "a\ufffdb\ufffdc\ufffdd\ufffde\ufffd"


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_without_a_step_twice(tmp_path):
    from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

    made, run = build_corpus([TEXT], TextSettings()), Run(tmp_path / "run")
    request = TrainingRequest(SMALL, tensorboard=True)
    events = run_training(made, run, request)
    # Some steps beyond the state that was saved at the first score.
    scored = next(event for event in events if isinstance(event, Score))
    later = [event for event, _ in zip(events, range(5), strict=False)]
    assert any(isinstance(event, Report) and event.step > scored.state.step for event in later)
    events.close()
    # And an event that was being written.
    path = next((run.folder / FOLDER / "training").iterdir())
    with path.open("ab") as file:
        file.write(b"\x30" + bytes(20))
    assert read_board(run)["training"]["loss"][-1][0] > scored.state.step
    samples = {event.step: event.text for event in later if isinstance(event, Sample)}
    again = TrainingRequest({}, resume=True)
    for event in run_training(made, run, again):
        samples |= {event.step: event.text} if isinstance(event, Sample) else {}
    read, metrics = read_board(run), run.metrics()
    for place, name in (("training", "loss"), ("validation", "held_out_loss")):
        stored = [(m["step"], pytest.approx(m[name], rel=1e-6)) for m in metrics if name in m]
        assert read[place]["loss"] == stored
    shown = {step: show(text.decode()) for step, text in read["validation"]["sample"]}
    assert shown == {step: blanks(text) for step, text in samples.items()}
    facts = run.facts()
    for place, name in (("uniform guessing", "nothing"), ("symbol frequencies", "letters")):
        steps, losses = zip(*read[place]["loss"], strict=True)
        assert steps == (0, 24)
        assert losses == pytest.approx((facts["references"][name],) * 2, rel=1e-6)
    content = HParamsPluginData.FromString(read["validation"]["_hparams_/session_start_info"])
    hparams = content.session_start_info.hparams
    assert hparams["units"].number_value == 16
    assert hparams["framing"].string_value == "streams"
    assert hparams["lowercase"].bool_value is False
    assert "units: 16\n" in show(read["validation"]["settings"][0][1].decode())


@pytest.mark.slow
def test_a_run_that_was_not_shown_until_now_shows_its_past_too(tmp_path):
    made, run = build_corpus([TEXT], TextSettings()), Run(tmp_path / "run")
    list(run_training(made, run, TrainingRequest(SMALL | {"steps": 6})))
    assert not (run.folder / FOLDER).exists()
    again = TrainingRequest({"steps": 12}, resume=True, tensorboard=True)
    list(run_training(made, run, again))
    read = read_board(run)
    steps = [m["step"] for m in run.metrics() if "loss" in m]
    assert [step for step, _ in read["training"]["loss"]] == steps
    assert steps[0] == 1
    assert steps[-1] == 12
    # And its lines go on where it does, from where it ended.
    list(run_training(made, run, TrainingRequest({"steps": 15}, resume=True)))
    list(run_training(made, run, TrainingRequest({}, resume=True)))
    read = read_board(run)
    for tag, expected in (("uniform guessing", [0, 12, 15]), ("training", [*range(1, 16)])):
        assert [step for step, _ in read[tag]["loss"]] == expected
