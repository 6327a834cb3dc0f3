"""Messages of a chat that WhatsApp exported as text. Knows nothing of documents.

A message begins with a date and a time, which have another form in each language and system; what
follows without one is more of the same message. Lines that WhatsApp itself wrote have no name, or
(on iPhones) begin with a mark of direction, U+200E.
"""

import re
from collections.abc import Iterable, Iterator

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.cleaning import BOM
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

MARKS = "\u200e\u200f\u202a-\u202e\u2066-\u2069"
_ANY = f"[{MARKS}]?"
_PART = r"\d{1,4}"
_DATE = (
    rf"{_ANY}{_PART}{_ANY}\s?[./년年-]\s?{_ANY}\d{{1,2}}{_ANY}"
    rf"\s?[./월月-]\s?{_ANY}{_PART}[.日일]?{_ANY}"
)
_BETWEEN = r"[,،]?\s{1,2}(?:(?:klo|kl\.|um|at|à|às|alle|о)\s)?"
_BEFORE = r"(?:(?:오전|오후|午前|午後|上午|下午|AM|PM)\s?)?"
_MINUTES = r"\d{1,2}[:.]\d{2}"
_AFTER = r"(?:\s?(?:[AaPp]\.?\s?[Mm]\.?|[صم]|[قب]\.?ظ\.?|[^\W\d_]\.?\s?[^\W\d_]\.))?"
_WHEN = f"{_DATE}{_BETWEEN}{_BEFORE}{_MINUTES}{_AFTER}"
_EXACTLY = rf"{_DATE}{_BETWEEN}{_BEFORE}{_MINUTES}(?:[:.]\d{{2}})?{_AFTER}"
HEAD = re.compile(rf"[{MARKS}{BOM}]*(?:\[{_EXACTLY}\]\s|{_WHEN}\s?[-–]\s|{_WHEN},\s(?=[^,:]* : ))")
"""How a message begins: [date, time], or date, time and a dash, or (in Korean) a comma.

Seconds stand in brackets alone: with a dash they are a computer's log.
"""
_NAME = re.compile(rf"[{MARKS}]*(?:~[\s\u202f]*)?([^:\n]{{1,60}}?)\s?:(?:\s|$)")
_QUOTES = set('"“”„«»「」')
_LEFT_OUT = (
    "omitted|ausgeschlossen|weggelassen|ausgelassen|omitido|omitida|omitidos|omis|omise|omesso|"
    "omessi|oculto|oculta|weggelaten|pominięto|edilmedi|исключены|пропущено|медиафайлов|utelämnat|"
    "utelämnad|udeladt|utelatt|jätettiin|vynechán|vynechány|disertakan|含まれていません|已省略|"
    "已略過|省略|제외됨|제외|생략됨|الوسائط|נכללה|הושמט"
)
_MEDIUM = (
    "medi|mídia|multimedi|médias|медиа|медіа|メディア|미디어|媒体|媒體|وسائط|מדיה|μέσα|πολυμέσ|"
    "मीडिया|สื่อ|رسانه"
)
# What stands for a file is a phrase in brackets that says so in some language.
_MEDIA = re.compile(
    rf"<(?=[^<>\n]*(?:\b(?:{_LEFT_OUT})\b|{_MEDIUM}))[^<>\n]{{4,60}}>", re.IGNORECASE
)
_OMITTED = re.compile(rf"\b(?:{_LEFT_OUT})\b")
_ADDED = (
    "file attached|Datei angehängt|archivo adjunto|fichier joint|file allegato|arquivo anexado|"
    "bestand bijgevoegd|файл добавлен|ملف مرفق|plik załączony|dosya ekli|附加檔案|文件附件|"
    "bifogad fil|fil vedhæftet|fil vedlagt|tiedosto liitetty|파일 첨부됨|添付ファイル"
)
_ATTACHED = re.compile(
    rf"\u200e<[^<>:\n]+: [^<>\n]+>$|[{MARKS}]*[^\n]+\.\w{{2,5}} \((?:{_ADDED})\)$"
    r"|[A-Z]{3,4}-\d{8}-WA\d{4}\.\w{2,5}(?: \([^()\n]+\))?$"
)
_PLACE = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){0,2}: https://maps\.google\.com/\?q=[-\d.,]+$")
_OPTION = re.compile(r"[^\W\d_]{3,}: .* \(\d+ [^\W\d_]+\)$")
_POLL = re.compile(r"[^\W\d_]{3,}:$")
_EDITED = re.compile(
    r"\s?(?:\u200e+<[^<>\n]{3,60}>|<(?:This message was edited|Diese Nachricht wurde bearbeitet|"
    r"Se editó este mensaje|Este mensaje fue editado|Ce message a été modifié|Bu mesaj düzenlendi|"
    r"Questo messaggio è stato modificato|Esta mensagem foi editada|Mensagem editada|"
    r"Dit bericht is bewerkt|Сообщение изменено|Ta wiadomość została zedytowana|"
    r"Meddelandet har redigerats|Viestiä on muokattu)\.?>)$"
)
_STRIPPED = re.compile(f"[{MARKS}]")
_SYSTEM = "system line (who joined, calls, encryption)"
_DELETED = frozenset(
    (
        "This message was deleted",
        "You deleted this message",
        "Diese Nachricht wurde gelöscht",
        "Du hast diese Nachricht gelöscht",
        "Se eliminó este mensaje",
        "Eliminaste este mensaje",
        "Ce message a été supprimé",
        "Vous avez supprimé ce message",
        "Questo messaggio è stato eliminato",
        "Hai eliminato questo messaggio",
        "Esta mensagem foi apagada",
        "Mensagem apagada",
        "Dit bericht is verwijderd",
        "U hebt dit bericht verwijderd",
        "Данное сообщение удалено",
        "Вы удалили данное сообщение",
        "Це повідомлення видалено",
        "Bu mesaj silindi",
        "Bu mesajı sildiniz",
        "Ta wiadomość została usunięta",
        "Usunięto tę wiadomość",
        "Meddelandet raderades",
        "Du raderade meddelandet",
        "Denne besked blev slettet",
        "Denne meldingen ble slettet",
        "Tämä viesti poistettiin",
        "このメッセージは削除されました",
        "삭제된 메시지입니다",
        "此訊息已刪除",
        "此消息已删除",
        "تم حذف هذه الرسالة",
        "null",
    )
)
_CALLS = frozenset(
    (
        "Missed voice call",
        "Missed video call",
        "Missed group voice call",
        "Missed group video call",
        "Verpasster Sprachanruf",
        "Verpasster Videoanruf",
        "Llamada perdida",
        "Videollamada perdida",
        "Appel vocal manqué",
        "Appel vidéo manqué",
        "Chiamata vocale persa",
        "Videochiamata persa",
        "Chamada de voz perdida",
        "Chamada de vídeo perdida",
        "Gemiste spraakoproep",
        "Gemiste video-oproep",
    )
)


def read(file: File, write: Write) -> list[Note]:
    """Reads an export of WhatsApp; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of an export."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> lines = "24.12.23, 18:03 - Anna: Hi\nyou\n24.12.23, 18:04 - Ben left\n"
    >>> list(parse([lines], Account()))
    [Message(speaker='Anna', text='Hi\nyou', talk='')]
    """
    speaker, lines = "", list[str]()
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        head = HEAD.match(line)
        if not head:
            if speaker or lines:
                lines.append(_STRIPPED.sub("", line))
            elif line.strip():
                account.left["line (before the first message)"] += 1
            continue
        if speaker:
            yield from _finish(speaker, lines, account)
        rest = line[head.end() :]
        speaker, lines = _split_name(rest)
        if not speaker:
            account.left[_SYSTEM] += 1
    if speaker:
        yield from _finish(speaker, lines, account)


def _split_name(rest: str) -> tuple[str, list[str]]:
    """Who speaks, and the first line; no name of what the program wrote."""
    found = _NAME.match(rest)
    if not found or not is_name(found[1]):
        return "", []
    return _STRIPPED.sub("", found[1]).strip(), [rest[found.end() :]]


def is_name(name: str) -> bool:
    """Whether it can be a name: no quotes, and not a whole sentence.

    >>> is_name("Anna B."), is_name('Ben changed the subject to "a')
    (True, False)
    """
    return not _QUOTES & set(name) and len(name.split()) <= 6


def _finish(speaker: str, lines: list[str], account: Account) -> Iterator[Message]:
    """A message whose lines are all there, without what nobody typed."""
    first, marked = lines[0], lines[0].startswith("\u200e")
    caption = strip_ends(lines[1:])
    whole = _STRIPPED.sub("", strip_ends(lines))
    if whole.strip(" .") in _DELETED:
        account.left["deleted message"] += 1
        return
    if _is_poll(whole):
        account.left["poll"] += 1
        return
    if _is_media(first) or (marked and caption):
        account.left["media line"] += 1
        # What stands below is its caption, which somebody typed.
        lines = lines[1:]
        if not caption:
            return
    elif marked or whole.strip(" .") in _CALLS:
        account.left[_SYSTEM] += 1
        return
    text, edited = _EDITED.subn("", strip_ends(lines))
    account.left["edit mark"] += edited
    yield Message(speaker, _STRIPPED.sub("", text))


def _is_poll(text: str) -> bool:
    r"""Whether a message is a poll as the program writes it: its options with their votes.

    >>> _is_poll("POLL:\nWhen?\nOPTION: now (2 votes)"), _is_poll("TODO:\nbuy milk (2 litres)")
    (True, False)
    """
    first, *options = text.split("\n")
    return bool(_POLL.match(first)) and any(map(_OPTION.match, options))


def _is_media(line: str) -> bool:
    """Whether a line stands for a picture, a sound or another file."""
    bare = line.strip()
    if "\u200e" in bare and _OMITTED.search(bare[bare.index("\u200e") :]):
        return True
    plain = _STRIPPED.sub("", bare)
    return bool(_ATTACHED.match(bare) or _MEDIA.fullmatch(plain) or _PLACE.match(plain))
