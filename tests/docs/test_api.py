"""What the pages on the API and on writers' tools show works."""

import io
import json
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from burble.model import bases
from burble.web.parameters import FIELDS
from tests.support.servers import serving

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
API, TOOLS = (GUIDES.joinpath(name).read_text("utf-8") for name in ("api.md", "writers-tools.md"))

needs_base = pytest.mark.skipif(not bases.base_names(), reason="this copy holds no base")


@pytest.fixture(scope="module")
def english():
    with serving("english", "--no-page") as running:
        yield running


def blocks(page, kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", page, re.M | re.S)


def run(code, port):
    out = io.StringIO()
    with redirect_stdout(out):
        exec(code.replace(":8000", f":{port}"), {"__name__": "example"})
    return out.getvalue()


def test_the_page_names_every_field():
    assert set(re.findall(r"`(\w+)`", API)) >= {*FIELDS} - {"user"}


@needs_base
def test_requests_on_the_page_are_answered(english):
    bodies = [json.loads(one) for one in re.findall(r"--json '(.*?)'", API)]
    assert len(bodies) == 2
    first, second = (english.complete(**body).json["choices"][0] for body in bodies)
    assert len(first["text"]) == 200
    assert second["text"] == bodies[1]["prompt"]
    assert second["logprobs"]["token_logprobs"][0] is None


@needs_base
def test_the_error_on_the_page_is_what_comes(english):
    (shown,) = blocks(API, "json")
    answer = english.complete(prompt="a", top_p=2)
    assert answer.status == 400
    assert answer.json == json.loads(shown)


@needs_base
def test_keyboards_on_the_page_find_words(english):
    here, elsewhere = (run(code, english.port) for code in blocks(TOOLS, "python"))
    assert here.startswith("['m")
    assert "my" in elsewhere
