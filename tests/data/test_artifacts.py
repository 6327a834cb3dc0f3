import itertools

import pytest

from burble.data import corpus
from burble.data.artifacts import Artifacts
from burble.errors import SourceError
from burble.settings import TextSettings

AGAIN = "get the text anew from where it came."


def notes(tmp_path, *texts, names="abcdef", **settings):
    """What is told of texts in files of their own."""
    paths = []
    for name, text in zip(names, texts, strict=False):
        path = tmp_path / (name if "." in name else f"{name}.txt")
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        paths.append(str(path))
    told = corpus.build(paths, TextSettings(**settings), validation=0.1).notes
    return [note.replace(f"{tmp_path}/", "") for note in told]


PLAIN = "It was a plain story of a plain day.\n" * 20


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "one\ntwo\r\nNa\ufffdve, na\ufffdve.\n",
            "a.txt holds 2 replacement characters (U+FFFD), the first in line 23: “Na\ufffdve, "
            f"na\ufffdve.”. Another program put one wherever it could not read a letter, and the "
            f"letter is lost; {AGAIN}",
        ),
        (
            "so\u00adft\n",
            "a.txt holds 1 invisible character in line 21: “so\\u00adft”. Such "
            "characters are learned like letters; remove them if they mean nothing.",
        ),
        (
            "Tom &amp; Jerry &#39;n&#x2019; &co; & so on; AT&T;\n",
            "a.txt holds 3 HTML entities, the first in line 21: “Tom &amp; Jerry &#39;n&#x”. "
            "Entities are learned letter by letter; Python's html.unescape makes signs "
            "of them.",
        ),
        (
            '\n<P CLASS="x"\nid=y>Tom</P><br/> if a<b and b>c: x < y > z\n<!-- so -->',
            "a.txt holds 4 HTML tags, the first in line 22: "
            '“<P CLASS="x" id=y>Tom</P><br/> if”. Tags are learned as text; to leave them out, '
            "save the page as plain text.",
        ),
        (
            "un cafÃ© et lâ€™Ã©tÃ©\n",
            "a.txt holds 4 letters of UTF-8 that were read as if in another encoding, the first "
            "in line 21: “un cafÃ© et lâ€™Ã©tÃ©”. Leave out --encoding if you gave one; or "
            f"else {AGAIN}",
        ),
        ("Ð¿Ñ€Ð¸\n", "letters of UTF-8 that were read as if in another encoding"),
    ],
)
def test_traces_of_other_programs_are_counted_and_shown(tmp_path, text, told):
    assert any(told in note for note in notes(tmp_path, PLAIN + text))


@pytest.mark.parametrize(
    "text",
    [
        "a<b and c>d, x <= y; <grin> &c. AT&T; R&D\n",
        "A MAÇÃ, “NÃO”, «EL NIÑO», la Ñ…, Île, ÂGE, hôpital, Ðuro, Ï\n",
        "می\u200cخواهم and क्\u200dष, 👩\u200d💻\n",
        "price: 5 €, or â€\n",
        '"{" is a bracket, he said: [1]\n',
    ],
)
def test_what_is_spelled_so_is_no_trace(tmp_path, text):
    assert notes(tmp_path, PLAIN + text) == notes(tmp_path, PLAIN)


def test_many_sources_are_told_of_once(tmp_path):
    told = notes(tmp_path, PLAIN + "&lt;\n", PLAIN, PLAIN + "b &gt; &lt;\n")
    assert [note for note in told if "HTML" in note] == [
        "2 sources hold 3 HTML entities, the first in a.txt, in line 21: “&lt;”. "
        "Entities are learned letter by letter; Python's html.unescape makes signs of them."
    ]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ('{"id": 1,\n "text": "so"}\n', "'id'"),
        ('[\n  {"title": "so"},\n', "'title'"),
        ('["one", "two"]\n', ""),
        ('{"id": 1}\n', "'id'"),
    ],
)
def test_json_that_is_read_as_text_is_called_that(tmp_path, text, field):
    told = notes(tmp_path, text + PLAIN, names=["rows.txt"])
    which = f" (such as {field})" if field else ""
    assert (
        f"rows.txt looks like JSON, whose brackets and names{which} are learned as text. To read "
        "one field, name it after the file: rows.txt:FIELD."
    ) in told


TRACES = "a\n<b\nclass='x'>bold</b> &amp; <p>na\ufffdve</p>\u200b lâ€™Ã©tÃ© " * 3


@pytest.mark.parametrize("cuts", [(30,), (3, 9, 50), (1, 2, 4, 8, 16)])
def test_tags_are_counted_wherever_a_text_is_cut(cuts):
    whole, parted = Artifacts(is_text=True), Artifacts(is_text=True)
    whole.count(TRACES, 0)
    for start, end in itertools.pairwise([0, *cuts, len(TRACES)]):
        parted.count(TRACES[start:end], TRACES[:start].count("\n"))
    tags = [found.found["HTML tag"] for found in (whole, parted)]
    assert [(found.count, found.line) for found in tags] == [(12, "in line 2")] * 2


def test_nothing_of_a_text_is_changed(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text(TRACES + "\n", encoding="utf-8")
    assert "".join(corpus.build([str(path)], TextSettings()).text()) == TRACES + "\n"


def test_a_text_that_shows_nothing_is_no_text(tmp_path):
    path = tmp_path / "z.txt"
    path.write_text("\u200b\u200d\ufeff \u2060\n" * 3, encoding="utf-8")
    with pytest.raises(SourceError) as told:
        corpus.build([str(path)], TextSettings())
    assert str(told.value) == (
        f"there is no text to read. {path} holds only invisible characters and was passed over."
    )


def test_lines_and_parts_that_show_nothing_are_no_documents(tmp_path):
    text = "\u200b\none\n\u200b\n\u2060 \ntwo\n\u200b"
    path = tmp_path / "z.txt"
    path.write_text(text, encoding="utf-8")
    for documents in ("lines", "blank"):
        read = corpus.build([str(path)], TextSettings(documents=documents), validation=0)
        assert "".join(read.text()).split() == ["one", "two"]
        assert len(read.starts) == 2
        assert ("4 blank lines skipped." in read.notes) == (documents == "lines")
