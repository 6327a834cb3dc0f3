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
