"""While modules are loaded nothing is collected, and what was loaded is looked through no more."""

import gc

import pytest

from burble.loading import uncollected


@pytest.fixture(autouse=True)
def _thaw():
    yield
    gc.unfreeze()


def test_the_collector_is_off_within_and_on_after_it():
    with uncollected():
        assert not gc.isenabled()
        kept: list[list[int]] = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= 1000
    assert not any(one is kept for one in gc.get_objects())


def test_it_stays_off_where_it_was_and_comes_back_where_loading_fails():
    with pytest.raises(ImportError), uncollected():
        raise ImportError
    assert gc.isenabled()
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
