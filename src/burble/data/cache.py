"""From sources to ids, in memory or in the cache. Knows nothing of held-out parts or models."""

import hashlib
import json
import os
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from burble import files
from burble.data import eviction, filtering
from burble.data.cleaning import Changes
from burble.data.documents import Reading
from burble.data.encoder import Encoder, gather, starts
from burble.data.sources import Source
from burble.data.vocabulary import Vocabulary, cut_here
from burble.errors import CorpusError, SourceError, StorageError
from burble.files import Ids
from burble.formatting import some

FORMAT = 2
"""Raised whenever the same bytes and settings would be encoded otherwise."""
IN_MEMORY = 1 << 24
"""Symbols that are kept in memory; more are memory-mapped."""
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Prepared:
    """Encoded text.

    Attributes:
        ids: All symbols in order, shape (N,).
        starts: Where documents begin, shape (documents,).
        vocabulary: The alphabet.
        sha256: Fingerprint of the clean text.
        counts: How often each symbol occurs.
        names: The sources with text, in order.
        documents: How many documents each of them has.
        lines: Lines of the clean text.
        changes: What the cleaning changed.
        removed: Rare symbols that were removed, with their counts.
        notes: Sentences for the person.
    """

    ids: Ids
    starts: NDArray[np.int64]
    vocabulary: Vocabulary
    sha256: str
    counts: Counter[str]
    names: list[str]
    documents: list[int]
    lines: int
    changes: Changes
    removed: Counter[str]
    notes: list[str]


def prepare(sources: list[Source], reading: Reading, limit: int | None = None) -> Prepared:
    """Encodes sources, or finds them encoded in the cache.

    Args:
        sources: What to read, in order.
        reading: How.
        limit: Symbols kept in memory; None for `IN_MEMORY`.

    Returns:
        The encoded text; the same whether it is in memory, new in the cache, or found there.
    """
    limit = IN_MEMORY if limit is None else limit
    total = sum(source.size for source in sources)
    if total > limit:
        # What is wrong with the limit is better said before the reading, which may take long.
        eviction.most_bytes()
        place = files.folder("corpora") / _key(sources, reading, _digest(sources))
        if found := _load(place):
            if reading.progress:
                reading.progress(total, total)
            return found
    pieces = gather(reading.read(sources), reading.block)
    return encode(pieces, reading, sources, limit)


def _digest(sources: Iterable[Source]) -> str:
    """The hash of all bytes, as `Reading.read` takes it in passing."""
    digest = hashlib.sha256()
    for source in sources:
        for block in source.read(1 << 20):
            digest.update(block)
        digest.update(source.size.to_bytes(8, "little"))
    return digest.hexdigest()


def _key(sources: list[Source], reading: Reading, digest: str) -> str:
    """The name of an entry of the cache: a hash of all that decides what is in it."""
    named = [[source.name, source.form, source.part] for source in sources]
    parts = [FORMAT, asdict(reading.settings), asdict(reading.reading), named, digest]
    if reading.settings.unit == "grapheme":
        alphabet = reading.alphabet
        parts += [cut_here("grapheme"), alphabet and [alphabet.cut_by, *alphabet.symbols]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def encode(
    pieces: Iterable[str],
    reading: Reading,
    sources: list[Source] | None = None,
    limit: int = IN_MEMORY,
) -> Prepared:
    """Encodes clean text.

    Args:
        pieces: The text as `reading` gives it.
        reading: What has been found on the way, complete when `pieces` end.
        sources: Where the text comes from, if it may be kept in the cache.
        limit: Symbols kept in memory.

    Returns:
        The encoded text.

    Raises:
        SourceError: There is no text.
        CorpusError: All symbols are rare.
    """
    encoder = Encoder(
        reading.settings.unit, limit, reading.alphabet.split if reading.alphabet else None
    )
    for piece in pieces:
        encoder.add(piece)
    if not reading.documents:
        raise SourceError(" ".join(["there is no text to read.", *reading.notes]))
    reading.notes += reading.findings.sentences()
    if reading.documents > 1:
        encoder.add("\x00")
    filtering.drop(encoder, reading)
    if reading.empty:
        what = "blank line" if reading.settings.documents == "lines" else "empty document"
        reading.notes.append(f"{some(reading.empty, what)} skipped.")
    facts = _facts(encoder, reading)
    return _finish(encoder, _alphabet(facts), facts, reading, sources, limit)


def _facts(encoder: Encoder, reading: Reading) -> dict[str, Any]:
    """What is known of a text that has been read, in JSON types."""
    settings, counts = reading.settings, encoder.counts()
    kept = Counter({s: n for s, n in counts.items() if n >= settings.min_count})
    if counts and not kept:
        raise CorpusError(
            f"every symbol occurs fewer than {settings.min_count:,} times, so none is left to "
            "learn from; lower --min-count or add text."
        )
    boundary = reading.documents > 1
    alphabet = Vocabulary.from_counts(kept, unit=settings.unit, boundary=boundary)
    return {
        "symbols": alphabet.symbols,
        "counts": [kept[symbol] for symbol in alphabet.symbols],
        "boundary": alphabet.boundary,
        "unit": alphabet.unit,
        "removed": counts - kept,
        "sha256": encoder.digest.hexdigest(),
        "names": reading.names,
        "lines": reading.lines,
        "changes": asdict(reading.changes),
        "notes": reading.notes,
    }


def _finish(
    encoder: Encoder,
    alphabet: Vocabulary,
    facts: dict[str, Any],
    reading: Reading,
    sources: list[Source] | None,
    limit: int,
) -> Prepared:
    """Renumbers into memory, or into a new entry of the cache."""
    found = [np.zeros(1, np.int64)]
    ids = starts(encoder.renumber(alphabet), alphabet.boundary_id, found)
    ids = _noting(ids, lambda: facts.update(documents=encoder.documents(reading.counts)))
    if sources is None or encoder.spool.size <= limit:
        whole = np.concatenate(list(ids))
        return _prepared(whole, _starts(found, len(whole)), facts)
    key = _key(sources, reading, reading.digest.hexdigest())
    parent = files.folder("corpora")
    facts["notes"].append(
        f"The encoded text is kept in {parent} to be used again; burble doctor --clear-cache "
        "removes it."
    )
    with files.new_entry(parent, key) as partial, eviction.held(partial):
        _write(partial, ids, found, facts)
    prepared = _load(parent / key)
    if prepared is None:
        raise StorageError(f"{parent / key} cannot be read back. Is the disk sound, or full?")
    eviction.trim(parent, eviction.most_bytes())
    return prepared


def _noting(ids: Iterator[Ids], note: Callable[[], object]) -> Iterator[Ids]:
    """Passes blocks of ids on, and notes what is known only after the last."""
    yield from ids
    note()


def _write(
    place: Path, ids: Iterator[Ids], found: list[NDArray[np.int64]], facts: dict[str, Any]
) -> None:
    """Fills an entry of the cache; all of it is on the disk when this returns."""
    size = 0
    with _flushed(place / "ids") as file:
        for block in ids:
            file.write(block.data)
            size += len(block)
    with _flushed(place / "starts.npy") as file:
        np.save(file, _starts(found, size))
    with _flushed(place / "facts.json") as file:
        file.write(json.dumps(facts | {"size": size}).encode("ascii"))


@contextmanager
def _flushed(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is on the disk afterwards."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _starts(found: list[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    """Where documents begin; after the last edge none does."""
    joined = np.concatenate(found)
    return joined[joined < size]


def _load(place: Path) -> Prepared | None:
    """Maps an entry of the cache; None where there is none.

    One that a failing disk or a loss of power has spoilt is removed.
    """
    if not place.is_dir():
        return None
    try:
        with ExitStack() as stack:
            stack.enter_context(eviction.held(place))
            facts = json.loads((place / "facts.json").read_text(encoding="ascii"))
            ids = np.memmap(place / "ids", _alphabet(facts).dtype, "r")
            prepared = _prepared(ids, np.load(place / "starts.npy", mmap_mode="r"), facts)
            _check(prepared, facts["size"])
            # All that is cut from an array keeps the array.
            weakref.finalize(ids, stack.pop_all().close)
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        eviction.discard(place)
        return None
    return prepared


def _check(found: Prepared, size: object) -> None:
    """Raises ValueError unless all parts of an entry fit each other."""
    starts, counts = found.starts, found.counts
    numbers = [size, found.lines, *counts.values(), *found.removed.values(), *found.documents]
    numbers += [*vars(found.changes).values()]
    words = [found.sha256, *found.names, *found.notes, *counts, *found.removed]
    edges = len(starts) if found.vocabulary.boundary else 0
    fits = (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(type(word) is str for word in words)
        and found.vocabulary.unit in ("char", "grapheme")
        and len(found.documents) == len(found.names)
        and sum(found.documents) == len(starts)
        and size == len(found.ids) == counts.total() + edges
        and starts.dtype == np.int64
        and starts.ndim == 1
        and starts[0] == 0
        and starts[-1] < len(found.ids)
        and bool(np.all(starts[1:] > starts[:-1]))
        and _counted(found.ids) == [*counts.values(), *[edges] * bool(edges)]
    )
    if not fits:
        raise ValueError("parts of different texts")


def _counted(ids: Ids) -> list[int]:
    """How often each id occurs, up to the highest."""
    found = np.zeros(np.iinfo(ids.dtype).max + 1, np.int64)
    for first in range(0, len(ids), _BLOCK):
        found += np.bincount(ids[first : first + _BLOCK], minlength=len(found))
        files.let_go(ids)
    return [int(n) for n in np.trim_zeros(found, "b")]


def _alphabet(facts: dict[str, Any]) -> Vocabulary:
    """The alphabet among the facts."""
    unit = facts["unit"]
    return Vocabulary(tuple(facts["symbols"]), unit, facts["boundary"], cut_here(unit))


def _prepared(ids: Ids, begins: NDArray[np.int64], facts: dict[str, Any]) -> Prepared:
    """Ids with the facts about them."""
    return Prepared(
        ids=ids,
        starts=begins,
        vocabulary=_alphabet(facts),
        sha256=facts["sha256"],
        counts=Counter(dict(zip(facts["symbols"], facts["counts"], strict=True))),
        names=facts["names"],
        documents=facts["documents"],
        lines=facts["lines"],
        changes=Changes(**facts["changes"]),
        removed=Counter(facts["removed"]),
        notes=facts["notes"],
    )
