"""Whether a file is records in JSON, by how it begins. Knows nothing of its name or its fields."""

import json
import re

_STARTS = re.compile(
    r"\ufeff?\s*(?:window\.YTD\.[\w.]{1,60}\s*=\s*)?"
    r'(?=(?:\[\s*)?\{\s*"(?:[^"\\\n]|\\.){1,80}"\s*:|\[\s*"(?:[^"\\\n]|\\.)*"\s*,\s*")'
)
"""How records begin: an object in or without a list, or a list of texts. The archives of Twitter
are scripts that give a list a name."""
_DECODER = json.JSONDecoder()
_DOUBT = 100
"""Characters before the end of what is looked at in which damage may be a value that is cut."""


def is_records(head: str, *, cut: bool) -> bool:
    r"""Whether a text is JSON as far as it goes, as a program writes records.

    Args:
        head: How it begins.
        cut: Whether it goes on.

    >>> is_records('{"a": 1}\n{"a": 2}\n', cut=False), is_records('{"a": 1} and so on', cut=False)
    (True, False)
    >>> is_records('[{"text": "a"}, {"te', cut=True), is_records('[{"text": "a"}, {"te', cut=False)
    (True, False)
    """
    found = _STARTS.match(head)
    if not found:
        return False
    at, records = found.end(), 0
    while at < len(head):
        try:
            _, end = _DECODER.raw_decode(head, at)
        except json.JSONDecodeError as error:
            ends = "Unterminated" in error.msg or error.pos > len(head) - _DOUBT
            return cut and ends
        except (ValueError, RecursionError):
            # Numbers and nesting beyond what is read are still JSON, and are refused as such.
            return True
        rest = head[end:].lstrip()
        records += 1
        at = len(head) - len(rest)
        if rest and not rest.startswith("{"):
            return rest == ";"
        if records > 1:
            return True
    return True
