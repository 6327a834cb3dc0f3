"""Chats that were exported as web pages."""

import pytest

from burble.data import corpus
from burble.errors import SourceError
from burble.settings import TextSettings
from tests.support.chats import read_chat

BEFORE = '<div class="pull_right date details" title="24.12.2023 18:01">18:01</div>'
TELEGRAM = f"""<!DOCTYPE html><html><head><title>Exported Data</title></head><body>
<div class="page_header"><div class="content"><div class="text bold">Mira</div></div></div>
<div class="history">
<div class="message service" id="message-1"><div class="body details">24 December</div></div>
<div class="message default clearfix" id="message2">
 <div class="userpic_wrap"><div class="userpic"><div class="initials">M</div></div></div>
 <div class="body">{BEFORE}<div class="from_name">
Mira B </div><div class="text">
Hi &amp; <strong>bye</strong><br>two </div></div></div>
<div class="message default clearfix joined" id="message3">
 <div class="body">{BEFORE}<div class="text">more</div></div></div>
<div class="message default clearfix" id="message4"><div class="body">{BEFORE}
 <div class="from_name">Jonas</div><div class="reply_to details">In reply to <a>this</a></div>
 <div class="media_wrap clearfix"><div class="body"><div class="title bold">Photo</div></div></div>
 <div class="text">a picture</div></div></div>
<div class="message default clearfix" id="message5"><div class="body">{BEFORE}
 <div class="from_name">Jonas</div><div class="forwarded body"><div class="from_name">News
 </div><div class="text">theirs</div></div></div></div>
</div></body></html>
"""
DISCORD = """<!DOCTYPE html><html><head><title>pond</title><style>.chatlog__message{}</style></head>
<body><div class=preamble>Frogs</div><div class=chatlog>
<div class=chatlog__message-group><div class=chatlog__message-container data-message-id=1>
<div class=chatlog__header><span class=chatlog__author title=otter>Otter</span>
<span class=chatlog__timestamp>10:00</span></div>
<div class="chatlog__content chatlog__markdown"><span class=chatlog__markdown-preserve>hi
<img class=chatlog__emoji alt="🐸" src=x></span>
<span class=chatlog__edited-timestamp>(edited)</span>
</div></div><div class=chatlog__message-container data-message-id=2>
<div class="chatlog__content chatlog__markdown">again</div>
<div class=chatlog__attachment><a href=x>x.png</a></div></div></div>
<div class=chatlog__message-group><div class=chatlog__message-container>
<span class=chatlog__system-notification-author>Moth</span>
<span class=chatlog__system-notification-content>joined.</span></div></div>
<div class=chatlog__message-group><div class=chatlog__message-container>
<span class=chatlog__author>Carl</span><span class=chatlog__author-tag>BOT</span>
<div class=chatlog__content>beep</div></div></div></div></body></html>
"""


def block(name, said, classes=("_a6-g", "_a6-h _a6-i", "_a6-p", "_a6-o"), tag="div", more=""):
    """A message as Meta writes it; its text stands in the second of some elements."""
    message, speaker, text, time = classes
    return (
        f'<div class="pam _3-95 _2ph- {message} uiBoxWhite noborder"><{tag} class="_3-95 _2pim '
        f'{speaker}">{name}</{tag}><div class="_3-95 {text}"><div><div></div><div>{said}</div>'
        f'<div></div><div>{more}</div></div></div><div class="_3-94 {time}">Jan 2, 2024 3:04 pm'
        "</div></div>"
    )


OLD = ("_2lej", "_2lek _2lel", "_2let", "_2lem")
REACTION = '<ul class="_a6-q"><li><span>❤Ben</span></li></ul>'
PHOTO = '<div><div><a href="x.jpg"><img src="x.jpg" class="_a6_o _3-96"></a></div></div>'
VIDEO = '<video src="x.mp4" class="_a6_o"><a href="x.mp4"><div>Click for video:</div></a></video>'
META = "".join(
    [
        "<html><head><title>Mira</title><style>._a6-g{}</style></head><body>",
        '<div class="_a6-g"><div class="_a6-p">Participants: Zoë and Ben</div></div>',
        block("Zoë", "line one<br />line &#039;two&#039;", more=REACTION),
        block("Ben", "see<div><a>https://example.org</a></div>", tag="h2"),
        block("Ben", "", more=PHOTO + VIDEO),
        block("Ben", "Ben sent an attachment.", more="<div>A page</div>"),
        block("Zoë", "Reacted 👍 to your message "),
        block("Zoë", "old", OLD),
        "</body></html>",
    ]
)


@pytest.mark.parametrize("name", ["message_1.html", "1.html"])
def test_a_page_of_messenger_or_instagram(tmp_path, name):
    found, notes = read_chat(tmp_path / name, META)
    assert found == [
        ("Zoë", "line one\nline 'two'"),
        ("Ben", "see\nhttps://example.org"),
        ("Zoë", "old"),
    ]
    told = " ".join(notes)
    assert f"{name} is read as a chat of Messenger or Instagram. Read: 3 messages." in told
    left = ("1 system line (who joined, calls, pins)", "2 attachments", "1 list of reactions")
    also = ("2 system lines (who joined, calls, likes)", "1 message without text")
    assert all(one in told for one in (*left, *also))


def test_in_a_whole_talk_of_a_page_the_oldest_stands_first(tmp_path):
    found, _ = read_chat(tmp_path / "message_1.html", META, label=(), chat="talk")
    assert found[0][0].startswith("Zoë: old\nBen: see\n")


def test_blocks_of_what_was_said_stand_below_each_other(tmp_path):
    quote = "<div class=chatlog__markdown-quote><div>her words</div></div>mine<pre>x = 1\ny</pre>"
    found, _ = read_chat(tmp_path / "pond.html", DISCORD.replace("again", quote))
    assert found[1] == ("Otter", "her words\nmine\nx = 1\ny")


def test_a_page_of_telegram(tmp_path):
    found, notes = read_chat(tmp_path / "messages.html", TELEGRAM)
    assert found == [("Mira B", "Hi & bye\ntwo"), ("Mira B", "more"), ("Jonas", "a picture")]
    assert (
        "messages.html is read as a chat of Telegram. Read: 3 messages. Left out: 1 system line "
        "(who joined, calls, pins), 1 attachment, 1 forwarded message, 1 message without text."
    ) in " ".join(notes)


def test_a_page_of_discord(tmp_path):
    found, notes = read_chat(tmp_path / "pond.html", DISCORD)
    assert found == [("Otter", "hi\n🐸"), ("Otter", "again")]
    assert (
        "Left out: 1 edit mark, 1 attachment, 1 system line (who joined, calls, pins), "
        "1 bot message."
    ) in " ".join(notes)


def test_pages_that_lie_too_deep_are_refused(tmp_path):
    deep = f"{TELEGRAM}{'<div>' * 2000}"
    with pytest.raises(SourceError, match=r"its elements lie more than 1,000 deep"):
        read_chat(tmp_path / "messages.html", deep)


def test_a_tag_without_an_end_is_refused(tmp_path):
    broken = f"{TELEGRAM}<div class='{'a' * (5 << 20)}"
    with pytest.raises(SourceError, match=r"has no end\. Export the chat anew"):
        read_chat(tmp_path / "messages.html", broken)


def test_who_goes_on_speaking_on_the_next_page_is_who_spoke_last_on_the_one_before(tmp_path):
    joined = TELEGRAM[TELEGRAM.index('<div class="message default clearfix joined"') :]
    next_page = f'<!DOCTYPE html><html><body><div class="history">{joined}'
    (tmp_path / "messages.html").write_text(TELEGRAM.replace("Jonas", "Ida"), encoding="utf-8")
    (tmp_path / "messages2.html").write_text(next_page, encoding="utf-8")
    found, notes = read_chat(tmp_path)
    assert found[2:] == [("Ida", "a picture"), ("Ida", "more"), ("Jonas", "a picture")]
    assert "Unknown" not in " ".join(notes)
    masked, _ = read_chat(tmp_path, mask_names=True)
    assert [name for name, _ in masked] == [f"Person {n}" for n in (1, 1, 2, 2, 3)]


@pytest.mark.parametrize("name", ["messages2.html", "messages.html", "mira.html"])
def test_who_goes_on_speaking_is_told_as_unknown_where_no_page_before_it_is_given(tmp_path, name):
    joined = TELEGRAM[TELEGRAM.index('<div class="message default clearfix joined"') :]
    other = tmp_path / "other"
    other.mkdir()
    (other / "messages.html").write_text(TELEGRAM, encoding="utf-8")
    page = f'<!DOCTYPE html><html><body><div class="history">{joined}'
    (tmp_path / name).write_text(page, encoding="utf-8")
    settings = TextSettings(label=("speaker",))
    made = corpus.build([str(other), str(tmp_path / name)], settings, validation=0.0)
    assert made.encoded.labels.count()["speaker"] == {"Mira B": 2, "Jonas": 2, "Unknown": 1}
    told = " ".join(made.notes)
    assert "1 message of an unknown sender (who is named in the file before it)" in told
