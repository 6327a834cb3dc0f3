#!/usr/bin/env bash
# An OpenDocument text whose XML has line ends, not blanks, between its namespaces is empty to
# odfpy: it looks for a blank before each of them, declares those it does not find a second time,
# and its parser refuses that. Nothing is raised; the whole XML goes to standard output. To XML both
# are one document, pandoc 2.17 writes its styles so, and one would expect the same text.
#
# Versions: Python 3.11, odfpy 1.4.1 with defusedxml 0.7.1.
# Output seen:
#   equal as canonical XML: True
#   blanks     paragraphs: ['Once upon a time']  printed XML: False
#   line ends  paragraphs: []  printed XML: True
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet odfpy==1.4.1 defusedxml==0.7.1

cat >look.py <<'PYTHON'
import io
from contextlib import redirect_stdout
from xml.etree.ElementTree import canonicalize
from zipfile import ZipFile

from odf.opendocument import OpenDocumentText, load
from odf.teletype import extractText
from odf.text import P

written = OpenDocumentText()
written.text.addElement(P(text="Once upon a time"))
written.save("blanks.odt")
with ZipFile("blanks.odt") as source, ZipFile("line ends.odt", "w") as target:
    for member in source.infolist():
        content = source.read(member)
        if member.filename == "content.xml":
            first, *others = content.split(b" xmlns:")
            changed = first + b" xmlns:" + b"\nxmlns:".join(others)
            print("equal as canonical XML:", canonicalize(content.decode()) == canonicalize(changed.decode()))
            content = changed
        target.writestr(member, content)
for name in ("blanks", "line ends"):
    with redirect_stdout(io.StringIO()) as printed:
        paragraphs = [extractText(one) for one in load(f"{name}.odt").getElementsByType(P)]
    print(f"{name:<10} paragraphs: {paragraphs}  printed XML: {'Once upon a time' in printed.getvalue()}")
PYTHON
own/bin/python look.py >seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
equal as canonical XML: True
blanks     paragraphs: ['Once upon a time']  printed XML: False
line ends  paragraphs: []  printed XML: True
SEEN
