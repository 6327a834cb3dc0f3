import pytest

from burble import api
from tests.support.servers import serving

ASKED = {"prompt": "the cat", "max_tokens": 20, "seed": 1, "temperature": 0.5}


@pytest.fixture(scope="session")
def cat(trained):
    """A server of the tiny model that tests share, under the name of its folder: run."""
    with serving(trained) as running:
        yield running


@pytest.fixture(scope="session")
def url(cat):
    """What clients are told."""
    return f"http://127.0.0.1:{cat.port}/v1"


@pytest.fixture(scope="session")
def expected(trained):
    """What the model writes alone."""
    return api.load(trained).generate("the cat", length=20, seed=1, temperature=0.5)
