"""Which temperature suits a model: as bold as its spelling allows. Knows nothing of training.

At a low temperature a model repeats itself, at a high one it misspells. Both are measured on what
it writes, beside a person's text, and the boldest temperature is taken at which most words are
real.
"""

import math
from collections.abc import Mapping
from typing import Any

from burble import measures
from burble.corpus import Corpus
from burble.generation import Generator
from burble.measures import Reference

TEMPERATURES = (0.6, 0.7, 0.8, 0.9, 1.0)
REAL_WORDS = 0.96
"""The share of its words that should stand in the training text."""
MORE_REPEATED = 0.03
"""How much more of it than of a person's text may have come before."""
TEXTS, LENGTH = 16, 400
LARGEST = 1_000_000
"""Training symbols of which the words are known, from the last."""


def suited(writer: Generator, text: Corpus) -> Mapping[str, Any]:
    """The temperature that suits a model, and why.

    Args:
        writer: The model.
        text: What it was trained on.

    Returns:
        `temperature`, with the shares `words` and `repeated` of what it wrote at that, in JSON
        types; empty where nothing can be said: nothing is held out, the text has no words, or the
        model reads a window anew for each symbol, which would take long.
    """
    held_out = _part(text, text.cut, text.cut + TEXTS * LENGTH)
    pieces = [held_out[i : i + LENGTH] for i in range(0, len(held_out), LENGTH)]
    if writer.model.window or not held_out.strip():
        return {}
    reference = Reference.of(_part(text, max(0, text.cut - LARGEST), text.cut))
    human = measures.measure(pieces, reference)
    if math.isnan(human.words):
        return {}
    found = [_measured(writer, temperature, reference) for temperature in TEMPERATURES]
    most = human.repeated + MORE_REPEATED
    calm = [one for one in found if one["repeated"] <= most] or found[-1:]
    sound = [one for one in calm if one["words"] >= REAL_WORDS]
    return sound[-1] if sound else max(calm, key=lambda one: one["words"])


def _measured(writer: Generator, temperature: float, reference: Reference) -> dict[str, float]:
    """Figures of what a model writes at a temperature."""
    samples = writer.generate_many(count=TEXTS, length=LENGTH, temperature=temperature, seed=0)
    # Where it writes no word at all, none is misspelt.
    written = measures.measure(samples, reference)
    words = 1.0 if math.isnan(written.words) else written.words
    return {
        "temperature": temperature,
        "words": round(words, 4),
        "repeated": round(written.repeated, 4),
    }


def _part(text: Corpus, first: int, end: int) -> str:
    """A part of a corpus as text."""
    return text.vocabulary.decode(text.ids[first:end], text.separator)
