"""Which form a file is of, by its content or its name; and what a person says instead."""

import io
import re
from pathlib import Path

import pytest

from burble.data.forms import registry
from burble.errors import SourceError
from tests.support.documents import paragraph, word

ROOT = Path(__file__).parents[3]


def form_of(name, data, **chosen):
    form = registry.find_form(name, data[:65_536], lambda: io.BytesIO(data), **chosen)
    return form and form.name


def test_documents_are_known_by_their_content_whatever_they_are_called():
    assert form_of("1.txt", word(paragraph("a"))) == "word"


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.HTML", "html"), ("a.srt", "subtitles"), ("b.vtt", "subtitles"), ("a.txt", None)],
)
def test_others_are_known_by_their_endings(name, form):
    assert form_of(name, b"text") == form


def test_subtitles_are_known_by_their_first_cue_whatever_they_are_called():
    assert form_of("a.txt", b"1\r\n00:00:01,000 --> 00:00:02,000\r\nHi\r\n") == "subtitles"
    assert form_of("a.txt", b"1\n00:00:01,000 is a time\n") is None


def test_web_pages_are_known_by_their_first_tag_whatever_they_are_called():
    assert form_of("a.txt", b"\n<!DOCTYPE html>\n<p>Hi") == "html"
    assert form_of("a.txt", b"<html lang=en>") == "html"
    assert form_of("a.txt", b"<p>Hi</p>") is None


def test_the_guide_tells_of_each_form_who_reads_it_and_where_that_is_tested():
    guide = (ROOT / "docs/guides/texts.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+) \| (.+) \| (.+test_.+) \|$", guide, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row[0])}
    assert named == {form.name for form in registry.FORMS}
    tests = [ROOT / "tests/data" / name for row in rows for name in re.findall(r"`(.+?)`", row[2])]
    assert all(path.is_file() for path in tests)
    locked = (ROOT / "requirements/dev.txt").read_text("utf-8")
    packages = [found for row in rows for found in re.findall(r"([a-z][\w-]+) (\d[\d.]+)", row[1])]
    assert len(packages) == 4
    assert all(f"\n{name}=={version} " in locked for name, version in packages)


def test_a_form_that_there_is_not_is_refused_with_those_that_there_are():
    registry.check_form("")
    registry.check_form("text")
    with pytest.raises(
        SourceError, match=r"there is no form 'x'\. Name one of text, .*word, opendocument"
    ):
        registry.check_form("x")
