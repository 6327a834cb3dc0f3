"""Dumps made for tests, and what is read of them."""

import io
import zipfile

from burble.data import corpus
from burble.settings import SourceSettings, TextSettings

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OASIS = "urn:oasis:names:tc:opendocument:xmlns"


def read(path, *labels, **reading):
    """The texts of a source and what is said of it, and how many documents have which label."""
    settings = TextSettings(label=labels)
    made = corpus.build([str(path)], settings, validation=0, reading=SourceSettings(**reading))
    texts = "".join(made.text()).split("\n\n")
    counts = made.encoded.labels.count() if made.encoded.labels else {}
    return texts, [*made.notes], counts


def make_zip(members, packed=zipfile.ZIP_DEFLATED):
    """An archive of members by name."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", packed) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def make_xlsx(sheets, strings=""):
    """A workbook of sheets, each given as the XML of its rows."""
    names = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="r{n}"/>' for n, name in enumerate(sheets, 1)
    )
    kind = f"{_LINKS}/worksheet"
    links = "".join(
        f'<Relationship Id="r{n}" Type="{kind}" Target="worksheets/s{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    shared = f'<Relationship Id="s" Type="{_LINKS}/sharedStrings" Target="/xl/shared.xml"/>'
    members = {
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{names}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f"<Relationships>{links}{shared}</Relationships>",
        "xl/shared.xml": f'<sst xmlns="{_MAIN}">{strings}</sst>',
    }
    for n, rows in enumerate(sheets.values(), 1):
        members[f"xl/worksheets/s{n}.xml"] = (
            f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        )
    return make_zip(members)


def make_ods(content):
    """A workbook of Calc, of the XML of its tables."""
    spaces = " ".join(f'xmlns:{one}="{_OASIS}:{one}:1.0"' for one in ("office", "table", "text"))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        mime = "application/vnd.oasis.opendocument.spreadsheet"
        archive.writestr("mimetype", mime, zipfile.ZIP_STORED)
        whole = f"<office:document-content {spaces}>{content}</office:document-content>"
        archive.writestr("content.xml", whole)
    return made.getvalue()
