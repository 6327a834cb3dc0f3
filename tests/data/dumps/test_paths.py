"""Paths in nested values."""

import pytest

from burble.data.dumps.fields import Fields
from burble.data.dumps.paths import ABSENT, NO_LIST, FieldPath, add_fields


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("a", [{"b": [1, [2, 3]]}]),
        ("a.b[]", [1, [2, 3]]),
        ("a.b[][]", [NO_LIST, 2, 3]),
        ("a[].b", [ABSENT]),
        ("a[][]", [1, [2, 3]]),
        ("x.y", [5]),
        ("x[]", [NO_LIST]),
        ("z.y", [ABSENT]),
        ("z[].y", [ABSENT]),
    ],
)
def test_what_a_path_leads_to(path, values):
    record = {"a": {"b": [1, [2, 3]]}, "x.y": 5, "x": "y"}
    assert [value for value, _ in FieldPath(path).find(record)] == values


def test_an_object_of_many_objects_is_a_list_of_records():
    fields = Fields()
    add_fields(fields, {f"id{n}": {"text": "a"} for n in range(30)}, "messages")
    assert [*fields.found] == ["messages[].text"]


def test_an_object_whose_names_are_ids_is_one_too_however_few_there_are():
    ids = ["1c8e4a30-7b5f-4a51-9a53-0c2f1e6b7d88", "9f0e4a30-7b5f-4a51-9a53-0c2f1e6b7d00", "root"]
    fields = Fields()
    add_fields(fields, {"title": "x", "mapping": {one: {"message": {"text": "a"}} for one in ids}})
    assert [*fields.found] == ["title", "mapping[].message.text"]
    fields = Fields()
    add_fields(fields, {"author": {"name": "x"}, "post": {"text": "a"}})
    assert [*fields.found] == ["author.name", "post.text"]
