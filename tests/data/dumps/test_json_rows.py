"""Texts out of JSON Lines, lists and lists within lists, and what is said of the rest."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from burble.data import corpus, sources
from burble.errors import SourceError
from burble.settings import TextSettings
from tests.support.tables import json_texts

TALKS = {
    "title": "all",
    "next": {"text": "no"},
    "talks": [
        {"id": 1, "messages": [{"by": "Ann", "content": {"text": "Hello."}}]},
        {"id": 2, "messages": [{"by": "Bob", "content": {"text": "Oh!"}}, {"content": None}]},
    ],
}


def test_a_json_field():
    lines = '{"text": "one\\ntwo", "n": 1}\n\n{"n": 2}\n{"text": 3}\n{"text": ""}\n{"text": "é"}'
    found, notes = json_texts(lines)
    assert found == ["one\ntwo", "é"]
    assert notes == [
        "p.jsonl: 3 rows without text in 'text' skipped: absent at line 3; a number at line 4; "
        "empty at line 5."
    ]


def test_damaged_json_is_named_by_its_line():
    with pytest.raises(SourceError, match=r"p\.jsonl, line 2, is not JSON"):
        json_texts('{"a": "b"}\n{"a"\n', "a")
    with pytest.raises(SourceError, match="line 1, is not an object but a number"):
        json_texts("1\n", "a")
    with pytest.raises(SourceError, match=r"(?s)no field 'b'\. Its fields.*  a  '1'\n  c  '2'\n"):
        json_texts('{"a": "1"}\n{"c": "2"}\n', "b")


def test_a_json_field_twice_is_told():
    found, notes = json_texts('{"text": "a", "text": "b"}\n{"text": "c", "id": {"text": 1}}\n' * 4)
    assert found == ["b", "c"] * 4
    assert notes == [
        "p.jsonl: 4 rows with one field twice, of which the last was read: at line 1, 3, 5 and 1 "
        "more."
    ]


@pytest.mark.parametrize("part", ["a.text", "posts[].a.text"])
def test_a_field_twice_is_told_wherever_it_lies_on_the_way(part):
    records = [
        '{"a": {"text": "1", "text": "2"}}',
        '{"a": {"text": "3"}, "a": {"text": "4"}}',
        r'{"a": {"text": "5", "\u0074ext": "6"}}',
        '{"a.text": "no", "a": {"text": "8"}, "b": {"a": 1}}',
        '{"a": {"b": 1, "text": "9", "b": 2}}',
    ]
    lines = "posts" not in part
    table = "\n".join(records * 40) if lines else f'{{"posts": [{", ".join(records * 40)}]}}'
    found, notes = json_texts(table, part, "p.jsonl" if lines else "p.json")
    assert found == ["2", "4", "6", "no", "9"] * 40
    place = "line" if lines else "item"
    name = "p.jsonl" if lines else "p.json"
    assert notes == [
        f"{name}: 120 rows with one field twice, of which the last was read: at {place} 1, 2, 3 "
        "and 117 more.",
        f"{name}: has fields called 'a.text' and others on that way; the former are read.",
    ]


def test_what_follows_an_object_with_the_list_is_refused():
    with pytest.raises(SourceError, match=r"line 2, is not JSON: something follows the value"):
        json_texts('{"posts": [{"text": "a"}]}\n"and more"', "posts[].text", "p.json")


def test_a_record_of_a_list_that_lies_too_deep_is_refused_in_a_sentence():
    deep = '[{"text": "a", "b": ' + "[" * 100_000 + "]" * 100_000 + "}]"
    with pytest.raises(SourceError, match="its values lie too deep in each other"):
        json_texts(deep, "[].text", "p.json")


def test_what_is_no_text_in_a_json_field_is_told_by_kind():
    kinds = ["5", "null", "[1]", "true", '{"a": 1}', '" "', '"a"']
    found, notes = json_texts("".join(f'{{"text": {kind}}}\n' for kind in kinds))
    assert found == ["a"]
    assert notes == [
        "p.jsonl: 6 rows without text in 'text' skipped: a number at line 1; null at line 2; "
        "a list at line 3; true or false at line 4; an object at line 5; empty at line 6."
    ]


def test_a_field_inside_an_object_is_named_and_can_be_read():
    table = '{"id": 1, "meta": {"title": "a", "text": "b"}}\n'
    with pytest.raises(SourceError, match=r"(?s)no field 'text'.*  meta\.text   'b'\n"):
        json_texts(table)
    said = r"(?s)no text in the field 'meta', but an object.* burble corpus p\.jsonl:meta\.text"
    with pytest.raises(SourceError, match=said):
        json_texts(table, "meta")
    assert json_texts(table, "meta.text") == (["b"], [])
    assert json_texts('{"meta.text": "c", "meta": {"text": "d"}}', "meta.text")[0] == ["c"]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[" * 100_000, "line 1, cannot be read as JSON: its values lie too deep"),
        ('{"a":' * 100_000, "line 1, cannot be read as JSON: its values lie too deep"),
        ('[{"text": "a"},\n{"text": x}]', "line 2, is not JSON: Expecting value"),
        ('[{"text": "a"}\n', "line 2, is not JSON: the text ends where , or ] was expected"),
        ('[{"text": "a"}] 2', "line 1, is not JSON: something follows the value"),
    ],
)
@pytest.mark.parametrize("name", ["p.jsonl", "p.json"])
def test_json_that_is_none_is_one_sentence(table, said, name):
    with pytest.raises(SourceError, match=said):
        json_texts(table, name=name)


@pytest.mark.parametrize(
    ("part", "texts"),
    [
        ("talks[].messages[].content.text", ["Hello.", "Oh!"]),
        ("talks[].messages[].by", ["Ann", "Bob"]),
        ("next.text", ["no"]),
        ("title", ["all"]),
        ("[].text", ["no"]),
    ],
)
def test_lists_within_lists(part, texts):
    for indent in (None, 1):
        assert json_texts(json.dumps(TALKS, indent=indent), part, "p.json")[0] == texts
    if part.startswith("[]"):
        return
    for form in (json.dumps([TALKS, TALKS]), f"{json.dumps(TALKS)}\n" * 2):
        assert json_texts(form, part, "p.txt")[0] == texts * 2


@pytest.mark.parametrize(
    ("label", "counts"),
    [
        ("by", {"Ann": 1, "Bob": 1}),
        ("talks[].messages[].by", {"Ann": 1, "Bob": 1}),
        ("id", {"1": 1, "2": 1}),
        ("title", {"all": 2}),
    ],
)
def test_labels_are_found_around_a_text(tmp_path, label, counts):
    path = tmp_path / "p.json"
    path.write_text(json.dumps(TALKS), encoding="utf-8")
    settings = TextSettings(label=(label,))
    read = corpus.build([f"{path}:talks[].messages[].content.text"], settings, validation=0)
    assert read.encoded.labels.count() == {label: counts}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(JSON, max_size=6), st.sampled_from([None, 1]), st.booleans())
def test_any_list_is_read_value_by_value(values, indent, ascii_only):
    rows = [{"other": value, "text": "é" * (n + 1)} for n, value in enumerate(values)]
    whole = json.dumps({"before": values, "rows": rows}, indent=indent, ensure_ascii=ascii_only)
    expected = ["é" * (n + 1) for n in range(len(rows))]
    if rows:
        assert json_texts(whole, "rows[].text", "p.json")[0] == expected


def test_a_missing_list_is_told_with_what_there_is():
    with pytest.raises(SourceError, match=r"(?s)no field 'posts\[\]\.text'.*talks\[\]\.id  +1\n"):
        json_texts(json.dumps(TALKS), "posts[].text", "p.json")


def test_a_file_without_a_field_lists_its_fields_and_the_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.json").write_text(json.dumps(TALKS), encoding="utf-8")
    with pytest.raises(SourceError) as told:
        sources.find_sources(["p.json"])
    assert str(told.value) == (
        "p.json is JSON; name the field that is the text. Its fields, each with a sample:\n"
        "  title                            'all'\n"
        "  next.text                        'no'\n"
        "  talks[].id                       1\n"
        "  talks[].messages[].by            'Ann'\n"
        "  talks[].messages[].content.text  'Hello.'\n"
        "  talks[].messages[].content\n"
        "One field is read by its name after a colon, such as:\n"
        "  burble corpus 'p.json:talks[].messages[].content.text'\n"
        "To learn the file as it stands, add --form text."
    )
    found = corpus.build(["p.json:talks[].messages[].content.text"], TextSettings(), validation=0)
    assert "".join(found.text()) == "Hello.\n\nOh!"


def test_a_number_of_thousands_of_digits_is_a_number():
    digits = "1" * 5_000
    lines = '{{"text": "a"}}\n{{"n": {}, "text": "b"}}'
    for rows in (lines, '[{{"n": {}, "text": "a"}}, {{"text": "b"}}]'):
        assert json_texts(rows.format(digits))[0] == ["a", "b"]


def test_a_list_of_texts_lists_the_field_that_reads_it(tmp_path):
    (tmp_path / "p.json").write_text('["one", "two"]', encoding="utf-8")
    with pytest.raises(SourceError, match=r"(?s)\n  \[\]  'one'\n.*p\.json:\[\]'\n"):
        sources.find_sources([str(tmp_path / "p.json")])
    assert json_texts('["one", "two"]', "[]", "p.json")[0] == ["one", "two"]


@pytest.mark.parametrize("argument", ["p.json", "p.json:text", "p.csv", "p.csv:t", "p.jsonl:a[].b"])
def test_an_empty_file_is_called_that(tmp_path, argument):
    (tmp_path / argument.partition(":")[0]).write_bytes(b"")
    with pytest.raises(SourceError, match=r"there is no text to read.* is empty and was passed"):
        corpus.build([f"{tmp_path}/{argument}"], TextSettings())


def test_a_field_of_each_file_of_a_folder_or_pattern(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    for name in "ab":
        (tmp_path / "d" / f"{name}.json").write_text(f'[{{"text": "{name}"}}]', encoding="utf-8")
    (tmp_path / "d" / "c.txt").write_text("plain", encoding="utf-8")
    for argument in ("d:text", "d/*:text"):
        found, notes = sources.find_sources([argument])
        assert [source.name for source in found] == ["d/a.json:text", "d/b.json:text"]
        assert notes[0].startswith("1 file without fields ")
    (tmp_path / "d" / "c.txt").unlink()
    with pytest.raises(SourceError, match=r"d holds no text files\. 2 files with fields"):
        sources.find_sources(["d"])
