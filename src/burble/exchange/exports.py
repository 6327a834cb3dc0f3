"""Formats that a model can be written in, and how one is chosen. Knows nothing of their insides."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from burble.errors import InputError, ModelFileError, SettingsError, require_packages
from burble.exchange.options import ExportOptions, given_options
from burble.exchange.probe import look
from burble.files import check_new_entry, new_entries
from burble.formatting import shown
from burble.model.file import MODEL_NAME, Model
from burble.runs.folder import DESCRIPTION
from burble.settings import RECUT

Log = Callable[[str], object]


@dataclass(frozen=True)
class ExportFormat:
    """A format.

    Attributes:
        name: What it is called.
        what: What becomes of a model in it, for a person.
        suffixes: Endings of paths that mean it, in lower case; "/" where it is a folder.
        module: The module of `burble.exchange` that writes it: its `export(model, path, options,
            log)` makes the file or folder `path`, and any others beside it.
        options: Names of the options it takes.
        extra: The extra of burble that it needs; empty if none.
        recut: Whether it holds models of words and of bytes.
        beside: What the names of files that are made beside it have after its own.
        holds: Names of what may be in it, where it is a folder.
    """

    name: str
    what: str
    suffixes: tuple[str, ...]
    module: str
    options: tuple[str, ...] = ()
    extra: str = ""
    recut: bool = False
    beside: tuple[str, ...] = ()
    holds: tuple[str, ...] = ()


_CELLS = [f"rnnlm_multi_rnn_cell_cell_{n}_basic_lstm_cell" for n in (0, 1)]
ML5: tuple[str, ...] = (
    *("manifest.json", "vocab.json", "burble.json", "charrnn.js", "embedding"),
    *(f"{cell}_{part}" for cell in _CELLS for part in ("kernel", "bias")),
    *("rnnlm_softmax_w", "rnnlm_softmax_b"),
)
"""What ml5's folder holds: only such a folder may be replaced."""
EXPORTS: tuple[ExportFormat, ...] = (
    ExportFormat("safetensors", "burble's own file", (".safetensors",), "own_file", recut=True),
    ExportFormat("html", "a page that writes", (".html", ".htm"), "html_page", ("int8",)),
    ExportFormat(
        *("ml5", "a folder for p5.js sketches, as ml5's charRNN reads it", ("/",), "ml5"), holds=ML5
    ),
    ExportFormat(
        *("onnx", "ONNX, for onnxruntime", (".onnx",), "onnx_export", ("int8",), "onnx"),
        recut=True,
        beside=(".json",),
    ),
    ExportFormat(
        *("keras", "Keras alone", (".keras",), "keras_export", ("keras_layout",)),
        recut=True,
        beside=(".json",),
    ),
)
"""All formats, as help lists them."""


def choose_format(path: str, name: str = "") -> ExportFormat:
    """The format of a path that is to be written.

    Args:
        path: As it was typed: a folder may end in a slash.
        name: The name of the format, if it was given.

    Raises:
        InputError: There is none of that name, or the path does not say which, or names nothing.
    """
    if not path:
        raise InputError("the name of what is to be written is empty. Give one, like model.onnx.")
    known = {one.name: one for one in EXPORTS}
    if name:
        if name not in known:
            raise InputError(f"there is no format {name!r}. There are: {', '.join(known)}.")
        return known[name]
    ending = path.replace("\\", "/").lower()
    for one in EXPORTS:
        if ending.rpartition("/")[2] in one.suffixes:
            raise InputError(
                f"{shown(path)} is an ending without a name before it. Give one, like "
                f"model{one.suffixes[0]}."
            )
        if ending.endswith(one.suffixes):
            return one
    listed = ", ".join(f"{suffix} ({one.what})" for one in EXPORTS for suffix in one.suffixes)
    raise InputError(
        f"{shown(path)} does not say what to write, by how it ends. Formats: {listed}. Or name one "
        "with --format."
    )


def export_model(
    model: Model,
    path: str,
    options: ExportOptions,
    *,
    name: str = "",
    overwrite: bool = False,
    log: Log = str,
) -> Path:
    """Writes a model in another format, whole or not at all.

    Args:
        model: The model.
        path: Where to, as it was typed.
        options: How.
        name: The format; if empty, the path's ending says which.
        overwrite: Whether what is there may be replaced.
        log: Takes sentences about what was written.

    Returns:
        The path.

    Raises:
        InputError: The format is not known, the place is taken, or the model cannot be written so.
        StorageError: The disk refused.
    """
    form, place = choose_format(path, name), Path(path)
    _check_suited(form, model, options)
    # Before the work: the places are asked for again where what was made is moved to them.
    _check_replaced(place, form)
    check_new_entry(place, overwrite=overwrite, names=form.holds)
    for suffix in form.beside:
        check_new_entry(place.with_name(place.name + suffix), overwrite=overwrite, names=())
    needed = f"export to {form.name}"
    with require_packages(needed, form.extra), new_entries(place, overwrite=overwrite) as temporary:
        import_module(f"burble.exchange.{form.module}").export(model, temporary, options, log)
    return place


def _check_suited(form: ExportFormat, model: Model, options: ExportOptions) -> None:
    """Refuses options that say nothing of a format, and a model that it does not hold.

    Raises:
        SettingsError, InputError: It is one of these.
    """
    for given in given_options(options):
        if given not in form.options:
            takers = [one.name for one in EXPORTS if given in one.options]
            raise SettingsError(
                f"{given} says nothing of {form.name}. Leave it out; it is for {', '.join(takers)}."
            )
    if model.text.unit in RECUT and not form.recut:
        raise InputError(
            f"a symbol of this model is a {model.text.unit.rstrip('s')}, and {form.name} holds "
            "models of characters. Train one with --unit char."
        )
    if model.attention and form is not EXPORTS[0]:
        raise SettingsError(
            f"this network attends among its last {model.attention} symbols, as textgenrnn's do, "
            f"and {form.name} is written of networks with a hidden state alone. Export it as "
            f"{EXPORTS[0].suffixes[0]}."
        )


def _check_replaced(place: Path, form: ExportFormat) -> None:
    """Refuses the place of a file that no export made, whoever says that it may be replaced.

    Args:
        place: The path.
        form: What is to be written there.

    Raises:
        InputError: The file is of another kind, or is the model of a run.
    """
    if not place.is_file() or not place.stat().st_size:
        return
    # Only here, since they bring all that a run is made with.
    from burble.exchange.imports import IMPORTS

    recognize = next(one.recognize for one in IMPORTS if one.name == form.name)
    try:
        exported = recognize(look(place))
    except ModelFileError:
        exported = False
    if not exported:
        raise InputError(
            f"{shown(place)} is there already, and is no export to {form.name}. Choose another "
            "name."
        )
    around = place.resolve().parents[:2]
    of_run = any((folder / DESCRIPTION).exists() for folder in around)
    # What was imported has a card, and no description of a training.
    of_run |= place.name == MODEL_NAME and (place.parent / "README.md").exists()
    if of_run and form is EXPORTS[0]:
        raise InputError(f"{shown(place)} belongs to a run. Choose another name.")
