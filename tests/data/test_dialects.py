"""How the cells of a table are parted is found, or set."""

import pytest

from burble.data import sources
from burble.errors import SettingsError
from burble.settings import SourceSettings
from tests.support.tables import rows


def test_semicolons_part_cells_where_there_are_no_commas():
    assert rows("a;b\r1;2,5\r", "p.csv", "b")[0] == ["2,5"]


SWALLOWED = '1{0}"stop, she said.\n2{0}hello there\n3{0}good day{1}\n4{0}bye now\n'


LETTERS = ['"stop, she said.', "hello there", "good day", "bye now"]


@pytest.mark.parametrize("close", ['"', ""])
@pytest.mark.parametrize(("name", "delimiter"), [("q.tsv", "\t"), ("q.csv", "\t"), ("q.csv", "|")])
def test_quotes_are_letters_where_tabs_or_bars_part_cells(name, delimiter, close):
    table = f"id{delimiter}text\n" + SWALLOWED.format(delimiter, close)
    found, notes = rows(table, name, "text")
    assert found == [*LETTERS[:2], LETTERS[2] + close, LETTERS[3]]
    told = f"{name}: found {'tabs' if delimiter == chr(9) else repr('|')} between cells."
    assert notes == ([] if name == "q.tsv" else [told])


def test_quotes_enclose_cells_of_a_tsv_where_whole_cells_are_quoted():
    table = 'id\ttext\n1\t"a ""b"" c"\n2\t"two\nlines"\n3\td\n'
    found, notes = rows(table, "q.tsv", "text")
    assert found == ['a "b" c', "two\nlines", "d"]
    told = "q.tsv: found quotes around cells, which are no part of the text."
    assert notes == [told]
    kept, _ = rows(table.replace("\nlines", ""), "q.tsv", "text", quote="none")
    assert kept == ['"a ""b"" c"', '"two"', "d"]


ESCAPED = 'id,text\n1,"she said \\"stop\\", and left"\n2,"C:\\dir\\\\new \\\nline"\n3,\\N\n'


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("quote", ["", '"', '\\"'])
def test_quotes_with_a_backslash_before_them_as_databases_write_them(quote, end):
    found, notes = rows(ESCAPED.replace("\n", end), "m.csv", "text", quote=quote)
    assert found == ['she said "stop", and left', "C:\\dir\\new \nline"]
    told = "m.csv: found a backslash before quotes inside cells."
    blank = "m.csv: 1 row without text in 'text' skipped."
    assert notes == ([blank, told] if not quote else [blank])[::-1]


def test_backslashes_before_quotes_of_cells_that_are_in_none():
    table = 'id,text\n1,\\"Stop\\" she said\n2,b\n'
    assert rows(table, "m.csv", "text")[0] == ['"Stop" she said', "b"]


def test_backslashes_are_letters_where_quotes_are_doubled():
    table = 'id,text\n1,"C:\\"\n2,"a\\b ""c"""\n'
    assert rows(table, "p.csv", "text") == (["C:\\", 'a\\b "c"'], [])


@pytest.mark.parametrize(
    ("table", "name", "part", "wanted"),
    [
        ("0;Guten Tag, liebe Leser;w0\n1;Hallo, du;w1\n", "p.csv", "2", "Guten Tag, liebe Leser"),
        ("sep=;\r\nid;text\r\n1;Tag, Leser\r\n", "p.csv", "text", "Tag, Leser"),
        ('"sep=|"\nid|text\n1|a;b,c\n', "p.csv", "text", "a;b,c"),
        ("id\ttext\n1\ta, b\n", "p.csv", "text", "a, b"),
        ("id|text\n1|a, b\n", "p.csv", "text", "a, b"),
        ("id,text\n1,a; b; c\n2,d; e; f\n", "p.csv", "text", "a; b; c"),
        ("id,text\n1,a\n", "p.tsv", "text", "a"),
        ("name\nSmith, John\nDoe; Jane\n", "n.csv", "name", "Smith, John"),
        ("name\n" + '"Smith, John"\n', "n.csv", "name", "Smith, John"),
        ('\ufeff"id", text \n1,a\n', "p.csv", "text", "a"),
        ("2019,2020\na,b\n", "p.csv", "2020", "b"),
        ("id,text\n" * 2 + "1,'a, b'\n", "p.csv", "text", "text"),
    ],
)
def test_the_dialect_is_found_from_many_rows(table, name, part, wanted):
    assert rows(table, name, part)[0][0] == wanted


def test_the_dialect_is_that_of_most_rows_of_a_long_table():
    table = ["0;a;w\n", *[f"{i};Tag, und, so{', ja' * (i % 3)};w\n" for i in range(40_000)]]
    found, notes = rows(table, "p.csv", "2")
    assert found[1:3] == ["Tag, und, so", "Tag, und, so, ja"]
    assert (len(found), len(notes)) == (40_001, 2)


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        ({"delimiter": "tab"}, "b,c"),
        ({"delimiter": "\\t"}, "b,c"),
        ({"delimiter": "\t"}, "b,c"),
        ({"delimiter": ","}, "c;'d'"),
        ({"delimiter": ";"}, "'d'"),
        ({"delimiter": ";", "quote": "'"}, "d"),
    ],
)
def test_the_dialect_can_be_set(reading, wanted):
    assert rows("a\tb,c;'d'\n", "p.csv", "2", **reading)[0] == [wanted + ";'d'" * (wanted == "b,c")]


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ({"delimiter": "::"}, "delimiter is '::', but must be one character that is no quote"),
        ({"delimiter": '"'}, "delimiter is '\"', but must be one character"),
        ({"quote": "«"}, "quote is '«', but must be none,"),
    ],
)
def test_a_dialect_that_cannot_be_is_refused(reading, said):
    with pytest.raises(SettingsError, match=said):
        SourceSettings(**reading)


@pytest.mark.parametrize("reading", [{"delimiter": ";"}, {"quote": "none"}])
@pytest.mark.parametrize("argument", ["p.txt", "p.jsonl:text"])
def test_a_dialect_is_not_dropped_in_silence(tmp_path, reading, argument):
    (tmp_path / "p.txt").write_text("a\n", encoding="utf-8")
    (tmp_path / "p.jsonl").write_text('{"text": "a"}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="no column of a table is read here"):
        sources.find_sources([str(tmp_path / argument)], SourceSettings(**reading))


def test_the_dialect_is_a_flag(burble, tmp_path):
    (tmp_path / "p.csv").write_text("a,b;c\nd,e;f\n", encoding="utf-8")
    path = tmp_path / "p.csv"
    done = burble("corpus", f"{path}:2", "--delimiter", ";", "-o", tmp_path / "clean.txt")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "clean.txt").read_text(encoding="utf-8") == "c\n\nf"
    again = SourceSettings(delimiter="\t", quote="none").given
    assert again == {"delimiter": "tab", "quote": "none"}
