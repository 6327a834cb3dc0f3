"""An exported page in a real browser: it writes what burble writes, and asks and keeps nothing."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from burble.data.labels import LabelSet
from burble.data.vocabulary import Vocabulary, cut_here
from burble.exchange.html_page import build_page, read
from burble.exchange.options import ImportRequest
from burble.inference.generator import Generator
from burble.inference.symbol_scores import score_symbols
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
    settings = ModelSettings(**{"layers": 2, "units": 13, "embedding": 6} | shape)
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


WINDOWED = replace(make(LATIN, input="onehot", layers=1), window=7, excerpt=LATIN)
APART = QUOTED | {"training": {"framing": "documents"}}
CASES: dict[str, tuple[Model, str, dict[str, Any]]] = {
    "latin": (replace(make(LATIN, boundary=True, units=33), summary=APART), "“The cat’s (", {}),
    "greek": (make(GREEK, cell="gru", more={"lowercase": True}), "Ὁ ΛΌΓΟΣ", {"topP": 0.8}),
    "arabic": (make(ARABIC, cell="rnn", layers=3), "إن هذا", {"temperature": 1.2}),
    "emoji": (make(EMOJI, ensemble=2, units=10), "hello 👍", {}),
    "old": (make(EMOJI, recurrent_activation="hard_sigmoid"), "", {"temperature": 0}),
    "graphemes": (make(MARKED, unit="grapheme", ensemble=2, cell="gru"), "नि👨‍👩‍👧", {"topP": 0.9}),
    "labels": (
        make(LATIN, labels=POETS, layers=1, boundary=True),
        "I",
        {"labels": {"poet": "Whitman"}},
    ),
    # Each symbol is as many steps as a window is long.
    "windows": (WINDOWED, "a cat", {"length": 300}),
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


def write_here(model, prompt, options):
    """What burble writes where the page has the same options."""
    renamed = {NAMES.get(name, name): value for name, value in options.items()}
    more = {"portable": True, "unknown": "nearest", "length": LENGTH, "seed": 11}
    return Generator(model).generate(prompt, **more | renamed)


@pytest.mark.parametrize("name", CASES)
def test_a_seed_writes_the_same_text_in_the_page_as_here(chromium, folder, name):
    model, prompt, options = CASES[name]
    expected = write_here(model, prompt, options)
    assert len(expected) == options.get("length", LENGTH)
    # Whether the state is carried on from document to document is seen in the text.
    assert not model.vocabulary.boundary or model.separator in expected[: LENGTH // 4]
    ids = np.random.default_rng(1).integers(0, model.vocabulary.size, 300)
    core = build_portable(model.weights, model.architecture)
    core = core.with_labels((2, 0) if model.labels else ())
    logits = core.read_symbols(ids, core.zero_state(1))[0][-1]
    for scripts in ((), (WITHOUT,)):
        with opened(chromium, folder / f"{name}.html", *scripts) as page:
            assert page.evaluate("burble.usesModule") is (not scripts)
            # Without the module it is slower, and a part tells as much.
            length = len(expected) // 4 if scripts else len(expected)
            asked = options | {"length": length, "seed": 11}
            assert page.evaluate(WRITE, [prompt, asked]) == expected[:length]
            # A text hardly tells the last bits of what is predicted.
            assert page.evaluate(LOGITS, ids.tolist()) == logits.view(np.uint32).tolist()


def test_weights_of_8_bits_are_read_as_burble_reads_them(chromium, tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(build_page(make(GREEK, ensemble=2, scale=0.3), "a", int8=True))
    model = read(path, ImportRequest(), str).content
    options = {"length": 300, "seed": 2}
    with opened(chromium, path) as page:
        assert page.evaluate(WRITE, ["αβγ", options]) == write_here(model, "αβγ", options)


KEPT = "[localStorage.length, sessionStorage.length, document.cookie]"
LEAVES = "window.dispatchEvent(new Event('beforeunload', {cancelable: true}))"
SLIDE = """(slider, value) => {
    slider.value = value;
    for (const name of ["input", "change"]) slider.dispatchEvent(new Event(name, {bubbles: true}));
}"""


def check_access(page):
    """Axe finds nothing, in light or dark."""
    for theme in ("light", "dark"):
        page.select_option("#theme", theme)
        found = axe.Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def continue_text(page):
    """Lets the model write; the text once it has."""
    page.click("#continue")
    page.wait_for_selector("#text[aria-busy=false]")
    return page.input_value("#text")


def test_a_person_writes_in_it_and_nothing_is_kept(chromium, folder):
    model = CASES["labels"][0]
    with opened(chromium, folder / "labels.html") as page:
        assert page.title() == "labels · burble"
        page.wait_for_selector("#words[aria-busy=false]")
        assert page.inner_text("#how") == "It computes with WebAssembly."
        assert page.input_value("#dial-temperature") == "0.9"
        check_access(page)
        page.fill("#text", "A cat 7")
        page.wait_for_selector("#unknown:has-text('never seen: 7')")
        page.fill("#text", "A cat ")
        page.locator("#dial-length").evaluate(SLIDE, 50)
        page.fill("#seed", "5")
        page.select_option("#label-0", "Whitman")
        written = continue_text(page)
        options = {"length": 50, "seed": 5, "temperature": 0.9, "label": {"poet": "Whitman"}}
        assert written == "A cat " + write_here(model, "A cat ", options)
        page.click("#retry")
        page.wait_for_selector("#text[aria-busy=false]")
        assert page.input_value("#text") == written
        page.fill("#seed", "")
        assert continue_text(page)[:-50] == written
        page.fill("#seed", "five")
        page.click("#continue")
        assert "whole number" in page.inner_text("#alert")
        # Nothing is being written, so nothing says that it is.
        assert page.text_content("#status") == ""
        page.click("#alert button")
        page.click("text=Colour by surprise")
        page.wait_for_selector("#backdrop .s1, #backdrop .s4")
        page.focus("#text")
        page.keyboard.press("Alt+ArrowUp")
        assert "bits of surprise" in page.inner_text("#peek")
        page.keyboard.press("Escape")
        chosen = page.input_value("#label-0"), page.input_value("#dial-length")
        page.select_option("#language", "de")
        assert page.inner_text("#continue") == "Weiterschreiben"
        assert page.inner_text("#seed-says").startswith("Derselbe Startwert")
        assert page.inner_text("#label-0 option >> nth=0") == "beliebig"
        # In another language all is as it was chosen.
        assert (page.input_value("#label-0"), page.input_value("#dial-length")) == chosen
        assert page.input_value("#dial-temperature") == "0.9"
        assert page.evaluate(KEPT) == [0, 0, ""]
        # What was written is nowhere else, so that whoever closes the page is asked.
        assert page.evaluate(LEAVES) is False


@pytest.mark.parametrize("name", ["latin", "graphemes"])
def test_it_suggests_and_scores_as_here(chromium, folder, name):
    model, prompt, _ = CASES[name]
    text, writer = prompt + " ate", Generator(model)
    with opened(chromium, folder / f"{name}.html") as page:
        found = page.evaluate("text => burble.writer.suggest(text)", text)
        scored = page.evaluate("text => burble.writer.score(text)", text)
    expected = writer.suggest(text, unknown="nearest")
    for ours, theirs in ((expected.words, found["words"]), (expected.symbols, found["letters"])):
        assert [one.text for one in ours] == [one["text"] for one in theirs]
        close = [one["probability"] for one in theirs]
        assert [one.probability for one in ours] == pytest.approx(close, rel=1e-3)
    for one, other in zip(score_symbols(writer, text, unknown="nearest"), scored, strict=True):
        assert (one.at, one.text) == (other["at"], other["text"])
        assert one.log_probability == pytest.approx(other["log_probability"], abs=1e-3)
        assert [each.text for each in one.likeliest] == [
            each["text"] for each in other["likeliest"]
        ]


# All of it in the page, which may have written everything before it is asked from here.
WRITE_AND_STOP = """async () => {
    const text = document.getElementById("text");
    const soon = () => new Promise((done) => setTimeout(done));
    document.getElementById("continue").click();
    while (!text.value) await soon();
    text.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape", bubbles: true}));
    while (text.getAttribute("aria-busy") !== "false") await soon();
    return text.value.length;
}"""


def test_writing_is_stopped_and_what_cannot_run_is_told(chromium, folder):
    with opened(chromium, folder / "latin.html", WITHOUT) as page:
        assert "plain JavaScript" in page.inner_text("#how")
        page.locator("#dial-length").evaluate(SLIDE, 2000)
        assert 0 < page.evaluate(WRITE_AND_STOP) <= 2000
