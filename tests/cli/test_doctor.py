"""`burble doctor`: what it finds, and what is missing."""

import json
import os

import numpy as np

from burble.cli import doctor
from burble.data import cache


def test_the_doctor_tells_what_is_there_and_makes_nothing(burble, tmp_path):
    done = burble("doctor", "--json", env=os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")})
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert told["cache"] == str(tmp_path / "cache" / "burble")
    assert not (tmp_path / "cache").exists()
    assert told["packages"]["numpy"] == np.__version__
    assert told["corpora_limit"] == cache.MOST_GB * 1e9
    assert told["free"] > 0


def test_what_is_missing_is_told_with_its_cure(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "EXTRAS", {"burble_scores": "scores", "burble_tune": "tune"})
    monkeypatch.setattr(doctor, "TRAINS", ("burble_jax",))
    monkeypatch.setattr(doctor, "NEEDED", ("burble_jax", "numpy"))
    doctor.doctor()
    said = capsys.readouterr().out.splitlines()
    assert said[1:5] == [
        "burble_jax    not installed, needed to train: pip install burble_jax",
        f"numpy         {np.__version__}",
        "burble_scores not installed, needed for scores: pip install burble_scores",
        "burble_tune   not installed, needed by burble tune: pip install burble_tune",
    ]
