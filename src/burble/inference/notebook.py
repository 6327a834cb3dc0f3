"""A model as a notebook shows it: what it is, and a few lines that it writes. Knows no files."""

import html
import warnings
from typing import TYPE_CHECKING

from burble.errors import BurbleError
from burble.formatting import html_table, html_text
from burble.model.description import describe_model
from burble.model.mixture import Mixture

if TYPE_CHECKING:
    from burble.inference.generator import Generator

LENGTH = 200


def show_generator(writer: "Generator") -> str:
    """A model, or each of several that are mixed, and what it writes with the first seed."""
    model = writer.model
    if not isinstance(model, Mixture):
        return f"{html_table(dict(describe_model(model)))}{_write_sample(writer)}"
    parts = zip(model.parts, model.mix, strict=True)
    cards = (
        f"<p>{mix:.0%} of it:</p>{html_table(dict(describe_model(one)))}" for one, mix in parts
    )
    return f"{''.join(cards)}{_write_sample(writer)}"


def _write_sample(writer: "Generator") -> str:
    """What a model writes, or why it cannot."""
    try:
        with warnings.catch_warnings():
            # What is less than was requested does not matter here.
            warnings.simplefilter("ignore")
            text = writer.generate(writer.draw_prompt(), length=LENGTH, seed=0)
    except BurbleError as error:
        return f"<p>{html.escape(str(error))}</p>"
    return f"<p>With <code>seed=0</code> it writes:</p>{html_text(text)}"
