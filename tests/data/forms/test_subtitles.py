"""Subtitles: the speech, whatever stands around it."""

import re

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


def test_a_line_that_captions_show_again_while_they_scroll_is_said_once():
    vtt = (
        "WEBVTT\nKind: captions\n\n00:00:00.160 --> 00:00:02.389 align:start position:0%\n \n"
        "hello<00:00:00.480><c> and</c><00:00:00.960><c> welcome</c>\n\n"
        "00:00:02.389 --> 00:00:02.399\nhello and welcome\n \n\n"
        "00:00:02.399 --> 00:00:05.030\nhello and welcome\nback<00:00:02.720><c> again</c>\n\n"
        "00:00:05.030 --> 00:00:05.040\nback again\n \n\n"
        "00:00:05.040 --> 00:00:07.110\nback again\nplant<00:00:05.359><c> leeks</c>\n"
    )
    text, account = text_of(vtt)
    assert text == "hello and welcome\nback again\nplant leeks\n"
    assert account.left["repeated line (captions that scroll)"] == 4
    assert not +account.changed
    # As another program writes them.
    srt = vtt.replace("WEBVTT\nKind: captions\n\n", "")
    srt = re.sub(r"(:\d\d)\.(\d{3}\s)", r"\1,\2", re.sub(r"<\d[^>]*>|</?c>", "", srt))
    assert text_of(srt)[0] == text
    # Somebody says it twice.
    twice = "1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nNo.\n"
    assert text_of(twice)[0] == "No.\nNo.\n"


def test_subtitles_of_youtube_have_two_times_with_a_comma():
    sbv = "0:00:00.599,0:00:04.160\n>> ALICE: Hi,\nthere\n\n0:00:04.160,0:00:06.770\nBye\n"
    text, account = text_of(sbv)
    assert text == ">> ALICE: Hi, there\nBye\n"
    assert account.left["time"] == 2


def test_times_may_have_any_fraction_of_a_second():
    srt = "1\n0:01.5 --> 0:01.5\nOne\n\n2\n0:01.5 --> 0:02.25\nOne\n"
    assert text_of(srt)[0] == "One\nOne\n"


def test_tags_without_an_end_are_read_as_they_stand_and_in_no_time():
    begun = "<v a " * 50_000 + "<v" + " " * 50_000
    text, account = text_of(f"1\n00:00:01,000 --> 00:00:02,000\n{begun}b\n")
    assert text == f"{begun}b\n"
    assert not account.left["name of a speaker in a tag"]
