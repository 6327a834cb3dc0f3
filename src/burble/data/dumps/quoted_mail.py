"""What others wrote in a message: quoted lines, the original below a reply, signatures.

Knows nothing of headers or attachments.
"""

import re

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
    for line in text.split("\n"):
        if line == SIGNATURE:
            account.left["signature"] += 1
            break
        if _ORIGINAL.fullmatch(line):
            account.left["original message (below a reply)"] += 1
            break
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
