import csv
import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble import api
from burble.data import sources, tables
from burble.errors import SettingsError, SourceError
from burble.settings import SourceSettings


def rows(table, name, part, **reading):
    # Cut everywhere, so that no line end is found whole.
    found: list[str] = []
    notes = tables.read_rows(table, name, part, found.append, SourceSettings(**reading))
    return found, [str(note) for note in notes]


def test_a_column_by_name():
    table = 'id,body\n1,"one, ""two""\nthree"\n2,\n3, \n4,four\n5\n'
    found, notes = rows(table, "p.csv", "body")
    assert found == ['one, "two"\nthree', "four"]
    assert notes == [
        "p.csv: 1 row has another number of cells than 2: row 6 (line 7) has 1. Where there are "
        "fewer, the last were taken to be missing. A cell that holds ',' must stand in quotes.",
        "p.csv: 3 rows without text in 'body' skipped.",
    ]


def test_a_column_by_number_takes_the_first_row_too():
    found, notes = rows("a\tb\r\nc\td\r\n", "p.tsv", "2")
    assert found == ["b", "d"]
    assert notes == ["p.tsv: row 1 was read as text too, since the column is a number."]


def test_semicolons_part_cells_where_there_are_no_commas():
    assert rows("a;b\r1;2,5\r", "p.csv", "b")[0] == ["2,5"]


def test_a_missing_column_names_those_there_are():
    said = r"p\.csv has no column 'c'; with ',' between cells its first row holds 'a', 'b'\."
    with pytest.raises(SourceError, match=said):
        rows("a,b\n1,2\n", "p.csv", "c")
    with pytest.raises(SourceError, match="no column 3; its first row has 2"):
        rows("a,b\n1,2\n", "p.csv", "3")
    with pytest.raises(SourceError, match="no column 0"):
        rows("a,b\n1,2\n", "p.csv", "0")


def test_a_cell_may_be_longer_than_the_csv_module_likes():
    limit = csv.field_size_limit()
    assert len(rows(["a\n", "x" * 200_000], "p.csv", "a")[0][0]) == 200_000
    assert csv.field_size_limit() == limit


def test_a_json_field():
    lines = '{"text": "one\\ntwo", "n": 1}\n\n{"n": 2}\n{"text": 3}\n{"text": ""}\n{"text": "é"}'
    found, notes = rows(lines, "p.jsonl", "text")
    assert found == ["one\ntwo", "é"]
    assert notes == [
        "p.jsonl: 3 rows without text in 'text' skipped: absent at line 3; a number at line 4; "
        "empty at line 5."
    ]


def test_damaged_json_is_named_by_its_line():
    with pytest.raises(SourceError, match=r"p\.jsonl, line 2, is not JSON"):
        rows('{"a": "b"}\n{"a"\n', "p.jsonl", "a")
    with pytest.raises(SourceError, match="line 1, is not an object"):
        rows("[1]\n", "p.jsonl", "a")
    with pytest.raises(SourceError, match="no field 'b'; its fields are 'a', 'c'"):
        rows('{"a": "1"}\n{"c": "2"}\n', "p.jsonl", "b")


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


def test_cells_in_quotes_that_were_taken_for_letters_are_told():
    found, notes = rows('id\ttext\n1\t"a"\n2\t"b" c\n', "q.tsv", "text")
    assert found == ['"a"', '"b" c']
    assert notes == [
        "q.tsv: 1 cell of 'text' in quotes, which were read as letters. If quotes enclose cells "
        "there, add --quote '\"'."
    ]


@pytest.mark.parametrize("rows_after", [1, 50_000])
def test_a_quote_that_is_not_closed_is_an_error_that_names_its_row(rows_after):
    table = "id,text\n1,one\n" + '2,"stop she said.\n' + "3,hello\n" * rows_after
    said = (
        rf"^q\.csv is damaged: row 3 opens a cell with a quote, \", that is not closed in "
        rf"{1 + rows_after:,} lines\. Close it; or, if quotes are letters in this table, add "
        r"--quote none\.$"
    )
    with pytest.raises(SourceError, match=said):
        rows([table], "q.csv", "text")
    found, _ = rows([table], "q.csv", "text", quote="none")
    assert found == ["one", '"stop she said.', *["hello"] * rows_after]


def test_text_after_a_closing_quote_is_an_error_that_names_its_row():
    table = 'id,text\n1,"a\nb"\n2,"c" d\n'
    said = r"row 3 \(line 4\) has text after the quote that closes a cell\. .*--quote '\\\"'; if"
    with pytest.raises(SourceError, match=said):
        rows(table, "q.csv", "text")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_rows_between_two_stray_quotes_are_told(delimiter):
    table = f"id{delimiter}text\n" + SWALLOWED.format(delimiter, '"')
    _, notes = rows(table, "q.csv", "text", quote='"', delimiter=delimiter)
    assert notes == [
        "q.csv: 1 row of several lines may be several rows, with a quote that is a letter: "
        "row 2 to line 4. If so, add --quote none."
    ]


def test_a_poem_in_a_cell_is_no_row():
    table = 'id,text,by\n1,"Roses, red,\nviolets, blue,\nand so, on",me\n2,"a, b\nc, d",you\n'
    assert rows(table, "p.csv", "text")[1] == []


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


def test_rows_with_other_numbers_of_cells_are_counted_in_one_note():
    table = "text,id\na,1\nb, c,2\nd\ne,3,\nf,4,,5\ng, h, i,6\nj,7\n"
    found, notes = rows(table, "u.csv", "text")
    assert found == ["a", "d", "e", "j"]
    assert notes == [
        "u.csv: 4 rows have another number of cells than 2: row 3 has 3, row 4 has 1, row 6 has 4 "
        "and 1 more. Where there are fewer, the last were taken to be missing. Where there are "
        "more, the row was left out. A cell that holds ',' must stand in quotes."
    ]


def test_half_a_row_is_left_out_where_no_quotes_enclose_line_ends():
    found, notes = rows("id\ttext\n1\ta\n2\tb\nc\td\te\n3\tf\nx\n", "u.tsv", "text")
    assert found == ["a", "b", "f"]
    assert notes == [
        "u.tsv: 2 rows have another number of cells than 2: row 4 has 3, row 6 has 1. They were "
        "left out: without quotes no cell holds tabs or a line end."
    ]


def test_a_table_most_of_whose_rows_are_unclear_is_refused_but_not_by_number():
    table = '"text"\n"1","Hello, you"\n"2","Bye"\n'
    said = r"r\.csv is not read: 2 rows have another number .* choose the column by its number"
    with pytest.raises(SourceError, match=said):
        rows(table, "r.csv", "text")
    assert rows(table, "r.csv", "2")[0] == ["Hello, you", "Bye"]


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
@pytest.mark.parametrize("argument", ["p.txt", "p.csv", "p.jsonl:text"])
def test_a_dialect_is_not_dropped_in_silence(tmp_path, reading, argument):
    for name in ("p.txt", "p.csv", "p.jsonl"):
        (tmp_path / name).write_text('{"text": "a"}\n', encoding="utf-8")
    with pytest.raises(SettingsError, match="no column of a table is read here"):
        sources.find_sources([str(tmp_path / argument)], SourceSettings(**reading))


def test_a_column_of_a_file_that_ends_otherwise_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "p.txt").write_text("id\ttext\n1\ta\n", encoding="utf-8")
    said = (
        r"p\.txt does not end as a table does\. Save it as one of \.csv, \.tsv, \.jsonl, \.ndjson\."
    )
    with pytest.raises(SourceError, match=said):
        sources.find_sources([f"{tmp_path / 'p.txt'}:text"])


def test_the_dialect_is_a_flag(burble, tmp_path):
    (tmp_path / "p.csv").write_text("a,b;c\nd,e;f\n", encoding="utf-8")
    path = tmp_path / "p.csv"
    done = burble("corpus", f"{path}:2", "--delimiter", ";", "-o", tmp_path / "clean.txt")
    assert done.returncode == 0, done.stderr.decode()
    assert (tmp_path / "clean.txt").read_text(encoding="utf-8") == "c\n\nf"
    again = SourceSettings(delimiter="\t", quote="none").given
    assert again == {"delimiter": "tab", "quote": "none"}


def test_two_columns_of_one_name_are_refused():
    said = r"d\.csv has 2 columns 'text', numbers 1, 3\. .* as in d\.csv:1\."
    with pytest.raises(SourceError, match=said):
        rows("text,id,text\na,1,b\n", "d.csv", "text")
    assert rows("text,id,text\na,1,b\n", "d.csv", "3")[0] == ["text", "b"]


def test_a_column_that_is_not_there_is_told_with_what_was_found():
    said = r"with ';' between cells its first row holds 'id', 'text'\. If .* add --delimiter\."
    with pytest.raises(SourceError, match=said):
        rows("id;text\n1;a, b\n", "p.csv", "body")
    many = ";".join(f"c{i}" for i in range(200)) + f";{'x' * 500}\n"
    with pytest.raises(SourceError, match=r"'c19' and 181 more\.") as raised:
        rows(many, "p.csv", "body")
    assert len(str(raised.value)) < 400
    with pytest.raises(SourceError, match=r"no column '9{5000}'"):
        rows("a,b\n1,2\n", "p.csv", "9" * 5_000)


def test_a_json_field_twice_is_told():
    found, notes = rows('{"text": "a", "text": "b"}\n{"text": "c", "id": {"text": 1}}\n' * 4, *JSON)
    assert found == ["b", "c"] * 4
    assert notes == [
        "p.jsonl: 4 rows with one field twice, of which the last was read: at line 1, 3, 5 and 1 "
        "more."
    ]


JSON = ("p.jsonl", "text")


def test_what_is_no_text_in_a_json_field_is_told_by_kind():
    kinds = ["5", "null", "[1]", "true", '{"a": 1}', '" "', '"a"']
    found, notes = rows("".join(f'{{"text": {kind}}}\n' for kind in kinds), *JSON)
    assert found == ["a"]
    assert notes == [
        "p.jsonl: 6 rows without text in 'text' skipped: a number at line 1; null at line 2; "
        "a list at line 3; true or false at line 4; an object at line 5; empty at line 6."
    ]


def test_a_field_inside_an_object_is_named_and_can_be_read():
    table = '{"id": 1, "meta": {"title": "a", "text": "b"}}\n'
    said = r"p\.jsonl has no field 'text'; its fields are 'id', 'meta' \(with 'title', 'text'\)\."
    with pytest.raises(SourceError, match=said):
        rows(table, *JSON)
    said = r"no text in the field 'meta', but an object\. It holds .* as in p\.jsonl:meta\.title\."
    with pytest.raises(SourceError, match=said):
        rows(table, "p.jsonl", "meta")
    assert rows(table, "p.ndjson", "meta.text") == (["b"], [])
    assert rows('{"meta.text": "c", "meta": {"text": "d"}}', "p.jsonl", "meta.text")[0] == ["c"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[\n{"text": "a"}\n]\n', "line 1, is not JSON: .* becomes such lines by: jq -c"),
        ('[{"text": "a"}]\n', "line 1, is not an object but a list.* becomes such lines by: jq -c"),
        ("[" * 100_000, "line 1, cannot be read as JSON: its values lie too deep"),
        ('{"text": "a"}\n{"text": ' + "1" * 5_000 + "}", "line 2, cannot be read as JSON"),
    ],
)
def test_json_that_is_no_json_lines_is_one_sentence(table, said):
    with pytest.raises(SourceError, match=said):
        rows([table], *JSON)


def test_a_field_of_a_json_file_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "p.json").write_text('[{"text": "a"}]', encoding="utf-8")
    with pytest.raises(SourceError, match=r"one JSON value, not JSON lines.*jq -c"):
        sources.find_sources([f"{tmp_path / 'p.json'}:text"])


@given(
    st.lists(st.lists(st.text(alphabet='a",;\n\\'), min_size=2, max_size=2), min_size=1),
    st.sampled_from(",;"),
)
def test_what_the_csv_module_writes_is_read_back(table, delimiter):
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter).writerows([["id", "text"], *table])
    found, _ = rows(written.getvalue(), "p.csv", "text", delimiter=delimiter, quote='"')
    assert found == [text for _, text in table if text.strip() and text != r"\N"]


@given(st.text(alphabet="a\r\n"), st.lists(st.integers(0, 9)))
def test_lines_are_the_same_wherever_the_text_is_cut(raw, cuts):
    edges = sorted({0, len(raw), *(c for c in cuts if c < len(raw))})
    pieces = [raw[a:b] for a, b in pairwise(edges)]
    found = list(tables.split_lines(pieces))
    assert "".join(found) == raw
    assert [line.rstrip("\r\n") for line in found] == raw.splitlines()


def test_what_holds_of_many_tables_is_said_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number in range(9):
        (tmp_path / f"{number}.csv").write_text(f"id;text\n1;a{number}\n2;\n3;\n", "utf-8")
    (tmp_path / "b.jsonl").write_text('{"text": "b"}\n{"text": 1}\n', "utf-8")
    names = [*(f"{number}.csv:text" for number in range(9)), "b.jsonl:text"]
    assert api.read(names, validation=0.0).notes[:2] == (
        "9 sources (0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 3 more): found ';' between cells.",
        "10 sources (0.csv, 1.csv, 2.csv, 3.csv, 4.csv, 5.csv and 4 more): 19 rows without text in "
        "'text' skipped.",
    )
