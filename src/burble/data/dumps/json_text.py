"""JSON of any size as values, one after the other. Knows nothing of files or fields.

Whatever fits into memory many times over is read whole by the `json` module; what is larger, such
as a list of millions of objects, is entered and read value by value. Objects come as tuples of
their names and values where it matters that one name may stand there twice.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from burble.errors import SourceError
from burble.formatting import some

MOST = 1 << 25
"""Characters of one value that is read whole; more is no record of a text but a whole file."""
DEEPEST = 100
"""Lists and objects within each other that are entered."""
_CHUNK = 1 << 15
_DOUBT = 16
"""Characters before the end of what is held in which any damage may be a value that is cut."""
_SPACE = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"[-+.eE0-9]*")
_BETWEEN = re.compile(r'[ \t\n\r]*,[ \t\n\r]*("|\{[ \t\n\r]*"[^"\\]*")')
"""What parts a value in a list from a text, or from an object and its first name."""
_NUMBERS = (int, float)


def read_digits(digits: str) -> float:
    """A whole number of any length; of thousands of digits, which none needs, about."""
    return int(digits) if len(digits) < 1_000 else float(digits)


_AS_DICTS = json.JSONDecoder(), json.JSONDecoder(parse_int=read_digits)
"""What reads values; and what reads numbers, too, that Python refuses to read, but slower."""
_AS_PAIRS = (
    json.JSONDecoder(object_pairs_hook=tuple),
    json.JSONDecoder(object_pairs_hook=tuple, parse_int=read_digits),
)
scan_pairs: Callable[[str, int], tuple[Any, int]] = vars(_AS_PAIRS[0])["scan_once"]
"""The value at a place of a text, and where it ends: several times as quick as `json.loads`."""
read_pairs: Callable[[str], Any] = _AS_PAIRS[1].decode
"""The value that is all of a text."""


def to_plain(value: Any, note: Callable[[str], object]) -> Any:
    """A value with objects as dictionaries.

    Args:
        value: The value, with objects as tuples of names and values.
        note: Takes each name that an object has more than once; its last value is kept.

    Raises:
        RecursionError: Values lie too deep in each other.
    """
    if type(value) is list:
        for place, one in enumerate(value):
            if type(one) in (list, tuple):
                value[place] = to_plain(one, note)
        return value
    if type(value) is not tuple:
        return value
    found: dict[str, Any] = {}
    for name, one in value:
        if name in found:
            note(name)
        found[name] = to_plain(one, note) if type(one) in (list, tuple) else one
    return found


class JsonText:
    """JSON that is read from its start.

    Args:
        pieces: The whole text, cut anywhere.
        name: What to call it.
        again: Gives the text again from its start, to count lines up to what is damaged. Without
            it they are counted as they are read, which takes a while.
        pairs: Whether objects come as tuples of their names and values.
    """

    def __init__(
        self,
        pieces: Iterable[str],
        name: str,
        again: Callable[[], Iterable[str]] | None = None,
        *,
        pairs: bool = False,
    ) -> None:
        self._pieces, self._name, self._again = iter(pieces), name, again
        self._held, self._at, self._lines, self._passed = "", 0, 0, 0
        self._is_even = True
        self._decoder, self._patient = _AS_PAIRS if pairs else _AS_DICTS

    def peek(self) -> str:
        """The character that comes next, white space aside; empty at the end."""
        while True:
            space = _SPACE.match(self._held, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._held):
                return self._held[self._at]
            if not self._fill():
                return ""

    def read(self) -> Any:
        """The value that comes next.

        Raises:
            SourceError: It is no JSON, or too large or too deep.
        """
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._held, self._at)
            except json.JSONDecodeError as error:
                sure = error.pos < len(self._held) - _DOUBT and "Unterminated" not in error.msg
                self._check_size()
                if sure or not self._fill():
                    why = error.msg.removesuffix(" starting at")
                    raise SourceError(self._describe(f"is not JSON: {why}", error.pos)) from error
                continue
            except ValueError:
                value, end = self._patient.raw_decode(self._held, self._at)
            except RecursionError as error:
                raise self._refuse_depth() from error
            # A number that ends where the text is cut may go on.
            cut = _NUMBER.fullmatch(self._held, end) if type(value) in _NUMBERS else None
            if not cut or not self._fill():
                self._at = end
                return value

    def enter(self) -> Iterator[str]:
        """Goes through the list or object that comes next.

        Yields:
            The key of each value, empty in a list. Whoever takes it reads or skips the value.

        Raises:
            SourceError: It is damaged.
        """
        is_list = self._take("[{") == "["
        closing = "]" if is_list else "}"
        if self.peek() == closing:
            self._take(closing)
            return
        while True:
            if is_list:
                yield ""
            else:
                if self.peek() != '"':
                    raise SourceError(self._describe("is not JSON: a name in quotes is missing"))
                key: str = self.read()
                self._take(":")
                yield key
            if self._take(f",{closing}") == closing:
                return

    def read_list(self) -> Iterator[Any]:
        """The values of the list or object that comes next, each of which is held whole."""
        return chain.from_iterable(self._read_some())

    def _read_some(self) -> Iterator[list[Any]]:
        """The same, some values at a time."""
        is_list = self.peek() == "["
        for _ in self.enter():
            yield [self.read()]
            if is_list and self._is_even:
                yield self._read_alike()

    def _read_alike(self) -> list[Any]:
        """The values that follow in a list and are held, if all are parted as the next two are.

        They are read at once, several times as quick as one by one. If that text is a list, these
        are its values, wherever it was cut.
        """
        held, end = self._held, self._at
        between = _BETWEEN.match(held, end)
        if not between:
            return []
        begin = between.start(1)
        cut = held.rfind(held[end - 1 : between.end()], begin, begin + _CHUNK) + 1
        if not cut:
            return []
        try:
            values: list[Any] = self._decoder.decode(f"[{held[begin:cut]}]")
        except (ValueError, RecursionError):
            self._is_even = False
            return []
        self._at = cut
        return values

    def skip(self, depth: int = 0) -> None:
        """Passes over the value that comes next, of whatever size."""
        if self.peek() not in ("[", "{"):
            self.read()
            return
        try:
            _, self._at = self._patient.raw_decode(self._held, self._at)
            return
        except json.JSONDecodeError:
            # It goes on beyond what is held, or is damaged, as will be seen.
            pass
        except RecursionError as error:
            raise self._refuse_depth() from error
        if depth > DEEPEST:
            raise self._refuse_depth()
        for _ in self.enter():
            self.skip(depth + 1)

    def check_end(self) -> None:
        """Refuses what stands after the whole.

        Raises:
            SourceError: Something does.
        """
        if self.peek():
            raise SourceError(
                self._describe("is not JSON: something follows the value that should be all of it")
            )

    def _take(self, marks: str) -> str:
        """The next character, which must be one of some."""
        found = self.peek()
        if not found or found not in marks:
            what = f"{found!r} came" if found else "the text ends"
            expected = " or ".join(marks)
            raise SourceError(self._describe(f"is not JSON: {what} where {expected} was expected"))
        self._at += 1
        return found

    def _fill(self) -> bool:
        """Holds more of the text, as much again as is left to read; whether there was any."""
        rest = self._held[self._at :]
        self._lines += 0 if self._again else self._held.count("\n", 0, self._at)
        self._passed += self._at
        parts, size, wanted = [rest], 0, max(_CHUNK, len(rest))
        for piece in self._pieces:
            parts.append(piece)
            size += len(piece)
            if size >= wanted:
                break
        self._held, self._at = "".join(parts), 0
        return size > 0

    def _check_size(self) -> None:
        """Refuses a value that would take too much memory."""
        if len(self._held) - self._at > MOST:
            raise SourceError(
                f"{self._name} has a value of more than {some(MOST, 'character')}, which is no "
                "record but a whole file. Name a field in a list within it, as in "
                f"{self._name}:items[].text."
            )

    def _refuse_depth(self) -> SourceError:
        """What to say of a value that Python does not read."""
        why = "its values lie too deep in each other"
        return SourceError(self._describe(f"cannot be read as JSON: {why}"))

    def _describe(self, what: str, at: int | None = None) -> str:
        """A sentence with the place at which something is wrong."""
        place = self._at if at is None else at
        line = 1 + self._lines + self._held.count("\n", 0, place)
        left = self._passed
        for piece in self._again() if self._again else ():
            line += piece.count("\n", 0, left)
            left -= min(left, len(piece))
            if not left:
                break
        return f"{self._name}, line {line:,}, {what}. Mend it there, or leave the file out."
