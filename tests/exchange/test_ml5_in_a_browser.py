"""Folders for sketches in a real browser: by ml5 0.12.2 itself, and by the player beside them."""

import functools
import http.server
import re
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from burble.data.vocabulary import Vocabulary
from burble.exchange.exports import export_model
from burble.exchange.options import ExportOptions
from burble.inference.generator import Generator
from burble.model.architecture import fixed_input
from burble.model.engine import build_engine
from tests.support.npm import package_folder
from tests.support.speakers import apart, chancy

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
EXAMPLE = Path(__file__).parents[2] / "examples" / "p5"
PATIENCE = 120
"""Seconds after which a test fails for something that has not come: a busy machine takes long."""
SYMBOLS = "\n abcdeλ猫🙂"


def high(model):
    """The same model, with logits of which ml5 could not take the exponentials."""
    weights = dict(model.weights)
    weights["output.bias"] = weights["output.bias"] + np.float32(128)
    return replace(model, weights=weights)


def one_hot():
    model = chancy(SYMBOLS, input="onehot", embedding=len(SYMBOLS))
    embedding = fixed_input(model.architecture, len(SYMBOLS))
    return replace(model, weights=dict(model.weights) | {"embedding": embedding})


def graphemes():
    model, symbols = chancy("abcdef"), ("a", "b", " ", "\u1eb9\u0301", "👩‍🚀", "🙂")
    text = replace(model.text, unit="grapheme")
    return replace(model, vocabulary=Vocabulary(symbols, "grapheme"), text=text)


MODELS = {
    "letters": high(chancy(SYMBOLS)),
    "documents": chancy(SYMBOLS, boundary=True),
    "apart": apart(chancy(SYMBOLS, boundary=True)),
    "onehot": one_hot(),
    "graphemes": graphemes(),
}
WITH_ML5 = """async ([folder, seed, temperature]) => {
    const rnn = ml5.charRNN(folder);
    await rnn.ready;
    await rnn.generate({seed, length: 1, temperature});
    return Array.from(rnn.probabilities);
}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A local server of the folders; its address and its folder."""
    root = tmp_path_factory.mktemp("site")
    for name, model in MODELS.items():
        export_model(model, f"{root / name}/", ExportOptions())
    serve = functools.partial(_Quiet, directory=root)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", root
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def chromium():
    with sync_api.sync_playwright() as playwright:
        # A container may not allow the sandbox, and only pages of this machine are opened.
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def visit(chromium, site, script):
    """A page of the site that has loaded a script of it."""
    address, root = site
    (root / "index.html").write_text(f'<!doctype html><script src="{script}"></script>', "utf-8")
    page = chromium.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    page.goto(f"{address}/index.html")
    return page


@pytest.fixture(scope="module")
def page(chromium, site):
    """A page with the player."""
    with visit(chromium, site, "letters/charrnn.js") as opened:
        yield opened


@pytest.fixture(scope="module")
def ml5_page(chromium, site):
    """A page with ml5."""
    source = package_folder("ml5", "0.12.2") / "dist" / "ml5.min.js"
    shutil.copy(source, site[1] / "ml5.min.js")
    with visit(chromium, site, "ml5.min.js") as opened:
        yield opened


def predict(model, ids, temperature):
    """What the engine predicts after symbols, (V,)."""
    engine = build_engine(model.weights, model.architecture)
    logits = engine.read_symbols(np.array(ids), engine.zero_state(1))[0][-1].astype(float)
    found = np.exp((logits - logits.max()) / temperature)
    return found / found.sum()


@pytest.mark.parametrize("name", MODELS)
def test_ml5_itself_predicts_what_burble_predicts(ml5_page, name):
    model = MODELS[name]
    prompt = "ab a" if name == "graphemes" else "ab λ🙂cab"
    ids = model.vocabulary.encode(prompt)
    for temperature in (1.0, 0.4) if name == "letters" else (0.4,):
        found = ml5_page.evaluate(WITH_ML5, [name, prompt, temperature])
        assert np.abs(predict(model, ids, temperature) - found).max() < 1e-5


def test_the_folder_is_what_keeps_ml5_within_the_range_of_numbers(ml5_page, site):
    # The same network as it was: ml5 takes exponentials of 128 and more.
    shutil.copytree(site[1] / "letters", site[1] / "unmoved")
    bias = MODELS["letters"].weights["output.bias"].astype("<f4")
    bias.tofile(site[1] / "unmoved" / "rnnlm_softmax_b")
    found = ml5_page.evaluate(WITH_ML5, ["unmoved", "ab", 1.0])
    # Infinity by infinity is 1 to the graphics card, or no number to the processor.
    assert found == [1.0] * len(SYMBOLS) or any(map(np.isnan, found))


@pytest.mark.parametrize("name", MODELS)
def test_the_player_predicts_what_burble_predicts(page, name):
    model = MODELS[name]
    prompt = "ab \u1eb9\u0301👩‍🚀a🙂" if name == "graphemes" else "ab λ🙂cab"
    lead = [model.vocabulary.boundary_id] if model.vocabulary.boundary else []
    ids = [*lead, *model.vocabulary.encode(prompt)]
    for temperature in (1.0, 0.01):
        found = page.evaluate(WITH_ML5, [name, prompt, temperature])
        assert np.abs(predict(model, ids, temperature) - found).max() < 1e-5


@pytest.mark.parametrize("name", MODELS)
def test_the_player_writes_what_burble_writes_where_it_always_takes_the_likeliest(page, name):
    expected = Generator(MODELS[name]).generate("a", length=120, temperature=0, break_loops=False)
    write = """async (folder) => {
        const rnn = ml5.charRNN(folder);
        return (await rnn.generate({seed: "a", length: 120, temperature: 0})).sample;
    }"""
    found = page.evaluate(write, name)
    assert found[:100] == expected[:100]


CALLS = """async () => {
    const seen = {};
    const rnn = await new Promise((resolve, reject) => {
        ml5.charRNN("letters", (error, model) => (error ? reject(error) : resolve(model)));
    });
    const how = {seed: "ab", length: 40, temperature: 0.8, randomSeed: 7};
    const first = await rnn.generate(how);
    rnn.generate({seed: "e", length: 3});
    seen.same = first.sample === (await rnn.generate(how)).sample;
    seen.other = first.sample === (await rnn.generate({...how, randomSeed: 8})).sample;
    seen.length = Array.from(first.sample).length;
    seen.none = (await rnn.generate({...how, length: 0})).sample;
    rnn.reset();
    rnn.feed("a");
    rnn.feed("b");
    const predicted = await rnn.predict(1);
    seen.fed = predicted.probabilities.find((one) => one.char === "c").probability;
    rnn.reset();
    await rnn.feed("ab");
    seen.whole = (await rnn.predict(1)).probabilities.find((one) => one.char === "c").probability;
    const state = rnn.getState();
    await rnn.feed("cab");
    rnn.setState(state);
    seen.back = (await rnn.predict(1)).probabilities.find((one) => one.char === "c").probability;
    seen.called = await new Promise((resolve) => rnn.predict(0, resolve));
    seen.sum = predicted.probabilities.reduce((all, one) => all + one.probability, 0);
    const known = (text, more) => rnn.generate({seed: text, length: 1, ...more}).then(
        () => "written", (error) => error.message);
    seen.strange = await known("aQ√");
    seen.skipped = await known("aQ√", {unknown: "skip"});
    seen.cold = await known("a", {temperature: -1});
    rnn.randomSeed(3);
    const drawn = (await rnn.generate({length: 20, seed: "a"})).sample;
    rnn.randomSeed(3);
    seen.drawn = drawn === (await rnn.generate({length: 20, seed: "a"})).sample;
    const missing = await ml5.charRNN("none").ready.catch((error) => error.message);
    seen.missing = missing;
    return seen;
}"""


def test_the_calls_of_the_player_do_what_those_of_ml5_promise(page):
    seen = page.evaluate(CALLS)
    model = MODELS["letters"]
    expected = predict(model, model.vocabulary.encode("ab"), 1)[model.vocabulary.ids["c"]]
    assert seen.pop("fed") == seen.pop("whole") == seen.pop("back")
    assert abs(page.evaluate(CALLS)["fed"] - expected) < 1e-5
    assert abs(seen.pop("sum") - 1) < 1e-6
    assert seen.pop("called") in SYMBOLS
    # Both files are asked for at once, and either may be the first that is not there.
    missing = r"none/(manifest|vocab)\.json cannot be read: the server says 404\.$"
    assert re.search(missing, seen.pop("missing"))
    never = 'the model never saw "Q", "√". Leave it out, or pass unknown: "skip".'
    assert seen == {
        "same": True,
        "other": False,
        "length": 40,
        "none": "",
        "strange": never,
        "skipped": "written",
        "cold": "temperature is -1, expected 0 or more.",
        "drawn": True,
    }


TURNS = """async (folder) => {
    const rnn = ml5.charRNN(folder);
    const whole = await rnn.generate({seed: "ab", length: 60, temperature: 0});
    rnn.reset();
    await rnn.feed("ab");
    let text = "";
    for (let i = 0; i < 60; i += 1) {
        const {sample} = await rnn.predict(0);
        await rnn.feed(sample);
        text += sample;
    }
    return [whole.sample, text];
}"""


@pytest.mark.parametrize("name", ["documents", "apart"])
def test_character_by_character_the_player_writes_the_same(page, name):
    whole, text = page.evaluate(TURNS, name)
    assert whole == text
    expected = Generator(MODELS[name]).generate("ab", length=60, temperature=0, break_loops=False)
    assert whole[:50] == expected[:50]


def test_of_a_text_only_what_follows_its_last_edge_counts_where_documents_were_learned_apart(page):
    after, alone = (page.evaluate(WITH_ML5, ["apart", text, 1]) for text in ("ab--cab", "cab"))
    assert after == alone
    after, alone = (page.evaluate(WITH_ML5, ["documents", text, 1]) for text in ("ab--cab", "cab"))
    assert after != alone


def test_the_example_is_a_sketch_that_writes(chromium, site):
    address, root = site
    sketch = root / "p5"
    shutil.copytree(EXAMPLE, sketch)
    shutil.copytree(root / "letters", sketch / "model")
    shutil.copy(package_folder("p5", "1.11.10") / "lib" / "p5.min.js", sketch)
    with chromium.new_page() as opened:
        wrong: list[str] = []
        opened.on("pageerror", lambda error: wrong.append(str(error)))
        opened.goto(f"{address}/p5/index.html")
        opened.wait_for_function("written.length > 30", timeout=1000 * PATIENCE)
        # The beginning has letters that this model never saw.
        assert {*opened.evaluate("written")[4:]} <= {*SYMBOLS}
        opened.mouse.click(100, 100)
        opened.wait_for_function("turn === 2 && written.length > 10", timeout=1000 * PATIENCE)
        assert wrong == []


def test_beside_ml5_the_player_takes_its_place_and_leaves_the_rest(ml5_page):
    ml5_page.add_script_tag(url="/letters/charrnn.js")
    assert ml5_page.evaluate(
        "typeof ml5.imageClassifier + typeof ml5.charRNN('letters').randomSeed"
    ) == ("functionfunction")
