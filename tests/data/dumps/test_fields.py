"""Fields with their samples."""

from burble.data.dumps.fields import Fields


def test_the_likeliest_field_is_the_one_with_most_letters():
    fields = Fields()
    for row in ((1, "2024-01-01T10:00:00Z", "Hello there, all of you", None), (2, "", "Yes", "x")):
        fields.add_row(("id", "at", "said", "tag"), row)
    assert fields.likeliest == "said"
    assert fields.tabulate() == (
        "  id    1\n  at    '2024-01-01T10:00:00Z'\n  said  'Hello there, all of you'\n  tag   'x'"
    )
    told = fields.describe("it's.csv", "a table", as_text=True)
    assert told.startswith("it's.csv is a table; name the field that is the text.")
    assert "\n  burble corpus 'it'\"'\"'s.csv:said'\nTo learn the file as it stands" in told


def test_long_samples_and_many_fields_are_cut():
    fields = Fields()
    for n in range(60):
        fields.add(f"f{n}", "word\n" * 60)
    lines = fields.tabulate().split("\n")
    assert lines[0].endswith("word…'")
    assert (len(lines), lines[-1]) == (41, "  … and 20 more")


def test_a_model_of_markovify_is_told_from_a_dump():
    fields = Fields()
    fields.add_row(("state_size", "chain", "parsed_sentences[][]"), (2, "[[[", "Alice"))
    assert fields.describe("m.json", "JSON", as_text=True) == (
        "m.json is a model of markovify. The text that it holds is written by:\n"
        "  burble import m.json -o text.txt"
    )


def test_ids_and_addresses_are_hardly_text():
    fields = Fields()
    fields.add("id", "1c8e4aff-7b5f-4a51-9a53-0c2f1e6b7d88")
    fields.add("link", "https://example.org/a-very-long-address-of-a-page")
    fields.add("sha", "deadbeefdeadbeefdeadbeef")
    fields.add("what", "Hello")
    assert fields.likeliest == "what"


def test_so_many_of_the_likeliest_fields_are_listed_in_their_order():
    fields = Fields()
    fields.add_row(("a", "b", "c", "d"), ("words of it", 1, "a", "more words"))
    assert fields.list_likeliest(2) == ["a", "d"]
    assert fields.list_likeliest(9) == ["a", "b", "c", "d"]
