"""Small models with known answers, made by hand."""

from dataclasses import replace

import numpy as np

from burble.data.labels import UNLABELLED, LabelSet
from burble.data.vocabulary import Vocabulary
from burble.inference.generator import Generator
from burble.model.architecture import array_shapes
from burble.model.file import Model
from burble.model.softmax import IMPOSSIBLE
from burble.ngram.index import build_index
from burble.settings import ModelSettings, TextSettings
from tests.support.corpora import build_corpus


def follower(symbols, follows, *, strength=50.0, boundary=False, separator="", **text):
    """A model in which each symbol is followed by one other.

    Args:
        symbols: Its alphabet, in id order.
        follows: For each id (the document edge last) the id that follows it.
        strength: The logit of that one; the others have about 0.
        boundary: Whether it has documents.
        separator: What stands between them.
        text: Fields of `TextSettings`.
    """
    cleaning = TextSettings(**text)
    vocabulary = Vocabulary(tuple(symbols), cleaning.unit, boundary)
    size = vocabulary.size
    shape = ModelSettings(cell="rnn", layers=1, units=size, embedding=size)
    weights = {name: np.zeros(s, np.float32) for name, s in array_shapes(shape, size).items()}
    weights["embedding"] = np.eye(size, dtype=np.float32)
    # tanh(9) is 1 to seven digits: the state is the last symbol, and nothing else.
    weights["layer0.kernel"] = 9 * np.eye(size, dtype=np.float32)
    weights["output.kernel"][np.arange(size), follows] = strength
    return Model(weights, vocabulary, shape, cleaning, separator)


POETS = LabelSet(("poet", "form"), (("Dickinson", "Whitman"), ("long", "short")))


def chancy(
    symbols="abc\n", seed=0, scale=1.0, boundary=False, labels=UNLABELLED, unit="char", **shape
):
    """A model with random weights."""
    vocabulary = Vocabulary(tuple(symbols), unit, boundary)
    settings = ModelSettings(**{"layers": 2, "units": 12, "embedding": 5} | shape)
    rng = np.random.default_rng(seed)
    weights = {
        name: rng.normal(0, scale, s).astype(np.float32)
        for name, s in array_shapes(settings, vocabulary.size, len(labels)).items()
    }
    text = TextSettings(unit=unit, label=labels.columns)
    separator = "--" if boundary else ""
    return Model(weights, vocabulary, settings, text, separator, labels=labels)


def apart(model):
    """The same model, as one that learned each document from a zero state."""
    return replace(model, summary=dict(model.summary) | {"training": {"framing": "documents"}})


WORDS = tuple(sorted({*"\n 'abdehnorstw.", "bro", "brown", "brother", "don", "don't", "the", "  "}))
"""Symbols of a model of words."""


def wordy(**options):
    """A model of words with random weights; see `chancy`."""
    return chancy(WORDS, unit="word", **options)


def write_symbols(processor, size, wanted):
    """Writes the wanted symbols as far as they may, and another where they may not.

    Where none may come, that is the end, and None.
    """
    written: list[int] = []
    for symbol in wanted:
        logits = np.zeros((1, size), np.float32)
        logits[0, symbol] = 1
        processor.process(logits)
        if logits.max() <= IMPOSSIBLE:
            return [*written, None]
        written.append(int(logits.argmax()))
        processor.append_symbols(np.array(written[-1:]))
    return written


def remembered(model, text):
    """A model with a memory of a text."""
    ids = np.array(build_corpus([text], model.text, validation=0.0).ids)
    return Generator(replace(model, summary={"corpus": {"sha256": "0"}}), lambda: build_index(ids))


SYMBOLS = "".join(map(chr, range(0x4E00, 0x4E00 + 200)))


def reader():
    """A model that knows which of 200 symbols mostly follows each; see `readable`."""
    return follower(SYMBOLS, np.roll(range(200), -1), strength=6.5)


def readable(length, seed=0):
    """A text in which three times of four the next of 200 symbols follows, else any."""
    rng = np.random.default_rng(seed)
    steps = np.where(rng.random(length) < 0.75, 1, rng.integers(0, 200, length))
    return "".join(SYMBOLS[n] for n in np.cumsum(steps) % 200)
