"""Completions over a real socket: what is written, how it is told, and what is refused."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.web.conftest import EDGE

ASKED = {"model": "letters", "prompt": "ab", "seed": 3, "max_tokens": 40}


def texts(answer):
    assert answer.status == 200, answer.body
    return [choice["text"] for choice in answer.json["choices"]]


def test_an_answer_has_the_shape_of_a_completion(server):
    answer = server.complete(**ASKED).json
    choices = answer.pop("choices")
    assert answer.pop("id").startswith("cmpl-")
    assert answer.pop("created") > 1_700_000_000
    assert answer == {
        "object": "text_completion",
        "model": "letters",
        "seed": 3,
        "usage": {"prompt_tokens": 2, "completion_tokens": 40, "total_tokens": 42},
    }
    assert [set(one) for one in choices] == [{"index", "text", "logprobs", "finish_reason"}]


def test_many_at_once_are_each_what_the_model_writes_alone(server, letters):
    wanted = [
        {"prompt": "abc"[: n % 4], "seed": n, "max_tokens": 20 + 7 * n, "temperature": 0.5 + n / 20}
        for n in range(24)
    ]
    with ThreadPoolExecutor(12) as pool:
        written = [*pool.map(lambda one: server.complete(model="letters", **one), wanted)]
    for one, answer in zip(wanted, written, strict=True):
        alone = letters.generate(
            one["prompt"],
            seed=one["seed"],
            length=one["max_tokens"],
            temperature=one["temperature"],
        )
        assert texts(answer) == [alone]


def test_several_prompts_and_several_texts_of_each(server, letters):
    answer = server.complete(**ASKED | {"prompt": ["ab", "c"], "n": 2, "best_of": 2})
    expected = [
        one for p in ("ab", "c") for one in letters.generate_many(p, count=2, seed=3, length=40)
    ]
    assert texts(answer) == expected
    assert [one["index"] for one in answer.json["choices"]] == [0, 1, 2, 3]
    assert answer.json["usage"]["completion_tokens"] == 160


def test_ids_are_the_same_prompt_as_their_text(server):
    ids = server.ask("POST", "/tokenize", {"model": "letters", "prompt": "ab"}).json["tokens"]
    expected = texts(server.complete(**ASKED))
    assert texts(server.complete(**ASKED | {"prompt": ids})) == expected
    assert texts(server.complete(**ASKED | {"prompt": [ids, ids]})) == expected * 2


def test_null_is_as_if_absent(server):
    nothing = dict.fromkeys(("stop", "n", "logprobs", "suffix", "stream", "top_p", "memory", "mix"))
    assert texts(server.complete(**ASKED, **nothing)) == texts(server.complete(**ASKED))


def test_values_of_other_servers_that_change_nothing_are_taken(server):
    neutral = {"frequency_penalty": 0, "presence_penalty": 0.0, "logit_bias": {}, "suffix": ""}
    neutral |= {"mirostat_mode": 0, "mirostat_tau": 5.0, "tfs": 1.0, "max_context_length": 4096}
    neutral |= {"repetition_penalty": 1, "top_k": -1, "user": "me", "best_of": 1}
    assert texts(server.complete(**ASKED, **neutral)) == texts(server.complete(**ASKED))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suffix", "end"),
        ("frequency_penalty", 0.5),
        ("logit_bias", {"1": 5}),
        ("best_of", 2),
        ("training_text", "/etc/passwd"),
        ("nonsense", 1),
        ("temperature", "hot"),
        ("temperature", -1),
        ("top_p", 2),
        ("max_tokens", -1),
        ("max_tokens", 1_000_000),
        ("max_tokens", True),
        ("n", 0),
        ("n", 257),
        ("stop", ["a"] * 17),
        ("stop", ""),
        ("logprobs", -2),
        ("do_sample", False),
        ("repetition_penalty", 1.1),
        ("prompt", []),
        ("prompt", [1, "a"]),
        ("prompt", 5),
        ("prompt", "a" * 200_001),
        ("memory", "/etc/passwd"),
        ("memory", 2),
        ("words", "/etc/passwd"),
        ("label", 7),
        ("mix", [0.5, 0.5]),
        ("best_of", True),
        ("model", "letters+letters"),
        ("model", "+".join("abcdefghi")),
        ("prompt", "a\ud800"),
        ("stop", "a\ud800"),
        ("stream_options", {"include": True}),
    ],
)
def test_what_cannot_be_is_refused_by_name(server, name, value):
    answer = server.complete(**ASKED | {name: value})
    assert answer.status == 400
    assert answer.error["param"] == name
    assert answer.error["type"] == "invalid_request_error"
    assert answer.error["message"].startswith(name)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prompt": "añb"}, "the prompt has 1 symbol this model never saw: 'ñ' (U+00F1)"),
        ({"prompt": [0, 4]}, "the prompt has the id 4, and those of this model are 0 to 3"),
        ({"model": "verse", "memory": 1}, "memory needs a memory, and this model has none"),
        ({"model": "verse", "words": "known"}, "words needs a memory"),
        ({"model": "letters+verse", "novel": 5}, "Models that are mixed have none"),
    ],
)
def test_what_this_model_cannot_do_is_told(server, asked, message):
    answer = server.complete(**ASKED | asked)
    assert answer.status == 422
    assert message in answer.error["message"]
    assert "--" not in answer.error["message"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"a"',
        b'{"n": NaN}',
        b'{"n": 1, "n": 2}',
        b'{"seed": 1%s}' % (b"0" * 400),
        b"[" * 100_000,
        b"\xff",
    ],
)
def test_what_is_no_json_object_is_refused(server, body):
    answer = server.ask("POST", "/v1/completions", body, {"Content-Type": "application/json"})
    assert answer.status == 400
    assert answer.error["code"] == "invalid_json"


@pytest.mark.parametrize("path", ["/v1/completions", "/tokenize", "/detokenize"])
def test_half_a_character_is_refused_wherever_it_is(server, path):
    for body in (b'{"\\ud800": 1}', b'{"model": "\\ud800", "prompt": "a", "tokens": []}'):
        answer = server.ask("POST", path, body, {"Content-Type": "application/json"})
        assert answer.status == 400
        assert answer.error["message"]


TOLD = [{}, {"logprobs": 2}, {"echo": True}, {"echo": True, "logprobs": 0}]


@pytest.mark.parametrize("more", TOLD)
def test_a_stream_joined_is_the_whole_answer(server, more):
    asked = ASKED | {"prompt": ["ab", "c"], "n": 2} | more
    whole = server.complete(**asked).json
    *events, last = server.complete(
        **asked, stream=True, stream_options={"include_usage": True}
    ).events
    assert last["choices"] == []
    assert last["usage"] == whole["usage"]
    assert {event["usage"] for event in events} == {None}
    for choice in whole["choices"]:
        pieces = [p for e in events for p in e["choices"] if p["index"] == choice["index"]]
        assert "".join(piece["text"] for piece in pieces) == choice["text"]
        reasons = [piece["finish_reason"] for piece in pieces]
        assert reasons == [None] * (len(pieces) - 1) + [choice["finish_reason"]]
        for name in choice["logprobs"] or ():
            told = [one for piece in pieces for one in (piece["logprobs"] or {}).get(name, [])]
            assert told == choice["logprobs"][name]


def test_it_stops_before_a_string(server):
    whole = texts(server.complete(**ASKED))[0]
    stop = whole[10:13]
    answer = server.complete(**ASKED, stop=["never ✗", stop])
    assert texts(answer) == [whole[: whole.index(stop)]]
    assert answer.json["choices"][0]["finish_reason"] == "stop"


def test_a_text_of_no_length_is_the_prompt_alone(server):
    answer = server.complete(**ASKED | {"max_tokens": 0, "echo": True})
    assert texts(answer) == ["ab"]
    assert answer.json["choices"][0]["finish_reason"] == "length"


def test_labels_change_what_is_written(server):
    asked = {"model": "poems", "prompt": "a", "seed": 1, "max_tokens": 60}
    named = texts(server.complete(**asked, label={"poet": "Whitman"}))
    assert named == texts(server.complete(**asked, label="poet=Whitman"))
    assert named != texts(server.complete(**asked))
    answer = server.complete(**asked, label="poet=Poe")
    assert "It knows 'Dickinson', 'Whitman'" in answer.error["message"]


def test_a_text_may_end_with_its_document(server):
    asked = {"model": "poems", "prompt": "a", "seed": 1, "max_tokens": 400}
    answer = server.complete(**asked, until_document=True)
    whole = texts(server.complete(**asked))[0]
    assert texts(answer) == [whole.partition(EDGE)[0]]
    assert answer.json["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("more", [{"memory": 0.7}, {"words": "known"}, {"novel": 5, "memory": 1}])
def test_memory_and_what_is_looked_up_in_it_are_those_of_the_model(server, letters, more):
    options = {"seed": 3, "length": 40} | more
    for _ in range(2):
        # The second time it is not looked up again.
        assert texts(server.complete(**ASKED, **more)) == [letters.generate("ab", **options)]


def test_models_are_mixed(server):
    mixed = texts(server.complete(**ASKED | {"model": "letters+verse", "mix": [0.9, 0.1]}))
    assert mixed != texts(server.complete(**ASKED | {"model": "letters+verse"}))
    alone = texts(server.complete(**ASKED))
    assert texts(server.complete(**ASKED | {"model": "letters+verse", "mix": [1, 0]})) == alone


def test_the_likeliest_is_always_taken_where_nothing_is_sampled(server):
    greedy = texts(server.complete(**ASKED, temperature=0))
    assert texts(server.complete(**ASKED, temperature=0.0, do_sample=False)) == greedy


def test_no_more_symbols_are_told_than_there_are(server):
    told = server.complete(**ASKED, logprobs=100).json["choices"][0]["logprobs"]
    assert told == server.complete(**ASKED, logprobs=-1).json["choices"][0]["logprobs"]


def test_what_is_told_has_a_limit(server):
    answer = server.complete(**ASKED | {"max_tokens": 20_000, "n": 10}, logprobs=-1)
    assert answer.status == 400
    assert "logprobs asks for up to 800,000 log-probabilities" in answer.error["message"]


def test_all_texts_together_have_a_limit(server):
    answer = server.complete(**ASKED | {"n": 200, "max_tokens": 1_001})
    assert answer.status == 400
    assert "all 200 texts together have at most 200,000 characters" in answer.error["message"]
    answer = server.complete(**ASKED | {"n": 129, "prompt": ["a", "b"]})
    assert "at most 256 texts" in answer.error["message"]


def test_what_the_model_never_saw_may_be_skipped(server):
    skipped = server.complete(**ASKED | {"prompt": "aé ñb", "unknown": "skip", "echo": True})
    assert texts(skipped) == ["ab" + texts(server.complete(**ASKED))[0]]


def test_a_text_is_scored_as_the_model_does(server, letters):
    prompt = "abcab\ncc"
    answer = server.complete(model="letters", prompt=prompt, max_tokens=0, echo=True, logprobs=-1)
    told = answer.json["choices"][0]["logprobs"]
    assert told["tokens"] == [*prompt]
    assert told["text_offset"] == [*range(len(prompt))]
    assert told["token_logprobs"][0] is told["top_logprobs"][0] is None
    ids = letters.model.vocabulary.encode(prompt, "prompt")
    np.testing.assert_allclose(told["token_logprobs"][1:], -letters.nll(ids), atol=1e-6)
    for top in told["top_logprobs"][1:]:
        assert set(top) == {"\n", "a", "b", "c"}
        np.testing.assert_allclose(np.exp([*top.values()]).sum(), 1, atol=1e-6)


def test_logprobs_are_of_each_symbol_that_was_drawn(server, letters):
    answer = server.complete(**ASKED, logprobs=1)
    choice = answer.json["choices"][0]
    told = choice["logprobs"]
    assert "".join(told["tokens"]) == choice["text"]
    ids = letters.model.vocabulary.encode("ab" + choice["text"], "text")
    np.testing.assert_allclose(told["token_logprobs"], -letters.nll(ids)[1:], atol=1e-6)
    for token, one, top in zip(
        told["tokens"], told["token_logprobs"], told["top_logprobs"], strict=True
    ):
        assert top[token] == one
        assert len(top) <= 2
        assert max(top.values()) >= one


def test_ids_may_begin_with_the_edge_of_a_document(server):
    edge = 3
    asked = {"model": "poems", "max_tokens": 1, "echo": True, "logprobs": 0, "temperature": 0}
    told = server.complete(**asked, prompt=[edge, 1, 2]).json["choices"][0]["logprobs"]
    plain = server.complete(**asked, prompt="ab").json["choices"][0]["logprobs"]
    assert told["tokens"][:3] == ["", "a", "b"]
    assert told["token_logprobs"][0] is plain["token_logprobs"][0] is None
    # What begins a document is predicted from its edge.
    assert told["token_logprobs"][1] < 0
    assert told["token_logprobs"][2:] == plain["token_logprobs"][1:]
