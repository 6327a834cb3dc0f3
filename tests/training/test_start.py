"""Whether a training starts from the base that comes with burble."""

import hashlib
import re

import numpy as np
import pytest

from burble.data.corpus import Corpus
from burble.evaluation.quick_look import Look, look_at_text
from burble.model import bases
from burble.model.file import MODEL_NAME, read_model
from burble.runs.base import read_base, read_packaged
from burble.runs.folder import Run
from burble.runs.request import TrainingRequest
from burble.training.start import MARGIN, SHAPE, decide_start, is_start
from tests.support.bases import write_base
from tests.support.corpora import from_texts
from tests.support.speakers import readable, reader
from tests.support.trainers import run_training

WORDS = readable(600)
NUMBERS = " ".join(map(str, np.random.default_rng(0).integers(0, 999, 200)))
needs_base = pytest.mark.skipif(
    bases.find_base("english") is None, reason="this copy of burble holds no base english"
)


@pytest.fixture
def base(monkeypatch, tmp_path):
    """A base that knows what mostly follows what, in the place of those that come with burble."""
    monkeypatch.setattr(bases, "FOLDER", tmp_path / "bases")
    return write_base(tmp_path / "bases", reader())


def decide(text: Corpus, options=None, **more):
    """The request that is decided on, and what is said of it."""
    said: list[str] = []
    request = TrainingRequest(options or {}, look=True, **more)
    return decide_start(request, text, said.append), said


def test_a_text_of_its_words_starts_from_the_base_and_says_so(base):
    request, (said,) = decide(from_texts(WORDS))
    assert request.base.name == "english"
    assert request.base.model.architecture == read_model(base).architecture
    figures = (
        r"\d\.\d\d nats per character, n-grams of the rest at \d\.\d\d, and both .* \d\.\d\d\.$"
    )
    assert re.match(f"Starts from the base english: it predicts a part .* at {figures}", said)
    # Settings that are no shape leave it so.
    given = {"minutes": 1, "dropout": 0.2, "units": None}
    assert decide(from_texts(WORDS), given)[0].base


@pytest.mark.usefixtures("base")
def test_another_text_begins_from_nothing_and_says_so():
    request, (said,) = decide(from_texts(NUMBERS))
    assert request.base is None
    assert said.startswith("Begins from nothing: the base english predicts a part of this text at ")


@pytest.mark.usefixtures("base")
@pytest.mark.parametrize(
    ("options", "more"),
    [
        *(({name: "any"}, {}) for name in SHAPE),
        ({"framing": "windows"}, {}),
        ({}, {"size": "large"}),
    ],
)
def test_whoever_asks_for_another_network_gets_it(options, more):
    request, said = decide(from_texts(WORDS), options, **more)
    assert (request.base, said) == (None, [])


@pytest.mark.usefixtures("base")
def test_a_text_of_graphemes_begins_from_nothing():
    request, said = decide(from_texts(WORDS, unit="grapheme"))
    assert (request.base, said) == (None, [])


def test_without_a_base_nothing_is_looked_for(base):
    base.unlink()
    request, said = decide(from_texts(WORDS))
    assert (request.base, said) == (None, [])
    again = decide_start(TrainingRequest({}), from_texts(WORDS), said.append)
    assert (again.base, said) == (None, [])


def test_a_base_that_is_far_away_is_no_start_whatever_it_adds():
    assert is_start(Look(base=1.6, ngrams=1.3, both=1.2))
    assert is_start(Look(base=1.3, ngrams=1.5, both=1.3))
    assert not is_start(Look(base=4.6, ngrams=1.2, both=1.19))
    assert not is_start(Look(base=4.3, ngrams=2.0, both=1.95))


@pytest.mark.slow
@pytest.mark.usefixtures("base")
def test_a_run_from_the_base_that_is_resumed_ends_as_one_that_was_not_interrupted(tmp_path):
    made, asked = from_texts(readable(900), validation=0.1), {"steps": 12, "evaluations": 3}
    request = TrainingRequest(asked, look=True)
    whole, half = Run(tmp_path / "whole"), Run(tmp_path / "half")
    list(run_training(made, whole, request))
    left = iter([False] * 7 + [True] * 9)
    list(run_training(made, half, request, stop=lambda: next(left)))
    list(run_training(made, half, TrainingRequest({}, resume=True)))
    files = [run.folder / MODEL_NAME for run in (whole, half)]
    assert files[0].read_bytes() == files[1].read_bytes()
    facts = half.facts()
    assert facts["from"] == read_packaged().origin
    assert "--base=english" in facts["repeat"]
    assert "--base" not in facts["resume"]
    # The model is whole by itself, and names what it began from.
    began = read_model(files[0]).facts("base")
    assert began == {"name": "english", "sha256": facts["from"]["sha256"]}
    # A model that begins from that one names both.
    heir = Run(tmp_path / "heir")
    list(run_training(made, heir, TrainingRequest({"steps": 1}, base=read_base(str(half.folder)))))
    assert read_model(heir.folder / MODEL_NAME).facts("base") == {
        "name": "half",
        "sha256": hashlib.sha256(files[1].read_bytes()).hexdigest(),
        "base": began,
    }


@pytest.mark.slow
@pytest.mark.usefixtures("base")
def test_a_run_from_nothing_is_repeated_from_nothing(tmp_path):
    run, asked = Run(tmp_path / "run"), {"steps": 1, "layers": 1, "units": 8}
    list(run_training(from_texts(WORDS), run, TrainingRequest(asked, look=True)))
    assert "--base=none" in run.facts()["repeat"]
    assert "from" not in run.facts()
    assert "base" not in read_model(run.folder / MODEL_NAME).summary


PROSE = """\
The house stood a little back from the road, behind a row of limes, and nobody who passed it of an
evening could have said that it was empty; for there was always a light in the upper window, and
smoke from one chimney. "She will not come down," said Mrs. Harper, when she had looked up at it
for some time. "She never comes down before the post." Her brother laughed, and went on with his
pipe. He had known the old lady for twenty years, and in all that time had not once seen her
surprised by a letter, or by anything else. It was getting cold. A dog barked at the far end of
the lane, where the carrier lived, and presently they heard the wheels of his cart upon the stones.
"""
GREEK = """\
Ἐν ἀρχῇ ἦν ὁ λόγος, καὶ ὁ λόγος ἦν πρὸς τὸν θεόν, καὶ θεὸς ἦν ὁ λόγος. οὗτος ἦν ἐν ἀρχῇ πρὸς τὸν
θεόν. πάντα δι' αὐτοῦ ἐγένετο, καὶ χωρὶς αὐτοῦ ἐγένετο οὐδὲ ἕν ὃ γέγονεν. ἐν αὐτῷ ζωὴ ἦν, καὶ ἡ ζωὴ
ἦν τὸ φῶς τῶν ἀνθρώπων· καὶ τὸ φῶς ἐν τῇ σκοτίᾳ φαίνει, καὶ ἡ σκοτία αὐτὸ οὐ κατέλαβεν.
"""
CHESS = """\
1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 d6 8. c3 O-O 9. h3 Nb8 10. d4
Nbd7 11. c4 c6 12. cxb5 axb5 13. Nc3 Bb7 14. Bg5 b4 15. Nb1 h6 16. Bh4 c5 17. dxe5 Nxe4 18. Bxe7
Qxe7 19. exd6 Qf6 20. Nbd2 Nxd6 21. Nc4 Nxc4 22. Bxc4 Nb6 23. Ne5 Rae8 24. Bxf7+ Rxf7 25. Nxf7 Rxe1+
"""


@needs_base
@pytest.mark.parametrize(
    ("text", "helps"), [(PROSE, True), (PROSE.lower(), True), (GREEK, False), (CHESS, False)]
)
def test_english_helps_english_and_neither_greek_nor_chess(text, helps):
    look = look_at_text(read_model(bases.find_base("english")), from_texts(text))
    assert is_start(look) == helps
    assert not helps or look.gain > 0.5


@needs_base
def test_english_does_not_help_python():
    with open(__file__, encoding="utf-8") as file:
        source = file.read().split("PROSE =")[0] * 3
    assert look_at_text(read_model(bases.find_base("english")), from_texts(source)).gain < MARGIN
