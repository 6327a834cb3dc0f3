"""burble trains a small recurrent network on a person's own text, and writes more of it.

run = burble.train("alice.txt", "runs/alice", minutes=3, seed=0)
talk = burble.load("runs/alice")
talk.generate("Alice was", length=400, temperature=0.8, seed=1)
"""

import os
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "jax")

if TYPE_CHECKING:
    from burble.api import evaluate, export, import_model, push, read, remember, report, train
    from burble.data.corpus import Corpus
    from burble.evaluation.evaluate import Report
    from burble.inference.generator import Generator
    from burble.inference.opening import load
    from burble.runs.folder import Run

__version__ = "0.1.0"
__all__ = [
    "Corpus",
    "Generator",
    "Report",
    "Run",
    "evaluate",
    "export",
    "import_model",
    "load",
    "push",
    "read",
    "remember",
    "report",
    "train",
]

_HOMES = {
    "Corpus": "data.corpus",
    "Generator": "inference.generator",
    "Report": "evaluation.evaluate",
    "Run": "runs.folder",
    "load": "inference.opening",
}


def __getattr__(name: str) -> Any:
    """Finds a public name when it is first used, so that importing burble takes no time."""
    if name not in __all__:
        raise AttributeError(f"burble has no {name!r}; it has {', '.join(__all__)}.")
    from importlib import import_module

    from burble.errors import require_packages

    # Where JAX cannot be installed, more may be missing.
    with require_packages(f"burble.{name}"):
        home = import_module(f"burble.{_HOMES.get(name, 'api')}")
    return getattr(home, name)
