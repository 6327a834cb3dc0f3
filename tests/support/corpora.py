"""Small corpora, and their documents as texts."""

from pathlib import Path

import numpy as np

from burble.data import corpus
from burble.data.source import from_bytes
from burble.data.split import Split
from burble.settings import SourceSettings, TextSettings

NAMES = [f"{letter}{number:03}" for letter in "abcdefghij" for number in range(60)]


def validation(c):
    """The documents of the validation part as texts, of lines."""
    return c.vocabulary.decode(c.ids[c.cut :], "\n").split("\n")[:-1]


def build_corpus(texts, settings, *, validation=0.1, split="auto", names=None):
    """A corpus of texts that are at hand, each a source of its own."""
    named = names or [f"text {number}" for number in range(1, len(texts) + 1)]
    found = [from_bytes(name, text.encode()) for name, text in zip(named, texts, strict=True)]
    return corpus.build_from_sources(found, settings, Split(validation, kind=split))


def from_texts(*texts, validation=0.0, split="auto", **chosen):
    return build_corpus(texts, TextSettings(**chosen), validation=validation, split=split)


def build(tmp_path, data, **chosen):
    """The corpus of a file with these bytes."""
    path = tmp_path / "t.txt"
    path.write_bytes(data)
    encoding = chosen.pop("encoding", None)
    return corpus.build(
        [str(path)],
        TextSettings(**chosen),
        validation=0,
        reading=SourceSettings(encoding=encoding or ""),
    )


def parts(c):
    """The documents of a corpus as texts."""
    ends = [*c.starts[1:], len(c.ids) + (not c.vocabulary.boundary)]
    return [c.vocabulary.decode(c.ids[a : b - 1]) for a, b in zip(c.starts, ends, strict=True)]


def mapped(ids):
    """The file that ids lie in."""
    assert isinstance(ids, np.memmap)
    assert ids.filename
    return Path(ids.filename)
