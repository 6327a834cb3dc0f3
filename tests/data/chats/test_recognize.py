"""What is a chat, and what only looks like one."""

import pytest

from burble.data.chats.recognize import recognize

LEVELS = ("ERROR", "INFO", "WARNING", "DEBUG")


@pytest.mark.parametrize(
    "text",
    [
        "HAMLET: To be\nOPHELIA: Hm\nHAMLET: or not\n" * 3,
        "HAMLET. To be\n\nOPHELIA. Hm\n" * 3,
        "".join(f"[2024-01-01, 12:00:0{i}] {LEVELS[i % 4]}: disk {i}\n" for i in range(9)),
        "".join(f"[2024-01-01 12:00:0{i}] production.ERROR: disk\n" for i in range(9)),
        "".join(f"2024-01-01 12:00:0{i} - root - INFO: disk\n" for i in range(9)),
        "".join(f"2024-01-01, 12:00 - [main] WARN com.a: {i}\n" for i in range(9)),
        "24.12.2023 Today: I went\n25.12.2023 Tomorrow: fine\n26.12.2023 Then: no\n",
        "24.12.2023, 18:03 - I came home.\n25.12.2023, 9:00 - Rain.\n26.12.2023, 9:00 - Sun.\n",
        "<p> one\n<b> two\n<p> three\n<p> four\n<b> five\n</p>\n",
        "1\n00:00:01,000 --> 00:00:02,000\nCome in.\n\n2\n00:00:03,000 --> 00:00:04,000\nGo.\n",
        "2024-01-01 12:00:00 - server: up\n2024-01-01 12:00:01 - disk: full\n" * 3,
        "10:00 <Breakfast> eggs\n11:00 <Meeting> with Bob\n12:00 <Lunch> soup\n",
        "<a> one\n<b> two\n<a> three\n<b> four\n<c> five\n<a> six\n" * 2,
        '{"messages": [{"text": "a"}], "type": "export"}',
        '[{"type": "message", "text": "a"}]',
        "[LINE] is a program for chats\n10:00\tan hour\tof the day\n",
        "10:00\tMira\tup\n11:00\tJonas\tup\n12:00\tMira\tdown\n",
        "----- 2024 -----\n[1] [2] see there\n[a] [10:00] b\n",
        "[Mira] [10:00] up\n[Jonas] [11:00] up\n[Mira] [12:00] down\n",
        "BEGIN:VCARD\nFN: Anna\n",
        "[2024-01-02 10:00:00] Me: woke\n[2024-01-02 10:05:00] Weather: rain\n" * 2,
        "".join(f"[2024-01-0{day} 10:00:00] Me: woke up\n" for day in range(1, 9)),
        "2024-01-02 10:00 You: are great\n2024-01-02 10:01 Note: look\n",
        "",
    ],
)
def test_plays_logs_diaries_and_other_json_are_none(text):
    assert recognize(text) == ""


def test_a_diary_of_many_headings_is_none():
    days = "".join(f"{d}.12.2023, 18:03 - Thoughts on {chr(64 + d)}: none\n" for d in range(1, 25))
    assert recognize(days) == ""


def test_a_log_of_ones_own_becomes_a_chat_by_an_answer_a_note_or_its_name():
    said = "[2024-01-02 10:00:00] Me: woke\n[2024-01-02 10:05:00] Ann: rain\n"
    assert recognize(said) == ""
    assert recognize(said, "chat.md") == "signal"
    assert recognize(f"{said}(- Ann: 👍 -)\n") == "signal"
    assert recognize(said * 3) == "signal"


def test_a_log_of_irc_may_say_who_comes_in_any_way():
    said = "".join(f"[2024-01-02T10:0{n}:00+0100] <ann> line {n}\n" for n in range(4))
    assert recognize(f"[2024-01-02T10:00:00+0100] ann came along.\n{said}") == "irc"
