"""Messages of a chat that LINE saved as text. Knows nothing of documents.

A line has a time, a name and what was said, with tabs between; quotes stand around what was said in
several lines. A line without a name was written by LINE itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

TITLE = "[LINE]"
_HALF = "[AaPp][Mm]|午前|午後|上午|下午|오전|오후"
HEAD = re.compile(rf"(?:{_HALF})?\s?\d{{1,2}}:\d\d\s?(?:{_HALF})?\t([^\t]*)(?:\t(.*))?$")
"""How a message begins."""
_DAY = re.compile(
    r"(?:[^\W\d_]{2,9}\.?, )?\d{1,4}[/.]\d{1,2}[/.]\d{1,4}\.?\s?"
    r"(?:[(（][^()\n]{1,9}[)）]|[^\W\d_]{1,12})?$"
)
_MEDIA = re.compile(
    r"\[(?:Photo|Sticker|Video|Voice message|File|Gift|Location|Contact|Album|Note|写真|"
    r"スタンプ|動画|ボイスメッセージ|ファイル|ギフト|位置情報|連絡先|アルバム|ノート|照片|圖片|"
    r"貼圖|影片|語音訊息|檔案|禮物|位置訊息|聯絡資訊|相簿|記事本|"
    r"รูป|สติกเกอร์|วิดีโอ|사진|스티커|동영상)\](?: [^\n]*)?"
)
_CALL = "☎"
_SYSTEM = "system line (calls, who joined, unsent messages)"


def read(file: File, write: Write) -> list[Note]:
    """Reads a chat of LINE; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of a chat."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> list(parse(["21:03\tMira\tHi\n21:04\tBen\t\"one\ntwo\"\n"], Account()))
    [Message(speaker='Mira', text='Hi', talk=''), Message(speaker='Ben', text='one\ntwo', talk='')]
    """
    speaker, said = "", list[str]()
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        head = HEAD.match(line)
        if not head and (_is_open(said) or not _DAY.match(line)):
            if speaker:
                said.append(line)
            else:
                account.left["line (before the first message)"] += bool(line.strip())
            continue
        if speaker:
            yield from _finish(speaker, said, account)
        speaker, said = "", []
        if head and head[1].strip() and head[2] is not None:
            speaker, said = head[1].strip(), [head[2]]
        elif head:
            account.left[_SYSTEM] += 1
    if speaker:
        yield from _finish(speaker, said, account)


def _is_open(said: Sequence[str]) -> bool:
    """Whether a message of several lines has not ended yet."""
    return (
        bool(said) and said[0].startswith('"') and not (said[-1].endswith('"') and said[0] != '"')
    )


def _finish(speaker: str, said: Sequence[str], account: Account) -> Iterator[Message]:
    """A message whose lines are all there, without what nobody typed."""
    text = strip_ends(said)
    if "\n" in text and text.startswith('"') and text.endswith('"'):
        text = text[1:-1].replace('""', '"')
    if text.startswith(_CALL):
        account.left[_SYSTEM] += 1
    elif _MEDIA.fullmatch(text):
        account.left["attachment"] += 1
    else:
        yield Message(speaker, text)
