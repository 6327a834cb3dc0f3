"""Several models as one: golden numbers by hand, and the laws of what is mixed."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data.labels import LabelSet
from burble.errors import SettingsError
from burble.inference.generator import Generator
from burble.model.mixture import Mixer, build_core, build_mixer, build_mixture, find_ids
from burble.model.softmax import softmax
from burble.settings import TextSettings
from tests.support.speakers import chancy, follower

IDS = np.random.default_rng(3).integers(4, size=300)
WINDOWS = replace(chancy(), window=5, excerpt="abcabc")


def mix_alphabets(alphabets, weights, predictions, boundaries=()):
    """Symbols and what models predict together, by what each predicts."""
    models = [
        chancy(symbols, boundary=place in boundaries) for place, symbols in enumerate(alphabets)
    ]
    mixture = build_mixture(models, weights)
    mixer = build_mixer(mixture)
    logits = [np.log(np.array([row])) for row in predictions]
    names = (*mixture.vocabulary.symbols, "EDGE")
    return dict(zip(names, softmax(mixer.mix(logits))[0].tolist(), strict=False))


@pytest.mark.parametrize(
    "model",
    [chancy(), chancy(cell="gru", ensemble=2), chancy(cell="rnn", boundary=True), WINDOWS],
    ids=["lstm", "ensemble", "documents", "windows"],
)
@pytest.mark.parametrize("weights", [(1, 1), (0.2, 0.7, 0.1)])
def test_a_model_mixed_with_itself_is_that_model(model, weights):
    alone, mixed = Generator(model), Generator(build_mixture([model] * len(weights), weights))
    np.testing.assert_allclose(mixed.nll(IDS), alone.nll(IDS), atol=2e-6)
    assert mixed.model.vocabulary == model.vocabulary
    assert mixed.generate("ab", seed=4) == alone.generate("ab", seed=4)


def test_a_model_of_weight_0_takes_no_part():
    one, other = chancy(), chancy("xyzABC\n", seed=1, boundary=True)
    mixture = build_mixture([one, other], [3, 0])
    assert mixture.vocabulary == one.vocabulary
    assert mixture.mix == (1.0,)
    alone, mixed = Generator(one), Generator(mixture)
    np.testing.assert_allclose(mixed.nll(IDS), alone.nll(IDS), atol=2e-6)
    swapped = Generator(build_mixture([other, one], [0, 1]))
    assert swapped.generate("ab", seed=4) == mixed.generate("ab", seed=4)


def test_of_one_alphabet_the_mean_of_log_probabilities_is_normalised():
    found = mix_alphabets(["ab", "ab"], [3, 1], [[0.9, 0.1], [0.2, 0.8]])
    one, two = 0.9**0.75 * 0.2**0.25, 0.1**0.75 * 0.8**0.25
    assert found["a"] == pytest.approx(one / (one + two), rel=1e-6)
    assert found["a"] == pytest.approx(0.786061, abs=1e-6)


def test_what_one_model_alone_knows_it_alone_predicts():
    found = mix_alphabets(["ab7", "ab"], [1, 1], [[0.5, 0.1, 0.4], [0.2, 0.8]])
    # Together the models give a and b the geometric mean of 0.6 and 1; they disagree about them,
    # and the 7 gains nothing from that.
    assert found["7"] == pytest.approx(0.4 / (0.4 + 0.6**0.5), rel=1e-6)
    assert found["a"] / found["b"] == pytest.approx((0.5 * 0.2 / (0.1 * 0.8)) ** 0.5, rel=1e-6)


def test_what_a_model_cannot_tell_apart_the_others_tell_apart():
    found = mix_alphabets(["aAb", "ab"], [0.3, 0.7], [[0.1, 0.6, 0.3], [0.2, 0.8]])
    assert found["A"] / found["a"] == pytest.approx(6, rel=1e-6)
    letter, other = 0.7**0.3 * 0.2**0.7, 0.3**0.3 * 0.8**0.7
    assert found["b"] == pytest.approx(other / (letter + other), rel=1e-6)


def test_the_end_of_a_document_is_a_line_end_to_a_model_without_documents():
    found = mix_alphabets(
        ["ab", "ab\n"], [1, 1], [[0.2, 0.2, 0.6], [0.1, 0.1, 0.8]], boundaries={0}
    )
    # Neither can tell them apart: one knows the one, the other the other. The line end that the
    # one without documents predicts is divided by that; the rest of it is its own alone.
    ends, lines = 0.8 * 0.6 / 1.4, 0.8 * 0.8 / 1.4
    both = {"a": (0.2 * 0.1) ** 0.5, "b": (0.2 * 0.1) ** 0.5, "EDGE": (0.6 * ends) ** 0.5}
    expected = both["EDGE"] / sum(both.values()) * (0.2 + ends) ** 0.5
    assert found["EDGE"] / found["\n"] == pytest.approx(expected / lines, rel=1e-6)
    alphabet = build_mixture([chancy("ab", boundary=True), chancy("ab\n")], [1, 1]).vocabulary
    ids, known = find_ids(alphabet, chancy("ab\n").vocabulary)
    assert alphabet.symbols == ("a", "b", "\n")
    assert ids.tolist() == [0, 1, 2, 2]
    assert known.tolist() == [True, True, True, False]


def test_alphabets_without_a_symbol_in_common_share_by_what_each_predicts():
    found = mix_alphabets(["ab", "αβ"], [2, 1], [[0.9, 0.1], [0.5, 0.5]])
    assert found == pytest.approx({"a": 0.45, "b": 0.05, "α": 0.25, "β": 0.25})


@given(st.data())
def test_a_mixture_depends_neither_on_the_order_of_models_nor_on_the_scale_of_weights(data):
    several = st.sets(st.sampled_from("abABéE'’7\n"), min_size=1).map(lambda s: "".join(sorted(s)))
    alphabets = data.draw(st.lists(several, min_size=2, max_size=3))
    count = len(alphabets)
    weights = data.draw(st.lists(st.floats(0.01, 1), min_size=count, max_size=count))
    edges = data.draw(st.sets(st.integers(0, count - 1)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    rows = [rng.dirichlet(np.ones(len(a) + (i in edges))) + 1e-9 for i, a in enumerate(alphabets)]
    usual = mix_alphabets(alphabets, weights, rows, edges)
    assert sum(usual.values()) == pytest.approx(1, abs=1e-9)
    assert min(usual.values()) > 0
    order = data.draw(st.permutations(range(count)))
    found = mix_alphabets(
        [alphabets[i] for i in order],
        [5 * weights[i] for i in order],
        [rows[i] for i in order],
        {place for place, i in enumerate(order) if i in edges},
    )
    assert found == pytest.approx(usual, rel=1e-4)


def test_a_model_reads_the_nearest_that_it_knows_or_nothing():
    small = follower("ab'", [1, 2, 0])
    larger = chancy("aBé'’7")
    mixture = build_mixture([larger, small], [1, 1])
    ids, _ = find_ids(mixture.vocabulary, small.vocabulary)
    assert dict(zip(mixture.vocabulary.symbols, ids.tolist(), strict=True)) == {
        "a": 0, "B": 1, "é": -1, "'": 2, "’": 2, "7": -1, "b": 1,
    }  # fmt: skip
    engine = build_core(mixture)
    alone = build_core(small)
    encode = mixture.vocabulary.encode
    mixed = build_mixer(mixture).mix
    for text, read in (("B7", "b"), ("a’", "a'"), ("éa", "a")):
        logits, _ = engine.read_symbols(encode(text), engine.zero_state(1))
        whole, _ = build_core(larger).read_symbols(
            larger.vocabulary.encode(text), build_core(larger).zero_state(1)
        )
        part, _ = alone.read_symbols(small.vocabulary.encode(read), alone.zero_state(1))
        np.testing.assert_allclose(logits[-1:], mixed([whole[-1:], part[-1:]]), atol=1e-5)


@pytest.mark.parametrize("other", [chancy("aB'\n", 1, boundary=True), WINDOWS])
def test_blocks_and_steps_read_alike_and_streams_as_each_alone(other):
    mixture = build_mixture([chancy("abc7"), other], [0.6, 0.4])
    engine, size = build_core(mixture), mixture.vocabulary.size
    ids = np.random.default_rng(2).integers(size, size=(3, 20))
    state, rows = engine.zero_state(3), []
    for column in ids.T:
        logits, state = engine.step(column, state)
        rows.append(logits)
    for stream in range(3):
        alone, after = engine.read_symbols(ids[stream], engine.zero_state(1))
        np.testing.assert_allclose(np.array(rows)[:, stream], alone, atol=1e-4)
        for part, own in zip(state, after, strict=True):
            np.testing.assert_allclose(part[..., stream], own[..., 0], atol=1e-5)
    assert alone.dtype == np.float32


def test_cleaning_is_what_all_have_in_common_and_writing_what_suits_them():
    one = replace(
        chancy(boundary=True),
        text=TextSettings(lowercase=True, strip_punctuation=True, documents="lines"),
        summary={"writing": {"temperature": 0.6, "rounds": 3}},
    )
    other = replace(
        chancy("xyz"),
        text=TextSettings(lowercase=True, min_count=4),
        summary={"writing": {"temperature": 1.0, "break_loops": False, "close_quotes": 2}},
    )
    mixture = build_mixture([other, one], [1, 3])
    assert mixture.text == TextSettings(lowercase=True, documents="lines")
    assert mixture.separator == one.separator
    expected = {"temperature": 0.7, "close_quotes": 2, "break_loops": False, "rounds": 3}
    assert mixture.summary == {"writing": pytest.approx(expected)}


def test_letters_and_graphemes_are_not_mixed():
    graphemes = follower(["e\u0301", "a"], [1, 0], unit="grapheme")
    with pytest.raises(SettingsError, match=r"char and grapheme.*same --unit"):
        build_mixture([chancy(), graphemes], [1, 1])
    found = Generator(build_mixture([graphemes, graphemes], [1, 1])).generate("a", length=2)
    assert found == "e\u0301a"[:2]


def test_predictions_that_are_far_below_others_stay_numbers():
    ids, known = np.array([[0, 1, 2], [0, 0, 1]]), np.array([[1, 1, 1], [1, 0, 1]], bool)
    mixer = Mixer(ids, known, np.array([0.5, 0.5], np.float32))
    far = np.array([[-200.0, -300.0, 0.0]], np.float32), np.array([[-500.0, 0.0]], np.float32)
    assert np.isfinite(mixer.mix(far)).all()


def test_a_label_steers_the_models_that_know_it():
    poets = LabelSet(("poet",), (("Dickinson", "Whitman"),))
    kinds = LabelSet(("kind", "poet"), (("ode", "song"), ("Blake", "Whitman")))
    one, other = chancy(labels=poets), chancy("abcd\n", 1, labels=kinds)
    mixture = build_mixture([one, other, chancy()], [1, 1, 1])
    assert mixture.labels.columns == mixture.text.label == ("poet", "kind")
    assert mixture.labels.values == (("Blake", "Dickinson", "Whitman"), ("ode", "song"))
    engine, mixer = build_core(mixture), build_mixer(mixture)
    ids = np.array([0, 1, 2, 1])

    def predict(labels):
        core = engine.with_labels(mixture.labels.find(labels))
        return core.read_symbols(ids, core.zero_state(1))[0]

    def predict_each(first, second):
        each = []
        for model, labels in ((one, first), (other, second), (chancy(), ())):
            core = build_core(model).with_labels(model.labels.find(labels))
            each.append(core.read_symbols(ids, core.zero_state(1))[0])
        return mixer.mix(each)

    cases: list[tuple[tuple[str, ...], ...]] = [
        ((), (), ()),
        (("poet=Whitman",), ("poet=Whitman",), ("poet=Whitman",)),
        (("poet=Dickinson",), ("poet=Dickinson",), ()),
        (("kind=ode", "poet=Blake"), (), ("kind=ode", "poet=Blake")),
    ]
    for labels, first, second in cases:
        np.testing.assert_allclose(predict(labels), predict_each(first, second), atol=1e-5)
    assert not np.allclose(predict(()), predict(("poet=Dickinson",)))
    with pytest.raises(SettingsError, match="none that this model was trained on"):
        predict(("poet=Poe",))
