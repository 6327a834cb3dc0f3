"""A text of characters cut once more, into words or bytes. Knows nothing of where it is kept."""

from collections import Counter
from collections.abc import Callable, Iterator

import numpy as np

from burble.data import units
from burble.data.sentences import EDGE
from burble.data.vocabulary import Vocabulary
from burble.files import Ids
from burble.settings import TextSettings


def recut(
    read: Callable[..., Iterator[str]],
    characters: Vocabulary,
    how: TextSettings,
    alphabet: Vocabulary | None = None,
) -> tuple[Vocabulary, Counter[str], Iterator[Ids]]:
    """Cuts a text again, in two passes.

    Args:
        read: Gives the text in blocks, with `EDGE` after each document; `keep` says whether it will
            be read again.
        characters: Its alphabet as characters.
        how: The unit, and which words become symbols.
        alphabet: Whose words become symbols instead, if not None.

    Returns:
        The alphabet, how often each of its symbols occurs, and the ids in blocks, shape (N,) each.
    """
    if how.unit == "bytes":
        found, counts = Vocabulary(units.BYTES, how.unit, characters.boundary), Counter[str]()
        totals = np.zeros(found.size, np.int64)
        for block in units.encode_bytes(read(keep=True), EDGE):
            totals += np.bincount(block, minlength=found.size)
        counts.update(dict(zip(found.symbols, totals.tolist(), strict=False)))
        blocks = units.encode_bytes(read(keep=False), EDGE)
    else:
        pieces = units.count_pieces(units.cut_blocks(read(keep=True)))
        del pieces[EDGE]
        chosen = units.choose_words(pieces, how.min_word_count, how.max_words)
        if alphabet:
            chosen = [symbol for symbol in alphabet.symbols if len(symbol) > 1]
        symbols = tuple(sorted({*chosen, *characters.symbols}))
        found = Vocabulary(symbols, how.unit, characters.boundary)
        counts = units.count_symbols(pieces, symbols)
        ids = found.ids | ({EDGE: found.size - 1} if found.boundary else {})
        blocks = units.encode_words(units.cut_blocks(read(keep=False)), ids)
    return found, counts, (block.astype(found.dtype) for block in blocks)
