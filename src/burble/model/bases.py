"""The bases: models that come with burble, found by name. Knows nothing of what is in them."""

import os
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "bases"
"""Where they lie: NAME.safetensors, and beside it its card, NAME.md."""
SUFFIX = ".safetensors"


def base_names() -> list[str]:
    """The names of the bases; none in a copy of burble that holds none."""
    return sorted(path.stem for path in FOLDER.glob(f"*{SUFFIX}"))


def find_base(name: str | os.PathLike[str]) -> Path | None:
    """The file of a base, whatever lies under that name elsewhere; None where there is none."""
    named = os.fspath(name)
    return FOLDER / f"{named}{SUFFIX}" if named in base_names() else None


def find_card(file: Path) -> Path | None:
    """The card of a base's file; None where there is none."""
    card = file.with_suffix(".md")
    return card if is_base_file(file) and card.is_file() else None


def is_base_file(file: Path) -> bool:
    """Whether a model file is one that comes with burble, beside which nothing is written."""
    return file.resolve().parent == FOLDER.resolve()


def describe_namesake(path: str | os.PathLike[str]) -> str:
    """A sentence where a path that exists has the name of a base; empty where it has not."""
    if find_base(path) is None or not os.path.exists(path):
        return ""
    kind = "folder" if os.path.isdir(path) else "file"
    return (
        f"{path} is the {kind} of that name that is here, and not the base that comes with "
        f"burble. For the base, rename that {kind}, or run this elsewhere."
    )


def describe_bases() -> str:
    """What names of bases may be given: a sentence."""
    names = base_names()
    if not names:
        return "This copy of burble holds no bases that could be named."
    return f"Bases that come with burble: {', '.join(names)}."
