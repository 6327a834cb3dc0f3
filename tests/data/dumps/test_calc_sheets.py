"""Columns of .ods workbooks."""

import zipfile

import pytest

from burble.data import sources
from burble.errors import SourceError
from tests.support.dumps import make_ods, read


def cell(text, **attributes):
    named = "".join(f' {key.replace("_", ":")}="{value}"' for key, value in attributes.items())
    return f"<table:table-cell{named}>{text}</table:table-cell>"


def row(*cells, times=1):
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    return f"<table:table-row{repeated}>{''.join(cells)}</table:table-row>"


def sheet(name, *rows):
    return f'<table:table table:name="{name}">{"".join(rows)}</table:table>'


HEAD = row(cell("<text:p>Body</text:p>"), cell("<text:p>Year</text:p>"))
YEAR = cell("<text:p>2,019</text:p>", **{"office_value-type": "float", "office_value": "2019"})
ROWS = (
    HEAD,
    row(cell("<text:p>One<text:s text:c='2'/><text:tab/>a<text:line-break/>b</text:p>"), YEAR),
    row(cell("<text:p>Two</text:p><text:p>lines</text:p>"), YEAR, times=2),
    row(cell("", **{"table_number-columns-repeated": "16384"}), times=1_000_000_000),
    row(cell("<office:annotation><text:p>no</text:p></office:annotation><text:p>Yes</text:p>")),
    row(cell(""), YEAR),
)
ASIDE = f"<table:tracked-changes>{row(cell('<text:p>old</text:p>'))}</table:tracked-changes>"


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "b.ods"
    two = sheet("Two", row(cell("<text:p>Else</text:p>")), row(cell("<text:p>more</text:p>")))
    path.write_bytes(make_ods(ASIDE + sheet("One", *ROWS) + two + sheet("Empty")))
    return path


def test_a_column_by_the_name_in_the_first_row(book):
    texts, told, counts = read(f"{book}:Body", "Year")
    assert texts == ["One  \ta\nb", "Two\nlines", "Two\nlines", "Yes"]
    assert counts == {"Year": {"": 1, "2019": 3}}
    assert f"{book}: 1 row without text in 'Body' skipped: empty 1." in told
    assert f"{book}:Body is read as a workbook (.ods). Left out: 1 comment." in told
    assert read(f"{book}:Two.Else")[0] == ["more"]


def test_the_columns_are_listed(book):
    with pytest.raises(SourceError, match=r"(?s)\n  One\.Year  2019\n  Two\.Else  'more'\n"):
        sources.find_sources([str(book)])


def test_a_row_that_comes_a_billion_times_is_refused(tmp_path):
    path = tmp_path / "b.ods"
    rows = (HEAD, row(cell("<text:p>again</text:p>"), times=1_000_000_000))
    path.write_bytes(make_ods(sheet("One", *rows)))
    with pytest.raises(SourceError, match="more than 16,777,216 rows that are not empty"):
        read(f"{path}:Body")


def test_a_long_text_that_comes_often_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("burble.data.dumps.archives.FREE", 1_000)
    path = tmp_path / "b.ods"
    rows = (HEAD, row(cell("<text:p>again</text:p>"), times=99_999))
    path.write_bytes(make_ods(sheet("One", *rows)))
    with pytest.raises(SourceError, match="over 200 times as much"):
        read(f"{path}:Body")


def test_a_flat_workbook_is_read_like_one_in_an_archive(book, tmp_path):
    with zipfile.ZipFile(book) as archive:
        content = archive.read("content.xml").decode()
    flat = content.replace(
        "<office:document-content ",
        '<office:document office:mimetype="application/vnd.oasis.opendocument.spreadsheet" ',
    ).replace("</office:document-content>", "</office:document>")
    path = tmp_path / "flat.fods"
    path.write_text(flat, encoding="utf-8")
    with pytest.raises(SourceError) as told:
        sources.find_sources([str(path)])
    with pytest.raises(SourceError) as same:
        sources.find_sources([str(book)])
    assert str(told.value) == str(same.value).replace(str(book), str(path))
    assert read(f"{path}:One.Body") == tuple(
        [note.replace(str(book), str(path)) for note in part] if n == 1 else part
        for n, part in enumerate(read(f"{book}:One.Body"))
    )
