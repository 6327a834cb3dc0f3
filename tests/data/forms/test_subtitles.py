"""Subtitles: the speech, whatever stands around it."""

from tests.support.documents import read_form


def text_of(subtitles):
    (text,), account = read_form("subtitles", subtitles.encode())
    return text, account


def test_speech_is_read_without_numbers_times_and_styles():
    srt = (
        "1\r\n00:00:01,000 --> 00:00:02,500 X1:10 Y1:20\r\n<i>Who's\r\nthere?</i>\r\n\r\n"
        "2\r\n00:00:03,000 --> 00:00:04,000\r\n{\\an8}- Me.\r\n- And <b>me</b> &amp; her.\r\n"
    )
    text, account = text_of(srt)
    assert text == "Who's there?\n- Me.\n- And me & her.\n"
    assert account.taken == {"cue": 2}
    assert account.left["time"] == 2
    assert account.left["cue number"] == 2
    assert account.left["tag of style"] == 4
    assert account.left["position"] == 2


def test_cues_of_webvtt_have_names_voices_and_notes_beside_them():
    vtt = (
        "\ufeffWEBVTT - Title\n\nNOTE not said\n\nSTYLE\n::cue {}\n\n"
        "intro\n00:01.000 --> 00:02.000\n"
        "<v.loud Roger Bingham>We are <00:01.500><c>in</c> New York</v>\n"
    )
    text, account = text_of(vtt)
    assert text == "We are in New York\n"
    assert account.left["comment"] == 1
    assert account.left["name of a speaker in a tag"] == 1


def test_a_file_without_blank_lines_is_told_apart_by_its_times():
    srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:03,000 --> 00:00:04,000\n3\n"
    assert text_of(srt)[0] == "One\n3\n"


def test_a_blank_line_within_a_cue_ends_no_speech():
    srt = "1\n00:00:01,000 --> 00:00:02,000\nOne\n\ntwo\n\n2\n00:00:03,000 --> 00:00:04,000\n3\n"
    text, account = text_of(srt)
    assert text == "One\ntwo\n3\n"
    assert account.changed["cue with a blank line"] == 1


def test_what_is_no_cue_is_counted():
    text, account = text_of("Made by someone\n\n1\n00:00:01,000 --> 00:00:02,000\nHi\n")
    assert text == "Hi\n"
    assert account.left["line without a time"] == 1
