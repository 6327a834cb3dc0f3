"""One page of HTML that writes: a model with all that runs it, and nothing loaded from elsewhere.

The page holds the model as a model file in base64, its weights in 16 bits or 8, and can be
imported again. What is shown is the view of the server's page in which one writes (`web/page`);
what computes is in `page/`. Knows nothing of servers.
"""

import base64
import binascii
import hashlib
import html
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import burble
from burble import files
from burble.errors import ModelFileError, SettingsError
from burble.exchange.imports import Imported
from burble.exchange.options import ExportOptions, ImportRequest
from burble.exchange.page_facts import describe_rules, describe_words, describe_writing
from burble.exchange.quantized import measure_cost, read_weights, serialize_weights
from burble.exchange.wasm import assemble
from burble.model.file import Model

Log = Callable[[str], object]
FOLDER = Path(__file__).parent / "page"
SHARED = Path(burble.__file__).parent / "web" / "page"
"""The files of the server's page."""
SCRIPTS = ("arithmetic", "network", "random", "alphabet", "choosing", "writer")
"""The modules that write, each after those that it needs."""
POLICY = (
    "default-src 'none'; script-src 'sha256-{script}' 'wasm-unsafe-eval'; "
    "style-src 'sha256-{style}'; img-src data:; base-uri 'none'; form-action 'none'"
)
MAX_WEIGHTS = 1 << 26
MAX_COST = 0.002
"""Nats that 8 bits may cost."""
MAX_FILE = 1 << 29
MARK = b'<meta name="generator" content="burble '
"""What stands in the head of each page."""
_MODULE_LINES = re.compile(r"^(?:import|export) \{[^}]*\}(?: from \"[^\"]+\")?;\n", re.M)
_MODEL = re.compile(rb'<script type="text/plain" id="model-file">([A-Za-z0-9+/=]*)</script>')


def export(model: Model, path: Path, options: ExportOptions, log: Log) -> None:
    """Writes the page; see `exports`.

    Raises:
        SettingsError: 8 bits would cost too much, or the page cannot run such a model.
    """
    files.write_atomically(path, build_page(model, path.stem, int8=options.int8, log=log))


def build_page(model: Model, name: str, *, int8: bool = False, log: Log = str) -> bytes:
    """The page of a model.

    Args:
        model: The model.
        name: What it is called there.
        int8: Whether its weights are stored in 8 bits instead of 16.
        log: Takes a sentence about what that costs.

    Raises:
        SettingsError: 8 bits would cost too much, or the page cannot run such a model.
        ModelFileError: A weight is beyond the range of 16 bits.
    """
    _check(model)
    if int8:
        _check_cost(model, log)
    script = "".join(_read_module(FOLDER / f"{one}.js") for one in SCRIPTS)
    script += _read_module(SHARED / "write.js") + _read_module(FOLDER / "player.js")
    style = (SHARED / "page.css").read_text("utf-8")
    view = (SHARED / "write.html").read_text("utf-8")
    template = (FOLDER / "page.html").read_text("utf-8")
    step = assemble((FOLDER / "step.wat").read_text("utf-8"))
    parts = {
        "policy": POLICY.format(script=_hash(script), style=_hash(style)),
        "version": burble.__version__,
        "name": html.escape(name),
        "style": style,
        "write": view,
        "texts": _to_json(_choose_texts(script + view + template)),
        "facts": _to_json(_list_facts(model, name)),
        "step": base64.b64encode(step).decode(),
        "model": base64.b64encode(serialize_weights(model, int8=int8)).decode(),
        "script": script,
    }
    return re.sub(r"\$(\w+)", lambda found: parts[found[1]], template).encode()


def _list_facts(model: Model, name: str) -> dict[str, Any]:
    """What the scripts of a page are told of its model, in JSON types."""
    return {
        "name": name,
        "reset": model.reset_id,
        "writing": describe_writing(model),
        "rules": describe_rules(model.vocabulary),
        "words": describe_words(model.vocabulary),
    }


def read(path: Path, _options: ImportRequest, _log: Log) -> Imported:
    """Reads the model of a page; see `imports`.

    Raises:
        ModelFileError: It holds none that is whole.
    """
    if path.stat().st_size > MAX_FILE:
        raise ModelFileError(f"{path} is larger than any page that burble writes.")
    data = path.read_bytes()
    found = _MODEL.search(data)
    if found is None:
        raise ModelFileError(f"{path} holds no model, or was copied only in part. Copy it again.")
    try:
        stored = base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise ModelFileError(f"the model in {path} is damaged ({error}). Copy it again.") from error
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / path.name
        file.write_bytes(stored)
        try:
            model = read_weights(file)
        except ModelFileError as error:
            raise ModelFileError(str(error).replace(str(file), str(path))) from error
    return Imported(model, "burble", _find_version(data))


def _find_version(data: bytes) -> str:
    """The version of burble that wrote a page."""
    version = data.partition(MARK)[2].partition(b'"')[0]
    return version.decode("ascii", "replace")


def _check(model: Model) -> None:
    """Refuses what the page cannot run.

    Raises:
        SettingsError: It is that.
    """
    unit = model.vocabulary.unit
    if unit not in ("char", "grapheme"):
        raise SettingsError(f"a page writes characters or graphemes, and this model {unit}.")
    if not model.architecture.reset_after:
        raise SettingsError(
            "a page runs a GRU that resets its state after the product, and this one does so "
            "before. Serve it instead: burble serve MODEL"
        )
    count = sum(array.size for array in model.weights.values())
    if count > MAX_WEIGHTS:
        raise SettingsError(
            f"this model has {count:,} weights, and a page holds up to {MAX_WEIGHTS:,}. Serve it "
            "instead: burble serve MODEL"
        )


def _check_cost(model: Model, log: Log) -> None:
    """Measures what 8 bits cost.

    Raises:
        SettingsError: It is too much.
    """
    cost = measure_cost(model)
    shown_cost = f"{cost:.4f}" if cost >= 0.0001 else "less than 0.0001"
    what = f"{shown_cost} nats a character, on text that it writes itself"
    if cost > MAX_COST:
        raise SettingsError(
            f"8 bits would cost this model {what}, more than {MAX_COST}. Leave out --int8: 16 bits "
            "cost next to nothing."
        )
    log(f"8 bits cost {what}.")


def _read_module(path: Path) -> str:
    """A module without what it imports and exports: in the page, all are one."""
    return _MODULE_LINES.sub("", path.read_text("utf-8"))


def _choose_texts(source: str) -> Mapping[str, Mapping[str, str]]:
    """The texts that occur in a page, by language."""
    texts = json.loads((SHARED / "texts.json").read_text("utf-8"))
    named = {*re.findall(r'"(\w+)"', source)}
    return {
        language: {key: text for key, text in known.items() if key in named}
        for language, known in texts.items()
    }


def _hash(text: str) -> str:
    """The hash by which a policy knows a script or a style."""
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _to_json(value: Any) -> str:
    """JSON that ends no element."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
