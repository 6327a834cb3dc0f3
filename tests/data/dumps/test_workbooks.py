"""Columns of .xlsx workbooks."""

import pytest

from burble.data import sources
from burble.data.dumps import workbooks
from burble.errors import SourceError
from tests.support.dumps import make_xlsx, make_zip, read

STRINGS = (
    "<si><t>Body</t></si>"
    "<si><t>Hello\n&amp; </t></si>"
    "<si><r><t>Great </t></r><r><rPr><b/></rPr><t>day</t></r><rPh><t>no</t></rPh></si>"
)
ROWS = (
    '<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" t="inlineStr"><is><t>Year</t></is></c></row>'
    '<row r="3"><c r="B3" t="s"><v>1</v></c><c r="C3"><v>2019</v></c></row>'
    '<row r="4"><c r="B4" t="s"><v>2</v></c><c r="C4"><v>20.5</v></c></row>'
    '<row r="5"><c r="B5" t="str"><f>A1</f><v>one_x000A_two</v></c></row>'
    '<row r="6"><c r="B6" t="e"><v>#N/A</v></c><c r="C6" t="b"><v>1</v></c></row>'
    '<row r="7"><c r="B7"><v>42</v></c></row><row r="8"><c r="B8" s="1"/></row>'
    '<row><c/><c t="inlineStr"><is><t>counted</t></is></c></row>'
)


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "b.xlsx"
    second = '<row><c t="inlineStr"><is><t>Body</t></is></c></row><row><c t="s"><v>1</v></c></row>'
    path.write_bytes(make_xlsx({"My posts": ROWS, "Two": second, "Empty": ""}, STRINGS))
    return path


def test_a_column_by_the_name_in_the_first_row(book):
    texts, told, counts = read(f"{book}:My posts.Body", "Year")
    assert texts == ["Hello\n& ", "Great day", "one\ntwo", "counted"]
    assert counts == {"Year": {"": 2, "20.5": 1, "2019": 1}}
    skipped = "2 rows without text in 'My posts.Body' skipped: empty 1, a number 1."
    assert f"{book}: {skipped}" in told
    assert read(f"{book}:Two!Body")[0] == ["Hello\n& "]


def test_a_column_by_its_number_reads_the_first_row_too(book):
    texts, told, _ = read(f"{book}:My posts.2")
    assert texts[0] == "Body"
    assert f"{book}: row 1 was read as text too, since the column is a number." in told


def test_the_columns_are_listed(book):
    with pytest.raises(SourceError, match=r"2 columns 'Body': My posts\.Body, Two\.Body"):
        read(f"{book}:Body")
    said = r"(?s)is a workbook.*\n  My posts\.Year  2019\n.*'.*b\.xlsx:My posts\.Body'$"
    with pytest.raises(SourceError, match=said):
        sources.find_sources([str(book)])


def test_a_sheet_of_a_billion_rows_or_columns_takes_no_time(tmp_path, monkeypatch):
    path = tmp_path / "b.xlsx"
    far = '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="999999999">{}</row>'
    path.write_bytes(make_xlsx({"a": far.format('<c r="A9" t="s"><v>1</v></c>')}, STRINGS))
    assert read(f"{path}:Body")[0] == ["Hello\n& "]
    path.write_bytes(make_xlsx({"a": far.format('<c r="XFDXFD9"><v>1</v></c>')}, STRINGS))
    with pytest.raises(SourceError, match="there is no text to read"):
        read(f"{path}:Body")
    monkeypatch.setattr(workbooks, "ROWS", 3)
    path.write_bytes(make_xlsx({"a": ROWS.replace('"C3"', '"D3"')}, STRINGS))
    with pytest.raises(SourceError, match="a sheet of more than 3 rows, which no program makes"):
        read(f"{path}:Body")


def test_one_text_in_countless_cells_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("burble.data.dumps.archives.FREE", 1_000)
    many = '<row><c t="s"><v>0</v></c></row>' * 2_000
    path = tmp_path / "b.xlsx"
    path.write_bytes(make_xlsx({"a": many}, f"<si><t>{'long' * 300}</t></si>"))
    with pytest.raises(SourceError, match="over 200 times as much"):
        read(f"{path}:a.1")


def test_entities_and_damage_are_refused(tmp_path):
    path = tmp_path / "b.xlsx"
    bomb = '<!DOCTYPE a [<!ENTITY b "bb">]><workbook/>'
    path.write_bytes(make_zip({"xl/workbook.xml": bomb, "xl/_rels/workbook.xml.rels": bomb}))
    with pytest.raises(SourceError, match="it declares an entity"):
        sources.find_sources([str(path)])
    path.write_bytes(make_xlsx({"a": "<row>"}))
    with pytest.raises(SourceError, match=r"b\.xlsx is damaged: its XML breaks off"):
        sources.find_sources([str(path)])
