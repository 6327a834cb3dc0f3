"""Makes of a finished training the base that comes with burble: one small file, and its card.

    python -m bases.pack RUN --text TEXT [-o src/burble/bases/english.safetensors]

RUN is the folder of the training by `english.toml`; TEXT is what `bases.prepare` made. The weights
are rounded to float16, the facts of the training are reduced to those of use to whoever has the
file alone, and the left-out authors are scored on the very file that is written.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bases.books import COLLECTION, SOURCES
from bases.card import Facts, describe_read, format_card
from bases.prepare import hash_file, hash_texts
from burble.data.sources import find_sources
from burble.evaluation.evaluate import Report, score_sources
from burble.inference import generator
from burble.inference.generator import Generator
from burble.model.file import Model, find_model_file, read_model, write_model
from burble.runs.folder import Run
from burble.settings import DEFAULT_READING

OUTPUT = Path("src/burble/bases/english.safetensors")
LICENCE = (
    "Apache-2.0, as burble; what it read is out of copyright or dedicated to the public domain"
)
SCORED = 300_000
"""Characters of the left-out authors that are scored at least."""
TRAINING = ("framing", "batch", "length", "planned", "steps", "learning_rate", "seed", "held_out")
"""Settings of the training that the file keeps."""
NOVELS = "novels"
KINDS = ("sotu", "web", "Austen", "jargon", "alphabet")
"""What the names of texts that are no novels of the folder begin with."""


def choose_validation(text: Path, characters: int) -> list[Path]:
    """The first files of the left-out authors, until they have so many characters."""
    chosen, size = [], 0
    for path in sorted((text / "validation").glob("*.txt")):
        if size >= characters:
            break
        chosen.append(path)
        size += len(path.read_text("utf-8"))
    return chosen


def score_authors(writer: Generator, files: Sequence[Path]) -> dict[str, Report]:
    """The static scores on some files of the left-out authors, all together and each."""
    groups = {"all": list(files)}
    for path in files:
        groups.setdefault(_split_name(path)[0], []).append(path)
    scores = {}
    for name, paths in groups.items():
        found, _ = find_sources([str(path) for path in paths], DEFAULT_READING)
        scores[name] = score_sources(writer, found)
    return scores


def _split_name(path: Path) -> list[str]:
    """The parts of a text's name, the first of which is its author or kind."""
    return path.stem.split("_")[1:]


def count_characters(text: Path) -> Counter[str]:
    """How many characters of each kind of text there are to learn from."""
    counts = Counter[str]()
    for path in (text / "train").glob("*.txt"):
        kind = _split_name(path)[0]
        counts[kind if kind in KINDS else NOVELS] += len(path.read_text("utf-8"))
    return counts


def check_text(text: Path) -> dict[str, Any]:
    """The report of a text, once its files are found to be those that it tells of.

    Raises:
        SystemExit: They are others.
    """
    report: dict[str, Any] = json.loads((text / "report.json").read_text("utf-8"))
    for part in ("train", "validation"):
        if hash_texts(text / part) != report[part]["sha256"]:
            raise SystemExit(f"{text / part} is not what {text / 'report.json'} tells of.")
    return report


def reduce_summary(
    run: Path, model: Model, report: Mapping[str, Any], score: Report | None = None
) -> dict[str, Any]:
    """What the file tells of its making.

    Args:
        run: The folder of its training.
        model: The model as it was trained.
        report: What `bases.prepare` recorded.
        score: Its score on the left-out authors; None before it is known.
    """
    training = dict(model.facts("training"))
    done = Run(run).facts().get("done") or {}
    # A training that was stopped has had fewer steps than were planned.
    training |= {"planned": training["steps"], "steps": done.get("steps", training["steps"])}
    scores: dict[str, Any] = {}
    if score:
        scores = {"held_out_loss": score.nats, "characters": score.characters}
        scores |= dict(zip(("bits_from", "bits_to"), score.interval or (), strict=False))
    writing = {"writing": dict(model.facts("writing"))} if model.facts("writing") else {}
    return {
        "about": {
            "read": describe_read(report),
            "from": [f"{COLLECTION}; out of copyright", *sorted(SOURCES.values())],
            "licence": LICENCE,
            "validation_authors": sorted(report["left_out_authors"]),
            "text_sha256": report["train"]["sha256"],
            "float32_sha256": hash_file(find_model_file(run)),
        },
        "corpus": dict(model.facts("corpus")),
        "scores": scores,
        "training": {name: training[name] for name in TRAINING},
        **writing,
    }


def pack(run: Path, text: Path, output: Path, characters: int = SCORED) -> Facts:
    """Writes the file of a base and its card; see the top of this module."""
    report, model = check_text(text), read_model(find_model_file(run))
    small = replace(model, dtype="float16", summary=reduce_summary(run, model, report))
    output.parent.mkdir(parents=True, exist_ok=True)
    write_model(output, small)
    # What is scored are the rounded weights that people will have.
    scores = score_authors(generator.load(output), choose_validation(text, characters))
    summary = reduce_summary(run, model, report, scores["all"])
    write_model(output, replace(small, summary=summary))
    writer = generator.load(output)
    facts = Facts(
        name=output.stem,
        report=report,
        characters=count_characters(text),
        scores=scores,
        model=writer.model,
        sha256=hash_file(output),
        bytes=output.stat().st_size,
        sample=writer.generate(length=600, seed=1),
    )
    output.with_suffix(".md").write_text(format_card(facts), "utf-8")
    return facts


def main() -> None:
    """Packs a base, by the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--characters", type=int, default=SCORED)
    parser.add_argument("-o", "--output", type=Path, default=OUTPUT)
    given = parser.parse_args()
    facts = pack(given.run, given.text, given.output, given.characters)
    scores = {name: asdict(score) for name, score in facts.scores.items()}
    told = {"file": str(given.output), "sha256": facts.sha256, "bytes": facts.bytes}
    print(json.dumps(told | {"scores": scores}))


if __name__ == "__main__":
    main()
