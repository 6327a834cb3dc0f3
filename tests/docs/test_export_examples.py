"""What writes with exported files in the docs and the examples: ONNX, in a page too, and Keras."""

import functools
import http.server
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from burble.exchange.exports import export_model
from burble.exchange.options import ExportOptions
from burble.model.mixture import build_core
from tests.support.browsers import CHROMIUM, PATIENCE, browsing
from tests.support.npm import package_folder
from tests.support.speakers import POETS, apart, chancy, follower

EXAMPLES = Path(__file__).parents[2] / "examples" / "onnx"
ROUND = follower("abc", [1, 2, 0])
"""After a comes b, then c, then a again."""


def written(path, prompt):
    done = subprocess.run(
        [sys.executable, "-I", EXAMPLES / "write.py", path, prompt],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_writes_with_it(tmp_path):
    path = export_model(ROUND, str(tmp_path / "m.onnx"), ExportOptions())
    assert written(path, "ab") == "ab" + "cab" * 133 + "c"
    model = chancy(labels=POETS, boundary=True, ensemble=2)
    other = export_model(model, str(tmp_path / "o.onnx"), ExportOptions())
    found = written(other, "ab")
    assert len(found.replace("--", "-")) == 402
    assert {*"abc"} <= set(found) <= {*"abc\n-"}
    for one in (chancy(boundary=True, scale=0.5), apart(chancy(boundary=True, scale=0.5))):
        path = export_model(one, str(tmp_path / "d.onnx"), ExportOptions(), overwrite=True)
        assert written(path, "ab") == "ab" + write_here(one, "ab")


def write_here(model, prompt):
    """What the model itself writes by the rules and the random numbers of the example."""
    core, rng, text = build_core(model), np.random.default_rng(7), ""
    ids = np.array([model.vocabulary.boundary_id, *model.vocabulary.encode(prompt)])
    state = core.zero_state(1)
    for _ in range(400):
        logits, state = core.read_symbols(ids, state)
        chances = np.exp((logits[-1].astype(float) - logits[-1].max()) / 0.8)
        ids = np.array([rng.choice(len(chances), p=chances / chances.sum())])
        text += model.vocabulary.decode(ids, model.separator)
    assert "--" in text
    return text


# Keras 3.15 with NumPy 2.4, where it saves weights.
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras_writes_as_the_guide_says(tmp_path):
    letters = "".join(sorted({*"Alice was"}))
    model = follower(letters, [(n + 1) % len(letters) for n in range(len(letters))])
    export_model(model, str(tmp_path / "alice.keras"), ExportOptions())
    page = (EXAMPLES.parents[1] / "docs" / "guides" / "export.md").read_text("utf-8")
    (code,) = [one for one in re.findall(r"```python\n(.*?)```", page, re.S) if "keras" in one]
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        cwd=tmp_path,
        env={"KERAS_BACKEND": "numpy", "HOME": str(tmp_path), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    after = letters.index("s") + 1
    assert done.stdout == ((letters[after:] + letters[:after]) * 400)[:400]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
def test_a_page_writes_with_it(tmp_path):
    pytest.importorskip("playwright", reason="Playwright is not installed")
    names = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
    for name in names:
        shutil.copy(package_folder("onnxruntime-web", "1.30.0") / "dist" / name, tmp_path)
    shutil.copy(EXAMPLES / "write.html", tmp_path)
    export_model(ROUND, str(tmp_path / "model.onnx"), ExportOptions())
    serve = functools.partial(_Quiet, directory=tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with browsing() as browser:
            page = browser.new_page()
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(f"http://127.0.0.1:{server.server_port}/write.html?ab")
            page.wait_for_function("document.title === 'Done'")
            assert page.text_content("#text") == "ab" + "cab" * 133 + "c"
    finally:
        server.shutdown()
        server.server_close()
