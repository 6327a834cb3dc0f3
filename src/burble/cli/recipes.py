"""The command that lists recipes, or prints one."""

from typing import Annotated

import typer

from burble.runs.recipes import names, text


def recipes(
    name: Annotated[str | None, typer.Argument(help="A recipe's name or file.")] = None,
) -> None:
    """List the recipes that come with burble, or print one, to read, copy and change."""
    print("\n".join(names()) if name is None else text(name).rstrip("\n"))
