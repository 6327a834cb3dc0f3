"""Writes the pages that are generated: commands, settings, and those copied from the root.

Run from the root before the site is built; what it writes is ignored by git. Knows the command
line and the settings classes; each page is only what they say of themselves.
"""

import contextlib
import inspect
import io
import os
import re
from dataclasses import MISSING, Field, fields
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from burble.cli.options import describe_fields

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
COPIED = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing/index.md",
    "SECURITY.md": "contributing/security.md",
    "CHANGELOG.md": "contributing/changelog.md",
}
"""Pages of the root, by the page of the site that each becomes."""
SETTINGS = (
    ("burble.text_settings", "SourceSettings"),
    ("burble.text_settings", "TextSettings"),
    ("burble.settings", "ModelSettings"),
    ("burble.settings", "TrainingSettings"),
    ("burble.inference.settings", "SamplingSettings"),
    ("burble.inference.settings", "WritingSettings"),
)
"""Classes whose fields are settings, by their modules."""


def write_commands() -> str:
    """The page of commands: the help of each, as it is printed."""
    from burble.cli.app import VERBS

    parts = [
        "# Commands\n",
        "*What `burble --help` and `burble VERB --help` print.*\n",
        f"```text\n{_help([])}```\n",
    ]
    for verb in VERBS:
        parts.append(f"## burble {verb}\n\n```text\n{_help([verb])}```\n")
    return "\n".join(parts)


def _help(words: list[str]) -> str:
    """What a command prints when it is asked for help."""
    from burble.cli.app import make_command

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        make_command()([*words, "--help"], prog_name="burble")
    lines = [line.rstrip() for line in printed.getvalue().splitlines()]
    return "\n".join(lines).strip("\n") + "\n"


def write_settings() -> str:
    """The page of settings: each field of each class, with its type, default and description."""
    parts = [
        "# Settings\n",
        "*Every setting by its own name: `--learning-rate 0.01` on the command line, "
        "`learning_rate=0.01` in Python and `learning_rate = 0.01` in a recipe are one. Where "
        "burble chooses a value for the text, "
        "[training](../guides/training.md#what-is-chosen-for-you) says how.*\n",
    ]
    for module, name in SETTINGS:
        parts += _settings_table(getattr(import_module(module), name))
    return "\n".join(parts)


def _settings_table(cls: type) -> list[str]:
    """The lines of one class: a heading, its first line, and a row for each field."""
    # A stroke would end its cell.
    described = {name: text.replace("|", r"\|") for name, text in describe_fields(cls).items()}
    rows = [
        f"| `{field.name}` | {_type_name(field)} | {_default(field)} | {described[field.name]} |"
        for field in fields(cls)
        if field.name in described
    ]
    summary = (inspect.getdoc(cls) or "").partition("\n")[0]
    return [
        f"## {cls.__name__}\n",
        f"{summary}\n",
        "| setting | type | default | what it is |",
        "|---|---|---|---|",
        *rows,
        "",
    ]


def _type_name(field: Field[Any]) -> str:
    """The type of a field in a cell of a table; of a choice, the values there are."""
    if get_origin(field.type) is Literal:
        return ", ".join(f"`{value}`" for value in get_args(field.type))
    kind = field.type if isinstance(field.type, str) else inspect.formatannotation(field.type)
    words = re.sub(r"\b[a-z_]+(?:\.[a-z_]+)*\.(?=[A-Z])", "", kind)
    return words.replace("|", "or")


def _default(field: Field[Any]) -> str:
    """The default of a field in a cell of a table."""
    return "" if field.default in (MISSING, "", ()) else f"`{field.default}`"


def copy_page(name: str, to: str) -> str:
    """A page of the root, with its links as seen from where it goes.

    A link to what the site does not have becomes plain code.
    """

    def moved(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        if ":" in target:
            return link[0]
        path = COPIED.get(target, target.removeprefix("docs/"))
        if path == target and target:
            return f"{text} (`{target}`)" if target not in text else text
        return f"[{text}]({os.path.relpath(path, Path(to).parent) if path else ''}{anchor})"

    page = (ROOT / name).read_text("utf-8")
    return re.sub(r"\[([^\]]*)\]\(([^)#\s]*)(#[^)\s]*)?\)", moved, page)


def main() -> None:
    """Writes each page, where it is another than the one that is there."""
    os.environ |= {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    pages = {to: copy_page(name, to) for name, to in COPIED.items() if (ROOT / name).exists()}
    pages["reference/commands.md"] = write_commands()
    pages["reference/settings.md"] = write_settings()
    for path, text in pages.items():
        (DOCS / path).parent.mkdir(parents=True, exist_ok=True)
        (DOCS / path).write_text(text, "utf-8")


if __name__ == "__main__":
    main()
