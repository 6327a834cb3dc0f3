"""What each part of the training recipe gives at equal cost; see docs/explanation/recipe.md.

    python -m benchmarks recipe TEXT [--seeds N] [--steps N]

Every training reads as many symbols with as many networks, which is what time is made of, in steps
of 1,024 unless a row says otherwise; the last tenth is left out, and what comes before it is
scored.
"""

import tempfile
from pathlib import Path
from statistics import mean

from benchmarks.harness import make_parser, read_facts, record, train

DEFAULTS = {"--dropout": "0.3", "--dropout-output": "0.3", "--dropout-input": "0.15"}
DEFAULTS |= {"--batch": "16", "--length": "64"}
LESS = "--dropout=0.2", "--dropout-output=0.2", "--dropout-input=0.1", "--dropout-recurrent=0.13"
VARIANTS: dict[str, tuple[int, list[str]]] = {
    "one network, its latest weights": (1, ["--averaging=0", "--dropout-recurrent=0"]),
    "weights averaged": (1, ["--dropout-recurrent=0"]),
    "recurrent weights left out": (1, ["--averaging=0", "--dropout-recurrent=0.2"]),
    "both": (1, ["--dropout-recurrent=0.2"]),
    "both, two networks in half the steps": (2, ["--dropout-recurrent=0.2"]),
    "both, four networks in a quarter of the steps": (4, ["--dropout-recurrent=0.2"]),
    "both, twice the learning rate": (1, ["--dropout-recurrent=0.2", "--learning-rate=0.01"]),
    "both, half the learning rate": (1, ["--dropout-recurrent=0.2", "--learning-rate=0.0025"]),
    "both, 8 streams of 128": (1, ["--dropout-recurrent=0.2", "--batch=8", "--length=128"]),
    "both, 8 streams of 64, twice the steps": (1, ["--dropout-recurrent=0.2", "--batch=8"]),
    "both, 16 streams of 32, twice the steps": (1, ["--dropout-recurrent=0.2", "--length=32"]),
    "8 streams of 64 with two thirds of the dropout": (1, ["--batch=8", *LESS]),
    "both, no resets": (1, ["--dropout-recurrent=0.2", "--reset-rate=0"]),
}


def validation(text: Path, ensemble: int, steps: int, seed: int, flags: list[str]) -> float:
    """The held-out loss of one training, nats per character."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        chosen = {**DEFAULTS, **dict(flag.split("=") for flag in flags)}
        symbols = int(chosen["--batch"]) * int(chosen["--length"])
        given = ["--lowercase", "--test=0.1", f"--steps={steps * 1_024 // symbols // ensemble}"]
        given += [f"--ensemble={ensemble}", f"--seed={seed}"]
        train(text, run, *given, *(f"{name}={value}" for name, value in chosen.items()))
        return float(read_facts(run)["scores"]["held_out_loss"])


def main() -> None:
    """Trains every variant with every seed, and records the table after each."""
    parser = make_parser(__doc__, "one seed, 20 steps")
    parser.add_argument("text", type=Path)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--steps", type=int, default=2_400)
    asked = parser.parse_args()
    if asked.quick:
        asked.seeds, asked.steps = 1, 20
    rows = []
    for name, (ensemble, flags) in VARIANTS.items():
        losses = [
            validation(asked.text, ensemble, asked.steps, seed, flags)
            for seed in range(asked.seeds)
        ]
        spread = max(losses) - min(losses)
        rows.append({"what": name, "held-out loss": round(mean(losses), 4)})
        rows[-1] |= {"spread": round(spread, 4), "seeds": len(losses), "flags": " ".join(flags)}
        record("recipe", rows, NOTE)


NOTE = "nats per character; steps times networks are the same in every row"
