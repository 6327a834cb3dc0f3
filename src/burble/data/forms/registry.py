"""All forms of files that are read for their text, and which of them a file is of.

Knows nothing of how any is read.
"""

import re
from collections.abc import Callable
from typing import BinaryIO

from burble.data.forms import signs
from burble.data.forms.foreign import FOREIGN
from burble.data.forms.form import Form, Probe
from burble.errors import SourceError
from burble.formatting import listed, shown

MARKED = (".md", ".markdown", ".tex", ".latex")
"""Endings of texts that are read as they stand, unless their prose is wanted."""


def _ends(*suffixes: str) -> Callable[[Probe], bool]:
    """What recognizes files by their ending alone."""
    return lambda probe: probe.name.endswith(suffixes)


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
        recognize=lambda probe: signs.find_chat(probe) == name,
        module=f"burble.data.chats.{name}",
        tells_encoding=tells_encoding,
    )


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
        (".json", ".html"),
        tells_encoding=True,
    ),
    _chat("line", "a chat of LINE", "chats of LINE", (".txt",)),
    _chat("kakaotalk", "a chat of KakaoTalk", "chats of KakaoTalk", (".txt",)),
    _chat("irc", "a log of IRC", "logs of IRC", (".log", ".txt", ".weechatlog")),
    _chat("zoom", "a chat of Zoom", "chats of Zoom", (".txt",)),
    Form(
        name="transcript",
        what="a transcript of a meeting",
        plural="transcripts of meetings",
        suffixes=(".vtt", ".docx", ".txt"),
        recognize=lambda probe: signs.find_chat(probe) == "transcript" or signs.is_meeting(probe),
        module="burble.data.chats.transcript",
    ),
)
"""Forms in which people speak."""

FORMS: tuple[Form, ...] = (
    *CHATS,
    Form(
        name="word",
        what="a Word document",
        plural="Word documents",
        suffixes=(".docx", ".docm", ".dotx"),
        recognize=lambda probe: (
            any(map(signs.WORD.fullmatch, probe.members)) or signs.is_damaged(probe, ".docx")
        ),
        module=_reader("word"),
    ),
    Form(
        name="opendocument",
        what="an OpenDocument text",
        plural="OpenDocument texts",
        suffixes=(".odt", ".ott", ".fodt"),
        recognize=lambda probe: signs.find_open_document(probe) == "text",
        module=_reader("open_document"),
    ),
    Form(
        name="epub",
        what="an e-book (EPUB)",
        plural="e-books (EPUB)",
        suffixes=(".epub",),
        recognize=lambda probe: (
            signs.BOOK in probe.head[: signs.WITHIN]
            or "META-INF/container.xml" in probe.members
            or signs.is_damaged(probe, ".epub")
        ),
        module=_reader("epub"),
    ),
    Form(
        name="fb2",
        what="an e-book (FictionBook)",
        plural="e-books (FictionBook)",
        suffixes=(".fb2",),
        recognize=lambda probe: bool(signs.FICTION_BOOK.search(probe.head[:4096])),
        module=_reader("fiction_book"),
    ),
    Form(
        name="screenplay",
        what="a screenplay of Final Draft",
        plural="screenplays of Final Draft",
        suffixes=(".fdx",),
        recognize=lambda probe: bool(signs.SCREENPLAY.match(probe.head)),
        module=_reader("final_draft"),
    ),
    Form(
        name="pdf",
        what="a PDF document",
        plural="PDF documents",
        suffixes=(".pdf",),
        recognize=lambda probe: bool(signs.PDF.match(probe.head)),
        module=_reader("pdf"),
        needs="pypdfium2",
    ),
    Form(
        name="rtf",
        what="a rich text document",
        plural="rich text documents",
        suffixes=(".rtf",),
        recognize=lambda probe: bool(signs.RTF.match(probe.head)),
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
            probe.name.endswith((".html", ".htm", ".xhtml")) or bool(signs.PAGE.match(probe.head))
        ),
        module=_reader("html"),
        tells_encoding=False,
    ),
    Form(
        name="subtitles",
        what="subtitles",
        plural="subtitles",
        suffixes=(".srt", ".vtt", ".sbv"),
        recognize=lambda probe: (
            probe.name.endswith((".srt", ".vtt", ".sbv")) or bool(signs.TIMING.match(probe.head))
        ),
        module=_reader("subtitles"),
        tells_encoding=False,
    ),
    Form(
        name="ass",
        what="subtitles of Aegisub",
        plural="subtitles of Aegisub",
        suffixes=(".ass", ".ssa"),
        recognize=lambda probe: bool(signs.SCRIPT.match(probe.head)),
        module=_reader("sub_station"),
        tells_encoding=False,
    ),
    Form(
        name="lyrics",
        what="lyrics with times",
        plural="lyrics with times",
        suffixes=(".lrc",),
        recognize=lambda probe: bool(signs.SUNG.match(probe.head)),
        module=_reader("lyrics"),
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
        suffixes=(".ods", ".ots", ".fods"),
        recognize=lambda probe: signs.find_open_document(probe) == "spreadsheet",
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
        recognize=lambda probe: signs.is_mail(probe.head),
        module="burble.data.dumps.mail",
        has_parts=True,
    ),
    Form(
        name="evernote",
        what="an export of Evernote",
        plural="exports of Evernote",
        suffixes=(".enex",),
        recognize=lambda probe: bool(signs.NOTES.match(probe.head)),
        module="burble.data.dumps.evernote",
    ),
    Form(
        name="clippings",
        what="clippings of a Kindle",
        plural="clippings of Kindles",
        suffixes=(),
        recognize=lambda probe: bool(signs.CLIPPING.match(probe.head)),
        module="burble.data.dumps.clippings",
        tells_encoding=False,
    ),
    Form(
        name="notebook",
        what="a notebook of Jupyter",
        plural="notebooks of Jupyter",
        suffixes=(".ipynb",),
        recognize=lambda probe: (
            probe.name.endswith(".ipynb") or bool(signs.NOTEBOOK.match(probe.head))
        ),
        module=_reader("notebook"),
        tells_encoding=False,
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
            probe.name.endswith((".json", ".jsonl", ".ndjson")) or signs.is_json(probe.head)
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
    """The form of a file; None for plain text, and for bytes that are none.

    Args:
        name: The file's name.
        head: Its first bytes.
        open_file: Opens it, from the start.
        plain: See `Probe`.
        parts: Whether a part of it is wanted, so that it is of a form that has parts.
    """
    probe = Probe(name.lower(), head, open_file, plain)
    forms: list[Form] = [*(form for form in FORMS if form.has_parts or not parts), *FOREIGN]
    if found := next((form for form in forms if form.recognize(probe)), None):
        return found
    # Whatever it is called: of other texts no part can be meant.
    return get_form("json") if parts and signs.JSON.match(head) else None


def find_suffix(name: str) -> str:
    """The ending of a file's name that tells its form; empty where it tells none.

    >>> find_suffix("My.Film.SRT"), find_suffix("a.jpg")
    ('.srt', '')
    >>> find_suffix("posts.JSONL.gz")
    '.jsonl.gz'
    """
    inner = re.sub(r"\.(?:gz|bz2|xz|zst)$", "", name.lower())
    packed = name.lower().removeprefix(inner)
    suffixes = (suffix for form in (*FORMS, *FOREIGN) for suffix in form.suffixes)
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
