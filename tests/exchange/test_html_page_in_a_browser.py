"""An exported page in a real browser: it writes what burble writes, and asks and keeps nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from burble.data.labels import LabelSet
from burble.data.vocabulary import Vocabulary, cut_here
from burble.exchange.html_page import build_page
from burble.inference.generator import Generator
from burble.model.architecture import array_shapes, fixed_input
from burble.model.file import Model
from burble.model.portable import build_portable
from burble.settings import ModelSettings, TextSettings
from tests.support.browsers import CHROMIUM, browsing, opened

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")

LATIN = "\n !\"'(),-.?AITabcdefghilmnoprstuvwyé’“”"
GREEK = "\n ,.·;αάβγδεέζηήθιίκλμνξοόπρσςτυύφχψωώ"
ARABIC = "\n .،؟ءآأإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيًٌَُِّْ"
EMOJI = "\n !abcdehlot😀😂🎉🐈🐕👍🔥🙂"
MARKED = ("\n", " ", "a", "e", "e\u0308", "o\u0302\u0301", "u", "👍🏽", "👨‍👩‍👧", "नि", "ते", "ক্ষ")
POETS = LabelSet(("poet", "form"), (("Dickinson", "Whitman"), ("long", "short")))
QUOTED = {"writing": {"temperature": 0.9, "close_quotes": 1.5, "rounds": 2}}
LENGTH = 2_000
WITHOUT = "delete globalThis.WebAssembly"
WRITE = "([prompt, options]) => burble.generate(prompt, options)"
LOGITS = """ids => {
    const state = burble.writer.network.zero;
    burble.writer.network.withLabels(burble.writer.findLabels({poet: "Whitman"}));
    let logits = null;
    for (const id of ids) logits = burble.writer.network.step(id, state);
    return [...new Uint32Array(Float32Array.from(logits).buffer)];
}"""


def make(symbols, *, unit="char", seed=0, scale=0.4, boundary=False, labels=None, more=(), **shape):
    """A model with random weights that 16 bits hold exactly."""
    labels = labels or LabelSet()
    text = TextSettings(unit=unit, label=labels.columns, **dict(more))
    vocabulary = Vocabulary(tuple(symbols), unit, boundary, cut_here(unit))
    settings = ModelSettings(**{"layers": 2, "units": 21, "embedding": 6} | shape)
    if settings.input == "onehot":
        settings = replace(settings, embedding=vocabulary.size)
    rng = np.random.default_rng(seed)
    shapes = array_shapes(settings, vocabulary.size, len(labels)).items()
    weights = {
        name: rng.normal(0, scale, size).astype(np.float16).astype(np.float32)
        for name, size in shapes
    }
    fixed = fixed_input(settings, vocabulary.size)
    weights |= {} if fixed is None else {"embedding": fixed}
    separator = "\n--\n" if boundary else ""
    return Model(weights, vocabulary, settings, text, separator, QUOTED, labels=labels)


CASES: dict[str, tuple[Model, str, dict[str, Any]]] = {
    "latin": (make(LATIN, boundary=True, units=34), "“The cat’s (", {}),
    "greek": (make(GREEK, cell="gru", more={"lowercase": True}), "Ὁ ΛΌΓΟΣ", {"topP": 0.8}),
    "arabic": (make(ARABIC, cell="rnn", layers=3), "إن هذا", {"temperature": 1.2}),
    "emoji": (make(EMOJI, ensemble=2, units=10), "hello 👍", {}),
    "old": (make(EMOJI, recurrent_activation="hard_sigmoid"), "", {"temperature": 0}),
    "graphemes": (make(MARKED, unit="grapheme", ensemble=2, cell="gru"), "नि👨‍👩‍👧", {"topP": 0.9}),
    "labels": (make(LATIN, labels=POETS, layers=1), "I", {"labels": {"poet": "Whitman"}}),
    "windows": (replace(make(LATIN, input="onehot"), window=7, excerpt=LATIN), "a cat", {}),
}
NAMES = {"topP": "top_p", "labels": "label"}


@pytest.fixture(scope="module")
def chromium():
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, (model, _, _) in CASES.items():
        (folder / f"{name}.html").write_bytes(build_page(model, name))
    return folder


def write_here(model, prompt, options, length=LENGTH):
    """What burble writes where the page has the same options."""
    renamed = {NAMES.get(name, name): value for name, value in options.items()}
    more = {"portable": True, "unknown": "nearest", "length": length, "seed": 11}
    return Generator(model).generate(prompt, **renamed | more)


@pytest.mark.parametrize("name", CASES)
def test_a_seed_writes_the_same_text_in_the_page_as_here(chromium, folder, name):
    model, prompt, options = CASES[name]
    expected = write_here(model, prompt, options)
    assert len(expected) == LENGTH
    ids = np.random.default_rng(1).integers(0, model.vocabulary.size, 300)
    core = build_portable(model.weights, model.architecture)
    core = core.with_labels((2, 0) if model.labels else ())
    logits = core.read_symbols(ids, core.zero_state(1))[0][-1]
    for scripts in ((), (WITHOUT,)):
        with opened(chromium, folder / f"{name}.html", *scripts) as page:
            assert page.evaluate("burble.usesModule") is (not scripts)
            # Without the module it is slower, and a part tells as much.
            length = LENGTH // 4 if scripts else LENGTH
            asked = options | {"length": length, "seed": 11}
            assert page.evaluate(WRITE, [prompt, asked]) == expected[:length]
            # A text hardly tells the last bits of what is predicted.
            assert page.evaluate(LOGITS, ids.tolist()) == logits.view(np.uint32).tolist()
