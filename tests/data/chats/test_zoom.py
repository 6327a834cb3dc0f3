"""The chat of a meeting, as Zoom saves it."""

import pytest

from burble.data.chats.recognize import recognize
from tests.support.chats import read_chat

SAVED = """\
10:00:01 From Mira Berg to Everyone:
\tGood morning
\tall

10:00:05 From Ben to Mira Berg(Direct Message):
\tReplying to "Good morning"

\thi
10:00:07 From Ben to Everyone:
\tReacted to "Good morning" with 👍
"""
BEFORE = (
    "10:00:01 From  Mira Berg  to  Everyone : Good morning\nall\n10:00:05\t From Ben : hi\n"
    '10:00:07 From Ben to Everyone : Removed a 👍 reaction from "Good morning"\n'
)
KEPT = "00:00:01\tMira Berg:\tGood morning\nall\n00:00:05\tBen:\thi\n"


@pytest.mark.parametrize("content", [SAVED, BEFORE, KEPT])
def test_a_chat_of_zoom_in_each_form_that_is_saved(tmp_path, content):
    found, notes = read_chat(tmp_path / "chat.txt", content.replace("\n", "\r\n"))
    assert found == [("Mira Berg", "Good morning\nall"), ("Ben", "hi")]
    told = " ".join(notes)
    assert "chat.txt is read as a chat of Zoom. Read: 2 messages." in told
    assert ("1 reaction" in told) == ("reaction" in content.lower() or "Reacted" in content)
    assert ("1 quoted line" in told) == ("Replying" in content)


@pytest.mark.parametrize(
    "text",
    [
        "10:00:01 From here we went on.\n10:00:05 From there: no way.\n",
        "10:00:01 from localhost: connected\n10:00:02 from localhost: closed\n",
        "10:00:01\tup\n10:00:02\tdown: yes\n",
    ],
)
def test_a_log_is_none(text):
    assert recognize(text) == ""
