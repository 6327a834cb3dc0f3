"""Two laws of every score, held on the way that `burble eval` goes, for each thing a model can be.

At every position of a text probabilities add up to 1; and what comes later changes no loss before
it, to the bit. Models have random weights, so that nothing about them is easy.
"""

from dataclasses import dataclass, replace
from functools import partial
from itertools import product

import numpy as np
import pytest

from burble.data.labels import PlaceLabels
from burble.errors import SettingsError
from burble.evaluation import dynamic
from burble.evaluation import evaluate as evaluation
from burble.evaluation import losses as losses_module
from burble.evaluation.calibration import Calibration
from burble.inference import generator
from burble.inference.generator import Generator
from burble.model.file import write_model
from burble.model.mixture import build_mixture
from burble.model.transfer import transfer_weights
from burble.ngram.file import index_path, write_index
from burble.ngram.index import build_index
from tests.support.attention import attending
from tests.support.speakers import POETS, apart, chancy

CELLS = ("lstm", "gru", "rnn")
FRAMINGS = ("streams", "documents", "windows")
NETWORKS = (1, 2)
BASES = (False, True)
WEIGHTS = (0.0, 0.3, 1.0)
"""Of the n-gram model."""
PAST, SCORED = 200, 60
"""Symbols that an n-gram model knows, and symbols after them that are scored."""
ADAPTIVE = (
    ("lstm", "streams", 1, False),
    ("gru", "documents", 2, True),
    ("rnn", "streams", 2, True),
    ("lstm", "documents", 1, True),
)
"""Fewer of those that learn as they read, since each is compiled."""


def build_model(cell, framing, networks, base):
    """A model with random weights, which began from one with another alphabet if it has a base."""
    edges = framing == "documents"
    model = chancy(
        "abc\n", cell=cell, ensemble=networks, boundary=edges, units=6, embedding=3, scale=0.7
    )
    if base:
        older = chancy("xa\ny", 1, cell=cell, ensemble=networks, units=6, embedding=3, scale=0.7)
        weights = transfer_weights(older, model.vocabulary, model.weights)
        summary = {"base": {"name": "older", "sha256": "0"}}
        model = replace(model, weights=weights, summary=summary)
    model = apart(model) if edges else model
    return replace(model, window=7, excerpt="abcabc") if framing == "windows" else model


def draw_ids(framing, seed=0):
    """A random text in ids, with edges where there are documents, also two in a row."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(4, size=PAST + SCORED)
    if framing == "documents":
        ids[rng.integers(PAST, size=30)] = 4
        ids[[PAST, -45, -20, -19, -9, -1]] = 4
    return ids


@dataclass
class Scored:
    """What a score was made of, in the order of the text, for each weight of the n-gram model."""

    losses: list[np.ndarray]
    predictions: list[np.ndarray]


@pytest.fixture
def record(monkeypatch):
    """Scores the end of a text as `burble eval` does, and returns what its score was made of."""
    losses: list[np.ndarray] = []
    rows: dict[Calibration, list[np.ndarray]] = {}
    numbers: list[np.ndarray] = []
    summarize, predict = evaluation._summarize_losses, losses_module._predict

    class Recording(Calibration):
        def add(self, log_probabilities, targets):
            rows.setdefault(self, []).append(log_probabilities.copy())
            super().add(log_probabilities, targets)

    def keep_losses(found, characters):
        losses.append(found)
        return summarize(found, characters)

    def keep_numbers(*given, **how):
        for places, predictions in predict(*given, **how):
            numbers.append(places)
            yield places, predictions

    monkeypatch.setattr(losses_module, "Calibration", Recording)
    monkeypatch.setattr(evaluation, "_summarize_losses", keep_losses)
    monkeypatch.setattr(losses_module, "_predict", keep_numbers)

    def score(writer, ids, **how):
        losses.clear()
        rows.clear()
        numbers.clear()
        evaluation.score_validation(writer, ids, PAST, **how)
        found = [np.concatenate(each) for each in rows.values()]
        # Short documents are read side by side; what is read before the first is of one text.
        order = np.concatenate(numbers)[-len(found[0]) :].argsort(kind="stable")
        return Scored([*losses], [each[order] for each in found])

    return score


def scored_places(framing, ids):
    """The places of symbols that are predicted, in order; an edge right after an edge is not."""
    places = np.arange(PAST, len(ids))
    if framing != "documents":
        return places
    first = ids[PAST - 1 : -1] == 4
    first[0] = True
    return places[~(first & (ids[PAST:] == 4))]


def check_laws(record, writer, framing, **how):
    """Both laws, for one model and all weights of its n-gram model at once."""
    ids = draw_ids(framing)
    places = scored_places(framing, ids)
    usual = record(writer, ids, **how)
    for losses, rows in zip(usual.losses, usual.predictions, strict=True):
        assert np.abs(np.exp(rows).sum(axis=1) - 1).max() < 1e-6
        assert (losses == -rows[np.arange(len(places)), ids[places]]).all()
    for place in (places[1], places[33], places[-2]):
        assert ids[place] != 4
        other = ids.copy()
        other[place] = (other[place] + 1) % 4
        found, at = record(writer, other, **how), int(np.searchsorted(places, place))
        for one, two in zip(usual.predictions, found.predictions, strict=True):
            # Not even its own prediction knows the symbol; that of the next one does.
            assert (one[: at + 1] == two[: at + 1]).all()
            assert (one[at + 1] != two[at + 1]).any()
        for one, two in zip(usual.losses, found.losses, strict=True):
            assert (one[:at] == two[:at]).all()
            assert one[at] != two[at]


@pytest.mark.parametrize(
    ("cell", "framing", "networks", "base"), [*product(CELLS, FRAMINGS, NETWORKS, BASES)]
)
def test_laws_hold_for_every_static_score(record, cell, framing, networks, base):
    memory = partial(build_index, draw_ids(framing)[:PAST])
    writer = Generator(build_model(cell, framing, networks, base), memory)
    check_laws(record, writer, framing, weights=WEIGHTS)
    # Without one, short documents are read side by side.
    check_laws(record, writer, framing)


@pytest.mark.parametrize("framing", ["streams", "documents"])
def test_laws_hold_for_a_network_that_attends(record, framing):
    model = attending(symbols="abc\n", boundary=framing == "documents")
    writer = Generator(model, partial(build_index, draw_ids(framing)[:PAST]))
    check_laws(record, writer, framing, weights=WEIGHTS)
    other = build_model("lstm", framing, 1, True)
    mixed = Generator(build_mixture([model, other], [0.6, 0.4]))
    check_laws(record, mixed, framing)
    with pytest.raises(SettingsError, match="Leave out --adaptive"):
        record(mixed, draw_ids(framing), adaptive=True)


@pytest.fixture
def compiled_once(monkeypatch):
    """Compiles the dynamic evaluation of each model once: it begins anew with each text."""
    build, built = dynamic.DynamicEvaluator, {}

    def find(model):
        if id(model) not in built:
            built[id(model)] = build(model)
        return built[id(model)]

    monkeypatch.setattr(dynamic, "DynamicEvaluator", find)


@pytest.fixture
def other_text(tmp_path):
    """A text that no model has read, with a letter that none knows."""
    path = tmp_path / "text.txt"
    path.write_text("abca\ncbaé" * 20, encoding="utf-8")
    return path


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize(("cell", "framing", "networks", "base"), ADAPTIVE)
def test_laws_hold_for_adaptive_scores(record, other_text, cell, framing, networks, base):
    writer = Generator(build_model(cell, framing, networks, base))
    if base:
        writer = writer.with_memory(other_text, log=str)
    else:
        writer = Generator(writer.model, partial(build_index, draw_ids(framing)[:PAST]))
    check_laws(record, writer, framing, weights=WEIGHTS, adaptive=True)


def labelled_writer(cell, framing, networks):
    """A model with labels, and those of a text of `draw_ids`: others for each document, or none."""
    edges = framing == "documents"
    shape = {"cell": cell, "ensemble": networks, "units": 6, "embedding": 3}
    model = chancy("abc\n", boundary=edges, labels=POETS, scale=0.7, **shape)
    if framing == "windows":
        model = replace(model, window=7, excerpt="abcabc")
    starts = np.flatnonzero(np.append(True, draw_ids(framing)[:-1] == 4) if edges else [True])
    numbers = np.array([[(1, 3), (2, 0), (0, 0), (2, 4)][n % 4] for n in range(len(starts))])
    memory = partial(build_index, draw_ids(framing)[:PAST])
    return Generator(model, memory), PlaceLabels(starts, numbers.astype(np.int32))


@pytest.mark.parametrize(
    ("cell", "framing", "networks"), [*product(CELLS, FRAMINGS, (1,)), ("gru", "documents", 2)]
)
def test_laws_hold_with_labels(record, cell, framing, networks):
    writer, labels = labelled_writer(cell, framing, networks)
    check_laws(record, writer, framing, weights=WEIGHTS, labels=labels)
    check_laws(record, writer, framing, labels=labels)
    ids = draw_ids(framing)
    assert not np.array_equal(
        record(writer, ids, labels=labels).losses[0], record(writer, ids).losses[0]
    )


@pytest.mark.usefixtures("compiled_once")
def test_laws_hold_for_adaptive_scores_with_labels(record):
    writer, labels = labelled_writer("lstm", "documents", 2)
    check_laws(record, writer, "documents", weights=WEIGHTS, labels=labels, adaptive=True)


def build_mixed(framing, cells=("lstm", "gru")):
    """A mixture of models that know parts of an alphabet of four symbols."""
    edges = framing == "documents"
    one = chancy("abA", cell=cells[0], boundary=edges, units=6, embedding=3, scale=0.7)
    other = chancy("ab\n", 1, cell=cells[1], ensemble=2, units=6, embedding=3, scale=0.7)
    if framing == "windows":
        other = replace(other, window=7, excerpt="abab")
    return build_mixture([one, other], [0.6, 0.4])


@pytest.mark.parametrize("framing", FRAMINGS)
def test_laws_hold_for_static_scores_of_a_mixture(record, framing):
    writer = Generator(build_mixed(framing), partial(build_index, draw_ids(framing)[:PAST]))
    check_laws(record, writer, framing, weights=WEIGHTS)
    check_laws(record, writer, framing)


@pytest.mark.usefixtures("compiled_once")
def test_laws_hold_for_adaptive_scores_of_a_mixture(record):
    writer = Generator(build_mixed("streams"), partial(build_index, draw_ids("streams")[:PAST]))
    check_laws(record, writer, "streams", weights=WEIGHTS, adaptive=True)


@pytest.mark.usefixtures("compiled_once")
@pytest.mark.parametrize("adaptive", [False, True])
def test_laws_hold_for_all_at_once(record, other_text, adaptive):
    """A mixture of a model with labels and one from a base, with the n-grams of another text."""
    one, labels = labelled_writer("lstm", "documents", 2)
    other = build_model("gru", "documents", 1, True)
    mixed = build_mixture([one.model, other], [0.6, 0.4])
    assert (mixed.labels, mixed.base) == (one.model.labels, "older")
    writer = Generator(mixed).with_memory(other_text, log=str)
    how = {"weights": WEIGHTS, "labels": labels, "adaptive": adaptive}
    check_laws(record, writer, "documents", **how)
    plain = record(writer, draw_ids("documents"), **(how | {"labels": None}))
    labelled = record(writer, draw_ids("documents"), **how)
    assert all((a != b).any() for a, b in zip(plain.losses, labelled.losses, strict=True))


@pytest.mark.parametrize("framing", FRAMINGS)
def test_laws_hold_with_an_n_gram_model_from_a_file(record, tmp_path, framing):
    ids = draw_ids(framing)
    model = build_model("lstm", framing, 2, True)
    facts = {"corpus": {"sha256": "1", "symbols": len(ids), "held_out": SCORED}}
    model = replace(model, summary={**model.summary, **facts})
    path = tmp_path / "model.safetensors"
    write_model(path, model)
    write_index(index_path(path), build_index(ids[:PAST]), model)
    check_laws(record, generator.load(path), framing, weights=WEIGHTS)


@pytest.mark.parametrize(("framing", "base"), [*product(FRAMINGS, BASES)])
def test_laws_hold_with_the_n_gram_model_of_another_text(record, other_text, framing, base):
    writer = Generator(build_model("lstm", framing, 1, base)).with_memory(other_text, log=str)
    check_laws(record, writer, framing, weights=WEIGHTS)


def test_what_cannot_be_scored_is_refused_with_a_sentence(record):
    ids = draw_ids("windows")
    writer = Generator(build_model("lstm", "windows", 1, False), partial(build_index, ids[:PAST]))
    with pytest.raises(SettingsError, match=r"window anew for each symbol.*Leave out --adaptive"):
        record(writer, ids, adaptive=True)
    mixed = build_mixture([writer.model, build_model("gru", "streams", 1, False)], [1, 1])
    with pytest.raises(SettingsError, match=r"window anew for each symbol.*Leave out --adaptive"):
        record(Generator(mixed), ids, adaptive=True)
    with pytest.raises(SettingsError, match="no memory beside it"):
        record(Generator(writer.model), ids, weights=(0.5,))
