"""What the server counts, in the text format of Prometheus. Knows nothing of what is counted."""

import threading
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper ends of the groups that seconds are counted in."""
DESCRIBED: Mapping[str, tuple[str, str]] = {
    "burble_requests_total": ("counter", "Requests, by path, method and status."),
    "burble_completion_seconds": ("histogram", "Seconds that requests for completions took."),
    "burble_first_piece_seconds": ("histogram", "Seconds until the first piece of their texts."),
    "burble_unfinished_total": ("counter", "Completions that ended before they were whole."),
    "burble_characters_written_total": ("counter", "Characters that were written."),
    "burble_prompt_characters_total": ("counter", "Characters of prompts that were read."),
    "burble_rejected_total": ("counter", "Requests refused because too many texts waited."),
    "burble_texts_active": ("gauge", "Texts that are being written."),
    "burble_texts_waiting": ("gauge", "Texts that wait for room."),
}
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
"""Of the values of labels."""
Labels = tuple[tuple[str, str], ...]


class Metrics:
    """Numbers by name and labels; threads may share it.

    Source: the Prometheus exposition format, version 0.0.4.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._values: dict[str, dict[Labels, float]] = defaultdict(dict)
        self._groups: dict[str, dict[Labels, list[int]]] = defaultdict(dict)
        for name, (kind, _) in DESCRIBED.items():
            if kind != "histogram" and name != "burble_requests_total":
                self._values[name][()] = 0.0

    def count(self, name: str, number: float = 1, **labels: str) -> None:
        """Adds to a counter."""
        key = tuple(sorted(labels.items()))
        with self._lock:
            values = self._values[name]
            values[key] = values.get(key, 0.0) + number

    def set(self, name: str, number: float) -> None:
        """Sets a gauge."""
        with self._lock:
            self._values[name][()] = number

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Counts a duration."""
        key = tuple(sorted(labels.items()))
        with self._lock:
            groups = self._groups[name].setdefault(key, [0] * (len(BOUNDS) + 1))
            groups[bisect_left(BOUNDS, seconds)] += 1
            values = self._values[name]
            values[key] = values.get(key, 0.0) + seconds

    def expose(self) -> str:
        """All of them, as Prometheus reads them."""
        with self._lock:
            return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        """The lines of `expose`."""
        for name, (kind, described) in DESCRIBED.items():
            yield f"# HELP {name} {described}"
            yield f"# TYPE {name} {kind}"
            for labels, value in sorted(self._values[name].items()):
                if kind != "histogram":
                    yield f"{name}{_braced(labels)} {value:.15g}"
                    continue
                yield from _histogram(name, labels, value, self._groups[name][labels])


def _histogram(name: str, labels: Labels, total: float, groups: Sequence[int]) -> Iterator[str]:
    """The lines of a histogram."""
    below = 0
    for bound, number in zip((*map("{:g}".format, BOUNDS), "+Inf"), groups, strict=True):
        below += number
        yield f"{name}_bucket{_braced((*labels, ('le', bound)))} {below}"
    yield f"{name}_sum{_braced(labels)} {total:.6f}"
    yield f"{name}_count{_braced(labels)} {below}"


def _braced(labels: Labels) -> str:
    r"""Labels as they stand behind a name.

    >>> _braced((("path", 'a"b'),))
    '{path="a\\"b"}'
    """
    named = ",".join(f'{name}="{value.translate(ESCAPES)}"' for name, value in labels)
    return f"{{{named}}}" if named else ""
