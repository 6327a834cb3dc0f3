"""Makes the text that the English base is trained on, from books and packages given by path.

    python -m bases.prepare --novels NOVELS --packages PACKAGES --scored FILE... -o FOLDER

NOVELS holds the 94 novels (`Author_Title_Year.txt`, UTF-8), PACKAGES the four packages of
`books.SOURCES`, SCORED the texts on which people score models, of which no passage is kept. FOLDER
gets `train/`, `validation/` and `report.json`, with the SHA-256 of all that went in and came out.
The text is the same for everybody: nothing here depends on the machine or the clock. What differs
from `text.json`, the report of the text that the base has read, is told.

Knows nothing of models.
"""

import argparse
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bases.books import SOURCES, Book, read_novels, read_packages
from bases.styles import ALPHABET, STRAIGHT, style_text, write_alphabet

LEFT_OUT = 3
"""Authors whose novels are the validation text, one of each third of the years."""
PART = 60_000
"""Characters of a book that are read in one style."""
PASSAGE = 60
"""Characters in a row that no part may share with a scored text."""
RECORD = Path(__file__).parent / "text.json"
SHOWN = ("left_out_authors", "removed", "train", "validation")

Texts = list[tuple[str, str]]


def make_texts(
    books: Sequence[Book], scored: set[str], removed: Counter[str]
) -> tuple[list[str], Texts, Texts]:
    """The texts to learn from and to validate on, by chance from one seed.

    Args:
        books: All of them.
        scored: Passages of the scored texts; see `find_passages`.
        removed: Counts what is left out.

    Returns:
        The authors who are left out; names and texts to learn from; those of the authors left out.
    """
    rng = random.Random(0)
    left_out = draw_authors([book.name for book in books], rng)
    train, validation = [("alphabet", write_alphabet(rng))], Texts()
    for book in books:
        texts = validation if book.name.split("_")[0] in left_out else train
        for number, part in enumerate(split_parts(book)):
            if kept := remove_shared(part, scored, removed):
                styled = style_text(kept, book.prose, rng)
                texts.append((f"{book.name}_{number:02}", styled))
    rng.shuffle(train)
    rng.shuffle(validation)
    return left_out, train, validation


def draw_authors(names: list[str], rng: random.Random) -> list[str]:
    """The authors left out: one drawn from the earliest third, one from the middle, one late."""
    years: dict[str, list[int]] = {}
    for author, year in re.findall(r"^([A-Z][a-z]+)_\w+_(\d{4})$", "\n".join(names), re.M):
        years.setdefault(author, []).append(int(year))
    order = sorted(years, key=lambda author: (sum(years[author]) / len(years[author]), author))
    third = len(order) / LEFT_OUT
    return [rng.choice(order[int(i * third) : int((i + 1) * third)]) for i in range(LEFT_OUT)]


def split_parts(book: Book) -> Iterator[list[str]]:
    """The paragraphs of a book in runs of about `PART` characters."""
    run: list[str] = []
    size = 0
    for paragraph in book.paragraphs:
        run.append(paragraph)
        size += len(paragraph)
        if size >= PART:
            yield run
            run, size = [], 0
    if run:
        yield run


def _flatten(text: str) -> str:
    """The text as passages are compared: one space, straight quotes, lower case."""
    return re.sub(r"\s+", " ", text.translate(STRAIGHT)).lower()


def find_passages(paths: Iterable[Path]) -> set[str]:
    """All passages of the scored texts."""
    found: set[str] = set()
    for path in paths:
        text = _flatten(path.read_text("utf-8-sig"))
        found.update(text[i : i + PASSAGE] for i in range(len(text) - PASSAGE + 1))
    return found


def remove_shared(paragraphs: list[str], scored: set[str], removed: Counter[str]) -> list[str]:
    """Paragraphs without those that share a passage with a scored text, or hold a strange sign."""
    kept = [p for p in paragraphs if not set(p) - set(ALPHABET)]
    removed["paragraphs with other signs"] += len(paragraphs) - len(kept)
    joined, owners = [], []
    for number, paragraph in enumerate(kept):
        plain = _flatten(paragraph) + " "
        joined.append(plain)
        owners += [number] * len(plain)
    text = "".join(joined)
    shared = {
        owner
        for i in range(len(text) - PASSAGE + 1)
        if text[i : i + PASSAGE] in scored
        for owner in owners[i : i + PASSAGE]
    }
    removed["paragraphs that share a passage"] += len(shared)
    return [p for number, p in enumerate(kept) if number not in shared]


def write_texts(folder: Path, texts: Texts) -> dict[str, Any]:
    """Writes files, numbered in the order of the list; returns what there is to record."""
    folder.mkdir(parents=True)
    digest = hashlib.sha256()
    for number, (name, text) in enumerate(texts):
        data = text.encode("utf-8")
        digest.update(data)
        (folder / f"{number:05}_{name}.txt").write_bytes(data)
    characters = sum(len(text) for _, text in texts)
    return {"files": len(texts), "characters": characters, "sha256": digest.hexdigest()}


def hash_texts(folder: Path) -> str:
    """The fingerprint of files that `write_texts` wrote."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.txt")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def hash_file(path: Path) -> str:
    """The SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compare_reports(found: Mapping[str, Any], recorded: Mapping[str, Any]) -> list[str]:
    """What differs from the text that the base has read, as sentences."""
    differing = []
    for kind in ("novels", "packages", "scored"):
        names = found[kind].keys() | recorded[kind].keys()
        other = sorted(name for name in names if found[kind].get(name) != recorded[kind].get(name))
        differing += [f"{kind}: {name} is missing, new or another." for name in other]
    parts = [part for part in ("train", "validation") if found[part] != recorded[part]]
    return differing + [f"{part}/ is another text than the base has read." for part in parts]


def main() -> None:
    """Makes the text, by the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--novels", type=Path, required=True)
    parser.add_argument("--packages", type=Path, required=True)
    parser.add_argument("--scored", type=Path, nargs="+", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    books = [*read_novels(given.novels), *read_packages(given.packages)]
    removed = Counter[str]()
    left_out, train, validation = make_texts(books, find_passages(given.scored), removed)
    report = {
        "sources": SOURCES,
        "packages": {name: hash_file(given.packages / name) for name in SOURCES},
        "novels": {path.name: hash_file(path) for path in sorted(given.novels.glob("*.txt"))},
        "scored": {path.name: hash_file(path) for path in given.scored},
        "left_out_authors": left_out,
        "removed": removed,
        "train": write_texts(given.output / "train", train),
        "validation": write_texts(given.output / "validation", validation),
    }
    (given.output / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps({name: report[name] for name in SHOWN}))
    told = compare_reports(report, json.loads(RECORD.read_text("utf-8")))
    print("\n".join(told or ["This is the text that the base has read."]))


if __name__ == "__main__":
    main()
