"""Where a text ends: at a length, at a stop string; and whether it has begun to loop.

Knows nothing of models: text goes in piece by piece, and comes out.
"""

from collections.abc import Sequence

LONGEST_LOOP = 300
LOOPED = 60
CALM = 1 << 30
"""Characters of a text without end that may come before anything has to be looked at."""


class Cutter:
    """Passes one text on until a stop string or a length, whichever comes first.

    Text that may yet turn out to be the beginning of a stop string is held back, so that no part
    of one is ever written.

    Args:
        stops: Strings at which to stop, none of them empty.
        length: Characters at most; None sets no end.
    """

    def __init__(self, stops: Sequence[str], length: int | None) -> None:
        self.done = length == 0
        self._stops = tuple(stops)
        self._left = length
        self._held = ""

    @property
    def calm(self) -> int:
        """Characters that may come before the next one could end the text; none where any could."""
        if self._stops or self.done:
            return 0
        return CALM if self._left is None else max(0, self._left - 1)

    @property
    def left(self) -> int:
        """Characters that may come before the text ends by its length; a large number without."""
        return CALM if self._left is None else self._left

    def pass_by(self, count: int) -> None:
        """Takes note of so many characters, of the `calm` ones, that were written without it."""
        if self._left is not None:
            self._left -= count

    def feed(self, piece: str) -> str:
        """Takes the next piece and returns what may be written now; see `done` for the end."""
        if self._left is not None:
            piece = piece[: self._left]
            self._left -= len(piece)
        if self._stops:
            piece = self._stopped(piece)
        self.done = self.done or self._left == 0
        return piece + self.finish() if self.done else piece

    def finish(self) -> str:
        """Ends the text and returns what was held back."""
        self.done = True
        rest, self._held = self._held, ""
        return rest

    def _stopped(self, piece: str) -> str:
        """What may be written once a piece was read, up to the stop string that is whole first.

        A symbol may have several characters: they are read one by one, so that the end does not
        depend on where symbols begin.
        """
        ready = ""
        for char in piece:
            self._held += char
            whole = [len(stop) for stop in self._stops if self._held.endswith(stop)]
            if whole:
                self._held = self._held[: -max(whole)]
                self.done = True
                break
            ready += self._release()
        return ready

    def _release(self) -> str:
        """What can belong to no stop string any more."""
        keep = max(_overlap(self._held, stop) for stop in self._stops)
        cut = len(self._held) - keep
        ready, self._held = self._held[:cut], self._held[cut:]
        return ready


def _overlap(held: str, stop: str) -> int:
    """The length of the longest end of `held` that begins `stop`."""
    longest = min(len(held), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if stop.startswith(held[-n:])), 0)


def find_loop(text: str) -> str:
    """What a text repeats without end, as far as can be seen; empty where it does not loop.

    A text loops when its last 60 characters or more are one phrase, four times or oftener.

    >>> find_loop("Once " + "upon a time " * 6)
    'upon a time '
    >>> find_loop("Once upon a time there was a cat.")
    ''
    """
    for period in range(1, min(LONGEST_LOOP, len(text) // 4) + 1):
        length = max(4 * period, LOOPED)
        end = text[-length:]
        if len(end) == length and end[period:] == end[:-period]:
            return text[-period:]
    return ""
