"""Files of other programs that are not read, each with what to do instead.

Some of them look like text or like an archive of texts, so that a network would learn their marks.
Knows nothing of how any form is read.
"""

import re
from collections.abc import Callable

from burble.data.forms import signs
from burble.data.forms.form import Form, Probe

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORD_XML = re.compile(rb"<(?:w:wordDocument|pkg:package)\b")
_WORKBOOK_XML = re.compile(rb"<(?:ss:)?Workbook\s[^>]*urn:schemas-microsoft-com:office:spreadsheet")
_SLIDES_XML = re.compile(rb"<\?mso-application\s+progid=\"PowerPoint\.")
_KINDLE = (b"BOOKMOBI", b"TEXtREAd")
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[?!\w]")


def _is_slides(probe: Probe) -> bool:
    """Whether a file is a presentation, in whichever of its forms."""
    named = probe.name.endswith((".ppt", ".pps")) and probe.head.startswith(_OLE)
    open_document = signs.find_open_document(probe) == "presentation"
    flat = _is_xml(probe.head) and bool(_SLIDES_XML.search(probe.head[:4096]))
    return named or open_document or flat or "ppt/presentation.xml" in probe.members


def _is_xml(head: bytes) -> bool:
    """Whether a file begins as XML does."""
    return bool(_ROOT.match(head))


def _has_root(pattern: re.Pattern[bytes]) -> Callable[[Probe], bool]:
    """What recognizes XML by an element that it begins with."""
    return lambda probe: _is_xml(probe.head) and bool(pattern.search(probe.head[:8192]))


def _is_ole(suffix: str, stream: str) -> Callable[[Probe], bool]:
    """What recognizes old files of Office by their ending, or by the name of a part of them."""
    part = stream.encode("utf-16-le")
    return lambda probe: (
        probe.head.startswith(_OLE)
        and (probe.name.endswith(suffix) or (part in probe.head and not _is_doc(probe)))
    )


def _is_doc(probe: Probe) -> bool:
    """Whether an old file of Office is one of Word, which may hold others."""
    return probe.name.endswith((".doc", ".dot")) or "WordDocument".encode("utf-16-le") in probe.head


def _is_apple(probe: Probe) -> bool:
    """Whether a file is a document of Pages, Numbers or Keynote, of whatever year."""
    last = {member.rpartition("/")[2] for member in probe.members}
    return "Document.iwa" in last or bool(
        {"Index.zip", "index.apxl"} & last
        or ("index.xml" in probe.members and "buildVersionHistory.plist" in last)
    )


FOREIGN: tuple[Form, ...] = (
    Form(
        name="slides",
        what="a presentation",
        plural="presentations",
        suffixes=(".pptx", ".ppt", ".odp", ".fodp"),
        recognize=_is_slides,
        cure="Export it as PDF, which is read.",
    ),
    Form(
        name="drawing",
        what="an OpenDocument drawing, formula or database",
        plural="OpenDocument drawings, formulas or databases",
        suffixes=(".odg", ".odf", ".odb"),
        recognize=lambda probe: (
            signs.find_open_document(probe) not in ("", "text", "spreadsheet", "presentation")
        ),
        cure="Export it as PDF, which is read, or copy its text into a document.",
    ),
    Form(
        name="word-xml",
        what="a Word document saved as XML",
        plural="Word documents saved as XML",
        suffixes=(".xml",),
        recognize=_has_root(_WORD_XML),
        cure="Open it in Word or LibreOffice, and save it as .docx.",
    ),
    Form(
        name="workbook-xml",
        what="a workbook saved as XML",
        plural="workbooks saved as XML",
        suffixes=(".xml", ".xls"),
        recognize=_has_root(_WORKBOOK_XML),
        cure="Open it in Excel or LibreOffice, and save it as .xlsx.",
    ),
    Form(
        name="old-workbook",
        what="an old workbook (.xls)",
        plural="old workbooks (.xls)",
        suffixes=(".xls",),
        recognize=_is_ole(".xls", "Workbook"),
        cure="Open it in Excel or LibreOffice, and save it as .xlsx.",
    ),
    Form(
        name="outlook",
        what="a message of Outlook",
        plural="messages of Outlook",
        suffixes=(".msg",),
        recognize=_is_ole(".msg", "__properties_version1.0"),
        cure="Save it as .eml or as text.",
    ),
    Form(
        name="apple",
        what="a document of Pages, Numbers or Keynote",
        plural="documents of Pages, Numbers or Keynote",
        suffixes=(".pages", ".numbers", ".key"),
        recognize=_is_apple,
        cure="Export it there, as Word, Excel or PDF.",
    ),
    Form(
        name="kindle",
        what="an e-book of Kindle",
        plural="e-books of Kindle",
        suffixes=(".mobi", ".azw3", ".azw"),
        recognize=lambda probe: probe.head[60:68] in _KINDLE,
        cure="Calibre makes an EPUB of it, if it is not locked.",
    ),
    Form(
        name="packed",
        what="an archive (tar, RAR or 7z)",
        plural="archives (tar, RAR or 7z)",
        suffixes=(".tar", ".rar", ".7z"),
        recognize=lambda probe: (
            probe.head[257:262] == b"ustar"
            or probe.head.startswith((b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"))
        ),
        cure="Unpack it, and name the folder.",
    ),
)
"""In the order in which they are tried, after all that are read."""
