"""Models that learned each document from a zero state read, score and write each from one."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from burble.inference import loop
from burble.inference.generator import Generator
from burble.inference.symbol_scores import score_symbols
from burble.model.engine import build_engine, finish_reading, select_streams
from burble.model.file import read_model, write_model
from burble.model.mixture import build_core, build_mixture
from burble.model.portable import build_portable
from burble.model.resets import ResetEngine, reset_streams
from burble.model.softmax import log_softmax
from tests.support.speakers import POETS, apart, chancy

EDGE = 4
STREAMS = chancy(boundary=True, scale=0.6)
APART = apart(STREAMS)
PLAIN: dict[str, Any] = {"break_loops": False, "close_quotes": 0.0, "temperature": 1.0}
"""What looks back upon the documents before is left out."""


def without_kernels(monkeypatch, wanted):
    if wanted == "numpy":
        monkeypatch.setenv("BURBLE_NATIVE", "0")


def test_the_file_says_which_models_learned_so(tmp_path):
    assert APART.reset_id == EDGE
    write_model(tmp_path / "m", APART)
    assert read_model(tmp_path / "m").reset_id == EDGE
    told = [{"training": {"framing": "streams"}}, {"training": "documents"}]
    others = [STREAMS, apart(chancy()), *(replace(STREAMS, summary=one) for one in told)]
    # Of several that are mixed, each does as it learned.
    others.append(build_mixture([APART, STREAMS], [1, 1]))
    assert [one.reset_id for one in others] == [None] * 5


CORES = {
    "kernels": lambda: build_core(APART),
    "ensemble": lambda: build_core(apart(chancy(boundary=True, ensemble=2, cell="gru"))),
    "labels": lambda: build_core(apart(chancy(boundary=True, labels=POETS))).with_labels((2, 0)),
    "portable": lambda: build_core(APART, portable=True),
    "mixture": lambda: build_core(build_mixture([APART, APART], [1, 2])),
}


@pytest.mark.parametrize("name", [*CORES, "numpy"])
def test_what_stands_before_an_edge_changes_nothing_behind_it(name, monkeypatch):
    without_kernels(monkeypatch, name)
    core = CORES.get(name, CORES["kernels"])()

    @tried(deadline=None, max_examples=15)
    @given(st.lists(st.sampled_from([0, 1, 2, 3, EDGE, EDGE, -1]), max_size=70), st.integers(0, 40))
    def check(before, count):
        after = np.random.default_rng(count).integers(0, EDGE, count)
        _, read = core.read_symbols(np.array([0, *before]), core.zero_state(1))
        kept = [part.copy() for part in read]
        ids = np.array([EDGE, *after])
        expected, end = core.read_symbols(ids, core.zero_state(1))
        found, state = core.read_symbols(ids, read)
        whole, _ = core.read_symbols(np.array([0, *before, *ids]), core.zero_state(1))
        np.testing.assert_array_equal(found, expected)
        np.testing.assert_array_equal(whole[-len(ids) :], expected)
        for part, other in zip(state, end, strict=True):
            np.testing.assert_array_equal(part, other)
        # The state that was given is as it was.
        for part, other in zip(read, kept, strict=True):
            np.testing.assert_array_equal(part, other)

    check()


@pytest.mark.parametrize("name", [*CORES, "numpy"])
def test_streams_side_by_side_are_reset_each_by_itself(name, monkeypatch):
    without_kernels(monkeypatch, name)
    core = CORES.get(name, CORES["kernels"])()
    ids = np.random.default_rng(0).integers(0, EDGE + 1, (30, 5))
    state, together = core.zero_state(5), []
    for row in ids:
        logits, state = core.step(row, state)
        together.append(logits)
    for stream in range(5):
        own = core.zero_state(1)
        for place, symbol in enumerate(ids[:, stream]):
            logits, own = core.step(np.array([symbol]), own)
            np.testing.assert_array_equal(logits[0], together[place][stream])
    if core.side_by_side:
        logits, _ = finish_reading(core.read_in_parts(ids, core.zero_state(5)))
        np.testing.assert_allclose(logits, together, atol=1e-6)


def test_a_network_by_itself_carries_its_state_on():
    ids = np.array([1, 2, EDGE, 0])
    for build, portable in ((build_engine, False), (build_portable, True)):
        cores = [
            build(STREAMS.weights, STREAMS.architecture),
            build_core(STREAMS, portable=portable),
            build_core(APART, portable=portable),
        ]
        assert [isinstance(core, ResetEngine) for core in cores] == [False, False, True]
        own, unchanged, found = (core.read_symbols(ids, core.zero_state(1))[0] for core in cores)
        np.testing.assert_array_equal(unchanged, own)
        np.testing.assert_array_equal(found[:2], own[:2])
        assert np.abs(found[2:] - own[2:]).max() > 0.01


def test_a_mixture_resets_the_models_that_learned_so():
    core = build_core(build_mixture([APART, STREAMS], [1, 1]))
    first, second = (build_core(one) for one in (APART, STREAMS))
    ids = np.array([1, 2, EDGE, 0, 1])
    found, *parts = (
        log_softmax(one.read_symbols(ids, one.zero_state(1))[0].astype(float))
        for one in (core, first, second)
    )
    np.testing.assert_allclose(found, log_softmax((parts[0] + parts[1]) / 2), atol=1e-5)
    assert np.abs(parts[0] - parts[1])[2:].max() > 0.01


def test_nothing_is_copied_where_nothing_is_reset():
    state = (np.ones((2, 3, 4), np.float32),)
    assert reset_streams(np.zeros(4, bool), state) is state
    state[0][0, 0, 1] = np.nan
    (found,) = reset_streams(np.array([False, True, False, False]), state)
    assert found[:, :, 1].tolist() == np.zeros((2, 3)).tolist()
    others = [select_streams((one,), [0, 2, 3])[0] for one in (found, *state)]
    np.testing.assert_array_equal(others[0], others[1])


class Later:
    """Random numbers from a seed, of which the first are gone."""

    def __init__(self, passed):
        self.passed = passed

    def __call__(self, seed):
        rng = np.random.default_rng(seed)
        rng.random(self.passed)
        return rng


def write_documents(model, monkeypatch, length=700, **options):
    """What a model writes in one go, by documents, and each of them alone with the same chance."""
    writer, options = Generator(model), PLAIN | {"seed": 3} | options
    written = writer.generate(length=length, **options).split(model.separator)[:-1]
    alone, passed = [], 0
    for document in written:
        monkeypatch.setattr(loop, "default_rng", Later(passed))
        alone.append(writer.generate(length=length, until_document=True, **options))
        # Its end is drawn, too.
        passed += len(document) + 1
    monkeypatch.undo()
    return written, alone


@pytest.mark.parametrize("way", ["kernels", "numpy", "portable"])
@pytest.mark.parametrize("ensemble", [1, 2])
def test_each_document_is_written_as_a_first_one_is(way, ensemble, monkeypatch):
    streams = chancy(boundary=True, scale=0.6, ensemble=ensemble)
    options = {"portable": way == "portable"}
    with monkeypatch.context() as patched:
        without_kernels(patched, way)
        written, alone = write_documents(apart(streams), patched, **options)
    assert len(written) > 20
    assert written == alone
    # One that learned in streams goes on from what it wrote.
    with monkeypatch.context() as patched:
        without_kernels(patched, way)
        carried, first = write_documents(streams, patched, **options)
    assert carried[0] == first[0] == written[0]
    assert carried != first


def test_a_text_does_not_depend_on_what_else_is_written():
    writer, options = Generator(APART), PLAIN | {"length": 150, "seed": 5}
    many = writer.generate_many(count=9, **options)
    assert all("--" in text for text in many)
    assert many[0] == writer.generate(**options)
    assert many[:4] == writer.generate_many(count=4, **options)
    # One symbol at a time, and several at once.
    assert many[0] == writer.generate(top_k=5, **options)


def test_of_a_prompt_only_what_follows_its_last_edge_counts():
    writer = Generator(APART)
    assert writer.probabilities("ab\n--c--ca") == writer.probabilities("ca")
    assert Generator(STREAMS).probabilities("ab\n--c--ca") != Generator(STREAMS).probabilities("ca")
    settings, _ = writer.resolve_settings(PLAIN | {"seed": 1, "length": 40})
    prompts = "ca", "ab--ca", [EDGE, 0, 1, EDGE, 2, 0]
    texts = [[*writer.prepare_texts(one, settings).stream_whole(1)] for one in prompts]
    assert texts[0] == texts[1] == texts[2]


def test_a_text_is_scored_as_it_is_written():
    writer = Generator(APART)
    whole, second = score_symbols(writer, "abc--ca\nb"), score_symbols(writer, "ca\nb")
    assert whole[3].text == "--"
    assert [one.log_probability for one in whole[4:]] == [one.log_probability for one in second]
    chances = writer.probabilities("abc--ca")
    assert whole[6].log_probability == pytest.approx(np.log(chances["\n"]), abs=1e-6)
    carried = score_symbols(Generator(STREAMS), "abc--ca\nb")[4:]
    assert carried[0].log_probability != pytest.approx(whole[4].log_probability, abs=1e-3)
