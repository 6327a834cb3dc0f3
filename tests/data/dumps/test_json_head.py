"""JSON told by how it begins, whatever a file is called."""

import json

import pytest

from burble.data import corpus
from burble.data.dumps.json_head import is_records
from burble.errors import FieldError
from burble.settings import TextSettings

RECORD = {"id": 1, "text": "so", "more": ["a", None, True, -1.5, {"b": {}}]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(RECORD),
        json.dumps([RECORD] * 3, indent=2),
        "\ufeff" + "\r\n".join([json.dumps(RECORD)] * 3),
        json.dumps(["one", "two"]),
        f"window.YTD.tweets.part0 = {json.dumps([RECORD])};",
    ],
)
def test_records_are_json_wherever_they_are_cut(text):
    assert is_records(text, cut=False)
    begun = text.index('"', text.index('"') + 8) + 8
    assert all(is_records(text[:end], cut=True) for end in range(begun, len(text)))


@pytest.mark.parametrize(
    "text",
    [
        '{"a" is a letter, and so is "b"}',
        '{"a": 1} is what a program writes.\n{"b": 2}\n',
        '["Come in," she said, "and sit."]',
        "{{ title }}\n",
        "[1] See below.",
        '[{"text": "a"}, ...]',
        "{\\rtf1 a}",
        "",
    ],
)
def test_texts_that_begin_like_it_are_none(text):
    assert not is_records(text, cut=False)


def test_json_lines_under_any_name_show_their_fields(tmp_path):
    path = tmp_path / "dump.txt"
    path.write_text(f"{json.dumps(RECORD)}\n" * 3)
    for argument in (str(path), f"{path}:"):
        with pytest.raises(FieldError, match=r"(?s)name the field.*  text .*'so'.*--form text"):
            corpus.build([argument], TextSettings())
    assert corpus.build([f"{path}:text"], TextSettings(), validation=0).characters == 6
