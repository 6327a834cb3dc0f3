"""Encoded texts that are kept in the person's cache folder, to be found again.

Knows nothing of how a text is read.
"""

import hashlib
import json
import os
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import numpy as np

from burble import files
from burble.data import cache
from burble.data.cleaning import Changes
from burble.data.documents import ReadOptions
from burble.data.encoder import EncodedText, encode_sources, find_starts
from burble.data.labels import Labels, LabelSet
from burble.data.source import Source
from burble.data.vocabulary import Vocabulary, cut_here
from burble.errors import StorageError
from burble.files import Ids
from burble.settings import Unit

FORMAT = 4
"""Raised whenever the same bytes and settings would be encoded otherwise."""
_BLOCK = 1 << 20


def load_or_encode(
    sources: list[Source], options: ReadOptions, limit: int | None = None
) -> EncodedText:
    """Finds sources encoded in the cache, or encodes them into it.

    Returns:
        The encoded text; the same whether it is in memory, new in the cache, or found there.
    """
    # What is wrong with the limit is better said before the reading, which may take long.
    cache.read_limit()
    parent = files.make_folder("corpora")
    place = parent / _name_entry(sources, options, hash_sources(sources))
    if found := _load(place, options.cleaning.unit):
        if options.progress:
            total = sum(source.size for source in sources)
            options.progress(total, total)
        return found

    def keep(text: EncodedText, blocks: Iterator[Ids], sha256: str) -> EncodedText:
        return _store(parent, _name_entry(sources, options, sha256), text, blocks)

    return encode_sources(sources, options, limit, keep)


def hash_sources(sources: Iterable[Source]) -> str:
    """The SHA-256 of all bytes, each source followed by its size in eight bytes.

    `documents.read_documents` takes the same in passing.
    """
    digest = hashlib.sha256()
    for source in sources:
        for block in source.read(_BLOCK):
            digest.update(block)
        digest.update(source.size.to_bytes(8, "little"))
    return digest.hexdigest()


def _name_entry(sources: list[Source], options: ReadOptions, sha256: str) -> str:
    """The name of an entry: a hash of all that decides what is in it."""
    own = options.cleaning.label
    named = [[one.name, one.form, one.part, own and one.own_labels] for one in sources]
    parts = [FORMAT, asdict(options.cleaning), asdict(options.reading), named, sha256]
    if options.cleaning.unit in ("grapheme", "word"):
        alphabet = options.alphabet
        # What a word is, too, changes with the letters that there are.
        parts += [cut_here("grapheme"), alphabet and [alphabet.cut_by, *alphabet.symbols]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _store(parent: Path, name: str, text: EncodedText, blocks: Iterator[Ids]) -> EncodedText:
    """Writes a new entry, and maps the text from there."""
    note = (
        f"The encoded text is kept in {parent} to be used again; burble doctor --clear-cache "
        "removes it."
    )
    with files.new_entry(parent, name) as partial, cache.mark_in_use(partial):
        with _flushed(partial / "ids") as file:
            file.writelines(block.data for block in blocks)
        ids: Ids = np.memmap(partial / "ids", text.vocabulary.dtype, "r")
        facts = _to_json(text, note, len(ids))
        with _flushed(partial / "starts.npy") as file:
            np.save(file, find_starts(ids, text.vocabulary.boundary_id))
        # Windows moves no folder in which a file is mapped.
        del ids
        if text.labels:
            with _flushed(partial / "labels.npy") as file:
                np.save(file, text.labels.numbers)
        with _flushed(partial / "facts.json") as file:
            file.write(json.dumps(facts).encode("ascii"))
    stored = _load(parent / name, text.vocabulary.unit)
    if stored is None:
        raise StorageError(f"{parent / name} cannot be read back. Is the disk sound, or full?")
    cache.evict(parent, cache.read_limit())
    return stored


@contextmanager
def _flushed(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is on the disk afterwards."""
    with path.open("wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _to_json(text: EncodedText, note: str, size: int) -> dict[str, Any]:
    """All that is known of a text of that size but its ids and where its documents begin."""
    return {
        "symbols": text.vocabulary.symbols,
        "counts": [*text.counts.values()],
        "boundary": text.vocabulary.boundary,
        "unit": text.vocabulary.unit,
        "removed": text.removed,
        "sha256": text.sha256,
        "names": text.names,
        "documents": text.documents,
        "lines": text.lines,
        "changes": asdict(text.changes),
        "notes": [*text.notes, note],
        "size": size,
        "forms": text.forms,
        "private": text.private,
        **({"labels": _labels_to_json(text.labels)} if text.labels else {}),
    }


def _labels_to_json(labels: Labels) -> dict[str, Any]:
    """All that is known of labels but which documents have them."""
    return {**asdict(labels.names), "missing": labels.missing, "notes": labels.notes}


def _load(place: Path, unit: Unit) -> EncodedText | None:
    """Maps an entry of the cache, of a text in that unit; None where there is none.

    One that a failing disk or a loss of power has spoilt is removed.
    """
    if not place.is_dir():
        return None
    try:
        with ExitStack() as stack:
            stack.enter_context(cache.mark_in_use(place))
            facts = json.loads((place / "facts.json").read_text(encoding="ascii"))
            alphabet = Vocabulary(tuple(facts["symbols"]), unit, facts["boundary"], cut_here(unit))
            ids = np.memmap(place / "ids", alphabet.dtype, "r")
            text = EncodedText(
                ids=ids,
                starts=np.load(place / "starts.npy", mmap_mode="r"),
                vocabulary=alphabet,
                sha256=facts["sha256"],
                counts=Counter(dict(zip(facts["symbols"], facts["counts"], strict=True))),
                names=facts["names"],
                documents=facts["documents"],
                lines=facts["lines"],
                changes=Changes(**facts["changes"]),
                removed=Counter(facts["removed"]),
                notes=facts["notes"],
                forms=facts["forms"],
                private=facts["private"],
                labels=_load_labels(place, facts.get("labels")),
            )
            _check(text, facts["size"], facts["unit"])
            # All that is cut from an array keeps the array.
            weakref.finalize(ids, stack.pop_all().close)
    except (OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        cache.discard(place)
        return None
    return text


def _load_labels(place: Path, facts: dict[str, Any] | None) -> Labels | None:
    """The labels of an entry's documents, where it has some."""
    if facts is None:
        return None
    names = LabelSet(tuple(facts["columns"]), tuple(map(tuple, facts["values"])))
    numbers = np.load(place / "labels.npy")
    last = np.cumsum([0, *map(len, names.values)])
    fits = (
        numbers.dtype == np.int32
        and numbers.ndim == 2
        and len(names.values) == len(names.columns) == numbers.shape[1]
        and all(type(one) is str for one in (facts["missing"], *facts["notes"]))
        and bool(np.all((numbers == 0) | ((numbers > last[:-1]) & (numbers <= last[1:]))))
    )
    if not fits:
        raise ValueError("labels that cannot be")
    return Labels(names, numbers, facts["missing"], tuple(facts["notes"]))


def _check(found: EncodedText, size: object, unit: object) -> None:
    """Raises ValueError unless all parts of an entry fit each other."""
    starts, counts = found.starts, found.counts
    numbers = [size, found.lines, *counts.values(), *found.removed.values(), *found.documents]
    numbers += [*vars(found.changes).values()]
    words = [found.sha256, *found.names, *found.notes, *counts, *found.removed]
    edges = len(starts) if found.vocabulary.boundary else 0
    fits = (
        all(type(number) is int and number >= 0 for number in numbers)
        and all(type(word) is str for word in words)
        and unit == found.vocabulary.unit
        and len(found.documents) == len(found.names)
        and sum(found.documents) == len(starts)
        and size == len(found.ids) == counts.total() + edges
        and starts.dtype == np.int64
        and starts.ndim == 1
        and starts[0] == 0
        and starts[-1] < len(found.ids)
        and bool(np.all(starts[1:] > starts[:-1]))
        and (found.labels is None or len(found.labels.numbers) == len(starts))
        and _count_ids(found.ids) == _without_zeros([*counts.values(), edges])
    )
    if not fits:
        raise ValueError("parts of different texts")


def _count_ids(ids: Ids) -> list[int]:
    """How often each id occurs, up to the highest."""
    found = np.zeros(np.iinfo(ids.dtype).max + 1, np.int64)
    for first in range(0, len(ids), _BLOCK):
        found += np.bincount(ids[first : first + _BLOCK], minlength=len(found))
        files.release(ids)
    return _without_zeros(found.tolist())


def _without_zeros(counts: list[int]) -> list[int]:
    """Counts up to the last that is more than 0."""
    return [int(n) for n in np.trim_zeros(np.array(counts, np.int64), "b")]
