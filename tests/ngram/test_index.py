"""A memory of a text: its counts against a slow count of all places, its file, its gate."""

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from burble.errors import CorpusError, ModelFileError, SettingsError
from burble.inference import generator
from burble.inference.generator import Generator
from burble.inference.scoring import Remembering, nothing
from burble.ngram import mixing, predictor
from burble.ngram.file import index_path, read_index, write_index
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.mixing import MixingWeights, mix_predictions, update_weights
from burble.ngram.predictor import NgramModel, NgramPredictor, Prediction
from tests.support.speakers import chancy


def before(ids, place):
    """The context of a place, the nearest first; zeros where the text begins."""
    return [*ids[:place][::-1][:MAX_CONTEXT], *[0] * MAX_CONTEXT][:MAX_CONTEXT]


def slow_counts(texts, context, size):
    """Kneser-Ney counts by looking at every place of every text, each counted so many times."""
    counts = np.zeros((MAX_CONTEXT + 1, size), int)
    for length in range(MAX_CONTEXT + 1):
        seen = set()
        for ids, times in texts:
            for place, symbol in enumerate(ids):
                its = before(ids, place)
                if its[:length] != [*context[:length]]:
                    continue
                longer = (symbol, *its[: length + 1])
                if length == MAX_CONTEXT or longer not in seen:
                    counts[length, symbol] += times
                seen.add(longer)
    return counts


texts = st.integers(2, 5).flatmap(lambda size: st.lists(st.integers(0, size - 1), min_size=1))


@given(texts, texts, st.sampled_from([0, 3, 256]))
def test_counts_are_those_of_every_place_looked_at(ids, other, few):
    size = max(ids + other) + 1
    context = before(other, len(other))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "MAX_SCANNED", few)
        met = NgramModel(build_index(np.array(ids)), size).count_following(np.array([context]))
    np.testing.assert_array_equal(met.counts[0], slow_counts([(ids, 1)], context, size))
    longest = met.longest[0]
    assert context[:longest] in [before(ids, p)[:longest] for p in range(len(ids))]
    longer = [before(ids, p)[: longest + 1] for p in range(len(ids))]
    assert longest == MAX_CONTEXT or context[: longest + 1] not in longer


@given(texts, st.sampled_from([0, 256]))
def test_the_probabilities_are_those_of_the_slow_n_gram_sum(ids, few):
    size = max(ids) + 1
    kept = build_index(np.array(ids))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "MAX_SCANNED", few)
        found = NgramModel(kept, size).predict(np.array([before(ids, len(ids))]))
    shares = np.full(size, 1 / size)
    counts = slow_counts([(ids, 1)], before(ids, len(ids)), size)
    for row, discounts in zip(counts, kept.discounts.astype(float), strict=True):
        if row.sum():
            taken = discounts[np.minimum(row, 3)]
            shares = (row - taken + taken.sum() * shares) / row.sum()
    np.testing.assert_allclose(found.probabilities[0], shares, rtol=1e-9)
    assert found.probabilities.sum() == pytest.approx(1)
    assert found.probabilities.min() > 0


@given(texts, texts)
@settings(max_examples=50)
def test_what_is_read_counts_as_if_it_had_stood_there(ids, read):
    """Twice as much, and in its own contexts."""
    size = max(ids + read) + 1
    reader = NgramPredictor(NgramModel(build_index(np.array(ids)), size), adaptive=True)
    for symbol in read:
        reader.append_symbol(symbol)
    found = reader._count().counts[0]
    context = before(read, len(read))
    both = slow_counts([(ids, 1), (read, predictor.RECENT_WEIGHT)], context, size)
    np.testing.assert_array_equal(found, both)


def test_what_was_read_is_sorted_in_once_it_is_much(monkeypatch):
    monkeypatch.setattr(predictor, "RECENT_SYMBOLS", 10)
    monkeypatch.setattr(predictor, "RECENT_WEIGHT", 1)
    rng = np.random.default_rng(0)
    ids, read = rng.integers(0, 3, 50), rng.integers(0, 300, 35)
    reader = NgramPredictor(NgramModel(build_index(ids), 300), adaptive=True)
    for symbol in read.tolist():
        reader.append_symbol(symbol)
        assert reader.predict().probabilities.sum() == pytest.approx(1)
    assert reader._model.index.ids().tolist() == [*ids, *read[:30]]


@pytest.mark.parametrize("size", [1, 2, 45, 256, 257, 60_000])
def test_alphabets_of_any_size(size):
    ids = np.random.default_rng(0).integers(0, size, 500)
    ids = np.concatenate([ids, ids[:40], ids[:40]])
    kept = build_index(ids)
    assert kept.ids().tolist() == ids.tolist()
    met = NgramModel(kept, size).count_following(np.array([before(ids.tolist(), 530)]))
    assert met.longest == MAX_CONTEXT
    if size > 2:
        assert met.counts[0, MAX_CONTEXT, ids[530]] == met.counts[0, MAX_CONTEXT].sum() == 3


def test_nothing_and_too_much_cannot_be_remembered(monkeypatch):
    monkeypatch.setattr("burble.ngram.index.MAX_SYMBOLS", 5)
    for count in (0, 6):
        with pytest.raises(CorpusError, match=f"1 to 5 symbols, and there are {count}"):
            build_index(np.zeros(count, int))


# Mixing.


def prediction(probabilities, length=3):
    return Prediction(np.array([probabilities]), np.array([length]))


def mix(network, ngrams, strength=1.0, adaptive=False):
    """The log-probabilities that both give together, (V,)."""
    weights = MixingWeights.trained(strength, adaptive=adaptive)
    return mix_predictions(network, ngrams, weights).log_probabilities[0]


def test_a_strength_of_none_is_the_network_alone_and_all_else_is_probabilities():
    network = np.log([[0.5, 0.3, 0.2]])
    ngrams = prediction([0.1, 0.1, 0.8])
    np.testing.assert_allclose(mix(network, ngrams, 0.0), network[0])
    half, whole = (np.exp(mix(network, ngrams, strength)) for strength in (0.5, 1.0))
    assert whole.sum() == pytest.approx(1)
    assert 0.2 < half[2] < whole[2] < 0.8
    # Half as far, on the scale on which both are added: half of the way between logarithms.
    between = np.exp((network[0] + np.log(whole)) / 2)
    np.testing.assert_allclose(half, between / between.sum())


def test_weights_learn_by_the_gradient_of_what_followed():
    network, ngrams = np.log([[0.5, 0.3, 0.2]]), prediction([0.1, 0.1, 0.8])
    weights = MixingWeights.trained(0.7, adaptive=True)
    mixture = mix_predictions(network, ngrams, weights)
    after = update_weights(weights, mixture, np.array([2]))
    step = (after.coefficients - weights.coefficients) / mixing.LEARNING_RATE
    for place in np.ndindex(step.shape):
        near = weights.coefficients.copy()
        near[place] += 1e-6
        moved = mix_predictions(network, ngrams, MixingWeights(near, 0.7)).log_probabilities
        slope = (moved - mixture.log_probabilities)[0, 2] / 1e-6
        assert step[place] == pytest.approx(slope, abs=1e-5)


def test_weights_move_to_the_model_that_predicts_better():
    network, ngrams = np.log([[0.9, 0.1]]), prediction([0.1, 0.9])
    weights = MixingWeights.trained(1.0, adaptive=True)
    for _ in range(200):
        mixture = mix_predictions(network, ngrams, weights)
        weights = update_weights(weights, mixture, np.array([1]))
    first = mix(network, ngrams, adaptive=True)[1]
    assert mixture.log_probabilities[0, 1] > first + 0.1


@pytest.mark.parametrize("adaptive", mixing.COEFFICIENTS)
def test_a_sure_n_gram_model_counts_beside_an_unsure_network_and_not_the_reverse(adaptive):
    unsure, sure = np.log([[0.4, 0.3, 0.3]]), np.log([[0.98, 0.01, 0.01]])
    by_ngrams = mix(unsure, prediction([0.01, 0.01, 0.98], 10), adaptive=adaptive)
    by_network = mix(sure, prediction([0.3, 0.3, 0.4], 2), adaptive=adaptive)
    assert np.exp(by_ngrams[2]) > 0.8
    assert np.exp(by_network[0]) > 0.8


# Scores and writing.


def with_memory(model, ids):
    return Generator(model, lambda: build_index(ids))


def test_a_score_is_what_network_and_memory_say_together():
    model, rng = chancy(scale=0.3), np.random.default_rng(1)
    writer = with_memory(model, rng.integers(0, 4, 300))
    ids = rng.integers(0, 4, 60)
    look = Remembering(writer.memory, 1.0, learns=False, look=nothing)
    look.begin([int(ids[0])])
    alone = writer.surprise(ids, look)
    text = model.vocabulary.decode(ids[:30])
    expected = writer.probabilities(text, memory=1.0)[model.vocabulary.symbols[ids[30]]]
    assert look.costs()[29] == pytest.approx(-np.log(expected), rel=1e-5)
    assert len(look.costs()) == len(alone)
    assert not np.allclose(look.costs(), alone)


def test_no_symbol_is_foretold_from_what_comes_after_it():
    ids = np.random.default_rng(0).integers(0, 4, 100)
    other = np.concatenate([ids[:50], ids[:50]])
    costs = []
    for one in (ids, other):
        writer = with_memory(chancy(), ids[:20])
        look = Remembering(writer.memory, 1.0, learns=True, look=nothing)
        writer.surprise(one, look)
        costs.append(look.costs())
    np.testing.assert_array_equal(costs[0][:49], costs[1][:49])
    assert not np.allclose(costs[0][60:], costs[1][60:])


def test_writing_with_a_memory_follows_it_and_texts_are_each_as_alone():
    source = "abc\ncab\nbbca\n" * 5
    model = chancy(scale=0.1)
    writer = with_memory(model, model.vocabulary.encode(source))
    options: dict[str, Any] = {"length": 60, "seed": 3, "temperature": 0.3, "break_loops": False}
    assert writer.generate(memory=0.0, **options) == Generator(model).generate(**options)
    written = writer.generate(memory=1.0, **options)

    def known(text):
        return sum(text[i : i + 4] in source for i in range(len(text) - 3))

    assert known(written) > 2 * known(writer.generate(**options))
    options |= {"memory": 1.0, "stop": "bb", "temperature": 1.0}
    many = writer.generate_many("ab", count=6, **options)
    assert many[0] == writer.generate("ab", **options)
    # Some end before others, and those that are left go on as they would alone.
    assert len({len(text) for text in many}) > 1


def test_a_memory_is_needed_and_a_share_between_none_and_all():
    writer = Generator(chancy())
    with pytest.raises(SettingsError, match=r"no memory beside it.*burble remember MODEL TEXT"):
        writer.generate(memory=0.5)
    with pytest.raises(SettingsError, match=r"memory is 1\.5, but must be between 0"):
        writer.generate(memory=1.5)
    with pytest.raises(SettingsError, match="memory is 'x'"):
        writer.probabilities("a", memory="x")  # type: ignore[arg-type]


# The file.


def learned(count, model=None, **corpus):
    """A model that was trained on so many symbols."""
    facts = {"sha256": "f" * 64, "symbols": count + 20, "held_out": 20, "documents": 1} | corpus
    return replace(model or chancy(), summary={"corpus": facts})


def remembered(tmp_path, ids, model=None, **corpus):
    model = learned(len(ids), model, **corpus)
    path = tmp_path / "model.memory.safetensors"
    kept = build_index(ids)
    write_index(path, kept, model)
    return path, model, kept


def test_a_file_holds_the_whole_memory(tmp_path):
    path, model, kept = remembered(tmp_path, np.random.default_rng(0).integers(0, 4, 200))
    found = read_index(path, model)
    assert isinstance(found.text, np.memmap)
    for name in ("text", "contexts", "shared", "discounts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(kept, name))
    context = np.array([[0, 1] * 6])
    expected = NgramModel(kept, 4).predict(context).probabilities
    np.testing.assert_array_equal(NgramModel(found, 4).predict(context).probabilities, expected)
    assert index_path(tmp_path / "model.safetensors") == path
    # Equal memories give equal bytes.
    first = hashlib.sha256(path.read_bytes()).hexdigest()
    write_index(path, kept, model)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == first


IDS = np.random.default_rng(0).integers(0, 3, 60)
WITHOUT = replace(chancy("abc"), weights=chancy().weights)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sha256": "0" * 64}, "is the memory of another text than the model's own."),
        (
            {"model": WITHOUT},
            "is of the model's text, but in another alphabet: it has 3 symbols, the model 4.",
        ),
        (
            {"symbols": 60, "held_out": 0},
            "is of the model's text, but of 60 symbols of it, where the model was trained on 40: "
            "the validation part is another.",
        ),
        (
            {"symbols": 70, "held_out": 30},
            "is of the model's text, but of another part: the validation part was cut otherwise.",
        ),
    ],
)
def test_a_memory_of_another_text_alphabet_or_part_is_refused(tmp_path, changed, said):
    path, _, _ = remembered(tmp_path, IDS[: 60 if "held_out" in changed else 40], **changed)
    with pytest.raises(ModelFileError) as raised:
        read_index(path, learned(40, symbols=60))
    assert str(raised.value) == f"{path} {said} Make it anew: burble remember {tmp_path} TEXT"


def test_the_same_text_may_come_from_several_sources(tmp_path):
    path, _, kept = remembered(tmp_path, IDS, sources=2)
    found = read_index(path, learned(60, sources=1))
    np.testing.assert_array_equal(found.ids(), kept.ids())


def test_a_memory_holds_as_much_as_the_model_was_trained_on(tmp_path):
    path, model, _ = remembered(tmp_path, IDS)
    write_index(path, build_index(IDS[:50]), model)
    with pytest.raises(ModelFileError, match="its arrays are not those of a memory"):
        read_index(path, model)


def test_a_memory_of_an_earlier_burble_is_made_anew(tmp_path):
    path, model, _ = remembered(tmp_path, IDS)
    with_metadata(path, format=1, sha256="f" * 64)
    said = "is of an earlier burble, .* Make it anew: burble remember '.*my model.safetensors' TEXT"
    with pytest.raises(ModelFileError, match=said):
        read_index(path.rename(tmp_path / "my model.memory.safetensors"), model)


def test_a_file_of_no_memory_is_told(tmp_path):
    path, model, _ = remembered(tmp_path, np.array([0, 1, 9]))
    with pytest.raises(ModelFileError, match="numbers that cannot be"):
        read_index(path, model)
    path.write_bytes(b"nonsense, and more than a header's length of it")
    with pytest.raises(ModelFileError, match="damaged, or no memory that burble wrote"):
        read_index(path, model)
    with pytest.raises(ModelFileError, match="cannot read the memory"):
        read_index(tmp_path / "none", model)


def with_metadata(path, **changed):
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + length])
    meta = json.loads(head["__metadata__"]["burble_memory"]) | changed
    head["__metadata__"]["burble_memory"] = json.dumps(meta)
    text = json.dumps(head).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])


def test_a_newer_format_asks_for_a_newer_burble(tmp_path):
    path, model, _ = remembered(tmp_path, np.array([0, 1, 2]))
    with_metadata(path, format=3)
    with pytest.raises(ModelFileError, match="has format 3; this version"):
        read_index(path, model)
    for odd in (True, "1", 0):
        with_metadata(path, format=odd)
        with pytest.raises(ModelFileError, match="no memory that burble wrote"):
            read_index(path, model)


@given(st.data())
@settings(max_examples=150)
def test_random_damage_is_told_or_leaves_probabilities(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path, model, _ = remembered(folder, np.random.default_rng(0).integers(0, 4, 60))
    raw = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw[: data.draw(st.sampled_from([len(raw), len(raw), 300]))]))
    try:
        index = NgramModel(read_index(path, model), 4)
    except ModelFileError:
        return
    for context in ([0] * MAX_CONTEXT, [1, 2, 3] * 4, [3, 1] * 6):
        shares = index.predict(np.array([context])).probabilities
        assert shares.sum() == pytest.approx(1, abs=1e-5)
        assert shares.min() >= 0


# By the command.


def test_a_trained_model_remembers(burble, trained, tmp_path):
    text = trained.parent / "cat.txt"
    done = burble("sample", trained, "--memory", 1)
    assert done.returncode == 2
    assert "burble remember MODEL TEXT" in done.stderr.decode()
    model = tmp_path / "cat.safetensors"
    model.write_bytes((trained / "model.safetensors").read_bytes())
    done = burble("remember", model, text)
    assert done.returncode == 0, done.stderr.decode()
    kept = tmp_path / "cat.memory.safetensors"
    assert f"1,296 symbols is {kept}" in done.stderr.decode()
    writer = generator.load(model)
    own = text.read_text(encoding="utf-8")
    assert writer.model.vocabulary.decode(writer.memory.index.ids()) == own[:1296]
    with_it = ["sample", model, "-l", 200, "--seed", 1, "--jsonl"]
    done = burble(*with_it, "--memory", 0.7)
    assert json.loads(done.stdout)["memory"] == 0.7
    done = burble(*with_it, "--novel", 15, "--words", "known", "--no-break-loops")
    found = json.loads(done.stdout)
    assert found["novel"] == 15
    assert not any(found["text"][i : i + 16] in own for i in range(185))
    done = burble("eval", model, text, "--memory", 1, "--adaptive", "--json")
    assert done.returncode == 0, done.stderr.decode()
    found = json.loads(done.stdout)
    assert found["memory"] == 0
    assert found["with_memory"]["memory"] == found["with_memory_adaptive"]["memory"] == 1
    assert found["with_memory_adaptive"]["adaptive"]
    assert found["samples_with_memory"]["words"] <= 1
    assert found["samples_with_memory_overlap"]["longest"] >= 1


def test_another_text_is_not_remembered(burble, trained, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text("the mat sat on the cat.\n" * 9, encoding="utf-8")
    done = burble("remember", trained, other)
    assert done.returncode == 2
    assert "not the text the model was trained on" in done.stderr.decode()
    assert not (trained / "model.memory.safetensors").exists()
