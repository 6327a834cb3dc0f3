"""Labels of documents: which there are, and which of them each document has.

A label is the value of a column (a field, or a file's own name) beside a text, such as its poet.
Labels are numbered from 1, column after column, so that one number says which it is; 0 is none.
Knows nothing of how they are read, nor of models.
"""

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from burble.errors import SettingsError, SourceError
from burble.formatting import listed, some

Numbers = NDArray[np.int32]
MOST = 10_000
"""Labels of a text at most, all columns together."""
LONGEST = 200
"""Characters of a label at most; what is longer is a text."""
FEW = 5
"""Documents of each label, on average, below which hardly any can be learned."""
SHOWN = 20
"""Columns and labels that are named at most."""
_NAMED = 12


@dataclass(frozen=True)
class LabelSet:
    """The labels that there are.

    Attributes:
        columns: Where they stand, by name.
        values: Those of each column, in the order of their code points.
    """

    columns: tuple[str, ...] = ()
    values: tuple[tuple[str, ...], ...] = ()

    def __len__(self) -> int:
        """How many there are, in all columns."""
        return sum(map(len, self.values))

    @cached_property
    def numbers(self) -> list[dict[str, int]]:
        """The number of each label, for each column."""
        found, before = [], 1
        for values in self.values:
            found.append({value: number for number, value in enumerate(values, before)})
            before += len(values)
        return found

    def find(self, given: "GivenLabels") -> tuple[int, ...]:
        """The numbers of labels that a person names, one for each column; 0 where none is named.

        Args:
            given: `{"poet": "Dickinson"}`, `"poet=Dickinson"`, or several such texts. A value that
                is empty is no label.

        Raises:
            SettingsError: There is no such column or label, or a column is named twice.

        >>> LabelSet(("poet",), (("Dickinson", "Whitman"),)).find("poet=whitman")
        (2,)
        """
        named = self._split(given)
        if named and not self.columns:
            raise SettingsError(
                f"label is {given!r}, but this model was trained without labels. Leave it out, or "
                "train with labels: burble train TABLE.csv:TEXT --label COLUMN"
            )
        chosen = dict.fromkeys(self.columns, 0)
        for column, value in named:
            if chosen.get(column):
                raise SettingsError(f"label names {column!r} twice. Give one label of it.")
            if column not in chosen:
                known = listed([*map(repr, self.columns)], most=SHOWN)
                raise SettingsError(
                    f"label names {column!r}, but the labels of this model are of {known}. Give "
                    f"it as {self.columns[0]}=VALUE."
                )
            chosen[column] = self._find_value(self.columns.index(column), value)
        return tuple(chosen.values())

    def _split(self, given: "GivenLabels") -> list[tuple[str, str]]:
        """Labels as pairs of a column and a value; either may hold a sign of equality."""
        if isinstance(given, Mapping):
            pairs = [*given.items()]
        else:
            several = (
                given if isinstance(given, Sequence) and not isinstance(given, str) else [given]
            )
            pairs = [self._split_one(one) for one in several]
        if not all(isinstance(part, str) for pair in pairs for part in pair):
            raise SettingsError(f"label is {given!r}, but must be COLUMN=VALUE, both of them text.")
        return [(column.strip(), value) for column, value in pairs]

    def _split_one(self, text: str) -> tuple[str, str]:
        """The column and the value in one text."""
        if not isinstance(text, str) or "=" not in text:
            example = f"{self.columns[0]}=VALUE" if self.columns else "poet=Dickinson"
            raise SettingsError(f"label is {text!r}, but must be COLUMN=VALUE, as in {example}.")
        places = [place for place, letter in enumerate(text) if letter == "="]
        pairs = [(text[:place], text[place + 1 :]) for place in places]
        return next((pair for pair in pairs if pair[0].strip() in self.columns), pairs[0])

    def _find_value(self, place: int, value: str) -> int:
        """The number of a label of a column: as it is, or but for its case where that is plain."""
        numbers, clean = self.numbers[place], clean_label(value)
        if not clean:
            return 0
        alike = [number for one, number in numbers.items() if one.casefold() == clean.casefold()]
        found = numbers.get(clean, alike[0] if len(alike) == 1 else 0)
        if not found:
            known = listed([*map(repr, numbers)], most=SHOWN)
            raise SettingsError(
                f"label {self.columns[place]}={value} is none that this model was trained on. It "
                f"knows {known}."
            )
        return found

    def renumber(self, other: "Labels") -> Numbers:
        """The labels of documents that were numbered otherwise; those it does not know are none.

        Args:
            other: Of D documents.

        Returns:
            Shape (D, columns).
        """
        found = np.zeros((len(other.numbers), len(self.columns)), np.int32)
        for place, column in enumerate(self.columns):
            if column not in other.names.columns:
                continue
            theirs = other.names.columns.index(column)
            table = np.zeros(len(other.names) + 1, np.int32)
            for value, number in other.names.numbers[theirs].items():
                table[number] = self.numbers[place].get(value, 0)
            found[:, place] = table[other.numbers[:, theirs]]
        return found

    def shared_with(self, others: "LabelSet") -> NDArray[np.intp]:
        """The labels that are among others too: the place of each here and there, shape (n, 2)."""
        mine = dict(zip(self.columns, self.numbers, strict=True))
        pairs = [
            (mine[column][value] - 1, number - 1)
            for column, known in zip(others.columns, others.numbers, strict=True)
            for value, number in known.items()
            if value in mine.get(column, {})
        ]
        return np.array(pairs, np.intp).reshape(-1, 2)

    def describe(self, numbers: Sequence[int]) -> dict[str, str]:
        """The labels of some numbers, by their columns; without columns that have none."""
        flat = [value for values in self.values for value in values]
        named = zip(self.columns, numbers, strict=True)
        return {column: flat[number - 1] for column, number in named if number}


UNLABELLED = LabelSet()
"""No labels."""
GivenLabels = str | Mapping[str, str] | Sequence[str]
"""Labels as a person names them; see `LabelSet.find`."""


@dataclass(frozen=True)
class Labels:
    """The labels of the documents of a text.

    Attributes:
        names: Which labels there are.
        numbers: Those of each document, shape (D, columns).
        missing: What to say where a column is in no source; empty where all were found.
        notes: A sentence for each column that is missing in some sources.
    """

    names: LabelSet
    numbers: Numbers
    missing: str = ""
    notes: tuple[str, ...] = ()

    def take(self, documents: NDArray[np.integer] | slice) -> "Labels":
        """The labels of some documents."""
        return replace(self, numbers=self.numbers[documents])

    @property
    def sha256(self) -> str:
        """A fingerprint of the labels of all documents."""
        named = json.dumps([self.names.columns, self.names.values])
        digest = hashlib.sha256(named.encode())
        digest.update(np.asarray(self.numbers, "<i4").tobytes())
        return digest.hexdigest()

    def count(self) -> dict[str, dict[str, int]]:
        """How many documents have each label, by column; those without one by an empty name."""
        counts = np.bincount(self.numbers.ravel(), minlength=len(self.names) + 1)
        found = {}
        for place, column in enumerate(self.names.columns):
            known = self.names.numbers[place]
            found[column] = {value: int(counts[number]) for value, number in known.items()}
            without = int(np.count_nonzero(self.numbers[:, place] == 0))
            found[column] |= {"": without} if without else {}
        return found

    def summarize(self) -> list[str]:
        """A sentence for each column: its labels, and how many documents have them."""
        columns = self.count().items()
        return [*(_summarize_column(column, counts) for column, counts in columns), *self.notes]

    def check(self) -> None:
        """Refuses labels that nothing can be learned from.

        Raises:
            SourceError: A column is in no source, or holds no label; there are too many labels, or
                they are texts.
        """
        if self.missing:
            raise SourceError(self.missing)
        for column, values in zip(self.names.columns, self.names.values, strict=True):
            if not values:
                raise SourceError(
                    f"the column {column!r} holds no label: all its cells are empty. Name another "
                    "column with --label, or leave it out."
                )
            if longest := [value for value in values if len(value) > LONGEST]:
                raise SourceError(
                    f"a label of {column!r} has {len(longest[0]):,} characters: "
                    f"{longest[0][:40]!r} …; a label has at most {LONGEST}. Is that column a text?"
                )
        if len(self.names) > MOST:
            raise SourceError(
                f"there are {len(self.names):,} labels, and a model has at most {MOST:,}. Name "
                "columns with --label whose values occur again and again."
            )


def _summarize_column(column: str, counts: Mapping[str, int]) -> str:
    """What to say of the labels of one column."""
    known = {value: count for value, count in counts.items() if value}
    named = [f"{value!r} {count:,}" for value, count in _most_common(known)]
    none = counts.get("", 0)
    rest = f"; {some(none, 'document')} without one" if none else ""
    sentence = (
        f"Labels of {column!r}, {len(known):,} in all, with their documents: "
        f"{listed(named, most=_NAMED)}{rest}."
    )
    if len(known) > 1 and sum(known.values()) < FEW * len(known):
        mean = sum(known.values()) / len(known)
        sentence += f" With {mean:.1f} documents each, hardly any of them will be learned."
    return sentence


def _most_common(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Names and counts, the highest first."""
    return sorted(counts.items(), key=lambda one: -one[1])


@dataclass(frozen=True)
class PlaceLabels:
    """The labels at the places of a text.

    Attributes:
        starts: Where documents, or parts of them, begin, shape (D,).
        numbers: The labels of each, shape (D, columns).
    """

    starts: NDArray[np.int64]
    numbers: Numbers

    def starting_at(self, place: int) -> "PlaceLabels":
        """The same for a text without what stands before a place."""
        return replace(self, starts=self.starts - place)

    def at(self, places: NDArray[np.integer]) -> Numbers:
        """The labels at some places, shape (..., columns) for places of any shape."""
        found = np.searchsorted(self.starts, places, side="right") - 1
        return self.numbers[np.maximum(found, 0)]


def clean_label(value: str) -> str:
    r"""A label without white space around it, and with single blanks inside.

    >>> clean_label(" Emily\n  Dickinson ")
    'Emily Dickinson'
    """
    # Half a surrogate pair, which JSON can hold, could be neither printed nor stored.
    whole = value.encode("utf-8", "replace").decode()
    return " ".join(unicodedata.normalize("NFC", whole).split())
