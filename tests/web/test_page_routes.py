"""What the page asks a real server for besides the API: its files, cards, suggestions, copies."""

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest

from burble import api
from burble.exchange import html_page
from burble.exchange.options import ImportRequest
from burble.model.file import read_model, write_model
from burble.ngram.file import index_path, write_index
from burble.web.page_routes import FILES
from tests.support.servers import serving
from tests.support.speakers import chancy, remembered

TEXT = "abcab\n" * 40 + "ccbbaa\nacbacb\n" * 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A models folder: one model with a memory, one without."""
    folder = tmp_path_factory.mktemp("models")
    corpus = {"sha256": "0", "symbols": len(TEXT), "held_out": 0}
    model = replace(chancy("\nabc"), summary={"corpus": corpus, "scores": {"held_out_loss": 1.25}})
    write_model(folder / "letters.safetensors", model)
    index = remembered(model, TEXT).memory.index
    write_index(index_path(folder / "letters.safetensors"), index, model)
    write_model(folder / "others.safetensors", chancy("abc\nd", seed=2))
    return folder


@pytest.fixture(scope="module")
def server(folder):
    with serving("--models", folder) as running:
        yield running


@pytest.fixture(scope="module")
def page(server):
    """Asks as the page does, with the token that stands in it."""
    token = re.search(r'"burble-token" content="([^"]+)"', server.get("/").body.decode())[1]

    def ask(path, body=None):
        method = "GET" if body is None else "POST"
        return server.ask(method, path, body, headers={"X-Burble-Token": token})

    return ask


def test_the_page_loads_nothing_from_elsewhere(server):
    answer = server.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    text = answer.body.decode()
    assert "$token" not in text
    for name in re.findall(r'(?:src|href)="(/[^"]+)"', text):
        found = server.get(name)
        assert found.status == 200
        assert found.headers["content-security-policy"] == policy
    assert not re.search(r"\bstyle=|<style|\son\w+=|<script(?![^>]+src=)", text)
    for path in FILES.iterdir():
        assert not re.search(r"https?://(?!www\.w3\.org/)", path.read_text("utf-8")), path


def test_the_texts_of_the_page_are_the_same_in_every_language():
    texts = json.loads((FILES / "texts.json").read_text("utf-8"))
    assert set(texts) == {"en", "de", "fr"}
    for language in ("de", "fr"):
        assert [*texts[language]] == [*texts["en"]]
        for key, text in texts["en"].items():
            fields = sorted(re.findall(r"\{\w+\}", text))
            assert sorted(re.findall(r"\{\w+\}", texts[language][key])) == fields, key
    used = set()
    for path in FILES.glob("*.[hj]*"):
        text = path.read_text("utf-8")
        used |= set(re.findall(r'\bdata-t(?:-label|-placeholder)?="(\w+)"', text))
        used |= set(re.findall(r'\bt\("(\w+)"', text))
    assert used <= set(texts["en"])


def test_only_the_page_may_ask(server):
    for path in ("/page/models", "/v1/train"):
        assert server.get(path).status == 401
    asked = server.ask("POST", "/page/next", {"text": ""}, {"X-Burble-Token": "guessed"})
    assert asked.error["code"] == "invalid_token"


def test_it_lists_all_models(page):
    found = page("/page/models").json["data"]
    assert found[:2] == [
        {"id": "letters", "name": "letters", "memory": True},
        {"id": "others", "name": "others", "memory": False},
    ]


def test_a_card_has_what_the_file_holds(page, folder):
    card = page("/page/models/letters").json
    assert card["network"] == {"cell": "lstm", "layers": 2, "units": 12, "ensemble": 1}
    assert (card["symbols"], card["alphabet"]) == (4, "\nabc")
    assert card["scores"] == {"held_out_loss": 1.25}
    assert card["bytes"] == (folder / "letters.safetensors").stat().st_size
    assert card["curves"] == {}
    assert page("/page/models/nobody").error["code"] == "model_not_found"


def test_the_card_of_a_run_has_its_curves_and_samples(trained):
    with serving(trained) as server:
        token = re.search(r'"burble-token" content="([^"]+)"', server.get("/").body.decode())[1]
        card = server.get("/page/models/run", **{"X-Burble-Token": token}).json
    assert card["curves"]["validation"]
    assert card["steps"] == 300
    assert card["baselines"]["nothing"] > card["baselines"]["ngrams"]
    assert [sample["step"] for sample in card["samples"]] == sorted(
        sample["step"] for sample in card["samples"]
    )
    assert all(len(sample["text"]) >= 300 for sample in card["samples"])


def test_a_model_is_sent_as_it_is(page, folder):
    answer = page("/page/models/letters/file")
    assert answer.body == (folder / "letters.safetensors").read_bytes()
    assert 'filename="letters.safetensors"' in answer.headers["content-disposition"]


def test_a_page_that_writes_is_sent_and_can_be_imported(page, folder, tmp_path):
    (tmp_path / "letters.html").write_bytes(page("/page/models/letters/page").body)
    held = read_model(folder / "letters.safetensors")
    sent = html_page.read(tmp_path / "letters.html", ImportRequest(), str).content
    assert sent.vocabulary == held.vocabulary
    assert np.array_equal(
        sent.weights["output.kernel"], held.weights["output.kernel"].astype(np.float16)
    )


def test_likely_words_and_letters_are_those_of_the_model(page, folder):
    found = page("/page/next", {"text": "ab", "model": "letters", "memory": 0.5}).json
    suggested = api.load(folder / "letters.safetensors").suggest("ab", memory=0.5)
    assert [one["text"] for one in found["letters"]] == [one.text for one in suggested.symbols]
    assert [one["text"] for one in found["words"]] == [one.text for one in suggested.words]
    assert found["unknown"] == []
    # What the model has never seen is told, so that nothing is left out in silence.
    assert page("/page/next", {"text": "aéB→", "model": "letters"}).json["unknown"] == [
        "B",
        "é",
        "→",
    ]


def test_letters_are_scored_by_one_model_or_by_two_that_are_mixed(page, folder):
    two = [folder / "letters.safetensors", folder / "others.safetensors"]
    asked = {"text": "ba", "model": "letters+others", "mix": [0.25, 0.75]}
    first, second = page("/page/scores", asked).json["symbols"]
    assert first["log_probability"] is None
    expected = api.load(two, mix=[0.25, 0.75]).probabilities("b")["a"]
    assert math.exp(second["log_probability"]) == pytest.approx(expected, rel=1e-4)
    assert (second["at"], second["text"], len(second["likeliest"])) == (1, "a", 5)


def test_what_was_copied_is_found_with_its_place(page):
    own = TEXT[5:41]
    found = page("/page/copies", {"text": f"bb{own}bbbb", "model": "letters"}).json
    (copy,) = found["copies"]
    assert found["text"][copy["start"] :].startswith(copy["text"])
    place = copy["place"]
    assert TEXT[place : place + len(copy["text"])] == copy["text"]
    assert own in copy["text"]
    assert copy["before"] == TEXT[max(0, place - 60) : place]
    assert TEXT[place + len(copy["text"]) :].startswith(copy["after"])
    assert page("/page/copies", {"text": "abc", "model": "letters"}).json["copies"] == []
    refused = page("/page/copies", {"text": "abc", "model": "others"})
    assert "no memory" in refused.error["message"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({}, "text must be"),
        ({"text": 5}, "text must be"),
        ({"text": "a" * 20_001}, "20,000 characters at most"),
        ({"text": "a", "model": 5}, "model is 5"),
        ({"text": "a", "mix": "0.5"}, "mix is '0.5'"),
        ({"text": "a", "memory": "much"}, "memory is 'much'"),
        ({"text": "a", "memory": 10**25}, "must be from 0 to 1"),
        ({"text": "a", "model": "letters+others", "mix": [10**25, 1]}, "from 0 to 1000"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(page, asked, message):
    answer = page("/page/next", asked)
    assert answer.status == 400
    assert message in answer.error["message"]
