"""The temperature that a model writes at unless another is given."""

import json
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from burble.evaluation import select_sampling
from burble.evaluation.select_sampling import TEMPERATURES
from burble.evaluation.statistics import Reference
from burble.inference import generator
from burble.inference.generator import Generator
from burble.settings import TextSettings
from tests.support.corpora import build_corpus
from tests.support.speakers import chancy, follower


def outcome(work):
    """What a generator that yields its progress returns."""
    while True:
        try:
            next(work)
        except StopIteration as found:
            return found.value


def suited(writer, text):
    return outcome(select_sampling.select_sampling(writer, text))


def test_a_model_that_spells_is_as_bold_as_it_may_be():
    # Every run of a is one of its words, and its text is as repetitive as can be.
    text = build_corpus([" ".join("a" * n for n in range(1, 60)) * 9], TextSettings())
    found = suited(Generator(chancy(" a", scale=0.3)), text)
    assert (found["temperature"], found["words"]) == (TEMPERATURES[-1], 1.0)


def test_one_that_misspells_is_as_careful_as_repetition_allows():
    text = build_corpus(["a cab. bac a!\n" * 900], TextSettings())
    writer = Generator(chancy(" !.abc\n", scale=0.8))
    found = suited(writer, text)
    tried = [written(writer, reference(text), t).words for t in TEMPERATURES]
    assert max(tried) < select_sampling.REAL_WORDS
    assert found["words"] == pytest.approx(max(tried), abs=1e-4)


def test_of_words_that_a_base_has_read_no_more_must_be_known_than_of_a_persons():
    """The validation text has words that the training text has not, as any short text has."""
    text = build_corpus(["a cab. bac a!\n" * 900 + "bb acc. caa b!\n" * 90], TextSettings())
    model = chancy(" !.abc\n", scale=0.8)
    begun = replace(model, summary={"base": {"name": "older", "sha256": "0"}})
    careful, bold = (suited(Generator(one), text)["temperature"] for one in (model, begun))
    assert careful < bold == TEMPERATURES[-1]


def written(writer, known, temperature, bias=0.0):
    tried = select_sampling._measure_samples(
        writer, known, select_sampling.TEXTS, temperature, bias
    )
    return outcome(tried)


def reference(text):
    return Reference.from_text(select_sampling._part(text, 0, text.cut))


def test_nothing_is_said_where_nothing_can_be():
    text = build_corpus(["ab ba " * 500], TextSettings(), validation=0.0)
    assert suited(Generator(chancy("ab ")), text) == {}
    text = build_corpus([". .. " * 500], TextSettings())
    assert suited(Generator(chancy(". ")), text) == {}
    text = build_corpus(["ab ba " * 500], TextSettings())
    assert suited(Generator(replace(chancy("ab "), window=5, excerpt="ab ba")), text) == {}


QUOTED = 'he said "a cab", "bac a cab a" bac.\n'


def test_a_bias_closes_about_as_many_quotes_as_a_person_does():
    text = build_corpus([QUOTED * 600], TextSettings())
    found = suited(Generator(chancy(' ",.abcdehis\n', scale=0.3)), text)
    assert found["close_quotes"] in select_sampling.QUOTE_BIASES
    without = suited(Generator(chancy(" ,.abcdehis\n", scale=0.3)), text)
    # Where it opens none, there is nothing to close, and no share of it to keep.
    assert without["close_quotes"] == 0
    assert "closed" not in without
    json.dumps([found, without], allow_nan=False)


@pytest.mark.parametrize(
    "line",
    [
        # Marks that do not pair, and too few of them to tell.
        "he said 'and a cab, 'had bac a cab a.\n",
        "he said a cab bac, and a cab. " * 20 + '"a cab." he said.\n',
    ],
)
def test_a_text_that_tells_nothing_of_quotes_selects_no_bias(line):
    text = build_corpus([line * (20_000 // len(line))], TextSettings())
    found = suited(Generator(chancy(" ',.abcdehistn\"\n", scale=0.3)), text)
    assert "close_quotes" not in found


def test_the_smallest_bias_that_closes_enough():
    text = build_corpus([QUOTED * 600], TextSettings())
    writer = Generator(chancy("abc ,.()\n", seed=3, scale=0.3))
    reference_ = reference(text)
    unbiased = written(writer, reference_, 0.8)
    fractions = [written(writer, reference_, 0.8, n).closed for n in select_sampling.QUOTE_BIASES]
    assert unbiased.closed < fractions[0]
    for enough, chosen in (
        (unbiased.closed, 0.0),
        (fractions[0], select_sampling.QUOTE_BIASES[0]),
        (1.5, select_sampling.QUOTE_BIASES[fractions.index(max(fractions))]),
    ):
        human = replace(unbiased, closed=enough + select_sampling.LESS_CLOSED)
        write = partial(select_sampling._measure_samples, writer, reference_, select_sampling.TEXTS)
        tried = select_sampling._select_bias(write, (0.8, unbiased), human)
        assert outcome(tried)[0] == chosen


def options_of(writer, **options):
    """The temperature and the bias of quotes that a model writes with."""
    settings, _ = writer.resolve_settings(options)
    return settings.temperature, settings.close_quotes


@pytest.mark.parametrize(
    "told", [None, {}, {"temperature": "x"}, {"temperature": -1}, {"temperature": 10**400}, 7]
)
def test_without_a_sound_one_it_is_the_usual(told):
    writer = Generator(replace(chancy(), summary={"writing": told}))
    assert options_of(writer) == (0.8, 0.0)


def test_what_is_asked_for_comes_before_what_suits():
    told = {"temperature": 0.6, "close_quotes": 2}
    writer = Generator(replace(chancy('abc "\n'), summary={"writing": told}))
    assert options_of(writer, temperature=0.9) == (0.9, 2.0)
    assert options_of(writer, close_quotes=0) == (0.6, 0)
    # The likeliest symbol is the likeliest.
    assert options_of(writer, temperature=0) == (0, 0)
    biased = writer.generate(length=200, seed=1)
    assert biased == writer.generate(length=200, seed=1, temperature=0.6, close_quotes=2)
    assert biased != writer.generate(length=200, seed=1, close_quotes=0)


def test_a_model_writes_at_the_temperature_in_its_file(burble, trained):
    model = generator.load(trained)
    found = model.model.summary["writing"]
    assert found["temperature"] in TEMPERATURES
    options: dict[str, Any] = {"length": 50, "seed": 1}
    assert model.generate(**options) == model.generate(temperature=found["temperature"], **options)
    done = burble("sample", trained, "-l", 50, "--seed", 1, "--jsonl")
    row = json.loads(done.stdout)
    assert (row["temperature"], row["text"]) == (found["temperature"], model.generate(**options))


def test_of_fewer_symbols_than_can_repeat_nothing_is_said():
    text = build_corpus(["he said a cab bac " * 6], TextSettings())
    assert len(text.ids) - text.cut == 10
    assert suited(Generator(chancy(" abcdehis", scale=0.3)), text) == {}


VERSES = [
    f"Of all {n} saints the one of {n**3} miracles, {n**2} days a year.\n" for n in range(200)
]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        # The same two lines all over; a chorus of four in a row now and then; ordinary lines.
        ("the cat sat on the mat.\nthe dog lay on the log.\n" * 60, {"break_loops": False}),
        ("".join(f"{line}{'pray for us. ' * 4}\n" for line in VERSES), {"rounds": 4}),
        ("".join(VERSES), {}),
    ],
)
def test_what_a_text_repeats_itself_is_found(text, found):
    assert select_sampling.select_loop_settings(build_corpus([text], TextSettings())) == found


def test_what_repeats_in_the_text_is_written_as_often():
    writer = Generator(follower("abc\n", [1, 2, 3, 0], strength=20.0))
    options: dict[str, Any] = {"length": 800, "temperature": 1.0, "seed": 1}
    free = writer.generate("a", break_loops=False, **options)
    assert free == "bc\na" * 200
    assert writer.generate("a", **options) != free
    for found in ({"break_loops": False}, {"rounds": 300}):
        own = Generator(replace(writer.model, summary={"writing": found}))
        assert own.generate("a", **options) == free
        # What is asked for comes first.
        assert own.generate("a", rounds=2, **options) != free
    assert own.generate("a", break_loops=True, rounds=2, **options) != free
    odd = Generator(replace(writer.model, summary={"writing": {"rounds": "x", "break_loops": 0}}))
    assert odd.generate("a", **options) == writer.generate("a", **options)
