"""Messages of programs, each in the forms it is exported in."""

import json
import shutil

import pytest

from burble.errors import SourceError
from tests.support.chats import read_chat, write_slack

TELEGRAM = [
    {"id": 1, "type": "service", "action": "invite_members", "text": ""},
    {"id": 2, "type": "message", "from": "Anna", "text": ["see ", {"type": "link", "text": "a"}]},
    {"id": 3, "type": "message", "from": None, "from_id": "user3", "text": "yes"},
    {"id": 4, "type": "message", "from": "Ben", "text": "", "photo": "x.jpg"},
    {"id": 5, "type": "message", "from": "Ben", "forwarded_from": "Carl", "text": "theirs"},
]


def test_telegram_texts_are_lists_of_parts(tmp_path):
    chat = {"name": "A", "type": "personal_chat", "id": 1, "messages": TELEGRAM}
    found, notes = read_chat(tmp_path / "result.json", json.dumps(chat))
    assert found == [("Anna", "see a"), ("user3", "yes")]
    left = "1 system line (who joined, calls, pins), 1 attachment, 1 message without text, "
    left += "1 forwarded message."
    assert any(note.endswith(f"Read: 2 messages. Left out: {left}") for note in notes)


def test_all_chats_of_telegram_are_talks_of_their_own(tmp_path):
    chats = [
        {"name": name, "type": "private_group", "id": place, "messages": TELEGRAM[1:3]}
        for place, name in enumerate("AB")
    ]
    whole = {"about": "data", "chats": {"about": "chats", "list": chats}}
    path = tmp_path / "result.json"
    found, _ = read_chat(path, json.dumps(whole), label=(), chat="talk")
    assert [text for text, _ in found] == ["Anna: see a\nuser3: yes"] * 2


DISCORD = {
    "guild": {"id": "1", "name": "G"},
    "channel": {"id": "2"},
    "messages": [
        {"type": "Default", "content": "hello", "author": {"name": "anna", "nickname": "Anna"}},
        {"type": "GuildMemberJoin", "content": "Joined.", "author": {"name": "ben"}},
        {"type": "Default", "content": "beep", "author": {"name": "bot", "isBot": True}},
        {"type": "Reply", "content": "hey\nyou", "author": {"name": "ben"}},
    ],
    "messageCount": 4,
}
RULE = "=" * 62
DISCORD_TEXT = f"""\
{RULE}
Guild: G
Channel: c
{RULE}

[2024-01-02 10:00] Anna
hello

{{Attachments}}
https://example.org/x.png


[1/2/2024 10:01 AM] ben (pinned)
hey
you


{RULE}
Exported 2 message(s)
{RULE}
"""
DISCORD_TABLE = (
    '\ufeffAuthorID,Author,Date,Content,Attachments,Reactions\n"1","Anna","2024","hello","",""\n'
    '"2","ben","2024","hey\nyou","",""\n'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [("d.json", json.dumps(DISCORD)), ("d.txt", DISCORD_TEXT), ("d.csv", DISCORD_TABLE)],
)
def test_discord_in_each_form_that_is_exported(tmp_path, name, content):
    found, notes = read_chat(tmp_path / name, content)
    assert found == [("Anna", "hello"), ("ben", "hey\nyou")]
    assert any("is read as a chat of Discord. Read: 2 messages" in note for note in notes)


def test_slack_as_a_folder_and_as_an_archive(tmp_path):
    write_slack(tmp_path / "export")
    wanted = [("Anna", "hi @ben & all"), ("ben", "yo")]
    assert read_chat(tmp_path / "export")[0] == wanted
    archive = shutil.make_archive(str(tmp_path / "slack"), "zip", tmp_path / "export")
    found, notes = read_chat(tmp_path / "slack.zip")
    assert (archive, found) == (str(tmp_path / "slack.zip"), wanted)
    shutil.make_archive(str(tmp_path / "folder"), "zip", tmp_path, "export")
    assert read_chat(tmp_path / "folder.zip")[0] == wanted
    left = "Left out: 1 system line (who joined, topics, calls), 1 bot message."
    assert any(note.endswith(left) for note in notes)


IRSSI = """\
--- Log opened Mon Jan 01 10:00:00 2024
10:00 -!- ann [a@b] has joined #x
10:01 <@ann> hi
10:02 < ben> <b> is bold
10:03  * ann waves
10:04 -!- mode/#x [+o ben] by ann
"""
WEECHAT = (
    "2024-01-01 10:00:00\t-->\tann (a@b) has joined\n2024-01-01 10:01:00\t@ann\thi\n"
    "2024-01-01 10:02:00\tben\t<b> is bold\n2024-01-01 10:03:00\t *\tann waves\n"
)
ZNC = """\
[10:00:00] *** Joins: ann (a@b)
[10:01:00] <ann> \x0304hi\x03
[10:02:00] <ben> <b> is bold
[10:03:00] * ann waves
"""
HEXCHAT = (
    "**** BEGIN LOGGING AT Mon Jan  1 10:00:00 2024\n\nJan 01 10:00:00 *\tann has joined\n"
    "Jan 01 10:01:00 <ann>\thi\nJan 01 10:02:00 <ben>\t<b> is bold\nJan 01 10:03:00 *\tann waves\n"
)


@pytest.mark.parametrize("log", [IRSSI, WEECHAT, ZNC, HEXCHAT])
def test_logs_of_irc_programs(tmp_path, log):
    found, _ = read_chat(tmp_path / "x.log", log)
    assert found == [("ann", "hi"), ("ben", "<b> is bold"), ("ann", "/me waves")]


SIGNAL_LINES = "\n".join(
    json.dumps({"date": "2024", "sender": who, "body": said, "quote": "", "reactions": []})
    for who, said in (("Me", "Hi\nyou"), ("Ann", "yo"))
)
SIGNAL_TEXT = """\
[2024-01-02 10:00:00] Me: Hi
you
(- Ann: + -)
[2024-01-02 10:01:00] Ann: > earlier

yo ![p.jpg](./media/p.jpg)
"""
SIGTOP = """\
Conversation: Ann (+4912345)

From: Me
Type: outgoing
Sent: Tue, 2 Jan 2024 10:00:00 +0100

Hi
you

From: Ann (+4912345)
Type: incoming
Sent: Tue, 2 Jan 2024 10:01:00 +0100
Received: Tue, 2 Jan 2024 10:01:00 +0100
Reaction: + from You

yo

From: Ann (+4912345)
Type: call-history
Sent: Tue, 2 Jan 2024 10:02:00 +0100

"""


@pytest.mark.parametrize(
    ("name", "content"),
    [("data.json", SIGNAL_LINES), ("chat.md", SIGNAL_TEXT), ("Ann.txt", SIGTOP)],
)
def test_signal_by_the_tools_that_export_it(tmp_path, name, content):
    found, notes = read_chat(tmp_path / name, content)
    assert found == [("Me", "Hi\nyou"), ("Ann", "yo")]
    assert any("is read as a chat of Signal" in note for note in notes)


def test_sigtop_in_a_line_each(tmp_path):
    text = "2024-01-02 10:00 You: Hi\n2024-01-02 10:01 Ann: [reply to You on x] yo\n"
    assert read_chat(tmp_path / "Ann.txt", text)[0] == [("You", "Hi"), ("Ann", "yo")]


def test_damaged_json_is_refused_with_its_place(tmp_path):
    content = json.dumps(DISCORD, indent=1).replace('"Reply"', '"Reply')
    with pytest.raises(SourceError, match=r"d\.json, line \d+, is not JSON"):
        read_chat(tmp_path / "d.json", content)


def test_a_damaged_table_is_refused_with_its_line(tmp_path):
    content = DISCORD_TABLE + '"3","ben","2024","' + "x" * 200_000 + '","",""\n'
    with pytest.raises(SourceError, match=r"d\.csv, line \d, is damaged: field larger"):
        read_chat(tmp_path / "d.csv", content)


def test_actions_are_told_from_what_programs_write_with_an_asterisk(tmp_path):
    log = (
        "[00:01] * Joins: ann (a@b.c)\n[00:02] <ann> hi\n[00:03] * ann has joined the dark side\n"
        "[00:03] * bob left the room, haha\n[00:04] <bob> yo\n[00:05] * ann (a@b) has left #x\n"
    )
    found, _ = read_chat(tmp_path / "x.log", log)
    wanted = ["hi", "/me has joined the dark side", "/me left the room, haha", "yo"]
    assert [text for _, text in found] == wanted
    log = (
        "Jan 01 00:01:00 *\tNow talking on #x\nJan 01 00:02:00 <ann>\thello\n"
        "Jan 01 00:02:01 <bob>\tyo\nJan 01 00:03:00 *\tann waves\n"
        "Jan 01 00:03:00 *\tann has quit (bye)\n"
    )
    found, _ = read_chat(tmp_path / "y.log", log)
    assert [text for _, text in found] == ["hello", "yo", "/me waves"]


def test_a_chat_in_utf_16_is_known(tmp_path):
    path = tmp_path / "result.json"
    chat = {"name": "A", "type": "personal_chat", "id": 1, "messages": TELEGRAM}
    path.write_bytes(json.dumps(chat).encode("utf-16"))
    assert read_chat(path)[0] == [("Anna", "see a"), ("user3", "yes")]


def test_messenger_writes_the_bytes_of_letters_and_the_newest_first(tmp_path):
    def said(text, **more):
        return {"sender_name": "Zoë".encode().decode("latin-1"), "timestamp_ms": 1, **more} | (
            {"content": text.encode().decode("latin-1")} if text else {}
        )

    messages = [
        said("schön 🐸"),
        said("", photos=[{"uri": "a.jpg"}]),
        said("Zoë sent an attachment.", share={"link": "x"}),
        said("gone", is_unsent=True),
        said("plain", reactions=[{"reaction": "x"}]),
        said("", call_duration=3),
    ]
    export = {"participants": [{"name": "x"}], "messages": messages, "title": "t"}
    path = tmp_path / "message_1.json"
    found, notes = read_chat(path, json.dumps(export))
    assert found == [("Zoë", "schön 🐸"), ("Zoë", "plain")]
    left = "2 attachments, 2 system lines (who joined, calls, likes), 1 deleted message, "
    left += "1 list of reactions, 1 message without text"
    told = " ".join(notes)
    assert all(one in told for one in left.split(", "))
    assert "Changed: 1 text (its UTF-8 put together)." in told
    talk, _ = read_chat(path, label=(), chat="talk")
    assert talk[0][0] == "Zoë: plain\nZoë: schön 🐸"


def test_messenger_encrypted_from_end_to_end(tmp_path):
    def said(text, time, **more):
        return {
            "isUnsent": False,
            "media": [],
            "reactions": [],
            "senderName": "Zoë",
            "text": text,
            "timestamp": time,
            "type": "text",
            **more,
        }

    messages = [
        said("schön 🐸", 3),
        said("", 3, type="media", media=[{"uri": "./media/a.jpeg"}]),
        said("gone", 2, isUnsent=True),
        said("You can't see this", 2, type="placeholder"),
        said("first", 1, reactions=[{"actor": "Ben", "reaction": "x"}]),
    ]
    export = {"participants": ["Ben", "Zoë"], "threadName": "Zoë_1", "messages": messages}
    path = tmp_path / "Zoë_1.json"
    found, notes = read_chat(path, json.dumps(export))
    assert found == [("Zoë", "schön 🐸"), ("Zoë", "first")]
    left = ("1 attachment", "1 deleted message", "1 list of reactions", "1 message without text")
    told = " ".join(notes)
    assert all(one in told for one in (*left, "1 system line (who joined, calls, likes)"))
    talk = "Zoë: first\nZoë: schön 🐸"
    assert read_chat(path, label=(), chat="talk")[0][0][0] == talk
    turned = json.dumps(export | {"messages": messages[::-1]})
    assert read_chat(path, turned, label=(), chat="talk")[0][0][0] == talk


LINE = {
    "en": (
        "[LINE] Chat history with Mira\nSaved on: 1/3/2024, 09:00\n\nTue, 1/2/2024\n"
        '21:03\tMira\tWhat time?\n21:05\tJonas\t"two\n1/1/2024\nor three"\n21:06\tMira\t[Sticker]\n'
        "21:07\tMira\t☎ Missed call\n21:08\tMira unsent a message.\n\nWed, 1/3/2024\n"
        '08:00\tJonas\t"morning"\n'
    ),
    "ja": (
        "\ufeff[LINE] Miraとのトーク履歴\n保存日時：2024/01/03 09:00\n\n2024/01/02(火)\n"
        "午後9:03\tMira\tWhat time?\n"
        '午後9:05\tJonas\t"two\n1/1/2024\nor three"\n午後9:06\tMira\t[スタンプ]\n'
        "午後9:07\tMira\t☎ 不在着信\n午後9:08\t\tメッセージの送信を取り消しました\n\n"
        '2024/01/03(水)\n午前8:00\tJonas\t"morning"\n'
    ),
}


@pytest.mark.parametrize("language", LINE)
def test_a_chat_of_line(tmp_path, language):
    found, notes = read_chat(tmp_path / "chat.txt", LINE[language].replace("\n", "\r\n"))
    assert found == [
        ("Mira", "What time?"),
        ("Jonas", "two\n1/1/2024\nor three"),
        ("Jonas", '"morning"'),
    ]
    assert (
        "is read as a chat of LINE. Read: 3 messages. Left out: 2 lines (before the first "
        "message), 1 attachment, 2 system lines (calls, who joined, unsent messages)."
    ) in " ".join(notes)


KAKAO = (
    "Mira 님과 카카오톡 대화\n저장한 날짜 : 2024-01-03 09:00:00\n\n"
    "--------------- 2024년 1월 2일 화요일 ---------------\nBen님이 들어왔습니다.\n"
    "[Mira B] [오후 9:03] 내일 몇 시?\n[Jonas] [오후 9:05] 두 시\n또는 [세] 시\n"
    "[Mira B] [오후 9:06] 사진 3장\n[Mira B] [오후 9:07] 삭제된 메시지입니다.\n"
    "--------------- 2024년 1월 3일 수요일 ---------------\n[Jonas] [오전 8:00] 사진 좋아\n"
)


def test_a_chat_of_kakaotalk(tmp_path):
    found, notes = read_chat(tmp_path / "KakaoTalk.txt", KAKAO)
    assert found == [
        ("Mira B", "내일 몇 시?"),
        ("Jonas", "두 시\n또는 [세] 시"),
        ("Jonas", "사진 좋아"),
    ]
    assert (
        "is read as a chat of KakaoTalk. Read: 3 messages. Left out: 2 lines (before the first "
        "message), 1 system line (calls, who joined), 1 attachment, 1 deleted message."
    ) in " ".join(notes)
    english = KAKAO.replace("오후 9:03", "9:03 PM").replace(
        "2024년 1월 2일 화요일", "Tuesday, 2 January"
    )
    assert read_chat(tmp_path / "KakaoTalk.txt", english)[0] == found
