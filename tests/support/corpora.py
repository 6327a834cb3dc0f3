"""Small corpora, and their documents as texts."""

from pathlib import Path

import numpy as np

from burble.data import corpus
from burble.settings import TextSettings


def from_texts(*texts, validation=0.0, split="auto", **chosen):
    return corpus.from_texts(texts, TextSettings(**chosen), validation=validation, split=split)


def parts(c):
    """The documents of a corpus as texts."""
    ends = [*c.starts[1:], len(c.ids) + (not c.vocabulary.boundary)]
    return [c.vocabulary.decode(c.ids[a : b - 1]) for a, b in zip(c.starts, ends, strict=True)]


def mapped(ids):
    """The file that ids lie in."""
    assert isinstance(ids, np.memmap)
    assert ids.filename
    return Path(ids.filename)
