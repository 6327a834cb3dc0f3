"""Messages of the chat of a meeting that Zoom saved as text. Knows nothing of documents.

On a computer, a message begins with its time, who it is from and to whom, and stands behind a colon
or indented below; what Zoom itself keeps has tabs between time, name and text.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

HEAD = re.compile(
    r"\d{1,2}:\d\d:\d\d[ \t]+(?:From|Von|De|Da|Van)[ \t]+(?P<from>\S.{0,59}?)"
    r"(?:[ \t]+(?:[Tt]o|an|à|a|para|aan)[ \t]+\S.{0,199}?[ \t]*|[ \t]+):(?:[ \t]+(?P<said>.*))?$"
)
"""How a message begins that was saved on a computer."""
KEPT = re.compile(r"\d{1,2}:\d\d:\d\d\t(?P<from>[^\t:]{1,60}):\t(?P<said>.*)$")
"""How one begins that Zoom kept."""
_REACTION = re.compile(r"Reacted to \".*\" with .{1,40}|Removed a .{1,40} reaction from \".*\"")
_REPLY = re.compile(r"Replying to \".*\"$")


def read(file: File, write: Write) -> list[Note]:
    """Reads a chat of Zoom; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of a chat."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> text = "10:00:01 From Ann to Everyone:\n\tHi\n\tyou\n10:00:02\t From Ben : yes\n"
    >>> list(parse([text], Account()))
    [Message(speaker='Ann', text='Hi\nyou', talk=''), Message(speaker='Ben', text='yes', talk='')]
    """
    speaker, said = "", list[str]()
    for line in (line.rstrip("\r\n").lstrip(BOM) for line in split_lines(pieces)):
        if head := match_head(line):
            if speaker:
                yield from _finish(speaker, said, account)
            speaker, said = head["from"].strip(), [head["said"] or ""]
        elif speaker:
            said.append(line.removeprefix("\t"))
        else:
            account.left["line (before the first message)"] += bool(line.strip())
    if speaker:
        yield from _finish(speaker, said, account)


def match_head(line: str) -> re.Match[str] | None:
    """The beginning of a message, if a line is one."""
    return KEPT.match(line) or HEAD.match(line)


def _finish(speaker: str, said: Sequence[str], account: Account) -> Iterator[Message]:
    """A message whose lines are all there, without what nobody typed."""
    lines = strip_ends(said).strip("\n").split("\n")
    if _REACTION.fullmatch(lines[0]):
        account.left["reaction"] += 1
        return
    if len(lines) > 1 and _REPLY.match(lines[0]):
        account.left["quoted line"] += 1
        lines = lines[1:]
    yield Message(speaker, "\n".join(lines).strip("\n"))
