"""Libraries and programs that speak to completions servers: langchain, litellm, llm, curl."""

import json
import os
import shutil

import pytest

from tests.support.environments import python_with, run
from tests.web.clients.conftest import ASKED

pytestmark = pytest.mark.slow

LANGCHAIN = """
import json, sys
from langchain_openai import OpenAI
asked = json.loads(sys.argv[2])
prompt = asked.pop("prompt")
writer = OpenAI(base_url=sys.argv[1], api_key="none", model="run", **asked)
told = {"text": writer.invoke(prompt), "stream": "".join(writer.stream(prompt))}
told["several"] = writer.batch([prompt, "the mat"])
print(json.dumps(told))
"""
LITELLM = """
import json, sys, litellm
asked = json.loads(sys.argv[2])
asked |= {"model": "text-completion-openai/run", "api_base": sys.argv[1], "api_key": "none"}
told = {"text": litellm.text_completion(**asked).choices[0].text}
pieces = litellm.text_completion(**asked, stream=True)
told["stream"] = "".join(piece.choices[0].text or "" for piece in pieces)
message = {"role": "user", "content": asked.pop("prompt")}
told["chat"] = litellm.completion(**asked, messages=[message]).choices[0].message.content
print(json.dumps(told))
"""
YAML = """
- model_id: cat
  model_name: run
  api_base: {url}
  completion: true
"""


def test_langchain(url, expected):
    python = python_with("langchain-openai==1.7.4")
    told = json.loads(run([python, "-c", LANGCHAIN], url, json.dumps(ASKED)))
    assert told["text"] == told["stream"] == told["several"][0] == expected
    assert len(told["several"]) == 2


def test_litellm(url, expected):
    python = python_with("litellm==1.110.2")
    # It would ask elsewhere what models cost.
    alone = os.environ | {"LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    told = json.loads(run([python, "-c", LITELLM], url, json.dumps(ASKED), env=alone))
    assert told["text"] == told["stream"] == told["chat"] == expected


def test_llm_by_yaml(url, expected, tmp_path):
    llm = python_with("llm==0.36").parent / "llm"
    (tmp_path / "extra-openai-models.yaml").write_text(YAML.format(url=url), "utf-8")
    home = os.environ | {"LLM_USER_PATH": str(tmp_path)}
    asked = [llm, "-m", "cat", "the cat", "-o", "max_tokens", 20, "-o", "seed", 1]
    asked += ["-o", "temperature", 0.5, "--key", "none"]
    assert run(asked, env=home) == run(asked, "--no-stream", env=home) == f"{expected}\n"


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_curl(url, expected):
    asked = ["curl", "--silent", "--no-buffer", f"{url}/completions"]
    whole = run(asked, "--json", json.dumps(ASKED))
    assert json.loads(whole)["choices"][0]["text"] == expected
    events = run(asked, "--json", json.dumps(ASKED | {"stream": True})).split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]
    # Without a header curl calls it a form.
    told = json.loads(run(asked, "--data", json.dumps(ASKED)))
    assert "send the header Content-Type: application/json" in told["error"]["message"]
