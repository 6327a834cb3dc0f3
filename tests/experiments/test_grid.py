"""Grids of settings, from what is varied."""

import re

import pytest

from burble.errors import SettingsError
from burble.experiments import grid


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        (["units"], "--vary is 'units', but must be a setting and its values"),
        (["units="], "--vary is 'units='"),
        (["width=1,2"], "there is no setting called width"),
        (["units=1,many"], "units is 'many', but must be a whole number"),
        (["units=0"], "units is 0, but must be 1 to 8192"),
        (["dropout=a"], "dropout is 'a', but must be a number"),
        (["lowercase=yes"], "lowercase is 'yes', but must be true or false"),
        (["units=1", "units=2"], "each setting once"),
        (["seed=1,2"], "seed cannot be varied"),
    ],
)
def test_what_cannot_be_varied_is_refused(vary, said):
    with pytest.raises(SettingsError, match=re.escape(said)):
        grid.expand_grid(vary)


def test_values_have_the_type_of_their_setting():
    found = grid.expand_grid(["lowercase=true,false", "units=8", "input=onehot"])
    assert [dict(v.values) for v in found] == [
        {"lowercase": True, "units": 8, "input": "onehot"},
        {"lowercase": False, "units": 8, "input": "onehot"},
    ]
