"""Prompts made ready for a model: cleaned as its corpus was, unknown symbols dealt with, encoded.

Knows nothing of networks or sampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from burble.data import cleaning
from burble.data.vocabulary import Vocabulary, describe, split
from burble.errors import EncodingError, VocabularyError
from burble.formatting import some
from burble.inference.open_ends import OpenEnd, find_open_end
from burble.inference.settings import Unknown
from burble.model.file import Model
from burble.settings import require


@dataclass(frozen=True)
class Prompt:
    """A prompt made ready for a model.

    Attributes:
        text: As the model reads it.
        ids: The symbols that it is, shape (symbols,); never empty.
        notes: What was changed in it, a sentence each.
        end: What stands at its end and may become another symbol by what follows, if anything.
        lead: What stands before a text that is all end.
    """

    text: str
    ids: NDArray[np.integer]
    notes: tuple[str, ...] = ()
    end: OpenEnd | None = None
    lead: int = 0

    @property
    def primed(self) -> NDArray[np.integer]:
        """What primes the model: all but the end, shape (symbols,); never empty."""
        if self.end is None:
            return self.ids
        before = self.ids[: -self.end.size]
        return before if len(before) else np.array([self.lead], np.intp)

    @property
    def owed(self) -> str:
        """What is written again before the text goes on."""
        return self.end.text if self.end else ""


def prepare_prompt(prompt: str, model: Model, unknown: Unknown = "error") -> Prompt:
    """Cleans a prompt as the corpus was cleaned, and encodes it.

    Args:
        prompt: Any text, of any length. An empty one starts a document or a line. Where documents
            hold no symbol of what the model writes between two, that parts them here as well.
        model: The model that is to read it.
        unknown: What to do with symbols the model never saw: refuse, leave them out, or take
            the nearest it knows (other case, plain quotes, no accent).

    Raises:
        VocabularyError: The prompt has unknown symbols and `unknown` leaves them.
        EncodingError: It has bytes that are no text, as a terminal of another encoding gives them.
        SettingsError: There is no such way to deal with unknown symbols.
    """
    expected = "error, skip or nearest"
    require(unknown in ("error", "skip", "nearest"), "unknown", unknown, expected)
    require(isinstance(prompt, str), "prompt", prompt, "a text")
    other = "or of another encoding in a file: --prompt-file FILE --encoding NAME"
    _check_bytes(prompt, "the prompt", f"Give it in UTF-8, {other}")
    vocabulary = model.vocabulary
    cleaned, changes = cleaning.clean(prompt, model.text)
    sentences = changes.describe()
    notes = [f"In the prompt: {', '.join(sentences)}."] if sentences else []
    documents, replaced = _replace_unknown(_part_documents(cleaned, model), model, unknown)
    notes += replaced
    if vocabulary.unit == "grapheme" and any(
        [*vocabulary.split(one)] != [*split(one, vocabulary.unit)] for one in documents
    ):
        notes.append(f"The prompt was cut into the model's own symbols: {vocabulary.cut_note}.")
    lead = [vocabulary.boundary_id] if vocabulary.boundary else []
    ids = [i for text in documents for i in (*lead, *vocabulary.encode(text, "prompt"))]
    # What is given nothing begins after a line's end, or its first symbol.
    lead_id = vocabulary.ids.get("\n", 0)
    primed = np.array(ids or [lead_id], np.intp)
    end = find_open_end(documents[-1], vocabulary)
    return Prompt(model.separator.join(documents), primed, tuple(notes), end, lead_id)


def _part_documents(cleaned: str, model: Model) -> list[str]:
    """The documents of a prompt: what the model writes between two is no symbol of one, if that."""
    vocabulary, separator = model.vocabulary, model.separator
    if not (vocabulary.boundary and separator and vocabulary.unknown(separator)):
        return [cleaned]
    documents = cleaned.split(separator)
    ends = (separator[:end] for end in range(len(separator) - 1, 0, -1))
    begun = next((end for end in ends if documents[-1].endswith(end)), "")
    if vocabulary.unknown(begun):
        # Of what it wrote itself a length can have cut that off.
        documents[-1:] = [documents[-1].removesuffix(begun), ""]
    return documents


def prepare_ids(ids: Sequence[int], model: Model) -> Prompt:
    """A prompt that is given as the ids of its symbols.

    Args:
        ids: As the model numbers its symbols. Of a model of documents the id of their edge may
            stand before the others; it is put there where it does not.
        model: The model that is to read it.

    Raises:
        VocabularyError: An id that the model does not have.
    """
    vocabulary = model.vocabulary
    wrong = next((one for one in ids if not 0 <= one < vocabulary.size), None)
    if wrong is not None:
        raise VocabularyError(
            f"the prompt has the id {wrong}, and those of this model are 0 to "
            f"{vocabulary.size - 1:,}. Take ids that this model gave to a text."
        )
    edge = vocabulary.boundary_id
    if vocabulary.unit == "bytes":
        _check_whole_characters(ids, vocabulary)
    lead = [] if edge is None or [*ids[:1]] == [edge] else [edge]
    whole = [*lead, *ids] or [vocabulary.ids.get("\n", 0)]
    known = np.array(ids, np.intp)[1 if edge is not None and not lead else 0 :]
    return Prompt(vocabulary.decode(known, model.separator), np.array(whole, np.intp))


def _check_whole_characters(ids: Sequence[int], vocabulary: Vocabulary) -> None:
    """Refuses bytes that are no text."""
    try:
        vocabulary.join(ids).encode("utf-8", "surrogateescape").decode()
    except UnicodeDecodeError as error:
        raise VocabularyError(
            f"the ids of the prompt are bytes that are no UTF-8: byte {error.start + 1} begins no "
            "whole character. Give whole characters."
        ) from error


def _check_bytes(given: str, what: str, advice: str) -> None:
    """Refuses what came as bytes that are no text: Python keeps them as halves of pairs."""
    odd = next((place for place, char in enumerate(given) if "\ud800" <= char <= "\udfff"), None)
    if odd is not None:
        code = ord(given[odd])
        shown = f"the byte 0x{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"U+{code:04X}"
        raise EncodingError(
            f"{what} is no text in UTF-8: after {some(odd, 'character')} comes {shown}. {advice}"
        )


def draw_piece(symbols: NDArray[Any], length: int, seed: int) -> NDArray[Any]:
    """A random piece of a text's symbols or ids: `length` of them, or all there are."""
    last = max(0, len(symbols) - length)
    first = int(np.random.default_rng([seed, length]).integers(last + 1))
    return symbols[first : first + length]


def draw_prompt(model: Model, seed: int) -> str:
    """What to go on from where nothing is given: a random window, where the model needs one."""
    if not model.window:
        return ""
    symbols = model.vocabulary.split(cleaning.clean(model.excerpt, model.text)[0])
    return "".join(draw_piece(np.array([*symbols], object), model.window, seed))


def _replace_unknown(
    documents: list[str], model: Model, unknown: Unknown
) -> tuple[list[str], list[str]]:
    """Documents without unknown symbols, and a sentence for each that was there."""
    notes = list[str]()
    while unknown != "error" and any(map(model.vocabulary.unknown, documents)):
        documents, replaced = _replace_once(documents, model.vocabulary, unknown)
        notes += replaced
        # What stood on either side of what is gone may now be one symbol, and unknown: it goes too.
        documents = [cleaning.clean(text, model.text)[0] for text in documents]
        unknown = "skip"
    return documents, notes


def _replace_once(
    documents: Sequence[str], vocabulary: Vocabulary, unknown: Unknown
) -> tuple[list[str], list[str]]:
    """Documents whose unknown symbols were replaced or left out, and a sentence for each."""
    swaps = {
        symbol: "" if unknown == "skip" else cleaning.find_nearest(symbol, vocabulary.ids)
        for text in documents
        for symbol in vocabulary.unknown(text)
    }
    notes = [
        f"The prompt's {describe(old)} was {f'read as {new!r}' if new else 'left out'}."
        for old, new in swaps.items()
    ]
    known = ["".join(swaps.get(s, s) for s in vocabulary.split(text)) for text in documents]
    return known, notes


def prepare_stops(stop: str | tuple[str, ...] | list[str], model: Model) -> tuple[str, ...]:
    """Stop strings as the model would write them, each one possible.

    Raises:
        VocabularyError: The model can never write one of them.
        EncodingError: One has bytes that are no text.
    """
    given = (stop,) if isinstance(stop, str) else tuple(stop)
    for one in given:
        _check_bytes(one, "a stop string", "Give it in UTF-8.")
    stops = tuple(cleaning.clean(s, model.text)[0] for s in given)
    for old, new in zip(given, stops, strict=True):
        if not new or model.vocabulary.unknown(new).keys() - set(model.separator):
            raise VocabularyError(
                f"this model can never write the stop string {old!r}. Choose one made of symbols "
                "it knows."
            )
    return stops
