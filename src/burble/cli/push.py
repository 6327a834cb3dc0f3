"""The command that uploads a model to Hugging Face, once a person has seen what would go there."""

import sys
from typing import Annotated

import typer

from burble.cli.options import ModelPath
from burble.cli.output import log
from burble.errors import InputError, Interrupted
from burble.reports import hub

Repo = Annotated[str, typer.Argument(help="The repository, OWNER/NAME; made if it is not there.")]
Private = Annotated[bool, typer.Option("--private", help="Only its owner may see the repository.")]
Memory = Annotated[
    bool,
    typer.Option("--with-memory", help="Upload the n-gram model, too, which holds the text."),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Upload without asking.")]


def push(
    model: ModelPath, repo: Repo, private: Private = False, memory: Memory = False, yes: Yes = False
) -> None:
    """Upload a model and its card to Hugging Face; what goes there is listed first.

    The text it was trained on, the state of its training and what is cached of it stay here.
    """
    hub.check_repo(repo)
    plan = hub.plan_push(model, memory=memory)
    log(f"To {repo} at Hugging Face{', private' if private else ''}:")
    for one in plan.uploads:
        log(f"  {one.size:>12,} bytes  {one.name}")
    for note in plan.notes:
        log(note)
    hub.check_client()
    if not yes:
        if not sys.stdin.isatty():
            raise InputError(
                "nobody is there to be asked whether to upload this. Add --yes to do it unasked."
            )
        if not typer.confirm("Upload?", err=True):
            raise Interrupted("nothing was uploaded.")
    print(hub.upload(plan, repo, private=private))
