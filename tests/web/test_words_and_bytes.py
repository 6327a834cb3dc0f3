"""Models of words and of bytes, as clients of the API see them."""

import itertools
import math

import numpy as np
import pytest

from burble.data.units import BYTES
from burble.inference.generator import Generator
from burble.model.file import write_model
from tests.support.servers import serving
from tests.support.speakers import chancy, wordy

MODELS = {"words": wordy(seed=1), "bytes": chancy(BYTES, unit="bytes", scale=1.5, seed=1)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    for name, model in MODELS.items():
        write_model(folder / f"{name}.safetensors", model)
    with serving("--models", folder) as running:
        yield running


def test_tokens_are_words_and_marks_or_bytes(server):
    told = server.ask("POST", "/tokenize", {"model": "words", "prompt": "the brown don."}).json
    assert told["token_strs"] == ["the", " ", "brown", " ", "don", "."]
    back = server.ask("POST", "/detokenize", {"model": "words", "tokens": told["tokens"]}).json
    assert back["prompt"] == "the brown don."
    told = server.ask("POST", "/tokenize", {"model": "bytes", "prompt": "aé"}).json
    assert told["tokens"] == [97, 0xC3, 0xA9]
    assert told["token_strs"] == ["a", "bytes:\\xc3", "bytes:\\xa9"]
    back = server.ask("POST", "/detokenize", {"model": "bytes", "tokens": told["tokens"]}).json
    assert back["prompt"] == "aé"


@pytest.mark.parametrize(("name", "prompt"), [("words", "the bro"), ("bytes", "né")])
def test_what_is_written_is_told_with_its_tokens_whole_and_streamed(server, name, prompt):
    asked = {"model": name, "prompt": prompt, "max_tokens": 30, "seed": 3, "temperature": 1}
    expected = Generator(MODELS[name]).generate(prompt, length=30, temperature=1, seed=3)
    choice = server.complete(**asked, logprobs=2).json["choices"][0]
    assert choice["text"] == expected
    told = choice["logprobs"]
    assert "".join(told["tokens"]) == expected
    lengths = map(len, told["tokens"])
    assert told["text_offset"] == [*itertools.accumulate(lengths, initial=0)][:-1]
    with server.stream(**asked) as rest:
        events = [one for one in rest() if isinstance(one, dict)]
    pieces = [event["choices"][0]["text"] for event in events if event["choices"]]
    assert "".join(pieces) == expected


@pytest.mark.parametrize("prompt", ["the bro", "don'", "b", "bro"])
def test_what_may_complete_a_word_is_told_by_what_it_adds(server, prompt):
    found = Generator(MODELS["words"]).probabilities(prompt)
    asked = {"model": "words", "prompt": prompt, "max_tokens": 40, "echo": True, "logprobs": 5}
    for seed in range(4):
        told = server.complete(**asked, seed=seed).json["choices"][0]["logprobs"]
        first = next(i for i, at in enumerate(told["text_offset"]) if at == len(prompt))
        token, top = told["tokens"][first], told["top_logprobs"][first]
        likeliest = [*found][:5]
        assert [*top] == [token, *(one for one in likeliest if one != token)]
        for text, log_probability in top.items():
            assert math.isclose(log_probability, math.log(found[text]), abs_tol=1e-5)
        assert top[token] == told["token_logprobs"][first]
        for likely in filter(None, told["top_logprobs"]):
            assert sum(map(math.exp, likely.values())) < 1 + 1e-6


@pytest.mark.parametrize(("name", "text"), [("words", "the bro"), ("bytes", "né☃")])
def test_a_text_that_is_echoed_has_the_score_of_the_text(server, name, text):
    asked = {"model": name, "prompt": text, "max_tokens": 0, "echo": True, "logprobs": 0}
    told = server.complete(**asked).json["choices"][0]["logprobs"]
    assert "".join(told["tokens"]) == text
    writer = Generator(MODELS[name])
    nll = writer.nll(np.asarray(MODELS[name].vocabulary.encode(text))).sum()
    assert math.isclose(-sum(told["token_logprobs"][1:]), nll, rel_tol=1e-5)
