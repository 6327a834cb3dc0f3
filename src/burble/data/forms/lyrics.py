"""Lyrics with the times at which they are sung (.lrc) to text. Knows nothing of files."""

import re
from collections.abc import Iterable, Iterator

from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

_TIMES = re.compile(r"(?:\[\d{1,3}:\d\d(?:[.:]\d{1,3})?\]\s*)+")
_WITHIN = re.compile(r"<\d{1,3}:\d\d(?:[.:]\d{1,3})?>\s?")
_ABOUT = re.compile(r"\[[A-Za-z#]+:[^\]]*\]$")


def read(file: File, write: Write) -> list[Note]:
    """Reads lyrics; see `forms.form`."""
    write(read_lines(file.text(), file.account))
    return []


def read_lines(pieces: Iterable[str], account: Account) -> Iterator[str]:
    r"""The lines of a song, each once, however often it is sung.

    >>> list(read_lines(["[ar:Ann]\n[00:12.00][00:45.10]Oh the <00:13.00>lamps\n"], Account()))
    ['Oh the lamps\n']
    """
    for line in (line.strip().lstrip(BOM) for line in split_lines(pieces) if line):
        if _ABOUT.match(line):
            account.left["tag of the song"] += 1
            continue
        times = _TIMES.match(line)
        text, within = _WITHIN.subn("", line[times.end() :] if times else line)
        account.taken["line"] += bool(text.strip())
        account.left["time"] += within + (times[0].count("[") if times else 0)
        yield f"{text.strip()}\n"
