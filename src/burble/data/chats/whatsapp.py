"""Messages of a chat that WhatsApp exported as text. Knows nothing of documents.

A message begins with a date and a time, which have another form in each language and system; what
follows without one is more of the same message. Lines that WhatsApp itself wrote have no name, or
(on iPhones) begin with a mark of direction, U+200E.
"""

import re
from collections.abc import Iterable, Iterator

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

MARKS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_DATE = r"\d{1,4}\s?[./年년-]\s?\d{1,2}\s?[./月월-]\s?\d{1,4}[.日일]?"
_BETWEEN = r",?\s{1,2}(?:(?:klo|kl\.|um|at|à|às|alle|о)\s)?"
_BEFORE = r"(?:(?:오전|오후|午前|午後|上午|下午|AM|PM)\s?)?"
_TIME = r"\d{1,2}[:.]\d{2}(?:[:.]\d{2})?"
_AFTER = r"(?:\s?(?:[AaPp]\.?\s?[Mm]\.?|[^\W\d_]\.?\s?[^\W\d_]\.))?"
_WHEN = f"{_DATE}{_BETWEEN}{_BEFORE}{_TIME}{_AFTER}"
HEAD = re.compile(
    rf"[{MARKS}{BOM}]*(?:\[{_WHEN}\]\s|{_WHEN}\s?[-–]\s|(?P<comma>{_WHEN},\s(?=[^,:]* : )))"
)
"""How a message begins: [date, time], or date, time and a dash, or (in Korean) a comma."""
_NAME = re.compile(rf"[{MARKS}]*(?:~[\s\u202f]*)?([^:\n]{{1,60}}?)\s?:(?:\s|$)")
_QUOTES = set('"“”„«»「」')
_MEDIA = re.compile(r"<[^<>\n]{3,60}>")
_ATTACHED = re.compile(rf"[{MARKS}]*(?:<[^<>:\n]+: [^<>\n]+>|\S+\.\w{{2,5}} \([^()\n]+\))$")
_EDITED = re.compile(rf"\s?[{MARKS}]+<[^<>\n]{{3,60}}>$")
_EDITED_PLAIN = re.compile(r"\s<This message was edited>$")
_STRIPPED = re.compile(f"[{MARKS}]")
_OMITTED = re.compile(r"\b(?:omitted|weggelassen|omise?s?|omitid[oa]s?|omess[oa]|weggelaten)\b")
_SYSTEM = "system line (who joined, calls, encryption)"
_DELETED = frozenset(
    (
        "This message was deleted",
        "You deleted this message",
        "Diese Nachricht wurde gelöscht",
        "Du hast diese Nachricht gelöscht",
        "Se eliminó este mensaje",
        "Eliminaste este mensaje",
        "Ce message a été supprimé",
        "Vous avez supprimé ce message",
        "Questo messaggio è stato eliminato",
        "Hai eliminato questo messaggio",
        "Esta mensagem foi apagada",
        "Mensagem apagada",
        "Dit bericht is verwijderd",
        "U hebt dit bericht verwijderd",
        "null",
    )
)


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of WhatsApp; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> lines = "24.12.23, 18:03 - Anna: Hi\nyou\n24.12.23, 18:04 - Ben left\n"
    >>> list(parse([lines], Account()))
    [Message(speaker='Anna', text='Hi\nyou', talk='')]
    """
    speaker, lines = "", list[str]()
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        head = HEAD.match(line)
        if not head:
            if speaker or lines:
                lines.append(_STRIPPED.sub("", line))
            elif line.strip():
                account.left["line (before the first message)"] += 1
            continue
        if speaker:
            yield from _finish(speaker, lines, account)
        rest = line[head.end() :]
        speaker, lines = _split_name(rest)
        if not speaker:
            account.left[_SYSTEM] += 1
    if speaker:
        yield from _finish(speaker, lines, account)


def _split_name(rest: str) -> tuple[str, list[str]]:
    """Who speaks, and the first line; no name of what the program wrote."""
    found = _NAME.match(rest)
    if not found or not is_name(found[1]):
        return "", []
    return found[1].strip(), [rest[found.end() :]]


def is_name(name: str) -> bool:
    """Whether it can be a name: no quotes, and not a whole sentence.

    >>> is_name("Anna B."), is_name('Ben changed the subject to "a')
    (True, False)
    """
    return not _QUOTES & set(name) and len(name.split()) <= 6


def _finish(speaker: str, lines: list[str], account: Account) -> Iterator[Message]:
    """A message whose lines are all there, without what nobody typed."""
    first = lines[0]
    if _ATTACHED.match(first.strip()) or _MEDIA.fullmatch(first.strip()):
        account.left["media line"] += 1
        # What stands below is its caption.
        lines = lines[1:]
        if not strip_ends(lines):
            return
    elif first.startswith(("\u200e", "\u200f")):
        kind = "media line" if _OMITTED.search(first) else _SYSTEM
        account.left[kind] += 1
        return
    text = strip_ends(lines)
    for pattern in (_EDITED, _EDITED_PLAIN):
        text, edited = pattern.subn("", text)
        account.left["edit mark"] += edited
    text = _STRIPPED.sub("", text)
    if text.strip(" .") in _DELETED:
        account.left["deleted message"] += 1
        return
    yield Message(speaker, text)
