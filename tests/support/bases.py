"""A base that is made for a test, in the place of those that come with burble."""

from dataclasses import replace

from burble.model.file import write_model

CARD = "# english\n\nIt read three letters.\n"


def write_base(folder, model, name="english"):
    """Writes a base and its card into a folder; returns its file."""
    folder.mkdir(exist_ok=True)
    write_model(folder / f"{name}.safetensors", replace(model, dtype="float16"))
    (folder / f"{name}.md").write_text(CARD, encoding="utf-8")
    return folder / f"{name}.safetensors"


def in_place_of_bases(folder):
    """Code that makes a process take the bases of a folder for those that come with burble."""
    return (
        "from pathlib import Path\nfrom burble.model import bases\n"
        f"bases.FOLDER = Path({str(folder)!r})\n"
    )
