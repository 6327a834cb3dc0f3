"""What training yields: the events of its loop, as plain values.

Knows nothing of how any of them comes about; who only listens needs no Keras.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from burble.formatting import time_left
from burble.runs.state import State


@dataclass(frozen=True)
class Report:
    """The mean training loss since the last report.

    Attributes:
        step: Steps done.
        steps: Steps in all.
        loss: Nats per symbol, dropout on.
        speed: Symbols a second in steps since training began or went on, the first left out, which
            is compiled; not a number before a second one.
        left: Seconds left until the last step, about; not a number where the speed is none.
    """

    step: int
    steps: int
    loss: float
    speed: float
    left: float

    def describe(self, symbol: str, validation: str = "") -> str:
        """The figures in a line.

        Args:
            symbol: What one symbol is called.
            validation: What is said of the validation loss, if anything.

        >>> Report(3, 10, 2.5, 1000.0, 70.0).describe("character")
        'step 3 of 10 · loss 2.500 · 1,000 characters/s · 1:10 min left'
        """
        line = f"step {self.step:,} of {self.steps:,} · loss {self.loss:.3f}{validation}"
        if math.isnan(self.left):
            # The first step is compiled, so its time is not that of the others.
            return line
        return f"{line} · {self.speed:,.0f} {symbol}s/s · {time_left(self.left)} left"


@dataclass(frozen=True)
class BaselineLosses:
    """About what simpler predictors score on the validation text; known before the first step.

    Attributes:
        uniform: Nats per symbol where each is as likely as the other.
        unigram: By how often each occurs in the training text: symbol frequencies.
        ngram: By n-grams of the training text.
        order: Symbols of the longest n-gram that helped.
    """

    uniform: float
    unigram: float
    ngram: float
    order: int

    def describe(self, symbol: str, base: str | None = None) -> str:
        """The figures in a sentence, and in another one that they know less than a base does.

        Args:
            symbol: What one symbol is called.
            base: The model that training starts from, if there is one.

        >>> print(BaselineLosses(4.0, 3.0, 2.0, order=5).describe("character"))
        For comparison, in nats per character (lower is better): uniform guessing 4.00, symbol \
frequencies 3.00, n-grams of up to 5 about 2.00.
        """
        return (
            f"For comparison, in nats per {symbol} (lower is better): uniform guessing "
            f"{self.uniform:.2f}, symbol frequencies {self.unigram:.2f}, n-grams of up to "
            f"{self.order} about {self.ngram:.2f}."
        ) + (f" These know this text alone; {base} has read other texts." if base else "")

    def compare(self, loss: float) -> str:
        """The best of them that a loss does not reach, or that it is better than all.

        >>> BaselineLosses(uniform=4.0, unigram=3.0, ngram=2.0, order=5).compare(2.5)
        'worse than n-grams (2.00)'
        """
        if loss > self.uniform:
            return f"worse than uniform guessing ({self.uniform:.2f})"
        if loss > self.unigram:
            return f"worse than symbol frequencies ({self.unigram:.2f})"
        return f"{'worse' if loss > self.ngram else 'better'} than n-grams ({self.ngram:.2f})"

    def stored(self) -> dict[str, float]:
        """The figures by the names that run.json has for them."""
        return {
            "nothing": self.uniform,
            "letters": self.unigram,
            "ngrams": self.ngram,
            "order": self.order,
        }


@dataclass(frozen=True)
class Epoch:
    """The mean training loss of a whole epoch, yielded where files of epochs are kept.

    Attributes:
        number: Which, from 1.
        loss: Nats per symbol, dropout on, as the weights were at each step; not a number where
            the loss diverged in it.
        improved: Whether it is the best so far.
        state: The state at its end.
    """

    number: int
    loss: float
    improved: bool
    state: State


@dataclass(frozen=True)
class Score:
    """A validation score.

    Attributes:
        loss: Nats per symbol, from a zero state, full context, dropout off; not a number where
            there is no validation text.
        improved: Whether it is the best so far.
        state: The state at that step, to be saved.
    """

    loss: float
    improved: bool
    state: State


@dataclass(frozen=True)
class Sample:
    """What the best model so far writes."""

    step: int
    text: str


@dataclass(frozen=True)
class Task:
    """What is done besides steps and may take long, and the fraction of it that is done."""

    what: str
    done: float


@dataclass(frozen=True)
class Save:
    """A state that should be saved now, so that little is lost if the process is killed."""

    state: State


@dataclass(frozen=True)
class Recovery:
    """The loss diverged; training goes on from the best weights with half the learning rate."""

    step: int
    loss: float
    state: State


@dataclass(frozen=True)
class End:
    """The end of training.

    Attributes:
        state: The last state.
        reason: "done", "no better" (patience ran out) or "stopped" (requested to).
        facts: Scores taken once at the end, by name; see `Trainer.closing`.
    """

    state: State
    reason: str
    facts: Mapping[str, float] = field(default_factory=dict)


Event = BaselineLosses | Report | Epoch | Score | Sample | Task | Save | Recovery | End
