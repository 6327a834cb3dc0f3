"""What burble says of a model in other formats: all but its weights, as JSON. Knows no format."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast, get_args

from burble.errors import ModelFileError
from burble.formatting import shown
from burble.model.metadata import FORMAT, Dtype, Model, describe_as_json, read_description
from burble.model.tensors import strict_json


def write_description(model: Model) -> str:
    """All of a model but its weights; equal models give equal texts."""
    return json.dumps(describe_as_json(model), sort_keys=True)


def describe_resets(model: Model) -> Iterator[str]:
    """What whoever runs the network by itself must do between documents, if it is anything."""
    if model.reset_id is not None:
        yield (
            "This model learned each document from a zero state: whoever writes with it gives "
            f"states of zero along with the id {model.reset_id}, which parts two documents."
        )


def parse_description(text: str | bytes, dtype: str, path: Path) -> Model:
    """A model without its weights, each part checked.

    Args:
        text: What `write_description` gave.
        dtype: What its own file stores weights as.
        path: Where it stands, for messages.

    Raises:
        ModelFileError: It describes no model, one that cannot be, or one of a newer burble.
    """
    try:
        meta = strict_json(text if isinstance(text, str) else text.decode())
        number = meta["format"] if isinstance(meta, dict) else None
        if type(number) is not int or number < 1 or dtype not in get_args(Dtype):
            raise ValueError("it has no format that is known")
    except (ValueError, LookupError, RecursionError) as error:
        raise ModelFileError(
            f"what {shown(path)} says of its model is damaged: {error}. Export or copy it again."
        ) from error
    if number > FORMAT:
        raise ModelFileError(
            f"{shown(path)} is of a newer burble (format {number}; this one knows {FORMAT}). "
            "Install that to import it."
        )
    return replace(read_description(meta, path), dtype=cast("Dtype", dtype))
