"""Decides whether a training starts from the base that comes with burble. Loads no engine."""

from collections.abc import Callable
from dataclasses import replace

from burble.data.corpus import Corpus
from burble.evaluation.quick_look import Look, look_at_text
from burble.formatting import symbol_name
from burble.runs.base import read_packaged
from burble.runs.request import TrainingRequest

MARGIN = 0.02
"""Nats per symbol that a base must add to what n-grams of the text know: prose, verse, letters and
recipes in English gain more by it, other languages, code, logs and games next to nothing (the
figures are in docs/explanation/decisions/quick-look.md)."""
FURTHEST = 1.0
"""Nats per symbol by which a base alone may be worse than n-grams. For a text that is further away,
such as a list of names, it would have to learn more than the gentle training from one teaches."""
SHAPE = (
    *("cell", "recurrent_activation", "reset_after"),
    *("layers", "units", "ensemble", "input", "embedding"),
)
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
    if base is None:
        return request
    if base.model.text.unit != (unit := corpus.vocabulary.unit):
        if unit in ("word", "bytes"):
            kinds = f"of {symbol_name(base.model.text.unit)}s, and this text one of"
            log(f"Begins from nothing: the base {base.name} is {kinds} {unit.rstrip('s')}s.")
        return request
    look = look_at_text(base.model, corpus)
    if look is None:
        return request
    helps = is_start(look)
    log(_describe(look, base.name, symbol_name(corpus.vocabulary.unit), helps=helps))
    return replace(request, base=base) if helps else request


def is_start(look: Look) -> bool:
    """Whether a base knows enough of a text that the text itself does not teach."""
    return look.gain >= MARGIN and look.base <= look.ngrams + FURTHEST


def _may_start(request: TrainingRequest) -> bool:
    """Whether what was given leaves open what network there is, and what it reads at once."""
    given = {name for name, value in request.options.items() if value is not None}
    windows = request.options.get("framing") == "windows"
    return request.look and request.size == "auto" and not windows and given.isdisjoint(SHAPE)


def _describe(look: Look, name: str, unit: str, *, helps: bool) -> str:
    """What was found, for a person."""
    start, who = f"Starts from the base {name}", "it"
    if not helps:
        start, who = "Begins from nothing", f"the base {name}"
    return (
        f"{start}: {who} predicts a part of this text at {look.base:.2f} nats per {unit}, n-grams "
        f"of the rest at {look.ngrams:.2f}, and both together at {look.both:.2f}."
    )
