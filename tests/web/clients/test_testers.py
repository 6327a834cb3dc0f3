"""Programs that look closely: an evaluator's log-likelihoods, and a tester of API descriptions."""

import json

import pytest

from tests.support.environments import python_with, run

pytestmark = pytest.mark.slow

TEXT = "the mat sat on the cat.\nthat test sat on the mat.\n"
LM_EVAL = """
import json, sys
from lm_eval.api.instance import Instance
from lm_eval.models.openai_completions import LocalCompletionsAPI

model = LocalCompletionsAPI(base_url=f"{sys.argv[1]}/completions", model="run", batch_size=2)
text = sys.argv[2]

def ask(kind, *several):
    requests = [Instance(kind, {}, one, number) for number, one in enumerate(several)]
    return getattr(model, kind)(requests, disable_tqdm=True)

told = {"tokenizer": model.tokenizer_backend}
told["pairs"] = ask("loglikelihood", (text[:1], text[1:]), (text[:9], text[9:]), ("", text))
told["rolling"] = ask("loglikelihood_rolling", (text,))
until = {"until": ["."], "max_gen_toks": 50, "temperature": 0}
told["written"] = ask("generate_until", ("the cat", until))
print(json.dumps(told))
"""
CONFIG = """
[checks.positive_data_acceptance]
# Whether a model knows the symbols of a prompt, or has a memory, no description can say.
expected-statuses = ["2xx", "400", "404", "422"]
"""


def test_an_evaluator_finds_the_log_likelihoods_of_burble_eval(url, burble, trained, tmp_path):
    python = python_with("lm-eval[api]==0.4.13")
    told = json.loads(run([python, "-c", LM_EVAL], url, TEXT).splitlines()[-1])
    assert told["tokenizer"] == "remote"
    (tmp_path / "text.txt").write_text(TEXT, "utf-8")
    facts = json.loads(burble("eval", trained, tmp_path / "text.txt", "--json").stdout)
    (whole, _), (end, _), (with_first, _) = told["pairs"]
    # The first character of running text is given.
    assert facts["characters"] == len(TEXT) - 1
    assert whole / facts["characters"] == pytest.approx(-facts["nats"], abs=1e-6)
    assert whole < end < 0
    assert with_first < 0
    assert told["rolling"] == [pytest.approx(with_first, abs=1e-4)]
    assert "." not in told["written"][0]


def test_a_tester_finds_the_description_true(cat, tmp_path):
    tester = python_with("schemathesis==4.32.5").parent / "schemathesis"
    (tmp_path / "schemathesis.toml").write_text(CONFIG, "utf-8")
    described = f"http://127.0.0.1:{cat.port}/openapi.json"
    flags = ["--max-examples", 10, "--seed", 1, "--phases", "coverage,fuzzing"]
    flags += ["--request-timeout", 600, "--no-color"]
    run([tester, "run", described, *flags], cwd=tmp_path)
