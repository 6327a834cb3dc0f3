"""The clients of OpenAI: two major versions for Python, and the one for JavaScript."""

import json

import pytest

from tests.support.environments import node_with, python_with, run
from tests.web.clients.conftest import ASKED

pytestmark = pytest.mark.slow

PYTHON = """
import json, sys, openai
url, asked = sys.argv[1], json.loads(sys.argv[2])
client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
told = {"version": openai.__version__, "models": [one.id for one in client.models.list()]}
whole = client.completions.create(model="run", **asked)
told["text"], told["usage"] = whole.choices[0].text, whole.usage.total_tokens
pieces = client.completions.create(
    model="run", **asked, stream=True, stream_options={"include_usage": True}
)
told["stream"] = ""
for piece in pieces:
    told["stream"] += "".join(choice.text for choice in piece.choices)
    told["stream usage"] = piece.usage and piece.usage.total_tokens
several = client.completions.create(
    model="run", **asked | {"prompt": ["the cat", "the mat"]}, n=2, extra_body={"top_k": 5}
)
told["several"] = len(several.choices)
scored = client.completions.create(
    model="run", prompt="the cat", max_tokens=0, echo=True, logprobs=2
)
told["logprobs"] = scored.choices[0].logprobs.token_logprobs
try:
    client.chat.completions.create(model="run", messages=[{"role": "user", "content": "hi"}])
except openai.NotFoundError as error:
    told["chat"] = error.message
try:
    client.completions.create(model="run", **asked, suffix="x")
except openai.BadRequestError as error:
    told["refused"] = [error.param, error.code]
with client.completions.create(
    model="run", prompt="the", max_tokens=20_000, stream=True
) as pieces:
    told["first"] = next(iter(pieces)).choices[0].finish_reason
print(json.dumps(told))
"""
JAVASCRIPT = """
import OpenAI from "openai";
const [url, asked] = [process.argv[2], JSON.parse(process.argv[3])];
const client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
const whole = await client.completions.create({ model: "run", ...asked });
const told = { text: whole.choices[0].text, stream: "" };
for await (const piece of await client.completions.create({ model: "run", ...asked, stream: true }))
  told.stream += piece.choices[0].text;
try {
  await client.completions.create({ model: "run", ...asked, suffix: "x" });
} catch (error) {
  told.refused = [error.status, error.param, error.message];
}
console.log(JSON.stringify(told));
"""


@pytest.mark.parametrize("version", ["1.109.1", "3.57.0"])
def test_python(version, url, expected, cat):
    told = json.loads(
        run([python_with(f"openai=={version}"), "-c", PYTHON], url, json.dumps(ASKED))
    )
    assert told["version"] == version
    assert told["models"] == ["run"]
    assert told["text"] == told["stream"] == expected
    assert told["usage"] == told["stream usage"] == 27
    assert told["several"] == 4
    assert told["logprobs"][0] is None
    assert len(told["logprobs"]) == 7
    assert "continue text" in told["chat"]
    assert told["refused"] == ["suffix", "unsupported"]
    assert told["first"] is None
    cat.wait_for("burble_texts_active", 0)


def test_javascript(url, expected, tmp_path):
    folder = node_with("openai@6.49.0")
    (tmp_path / "node_modules").symlink_to(folder / "node_modules")
    (tmp_path / "client.mjs").write_text(JAVASCRIPT, "utf-8")
    told = json.loads(run(["node", tmp_path / "client.mjs"], url, json.dumps(ASKED)))
    assert told["text"] == told["stream"] == expected
    assert told["refused"][:2] == [400, "suffix"]
    assert "suffix is not supported" in told["refused"][2]
