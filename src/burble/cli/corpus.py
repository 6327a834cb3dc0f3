"""The command that reports on a text before anyone trains on it, and writes it clean."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from burble import files, settings
from burble.cli.options import AsJson, Sources
from burble.cli.output import console, log, with_both_names
from burble.cli.overview import draw_page
from burble.data import outputs, page, sources
from burble.data import report as corpus_report
from burble.data.corpus import Corpus
from burble.data.overview import survey
from burble.formatting import shown
from burble.runs.request import TrainingRequest
from burble.settings import Settings

PAGES = (".html", ".htm")
"""Endings of files that a page is written to, and not the text."""
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        help="Write the clean text here; or, to a name that ends in .html, a page about it.",
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace a text that is there already.")
]


def corpus(
    source: Sources,
    output: Output = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
    **chosen: Any,
) -> None:
    """Report what a text holds, before you train on it; and write it as it would be read."""
    reading = settings.SourceSettings.pop_from(chosen)
    made = settings.make_settings(chosen)
    if output:
        # Before the reading, which may take long, and again when all that is read is known.
        outputs.check_text(output, sources.find_named_files(source), overwrite=overwrite)
    request = TrainingRequest(chosen, sources=tuple(source), reading=reading)
    text = read_corpus(request, made)
    # Lines and rare letters are told of characters, whatever a symbol is to be.
    plain = dict.fromkeys((*settings.OF_WORDS, "unit"))
    letters = settings.make_settings(chosen | plain)
    overview = survey(request.read(letters) if made.text.unit in settings.RECUT else text)
    if output:
        # Before anything is printed: whoever reads that may stop at any time, as `head` does.
        if output.suffix.lower() in PAGES:
            outputs.check_text(output, text.files, overwrite=overwrite)
            files.write_atomically(output, page.write_page(text, overview).encode())
            log(f"The page is in {shown(output)}; any browser opens it.")
        else:
            text.save_text(output, overwrite=overwrite)
            log(f"The clean text is in {shown(output)}.")
        if any(output.resolve().is_relative_to(Path(name).resolve()) for name in source):
            log("That lies in a folder that is read; leave it out the next time.")
    if as_json:
        print(
            json.dumps(_collect_facts(text) | {"overview": overview.to_json()}, ensure_ascii=False)
        )
    else:
        print("\n".join(draw_page(text, overview)))


def _collect_facts(text: Corpus) -> dict[str, Any]:
    """All that is known of a corpus, for JSON."""
    facts = with_both_names(corpus_report.collect_facts(text))
    for kind, counts in (facts["repeats"] or {}).items():
        if isinstance(counts, dict):
            facts["repeats"][kind] = with_both_names(counts)
    return facts


def read_corpus(request: TrainingRequest, chosen: Settings) -> Corpus:
    """Reads a text, and tells what was read and what was changed."""
    with console.status("Reading …") as status:
        text = request.read(
            chosen,
            lambda done, total: status.update(
                f"Reading: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB …"
            ),
            lambda done, total: status.update(f"Looking at {done:,} of {total:,} files …"),
        )
    for line in corpus_report.summarize(text):
        log(line)
    return text
