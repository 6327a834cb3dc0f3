"""Small documents in the forms that people have them, made by the standard library."""

import io
from zipfile import ZIP_DEFLATED, ZipFile

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def archive(**members):
    """A ZIP archive of texts; in the names, `__` stands for a slash."""
    return archive_of({name.replace("__", "/"): text for name, text in members.items()})


def archive_of(members):
    """A ZIP archive of texts by their names."""
    made = io.BytesIO()
    with ZipFile(made, "w", ZIP_DEFLATED) as file:
        for name, text in members.items():
            file.writestr(name, text)
    return made.getvalue()


def word(body, **parts):
    """A Word document with that body; `comments`, `footnotes`, `header1` are other parts of it."""
    members = {"[Content_Types].xml": "<Types/>"}
    members |= {f"word/{name}.xml": text for name, text in parts.items()}
    members["word/document.xml"] = f"<w:document {W}><w:body>{body}</w:body></w:document>"
    return archive_of(members)


def paragraph(text, properties=""):
    """A paragraph of a Word document."""
    return f'<w:p>{properties}<w:r><w:t xml:space="preserve">{text}</w:t></w:r></w:p>'


def read_form(form, data, name="file", **reading):
    """What is read of some bytes in a form: the texts of its documents, and the account."""
    from burble.data.forms.form import File
    from burble.data.forms.registry import get_form
    from burble.settings import SourceSettings

    file = File(name, len(data), lambda: io.BytesIO(data), reading=SourceSettings(**reading))
    texts = []
    get_form(form).read(file, lambda pieces: texts.append("".join(pieces)))
    return texts, file.account


def pdf(pages, *, pictures=(), letters=None):
    """A PDF document: for each page, lines as (left, height, text); pictures fill whole pages.

    `letters` says what a letter of the font is in Unicode, where it is another one.
    """
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "",
        "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
    ]
    objects.append(
        "<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8"
        "/Length 1>>stream\nA\nendstream"
    )
    kids = []
    for number, lines in enumerate(pages):
        shown = "".join(f"1 0 0 1 {x} {y} Tm ({text}) Tj\n" for x, y, text in lines)
        stream = f"BT /F 12 Tf\n{shown}ET"
        if number in pictures:
            stream += "\n600 0 0 800 0 0 cm /I Do"
        objects.append(f"<</Length {len(stream)}>>stream\n{stream}\nendstream")
        objects.append(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>"
            f"/XObject<</I 4 0 R>>>>/Contents {len(objects)} 0 R>>"
        )
        kids.append(f"{len(objects)} 0 R")
    if letters:
        known = {chr(number): chr(number) for number in range(32, 127)} | letters
        pairs = [f"<{ord(a):02x}> <{b.encode('utf-16-be').hex()}>" for a, b in known.items()]
        table = (
            "begincmap 1 begincodespacerange <00> <ff> endcodespacerange "
            f"{len(pairs)} beginbfchar {' '.join(pairs)} endbfchar endcmap"
        )
        objects.append(f"<</Length {len(table)}>>stream\n{table}\nendstream")
        objects[2] = objects[2].replace(">>", f"/ToUnicode {len(objects)} 0 R>>")
    objects[1] = f"<</Type/Pages/Kids[{' '.join(kids)}]/Count {len(kids)}>>"
    data, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(data))
        data += f"{number} 0 obj{one}endobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return (
        data
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer<</Root 1 0 R/Size "
            f"{len(objects) + 1}>>\nstartxref\n{len(data)}\n%%EOF"
        ).encode()
    )
