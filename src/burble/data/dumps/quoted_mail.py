"""What others wrote in a message: quoted lines, the original below a reply, signatures.

Knows nothing of headers or attachments.
"""

import re
from itertools import takewhile

from burble.data.forms.form import Account

SIGNATURE = "-- "
_WITHIN = 3
"""Lines, at most, that introduce a quote."""
_ORIGINAL = re.compile(
    r"\s*(?:-{2,}|_{5,})\s*(?:original message|forwarded message|ursprüngliche nachricht|"
    r"weitergeleitete nachricht|message d'origine|message transféré|mensaje original|"
    r"messaggio originale|mensagem original|oorspronkelijk bericht)\s*-*\s*",
    re.IGNORECASE,
)
_RULE = re.compile(r"\s*_{5,}\s*")
_FROM, _SENT, _ABOUT = (
    re.compile(rf"\s*\*?(?:{names})\s?[:：]", re.IGNORECASE)
    for names in (
        "from|von|de|da|van|från|fra|od|от|kimden|发件人|寄件者|差出人|보낸 사람",
        "sent|date|gesendet|datum|envoyé|enviado|enviada em|enviado el|fecha|data|inviato|"
        "verzonden|skickat|sendt|wysłano|отправлено|дата|gönderildi|"
        "发送时间|寄件日期|送信日時|보낸 날짜",
        "subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|"
        "тема|konu|主题|主旨|件名|제목",
    )
)
"""What stands above an original in Outlook and its like, in the languages that it speaks."""
_HEADERS = 8
"""Lines of that, at most."""
_SIGNS = re.compile(
    r"(?:Sent from (?:my|Mail for|Yahoo|Outlook)|Get Outlook for|Von meinem|Gesendet (?:von|mit)|"
    r"Envoyé (?:de|depuis) mon|Enviado (?:desde mi|do meu)|Inviato da|Verstuurd vanaf mijn|"
    r"Skickat från min|Sendt fra min|Отправлено с) ?"
    r"(?:\w+ ){0,2}(?:iPhone|iPad|iOS|Android|BlackBerry|Windows|Galaxy|Samsung|Mail)\b"
    r"[^.!?<]{0,40}(?:<https?://\S{1,60}>)?\.?\s*"
)
"""A line with which a program signs what somebody writes."""
_BEGINS = re.compile(r"\d.*[^.!?:…]\s*$")
_INTRODUCES = re.compile(r"\d:\d\d|\b\d{4}\b|@|\bwrote\b|\bschrieb\b|\bécrit\b|\bescribió\b")


def strip(text: str, account: Account, *, keep: bool = False) -> str:
    """A message without what others wrote; each thing that goes is counted.

    Args:
        text: The text of the message.
        account: Where to count.
        keep: Whether all of it stays.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if keep:
        return text
    kept: list[str] = []
    in_quote = False
    lines = text.split("\n")
    for place, line in enumerate(lines):
        if line == SIGNATURE:
            account.left["signature"] += 1
            break
        if _ORIGINAL.fullmatch(line) or _begins_original(lines, place):
            account.left["original message (below a reply)"] += 1
            _drop_rule(kept)
            break
        if _SIGNS.fullmatch(line):
            account.left["line (with which a program signs)"] += 1
            continue
        if line.startswith(">"):
            account.left["quoted line"] += 1
            account.left["introducing line (of a quote)"] += _drop_introduction(kept)
            # What stood around a quote does not become one paragraph.
            if kept and kept[-1]:
                kept.append("")
            in_quote = True
        elif line.strip() or not in_quote:
            kept.append(line)
            in_quote = False
    return "\n".join(kept).strip("\n")


def _begins_original(lines: list[str], place: int) -> bool:
    """Whether an original begins at a line, with who wrote it, when, and about what."""
    if not _FROM.match(lines[place]):
        return False
    below = [*takewhile(str.strip, lines[place + 1 : place + _HEADERS])]
    return any(map(_SENT.match, below[:2])) and any(map(_ABOUT.match, below))


def _drop_rule(kept: list[str]) -> None:
    """Takes off the end the line that parts a reply from what is below it."""
    while kept and (not kept[-1].strip() or _RULE.fullmatch(kept[-1])):
        kept.pop()


def _drop_introduction(kept: list[str]) -> int:
    """Takes off the end what introduces a quote, such as `On Monday Ann wrote:`; its lines."""
    end = len(kept)
    while end and not kept[end - 1].strip():
        end -= 1
    if not end or not kept[end - 1].rstrip().endswith(":"):
        return 0
    first = end - 1
    # Its date may stand in a line before; a sentence that ends is none of it.
    while first and end - first < _WITHIN and _BEGINS.search(kept[first - 1]):
        first -= 1
    if not _INTRODUCES.search(" ".join(kept[first:end])):
        return 0
    del kept[first:]
    return end - first


def unfold(text: str, *, delete: bool = False) -> str:
    r"""Text of which a program broke the lines for the way, with its paragraphs whole again.

    Source: RFC 3676, format=flowed.

    Args:
        text: The text as it came.
        delete: Whether the blank at which a line was broken is none of the text.

    >>> unfold("One \ntwo.\n three")
    'One two.\nthree'
    """
    lines: list[str] = []
    flows = False
    depth = 0
    for line in text.replace("\r\n", "\n").split("\n"):
        marks = len(line) - len(line.lstrip(">"))
        inner = line[marks:]
        inner = inner[1:] if inner.startswith(" ") else inner
        if flows and marks == depth and inner != SIGNATURE:
            lines[-1] += inner
        else:
            lines.append(">" * marks + (" " if marks else "") + inner)
        flows = inner.endswith(" ") and inner != SIGNATURE
        depth = marks
        if flows and delete:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)


def join_lines(text: str) -> str:
    """A header in one line."""
    return " ".join(text.split())
