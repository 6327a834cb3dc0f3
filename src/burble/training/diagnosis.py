"""Why a model is no better than symbol frequencies, by its loss and its text. Knows no networks."""

import numpy as np

from burble.data.corpus import Corpus
from burble.evaluation.baselines import QUICK_COUNTED, sample_stretches
from burble.formatting import some
from burble.runs.events import BaselineLosses

UNLIKE = 0.3
"""Nats by which symbol frequencies of the training part predict the validation part worse than its
own, from where on it is unlike the text that is learned."""
NEAR = 0.95
"""The fraction of the loss of uniform guessing from which on a loss is hardly below it."""
TINY, SMALL = 2_000, 20_000
"""Symbols to learn from, below which a text is too little whatever else, or if nothing else is."""
FEW_PASSES, FEW_STEPS = 1.0, 500
"""Times that the text is read, and steps, below which they are too few."""


def explain_loss(
    baselines: BaselineLosses, corpus: Corpus, loss: float, steps: int, passes: float
) -> str:
    """What to say of a model that is no better than symbol frequencies; empty where it is.

    Args:
        baselines: The losses of simpler predictors on the text.
        corpus: The text.
        loss: The model's loss on the validation part, nats per symbol.
        steps: Steps done.
        passes: How often the text was read in them.
    """
    name, figure = "symbol frequencies alone", baselines.unigram
    if baselines.unigram > NEAR * baselines.uniform or loss > baselines.uniform:
        name, figure = "uniform guessing", baselines.uniform
    if not loss > min(baselines.unigram, NEAR * baselines.uniform):
        return ""
    above = "above" if loss > figure else "hardly below"
    return (
        f"The validation loss, {loss:.2f}, is {above} {figure:.2f}, that of {name}: the model has "
        f"learned nothing that helps there. Likely {_likely_reason(corpus, steps, passes)}"
    )


def _likely_reason(corpus: Corpus, steps: int, passes: float) -> str:
    """The likeliest reason for that, from what is known, and what to do."""
    size = corpus.vocabulary.size
    learned, validation = (
        np.bincount(part, minlength=size)
        for part in (sample_stretches(corpus.training), corpus.ids[corpus.cut :][:QUICK_COUNTED])
    )
    fraction = validation / validation.sum()
    # Symbols that are not learned count as if they had been seen once.
    nats = -np.log(np.maximum(learned, 1) / learned.sum())
    own = -np.log(fraction, where=fraction > 0, out=np.zeros(size))
    never = float(fraction[learned == 0].sum())
    held = len(corpus.ids) - corpus.cut
    little = f"because {some(corpus.cut, 'symbol')} are too little to learn from"
    if held > corpus.cut:
        little += f", while {held:,} are for validation. Give a smaller --validation."
    else:
        little += ". Add text, or take a smaller network: --size small."
    if corpus.cut < TINY:
        return little
    if float((fraction * (nats - own)).sum()) > UNLIKE:
        there = f" ({never:.0%} of its symbols occur nowhere else)" if never >= 0.01 else ""
        what = f"because the validation text is unlike the training text{there}."
        spread = " --split spread takes some of each source or document for validation."
        return what + (spread if corpus.split == "tail" and corpus.documents > 1 else "")
    if passes < FEW_PASSES or steps < FEW_STEPS:
        return (
            f"because {some(steps, 'step')} are too few: the text was read {passes:.1f} times. "
            "Give more --minutes or --steps."
        )
    if corpus.cut < SMALL:
        return little
    return (
        "because it learned its text by heart (overfitting), or in too large steps. Give more "
        "--dropout, or a lower --learning-rate."
    )
