#!/usr/bin/env bash
# A hyphen that ends a line of a PDF, with a letter before it and one after it, comes out of PDFium
# as another character, and which one depends on the call: get_text_range gives U+FFFE, which is no
# character to Unicode, get_text_bounded gives U+0002. The line end after it is gone in both, and
# "well-known" cannot be told from a word that was divided. One would expect the hyphen that is
# drawn there and a line end, as it is after a number or a blank, or one mark in both calls.
#
# Versions: Python 3.11, pypdfium2 5.15.2 (its PDFium is build 8149), reportlab 5.1.0, which draws
# the lines.
# Output seen (lines of the page, what get_text_range gives, what get_text_bounded gives):
#   a well- / known tale    'a well\ufffeknown tale'    'a well\x02known tale'
#   from 1914- / on again   'from 1914-\r\non again'    'from 1914-\r\non again'
#   he went - / and came    'he went -\r\nand came'     'he went -\r\nand came'
# Fails if that changes.
set -euo pipefail
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
python3 -m venv own
own/bin/pip install --quiet pypdfium2==5.15.2 reportlab==5.1.0

cat >look.py <<'PYTHON'
from pypdfium2 import PdfDocument
from reportlab.pdfgen.canvas import Canvas

PAGES = (("a well-", "known tale"), ("from 1914-", "on again"), ("he went -", "and came"))

canvas = Canvas("pages.pdf")
for lines in PAGES:
    written = canvas.beginText(72, 700)
    for line in lines:
        written.textLine(line)
    canvas.drawText(written)
    canvas.showPage()
canvas.save()
document = PdfDocument("pages.pdf")
for number, lines in enumerate(PAGES):
    text = document[number].get_textpage()
    one, other = ascii(text.get_text_range()), ascii(text.get_text_bounded())
    print(f"{' / '.join(lines):<23} {one:<27} {other}")
PYTHON
own/bin/python look.py >seen.txt
cat seen.txt
diff seen.txt - <<'SEEN'
a well- / known tale    'a well\ufffeknown tale'    'a well\x02known tale'
from 1914- / on again   'from 1914-\r\non again'    'from 1914-\r\non again'
he went - / and came    'he went -\r\nand came'     'he went -\r\nand came'
SEEN
