"""Tables of what a model writes beside the validation text. Knows no command."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from burble.evaluation.report import ModelReport
from burble.evaluation.statistics import TextStatistics
from burble.formatting import markdown

if TYPE_CHECKING:
    from burble.evaluation.overlap import Overlap

MISSING = "Not measured, as pydivsufsort is not installed: pip install pydivsufsort pyppmd"
WITH_MEMORY = "with n-gram model (memory)"
STATISTICS = {
    "words": "words found in the training text",
    "distinct_words": "distinct words",
    "distinct_grams": "distinct trigrams",
    "repeated": "repeated 12-grams",
    "looped": "inside a loop",
    "closed": "quotes and brackets that close",
    "line_length": "mean line length",
    "sentence_length": "mean sentence length",
    "letters": "letters: divergence from the training text",
    "grams": "trigrams: divergence from the training text",
}
"""The names of text statistics, in characters where they speak of n-grams and lengths."""
FORMATS = {"line_length": ".0f", "sentence_length": ".0f", "letters": ".3f", "grams": ".3f"}


def format_statistics(report: ModelReport) -> str:
    """The statistics of what the model writes, beside those of the validation text."""

    def cell(measured: TextStatistics, name: str) -> str:
        value = getattr(measured, name)
        return "" if math.isnan(value) else f"{value:{FORMATS.get(name, '.1%')}}"

    columns = {
        "model": report.samples,
        WITH_MEMORY: report.samples_with_memory,
        "validation": report.validation,
    }
    columns = {name: one for name, one in columns.items() if one}
    rows = [
        {"": label} | {column: cell(one, name) for column, one in columns.items() if one}
        for name, label in STATISTICS.items()
    ]
    return markdown(["", *columns], rows)


def format_overlap(report: ModelReport) -> str:
    """The overlap with the training text of what the model writes, and of the validation text."""
    human = report.validation_overlap
    if human is None:
        return MISSING
    columns = {
        "model": report.samples_overlap,
        WITH_MEMORY: report.samples_with_memory_overlap,
    }
    wrote = {name: overlap for name, overlap in columns.items() if overlap}
    if not wrote:
        return "The model wrote nothing but blanks."
    cells = {name: _cells(overlap) for name, overlap in (wrote | {"validation": human}).items()}
    rows = [
        {"": label} | {name: column[label] for name, column in cells.items()}
        for label in cells["validation"]
        if all(label in column for column in cells.values())
    ]
    longest = max(wrote.values(), key=lambda overlap: overlap.longest)
    return f"{markdown(['', *cells], rows)}\nThe longest: {longest.text!r}"


def _cells(overlap: "Overlap") -> Mapping[str, object]:
    """The figures of an overlap, by name."""
    return {
        "longest, in characters": overlap.longest,
        "characters in overlaps of 30 or more": f"{overlap.inside_30:.1%}",
        "characters in overlaps of 60 or more": f"{overlap.inside_60:.1%}",
        **{f"novel {n}-grams": f"{fraction:.1%}" for n, fraction in overlap.novel.items()},
    }
