"""What to tell a person about a corpus before anyone trains on it. Knows nothing of terminals."""

import unicodedata
from dataclasses import asdict
from typing import Any

import numpy as np
import rich.cells

from burble.data import order, units
from burble.data.corpus import Corpus
from burble.formatting import listed, some, symbol_name
from burble.settings import RECUT

_FREQUENT = 24
_RARE = 24
MANY, SELDOM = 500, 40
"""Symbols that are many, and characters for each below which they come too seldom to be learned."""
COUNTS, SMALL_FRACTION = (2, 3, 5, 10), 0.05
"""Values of --min-count to advise, and the fraction of the text that one may take out."""
CODES = 26
"""Columns for the code points of a symbol; those of more have a blank after them."""
NAMED = 6
"""Sources whose symbols are counted one by one, at most."""


def summarize(corpus: Corpus) -> list[str]:
    """What was read, what was changed, and what is for validation: a few lines."""
    symbol = symbol_name(corpus.vocabulary.unit)
    # Edges between documents are symbols too, which would not add up with the characters.
    sentences = [
        f"{some(corpus.characters, 'character')} in {some(corpus.lines, 'line')} and "
        f"{some(corpus.documents, 'document')} from {some(len(corpus.names), 'source')}; "
        f"{some(len(corpus.vocabulary.symbols), f'different {symbol}')}.",
        *_describe_validation_size(corpus),
        *corpus.notes,
        *describe_validation(corpus),
    ]
    sentences += [f"Changed: {change}." for change in corpus.changes.describe()]
    if corpus.removed:
        sentences.append(
            f"Removed: {some(corpus.removed.total(), 'rare character')} "
            f"of {some(len(corpus.removed), 'kind')}."
        )
    return sentences + describe_many_symbols(corpus)


def _describe_validation_size(corpus: Corpus) -> list[str]:
    """How large the validation part is, and what it is for; nothing where there is none."""
    size = len(corpus.ids) - corpus.cut
    if not size:
        return []
    where = "from the end of it" if corpus.split == "tail" else "drawn from all of it"
    return [
        f"Validation part: {some(size, 'symbol')} {where} ({size / len(corpus.ids):.1%}), kept "
        "from training to tell when to stop."
    ]


def describe_validation(corpus: Corpus) -> list[str]:
    """What to tell of the validation part; nothing where there is none."""
    if corpus.cut == len(corpus.ids):
        return []
    return [*_describe_sources(corpus), *_describe_unlearned(corpus), *order.describe_order(corpus)]


def _describe_sources(corpus: Corpus) -> list[str]:
    """Of which sources it is, and which are not learned, or not scored."""
    parts = [*zip(corpus.names, corpus.learned_by_source, corpus.validation_by_source, strict=True)]
    parts = [part for part in parts if part[1] or part[2]]
    if len(parts) < 2:
        return []
    if len(parts) <= NAMED:
        counts = (f"{name} {held:,} of {held + learned:,}" for name, learned, held in parts)
        sentences = [f"Validation symbols by source: {'; '.join(counts)}."]
    else:
        scored = sum(held > 0 for _, _, held in parts)
        of = f"{scored:,} of" if scored < len(parts) else "each of"
        sentences = [f"The validation part has symbols of {of} {len(parts):,} sources."]
    never = [name for name, learned, _ in parts if not learned]
    if never:
        sentences.append(
            f"Never trained on, since all of it is for validation or testing: {listed(never)}."
        )
    whole = [name for name, _, held in parts if not held]
    if whole and corpus.split == "spread":
        sentences.append(f"No validation symbols, too short or not drawn: {listed(whole)}.")
    elif whole:
        # Of several sources it is the end only where that was set, or nothing else could be.
        sentences.append(f"Not in the validation part: {listed(whole)}.")
    return sentences


def _describe_unlearned(corpus: Corpus) -> list[str]:
    """How many symbols occur in it and nowhere else."""
    found = np.zeros(corpus.vocabulary.size, np.int64)
    for first in range(corpus.cut, len(corpus.ids), 1 << 20):
        part = corpus.ids[first : first + (1 << 20)]
        found += np.bincount(part, minlength=corpus.vocabulary.size)
    counts = zip(corpus.vocabulary.symbols, found.tolist(), strict=False)
    only = [symbol for symbol, n in counts if n and n == corpus.counts[symbol]]
    if not only:
        return []
    occur = "1 symbol occurs" if len(only) == 1 else f"{len(only):,} different symbols occur"
    named = listed([*map(corpus.vocabulary.describe, only)])
    return [f"{occur} in the validation part alone, and will not be learned: {named}."]


def describe_many_symbols(corpus: Corpus) -> list[str]:
    """What to do where a text has many symbols for its length; nothing where it has not."""
    kinds, characters = len(corpus.counts), corpus.characters
    if corpus.vocabulary.unit in RECUT:
        # How many there are does not follow from the text alone.
        return []
    if kinds < MANY or characters >= SELDOM * kinds:
        return []
    rare = {
        least: [(symbol, n) for symbol, n in corpus.counts.items() if n < least] for least in COUNTS
    }
    fraction = {k: sum(len(s) * n for s, n in found) / characters for k, found in rare.items()}
    least = max((k for k in COUNTS if rare[k] and fraction[k] <= SMALL_FRACTION), default=COUNTS[0])
    if not rare[least] or len(rare[least]) == kinds:
        return []
    documents = (
        f" --drop-documents-with-rare {least} leaves out whole documents with such symbols instead."
        if len(corpus.starts) > 1
        else ""
    )
    return [
        f"{kinds:,} different symbols are many for {some(characters, 'character')}: most come too "
        "seldom to be learned, and each makes training and writing slower. With --min-count "
        f"{least}, {kinds - len(rare[least]):,} would be left, and {fraction[least]:.1%} of the "
        f"characters would go.{documents}"
    ]


def name_symbol(symbol: str) -> str:
    """The Unicode names of a symbol's characters.

    >>> name_symbol("é")
    'LATIN SMALL LETTER E WITH ACUTE'
    >>> name_symbol(chr(10))
    'newline'
    """
    own = {"\n": "newline", "\t": "tab", "\f": "form feed", "\v": "vertical tab", "\x1b": "escape"}
    return " + ".join(own.get(c, unicodedata.name(c, "without a name")) for c in symbol)


def tabulate_alphabet(corpus: Corpus) -> list[str]:
    """The alphabet as lines of a table: the frequent symbols, then the rare tail."""
    # Of bytes, and of letters that stand in words alone, some never occur.
    counts = [(symbol, n) for symbol, n in corpus.counts.most_common() if n]
    total = max(1, corpus.counts.total())
    left = len(counts) - _FREQUENT - _RARE
    named = [_name(symbol, corpus.vocabulary.unit) for symbol, _ in counts]
    codes = [code for code, _ in named]
    # A symbol of many marks may not push aside the names of all.
    wide = max(9, 1 + min(CODES, max(map(len, codes), default=0)))
    lines = [f"{'symbol':<8}{'count':>12} {'frequency':>9}  {'code':<{wide}}name"]
    for place, (symbol, count) in enumerate(counts):
        if left > 1 and _FREQUENT <= place < _FREQUENT + left:
            if place == _FREQUENT:
                between = sum(n for _, n in counts[_FREQUENT : _FREQUENT + left])
                lines.append(
                    f"{'…':<8}{between:>12,} {between / total:>9.3%}  {left:,} symbols between"
                )
            continue
        shown, name = (
            _shown(units.show_byte(symbol)),
            f"{codes[place]:<{wide - 1}} {named[place][1]}",
        )
        lines.append(f"{shown}{count:>12,} {count / total:>9.3%}  {name}".rstrip())
    return lines


def _name(symbol: str, unit: str) -> tuple[str, str]:
    """The code points of a symbol and their names; of a word neither, and of a byte its value."""
    if unit == "word" and len(symbol) > 1:
        return "", ""
    if unit == "bytes" and not symbol.isascii():
        return f"0x{ord(symbol) - 0xDC00:02X}", "part of a character"
    return " ".join(f"U+{ord(char):04X}" for char in symbol), name_symbol(symbol)


def _shown(symbol: str) -> str:
    """A symbol as it can stand in a table: no blank, nothing unprintable, no mark on nothing."""
    plain = symbol.isprintable() and not symbol.isspace()
    shown = symbol if plain else repr(symbol)
    if unicodedata.combining(symbol[0]):
        shown = f"◌{symbol}"
    return rich.cells.set_cell_size(shown, max(8, rich.cells.cell_len(shown)))


def collect_facts(corpus: Corpus) -> dict[str, Any]:
    """All that is known of a corpus, in JSON types."""
    return {
        "sources": list(corpus.names),
        "characters": corpus.characters,
        "lines": corpus.lines,
        "documents": corpus.documents,
        "symbols": len(corpus.ids),
        "validation": len(corpus.ids) - corpus.cut,
        "split": corpus.split,
        "learned_by_source": list(corpus.learned_by_source),
        "validation_by_source": list(corpus.validation_by_source),
        "sha256": corpus.sha256,
        # Documents without a label have the empty one.
        "labels": corpus.encoded.labels.count() if corpus.encoded.labels else {},
        "changes": asdict(corpus.changes),
        "forms": corpus.encoded.forms,
        "private": corpus.encoded.private,
        # The fraction was called share before.
        "repeats": asdict(corpus.repeats) | {"share": corpus.repeats.fraction}
        if corpus.repeats
        else None,
        "removed": dict(corpus.removed.most_common()),
        "notes": [*corpus.notes, *describe_many_symbols(corpus)],
        "alphabet": {units.show_byte(symbol): n for symbol, n in corpus.counts.most_common()},
    }
