"""Objects out of lists in JSON, one after the other: messages of a chat, cells of a notebook."""

from collections.abc import Callable, Iterator
from typing import Any

from burble.data.dumps.json_text import JsonText
from burble.data.forms.form import File


def read_objects(
    file: File, into: Callable[[int, str], bool], seen: dict[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """The objects in the lists that are entered, whatever the size of the file.

    Args:
        file: The file.
        into: Whether to enter the value of a name, by how deep it lies: lists of objects, and what
            they lie in.
        seen: Takes plain values that stand before the lists, by their names.
    """
    text = JsonText(file.text(), file.name)
    yield from _walk(text, into, seen if seen is not None else {}, 0)
    text.check_end()


def _walk(
    text: JsonText, into: Callable[[int, str], bool], seen: dict[str, Any], depth: int
) -> Iterator[dict[str, Any]]:
    """The objects below one value."""
    if text.peek() == "[":
        for _ in text.enter():
            if depth and text.peek() == "{" and into(depth, "[]"):
                yield from _walk(text, into, seen, depth + 1)
                continue
            value = text.read()
            if isinstance(value, dict):
                yield value
        return
    for name in text.enter():
        if text.peek() in "[{":
            if into(depth, name):
                yield from _walk(text, into, seen, depth + 1)
            else:
                text.skip()
        else:
            seen[name] = text.read()


def read_lines(file: File) -> Iterator[dict[str, Any]]:
    """The objects of a file that has one on each line."""
    text = JsonText(file.text(), file.name)
    while text.peek():
        value = text.read()
        if isinstance(value, dict):
            yield value
