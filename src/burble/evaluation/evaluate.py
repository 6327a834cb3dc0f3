"""How well a model predicts a text: nats and bits per character. Knows nothing of terminals.

The score is static, where the model is not changed by what it reads, or adaptive. It starts from
a zero state and reads the text once, with all that came before as context (or, where the model
sees windows, with one window). A text of documents is cut as the model's own corpus was, and each
document is predicted as it was learned, its end included.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data import documents
from burble.data.documents import ReadOptions
from burble.data.labels import GivenLabels, Labels, Numbers, PlaceLabels
from burble.data.sentences import EDGE
from burble.data.source import Source
from burble.data.vocabulary import Vocabulary
from burble.errors import CorpusError
from burble.evaluation.losses import Texts, compute_losses
from burble.formatting import listed, some
from burble.inference.generator import Generator
from burble.inference.scoring import add_edges, predict_texts
from burble.inference.settings import check_memory_weight
from burble.model.file import Model
from burble.settings import DEFAULT_READING, SourceSettings

BLOCK = 200
"""Symbols of a block: neighbours are alike, so they are drawn together."""
DRAWS = 1_000
FEWEST = 10
"""Blocks below which they say too little of each other."""
LONG = 100
"""Symbols of a text that do not stand in another one by chance."""


@dataclass(frozen=True)
class Report:
    """The score of a text.

    Attributes:
        characters: Characters that were predicted. The first of a text is given to a model
            without documents.
        ends: Ends of documents that were predicted; each counts as one character.
        nats: Mean negative log-likelihood of one, in nats.
        bits: The same in bits per character.
        unknown: Symbols the model does not know, with their counts; they were left out.
        interval: Bits between which those on endless text of this kind lie, with a confidence of
            95 %: the bootstrap over blocks of neighbouring symbols. None for a text too short.
        calibration_error: The expected calibration error, 0 to 1: the mean distance of confidence
            from accuracy.
        best_temperature: The temperature at which this text was likeliest; above 1 the model is
            too sure of itself.
        adaptive: Whether the model learned from the text as it read.
        memory: The weight of its n-gram model; 0 for the network alone.
        nats_without_labels: As `nats`, had the labels of the documents been left out; None where
            they have none, and where the score is adaptive or with an n-gram model.
        base: The model that its training started from, which has read other texts; None where it
            began from nothing.
        memory_text: The texts of that n-gram model, where it is not of what the model was trained
            on.
    """

    characters: int
    ends: int
    nats: float
    bits: float
    unknown: Mapping[str, int]
    interval: tuple[float, float] | None
    calibration_error: float
    best_temperature: float
    adaptive: bool
    memory: float
    base: str | None
    nats_without_labels: float | None = None
    memory_text: Sequence[str] = ()


def score_sources(
    writer: Generator,
    found: Sequence[Source],
    reading: SourceSettings = DEFAULT_READING,
    *,
    adaptive: bool = False,
    memory: float = 0.0,
    label: GivenLabels = (),
    log: Callable[[str], object] = str,
) -> Report:
    """Scores a model on sources, read and cleaned as its corpus was, each from a zero state.

    Args:
        writer: The model.
        found: The sources.
        reading: How they are read.
        adaptive: Whether the model learns from them as it reads; see `evaluation.dynamic`.
        memory: The weight of its n-gram model, 0 to 1; 0 is the network alone.
        label: Labels that all of their documents are read with; if none, with their own.
        log: Takes a sentence for each decision on the way.

    Raises:
        SettingsError: The n-gram model is missing, or its weight is impossible; or the model knows
            no such label.
        SourceError: A source cannot be read, or is not text.
        CorpusError: There is nothing in them to score, or the memory's text holds them.
    """
    check_memory_weight(memory)
    model = writer.model
    given = model.labels.find(label)
    # To a model without documents, each source is one text.
    how = model.text if model.vocabulary.boundary else model.text.undivided
    pieces: list[str] = []
    read = documents.read_documents(found, ReadOptions(how, reading), pieces.append)
    for note in read.notes:
        log(note)
    parts = "".join(pieces).split(EDGE)
    labels = _find_labels(model, read.labels.finish(()), given, log)
    return _score_parts(writer, parts, labels, adaptive=adaptive, memory=memory)


def _find_labels(
    model: Model, own: Labels | None, given: Sequence[int], log: Callable[[str], object]
) -> Numbers | None:
    """The labels of documents, as a model numbers them, shape (D, columns): given, or their own."""
    if own is None:
        return None
    found, unknown = model.labels.renumber(own), (own.numbers > 0).sum()
    unknown -= (found > 0).sum()
    if any(given):
        return np.broadcast_to(np.array(given, np.int32), found.shape)
    if unknown:
        log(f"{some(int(unknown), 'label')} of this text are unknown to the model, and left out.")
    return found


def _score_parts(
    writer: Generator,
    parts: Sequence[str],
    labels: Numbers | None,
    *,
    adaptive: bool,
    memory: float,
) -> Report:
    """Scores a model on clean texts, or documents, with the labels of each."""
    vocabulary = writer.model.vocabulary
    cleaned = "".join(parts)
    unknown = vocabulary.unknown(cleaned)
    edge = vocabulary.boundary_id
    encoded = [_encode_known(part, vocabulary) for part in parts]
    there = np.flatnonzero([len(ids) > 0 for ids in encoded])
    texts = Texts(
        [add_edges(edge, encoded[i]) for i in there], None if labels is None else labels[there]
    )
    reports = _build_reports(writer, texts, adaptive=adaptive, weights=(memory,))
    if not reports:
        raise CorpusError(
            f"there is nothing to score: of {some(len(cleaned), 'character')}, {unknown.total():,} "
            "are unknown to this model, and it needs two it knows. Give a longer text."
        )
    return replace(reports[0], unknown=dict(unknown.most_common()))


def score_validation(
    writer: Generator,
    ids: NDArray[np.integer],
    start: int,
    given: NDArray[np.integer] | Sequence[int] = (),
    *,
    adaptive: bool = False,
    weights: Sequence[float] = (0.0,),
    labels: PlaceLabels | None = None,
) -> list[Report]:
    """Scores a model on the validation part of a text of its own symbols: the end of it.

    Args:
        writer: The model.
        ids: Shape (N,), in the model's alphabet.
        start: Where the end begins, at least 1.
        given: Places of symbols that are not scored: the first of a document's part, or an edge.
        adaptive: Whether the model learns from the text as it reads.
        weights: Of the n-gram model, 0 to 1; the network reads once for all of them.
        labels: The labels at the places of `ids`, where there are some.

    Returns:
        A report for each of the weights.

    Raises:
        CorpusError: There is nothing in it to predict.
    """
    edge = writer.model.vocabulary.boundary_id
    if edge is None:
        # A window is read before the first symbol that is scored; a stream begins with one symbol.
        lead = min(start, writer.model.window or 1)
        found, read = {start: np.array(ids[start - lead :])}, lead - 1
    else:
        found, read = _cut_documents(ids, start, edge, given), 0
    begins = np.array([*found], np.intp)
    texts = Texts([*found.values()], labels.at(begins) if labels else None)
    reports = _build_reports(writer, texts, read, adaptive=adaptive, weights=weights)
    if not reports:
        raise CorpusError("there is nothing to score in it. Give a longer text.")
    return reports


def _cut_documents(
    ids: NDArray[np.integer], start: int, edge: int, given: NDArray[np.integer] | Sequence[int]
) -> dict[int, NDArray[np.integer]]:
    """The documents from `start` on that have a symbol to predict, by where they begin."""
    parts = np.split(np.arange(start, len(ids)), np.flatnonzero(ids[start:] == edge) + 1)
    found = {int(part[0]): _cut_document(ids, part, edge, given) for part in parts if len(part)}
    return {begin: text for begin, text in found.items() if (text[1:] != edge).any()}


def _cut_document(
    ids: NDArray[np.integer],
    places: NDArray[np.intp],
    edge: int,
    given: NDArray[np.integer] | Sequence[int],
) -> NDArray[np.integer]:
    """A document of which all symbols but the first are to be predicted.

    It begins with an edge, unless it is a part of one and its own first symbol is given; it ends
    with one, unless it is cut short or its end is given.
    """
    first, last = np.isin(places[[0, -1]], given)
    text = ids[places[: len(places) - (last and ids[places[-1]] == edge)]]
    return np.array(text if first else [edge, *text], np.intp)


def _build_reports(
    writer: Generator, texts: Texts, read: int = 0, *, adaptive: bool, weights: Sequence[float]
) -> list[Report]:
    """Scores a model on sequences of its own symbols; an empty list if they are too short.

    Args:
        writer: The model.
        texts: The sequences, of which nothing is unknown.
        read: Symbols at the beginning that are read and not scored, besides the first.
        adaptive: Whether the model learns from them as it reads.
        weights: Of the n-gram model, for each report.
    """
    characters, ends = _count_scored(texts, read, writer.model.vocabulary)
    if not characters:
        return []
    if any(weights):
        _refuse_known(writer, texts.ids)
    scored = compute_losses(writer, texts, read, adaptive=adaptive, weights=weights)
    without = None
    if texts.labelled and not adaptive and 0 in weights:
        without = _sum_without_labels(writer, texts, read) / (characters + ends)
    return [
        Report(
            characters=characters,
            ends=ends,
            unknown={},
            **_summarize_losses(losses, characters + ends),
            calibration_error=calibration.error,
            best_temperature=calibration.temperature,
            adaptive=adaptive,
            memory=weight,
            base=writer.model.base,
            nats_without_labels=None if weight else without,
            memory_text=writer.memory_texts if weight else (),
        )
        for (losses, calibration), weight in zip(scored, weights, strict=True)
    ]


def _count_scored(texts: Texts, read: int, vocabulary: Vocabulary) -> tuple[int, int]:
    """Characters and ends of documents that are scored; of a character in bytes its first one."""
    symbols = np.concatenate([np.empty(0, np.intp), *(ids[1:] for ids in texts.ids)])[read:]
    is_end = symbols == vocabulary.boundary_id
    return vocabulary.count_characters(symbols[~is_end]), int(is_end.sum())


def _sum_without_labels(writer: Generator, texts: Texts, skipped: int) -> float:
    """The loss of all symbols that are scored, in nats, where the labels are left out."""
    found = predict_texts(writer.engine, texts.ids, writer.model.window)
    # Where some are skipped there is one text, whose symbols come in order.
    return float(np.concatenate([predictions.nll for _, predictions in found])[skipped:].sum())


def _summarize_losses(losses: NDArray[np.float64], characters: int) -> dict[str, Any]:
    """The mean loss of a character, and its interval: fields of `Report`."""
    nats = float(losses.sum()) / characters
    per_character = len(losses) / characters / math.log(2)
    interval = _bootstrap_interval(losses)
    return {
        "nats": nats,
        "bits": nats / math.log(2),
        "interval": interval and (interval[0] * per_character, interval[1] * per_character),
    }


def _refuse_known(writer: Generator, texts: Sequence[NDArray[np.integer]]) -> None:
    """Refuses to score what stands in the text of the memory, as far as that is another text."""
    if not writer.memory_texts:
        return
    edge, held = writer.model.vocabulary.boundary_id, writer.memory.index.ids()
    known = held.tobytes()
    for ids in texts:
        alone = ids[ids != edge].astype(held.dtype)
        if len(alone) >= LONG and alone.tobytes() in known:
            raise CorpusError(
                f"{listed([*writer.memory_texts])}, of which the memory is, holds what is to be "
                "scored, so a score would say nothing. Give --memory a text without it."
            )


def _bootstrap_interval(losses: NDArray[np.float64]) -> tuple[float, float] | None:
    """Where the mean lies in 95 of 100 bootstrap draws of blocks; None for few blocks."""
    blocks = np.array_split(losses, max(1, len(losses) // BLOCK))
    if len(blocks) < FEWEST:
        return None
    sums, sizes = np.array([block.sum() for block in blocks]), np.array([*map(len, blocks)])
    rng, means = np.random.default_rng(0), []
    for _ in range(DRAWS):
        drawn = rng.integers(len(blocks), size=len(blocks))
        means.append(sums[drawn].sum() / sizes[drawn].sum())
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _encode_known(part: str, vocabulary: Vocabulary) -> NDArray[np.intp]:
    """The ids of the symbols that the model knows."""
    found = (vocabulary.ids.get(symbol) for symbol in vocabulary.split(part))
    return np.array([i for i in found if i is not None], np.intp)
