"""What the memory of a text gives a model that has never seen it, by length of the text.

    python -m benchmarks memory_texts MODEL NAME=TEXT ... [--static]

Of each text a stretch is scored by MODEL alone, and with the memory of as many symbols before that
stretch as each of `SIZES` says: static, and adaptive. NAME:lower=TEXT reads it in lower case. The
mixing weights are fitted to each memory's own text, as `burble eval --memory TEXT` does; so there
is nothing here to be learned, and any text that MODEL has not read will do.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.harness import make_parser, record
from burble.data import corpus
from burble.inference import generator
from burble.inference.generator import Generator
from burble.inference.memory import fit_coefficients
from burble.inference.scoring import MemoryState, Predictions, mix_memory, predict_text
from burble.model.file import Model
from burble.ngram.index import build_index
from burble.ngram.mixing import MixingWeights
from burble.ngram.predictor import NgramModel

SIZES = (2_000, 6_000, 20_000, 60_000, 200_000, 1_000_000)
"""Symbols of the memory's text."""
SCORED = 2_000


def read_ids(model: Model, name: str, text: str) -> NDArray[np.integer]:
    """A text in a model's alphabet, without what that does not know."""
    cleaning = replace(model.text, lowercase=True) if name.endswith(":lower") else model.text
    read = corpus.build([text], cleaning, validation=0.0)
    ids = np.asarray(model.vocabulary.renumber(read.ids, read.vocabulary))
    return ids[ids >= 0].astype(model.vocabulary.dtype)


def predict(writer: Generator, part: NDArray[np.integer], *, adaptive: bool) -> list[Predictions]:
    """The network's predictions of all symbols of a part but the first."""
    if not adaptive:
        return [*predict_text(writer.engine, part, writer.model.window)]
    from burble.evaluation.dynamic import DynamicEvaluator

    return [each for _, each in DynamicEvaluator(writer.model).predict_texts([part])]


def mean_loss(found: list[Predictions]) -> float:
    """The mean loss of all symbols, nats."""
    return round(float(np.concatenate([each.nll for each in found]).mean()), 4)


def score(
    writer: Generator, ids: NDArray[np.integer], kinds: tuple[bool, ...], count: int
) -> Iterator[dict[str, Any]]:
    """The losses of the end of a text, or of what comes after its first million, by size."""
    at = min(len(ids) - count, SIZES[-1])
    part = np.array(ids[at - 1 : at + count])
    alone = {adaptive: predict(writer, part, adaptive=adaptive) for adaptive in kinds}
    for size in (size for size in SIZES if size <= at):
        memory = NgramModel(build_index(ids[at - size : at]), writer.model.vocabulary.size)
        fitted = fit_coefficients(writer.engine, writer.model.window, memory)
        row: dict[str, Any] = {"size": size}
        for adaptive in kinds:
            state = MemoryState.start(memory, MixingWeights(fitted, 1.0), adaptive=adaptive)
            state.read_symbols([int(part[0])])
            mixed = []
            for each in alone[adaptive]:
                found, state = mix_memory(each, state)
                mixed.append(found)
            kind = "adaptive" if adaptive else "static"
            row |= {kind: mean_loss(alone[adaptive]), f"{kind} with memory": mean_loss(mixed)}
        yield row


def main() -> None:
    """Scores, prints and records."""
    parser = make_parser(__doc__, "300 symbols of each text")
    parser.add_argument("model", metavar="MODEL")
    parser.add_argument("texts", nargs="+", metavar="NAME=TEXT")
    parser.add_argument("--static", action="store_true", help="static scores alone, without JAX")
    options = parser.parse_args()
    writer = generator.load(Path(options.model))
    kinds = (False,) if options.static else (False, True)
    rows = []
    for name, text in (one.split("=", 1) for one in options.texts):
        ids = read_ids(writer.model, name, text)
        for row in score(writer, ids, kinds, 300 if options.quick else SCORED):
            rows.append({"text": name, **row})
            print(rows[-1], flush=True)
    record("memory_texts", rows, NOTE)


NOTE = (
    "nats per character of 2,000 symbols of texts that the model has not read; size: symbols of "
    "the memory's text, which stands right before them"
)
if __name__ == "__main__":
    main()
