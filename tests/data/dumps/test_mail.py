"""Mail: what a person wrote in messages."""

from email.message import EmailMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest

from burble.data import sources
from burble.errors import SettingsError, SourceError
from tests.support.dumps import read

SENT = "From {name}@x.org Mon Jan  1 10:00:00 2024\n"
REPLY = """Good idea.

On Monday, 1 January 2024,
Bob <bob@x.org> wrote:
> Shall we?

>From then on yes.

--\x20
Ann, chief
"""


def message(text, name="ann", **headers):
    made = EmailMessage()
    made["From"] = f"{name.title()} Lee <{name}@x.org>"
    made["Date"] = "Mon, 1 Jan 2024 10:00:00 +0000"
    made["Message-ID"] = "<1@x>"
    for key, value in headers.items():
        made[key] = value
    made.set_content(text)
    return made


def write_mbox(path, *messages):
    parts = (SENT.format(name="ann").encode() + one.as_bytes() + b"\n" for one in messages)
    path.write_bytes(b"".join(parts))
    return path


def test_a_message_is_what_its_writer_wrote(tmp_path):
    box = write_mbox(tmp_path / "Sent", message(REPLY), message("Zoë\n", "zoë"), message("> a\n"))
    texts, told, _ = read(box)
    assert texts == ["Good idea.", "From then on yes.", "Zoë"]
    assert (
        f"{box} is read as mail. Read: 2 messages. Left out: 2 quoted lines, 2 "
        "introducing lines (of a quote), 1 signature, 1 message (without text of its own)."
    ) in told
    kept, told, _ = read(box, keep_quoted=True)
    assert "".join(kept).count(">") == 3
    assert "Ann, chief" in "".join(kept)
    assert f"{box} is read as mail. Read: 3 messages." in told


def test_labels_and_headers(tmp_path):
    about = "Re: RE: [1] =?iso-8859-1?q?caf=E9?="
    box = write_mbox(
        tmp_path / "a.mbox", message("One"), message("Two", "bob", Subject="Re: Aw: Lunch")
    )
    _, _, counts = read(box, "from", "year", "subject")
    assert counts["from"] == {"Ann Lee": 1, "Bob Lee": 1}
    assert counts["year"] == {"2024": 2}
    assert counts["subject"] == {"Lunch": 1, "": 1}
    assert read(f"{box}:subject")[0] == ["Re: Aw: Lunch"]
    raw = box.read_bytes().replace(b"Re: Aw: Lunch", about.encode())
    box.write_bytes(raw)
    assert read(f"{box}:Subject")[0] == ["Re: RE: [1] café"]
    with pytest.raises(SourceError, match=r"no text to read.* 2 messages \(without x-mood\)"):
        read(f"{box}:x-mood")


def test_parts_are_decoded_and_attachments_are_left(tmp_path):
    whole = MIMEMultipart()
    whole["From"], whole["Message-ID"] = "ann@x.org", "<1@x>"
    both = MIMEMultipart("alternative")
    both.attach(MIMEText("Grüße", "plain", "iso-8859-15"))
    both.attach(MIMEText("<p>no</p>", "html"))
    whole.attach(both)
    picture = MIMEText("aGVsbG8=", "plain")
    picture.add_header("Content-Disposition", "attachment", filename="a.txt")
    whole.attach(picture)
    page = MIMEText("<p>Only a <b>page</b> &amp; no more</p>", "html", "utf-8")
    page["From"], page["Message-ID"] = "ann@x.org", "<2@x>"
    box = write_mbox(tmp_path / "a.mbox", whole, page)
    texts, told, _ = read(box)
    assert texts == ["Grüße", "Only a page & no more"]
    assert any("Left out: 1 attachment." in note for note in told)


def test_a_wrong_or_missing_encoding_is_told(tmp_path):
    head = "From: a@x.org\nMessage-ID: <1@x>\nContent-Type: text/plain{}\n\n"
    wrong = head.format("; charset=utf-8").encode() + "naïve".encode("cp1252")
    (tmp_path / "1.eml").write_bytes(wrong)
    (tmp_path / "2.eml").write_bytes(head.format("").encode() + "über".encode("cp1252"))
    texts, told, _ = read(tmp_path)
    assert texts == ["naïve", "über"]
    (note,) = [note for note in told if "Changed" in note]
    assert "1 text (not in utf-8 as it says, read as cp1252)" in note
    assert "1 text (names no encoding, read as cp1252)" in note


def test_a_maildir_is_a_folder_of_messages(tmp_path):
    for place in ("cur", "new", "tmp"):
        (tmp_path / "box" / place).mkdir(parents=True)
    (tmp_path / "box" / "cur" / "1704.M1.host:2,S").write_bytes(message("Seen").as_bytes())
    (tmp_path / "box" / "new" / "1705.M2.host").write_bytes(message("New").as_bytes())
    assert read(tmp_path / "box")[0] == ["Seen", "New"]
    (tmp_path / "box" / "new" / "1705.M2.host").write_bytes(message("x", Subject="Hi").as_bytes())
    texts, told, _ = read(f"{tmp_path / 'box'}:subject")
    assert texts == ["Hi"]
    assert any("Read: 1 message (subject alone)." in note for note in told)


def test_a_mark_in_a_text_begins_no_message(tmp_path):
    text = "One\n\n>From a star it came.\nFrom here\n\nFrom now on\n"
    box = write_mbox(tmp_path / "a.mbox", message(text))
    assert read(box)[0] == ["One", "From a star it came.\nFrom here", "From now on"]


def test_a_setting_of_mail_is_not_dropped_in_silence(tmp_path):
    (tmp_path / "a.txt").write_text("text", encoding="utf-8")
    with pytest.raises(SettingsError, match="--keep-quoted is for mail, and no mail is read"):
        read(tmp_path / "a.txt", keep_quoted=True)


@pytest.mark.parametrize("text", ["From: Ann\nTo: Bob\n\nA letter.", "From Ann\nin 2024 10:00\n"])
def test_a_letter_in_a_book_is_no_mail(tmp_path, text):
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    assert sources.find_sources([str(tmp_path / "a.txt")])[0][0].form == "text"


def test_parts_that_lie_too_deep_in_each_other_are_counted(tmp_path):
    nested = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(1_500)
    )
    box = write_mbox(tmp_path / "Sent", message("fine\n"))
    deep = f"{SENT.format(name='eve')}From: e@x.org\n{nested}Content-Type: text/plain\n\nno\n"
    box.write_bytes(box.read_bytes() + deep.encode())
    texts, told, _ = read(box)
    assert texts == ["fine"]
    assert "1 message (with parts too deep in each other)." in told[0]


@pytest.mark.parametrize(
    "quoted",
    [
        '<blockquote type="cite"><div>On Monday Bob wrote:</div><div>When?</div></blockquote>',
        '<div class="gmail_quote gmail_quote_container"><div>Bob wrote:</div>When?</div>',
        '<div id="divRplyFwdMsg"><b>From:</b> Bob<br><b>Sent:</b> Monday<br><b>To:</b> Ann<br>'
        "<b>Subject:</b> Tea</div><div>When?</div>",
    ],
)
def test_of_a_message_that_is_a_page_what_is_quoted_is_left_and_counted(tmp_path, quoted):
    page = MIMEText(f"<div>At <i>five</i>.</div>{quoted}", "html", "utf-8")
    page["From"], page["Message-ID"] = "ann@x.org", "<2@x>"
    box = write_mbox(tmp_path / "a.mbox", page)
    texts, told, _ = read(box)
    assert texts == ["At five."]
    assert any("1 quoted passage" in note or "1 original message" in note for note in told)
    kept, _, _ = read(box, keep_quoted=True)
    assert "When?" in "".join(kept)
