import json
import os

import pytest

from bases.check import RECORD, compare, describe_machine, hash_recipe, take_one_core

FOUND = {"model": "a", "text": "t", "recipe": "r", "steps": 200, "versions": {}, "machine": "m"}
FOUND["kernels"] = "in use"


def test_equal_models_are_equal_wherever_they_were_trained():
    assert compare(FOUND, FOUND | {"machine": "another"}) == []


def test_where_the_bytes_differ_all_that_may_be_why_is_told():
    said = compare(FOUND, FOUND | {"model": "b", "machine": "another", "kernels": "off"})
    assert said == [
        "The model is a, and was b.",
        "machine is m, and was another.",
        "kernels is in use, and was off.",
    ]
    assert "Nothing else differs" in compare(FOUND, FOUND | {"model": "b"})[1]


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system cannot do that")
def test_one_core_is_taken():
    before = os.sched_getaffinity(0)
    try:
        take_one_core()
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)


def test_a_machine_has_a_name():
    assert ", " in describe_machine()


@pytest.mark.skipif(not RECORD.exists(), reason="nothing is recorded yet")
def test_what_is_recorded_is_of_the_recipe_that_is_here():
    recorded = json.loads(RECORD.read_text("utf-8"))
    assert recorded["recipe"] == hash_recipe()
    assert len(recorded["model"]) == 64
