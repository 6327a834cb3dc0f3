"""The examples that write with an ONNX file: in Python, and in a page in a real browser."""

import functools
import http.server
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from burble.exchange.exports import export_model
from burble.exchange.options import ExportOptions
from tests.support.browsers import CHROMIUM, PATIENCE, browsing
from tests.support.npm import package_folder
from tests.support.speakers import POETS, chancy, follower

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
