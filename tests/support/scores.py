"""Scores of texts that lie in no file."""

from typing import Any

from burble.data.source import Source
from burble.evaluation.evaluate import Report, score_sources
from burble.inference.generator import Generator


def score_text(writer: Generator, text: str, **options: Any) -> Report:
    data = text.encode()
    source = Source("text", len(data), lambda _: iter([data]), encoding_is_known=True)
    return score_sources(writer, [source], **options)
