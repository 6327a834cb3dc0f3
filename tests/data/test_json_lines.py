"""Texts out of JSON Lines, and what is said of the other lines."""

import pytest

from burble.data import sources
from burble.errors import SourceError
from tests.support.tables import rows


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
