"""Messages of WhatsApp: whatever the form of date and time, and without what nobody typed."""

import pytest

from burble.data.chats import whatsapp
from burble.data.chats.recognize import recognize
from burble.data.forms.form import Account
from tests.support.chats import ANDROID, IPHONE


def parse(text, size=1 << 20):
    account = Account()
    pieces = [text[i : i + size] for i in range(0, len(text), size)]
    found = [(one.speaker, one.text) for one in whatsapp.parse(pieces, account)]
    return found, {name: n for name, n in account.left.items() if n}


def test_iphone_marks_say_what_nobody_typed():
    found, left = parse(IPHONE)
    assert found == [
        ("Anna Berg", "Hi all\nsecond line"),
        ("Carl", "so be it, Anna"),
        ("Ben", "12:30 at Carl's: bring tea"),
    ]
    system = "system line (who joined, calls, encryption)"
    assert left == {system: 1, "media line": 1, "edit mark": 1, "deleted message": 1}
    assert parse(IPHONE, size=1) == (found, left)


def test_android_media_captions_and_deleted_messages():
    found, left = parse(ANDROID)
    assert found == [("Anna Berg", "Hello"), ("Ben", "the cat"), ("Anna Berg", "fine")]
    system = "system line (who joined, calls, encryption)"
    assert left == {system: 2, "media line": 2, "deleted message": 2}


@pytest.mark.parametrize(
    "head",
    [
        "[24.12.23, 18:03:12] ",
        "\u200e[2023-12-24, 6:03:12\u202fPM] ",
        "[12.3.2022 klo 14.08.18] ",
        "24.12.23, 18:03 - ",
        "24/12/2023, 18:03 - ",
        "12/24/23, 6:03 PM - ",
        "24/12/23 6:03 p. m. - ",
        "24-12-2023 18:03 - ",
        "2023/12/24 18:03 - ",
        "2023/12/24 下午6:03 - ",
        "24/12/2023 à 18:03 - ",
        "٢٤/١٢/٢٠٢٣, ١٨:٠٣ - ",
        "٢٤\u200f/١٢\u200f/٢٠٢٣، ٦:٠٣ م - ",
    ],
)
def test_every_form_of_date_and_time(head):
    text = "".join(f"{head}{name}: a: b\n" for name in ("Anna", "Ben", "Anna"))
    assert recognize(text) == "whatsapp"
    assert parse(text)[0] == [("Anna", "a: b"), ("Ben", "a: b"), ("Anna", "a: b")]


def test_korean_has_a_comma_and_blanks_around_the_colon():
    text = "2023년 12월 24일 오후 6:03, 안나 : 안녕\n2023년 12월 24일 오후 6:04, 벤 : 응\n"
    assert recognize(text) == "whatsapp"
    assert parse(text)[0] == [("안나", "안녕"), ("벤", "응")]


HEAD = "24.12.23, 18:03 - "


@pytest.mark.parametrize(
    "said", ["<3 you all>", "<sigh deeply>", "report.pdf (see page 3)", "\u200fטוב", "<b>"]
)
def test_what_somebody_typed_is_kept(said):
    found, _ = parse(f"{HEAD}Anna: a\n{HEAD}Ben: {said}\n{HEAD}Anna: b\n")
    assert [text for _, text in found] == ["a", said.strip("\u200f"), "b"]


@pytest.mark.parametrize(
    "line",
    ["<Medien ausgeschlossen>", "IMG-20231224-WA0001.jpg (Datei angehängt)", "<Média omis>"],
)
def test_what_stands_for_a_file_is_none(line):
    assert parse(f"{HEAD}Anna: {line}\n{HEAD}Ben: {line}\nmine\n")[0] == [("Ben", "mine")]


def test_a_caption_of_an_iphone_is_kept():
    head = "[24/12/2023, 18:04:00] "
    found, left = parse(f"{head}Bob: \u200evideo omitted\nHis caption\n{head}Bob: x\n")
    assert (found, left) == ([("Bob", "His caption"), ("Bob", "x")], {"media line": 1})


def test_marks_of_edited_messages_in_other_languages():
    found, left = parse(f"{HEAD}Anna: neu <Diese Nachricht wurde bearbeitet>\n")
    assert (found, left) == ([("Anna", "neu")], {"edit mark": 1})


@pytest.mark.parametrize(
    "line",
    [
        "<Media omitted>",
        "<Media utelämnat>",
        "<미디어 파일 제외됨>",
        "<pominięto multimedia>",
        "<تم استبعاد الوسائط>",
        "\u200eimage omitted",
        "List.pdf • \u200e2 pages \u200edocument omitted",
        "IMG-20231224-WA0003.jpg (Datei angehängt)",
        "location: https://maps.google.com/?q=52.5,-13.4",
    ],
)
def test_lines_that_stand_for_files_in_many_languages(line):
    found, left = parse(f"24.12.23, 18:03 - Anna: {line}\n24.12.23, 18:04 - Anna: <b>so</b>\n")
    assert found == [("Anna", "<b>so</b>")]
    assert left == {"media line": 1}


@pytest.mark.parametrize(
    ("line", "counted"),
    [
        ("Данное сообщение удалено", "deleted message"),
        ("Bu mesaj silindi", "deleted message"),
        ("\u200eYou deleted this message.", "deleted message"),
        ("POLL:\nWhen?\nOPTION: now (2 votes)\nOPTION: later (0 votes)", "poll"),
        ("\u200eUMFRAGE:\nWann?\n\u200eOPTION: jetzt (\u200e2 Stimmen)", "poll"),
        ("Missed voice call", "system line (who joined, calls, encryption)"),
    ],
)
def test_what_the_program_writes_for_a_person_is_counted(line, counted):
    assert parse(f"24.12.23, 18:03 - Anna: {line}\n") == ([], {counted: 1})


def test_long_lines_take_no_long_time():
    long = "a" * 200_000
    assert parse(f"24.12.23, 18:03 - Anna: {long}\n")[0] == [("Anna", long)]
    assert recognize(f"(- {': ' * 30_000}\n[2024-01-02 10:00:00] Me: {long[:9]}\n" * 2) == ""


def test_a_number_that_speaks_is_named_without_its_marks():
    assert parse("24.12.23, 18:03 - \u202a+49 171 1234567\u202c: hi\n")[0] == [
        ("+49 171 1234567", "hi")
    ]
