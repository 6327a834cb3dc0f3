import math
from dataclasses import replace

import numpy as np
import pytest

import burble
from burble.errors import CorpusError, SettingsError, SourceError
from burble.evaluation import evaluate as evaluation
from burble.inference import generator
from burble.inference.generator import Generator
from burble.model.file import write_model
from tests.support.scores import score_text
from tests.support.speakers import chancy, follower


def test_a_model_that_knows_nothing_scores_log2_of_its_alphabet():
    writer = Generator(follower("abcd", [0, 0, 0, 0], strength=0))
    report = score_text(writer, "abcdabcd")
    assert report.characters == 7
    assert report.bits == pytest.approx(2)
    assert report.nats == pytest.approx(math.log(4))
    assert report.unknown == {}


def test_unknown_symbols_are_counted_and_left_out():
    writer = Generator(follower("abc", [1, 2, 0], strength=math.log(8)))
    report = score_text(writer, "aQbQéc")
    assert report.unknown == {"Q": 2, "é": 1}
    assert report.characters == 2
    assert report.nats == pytest.approx(-math.log(0.8))


def test_documents_are_predicted_each_from_its_beginning_to_its_end():
    follows = [1, 2, 0]
    model = follower("ab", follows, boundary=True, separator="\n", documents="lines")
    report = score_text(Generator(model), "ab\n\nab\nab\n")
    assert (report.characters, report.ends, report.unknown) == (6, 3, {})
    assert report.nats == pytest.approx(0, abs=1e-6)
    # Where the second line goes on as nothing predicts, four symbols have losses of 50 nats.
    worse = score_text(Generator(model), "ab\nba")
    assert worse.nats == pytest.approx(3 * 50 / 6, rel=1e-6)


@pytest.mark.slow
def test_a_text_scores_as_it_did_in_training(burble, tmp_path):
    rng = np.random.default_rng(0)
    names = ["".join(rng.choice(list("aeiou"), n)) for n in rng.integers(1, 9, size=400)]
    (tmp_path / "names").write_text("\n".join(names), encoding="utf-8")
    args = ["--documents", "lines", "--split", "tail", "--units", 8, "--steps", 20]
    done = burble("train", tmp_path / "names", "-o", tmp_path / "run", *args)
    assert done.returncode == 0, done.stderr.decode()
    writer = generator.load(tmp_path / "run")
    validation, facts = writer.model.summary["scores"], writer.model.summary["corpus"]
    symbols = 0
    tail = []
    while symbols < facts["held_out"]:
        tail.append(names.pop())
        symbols += len(tail[-1]) + 1
    assert symbols == facts["held_out"]
    report = score_text(writer, "\n".join(tail))
    assert report.characters + report.ends == symbols
    assert report.nats == pytest.approx(validation["held_out_loss"], rel=1e-4)


def test_the_text_is_cleaned_as_the_corpus_was():
    writer = Generator(follower("abc", [1, 2, 0], lowercase=True))
    report = score_text(writer, "ABCA")
    assert (report.characters, report.unknown) == (3, {})
    assert report.nats == pytest.approx(0, abs=1e-6)


def test_a_score_is_for_each_character_also_where_a_symbol_has_several():
    model = follower(["x", "🇩🇪"], [0, 0], strength=0, unit="grapheme")
    report = score_text(Generator(model), "x🇩🇪🇩🇪")
    assert report.characters == 4
    assert report.bits == pytest.approx(0.5)


def test_scoring_twice_gives_the_same():
    text = "abc\n" * 200
    writer = Generator(chancy())
    assert score_text(writer, text) == score_text(writer, text)


def test_files_and_loaded_models_score_alike(tmp_path):
    write_model(tmp_path / "m", chancy())
    (tmp_path / "text").write_bytes("ab\r\nc".encode("utf-16"))
    report = burble.evaluate(tmp_path / "m", tmp_path / "text")
    assert report == score_text(Generator(chancy()), "ab\nc")
    assert np.isfinite(report.nats)


def test_what_cannot_be_scored_is_refused(tmp_path):
    write_model(tmp_path / "m", chancy())
    writer = Generator(chancy())
    for text in ("", "a", "QQQQ"):
        with pytest.raises(CorpusError, match="nothing to score"):
            score_text(writer, text)
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceError, match="holds no text files"):
        burble.evaluate(tmp_path / "m", tmp_path / "empty")


@pytest.mark.parametrize("weight", [2.0, -1.0, float("nan"), "all"])
def test_an_impossible_weight_of_the_memory_is_refused_before_anything_is_read(weight):
    with pytest.raises(
        SettingsError, match=r"^memory is .*, but must be between 0, the network alone, and 1\.$"
    ):
        score_text(Generator(chancy()), "abcabc", memory=weight)


def test_what_a_window_reads_before_the_validation_part_is_not_counted_in_its_calibration():
    model = replace(follower("ab", [1, 0]), window=6)
    # The six symbols before the part go on as the model never expects, those in it as it does.
    ids = np.array([0] * 7 + [1, 0] * 10)
    (report,) = evaluation.score_validation(Generator(model), ids, 7)
    assert report.characters == 20
    assert report.nats == pytest.approx(0, abs=1e-6)
    assert report.calibration_error == pytest.approx(0, abs=1e-6)


def test_a_document_that_is_cut_short_is_not_charged_an_end():
    model = follower("ab", [1, 2, 0], boundary=True, separator="\n", documents="lines")
    ids = np.array([0, 1, 2, 0, 1, 2, 0])
    (report,) = evaluation.score_validation(Generator(model), ids, 3)
    # "ab" with its end, and an "a" of which the rest is cut off.
    assert (report.characters, report.ends) == (3, 1)
    assert report.nats == pytest.approx(0, abs=1e-6)


def test_an_interval_is_narrow_where_all_blocks_are_alike():
    writer = Generator(follower("ab", [1, 0], strength=1))
    even = score_text(writer, "ab" * 2000)
    assert even.interval == pytest.approx((even.bits, even.bits), rel=1e-3)
    uneven = score_text(writer, "ab" * 1000 + "a" * 2000)
    assert uneven.interval is not None
    assert uneven.interval[0] < 0.9 * uneven.bits < 1.1 * uneven.bits < uneven.interval[1]
    assert score_text(writer, "ab" * 500).interval is None
