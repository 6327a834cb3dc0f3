"""Formats that a model can be read from, known by their content. Knows nothing of their insides."""

import hashlib
import mmap
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from burble.errors import ModelFileError, RunError, SettingsError, StorageError, require_packages
from burble.exchange.options import ImportRequest, given_options
from burble.exchange.probe import Probe, look
from burble.exchange.refused import describe_refused
from burble.formatting import shown
from burble.model.file import MODEL_NAME, Model
from burble.runs.card import write_model_card
from burble.runs.folder import Run

Log = Callable[[str], object]
MOST_FILES = 1_000
MOST_HEADER = 100 << 20
_BLOCK = 1 << 20
_MARKOVIFY = re.compile(
    rb'\s*"?\s*(?:\{\s*\\?"(?:state_size|chain|parsed_sentences)\\?"|\[\s*\[\s*\[\s*\\?"___BEGIN__)'
)
_TORCH7 = re.compile(rb"[\x03\x04]\x00{3}\x01\x00{3}|[34]\s1\s\d")


@dataclass(frozen=True)
class Imported:
    """What was read.

    Attributes:
        content: A model; or, where the format holds none, a text to train on.
        program: The program that wrote it.
        version: Its version; empty where that is not known.
    """

    content: Model | str
    program: str
    version: str = ""


@dataclass(frozen=True)
class ImportFormat:
    """A format.

    Attributes:
        name: What it is called.
        what: What it is, for a person.
        recognize: Whether a first look shows it. It raises nothing.
        module: The module of `burble.exchange` that reads it, by `read(path, options, log)`.
        options: Names of the options it takes.
        apart: Whether it is read in a process of its own; see `apart`.
    """

    name: str
    what: str
    recognize: Callable[[Probe], bool]
    module: str
    options: tuple[str, ...] = ()
    apart: bool = False


def _is_own(probe: Probe) -> bool:
    """A length of 8 bytes, and then the header of that length, which is an object of JSON."""
    return probe.head[8:9] == b"{" and int.from_bytes(probe.head[:8], "little") < MOST_HEADER


def _is_onnx(probe: Probe) -> bool:
    """A message that begins with a version, of one byte, and the program that wrote it."""
    return probe.head[:1] == b"\x08" and probe.head[2:3] == b"\x12"


def _is_page(probe: Probe) -> bool:
    """A page with the mark of those that burble writes."""
    return b'<meta name="generator" content="burble ' in probe.head


def _is_keras(probe: Probe) -> bool:
    """HDF5, or an archive with the weights in it."""
    return probe.is_hdf5 or "model.weights.h5" in probe.names


def _is_ml5(probe: Probe) -> bool:
    """A folder with a list of arrays, and an alphabet or arrays by their usual names."""
    names = probe.names if probe.is_folder else ()
    return "manifest.json" in names and any("vocab" in one or "softmax" in one for one in names)


def _is_textgenrnn(probe: Probe) -> bool:
    """HDF5 that holds the names of its layers, wherever they stand."""
    if not probe.is_hdf5:
        return False
    with (
        probe.path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as held,
    ):
        return all(held.find(name) >= 0 for name in (b"attention_W", b"rnn_1", b"embedding"))


def _is_torch7(probe: Probe) -> bool:
    """A table, the first object of the file, in binary or in text; or an object."""
    return bool(_TORCH7.match(probe.head))


def _is_markovify(probe: Probe) -> bool:
    """JSON with one of its keys, or a chain alone; also in a string of JSON."""
    return bool(_MARKOVIFY.match(probe.head))


KERAS_OPTIONS = ("recipe", "window", "text", "alphabet_from", "recurrent_activation", "reading")
IMPORTS: tuple[ImportFormat, ...] = (
    ImportFormat("safetensors", "burble's own file", _is_own, "own_file"),
    ImportFormat("ml5", "a folder of ml5's charRNN", _is_ml5, "ml5_reader"),
    ImportFormat("onnx", "ONNX that burble exported", _is_onnx, "onnx_import"),
    ImportFormat("html", "a page that burble wrote", _is_page, "html_page"),
    ImportFormat("textgenrnn", "weights of textgenrnn", _is_textgenrnn, "textgenrnn", apart=True),
    ImportFormat(
        "torch7", "torch-rnn and char-rnn: .t7", _is_torch7, "torch7", options=("reading",)
    ),
    ImportFormat(
        *("keras", "Keras: .hdf5, .h5, .keras", _is_keras, "keras_reader", KERAS_OPTIONS),
        apart=True,
    ),
    ImportFormat("markovify", "markovify's JSON, as a text", _is_markovify, "markovify"),
)
"""All formats; the first that recognizes a file reads it, so the more special stand first."""


def recognize(path: Path) -> ImportFormat:
    """The format of a file or folder.

    Raises:
        ModelFileError: There is none of that name, or it is in no format that is known.
    """
    probe = look(path)
    for one in IMPORTS:
        if one.recognize(probe):
            return one
    if told := describe_refused(probe):
        raise ModelFileError(told)
    if MODEL_NAME in probe.names:
        raise ModelFileError(
            f"{shown(path)} holds a model of burble's already, which sample, eval, serve and "
            "export take as it is. There is nothing to import."
        )
    kind = "folder" if probe.is_folder else "file"
    known = "; ".join(one.what for one in IMPORTS)
    raise ModelFileError(
        f"{shown(path)} is no {kind} of a model that can be imported, to go by what is in it. "
        f"These can: {known}."
    )


def read_import(path: Path, options: ImportRequest, log: Log = str) -> Imported:
    """Reads a file or folder of another program, or one that burble exported.

    Args:
        path: The file or folder.
        options: What it does not say of itself.
        log: Takes sentences about what was found.

    Returns:
        A model, whose summary says where it came from, or a text.

    Raises:
        InputError: It is in no format that is known, damaged, or cannot be run as it was.
    """
    form = recognize(path)
    for given in given_options(options):
        if given not in form.options:
            what = "how a text is read" if given == "reading" else given
            raise SettingsError(
                f"{shown(path)} is {form.what}, which needs no {what}: it is all in the file. "
                "Leave it out."
            )
    with require_packages(f"import from {form.name}"):
        found = _read(form, path, options, log)
    if isinstance(found.content, str):
        return found
    origin: dict[str, Any] = {
        "format": form.name,
        "program": found.program,
        "version": found.version,
    }
    origin |= {"sha256": fingerprint(path), "name": path.name}
    # What burble exported may have come from elsewhere itself.
    before = found.content.facts("origin")
    origin |= {"before": dict(before)} if before else {}
    summary = {**found.content.summary, "origin": origin}
    return replace(found, content=replace(found.content, summary=summary))


def _read(form: ImportFormat, path: Path, options: ImportRequest, log: Log) -> Imported:
    """Reads a file in this process, or in one of its own."""
    if form.apart:
        from burble.exchange.apart import read_apart

        return read_apart(form.module, path, options, log)
    found: Imported = import_module(f"burble.exchange.{form.module}").read(path, options, log)
    return found


def fingerprint(path: Path) -> str:
    """The SHA-256 of a file, or of the names and fingerprints of the files in a folder."""
    digest = hashlib.sha256()
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.is_file())[:MOST_FILES]
        for entry in files:
            digest.update(f"{entry.name}\0{fingerprint(entry)}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def make_run(model: Model, folder: Path) -> Run:
    """Makes a run folder of a model.

    Raises:
        RunError: The folder holds something.
        StorageError: The disk refused.
    """
    run = Run(folder)
    if run.exists or run.has_model:
        raise RunError(f"{shown(folder)} holds a run already. Choose another folder with -o.")
    run.check()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"cannot write in {shown(folder)}: {error.strerror}.") from error
    run.write_model(model)
    write_model_card(run, model)
    return run
