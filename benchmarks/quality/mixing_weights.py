"""Learns the weights of network and n-gram model, and compares other ways to mix them.

    python -m benchmarks mixing_weights NAME=RUN:TEXT ... [--with-base]

Each run was trained with `--test`, so that what is scored here, and learned from, comes before
the test part. Prints the coefficients for `burble.ngram.mixing`, and records the loss of each text
with coefficients that were learned on all other texts. With `--with-base`, for runs that began from
one: the coefficients are those of runs that began from nothing, as far as nothing speaks for
others, of which a part of the way is taken, and no other ways to mix are compared.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import make_parser, record
from burble.data import corpus
from burble.inference import generator, scoring
from burble.ngram import fitting, mixing
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.predictor import NgramModel, NgramPredictor, Prediction
from burble.ngram.training_text import recognize_training_text

Floats = NDArray[np.float64]
STEPS, RATE, PULL = 500, 0.03, 1e-4
SCORED = 13_000
"""Symbols of each text, so that none counts for more."""
SCORED_WITH_BASE, PULL_WITH_BASE = 4_000, 300.0
"""The same of runs that began from a base; and how strongly their coefficients are pulled towards
those of runs that did not, in symbols."""
WAY = {False: 0.3, True: 0.5}
"""How far runs from a base go from the network alone to what was learned, static and adaptive: as
far as it makes no text's score worse that it was not learned on."""
BEGIN = np.zeros((2, len(mixing.FEATURES)))
BEGIN[:, 0] = 0.7, 0.3
"""The coefficients before they are learned: the network counts for more."""


@dataclass(frozen=True)
class Scored:
    """A text as both have scored it: T symbols.

    Attributes:
        features: What the weights depend on, shape (T, F).
        network: The network's log-probabilities, shape (T, V).
        ngrams: The n-gram model's, shape (T, V).
        symbols: Those that followed, shape (T,).
    """

    features: Floats
    network: Floats
    ngrams: Floats
    symbols: NDArray[np.intp]

    @property
    def probabilities(self) -> tuple[Floats, Floats]:
        """The probabilities that both gave to what followed, (T,) each."""
        rows = np.arange(len(self.symbols))
        network, ngrams = self.network[rows, self.symbols], self.ngrams[rows, self.symbols]
        return np.exp(network), np.exp(ngrams)


def score(run: str, text: str, adaptive: bool, count: int) -> Scored:
    """Scores the validation part of a run's text."""
    writer = generator.load(run)
    read = corpus.build([text], writer.model.text, validation=0.0)
    own = recognize_training_text(writer.model, read)
    if own is None:
        raise SystemExit(f"{text} is not what {run} was trained on.")
    part = np.array(own.ids[own.start - 1 : own.start + count])
    if adaptive:
        from burble.evaluation.dynamic import DynamicEvaluator

        found = DynamicEvaluator(writer.model).predict_texts([part])
    else:
        found = scoring.predict_texts(writer.engine, [part])
    network = np.concatenate([predictions.log_probabilities for _, predictions in found])
    symbols = part[1:].astype(np.intp)
    ngrams = NgramModel(build_index(own.ids[: own.start]), network.shape[1])
    reader = NgramPredictor(ngrams, adaptive=adaptive)
    reader.append_symbol(int(part[0]))
    features, each = [], []
    for row, symbol in zip(network, symbols.tolist(), strict=True):
        expected = reader.predict()
        features.append(mixing.compute_features(np.exp(row)[None], expected)[0])
        each.append(expected.probabilities[0])
        reader.append_symbol(symbol)
    return Scored(np.array(features), network, np.log(each), symbols)


def mix_linear(weights: Floats, scored: Scored) -> tuple[float, Floats]:
    """The loss of a text where probabilities are mixed, and its gradient by the coefficients."""
    weight = 1 / (1 + np.exp(-scored.features @ weights))
    network, ngrams = scored.probabilities
    mixed = network + weight * (ngrams - network)
    slope = -(ngrams - network) / mixed * weight * (1 - weight)
    return -float(np.log(mixed).mean()), (slope[:, None] * scored.features).mean(0)


def mix_log_linear(weights: Floats, scored: Scored) -> tuple[float, Floats]:
    """The same where logarithms are weighted and added, which is how `burble.ngram.mixing` does."""
    parts = np.stack([scored.network, scored.ngrams], 1)
    mixed = mixing.mix_log_probabilities(parts, scored.features @ weights.reshape(2, -1).T)
    loss = -float(mixed[np.arange(len(scored.symbols)), scored.symbols].mean())
    slopes = mixing.weight_gradients(parts, mixed, scored.symbols)
    return loss, -(slopes.T @ scored.features).ravel() / len(scored.symbols)


def keep_learning(weights: Floats, scored: Scored) -> float:
    """The loss of a text with weights that go on learning as they read, symbol by symbol."""
    learned = mixing.MixingWeights(weights.reshape(2, -1), 1.0)
    loss = 0.0
    for at, symbol in enumerate(scored.symbols):
        one = slice(at, at + 1)
        longest = scored.features[one, mixing.FEATURES.index("length of context met")] * MAX_CONTEXT
        expected = Prediction(np.exp(scored.ngrams[one]), longest.astype(np.int64))
        mixture = mixing.mix_predictions(scored.network[one], expected, learned)
        loss -= float(mixture.log_probabilities[0, symbol])
        learned = mixing.update_weights(learned, mixture, scored.symbols[one])
    return loss / len(scored.symbols)


def learn(mix: Any, texts: list[Scored], start: Floats) -> Floats:
    """Coefficients with a low loss on some texts, each counting the same; by Adam."""
    weights, mean, square = start.copy(), 0 * start, 0 * start
    for step in range(STEPS):
        slope = np.mean([mix(weights, text)[1] for text in texts], 0) + PULL * (weights - start)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        size = RATE * (1 - step / STEPS)
        fresh = mean / (1 - 0.9 ** (step + 1)), square / (1 - 0.99 ** (step + 1))
        weights -= size * fresh[0] / (np.sqrt(fresh[1]) + 1e-9)
    return weights


def constant(text: Scored) -> Scored:
    """A text of which only the constant is seen."""
    return Scored(text.features[:, :1], text.network, text.ngrams, text.symbols)


def row(name: str, adaptive: bool, text: Scored, others: list[Scored]) -> dict[str, Any]:
    """The losses of a text, with mixtures learned on the others."""
    flat, flats = constant(text), [constant(other) for other in others]
    network, ngrams = text.probabilities
    losses = {
        "network": -np.log(network).mean(),
        "memory": -np.log(ngrams).mean(),
        "linear, one weight": mix_linear(learn(mix_linear, flats, np.zeros(1)), flat)[0],
        "linear, by context": mix_linear(learn(mix_linear, others, 0 * BEGIN[0]), text)[0],
        "log-linear, one weight each": mix_log_linear(
            learn(mix_log_linear, flats, BEGIN[:, 0]), flat
        )[0],
    }
    weights = learn(mix_log_linear, others, BEGIN.ravel())
    losses["log-linear, by context"] = mix_log_linear(weights, text)[0]
    if adaptive:
        losses["log-linear, learning on"] = keep_learning(weights, text)
    kind = "adaptive" if adaptive else "static"
    return {"text": name, "kind": kind} | {n: round(float(c), 4) for n, c in losses.items()}


def as_evidence(texts: list[Scored]) -> fitting.Evidence:
    """The first symbols of some texts, together."""
    ends = [text.symbols[:SCORED_WITH_BASE] for text in texts]
    parts = [np.stack([text.network, text.ngrams], 1)[:SCORED_WITH_BASE] for text in texts]
    # Their alphabets differ; what one of them does not have is next to impossible there.
    most = max(each.shape[2] for each in parts)
    wide = [(0, 0), (0, 0)]
    parts = [
        np.pad(each, [*wide, (0, most - each.shape[2])], constant_values=-60.0) for each in parts
    ]
    design = [text.features[:SCORED_WITH_BASE] for text in texts]
    return fitting.Evidence(np.concatenate(parts), np.concatenate(design), np.concatenate(ends))


def compare_with_base(texts: dict[str, Scored], adaptive: bool) -> list[dict[str, Any]]:
    """The losses of runs that began from a base; prints the coefficients learned on all of them."""
    prior, rows = np.array(mixing.COEFFICIENTS[adaptive]), []

    def fit(some: list[Scored]) -> Floats:
        return fitting.fit_coefficients(prior, as_evidence(some), PULL_WITH_BASE)

    for name, text in texts.items():
        others = [other for n, other in texts.items() if n != name] or [text]
        learned, own = fit(others), as_evidence([text])
        network, ngrams = text.probabilities
        losses = {
            "network": -np.log(network[:SCORED_WITH_BASE]).mean(),
            "memory": -np.log(ngrams[:SCORED_WITH_BASE]).mean(),
            "as from nothing": own.losses(prior).mean(),
            "learned": own.losses(learned).mean(),
            "with base": own.losses(go_part_of_the_way(learned, adaptive)).mean(),
        }
        kind = "adaptive" if adaptive else "static"
        rows.append(
            {"text": name, "kind": kind} | {n: round(float(c), 4) for n, c in losses.items()}
        )
        print(rows[-1], flush=True)
    whole = go_part_of_the_way(fit([*texts.values()]), adaptive)
    print(f"{adaptive}: {np.round(whole, 3).tolist()},", flush=True)
    return rows


def go_part_of_the_way(learned: Floats, adaptive: bool) -> Floats:
    """Coefficients between those of the network alone and what was learned; see `WAY`."""
    alone = np.zeros_like(learned)
    alone[0, 0] = 1.0
    return np.asarray(alone + WAY[adaptive] * (learned - alone))


def main() -> None:
    """Learns, compares, prints and records."""
    parser = make_parser(__doc__, "500 symbols of each text")
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:TEXT")
    parser.add_argument("--with-base", action="store_true", help="the runs began from a base")
    rows = []
    options = parser.parse_args()
    given = dict(one.split("=", 1) for one in options.runs)
    count = 500 if options.quick else SCORED
    for adaptive in (False, True):
        pairs = {name: one.split(":", 1) for name, one in given.items()}
        texts = {name: score(run, text, adaptive, count) for name, (run, text) in pairs.items()}
        if options.with_base:
            rows += compare_with_base(texts, adaptive)
            continue
        for name, text in texts.items():
            others = [other for n, other in texts.items() if n != name] or [text]
            rows.append(row(name, adaptive, text, others))
            print(rows[-1], flush=True)
        weights = learn(mix_log_linear, [*texts.values()], BEGIN.ravel()).reshape(2, -1)
        print(f"{adaptive}: {np.round(weights, 3).tolist()},", flush=True)
    record("mixing_weights_with_base" if options.with_base else "mixing_weights", rows, NOTE)


NOTE = "nats per character; mixtures learned on the other texts, on parts that nobody had seen"
