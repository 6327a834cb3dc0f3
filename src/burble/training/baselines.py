"""What a held-out text costs those who know little, to lay beside the losses of a training.

Cheap figures of a part of the text, not those of `burble eval`. Knows nothing of networks.
"""

import math

import numpy as np
from numpy.typing import NDArray

from burble.data import splitting
from burble.data.corpus import Corpus
from burble.formatting import some
from burble.ngram import kneser_ney
from burble.runs.events import References

COUNTED, PIECES = 50_000, 10
"""Training symbols that are counted at most, and stretches of the text that they are taken from."""
SCORED = splitting.FIRST
"""Held-out symbols that are scored at most, from the first."""
MOST = 5
"""Symbols of the longest n-gram."""
UNLIKE = 0.3
"""Nats by which letters of the held-out part cost more than they would by its own frequencies,
from where on it is unlike the text that is learned."""
NEAR = 0.95
"""The share of the loss of knowing nothing from which on a loss is hardly below it."""
TINY, SMALL = 2_000, 20_000
"""Symbols to learn from, below which a text is too little whatever else, or if nothing else is."""
FEW_PASSES, FEW_STEPS = 1.0, 500
"""Times that the text is read, and steps, below which they are too few."""


def of(corpus: Corpus) -> References | None:
    """The figures of a text; None where there is nothing to score."""
    held_out = corpus.ids[corpus.cut : corpus.cut + SCORED]
    given = corpus.given[(corpus.given >= corpus.cut)] - corpus.cut
    scored = np.ones(len(held_out), bool)
    scored[given[given < len(held_out)]] = False
    if not scored.any():
        return None
    counted = _sample(corpus.training)
    ids, size = np.concatenate([counted, held_out]), corpus.vocabulary.size
    costs = [
        float(c[scored].mean()) for c in kneser_ney.static_costs(ids, len(counted), size, MOST)
    ]
    order = int(np.argmin(costs))
    return References(
        nothing=math.log(size), letters=costs[0], ngrams=costs[order], order=order + 1
    )


def _sample(training: NDArray[np.integer]) -> NDArray[np.integer]:
    """A text, or stretches spread evenly over it."""
    if len(training) <= COUNTED:
        return np.array(training)
    size = COUNTED // PIECES
    firsts = np.linspace(0, len(training) - size, PIECES).astype(int).tolist()
    return np.concatenate([training[first : first + size] for first in firsts])


def told(found: References, symbol: str) -> str:
    """The figures in a sentence.

    >>> told(References(nothing=4.0, letters=3.0, ngrams=2.0, order=5), "character")
    'For comparison, nats per character: knowing nothing 4.00, letter frequencies 3.00, n-grams of \
up to 5 about 2.00.'
    """
    return (
        f"For comparison, nats per {symbol}: knowing nothing {found.nothing:.2f}, letter "
        f"frequencies {found.letters:.2f}, n-grams of up to {found.order} about {found.ngrams:.2f}."
    )


def doubt(found: References, corpus: Corpus, loss: float, steps: int, passes: float) -> str:
    """What to say of a model that is no better than letter frequencies; empty where it is.

    Args:
        found: The figures of the text.
        corpus: The text.
        loss: The model's loss on the held-out part, nats per symbol.
        steps: Steps done.
        passes: How often the text was read in them.
    """
    name, figure = "letter frequencies alone", found.letters
    if found.letters > NEAR * found.nothing or loss > found.nothing:
        name, figure = "knowing nothing", found.nothing
    if not loss > min(found.letters, NEAR * found.nothing):
        return ""
    above = "above" if loss > figure else "hardly below"
    return (
        f"The held-out loss, {loss:.2f}, is {above} {figure:.2f}, that of {name}: the model has "
        f"learned nothing that helps there. Likely {_reason(corpus, steps, passes)}"
    )


def _reason(corpus: Corpus, steps: int, passes: float) -> str:
    """The likeliest reason for that, from what is known, and what to do."""
    size = corpus.vocabulary.size
    learned, held_out = (
        np.bincount(part, minlength=size)
        for part in (_sample(corpus.training), corpus.ids[corpus.cut :][:COUNTED])
    )
    share = held_out / held_out.sum()
    # Symbols that are not learned count as if they had been seen once.
    costs = -np.log(np.maximum(learned, 1) / learned.sum())
    own = -np.log(share, where=share > 0, out=np.zeros(size))
    never = float(share[learned == 0].sum())
    held = len(corpus.ids) - corpus.cut
    little = f"because {some(corpus.cut, 'symbol')} are too little to learn from"
    if held > corpus.cut:
        little += f", while {held:,} are held out. Hold out less with --held-out."
    else:
        little += ". Add text, or take a smaller network: --size small."
    if corpus.cut < TINY:
        return little
    if float((share * (costs - own)).sum()) > UNLIKE:
        there = f" ({never:.0%} of its symbols occur nowhere else)" if never >= 0.01 else ""
        what = f"because the held-out part is unlike the text that is learned{there}."
        spread = " --split spread holds out some of each source or document."
        return what + (spread if corpus.split == "tail" and corpus.documents > 1 else "")
    if passes < FEW_PASSES or steps < FEW_STEPS:
        return (
            f"because {some(steps, 'step')} are too few: the text was read {passes:.1f} times. "
            "Give more --minutes or --steps."
        )
    if corpus.cut < SMALL:
        return little
    return (
        "because it learned its text by heart, or in too large steps. Give more --dropout, or a "
        "lower --learning-rate."
    )
