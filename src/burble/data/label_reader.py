"""Takes the labels of documents as their text is read. Knows nothing of how tables are read."""

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from burble.data.labels import SHOWN, Labels, LabelSet, clean_label
from burble.formatting import listed


class LabelReader:
    """Takes the labels of documents as these are read.

    Args:
        columns: Where the labels stand: columns or fields of tables; of what is no table, and of a
            table without that column, `file` is its name and `folder` that of its folder.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._seen: list[dict[str, int]] = [{"": 0} for _ in columns]
        self._numbers = array("i")
        self._name, self._given = "", [""] * len(columns)
        self._now = (0,) * len(columns)
        self._found: dict[str, set[str]] = {}
        self._tables: list[str] = []

    def begin_source(self, name: str, given: Mapping[str, str]) -> None:
        """What is read from now on is of another source, with labels of its own by column."""
        if not self.columns:
            return
        self._found[name] = given.keys() & set(self.columns)
        self._name, self._given = name, [given.get(column, "") for column in self.columns]
        self.set_row(self._given)

    def begin_table(self, name: str, columns: Sequence[str], found: Iterable[str]) -> None:
        """Notes the names of a table's columns, and those of them that were found."""
        if not self.columns:
            return
        self._found[self._name] |= {*found}
        self._tables.append(f"{name} has {listed([*map(repr, columns)], most=SHOWN)}")

    def set_row(self, values: Sequence[str | None]) -> None:
        """The documents that follow have these labels, one for each column; None for no column."""
        found = []
        for seen, value, given in zip(self._seen, values, self._given, strict=True):
            clean = clean_label(given if value is None else value)
            found.append(seen.setdefault(clean, len(seen)))
        self._now = tuple(found)

    def add(self, documents: int) -> None:
        """So many documents were read."""
        self._numbers.extend(self._now * documents)

    def finish(self, kept: Sequence[NDArray[np.bool_] | None]) -> Labels | None:
        """The labels of all documents; None where none were wanted.

        Args:
            kept: Which documents stay, and then which of those; None for all.
        """
        if not self.columns:
            return None
        raw = np.array(self._numbers, np.int32).reshape(-1, len(self.columns))
        for mask in kept:
            raw = raw if mask is None else raw[mask]
        values, numbers, before = [], np.zeros_like(raw), 0
        for place, seen in enumerate(self._seen):
            names = [*seen]
            there = sorted({names[i] for i in np.unique(raw[:, place])} - {""})
            table = np.zeros(len(names), np.int32)
            table[[seen[one] for one in there]] = np.arange(len(there)) + before + 1
            numbers[:, place] = table[raw[:, place]]
            values.append(tuple(there))
            before += len(there)
        found = LabelSet(self.columns, tuple(values))
        return Labels(found, numbers, self._describe_missing(), tuple(self._describe_without()))

    def _describe_without(self) -> Iterator[str]:
        """What to say of columns that some sources have, and others have not."""
        for column in self.columns:
            without = [name for name, found in self._found.items() if column not in found]
            if without:
                has = "has" if len(without) == 1 else "have"
                yield f"{listed(without)} {has} no column {column!r}, so no label of it."

    def _describe_missing(self) -> str:
        """What to say of columns that no source has."""
        missing = [
            column for column in self.columns if column not in set().union(*self._found.values())
        ]
        if not missing:
            return ""
        has = "; ".join(self._tables[:3])
        tables = f": {has}" if has else ", since none is a table read by a column, as p.csv:text is"
        return (
            f"no source has a column {missing[0]!r} for --label{tables}. Name one of its columns; "
            "file and folder name where a text is."
        )


NO_LABELS = LabelReader(())
"""Takes no labels."""
