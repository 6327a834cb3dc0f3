"""How a training from a base should go: passes, step size, share of the base, by amount of text.

    python -m benchmarks schedule BASE TEXT... [--without WORD]... [FLAG ...]

BASE is a model, or the name of one that comes with burble. Every text is learned by the default
settings, then with one of them changed; and from nothing, which takes longer. Scored is the
validation part. The texts must be others than those whose scores are published. FLAGs are for
`burble train`: a text of megabytes is not read as often as it might be in the minutes there are, so
`--without passes --steps 1300` compares the rest by equal steps.
"""

import tempfile
from pathlib import Path

from benchmarks.harness import make_parser, read_facts, record, shorten, train
from burble.runs import fine_tuning

RATE = fine_tuning.LEARNED["learning_rate"]
VARIANTS: dict[str, list[str]] = {
    "as chosen": [],
    "half the passes": ["epochs*0.5"],
    "twice the passes": ["epochs*2"],
    "half the learning rate": [f"--learning-rate={RATE / 2}"],
    "twice the learning rate": [f"--learning-rate={RATE * 2}"],
    "nothing of the base kept": ["--no-average-base", "--averaging=0.05"],
    "less of the base kept": ["--averaging=0.4"],
    "no dropout": ["--dropout=0"],
    "dropout 0.3 between layers, 0.2 at the output": ["--dropout=0.3", "--dropout-output=0.2"],
    "from nothing": ["--base=none"],
}


def measure(base: str, text: Path, flags: list[str]) -> dict[str, object]:
    """What one training came to."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        start = [] if "--base=none" in flags else [f"--base={base}"]
        seconds = train(text, run, *start, *flags)
        facts = read_facts(run)
    symbols = facts["corpus"]["symbols"] - facts["corpus"]["held_out"]
    return {
        "text": text.stem,
        "training symbols": symbols,
        "steps": facts["done"]["steps"],
        "validation loss": round(facts["scores"]["held_out_loss"], 4),
        "seconds": round(seconds),
    }


def with_passes(flags: list[str], text: Path) -> list[str]:
    """The flags, with passes that are a multiple of those chosen for the text."""
    passes = fine_tuning.choose_passes(round(0.9 * len(text.read_text("utf-8-sig"))))
    return [
        f"--epochs={passes * float(flag.partition('*')[2])}" if "*" in flag else flag
        for flag in flags
    ]


def main() -> None:
    """Trains every variant on every text, and records the table after each."""
    parser = make_parser(__doc__, "the first 4,000 characters of each text")
    parser.add_argument("base")
    parser.add_argument("texts", type=Path, nargs="+")
    left_out = "leave out the variants whose name holds this"
    parser.add_argument("--without", metavar="WORD", action="append", default=[], help=left_out)
    asked, also = parser.parse_known_args()
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        for given in asked.texts:
            text = shorten(given, Path(folder), 4_000) if asked.quick else given
            for name, flags in VARIANTS.items():
                if not any(word in name for word in asked.without):
                    found = measure(asked.base, text, [*with_passes(flags, text), *also])
                    rows.append({"what": name, **found})
                    record("schedule", rows, NOTE)


NOTE = "nats per character of the last tenth, which also chose the best model"
