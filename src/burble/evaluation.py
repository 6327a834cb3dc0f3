"""How well a model foretells a text: nats and bits per character. Knows nothing of terminals.

The score is static: the model is not changed by what it reads. It starts from a zero state and
reads the text once, with all that came before as context.
"""

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from burble import generation, text
from burble.decoding import decode
from burble.errors import CorpusError, SourceError
from burble.generation import Generator
from burble.vocabulary import split


@dataclass(frozen=True)
class Report:
    """The score of a text.

    Attributes:
        characters: Characters that were foretold. The first of a text is given to a model
            without documents.
        nats: Mean cost of one, in nats: the negative natural logarithm of its probability.
        bits: The same in bits per character.
        unknown: Symbols the model does not know, with their counts; they were left out.
    """

    characters: int
    nats: float
    bits: float
    unknown: Mapping[str, int]


def evaluate(
    model: str | Path | Generator, source: str | Path, *, encoding: str | None = None
) -> Report:
    """Scores a model on a text file, cleaned as its corpus was.

    Args:
        model: A run folder, a model file, or a model loaded from one.
        source: The file, or `-` for standard input.
        encoding: The encoding of the text; UTF-8 if None.

    Returns:
        The score.

    Raises:
        ModelFileError: There is no model.
        SourceError: The file cannot be read, or is not text.
        CorpusError: There is nothing in it to foretell.
    """
    writer = model if isinstance(model, Generator) else generation.load(model)
    name = "standard input" if source == "-" else str(source)
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {name}: {error.strerror}. Give a text file.") from error
    return score(writer, "".join(decode([data], name, encoding)))


def score(writer: Generator, written: str) -> Report:
    """Scores a model on a text, cleaned as its corpus was.

    Raises:
        CorpusError: There is nothing in it to foretell.
    """
    vocabulary = writer.model.vocabulary
    cleaned, _ = text.clean(written, writer.model.text)
    unknown = vocabulary.unknown(cleaned)
    symbols = [s for s in split(cleaned, vocabulary.unit) if s in vocabulary.ids]
    costs = writer.surprise(np.array([vocabulary.ids[s] for s in symbols], np.intp))
    if not len(costs):
        raise CorpusError(
            f"there is nothing to score: of {len(cleaned):,} characters, {unknown.total():,} are "
            "unknown to this model, and it needs two it knows. Give a longer text."
        )
    characters = sum(map(len, symbols[-len(costs) :]))
    nats = float(costs.sum()) / characters
    return Report(characters, nats, nats / math.log(2), dict(unknown.most_common()))
