"""Messages of a chat that one of the tools for it exported from Signal: signal-export or sigtop.

Signal has no export of its own. Read are signal-export's `data.json` and `chat.md`, and sigtop's
text, short text and JSON. Knows nothing of documents.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.cleaning import BOM
from burble.data.dumps.json_objects import read_lines, read_objects
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

MARKED = re.compile(r"\[\d{4}-\d\d-\d\d,? \d\d:\d\d(?::\d\d)?\] ([^:\n]{1,60}): ?(.*)")
SHORT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d ([^:\n]{1,60}):(?: (.*)|$)")
FIELD = re.compile(r"(From|Type|Sent|Received|Attachment|Reaction|Edited): (.*)")
CONVERSATION = "Conversation: "
NOTED = re.compile(
    r"\(- .{1,99}: .{1,99} -\)$|!?\[[^\]\n]*\]\(\.{1,2}/|> |\[(?:reply to |edited|\d+ attachments?)"
)
"""What the tools write into texts, and hardly anybody else."""
_DETAILS = re.compile(r"\[(?:reply to [^\]]*|edited|\d+ attachments?)(?:, [^\]]*)?\]\s?")
_KIND = re.compile(r"\[[\w-]+ message\]$")
_REACTIONS = re.compile(r"\(- .* -\)$")
_STICKER = re.compile(r"\(\( .* \)\)$")
_FILE = re.compile(r"!?\[[^\]\n]*\]\(\.{1,2}/[^)\n]*\)\s*")
_IN_BRACKETS = re.compile(r" \([^()]*\)$")


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of Signal; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export, of whichever tool."""
    head = next(file.text(), "").lstrip(f"{BOM} \t\r\n")
    if head.startswith("{"):
        return _read_json(read_lines(file), file.account)
    if head.startswith("[{") or (head[:1] == "[" and head[1:].lstrip().startswith("{")):
        return _read_json(read_objects(file, lambda _depth, _name: False), file.account)
    if head.startswith(CONVERSATION):
        return parse_fields(file.text(), file.account)
    pattern = MARKED if MARKED.match(head) else SHORT
    return parse(file.text(), file.account, pattern)


def _read_json(values: Iterable[dict[str, Any]], account: Account) -> Iterator[Message]:
    """The messages in JSON, of which each tool has names of its own."""
    for one in values:
        kind = one.get("type")
        if one.get("deleted") or one.get("isErased"):
            account.left["deleted message"] += 1
        elif one.get("call") or kind not in (None, "incoming", "outgoing"):
            account.left["system line (calls, groups, keys)"] += 1
        else:
            account.left["quoted message"] += bool(one.get("quote"))
            files = one.get("attachments")
            account.left["attachment"] += len(files) if isinstance(files, list) else 0
            account.left["list of reactions"] += bool(one.get("reactions"))
            other = one.get("sender") or one.get("source") or one.get("sourceServiceId")
            name = "You" if kind == "outgoing" else other or one.get("conversationId")
            body = one.get("body")
            yield Message(str(name or "?"), body if isinstance(body, str) else "")


def parse(
    pieces: Iterable[str], account: Account, pattern: re.Pattern[str] = MARKED
) -> Iterator[Message]:
    r"""The messages in a text where each begins with its time and its speaker.

    >>> list(parse(["[2024-01-02 10:00:00] Me: Hi\nyou\n"], Account()))
    [Message(speaker='Me', text='Hi\nyou', talk='')]
    """
    speaker, lines = "", list[str]()
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        if head := pattern.match(line.lstrip(BOM)):
            if speaker:
                yield _finish(speaker, lines, account)
            speaker, lines = head[1], [head[2] or ""]
        elif speaker:
            lines.append(line)
        elif line.strip():
            account.left["line (before the first message)"] += 1
    if speaker:
        yield _finish(speaker, lines, account)


def _finish(speaker: str, lines: list[str], account: Account) -> Message:
    """A message without what the tool noted of it."""
    kept = list[str]()
    for line in lines:
        if _REACTIONS.fullmatch(line) or _STICKER.fullmatch(line):
            account.left["reaction"] += 1
        elif (line == ">" or line.startswith("> ")) and not strip_ends(kept).strip():
            account.left["quoted line"] += 1
        else:
            plain, files = _FILE.subn("", line)
            account.left["media line"] += files
            kept.append(plain)
    text, details = _DETAILS.subn("", strip_ends(kept).lstrip("\n"), count=1)
    account.left["note (of a reply, an edit or a file)"] += details
    if text == "(This message was deleted)":
        account.left["deleted message"] += 1
        text = ""
    elif _KIND.fullmatch(text):
        text = ""
    return Message(speaker, text)


def parse_fields(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text of sigtop: fields, a blank line, and what was said.

    >>> text = "Conversation: Ann (+1)\n\nFrom: You\nType: outgoing\nSent: Mon\n\nHi\n\n"
    >>> list(parse_fields([text], Account()))
    [Message(speaker='You', text='Hi', talk='')]
    """
    fields, lines, inside = dict[str, str](), list[str](), False
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        found = FIELD.match(line)
        # A body is followed by a blank line, so that what looks like a field begins a message.
        if found and found[1] in ("From", "Type") and (not lines or not lines[-1].strip()):
            if found[1] == "From" or inside:
                yield from _finish_fields(fields, lines, account)
                fields, lines, inside = {}, [], False
            fields[found[1]] = found[2]
        elif not fields:
            account.left["line (before the first message)"] += bool(line.strip())
        elif not inside and found:
            fields[found[1]] = found[2]
        elif not inside:
            inside = True
        elif line.startswith((">", "|")):
            account.left["quoted line"] += 1
        else:
            lines.append(line)
    yield from _finish_fields(fields, lines, account)


def _finish_fields(fields: dict[str, str], lines: list[str], account: Account) -> Iterator[Message]:
    """The message of some fields, if they are of one."""
    if fields.get("Type") not in (None, "incoming", "outgoing"):
        account.left["system line (calls, groups, keys)"] += 1
    elif fields:
        yield Message(_IN_BRACKETS.sub("", fields.get("From", "?")), strip_ends(lines))
