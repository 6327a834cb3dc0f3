"""How a file shows what it is, by its first bytes and by the names in it.

Knows nothing of how any form is read, nor of what forms there are.
"""

import html
import re
from functools import lru_cache

from burble.data import encodings
from burble.data.dumps.json_head import is_records
from burble.data.forms.form import Probe

FICTION_BOOK = re.compile(rb"<(?:\w+:)?FictionBook\b")
_BEFORE_ROOT = (
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<\?xml[^>]{0,200}>\s{0,99})?(?:<!DOCTYPE[^>]{0,200}>\s{0,99})?"
)
SCREENPLAY = re.compile(_BEFORE_ROOT + rb"<FinalDraft\b")
NOTES = re.compile(_BEFORE_ROOT + rb"<en-export\b")
NOTEBOOK = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{\s*"cells"\s*:\s*\[\s*\{[^{}]{0,400}"cell_type"\s*:')
CLIPPING = re.compile(
    rb"(?:\xef\xbb\xbf)*[^\r\n]{1,1000}\r?\n-\x20"
    rb"[^\r\n|]{1,300}\|[^\r\n]{0,300}\d[^\r\n]{0,99}\r?\n\r?\n"
    rb"(?:[^\n]*\n){0,99}?={10}\r?\n"
)
"""A book, what is told of a place in it, and the line below."""
RTF = re.compile(rb"\s{0,1024}\{\\rtf\d?[\s\\{}]")
JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<!doctype html|<html)\b", re.IGNORECASE)
PDF = re.compile(rb"\s{0,1024}%PDF-[12]\.\d\s*[\r\n%]")
TIMING = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:WEBVTT\s|\s{0,99}\d+\s*\r?\n\s*\d+:\d\d:\d\d[,.]\d+\s*-->"
    rb"|\s{0,99}\d+:\d\d:\d\d\.\d{3},\d+:\d\d:\d\d\.\d{3}\s)"
)
SCRIPT = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}\[Script Info\]\s")
SUNG = re.compile(
    rb"(?:\xef\xbb\xbf)?\s{0,99}(?:\[[A-Za-z#]{1,20}:[^\]\n]{0,200}\]\s{1,9}){0,30}\[\d{1,3}:\d\d\.\d{2,3}\]"
)
WORD = re.compile(r"word/document\d*\.xml")
"""The text of a Word document: Word for the web gives it a number."""
BOOK = b"mimetypeapplication/epub+zip"
_OASIS = b"application/vnd.oasis.opendocument."
_KIND = re.compile(rb"application/vnd\.oasis\.opendocument\.([a-z]+)")
_FLAT = re.compile(
    rb"<office:document\s[^<>]*?\boffice:mimetype\s*=\s*[\"']application/vnd\.oasis\.opendocument\.([a-z]+)"
)
_BEGINS = re.compile(rb"From \S.*\d\d:\d\d")
_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_TELLING = re.compile(
    rb"^(?:Message-ID|Received|MIME-Version|Return-Path|Delivered-To|X-Mozilla-Status):",
    re.IGNORECASE | re.MULTILINE,
)
_SENT = re.compile(rb"^(?:From|Date):", re.IGNORECASE | re.MULTILINE)
_CHANNELS = re.compile(rb'\s*\[\s*\{\s*"id"\s*:\s*"[CDGU]\w+"')
_DAY = re.compile(r"[^/]/\d{4}-\d\d-\d\d\.json$")
SLACK_LISTS = frozenset(f"{name}.json" for name in ("channels", "users", "dms", "groups", "mpims"))
"""What stands beside the days of a Slack export: lists, without messages."""
WITHIN = 256
"""Bytes at the start of an archive among which the type of a document stands, if it is told."""
_BEGINNING = 1 << 18
"""Bytes of the text of a Word document that are looked at."""
_CLOCK = re.compile(rb"\d:\d\d\s*<|--(?:>|&gt;)")
_LINE_END, _ELEMENT = re.compile(r"<w:(?:br|cr)\b[^>]*>|</w:p>"), re.compile(r"<[^>]*>")


def is_damaged(probe: Probe, suffix: str) -> bool:
    """Whether a file is an archive by its beginning and its name, but cannot be opened as one."""
    named = probe.name.endswith(suffix) and probe.head.startswith(b"PK\x03\x04")
    return named and not probe.members


def find_open_document(probe: Probe) -> str:
    """The kind of an OpenDocument file, in its archive or flat; empty if it is none."""
    begin = probe.head[:WITHIN]
    # It stands first, as it is, where no program packed the archive again.
    at = begin.find(b"mimetype" + _OASIS)
    told = begin[at + len(b"mimetype") :] if at >= 0 else probe.told_type
    found = _KIND.match(told) or _FLAT.search(probe.head)
    return found[1].decode() if found else ""


def is_flat(head: bytes) -> bool:
    """Whether an OpenDocument file is no archive, but flat: all of it in one XML."""
    return bool(_FLAT.search(head))


def find_chat(probe: Probe) -> str:
    """The program whose chat a file is; empty if it is none."""
    if probe.members:
        names = {member.rpartition("/")[2] for member in probe.members}
        is_slack = any(map(_DAY.search, probe.members)) and SLACK_LISTS & names
        return "slack" if is_slack else ""
    if probe.name in SLACK_LISTS and _CHANNELS.match(probe.head):
        return "slack"
    return _recognize_chat(probe.head, probe.name.rpartition("/")[2])


def is_meeting(probe: Probe) -> bool:
    """Whether a Word document is the transcript of a meeting, by how its text begins."""
    begin = probe.read_member(WORD, _BEGINNING)
    if not _CLOCK.search(begin):
        return False
    # Loaded where files are looked at.
    from burble.data.chats.transcript import is_transcript

    text = _ELEMENT.sub("", _LINE_END.sub("\n", begin.decode("utf-8", "replace")))
    return is_transcript(html.unescape(text).split("\n"))


@lru_cache(maxsize=2)
def _recognize_chat(head: bytes, name: str) -> str:
    """The same of a file that is no archive."""
    kind = encodings.detect_content_type(head)
    if kind.binary:
        return ""
    # Loaded where files are looked at.
    from burble.data.chats.recognize import recognize

    return recognize(head.decode(kind.codec or "utf-8", "replace"), name)


def is_json(head: bytes) -> bool:
    """Whether a file is JSON, whatever it is called, by its first bytes."""
    kind = encodings.detect_content_type(head)
    if kind.binary:
        return False
    text = head.decode(kind.codec or "utf-8", "ignore")
    return is_records(text, cut=len(head) >= encodings.HEAD)


def is_mail(head: bytes) -> bool:
    r"""Whether a file is an mbox or a message, by its first bytes.

    >>> is_mail(b"From ann Mon Jan  1 10:00:00 2024\nFrom: ann\nDate: today\n\nHello")
    True
    >>> is_mail(b"From: Ann\nTo: Bob\n\nA letter in a book.")
    False
    """
    begin = head.replace(b"\r\n", b"\n")
    first, _, rest = begin.partition(b"\n")
    mbox = _BEGINS.match(first)
    found = _HEADER.match(rest if mbox else begin)
    if not found:
        return False
    header = begin.partition(b"\n\n")[0]
    return bool(mbox or _TELLING.search(header)) and bool(_SENT.search(header))
