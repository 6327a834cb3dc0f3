"""All forms of files that are read for their text, and which of them a file is of.

Knows nothing of how any is read.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import PurePath
from typing import BinaryIO

from burble.data import encodings
from burble.data.dumps.json_head import is_records
from burble.data.forms.form import Form, Probe
from burble.errors import SourceError
from burble.formatting import listed, shown

MARKED = (".md", ".markdown", ".tex", ".latex")
"""Endings of texts that are read as they stand, unless their prose is wanted."""
_FICTION_BOOK = re.compile(rb"<(?:\w+:)?FictionBook\b")
_RTF = re.compile(rb"\s{0,1024}\{\\rtf\d?[\s\\{}]")
_JSON = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,99}(?:<!doctype html|<html)\b", re.IGNORECASE)
_PDF = re.compile(rb"\s{0,1024}%PDF-[12]\.\d\s*[\r\n%]")
_TIMING = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:WEBVTT\s|\s{0,99}\d+\s*\r?\n\s*\d+:\d\d:\d\d[,.]\d+\s*-->)"
)
_TEXT_DOCUMENT = b"mimetypeapplication/vnd.oasis.opendocument.text"
_BEGINS = re.compile(rb"From \S.*\d\d:\d\d")
_HEADER = re.compile(rb"(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2}")
_TELLING = re.compile(
    rb"^(?:Message-ID|Received|MIME-Version|Return-Path|Delivered-To|X-Mozilla-Status):",
    re.IGNORECASE | re.MULTILINE,
)
_SENT = re.compile(rb"^(?:From|Date):", re.IGNORECASE | re.MULTILINE)
_CALC = b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"
_BOOK = b"mimetypeapplication/epub+zip"
_DAY = re.compile(r"[^/]/\d{4}-\d\d-\d\d\.json$")
SLACK_LISTS = frozenset(f"{name}.json" for name in ("channels", "users", "dms", "groups", "mpims"))
"""What stands beside the days of a Slack export: lists, without messages."""
_WITHIN = 256
"""Bytes at the start of an archive among which the type of a document stands, if it is told."""


def _ends(*suffixes: str) -> Callable[[Probe], bool]:
    """What recognizes files by their ending alone."""
    return lambda probe: probe.name.endswith(suffixes)


def _is_damaged(probe: Probe, suffix: str) -> bool:
    """Whether a file is an archive by its beginning and its name, but cannot be opened as one."""
    named = probe.name.endswith(suffix) and probe.head.startswith(b"PK\x03\x04")
    return named and not probe.members


def _reader(name: str) -> str:
    """Where the reader of a form is."""
    return f"burble.data.forms.{name}"


def _chat(
    name: str, what: str, plural: str, suffixes: tuple[str, ...], *, tells_encoding: bool = False
) -> Form:
    """A form that is a chat."""
    return Form(
        name=name,
        what=what,
        plural=plural,
        suffixes=suffixes,
        recognize=lambda probe: _find_chat(probe) == name,
        module=f"burble.data.chats.{name}",
        tells_encoding=tells_encoding,
    )


def _find_chat(probe: Probe) -> str:
    """The program whose chat a file is; empty if it is none."""
    names = {member.rpartition("/")[2] for member in probe.members}
    if any(map(_DAY.search, probe.members)) and SLACK_LISTS & names:
        return "slack"
    if probe.name in SLACK_LISTS and re.match(rb'\s*\[\s*\{\s*"id"\s*:\s*"[CDGU]\w+"', probe.head):
        return "slack"
    return "" if probe.members else _recognize_chat(probe.head, PurePath(probe.name).name)


@lru_cache(maxsize=2)
def _recognize_chat(head: bytes, name: str) -> str:
    """The same of a file that is no archive."""
    kind = encodings.detect_content_type(head)
    if kind.binary:
        return ""
    # Loaded where files are looked at.
    from burble.data.chats.recognize import recognize

    return recognize(head.decode(kind.codec or "utf-8", "replace"), name)


CHATS: tuple[Form, ...] = (
    _chat("whatsapp", "a chat of WhatsApp", "chats of WhatsApp", (".txt",)),
    _chat(
        "telegram",
        "a chat of Telegram",
        "chats of Telegram",
        (".json", ".html"),
        tells_encoding=True,
    ),
    _chat("discord", "a chat of Discord", "chats of Discord", (".json", ".csv", ".txt", ".html")),
    _chat("slack", "a chat of Slack", "chats of Slack", (".json", ".zip"), tells_encoding=True),
    _chat("signal", "a chat of Signal", "chats of Signal", (".json", ".md", ".txt")),
    _chat(
        "messenger",
        "a chat of Messenger or Instagram",
        "chats of Messenger or Instagram",
        (".json",),
        tells_encoding=True,
    ),
    _chat("irc", "a log of IRC", "logs of IRC", (".log", ".txt", ".weechatlog")),
)
"""Forms in which people speak."""


def _is_records(head: bytes) -> bool:
    """Whether a file is JSON, whatever it is called, by its first bytes."""
    kind = encodings.detect_content_type(head)
    if kind.binary:
        return False
    text = head.decode(kind.codec or "utf-8", "ignore")
    return is_records(text, cut=len(head) >= encodings.HEAD)


def _is_mail(head: bytes) -> bool:
    r"""Whether a file is an mbox or a message, by its first bytes.

    >>> _is_mail(b"From ann Mon Jan  1 10:00:00 2024\nFrom: ann\nDate: today\n\nHello")
    True
    >>> _is_mail(b"From: Ann\nTo: Bob\n\nA letter in a book.")
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


FORMS: tuple[Form, ...] = (
    *CHATS,
    Form(
        name="word",
        what="a Word document",
        plural="Word documents",
        suffixes=(".docx", ".docm", ".dotx"),
        recognize=lambda probe: "word/document.xml" in probe.members or _is_damaged(probe, ".docx"),
        module=_reader("word"),
    ),
    Form(
        name="opendocument",
        what="an OpenDocument text",
        plural="OpenDocument texts",
        suffixes=(".odt", ".ott"),
        recognize=lambda probe: _TEXT_DOCUMENT in probe.head[:_WITHIN],
        module=_reader("open_document"),
    ),
    Form(
        name="epub",
        what="an e-book (EPUB)",
        plural="e-books (EPUB)",
        suffixes=(".epub",),
        recognize=lambda probe: (
            _BOOK in probe.head[:_WITHIN]
            or "META-INF/container.xml" in probe.members
            or _is_damaged(probe, ".epub")
        ),
        module=_reader("epub"),
    ),
    Form(
        name="fb2",
        what="an e-book (FictionBook)",
        plural="e-books (FictionBook)",
        suffixes=(".fb2",),
        recognize=lambda probe: bool(_FICTION_BOOK.search(probe.head[:4096])),
        module=_reader("fiction_book"),
    ),
    Form(
        name="pdf",
        what="a PDF document",
        plural="PDF documents",
        suffixes=(".pdf",),
        recognize=lambda probe: bool(_PDF.match(probe.head)),
        module=_reader("pdf"),
        needs="pypdfium2",
    ),
    Form(
        name="rtf",
        what="a rich text document",
        plural="rich text documents",
        suffixes=(".rtf",),
        recognize=lambda probe: bool(_RTF.match(probe.head)),
        module=_reader("rtf"),
    ),
    Form(
        name="markdown",
        what="Markdown",
        plural="Markdown",
        suffixes=(".md", ".markdown"),
        recognize=lambda probe: probe.plain and probe.name.endswith((".md", ".markdown")),
        module=_reader("markdown"),
        needs="markdown_it",
        tells_encoding=False,
    ),
    Form(
        name="latex",
        what="LaTeX",
        plural="LaTeX",
        suffixes=(".tex", ".latex"),
        recognize=lambda probe: probe.plain and probe.name.endswith((".tex", ".latex")),
        module=_reader("latex"),
        tells_encoding=False,
    ),
    Form(
        name="html",
        what="a web page",
        plural="web pages",
        suffixes=(".html", ".htm", ".xhtml"),
        recognize=lambda probe: (
            probe.name.endswith((".html", ".htm", ".xhtml")) or bool(_PAGE.match(probe.head))
        ),
        module=_reader("html"),
        tells_encoding=False,
    ),
    Form(
        name="subtitles",
        what="subtitles",
        plural="subtitles",
        suffixes=(".srt", ".vtt"),
        recognize=lambda probe: (
            probe.name.endswith((".srt", ".vtt")) or bool(_TIMING.match(probe.head))
        ),
        module=_reader("subtitles"),
        tells_encoding=False,
    ),
    Form(
        name="workbook",
        what="a workbook",
        plural="workbooks (.xlsx)",
        suffixes=(".xlsx", ".xlsm"),
        recognize=lambda probe: "xl/workbook.xml" in probe.members,
        module="burble.data.dumps.workbooks",
        has_parts=True,
        needs_part=True,
    ),
    Form(
        name="calc",
        what="a workbook (.ods)",
        plural="workbooks (.ods)",
        suffixes=(".ods", ".ots"),
        recognize=lambda probe: _CALC in probe.head[:_WITHIN],
        module="burble.data.dumps.calc_sheets",
        has_parts=True,
        needs_part=True,
    ),
    Form(
        name="database",
        what="an SQLite database",
        plural="SQLite databases",
        suffixes=(".db", ".sqlite", ".sqlite3"),
        recognize=lambda probe: probe.head.startswith(b"SQLite format 3\0"),
        module="burble.data.dumps.databases",
        beside=("-wal", "-journal"),
        has_parts=True,
        needs_part=True,
    ),
    Form(
        name="parquet",
        what="a Parquet file",
        plural="Parquet files",
        suffixes=(".parquet",),
        recognize=lambda probe: probe.head.startswith(b"PAR1"),
        module="burble.data.dumps.parquet",
        needs="pyarrow",
        install="pip install pyarrow",
        has_parts=True,
        needs_part=True,
    ),
    Form(
        name="mail",
        what="mail",
        plural="mail",
        suffixes=(".mbox", ".eml"),
        recognize=lambda probe: _is_mail(probe.head),
        module="burble.data.dumps.mail",
        has_parts=True,
    ),
    Form(
        name="table",
        what="a table",
        plural="tables",
        suffixes=(".csv", ".tsv"),
        recognize=_ends(".csv", ".tsv"),
        module="burble.data.tables",
        has_parts=True,
        needs_part=True,
        tells_encoding=False,
    ),
    Form(
        name="json",
        what="JSON",
        plural="JSON files",
        suffixes=(".json", ".jsonl", ".ndjson"),
        recognize=lambda probe: (
            probe.name.endswith((".json", ".jsonl", ".ndjson")) or _is_records(probe.head)
        ),
        module="burble.data.dumps.json_rows",
        has_parts=True,
        needs_part=True,
        tells_encoding=False,
    ),
)
"""In the order in which they are tried."""
_BY_NAME = {form.name: form for form in FORMS}
TEXT = "text"
"""What a person says of files that are to be read as they stand."""


def find_form(
    name: str,
    head: bytes,
    open_file: Callable[[], BinaryIO],
    *,
    plain: bool = False,
    parts: bool = False,
) -> Form | None:
    """The form of a file; None for plain text, and for what is not read.

    Args:
        name: The file's name.
        head: Its first bytes.
        open_file: Opens it, from the start.
        plain: See `Probe`.
        parts: Whether a part of it is wanted, so that it is of a form that has parts.
    """
    probe = Probe(name.lower(), head, open_file, plain)
    forms = [form for form in FORMS if form.has_parts] if parts else FORMS
    if found := next((form for form in forms if form.recognize(probe)), None):
        return found
    # Whatever it is called: of other texts no part can be meant.
    return get_form("json") if parts and _JSON.match(head) else None


def find_suffix(name: str) -> str:
    """The ending of a file's name that tells its form; empty where it tells none.

    >>> find_suffix("My.Film.SRT"), find_suffix("a.jpg")
    ('.srt', '')
    >>> find_suffix("posts.JSONL.gz")
    '.jsonl.gz'
    """
    inner = re.sub(r"\.(?:gz|bz2|xz|zst)$", "", name.lower())
    packed = name.lower().removeprefix(inner)
    suffixes = (suffix for form in FORMS for suffix in form.suffixes)
    found = next((suffix for suffix in suffixes if inner.endswith(suffix)), "")
    return f"{found}{packed}" if found else ""


def get_form(name: str) -> Form | None:
    """The form of that name; None where a source is plain text, a table or a book."""
    return _BY_NAME.get(name)


def list_parted() -> list[str]:
    """The forms of files of which parts can be named, as a person calls them."""
    return [form.plural for form in FORMS if form.has_parts]


def find_named(name: str) -> Form | None:
    """The form that a person names, or names by an ending of its files; None for text.

    >>> find_named("docx") is find_named("word"), find_named("txt")
    (True, None)
    """
    # A chat may have any ending.
    others = (form for form in FORMS if form not in CHATS and f".{name}" in form.suffixes)
    return _BY_NAME.get(name) or next(others, None)


def check_form(name: str) -> None:
    """Refuses the name of a form that there is not; the empty one is none.

    Raises:
        SourceError: There is no such form.
    """
    if name not in ("", TEXT, "txt") and not find_named(name):
        known = listed([TEXT, *_BY_NAME], most=len(_BY_NAME) + 1)
        raise SourceError(f"there is no form {shown(name)!r}. Name one of {known}.")
