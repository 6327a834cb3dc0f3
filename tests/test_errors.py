"""A package that is not installed is named."""

import pytest

from burble.errors import InputError, require_packages


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("h5py", "which is not installed. Install it with: pip install h5py"),
        ("jaxlib.xla_client", "jaxlib, which is not installed. Install it with: pip install jax"),
        ("_sqlite3", "It is a part of Python that this one was built without"),
    ],
)
def test_what_is_not_installed_is_named_with_its_cure(name, cure):
    def load():
        with require_packages("training"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    with pytest.raises(InputError, match=cure):
        load()
