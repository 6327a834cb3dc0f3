"""Messages of a chat that a program exported as a web page, by the classes of its elements.

Knows nothing of documents. Only what stands in an element of a message is read, so that nothing
that the page shows beside it (times, initials, what is answered) is taken for what somebody said.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from burble.data.chats.message import Message
from burble.data.forms.form import Account, File
from burble.data.forms.html import LONGEST_TAG, VOID
from burble.errors import SourceError

SYSTEM = "system line (who joined, calls, pins)"
UNKNOWN = "Unknown"
"""Who speaks where a page begins in the middle of what somebody says."""
_UNNAMED = "message of an unknown sender (who is named in the file before it)"

_DEEPEST = 1_000
_BLOCKS = {"div", "p", "pre", "blockquote", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"}
_BREAK = "\f"
"""What stands between two blocks of what was said, which are shown one below the other."""


@dataclass(frozen=True)
class Shape:
    """How a program writes its pages.

    Attributes:
        roles: What an element of a class is: `message`, `joined` where who speaks goes on,
            `name`, `text`, `bot`, `system`, or in `left` with what is counted.
        nobody: Who speaks where no name stands; empty where that is no message.
        keeps_lines: Whether line ends of the page are line ends of what was said.
    """

    roles: Mapping[str, str]
    nobody: str
    keeps_lines: bool


TELEGRAM = Shape(
    roles={
        "message": "message",
        "service": "system",
        "joined": "joined",
        "from_name": "name",
        "text": "text",
        "forwarded": "left:forwarded message",
        "media_wrap": "left:attachment",
        "reactions": "left:list of reactions",
        "reply_to": "left:",
    },
    nobody="Deleted Account",
    keeps_lines=False,
)
DISCORD = Shape(
    roles={
        "chatlog__message-container": "message",
        "chatlog__author": "name",
        "chatlog__author-tag": "bot",
        "chatlog__content": "text",
        "chatlog__system-notification-content": "system",
        "chatlog__edited-timestamp": "left:edit mark",
        "chatlog__attachment": "left:attachment",
        "chatlog__embed": "left:embed",
        "chatlog__sticker": "left:sticker",
        "chatlog__reactions": "left:list of reactions",
        "chatlog__reply": "left:",
    },
    nobody="Deleted User",
    keeps_lines=True,
)
META = Shape(
    roles={
        "_a6-g": "message",
        "_a6-h": "name",
        "_a6-p": "text",
        "_a6-o": "left:",
        "_a6-q": "left:list of reactions",
        "_a6_o": "left:attachment",
        # Pages until about 2022.
        "_2lej": "message",
        "_2lek": "name",
        "_2let": "text",
        "_2lem": "left:",
        "_tqp": "left:list of reactions",
        "_2yuc": "left:attachment",
    },
    nobody="",
    keeps_lines=False,
)
"""Pages of Messenger and Instagram, whose classes are names that say nothing."""


def read_messages(file: File, shape: Shape, speaker: str = "") -> Iterator[Message]:
    """The messages of a page.

    Args:
        file: The page.
        shape: How its program writes pages.
        speaker: Who spoke last on the page before it; empty where that is not known.

    Raises:
        SourceError: A tag has no end.
    """
    page = _Page(shape, file.account, file.name, speaker)
    for piece in file.text():
        page.feed(piece)
        if len(page.rawdata) > LONGEST_TAG:
            raise SourceError(
                f"{file.name} is not read: a tag, comment or script in it has no end. Export the "
                "chat anew."
            )
        while page.found:
            yield page.found.popleft()
    page.close()
    page.end_message()
    yield from page.found


class _Page(HTMLParser):
    """Takes the tags and the text of a page.

    Attributes:
        found: Messages that are whole.
    """

    def __init__(self, shape: Shape, account: Account, name: str, speaker: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found = deque[Message]()
        self._shape, self._account = shape, account
        self._open: list[tuple[str, str]] = []
        self._parts: dict[str, list[str]] = {}
        self._kind, self._speaker, self._joined = "", speaker, False
        self._message, self._name = 0, name

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        values = dict(attrs)
        classes = (values.get("class") or "").split()
        roles = [self._shape.roles[one] for one in classes if one in self._shape.roles]
        role = self._begin(roles) if roles else ""
        if tag in VOID:
            if tag == "br":
                self._take("\n")
            elif tag == "img" and self._role == "text":
                # A picture within a text is a sign that has a name.
                self._take(values.get("alt") or "")
            return
        if tag in _BLOCKS:
            self._take(_BREAK)
        self._open.append((tag, role or self._role))
        if len(self._open) > _DEEPEST:
            raise SourceError(
                f"{self._name} is not read: its elements lie more than {_DEEPEST:,} deep in each "
                "other, as no program writes them. Export the chat anew."
            )

    def _begin(self, roles: list[str]) -> str:
        """What an element with a class that tells something is here."""
        if "message" in roles:
            self.end_message()
            self._kind = "system" if "system" in roles else "said"
            self._joined = "joined" in roles
            self._message = len(self._open) + 1
            return "inside"
        role = roles[0]
        if not self._kind or self._role.startswith("left:"):
            return ""
        if role.startswith("left:"):
            if counted := role.removeprefix("left:"):
                self._account.left[counted] += 1
        elif role in ("system", "bot"):
            self._kind = role
        return role

    @property
    def _role(self) -> str:
        """What the innermost element is."""
        return self._open[-1][1] if self._open else ""

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it those in it that are still open."""
        place = next((n for n in range(len(self._open), 0, -1) if self._open[n - 1][0] == tag), 0)
        if place:
            del self._open[place - 1 :]
        if len(self._open) < self._message:
            self.end_message()
        elif tag in _BLOCKS:
            self._take(_BREAK)

    def handle_data(self, data: str) -> None:
        """Text of a page."""
        self._take(data if self._shape.keeps_lines else " ".join(data.split("\n")))

    def _take(self, text: str) -> None:
        """Takes a piece of a name or of what was said."""
        if self._role in ("name", "text"):
            self._parts.setdefault(self._role, []).append(text)

    def end_message(self) -> None:
        """The message is whole. Who speaks on is not named again."""
        kind, parts = self._kind, self._parts
        self._kind, self._parts = "", {}
        if "name" in parts:
            self._speaker = " ".join("".join(parts["name"]).split())
        if kind == "said" and ("name" in parts or self._shape.nobody):
            blocks = map(_strip_lines, "".join(parts.get("text", [])).split(_BREAK))
            text = "\n".join(filter(None, blocks))
            if self._joined and self._speaker in ("", UNKNOWN):
                self._speaker = UNKNOWN
                self._account.taken[_UNNAMED] += 1
            self.found.append(Message(self._speaker or self._shape.nobody or UNKNOWN, text))
        elif kind:
            self._account.left["bot message" if kind == "bot" else SYSTEM] += 1


def _strip_lines(text: str) -> str:
    """A block without blanks around it and around its lines."""
    return "\n".join(line.strip() for line in text.strip().split("\n"))
