"""Decides whether a training starts from the base that comes with burble. Loads no engine."""

from collections.abc import Callable
from dataclasses import replace

from burble.data.corpus import Corpus
from burble.evaluation.quick_look import Look, look_at_text
from burble.formatting import symbol_name
from burble.runs.base import Base, read_packaged
from burble.runs.request import TrainingRequest

MARGIN = 0.1
"""Nats per symbol by which a base must predict a text better than its n-grams do."""
SHAPE = ("cell", "recurrent_activation", "layers", "units", "ensemble", "input", "embedding")
"""Settings that a base has already: whoever gives one of them wants another network."""


def decide_start(
    request: TrainingRequest, corpus: Corpus, log: Callable[[str], object] = str
) -> TrainingRequest:
    """A request with its base, where a quick look at the text was to find whether there is one.

    Args:
        request: What was requested.
        corpus: The text.
        log: Takes the sentence that says how it was decided.
    """
    if not _may_start(request):
        return request
    base = read_packaged()
    if base is None or base.model.text.unit != corpus.vocabulary.unit:
        return request
    look = look_at_text(base.model, corpus)
    if look is None:
        return request
    better = look.base < look.ngrams - MARGIN
    log(_describe(look, base, symbol_name(corpus.vocabulary.unit), better=better))
    return replace(request, base=base) if better else request


def _may_start(request: TrainingRequest) -> bool:
    """Whether what was given leaves open what network there is, and what it reads at once."""
    given = {name for name, value in request.options.items() if value is not None}
    windows = request.options.get("framing") == "windows"
    return request.look and request.size == "auto" and not windows and given.isdisjoint(SHAPE)


def _describe(look: Look, base: Base, unit: str, *, better: bool) -> str:
    """What was found, for a person."""
    start = f"Starts from the base {base.name}" if better else "Begins from nothing"
    who = "it" if better else f"the base {base.name}"
    return (
        f"{start}: {who} predicts a part of this text at {look.base:.2f} nats per {unit}, n-grams "
        f"of the rest at {look.ngrams:.2f}."
    )
