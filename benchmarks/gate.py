"""Learns the gate between network and memory, and compares other ways to mix them.

    python -m benchmarks.gate NAME=RUN:TEXT ...

Each run was trained with `--test`, so that what is scored here, and learned from, comes before
the text that judges. Prints the weights for `burble.ngram.mixing`, and records what each text costs
with a gate that was learned on all other texts.
"""

import argparse
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.record import write
from burble.data import corpus
from burble.inference import generator, scoring
from burble.ngram import mixing
from burble.ngram.index import MAX_CONTEXT, build_index
from burble.ngram.predictor import NgramModel, NgramPredictor, Prediction
from burble.ngram.training_text import recognize_training_text

Floats = NDArray[np.float64]
STEPS, RATE, PULL = 500, 0.03, 1e-4
SCORED = 13_000
"""Symbols of each text, so that none counts for more."""
BEGIN = np.zeros((2, len(mixing.FEATURES)))
BEGIN[:, 0] = 0.7, 0.3
"""The weights that a gate has before it learns: the network counts for more."""


@dataclass(frozen=True)
class Scored:
    """A text as both have scored it: T symbols.

    Attributes:
        features: What the gate sees, shape (T, F).
        network: The network's logarithms of probabilities, shape (T, V).
        memory: The memory's, shape (T, V).
        came: The symbols that came, shape (T,).
    """

    features: Floats
    network: Floats
    memory: Floats
    came: NDArray[np.intp]

    @property
    def chances(self) -> tuple[Floats, Floats]:
        """The probabilities that both gave to what came, (T,) each."""
        rows = np.arange(len(self.came))
        return np.exp(self.network[rows, self.came]), np.exp(self.memory[rows, self.came])


def score(run: str, text: str, learns: bool) -> Scored:
    """Scores the held-out part of a run's text."""
    writer = generator.load(run)
    read = corpus.build([text], writer.model.text, validation=0.0)
    own = recognize_training_text(writer.model, read)
    if own is None:
        raise SystemExit(f"{text} is not what {run} was trained on.")
    part = np.array(own.ids[own.start - 1 : own.start + SCORED])
    if learns:
        from burble.evaluation.dynamic import DynamicEvaluator

        found = DynamicEvaluator(writer.model).predict_each([part])
    else:
        found = scoring.predict_each(writer.engine, [part])
    network = np.concatenate([predictions.log_probabilities for _, predictions in found])
    came = part[1:].astype(np.intp)
    ngrams = NgramModel(build_index(own.ids[: own.start]), network.shape[1])
    reader = NgramPredictor(ngrams, adaptive=learns)
    reader.append_symbol(int(part[0]))
    features, shares = [], []
    for row, symbol in zip(network, came.tolist(), strict=True):
        expected = reader.predict()
        features.append(mixing.compute_features(np.exp(row)[None], expected)[0])
        shares.append(expected.probabilities[0])
        reader.append_symbol(symbol)
    return Scored(np.array(features), network, np.log(shares), came)


def of_shares(weights: Floats, scored: Scored) -> tuple[float, Floats]:
    """What a text costs where a gate mixes probabilities, and how that changes with its weights."""
    trust = 1 / (1 + np.exp(-scored.features @ weights))
    network, remembered = scored.chances
    mixed = network + trust * (remembered - network)
    slope = -(remembered - network) / mixed * trust * (1 - trust)
    return -float(np.log(mixed).mean()), (slope[:, None] * scored.features).mean(0)


def of_logarithms(weights: Floats, scored: Scored) -> tuple[float, Floats]:
    """The same where logarithms are weighed and added, which is how `burble.ngram.mixing` mixes."""
    said = np.stack([scored.network, scored.memory], 1)
    mixed = mixing.mix_log_probabilities(said, scored.features @ weights.reshape(2, -1).T)
    cost = -float(mixed[np.arange(len(scored.came)), scored.came].mean())
    slopes = mixing.weight_gradients(said, mixed, scored.came)
    return cost, -(slopes.T @ scored.features).ravel() / len(scored.came)


def learning_on(weights: Floats, scored: Scored) -> float:
    """What a text costs with burble's own gate, as it reads symbol by symbol, from some weights."""
    learned = mixing.MixingWeights(weights.reshape(2, -1), 1.0)
    cost = 0.0
    for at, came in enumerate(scored.came):
        one = slice(at, at + 1)
        longest = scored.features[one, mixing.FEATURES.index("length of context met")] * MAX_CONTEXT
        expected = Prediction(np.exp(scored.memory[one]), longest.astype(np.int64))
        mixture = mixing.mix_predictions(scored.network[one], expected, learned)
        cost -= float(mixture.log_probabilities[0, came])
        learned = mixing.update_weights(learned, mixture, scored.came[one])
    return cost / len(scored.came)


def learn(mix: Any, texts: list[Scored], start: Floats) -> Floats:
    """Weights that make some texts cheap, each counting the same; by Adam."""
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
    return Scored(text.features[:, :1], text.network, text.memory, text.came)


def row(name: str, learns: bool, text: Scored, others: list[Scored]) -> dict[str, Any]:
    """What a text costs, with mixtures learned on the others."""
    flat, flats = constant(text), [constant(other) for other in others]
    network, remembered = text.chances
    costs = {
        "network": -np.log(network).mean(),
        "memory": -np.log(remembered).mean(),
        "one share": of_shares(learn(of_shares, flats, np.zeros(1)), flat)[0],
        "gate of shares": of_shares(learn(of_shares, others, 0 * BEGIN[0]), text)[0],
        "two weights": of_logarithms(learn(of_logarithms, flats, BEGIN[:, 0]), flat)[0],
    }
    weights = learn(of_logarithms, others, BEGIN.ravel())
    costs["gate"] = of_logarithms(weights, text)[0]
    if learns:
        costs["gate that learns on"] = learning_on(weights, text)
    kind = "adaptive" if learns else "static"
    return {"text": name, "kind": kind} | {n: round(float(c), 4) for n, c in costs.items()}


def main() -> None:
    """Learns, compares, prints and records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN:TEXT")
    rows = []
    given = dict(one.split("=", 1) for one in parser.parse_args().runs)
    for learns in (False, True):
        pairs = {name: one.split(":", 1) for name, one in given.items()}
        texts = {name: score(run, text, learns) for name, (run, text) in pairs.items()}
        for name, text in texts.items():
            others = [other for n, other in texts.items() if n != name] or [text]
            rows.append(row(name, learns, text, others))
            print(rows[-1], flush=True)
        weights = learn(of_logarithms, [*texts.values()], BEGIN.ravel()).reshape(2, -1)
        print(f"{learns}: {np.round(weights, 3).tolist()},", flush=True)
    write("gate", rows, NOTE)


NOTE = "nats per character; mixtures learned on the other texts, on parts that nobody had seen"

if __name__ == "__main__":
    main()
