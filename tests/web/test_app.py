"""The server as a whole: a real process, asked over real sockets."""

import pytest

from burble import api
from tests.support.servers import serving


def test_it_serves_the_models_of_the_folder_and_the_bases(server):
    answer = server.get("/v1/models").json
    assert answer["object"] == "list"
    assert [one["id"] for one in answer["data"]][:3] == ["letters", "poems", "verse"]
    assert server.get("/v1/models/verse").json["object"] == "model"
    assert server.get("/v1/models/prose").error["code"] == "model_not_found"


def test_a_text_is_the_one_that_the_model_writes_alone(server, models):
    wanted = {"model": "letters", "prompt": "ab", "seed": 3, "max_tokens": 50}
    choice = server.complete(**wanted).json["choices"][0]
    writer = api.load(models / "letters.safetensors")
    assert choice["text"] == writer.generate("ab", seed=3, length=50)
    assert choice["finish_reason"] == "length"


def test_a_stream_has_the_same_text(server):
    wanted = {"model": "letters", "prompt": "ab", "seed": 3, "max_tokens": 50}
    events = server.complete(**wanted, stream=True).events
    text = "".join(event["choices"][0]["text"] for event in events)
    assert text == server.complete(**wanted).json["choices"][0]["text"]
    assert events[-1]["choices"][0]["finish_reason"] == "length"


def test_a_chat_is_refused_in_words(server):
    answer = server.ask("POST", "/v1/chat/completions", {"messages": []})
    assert answer.status == 404
    assert "continue text" in answer.error["message"]
    assert "/v1/completions" in answer.error["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("DELETE", "/health", 405), ("GET", "/v1/completions", 405)],
)
def test_what_the_framework_refuses_has_the_same_shape(server, method, path, status):
    answer = server.ask(method, path)
    assert answer.status == status
    assert path in answer.error["message"]


def test_it_stops_when_it_is_told(models):
    with serving(models / "verse") as running:
        assert running.get("/health").json["status"] == "ok"
        assert running.stop() == "Ctrl-C stops it.\n"
