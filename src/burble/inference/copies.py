"""What of a text was copied from the text a model was trained on, and where it stands there.

Works on ids, with the training text that a memory holds. Knows nothing of networks. How much is
copied in all is what `evaluation.overlap` measures; here each passage is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from burble.data.vocabulary import Vocabulary
from burble.inference import prompts
from burble.inference.passages import BLOCK, number_passages
from burble.model.file import Model

LEAST = 30
"""Characters of a passage that is unlikely to be written again by chance."""
COARSE = 10
"""Symbols to which the lengths of longer passages that are looked up are rounded down."""
AROUND = 60
"""Symbols of the other text that are shown before and after what was copied."""
MOST_PLACES = 20
"""Places at which one passage is followed, to find where it stands longest."""


@dataclass(frozen=True)
class Copy:
    """A passage of a text that stands word for word in another.

    Attributes:
        start: Where it begins in the text, in symbols.
        length: Symbols of it.
        place: Where it begins in the other, in symbols.
    """

    start: int
    length: int
    place: int


@dataclass(frozen=True)
class CopiedPassage:
    """A passage of a text that stands word for word in another, as text.

    Attributes:
        start: Where it begins in the text, in characters.
        text: The passage.
        place: Where it begins in the other, in characters, among which edges do not count.
        before: What stands before it there.
        after: What stands after it there.
    """

    start: int
    text: str
    place: int
    before: str
    after: str


def mark_copies(
    text: str, model: Model, source: NDArray[np.integer]
) -> tuple[str, list[CopiedPassage]]:
    """The passages of a text that stand in the text that a model was trained on.

    Args:
        text: The text.
        model: The model, in whose alphabet both are.
        source: What it was trained on, shape (N,).

    Returns:
        The text as the model reads it, and the passages in it.
    """
    ready = prompts.prepare_prompt(text, model, "nearest")
    vocabulary, separator = model.vocabulary, model.separator
    # But for the edge that stands before all.
    ids = ready.ids[vocabulary.boundary if ready.text else len(ready.ids) :]

    def decode(first: int, end: int) -> str:
        return vocabulary.decode(source[max(0, first) : end], separator)

    # Characters before each symbol; of one in bytes, those after its first are within it.
    lengths = np.append(vocabulary.lengths, len(separator))[ids]
    before = np.append(0, lengths.cumsum())
    found = find_copies(ids, source, _reach(before))
    places = count_characters(source, vocabulary, [one.place for one in found])
    copied = []
    for one in found:
        end = one.place + one.length
        first, last = before[one.start].item(), before[one.start + one.length].item()
        copied.append(
            CopiedPassage(
                start=first,
                text=ready.text[first:last],
                place=places[one.place],
                before=decode(one.place - AROUND, one.place),
                after=decode(end, end + AROUND),
            )
        )
    return ready.text, copied


def count_characters(
    source: NDArray[np.integer], vocabulary: Vocabulary, places: Iterable[int]
) -> dict[int, int]:
    """How many characters stand before some places of a text, as `burble corpus` counts them.

    Args:
        source: The text, shape (N,); read in blocks, so that it may be mapped from a file.
        vocabulary: What its ids are of.
        places: Places in it, in symbols, up to N.
    """
    found, at, count = dict[int, int](), 0, 0
    for place in sorted({*places}):
        for first in range(at, place, BLOCK):
            count += vocabulary.count_characters(source[first : min(first + BLOCK, place)])
        found[place], at = count, place
    return found


def _reach(before: NDArray[np.integer]) -> NDArray[np.intp]:
    """Symbols of the shortest passage of `LEAST` characters or more from each on, shape (T,).

    0 where the text ends before that. The last bytes of a character belong to its first.

    Args:
        before: Characters before each symbol, and all of them, shape (T + 1,).
    """
    wanted = before[:-1] + LEAST
    ends = np.searchsorted(before, wanted).clip(max=len(before) - 1)
    ends = np.searchsorted(before, before[ends], side="right") - 1
    return np.where(wanted <= before[-1], ends - np.arange(len(wanted)), 0)


def find_copies(
    ids: NDArray[np.integer], source: NDArray[np.integer], least: NDArray[np.integer]
) -> list[Copy]:
    """Finds the passages of a text that stand in another, from the first on, each as a whole.

    Args:
        ids: The text, shape (T,).
        source: The other, shape (N,); may be mapped from a file.
        least: Symbols at least of a passage that begins at each, shape (T,); 0 for none there.
    """
    places = _find_places(ids, source, least)
    copies, at = [], 0
    while at < len(ids):
        found = [
            (length, -place)
            for place in places.get(at, ())
            if (length := _common_length(ids[at:], source[place : place + len(ids) - at]))
            >= least[at]
        ]
        if not found:
            at += 1
            continue
        length, place = max(found)
        copies.append(Copy(at, length, -place))
        at += length
    return copies


def _find_places(
    ids: NDArray[np.integer], source: NDArray[np.integer], least: NDArray[np.integer]
) -> dict[int, list[int]]:
    """Where in another text a passage of a text may stand, a few places for each beginning."""
    places: dict[int, list[int]] = {}
    # Each length that is looked up costs a reading of the source, and those of bytes are many.
    sizes = np.where(least > LEAST, least - least % COARSE, least)
    for size in np.unique(sizes[sizes > 0]).tolist():
        keys = number_passages(ids, size)
        starts = np.flatnonzero(sizes[: len(keys)] == size)
        found = _find_passages(keys[starts], source, size)
        places |= {at: found.get(int(keys[at]), []) for at in starts.tolist()}
    return places


def _find_passages(
    wanted: NDArray[np.uint64], source: NDArray[np.integer], size: int
) -> dict[int, list[int]]:
    """Where in a text each passage of some symbols stands, a few places each."""
    places: dict[int, list[int]] = {}
    for first in range(0, max(0, len(source) - size + 1), BLOCK):
        numbers = number_passages(source[first : first + BLOCK + size - 1], size)
        for place in np.flatnonzero(np.isin(numbers, wanted)).tolist():
            known = places.setdefault(int(numbers[place]), [])
            if len(known) < MOST_PLACES:
                known.append(first + place)
    return places


def _common_length(one: NDArray[np.integer], other: NDArray[np.integer]) -> int:
    """How many first symbols two texts have in common."""
    size = min(len(one), len(other))
    differ = np.flatnonzero(one[:size] != other[:size])
    return int(differ[0]) if len(differ) else size
