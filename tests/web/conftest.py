from dataclasses import replace

import pytest

from burble import api
from burble.data.corpus import fingerprint
from burble.model.file import write_model
from burble.ngram.file import index_path, write_index
from burble.ngram.index import build_index
from tests.support.servers import serving
from tests.support.speakers import POETS, chancy

TEXT = "abc\nbca\ncab\nabca\n" * 20
EDGE = "--"
"""What stands between two documents of the poems."""


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """A models folder: letters, with a memory; verse, a run folder; poems, with documents."""
    folder = tmp_path_factory.mktemp("models")
    letters = chancy("\nabc", scale=0.7)
    ids = letters.vocabulary.encode(TEXT, "text")
    facts = {"sha256": fingerprint(ids), "symbols": len(ids), "held_out": 0}
    letters = replace(letters, summary={"corpus": facts})
    write_model(folder / "letters.safetensors", letters)
    write_index(index_path(folder / "letters.safetensors"), build_index(ids), letters)
    (folder / "verse").mkdir()
    write_model(folder / "verse" / "model.safetensors", chancy(seed=1))
    write_model(folder / "poems.safetensors", chancy(" ab", seed=2, boundary=True, labels=POETS))
    return folder


@pytest.fixture(scope="session")
def server(models):
    """A server of these models."""
    with serving("--models", models) as running:
        yield running


@pytest.fixture(scope="session")
def letters(models):
    """The model of that name, in this process."""
    return api.load(models / "letters.safetensors")
