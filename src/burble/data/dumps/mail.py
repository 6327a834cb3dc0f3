"""Mail: the texts of mboxes and of single messages, without what others wrote in them.

Knows nothing of where mail lies.
"""

import re
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr, parsedate
from typing import BinaryIO

from burble.data import encodings
from burble.data.dumps import quoted_mail
from burble.data.forms import html
from burble.data.forms.form import Account, File, Write
from burble.formatting import Note

BODY = "body"
"""The field that is read where none is named."""
_LONGEST = 1 << 26
"""Bytes of a message at most, attachments included."""
_LEGACY = "cp1252"
BEGINS = re.compile(rb"From \S.*\d\d:\d\d")
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_REPLY = re.compile(r"^(?:(?:re|aw|sv|fw|fwd|wg|antw)(?:\[\d+\])?:\s*)+", re.IGNORECASE)


def read(file: File, write: Write) -> list[Note]:
    """Reads each message as a document: its text, or the header that is named."""
    part = file.part.lower() or BODY
    found: Counter[str] = Counter()
    columns = file.labels.columns
    with file.open() as opened:
        for data in split_messages(opened, file.account):
            try:
                message = message_from_bytes(data)
                text = _read_part(message, part, file)
            except RecursionError:
                file.account.left["message (with parts too deep in each other)"] += 1
                continue
            if not text.strip():
                what = "text of its own" if part == BODY else part
                file.account.left[f"message (without {what})"] += 1
                continue
            file.account.taken["message" if part == BODY else f"message ({part} alone)"] += 1
            if columns:
                labels = [_read_label(message, column.lower()) for column in columns]
                found.update(c for c, label in zip(columns, labels, strict=True) if label)
                file.labels.set_row([label or None for label in labels])
            write([text])
    file.labels.begin_table(file.name, ["from", "to", "subject", "year"], found)
    return []


def _read_part(message: Message, part: str, file: File) -> str:
    """The text of a message, or one of its headers."""
    if part == BODY:
        return _read_body(message, file)
    return quoted_mail.join_lines(_read_header(message, part))


def split_messages(file: BinaryIO, account: Account) -> Iterator[bytes]:
    """The messages of an mbox, or the one that a file is.

    A line that begins with "From " begins a message if a blank line stands before it, and a time
    in it. Of such lines in a text, which have a mark before them, the mark is taken off.
    """
    lines, size, blank, is_mbox = list[bytes](), 0, True, False
    for number, line in enumerate(file):
        begins = blank and line.startswith(b"From ") and BEGINS.match(line)
        if begins and (is_mbox or number == 0):
            if is_mbox:
                yield from _join(lines, size, account)
            lines, size, is_mbox = [], 0, True
        else:
            size += len(line)
            if size <= _LONGEST:
                lines.append(line)
        blank = line in (b"\n", b"\r\n")
    data = _join(lines, size, account)
    yield from data


def _join(lines: list[bytes], size: int, account: Account) -> Iterator[bytes]:
    """A message of some lines; none of one that is too large."""
    if size > _LONGEST:
        account.left[f"message (of more than {_LONGEST >> 20} MB)"] += 1
    elif size:
        yield _ESCAPED.sub(rb"\1", b"".join(lines))


def _read_body(message: Message, file: File) -> str:
    """What a person wrote in a message."""
    parts = [
        quoted_mail.strip(text, file.account, keep=file.reading.keep_quoted)
        for text in _find_texts(message, file)
    ]
    return "\n\n".join(part for part in parts if part.strip())


def _find_texts(message: Message, file: File) -> Iterator[str]:
    """The texts of a message, the plain one where there are several forms of one."""
    kind, account = message.get_content_type(), file.account
    # Each question about a header reads all of it again.
    told = str(message.get("content-type", "")).lower()
    named = "content-disposition" in message or "name" in told
    attached = named and message.get_content_disposition() == "attachment"
    if attached or (named and message.get_filename()):
        account.left["attachment"] += 1
    elif kind == "message/rfc822":
        account.left["attached message"] += 1
    elif message.is_multipart():
        parts = [part for part in message.get_payload() if isinstance(part, Message)]
        if kind == "multipart/alternative":
            yield from _find_texts(_choose(parts), file) if parts else ()
            return
        for part in parts:
            yield from _find_texts(part, file)
    elif kind == "text/plain":
        text = _decode(message, file)
        delete = str(message.get_param("delsp", "")).lower() == "yes" if "delsp" in told else False
        yield quoted_mail.unfold(text, delete=delete) if "flowed" in told else text
    elif kind == "text/html":
        account.taken["web page (in a message)"] += 1
        yield _read_page(_decode(message, file), file)
    else:
        account.left["attachment"] += 1


def _read_page(page: str, file: File) -> str:
    """The text of a message that is a web page."""
    beside, keep = Account(), file.reading.keep_quoted
    text = "".join(html.read_page([page], file.name, beside, quotes=keep))
    file.account.left[html.QUOTE] += beside.left[html.QUOTE]
    return text


def _choose(parts: list[Message]) -> Message:
    """Of several forms of one text the plain one, or else the last that is readable."""
    kinds = [part.get_content_type() for part in parts]
    if "text/plain" in kinds:
        return parts[kinds.index("text/plain")]
    readable = [p for p, kind in zip(parts, kinds, strict=True) if kind.startswith(("text", "mul"))]
    return readable[-1] if readable else parts[-1]


def _decode(message: Message, file: File) -> str:
    """The text of a part in the encoding that it names, or else that it is in."""
    data = message.get_payload(decode=True)
    if not isinstance(data, bytes):
        return str(message.get_payload())
    named = str(message.get_content_charset() or "")
    for encoding in (named, "utf-8", file.reading.encoding or _LEGACY, "latin-1"):
        codec = encodings.find_codec(encoding) if encoding else ""
        if not codec:
            continue
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if named and encoding != named:
            told = f"text (not in {named} as it says, read as {encoding})"
            file.account.changed[told] += 1
        elif encoding not in (named, "utf-8"):
            file.account.changed[f"text (names no encoding, read as {encoding})"] += 1
        return text
    raise AssertionError("latin-1 reads any bytes")


def _read_header(message: Message, name: str) -> str:
    """A header as a person reads it."""
    raw = message.get(name)
    if raw is None:
        return ""
    try:
        return str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return str(raw)


def _read_label(message: Message, column: str) -> str:
    """A label of a message: who wrote it, to whom, about what, in which year; or any header."""
    if column == "year":
        date = parsedate(str(message.get("date", "")))
        return str(date[0]) if date else ""
    text = _read_header(message, column)
    if column in ("from", "to"):
        name, address = parseaddr(text)
        return name or address
    return _REPLY.sub("", text) if column == "subject" else text
