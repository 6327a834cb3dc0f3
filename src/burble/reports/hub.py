"""A model as a repository of Hugging Face: which files go there, and their upload.

Only files that are named here ever leave: never a text, a state of a training, or a cache. Knows no
terminal; whoever is at one is shown the list first.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from burble import __version__
from burble.errors import BurbleError, InputError, require_packages
from burble.formatting import listed, shown, some
from burble.model import bases
from burble.model.file import MODEL_NAME, Model, find_model_file, read_model
from burble.ngram.file import index_path, read_index
from burble.runs.card import describe_card

CARD, PICTURE = "README.md", "loss.svg"
MEMORY = index_path(Path(MODEL_NAME)).name
NAMED = 5
"""Labels that are named at most, where a model has some."""
_PART = re.compile(r"\w([\w.-]{0,94}\w)?", re.ASCII)
"""An owner, or the name of a repository, as the hub allows them."""
UNKNOWN = "the hub does not know who you are. Run hf auth login, or set HF_TOKEN."


@dataclass(frozen=True)
class Upload:
    """A file that goes into a repository.

    Attributes:
        name: What it is called there.
        content: Its bytes, or where they lie.
    """

    name: str
    content: bytes | Path

    @property
    def size(self) -> int:
        """Its bytes."""
        held = self.content
        return len(held) if isinstance(held, bytes) else held.stat().st_size

    def read(self) -> bytes:
        """Its bytes themselves."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


@dataclass(frozen=True)
class Push:
    """What would be uploaded of a model.

    Attributes:
        uploads: The files.
        notes: Sentences on what is in them that a person may not expect.
    """

    uploads: Sequence[Upload]
    notes: Sequence[str]


def check_repo(repo: str) -> None:
    """Refuses a name that no repository of the hub can have, before there is anything to ask.

    Args:
        repo: OWNER/NAME; or NAME, which is then of whoever signs in.

    Raises:
        InputError: It is no such name.
    """
    parts = repo.split("/")
    whole = len(parts) <= 2 and all(map(_PART.fullmatch, parts))
    if not whole or "--" in repo or ".." in repo or repo.endswith(".git"):
        raise InputError(
            f"'{shown(repo)}' cannot be a repository at Hugging Face; give OWNER/NAME, such as "
            "me/alice: letters without accents, digits, and single hyphens or dots between them."
        )


def check_client() -> None:
    """Refuses where nothing could be uploaded, before anybody is asked.

    Raises:
        InputError: The client of the hub is not installed.
    """
    with require_packages("burble push", "hub"):
        import_module("huggingface_hub")


def plan_push(path: Path, *, memory: bool = False) -> Push:
    """Finds what to upload of a model; nothing is sent.

    Args:
        path: A run folder, a model file or the name of a base.
        memory: Whether its n-gram model goes, too, which holds the training text.

    Raises:
        ModelFileError: There is no model, or it is damaged.
        InputError: Its memory is wanted, and there is none.
    """
    file = find_model_file(path)
    model, index = read_model(file), index_path(file)
    uploads = [_find_card(file, model), Upload(MODEL_NAME, file)]
    if file.name == MODEL_NAME and (file.parent / PICTURE).is_file():
        uploads.append(Upload(PICTURE, file.parent / PICTURE))
    if memory:
        if not index.exists():
            raise InputError(
                f"there is no {index.name} beside the model. Leave out --with-memory, or make it: "
                "burble remember MODEL TEXT"
            )
        read_index(index, model)
        uploads.append(Upload(MEMORY, index))
    return Push(uploads, [*_describe_contents(uploads, model, memory=memory)])


def _find_card(file: Path, model: Model) -> Upload:
    """The card that lies beside a model, or else one that is made of what its file holds."""
    beside = bases.find_card(file) or file.parent / CARD
    if beside.is_file() and (bases.is_base_file(file) or file.name == MODEL_NAME):
        return Upload(CARD, beside)
    return Upload(CARD, describe_card(model).encode())


def _describe_contents(uploads: Sequence[Upload], model: Model, *, memory: bool) -> Iterator[str]:
    """What is in the files that a person may not expect."""
    yield "A model may have learned passages of its text by heart."
    if memory:
        yield f"{MEMORY} holds the whole text that the model was trained on."
    if model.excerpt:
        unit = some(len(model.excerpt), "character")
        yield f"{MODEL_NAME} holds a piece of that text ({unit}), which it goes on from."
    for column, values in zip(model.labels.columns, model.labels.values, strict=True):
        yield f"{MODEL_NAME} names the labels of {column}: {listed(values, most=NAMED)}."
    text = uploads[0].read().decode(errors="replace")
    if "## What it writes" in text:
        yield f"{CARD} shows a piece that the model wrote."
    yield "What the repository has under these names gets a new version; it keeps the old ones."
    if "\nlicense:" not in text.partition("\n---\n")[0]:
        yield f"{CARD} names no license; a line such as license: cc0-1.0 at its top would."


def upload(push: Push, repo: str, *, private: bool = False) -> str:
    """Uploads files into a repository, which is made if need be, in one commit.

    Who may write there is what `hf auth login` or the variable `HF_TOKEN` says.

    Args:
        push: What goes there.
        repo: OWNER/NAME.
        private: Whether the repository must be one that only its owner sees.

    Returns:
        The address of the repository.

    Raises:
        InputError: The name cannot be, nobody has signed in, it may not be written to, or it is
            public and should not be.
        BurbleError: The hub cannot be reached, or refuses.
    """
    check_repo(repo)
    with require_packages("burble push", "hub"):
        import huggingface_hub as hub
        from huggingface_hub import errors
    # What its own errors derive from: the transport's, which is not the same in all versions.
    transport_error: type[BaseException] = errors.HfHubHTTPError.__bases__[0]
    api = hub.HfApi(library_name="burble", library_version=__version__)
    files = [hub.CommitOperationAdd(one.name, one.content) for one in push.uploads]
    try:
        return _commit(api, repo, files, private=private)
    except InputError:
        raise
    except errors.LocalTokenNotFoundError as error:
        raise InputError(UNKNOWN) from error
    except errors.HfHubHTTPError as error:
        said = error.server_message or str(error)
        raise _explain(repo, error.response.status_code, said) from error
    except (transport_error, OSError) as error:
        raise BurbleError(f"the hub cannot be reached: {error}. Try again later.") from error
    except ValueError as error:
        # A card whose front matter cannot be.
        raise InputError(f"{repo}: {' '.join(str(error).split())}") from error


def _commit(api: Any, repo: str, files: Sequence[object], *, private: bool) -> str:
    """Puts files into a repository, which is made if need be; returns its address.

    Raises:
        InputError: It is public and should not be.
    """
    url = api.create_repo(repo, private=private or None, exist_ok=True)
    if private and not api.repo_info(url.repo_id).private:
        raise InputError(
            f"{url.repo_id} is there already, and is public; nothing was uploaded. Make it "
            "private in its settings, or choose another name."
        )
    api.create_commit(url.repo_id, files, commit_message="A model made with burble")
    return str(url)


def _explain(repo: str, status: int, message: str) -> BurbleError:
    """What to say where the hub refuses."""
    if status == 401:
        return InputError(UNKNOWN)
    if status in (403, 404):
        return InputError(
            f"you may not write to {repo}. Give OWNER/NAME, with an owner that the token that you "
            "signed in with may write for."
        )
    said = " ".join(message.split())
    return BurbleError(f"the hub refused ({status}): {said or 'it gave no reason'}.")
