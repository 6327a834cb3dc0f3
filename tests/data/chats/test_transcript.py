"""Transcripts of meetings, in the forms in which programs write them, and what is none."""

import pytest

from burble.data.chats.recognize import recognize
from burble.data.forms import registry
from tests.support.chats import read_chat
from tests.support.documents import paragraph, word

TEAMS = """\
WEBVTT

5f3a-11/12-0
00:00:03.000 --> 00:00:05.240
<v Mira Berg>Good morning &amp; hello,</v>

5f3a-11/12-1
00:00:05.240 --> 00:00:08.100
<v Mira Berg>can you
hear me?</v>

5f3a-11/15-0
00:00:09.000 --> 00:00:10.500
<v Ben Lee (Guest)>Yes: well.</v>

5f3a-11/16-0
00:00:11.000 --> 00:00:12.000
<v Mira Berg>Good.</v>
"""
ZOOM = """\
WEBVTT

1
00:00:03.330 --> 00:00:05.240
Mira Berg: Good morning & hello,

2
00:00:05.240 --> 00:00:08.100
Mira Berg: can you hear me?

3
00:00:09.000 --> 00:00:10.500
Ben Lee (Guest): Yes: well.

4
00:00:11.000 --> 00:00:12.000
Mira Berg: Good.
"""
SAID = [
    ("Mira Berg", "Good morning & hello, can you hear me?"),
    ("Ben Lee (Guest)", "Yes: well."),
    ("Mira Berg", "Good."),
]
PLACED = (
    ("Mira Berg", "0:03", "Good morning &amp; hello,"),
    ("Mira Berg", "0:05", "can you hear me?"),
    ("Ben Lee (Guest)", "59:59", "Yes: well."),
    ("Mira Berg", "1:00:11", "Good."),
)


def document(*paragraphs):
    """A document of Word of paragraphs, each of lines."""
    line_end = '</w:t></w:r><w:r><w:br/></w:r><w:r><w:t xml:space="preserve">'
    return word("".join(paragraph(line_end.join(lines)) for lines in paragraphs))


TEAMS_WORD = document(
    ["Weekly", "January 8, 2024, 9:00AM"],
    ["", "Mira Berg started transcription"],
    *(["", f"{name}   {time}", said] for name, time, said in PLACED),
    ["", "Mira Berg stopped transcription"],
)
TEAMS_OLD_WORD = document(
    *(
        [f"0:0:{second}.100 --&gt; 0:0:{second}.900", name, said]
        for second, (name, _, said) in enumerate(PLACED)
    )
)
OTTER = "".join(f"{name}  {time} \n{said}\n\n" for name, time, said in PLACED)


@pytest.mark.parametrize(("name", "content"), [("teams.vtt", TEAMS), ("zoom.vtt", ZOOM)])
def test_captions_that_name_who_speaks(tmp_path, name, content):
    found, notes = read_chat(tmp_path / name, content.replace("\n", "\r\n"))
    assert found == SAID
    told = " ".join(notes)
    assert f"{name} is read as a transcript of a meeting. Read: 4 cues, 3 messages." in told
    assert "1 head of the file, 4 times, 4 cue numbers" in told
    assert "Changed: 1 piece (joined to what the same person said before it)." in told
    assert "2 speakers: Mira Berg 2, Ben Lee (Guest) 1." in told


@pytest.mark.parametrize(("name", "data"), [("a.docx", TEAMS_WORD), ("b.docx", TEAMS_OLD_WORD)])
def test_documents_of_teams(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    found, notes = read_chat(tmp_path / name)
    assert found == SAID
    assert f"{name} is read as a transcript of a meeting. Read: 3 messages." in " ".join(notes)


def test_what_the_program_notes_of_a_transcript_is_no_speech(tmp_path):
    (tmp_path / "a.docx").write_bytes(TEAMS_WORD)
    _, notes = read_chat(tmp_path / "a.docx")
    left = "3 lines (before the first message), 4 times, "
    left += "1 system line (who started or stopped the transcript)."
    assert f"Left out: {left}" in " ".join(notes)


def test_a_text_with_names_and_times_above_what_was_said(tmp_path):
    found, _ = read_chat(tmp_path / "otter.txt", OTTER.replace("&amp;", "&"))
    assert found == SAID


def test_a_whole_meeting_is_one_document(tmp_path):
    found, _ = read_chat(tmp_path / "a.vtt", TEAMS, label=(), chat="talk")
    assert found[0][0] == "\n".join(f"{name}: {said}" for name, said in SAID)


def test_who_is_not_named_is_unknown_and_told(tmp_path):
    unnamed = f"{ZOOM}\n5\n00:00:13.000 --> 00:00:14.000\nhello there\n\nand again: yes\n"
    found, notes = read_chat(tmp_path / "a.vtt", unnamed)
    assert found[3:] == [("Unknown", "hello there and again: yes")]
    assert "2 pieces of a speaker who is not named" in " ".join(notes)


def test_several_voices_of_one_caption_are_told_apart(tmp_path):
    both = TEAMS.replace("Good.</v>", "Good.</v> <v Ben Lee (Guest)>Yes.</v>")
    assert read_chat(tmp_path / "a.vtt", both)[0][2:] == [
        ("Mira Berg", "Good."),
        ("Ben Lee (Guest)", "Yes."),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n\n00:01.000 --> 00:02.000\nCome in.\n\n00:02.000 --> 00:03.000\nNote: no.\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nONE: a\n\n00:02.000 --> 00:03.000\nTWO: b\n\n"
        "00:03.000 --> 00:04.000\nTHREE: c\n",
        "Opening   9:00\nby the mayor\nCoffee   10:30\nin the hall\nTalks   11:00\nof all\n"
        "Coffee   15:00\nin the hall\n",
        "Lamps  3:45\nHerons  2:10\nLamps  3:50\nHerons  4:00\n",
        "Mira  0:03\nHi\nBen  0:02\nHo\nMira  0:01\nHi\nBen  0:00\nHo\n",
    ],
)
def test_captions_of_a_film_programs_of_events_and_lists_of_songs_are_none(text):
    assert recognize(text) == ""


def test_a_document_with_a_few_times_is_read_as_one(tmp_path):
    (tmp_path / "a.docx").write_bytes(document(["We met at   9:03"], ["and left at   9:05"]))
    found, notes = read_chat(tmp_path / "a.docx", label=())
    assert found[0][0] == "We met at   9:03\nand left at   9:05\n"
    assert "is read as a Word document" in " ".join(notes)


def test_a_damaged_document_is_refused_as_one():
    damaged = TEAMS_WORD[: len(TEAMS_WORD) // 2]
    form = registry.find_form("a.docx", damaged, lambda: (_ for _ in ()).throw(OSError))
    assert form is registry.get_form("word")
