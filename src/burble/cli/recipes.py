"""The command that lists recipes, or prints one."""

from typing import Annotated

import typer

from burble.runs.recipes import list_recipes, read_recipe_text


def recipes(
    name: Annotated[str | None, typer.Argument(help="A recipe's name or file.")] = None,
) -> None:
    """List the recipes that come with burble, or print one, to copy and change."""
    if name is not None:
        print(read_recipe_text(name).rstrip("\n"))
        return
    for one in list_recipes():
        print(f"{one:<16}{read_recipe_text(one).partition(',')[0].lstrip('# ')}")
