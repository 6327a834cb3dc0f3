"""Documents that are left out of a text: those that came before, and those with rare symbols.

Knows nothing of sources. Holds a few bytes for each document, never a text.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.data.documents import ReadOptions
from burble.errors import CorpusError
from burble.files import Ids
from burble.formatting import some
from burble.settings import SourceSettings

EDGE_NUMBER = 0
"""What stands after each document in the numbers of the first pass."""


Blocks = Callable[[], Iterable[Ids]]
"""Gives a text as numbers of the first pass, block by block, each time it is called."""


def choose_documents(
    blocks: Blocks, symbols: int, documents: int, options: ReadOptions
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which documents of a text stay, by the options that leave some out.

    Returns:
        Which stay, shape (documents,), and sentences for the person.

    Raises:
        CorpusError: There is but one document, or none would be left.
    """
    # By length first: what is too short or too long makes nothing else repeated or rare.
    kept, notes = _choose_by_length(blocks, documents, options.reading)
    if options.reading.deduplicate and documents < 2:
        notes.append(
            "--deduplicate leaves out documents that come again, and this text is a single one. "
            "Part it with --documents lines or blank."
        )
    elif options.reading.deduplicate:
        first = find_first_of_each(hash_documents(blocks()))
        if again := int(np.count_nonzero(kept & ~first)):
            notes.append(f"Left out: {some(again, 'repeated document')}.")
        kept &= first
    least = options.reading.drop_documents_with_rare
    if least > 1:
        left = _find_without_rare(blocks, symbols, kept, least)
        if gone := int(kept.sum()) - int(left.sum()):
            what = f"with a symbol that occurs fewer than {least:,} times"
            notes.append(f"Left out: {some(gone, 'document')} {what}.")
        if 1 < options.cleaning.min_count <= least:
            notes.append(f"--min-count {options.cleaning.min_count} takes nothing more out.")
        kept = left
    return kept, notes


def _choose_by_length(
    blocks: Blocks, documents: int, reading: SourceSettings
) -> tuple[NDArray[np.bool_], list[str]]:
    """Which documents are neither too short nor too long, and what to say of the others.

    Raises:
        CorpusError: None is left.
    """
    kept, notes = np.ones(documents, bool), list[str]()
    least, most = reading.min_length, reading.max_length
    if not least and not most:
        return kept, notes
    lengths = np.zeros(documents, np.int64)
    for block, numbers in number_documents(blocks()):
        lengths += np.bincount(numbers[block != EDGE_NUMBER], minlength=documents)
    bounds = {f"fewer than {least:,}": lengths < least}
    if most:
        bounds[f"more than {most:,}"] = lengths > most
    for what, beyond in bounds.items():
        if gone := int(beyond.sum()):
            notes.append(f"Left out: {some(gone, 'document')} with {what} characters.")
        kept &= ~beyond
    if not kept.any():
        raise CorpusError(
            f"no document is left: they have {lengths.min():,} to {lengths.max():,} characters. "
            "Change --min-length or --max-length, or say with --documents what a document is."
        )
    return kept, notes


def _find_without_rare(
    blocks: Blocks, symbols: int, kept: NDArray[np.bool_], least: int
) -> NDArray[np.bool_]:
    """Leaves out documents until each symbol that is left occurs `least` times.

    What goes with a document may make others rare, so it is looked again and again.

    Raises:
        CorpusError: There is but one document, or none would be left.
    """
    if len(kept) < 2:
        raise CorpusError(
            "--drop-documents-with-rare leaves out documents, and this text is a single one. Part "
            "it with --documents lines or blank, or take rare symbols out with --min-count."
        )
    while True:
        counts = np.zeros(symbols, np.int64)
        for block, numbers in number_documents(blocks()):
            counts += np.bincount(block[kept[numbers]], minlength=symbols)
        rare = (counts > 0) & (counts < least)
        rare[EDGE_NUMBER] = False
        if not rare.any():
            break
        kept = kept.copy()
        for block, numbers in number_documents(blocks()):
            kept[numbers[rare[block]]] = False
    if not kept.any():
        raise CorpusError(
            f"every document has a symbol that occurs fewer than {least:,} times, so none is "
            "left; lower --drop-documents-with-rare, or use --min-count."
        )
    return kept


def find_documents_with(
    blocks: Blocks, documents: int, known: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Which documents have a number that is known, shape (documents,).

    Args:
        blocks: All of the text.
        documents: How many documents it has.
        known: Which numbers are, shape (symbols,); that of the edge is not.
    """
    found = np.zeros(documents, bool)
    for block, numbers in number_documents(blocks()):
        found[numbers[known[block]]] = True
    return found


def number_documents(blocks: Iterable[Ids]) -> Iterator[tuple[Ids, NDArray[np.intp]]]:
    """Blocks of a text, each with the number of the document that each symbol is of.

    An edge is the last symbol of its document.

    >>> blocks = [np.array([5, 0], np.uint8), np.array([6, 6, 0], np.uint8)]
    >>> [numbers.tolist() for _, numbers in number_documents(blocks)]
    [[0, 0], [1, 1, 1]]
    """
    done = 0
    for block in blocks:
        edges = block == EDGE_NUMBER
        numbers: NDArray[np.intp] = np.cumsum(edges) - edges + done
        done += int(edges.sum())
        yield block, numbers


def count_by_source(kept: NDArray[np.bool_] | None, documents: Sequence[int]) -> list[int]:
    """How many documents of each source stay; None for all.

    >>> count_by_source(np.array([True, False, False, True, True]), [2, 1, 2])
    [1, 0, 2]
    """
    if kept is None:
        return [*documents]
    return [int(part.sum()) for part in np.split(kept, np.cumsum(documents)[:-1])]


def hash_documents(blocks: Iterable[Ids]) -> NDArray[np.uint64]:
    """A hash of each document, in order.

    Returns:
        64 bits of BLAKE2b of each, shape (documents,).

    >>> one, two, three = hash_documents([np.array([5, 6, 0, 7, 0, 5, 6], np.uint8)])
    >>> bool(one == three), bool(one == two)
    (True, False)
    """
    found, hashed, length = bytearray(), hashlib.blake2b(digest_size=8), 0
    for block in blocks:
        wide, begin = block.astype("<u2"), 0
        for end in np.flatnonzero(block == EDGE_NUMBER).tolist():
            hashed.update(wide[begin:end].data)
            found += hashed.digest()
            hashed, length, begin = hashlib.blake2b(digest_size=8), 0, end + 1
        hashed.update(wide[begin:].data)
        length += len(block) - begin
    if length:
        found += hashed.digest()
    return np.frombuffer(bytes(found), "<u8")


def find_first_of_each(hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which are the first of their value.

    >>> find_first_of_each(np.array([7, 8, 7], np.uint64)).tolist()
    [True, True, False]
    """
    first = np.zeros(len(hashes), bool)
    first[np.unique(hashes, return_index=True)[1]] = True
    return first
