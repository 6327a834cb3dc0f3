"""How fast an exported page writes in Chromium, beside onnxruntime-web and loops in JavaScript.

    python -m benchmarks page [--quick]

One Chromium, one core, one thread: all pages are open in it and write in turn, round after round.
Speeds are by the processor time of the pages' own processes, so that what else the machine does
tells less. The time to the first character is from opening the page, by the clock, which tells
something on an idle machine alone, and by processor time, the start of a process included. The
model has 2 layers of 256 units, 65 symbols and random weights, which take as long as trained ones.
The other two programs come from npm and are kept in the folder of burble's caches; their models are
what `burble export` writes. `plain loop` is the usual one, four rows at a time, which was the
fastest of those tried. Needs Playwright, Chromium, npm and the extra onnx.
"""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import platformdirs

from benchmarks.harness import make_parser, record
from benchmarks.speed.writing import ONE, bind, make

HERE = Path(__file__).parent / "page"
PACKAGES = {
    "ort": "onnxruntime-web@1.30.0",
    "transformers": "@huggingface/transformers@4.3.2",
    "transformers-ort": "onnxruntime-web@1.31.0-dev.20260914-8d85527a0",
}
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
SIZE = (2, 256)
LENGTHS = {"page": 15_000, "page, plain JavaScript": 800, "plain loop": 2_000}
OTHER_LENGTH = 3_000
WITHOUT = "delete globalThis.WebAssembly"


def main() -> None:
    """Measures all and writes the results."""
    quick = make_parser(__doc__, "fewer rounds").parse_args().quick
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        command = [sys.executable, "-m", "benchmarks", "page", *sys.argv[1:]]
        sys.exit(subprocess.call(command, env=os.environ | ONE))
    bind()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        prepare(site)
        with serving(site) as address:
            measure(site, address, 2 if quick else 5)


def prepare(site: Path) -> None:
    """Puts the pages, the programs and their models into a folder."""
    from burble.exchange.exports import export_model
    from burble.exchange.options import ExportOptions
    from burble.model.file import read_model

    for name, package in PACKAGES.items():
        fetch(package, site / name)
    for path in HERE.glob("*.html"):
        shutil.copy(path, site)
    make(site / "own", *SIZE)
    model = read_model(site / "own")
    for name in ("page.html", "model.onnx"):
        export_model(model, str(site / name), ExportOptions())
    (site / "m" / "onnx").mkdir(parents=True)
    shutil.copy(site / "model.onnx", site / "m" / "onnx")
    (site / "m" / "config.json").write_text('{"model_type": "burble"}', "utf-8")


def fetch(package: str, to: Path) -> None:
    """Unpacks a package of npm, which is fetched once."""
    kept = platformdirs.user_cache_path("burble-tests") / "npm-archives"
    kept.mkdir(parents=True, exist_ok=True)
    name = package.lstrip("@").replace("/", "-").replace("@", "-")
    if not (kept / f"{name}.tgz").exists():
        command = ["npm", "pack", package, "--ignore-scripts", "--silent"]
        subprocess.run(command, cwd=kept, check=True, capture_output=True)
    with tarfile.open(kept / f"{name}.tgz") as archive:
        archive.extractall(to, filter="data")


@contextmanager
def serving(site: Path) -> Iterator[str]:
    """Serves the folder, as the other programs need it: they load files."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Says nothing."""

    handler = functools.partial(Handler, directory=site)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def measure(site: Path, address: str, rounds: int) -> None:
    """Opens all pages in one browser, and lets them write in turn."""
    from playwright.sync_api import sync_playwright

    places = {
        "page": ((site / "page.html").as_uri(), ""),
        "page, plain JavaScript": ((site / "page.html").as_uri(), WITHOUT),
        "plain loop": (f"{address}/loop.html", ""),
        "onnxruntime-web 1.30.0": (f"{address}/ort.html", ""),
        "transformers.js 4.3.2": (f"{address}/transformers.html", ""),
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        session = browser.new_browser_cdp_session()
        first, work = measure_first(browser, session, places, rounds)
        pages = {name: visit(browser, *place) for name, place in places.items()}
        speeds: dict[str, list[float]] = {name: [] for name in places}
        for number in range(rounds + 1):
            for name, page in pages.items():
                length = LENGTHS.get(name, OTHER_LENGTH)
                before = processor_times(session)
                written = page.evaluate("length => globalThis.write(length)", length)
                if number:
                    speeds[name].append(written / difference(processor_times(session), before))
        sizes = {name: weigh(site, name) for name in places}
        version = browser.version
        browser.close()
    rows = [
        {
            "writes with": name,
            "megabytes": sizes[name],
            "first_character_seconds": round(median(first[name]) / 1000, 3),
            "first_character_cpu_seconds": round(median(work[name]), 2),
            **summarize(speeds[name]),
        }
        for name in places
    ]
    note = f"Chromium {version}, one core, one thread; 2 x 256 units, 65 symbols; in turn"
    record("page", rows, f"{note}; speeds by processor time, medians of {rounds}")


def summarize(speeds: Sequence[float]) -> dict[str, int]:
    """Some speeds in whole characters a second."""
    found = {"characters_a_second": median(speeds), "least": min(speeds), "most": max(speeds)}
    return {name: round(speed) for name, speed in found.items()}


def measure_first(
    browser: Any, session: Any, places: Mapping[str, tuple[str, str]], rounds: int
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Until each page has written a character: milliseconds, and seconds of processor time."""
    first: dict[str, list[float]] = {name: [] for name in places}
    work: dict[str, list[float]] = {name: [] for name in places}
    for _ in range(rounds):
        for name, place in places.items():
            before = processor_times(session)
            page = visit(browser, *place)
            first[name].append(page.evaluate("globalThis.first"))
            work[name].append(difference(processor_times(session), before))
            page.context.close()
    return first, work


def visit(browser: Any, url: str, script: str) -> Any:
    """A page that has written its first character."""
    page = browser.new_context().new_page()
    page.set_default_timeout(300_000)
    page.add_init_script(script + ";" + (HERE / "first.js").read_text("utf-8"))
    page.on("pageerror", lambda error: sys.exit(f"{url}: {error}"))
    page.goto(url)
    page.wait_for_function("globalThis.first")
    return page


def processor_times(session: Any) -> dict[int, float]:
    """Seconds of processor time that each process of a page has taken so far."""
    found = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return {one["id"]: float(one["cpuTime"]) for one in found if one["type"] == "renderer"}


def difference(after: dict[int, float], before: dict[int, float]) -> float:
    """Seconds of processor time that pages took meanwhile, the start of new ones included."""
    return sum(time - before.get(process, 0.0) for process, time in after.items())


def weigh(site: Path, name: str) -> float | str:
    """Megabytes that are loaded before it writes, programs and model."""
    model = site / "model.onnx"
    files: dict[str, list[Path]] = {
        "page": [site / "page.html"],
        "onnxruntime-web 1.30.0": [
            *(site / "ort/package/dist" / one for one in ORT_FILES),
            model,
        ],
        "transformers.js 4.3.2": [
            site / "transformers/package/dist/transformers.min.js",
            *(site / "transformers-ort/package/dist" / one for one in JSEP_FILES),
            model,
        ],
    }
    files["page, plain JavaScript"] = files["page"]
    if name not in files:
        return ""
    return round(sum(path.stat().st_size for path in files[name]) / 1e6, 2)


ORT_FILES = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")
JSEP_FILES = ("ort-wasm-simd-threaded.jsep.mjs", "ort-wasm-simd-threaded.jsep.wasm")


if __name__ == "__main__":
    main()
