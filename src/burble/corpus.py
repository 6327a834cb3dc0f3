"""A text as ids, with its held-out tail and its fingerprint. Knows nothing of models."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble import text, vocabulary
from burble.errors import CorpusError
from burble.settings import TextSettings
from burble.sources import Source
from burble.text import Changes
from burble.vocabulary import Vocabulary

SEPARATOR = "\n\n"


@dataclass(frozen=True)
class Corpus:
    """Text that is ready to be learned.

    Attributes:
        ids: All symbols in order, shape (N,); where there are several sources, each is
            followed by the boundary id.
        vocabulary: The alphabet.
        cut: Where the held-out tail begins, 0 to N.
        sha256: Fingerprint of the clean text and its edges.
        names: The sources, in order.
        counts: How often each symbol occurs.
        lines: Lines in all.
        changes: What the cleaning changed.
        removed: Rare symbols that were removed, with their counts.
    """

    ids: NDArray[np.uint8 | np.uint16]
    vocabulary: Vocabulary
    cut: int
    sha256: str
    names: tuple[str, ...]
    counts: Counter[str]
    lines: int
    changes: Changes
    removed: Counter[str]

    @property
    def training(self) -> NDArray[np.uint8 | np.uint16]:
        """The ids to learn from."""
        return self.ids[: self.cut]

    @property
    def tail(self) -> NDArray[np.uint8 | np.uint16]:
        """The held-out ids, led by the last training id, from which the first is predicted."""
        return self.ids[max(0, self.cut - 1) :]


def build(
    sources: Iterable[Source],
    settings: TextSettings,
    *,
    held_out: float = 0.1,
    encoding: str | None = None,
) -> Corpus:
    """Cleans and encodes sources.

    Args:
        sources: The texts, in order.
        settings: How to clean them.
        held_out: Share of the symbols, at the end, that is kept from training.
        encoding: The encoding of the bytes, or None for UTF-8 or what a byte-order mark says.

    Returns:
        The corpus.

    Raises:
        EncodingError: A source is not text in that encoding.
        CorpusError: Fewer than two symbols would be left to learn from.
    """
    changes = Changes()
    names, texts = [], []
    for source in sources:
        cleaned, changed = text.clean(text.decode(source.data, source.name, encoding), settings)
        changes.add(changed)
        names.append(source.name)
        texts.append(cleaned)
    counts = vocabulary.count(texts, settings.unit)
    removed = Counter({s: n for s, n in counts.items() if n < settings.min_count})
    if len(counts) == len(removed):
        raise CorpusError("no symbol is left to learn from; lower --min-count or add text.")
    alphabet = Vocabulary.from_counts(
        counts, unit=settings.unit, min_count=settings.min_count, boundary=len(texts) > 1
    )
    ids = _encode(texts, alphabet, removed)
    cut = len(ids) - int(len(ids) * held_out)
    if cut < 2:
        raise CorpusError(
            f"the text has {len(ids):,} symbols, of which {cut:,} would be trained on; "
            "at least 2 are needed. Add text."
        )
    return Corpus(
        ids=ids,
        vocabulary=alphabet,
        cut=cut,
        sha256=_fingerprint(texts),
        names=tuple(names),
        counts=counts - removed,
        lines=sum(t.count("\n") + (not t.endswith("\n")) for t in texts),
        changes=changes,
        removed=removed,
    )


def _encode(
    texts: list[str], alphabet: Vocabulary, removed: Counter[str]
) -> NDArray[np.uint8 | np.uint16]:
    """The ids of all texts, each followed by the boundary where there is one."""
    parts = []
    edge = np.array([alphabet.size - 1] if alphabet.boundary else [], alphabet.dtype)
    for one in texts:
        kept = "".join(s for s in vocabulary.split(one, alphabet.unit) if s not in removed)
        parts += [alphabet.encode(kept if removed else one), edge]
    return np.concatenate(parts)


def _fingerprint(texts: list[str]) -> str:
    """SHA-256 over the length and the UTF-8 bytes of each text."""
    digest = hashlib.sha256()
    for one in texts:
        data = one.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()
