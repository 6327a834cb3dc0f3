"""A page that is exported: what it holds and refuses, and its model read back."""

import base64
import hashlib
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from burble.errors import ModelFileError, SettingsError
from burble.exchange import html_page, quantized
from burble.exchange.exports import export_model
from burble.exchange.html_page import build_page
from burble.exchange.imports import read_import, recognize
from burble.exchange.options import ExportOptions, ImportRequest
from burble.model.file import write_model
from tests.support.speakers import POETS, chancy


@pytest.fixture
def model():
    return replace(chancy("abc<\n", boundary=True, labels=POETS), summary={"best": {"loss": 1.5}})


def read(path):
    return read_import(path, ImportRequest()).content


@pytest.mark.parametrize("int8", [False, True])
def test_a_page_comes_in_again_and_goes_out_as_it_was(model, tmp_path, int8):
    path, again = tmp_path / "a.html", tmp_path / "again" / "a.html"
    path.write_bytes(build_page(model, "a", int8=int8))
    found = read(path)
    assert found.facts("origin")["format"] == "html"
    assert (found.vocabulary, found.separator, found.labels) == (model.vocabulary, "--", POETS)
    for name, array in model.weights.items():
        if int8:
            step = np.abs(array).max(0) / 127
            assert (np.abs(found.weights[name] - array) <= step * 0.5001).all()
        else:
            assert np.array_equal(found.weights[name], array.astype(np.float16)), name
    # But for where it came from, it is the same page.
    same = replace(found, summary=model.summary, dtype="float32")
    again.parent.mkdir()
    again.write_bytes(build_page(same, "a", int8=int8))
    assert again.read_bytes() == path.read_bytes()


def test_nothing_in_it_is_loaded_and_nothing_runs_that_its_policy_does_not_name(model):
    page = build_page(model, '<b>&"$script').decode()
    assert "<title>&lt;b&gt;&amp;&quot;$script · burble</title>" in page
    policy = re.search(r'content="(default-src[^"]+)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    for kind, element in (("script", '<script type="module">'), ("style", "<style>")):
        text = page.partition(element)[2].partition(f"</{kind}>")[0]
        hashed = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{hashed}'" in policy
    assert "unsafe-inline" not in policy
    assert "'unsafe-eval'" not in policy
    assert not re.search(r'\b(?:src|srcset|action)="|\son\w+="|\sstyle="|@import|url\(', page)
    assert not re.search(r"https?://(?!www\.w3\.org/)", page)
    assert "localStorage" not in page
    assert "fetch(" not in page
    facts = json.loads(page.partition('id="facts">')[2].partition("</script>")[0])
    assert facts["name"] == '<b>&"$script'


def test_the_command_writes_it(burble, model, tmp_path):
    write_model(tmp_path / "m", model)
    done = burble("export", "m", "poems.html", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    size = (tmp_path / "poems.html").stat().st_size
    assert f"Wrote poems.html, {size:,} bytes." in done.stderr.decode()
    assert recognize(tmp_path / "poems.html").name == "html"
    written = burble("sample", "m", "--portable", "--seed", "3", cwd=tmp_path)
    assert written.returncode == 0, written.stderr.decode()
    assert len(written.stdout.decode().rstrip("\n")) == 400
    done = burble("sample", "m", "--portable", "--memory", "0.5", cwd=tmp_path)
    assert done.returncode == 2


def test_8_bits_are_refused_where_they_cost_too_much(model, tmp_path, monkeypatch):
    said: list[str] = []
    options = ExportOptions(int8=True)
    export_model(model, str(tmp_path / "a.html"), options, log=said.append)
    assert re.fullmatch(r"8 bits cost 0\.00\d\d nats a character, on text .*\.", said[0])
    faint = replace(model, weights={name: one * 0.01 for name, one in model.weights.items()})
    export_model(faint, str(tmp_path / "faint.html"), options, log=said.append)
    assert said[-1].startswith("8 bits cost less than 0.0001 nats a character, on text")
    cost = quantized.measure_cost(model)
    assert 0 < cost < html_page.MAX_COST
    monkeypatch.setattr(html_page, "MAX_COST", cost / 2)
    with pytest.raises(SettingsError, match=r"8 bits would cost this model .* Leave out --int8"):
        export_model(model, str(tmp_path / "b.html"), options)
    assert not (tmp_path / "b.html").exists()


def test_what_a_page_cannot_run_is_refused(model):
    shape = replace(model.architecture, cell="gru", reset_after=False)
    with pytest.raises(SettingsError, match=r"a GRU that resets its state after the product"):
        build_page(replace(model, architecture=shape), "a")
    large = np.zeros((1 << 13, (1 << 13) + 1), np.float32)
    with pytest.raises(SettingsError, match=r"67,1\d\d,\d\d\d weights, and a page holds up to"):
        build_page(replace(model, weights={"a": large}), "a")


@pytest.mark.parametrize("int8", [False, True])
def test_a_damaged_page_is_refused_in_a_sentence(model, tmp_path, int8):
    whole = build_page(model, "a", int8=int8)
    start = whole.index(b'id="model-file">') + 16
    end = whole.index(b"</script>", start)
    path = tmp_path / "a.html"
    damaged = [whole[:start], whole[: end - 5], whole[:start] + b"A" + whole[start:]]
    damaged += [whole[:start] + whole[start + 4 * n :] for n in (1, 9, 300)]
    for place in np.random.default_rng(0).integers(start, end, 60).tolist():
        other = b"AZaz09+/"[place % 8 : place % 8 + 1]
        damaged.append(whole[:place] + other + whole[place + 1 :])
    said = []
    for data in damaged:
        path.write_bytes(data)
        try:
            read(path)
        except ModelFileError as error:
            said.append(str(error))
    # A changed weight is a weight; the header, and what is said of the model, are checked.
    assert len(said) >= 6
    assert all(str(path) in one and "\n" not in one for one in said)
