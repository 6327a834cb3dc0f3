"""The command that lists recipes, or prints one."""

from typing import Annotated

import typer

from burble.runs.recipes import names, text


def recipes(
    name: Annotated[str | None, typer.Argument(help="A recipe's name or file.")] = None,
) -> None:
    """List the recipes that come with burble, or print one, to copy and change."""
    listed = [f"{one:<16}{text(one).partition(',')[0].lstrip('# ')}" for one in names()]
    print("\n".join(listed) if name is None else text(name).rstrip("\n"))
