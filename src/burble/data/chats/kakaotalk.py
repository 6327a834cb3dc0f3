"""Messages of a chat that KakaoTalk saved as text on a computer. Knows nothing of documents.

A message begins with a name and a time, each in brackets; what follows without them is more of the
same message, or was written by KakaoTalk itself. (What it saves on a telephone is written as
WhatsApp writes, and read as that.)
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from burble.data.chats.message import Message, strip_ends, write_messages
from burble.data.forms.form import Account, File, Write
from burble.data.tables import split_lines
from burble.formatting import Note

HEAD = re.compile(
    r"\[([^\[\]\n]{1,60})\] \[(?:(?:오전|오후) \d{1,2}:\d\d|\d{1,2}:\d\d(?: [AP]M)?)\] ?(.*)$"
)
"""How a message begins."""
DAY = re.compile(r"-{5,} .*\d.* -{5,}$")
"""What stands between days."""
_WROTE = re.compile(
    r".{1,60}님(?:이|을|과|께서)?(?: .*)?\s?"
    r"(?:들어왔습니다|나갔습니다|초대했습니다|초대하였습니다|내보냈습니다)\.?.*$"
    r"|.{1,60} (?:joined|left) this chatroom\..*$|.{1,60} invited .{1,200}\.$"
    r"|채팅방 관리자가 메시지를 가렸습니다\.$"
)
_MEDIA = re.compile(
    r"(?:사진|동영상|이모티콘|음성메시지|연락처|지도)(?: \d+장)?|(?:Photos?|Videos?)(?: \d+)?"
    r"|Emoticons?|Voice message|(?:파일|File)\s?: .+"
)
_DELETED = frozenset(("삭제된 메시지입니다.", "This message was deleted."))
_CALL = re.compile(r"(?:보이스톡|페이스톡|그룹콜|Voice Call|Face Call|Group Call)\b.{0,30}")
_SYSTEM = "system line (calls, who joined)"


def read(file: File, write: Write) -> list[Note]:
    """Reads a chat of KakaoTalk; see `forms.form`."""
    return write_messages(file, write, read_messages)


def read_messages(file: File) -> Iterator[Message]:
    """The messages of a chat."""
    return parse(file.text(), file.account)


def parse(pieces: Iterable[str], account: Account) -> Iterator[Message]:
    r"""The messages in a text.

    >>> list(parse(["[Mira] [오후 9:03] Hi\nyou\n[Ben] [9:04 PM] yes\n"], Account()))
    [Message(speaker='Mira', text='Hi\nyou', talk=''), Message(speaker='Ben', text='yes', talk='')]
    """
    speaker, said = "", list[str]()
    for line in (line.rstrip("\r\n") for line in split_lines(pieces)):
        head = HEAD.match(line)
        if head or DAY.match(line):
            if speaker:
                yield from _finish(speaker, said, account)
            speaker, said = (head[1].strip(), [head[2]]) if head else ("", [])
        elif _WROTE.match(line):
            account.left[_SYSTEM] += 1
        elif speaker:
            said.append(line)
        else:
            account.left["line (before the first message)"] += bool(line.strip())
    if speaker:
        yield from _finish(speaker, said, account)


def _finish(speaker: str, said: Sequence[str], account: Account) -> Iterator[Message]:
    """A message whose lines are all there, without what nobody typed."""
    text = strip_ends(said)
    if text in _DELETED:
        account.left["deleted message"] += 1
    elif _CALL.fullmatch(text):
        account.left[_SYSTEM] += 1
    elif _MEDIA.fullmatch(text):
        account.left["attachment"] += 1
    else:
        yield Message(speaker, text)
