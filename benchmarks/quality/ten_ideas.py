"""The tutorial's ten ideas for doing better, each tried on its own text with `burble compare`.

    python -m benchmarks ten_ideas TEXT [--folder FOLDER] [--only IDEA ...]

Trainings that differ in what a step costs are given the same minutes; the others the same number
of epochs, which a busy machine does not disturb. Two hours on two cores; with `--folder` it can be
stopped, and goes on where it was.
"""

import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import burble
from benchmarks.harness import make_parser, record, shorten
from burble.training import processes

MINUTE = ("--minutes", "1")
EPOCHS = ("--epochs", "8")
IDEAS: dict[str, tuple[Sequence[str], Sequence[str], int]] = {
    "length": (("length=16,64,256",), MINUTE, 2),
    "length, windows": (("length=25,50,100",), (*MINUTE, "--framing=windows", "--batch=64"), 2),
    "batch": (("batch=1,4,16,64",), MINUTE, 2),
    "units": (("units=128,256,512",), MINUTE, 2),
    "layers": (("layers=1,2,3",), MINUTE, 2),
    "input": (("input=scalar,onehot,embedding",), EPOCHS, 2),
    "punctuation": (("strip_punctuation=false,true",), EPOCHS, 2),
    "sentences": (("documents=sources,sentences",), EPOCHS, 2),
    "state": (("reset_rate=0,0.03,0.999",), EPOCHS, 2),
    "dropout on the input": (("dropout_input=0,0.1,0.3",), EPOCHS, 2),
    "dropout": (("dropout=0,0.2,0.4",), EPOCHS, 2),
    "epochs": (("epochs=8,20,100",), (), 1),
    "epochs, no dropout": (
        ("epochs=8,40",),
        ("--dropout=0", "--dropout-input=0", "--dropout-output=0"),
        1,
    ),
}
"""For each idea: what is varied, the budget and other flags, and the number of seeds."""
TEMPERATURES = (0.0, 0.2, 0.5, 0.8, 1.0, 1.2)
WRITTEN = 10_000
WINDOW = 12


def compared(text: Path, idea: str, folder: Path) -> list[dict[str, object]]:
    """The rows of one comparison, run if it has not been."""
    vary, flags, seeds = IDEAS[idea]
    command = processes.burble_command("compare", str(text), "-o", str(folder))
    command += [word for setting in vary for word in ("--vary", setting)]
    command += [*flags, "--lowercase", "--seeds", str(seeds)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    rows = json.loads((folder / "compare.json").read_text("utf-8"))["rows"]
    return [{"idea": idea, "budget": " ".join(flags) or "as varied", **row} for row in rows]


def written(text: Path, folder: Path) -> list[dict[str, object]]:
    """What one model writes at several temperatures, beside the text's own end."""
    run = folder / "run"
    if not (run / "model.safetensors").exists():
        burble.train(str(text), str(run), base="none", lowercase=True, minutes=5, seed=0)
    clean = text.read_text("utf-8-sig").lower()
    cut = len(clean) * 9 // 10
    known = set(words(clean[:cut]))
    model = burble.load(run)
    samples = {
        str(t): model.generate(
            "alice was", length=WRITTEN, temperature=t, seed=1, break_loops=False
        )
        for t in TEMPERATURES
    }
    return [
        {
            "temperature": name,
            "words of the training text": share(sample, known),
            f"windows of {WINDOW} seen before": repeated(sample),
        }
        for name, sample in (samples | {"held-out text": clean[cut:][:WRITTEN]}).items()
    ]


def words(text: str) -> list[str]:
    """Its words: letters between anything else."""
    return "".join(c if c.isalpha() else " " for c in text).split()


def share(sample: str, known: set[str]) -> float:
    """The share of a sample's words that are known."""
    found = words(sample)
    return sum(word in known for word in found) / max(1, len(found))


def repeated(sample: str) -> float:
    """The share of a sample's windows that stood in it before."""
    found = Counter(sample[i : i + WINDOW] for i in range(len(sample) - WINDOW + 1))
    return 1 - len(found) / found.total()


def main() -> None:
    """Compares what was asked for and records all that is there."""
    parser = make_parser(__doc__, "one idea, few steps, on a text's beginning")
    parser.add_argument("text", type=Path)
    parser.add_argument("--folder", type=Path, help="keep the trainings here")
    parser.add_argument("--only", nargs="*", choices=[*IDEAS, "temperature"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.folder or Path(temporary)
        if asked.quick:
            IDEAS["dropout"] = (("dropout=0,0.2",), ("--steps=20", "--units=16"), 1)
            asked.only, asked.text = ["dropout"], shorten(asked.text, folder)
        for idea in asked.only or [*IDEAS, "temperature"]:
            name = idea.replace(", ", "-").replace(" ", "-")
            if idea == "temperature":
                record("temperature", written(asked.text, folder / name), NOTE_WRITING)
            else:
                (folder / f"{name}.json").write_text(
                    json.dumps(compared(asked.text, idea, folder / name)), "utf-8"
                )
        rows = [
            row
            for idea in IDEAS
            if (kept := folder / f"{idea.replace(', ', '-').replace(' ', '-')}.json").exists()
            for row in json.loads(kept.read_text("utf-8"))
        ]
        record("ten_ideas", rows, NOTE)


NOTE = (
    "bits per symbol of the held-out tenth; mean over the seeds, and the distance between them. "
    "Rows of one idea can be compared, but where the text differs (punctuation, sentences)."
)
NOTE_WRITING = "one model, five minutes; 10,000 characters at each temperature, seed 1"
