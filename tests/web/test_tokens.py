"""Texts as ids, and back."""

import pytest

from tests.web.conftest import EDGE


def tokenize(server, **fields):
    return server.ask("POST", "/tokenize", {"model": "letters"} | fields)


def test_a_text_becomes_ids_and_they_become_it_again(server):
    told = tokenize(server, prompt="ab\nc").json
    assert told["tokens"] == [1, 2, 0, 3]
    assert told["token_strs"] == ["a", "b", "\n", "c"]
    assert told["count"] == 4
    assert told["max_model_len"] > 100_000
    back = server.ask("POST", "/detokenize", {"model": "letters", "tokens": told["tokens"]}).json
    assert back == {"prompt": "ab\nc", "content": "ab\nc"}


def test_what_parts_documents_is_one_symbol(server):
    text = f"a{EDGE}b"
    told = tokenize(server, prompt=text, model="poems").json
    assert (told["tokens"], told["token_strs"]) == ([1, 3, 2], ["a", EDGE, "b"])
    back = server.ask("POST", "/detokenize", {"model": "poems", "tokens": told["tokens"]})
    assert back.json["prompt"] == text


def test_nothing_becomes_nothing(server):
    assert tokenize(server, content="").json["tokens"] == []
    assert server.ask("POST", "/detokenize", {"tokens": []}).json["prompt"] == ""


def test_other_servers_call_the_text_content(server):
    assert tokenize(server, content="ab").json == tokenize(server, prompt="ab").json


def test_the_edge_of_a_document_is_there_for_who_asks(server):
    asked = {"model": "poems", "prompt": "ab", "add_special_tokens": True}
    assert tokenize(server, **asked).json["tokens"] == [3, 1, 2]
    assert tokenize(server, **asked | {"add_special_tokens": False}).json["tokens"] == [1, 2]
    assert tokenize(server, prompt="ab", add_special_tokens=True).json["tokens"] == [1, 2]
    told = server.get("/tokenizer_info").json
    assert (told["eos_token"], told["unit"], told["vocab_size"]) == ("\n", "char", 4)


@pytest.mark.parametrize(
    ("fields", "status", "message"),
    [
        ({}, 400, "prompt is None, but must be a text."),
        ({"prompt": 5}, 400, "prompt is 5, but must be a text."),
        ({"prompt": "a", "content": "a"}, 400, "content is 'a', but must be left out"),
        ({"prompt": "a", "messages": []}, 400, "messages is [], but must be left out"),
        ({"prompt": "ñ"}, 422, "'ñ' (U+00F1)"),
        ({"prompt": "a", "model": "none"}, 404, "there is no model called 'none'"),
        ({"prompt": "a", "unknown": "guess"}, 400, "unknown is 'guess'"),
    ],
)
def test_what_is_no_text_is_refused(server, fields, status, message):
    answer = tokenize(server, **fields)
    assert answer.status == status
    assert message in answer.error["message"]


@pytest.mark.parametrize(
    ("tokens", "status"), [("ab", 400), ([-1], 400), ([1.5], 400), ([[1]], 400), ([4], 422)]
)
def test_what_are_no_ids_is_refused(server, tokens, status):
    answer = server.ask("POST", "/detokenize", {"model": "letters", "tokens": tokens})
    assert answer.status == status
    assert str(tokens[0]) in answer.error["message"]
