"""What a text looks like before training: lengths, scripts, languages, odd lines, a sample.

Knows nothing of terminals or pages.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from burble.data.corpus import Corpus
from burble.data.histogram import Histogram, count_lengths, make_histogram
from burble.data.languages import identify
from burble.data.lines import LOOKED_AT, Line, count_scripts, survey_lines
from burble.files import Ids

SAMPLES, SAMPLE = 5, 240
"""Pieces of a sample, and symbols of each at most."""
_PIECES, _PIECE = 24, 400
"""Pieces whose language is identified, and their symbols."""


@dataclass(frozen=True)
class Overview:
    """What a text looks like.

    Attributes:
        line_lengths: Characters of lines, empty ones left out.
        document_lengths: Characters of documents; None of a single one.
        scripts: Letters of each script, the most frequent first.
        languages: Pieces that are likely in each language, the most frequent first.
        repeated: Long lines that stand there several times, the most frequent first.
        odd: Odd lines.
        sample: Pieces of what will be learned.
        fraction: How much of the text every line was looked at of.
    """

    line_lengths: Histogram
    document_lengths: Histogram | None
    scripts: dict[str, int]
    languages: dict[str, int]
    repeated: list[Line]
    odd: list[Line]
    sample: list[str]
    fraction: float = 1.0

    def to_json(self) -> dict[str, Any]:
        """All of it in JSON types."""
        return asdict(self)


def survey(corpus: Corpus) -> Overview:
    """Looks at a text.

    The sample is the same for the same text.
    """
    ids, starts, lines = corpus.encoded.ids, corpus.encoded.starts, survey_lines(corpus)
    edge = corpus.vocabulary.boundary_id is not None
    lengths = np.diff(np.append(starts, len(ids))) - edge
    return Overview(
        line_lengths=make_histogram(lines.lengths),
        document_lengths=make_histogram(count_lengths(lengths)) if len(starts) > 1 else None,
        scripts=count_scripts(corpus.counts),
        languages=count_languages(corpus),
        repeated=lines.repeated(),
        odd=lines.odd(),
        sample=_take_sample(corpus),
        fraction=min(1.0, LOOKED_AT / len(ids)),
    )


def count_languages(corpus: Corpus) -> dict[str, int]:
    """In which languages pieces of the text, spread evenly over it, are the likeliest."""
    ids, found = corpus.encoded.ids, Counter[str]()
    for place in np.linspace(0, max(0, len(ids) - _PIECE), _PIECES).astype(int).tolist():
        text = corpus.vocabulary.decode(ids[place : place + _PIECE], "\n")
        if sum(map(str.isalpha, text)) >= min(_PIECE, len(ids)) // 4:
            found[identify(text)[1]] += 1
        if len(ids) <= _PIECE:
            break
    return dict(found.most_common())


def _take_sample(corpus: Corpus) -> list[str]:
    """Pieces of what is learned: beginnings of documents, or of lines of a single one."""
    rng = np.random.default_rng(int(corpus.sha256[:12], 16))
    ids, vocabulary = corpus.training, corpus.vocabulary
    edge, newline = vocabulary.boundary_id, vocabulary.ids.get("\n")
    starts = corpus.starts[corpus.starts < corpus.cut]
    if len(starts) > 1:
        chosen = np.sort(rng.choice(starts, min(SAMPLES, len(starts)), replace=False))
    else:
        chosen = np.sort(rng.integers(0, max(1, len(ids) - SAMPLE), SAMPLES - 2))
    found = []
    for place in chosen.tolist():
        part = ids[place : place + 2 * SAMPLE]
        if len(starts) < 2:
            part = _after_first(part, newline)
        elif len(ends := np.flatnonzero(part == edge)):
            part = part[: int(ends[0])]
        text = vocabulary.decode(part[:SAMPLE], corpus.separator)
        found.append(text + ("…" if len(part) > SAMPLE else ""))
    return list(dict.fromkeys(filter(str.strip, found)))


def _after_first(part: Ids, newline: int | None) -> Ids:
    """What stands after the first line end of a piece, if one is near its beginning."""
    ends = np.flatnonzero(part[:SAMPLE] == (-1 if newline is None else newline))
    return part[int(ends[0]) + 1 :] if len(ends) else part


def describe_shares(counts: dict[str, int]) -> Sequence[str]:
    """Names with how much of all each is, in percent.

    >>> describe_shares({"Latin": 3, "Greek": 1})
    ['Latin 75.0%', 'Greek 25.0%']
    """
    total = max(1, sum(counts.values()))
    shares = {name: count / total for name, count in counts.items()}
    return [f"{name} {n:.1%}" if n >= 5e-4 else f"{name} <0.1%" for name, n in shares.items()]
