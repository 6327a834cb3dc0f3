"""Rich text documents (.rtf) to text; a paragraph is a line. Knows nothing of files.

Tracked changes are read as if all were accepted. Notes stand after their paragraph.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from burble.data.encodings import find_codec
from burble.data.forms import lines
from burble.data.forms.form import Account, File, Write
from burble.data.forms.guard import LIMITS
from burble.data.forms.lines import Lines
from burble.errors import SourceError
from burble.formatting import Note

_TOKEN = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+"
    rb"|([^\\{}\r\n]+)",
    re.DOTALL,
)
_BEGUN = re.compile(rb"\s*\{\\rtf")
_CUT = "end of the file"
_LONGEST = 48
"""Bytes of a token that is no text, at most."""
_CHARACTERS = {
    "line": "\n",
    "emdash": "—",
    "endash": "–",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "bullet": "•",
    "emspace": "\u2003",
    "enspace": "\u2002",
    "qmspace": "\u2005",
    **dict.fromkeys(("nestcell", "nestrow"), " "),
}
_GENERATED = re.compile(r"\s*(?:TOC|INDEX|TOA)\b")
_MARK = re.compile(r"\s*(?:[•‣◦▪–-]|\(?(?:\d{1,3}|[a-zA-Z]|[ivx]{1,5})[.)])\s*")
_SIGNS = {b"~": "\u00a0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}"}
_LEFT_OUT = {
    **dict.fromkeys(("pict", "NeXTGraphic"), lines.PICTURE),
    "nonshppict": "",
    "object": "embedded object",
    "annotation": lines.COMMENT,
    "listtext": lines.NUMBER,
    "pntext": lines.NUMBER,
    "mmath": lines.FORMULA,
    **dict.fromkeys(("header", "headerl", "headerr", "headerf"), lines.MARGIN),
    **dict.fromkeys(("footer", "footerl", "footerr", "footerf"), lines.MARGIN),
    **dict.fromkeys(("fonttbl", "colortbl", "stylesheet", "info", "bkmkstart"), ""),
    **dict.fromkeys(("bkmkend", "themedata", "datastore", "listtable", "revtbl", "xe", "tc"), ""),
    **dict.fromkeys(("atnid", "atnauthor", "atntime", "atndate", "atnref", "ftnsep"), ""),
    **dict.fromkeys(("ftnsepc", "aftnsep", "aftnsepc", "objdata", "shprslt", "sp", "pntxta"), ""),
    **dict.fromkeys(("pntxtb", "filetbl", "template", "operator", "title", "author"), ""),
}
"""Destinations that are no text, and how they are counted."""
_READ = {"shptxt": lines.BOX, "footnote": lines.FOOTNOTE}
_CHARSETS = {
    0: "cp1252",
    77: "mac_roman",
    128: "cp932",
    129: "cp949",
    130: "johab",
    134: "gbk",
    136: "big5",
    161: "cp1253",
    162: "cp1254",
    163: "cp1258",
    177: "cp1255",
    178: "cp1256",
    186: "cp1257",
    204: "cp1251",
    222: "cp874",
    238: "cp1250",
}
_PAGES = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}


def read(file: File, write: Write) -> list[Note]:
    """Reads a document; see `forms.form`."""
    if not _BEGUN.match(next(file.blocks(), b"")):
        raise SourceError(
            f"{file.name} is no rich text: it does not begin with {{\\rtf. Leave out --form rtf."
        )
    write(read_document(file.blocks(), file.name, file.account))
    if file.account.left[_CUT]:
        return [Note(file.name, "its last groups have no end, so its own end may be missing.")]
    return []


def read_document(blocks: Iterator[bytes], name: str, account: Account) -> Iterator[str]:
    """The text of a document, in pieces.

    Raises:
        SourceError: Its groups lie too deep in each other.
    """
    reader = _Reader(account, name)
    held = b""
    for block in blocks:
        held += block
        # A token may go on in the next block; of two backslashes the second begins none.
        last = held.rfind(b"\\", max(0, len(held) - _LONGEST))
        begins = last >= 0 and (last + 1 - len(held[: last + 1].rstrip(b"\\"))) % 2
        ready, held = (held[:last], held[last:]) if begins else (held, b"")
        reader.feed(ready)
        yield from reader.lines.take()
    reader.feed(held)
    reader.finish()
    yield from reader.lines.take()


@dataclass(frozen=True)
class _State:
    """What holds in a group, and ends with it.

    Attributes:
        kind: The destination: text, fonts, skipped, or one of those that are read beside it.
        codec: In which encoding bytes are.
        fallback: Letters that stand after each one that is given by its number, for old programs.
        hidden: Whether the text is hidden.
        deleted: Whether it is deleted.
    """

    kind: str = "text"
    codec: str = "cp1252"
    fallback: int = 1
    hidden: bool = False
    deleted: bool = False


class _Reader:
    """Takes the bytes of a document, and puts its text together.

    Attributes:
        lines: The text so far.
    """

    def __init__(self, account: Account, name: str) -> None:
        self.lines = Lines(account)
        self._account, self._name = account, name
        self._state, self._outer = _State(), list[_State]()
        self._bytes = bytearray()
        self._passing = self._binary = self._sign = 0
        self._optional = self._was_left = self._before_mark = False
        self._in_row = self._in_cell = self._in_table = False
        self._fonts: dict[int, str] = {}
        self._font, self._code, self._half = 0, "", 0
        self._words: dict[str, Callable[[int | None], object]] = {
            "ansicpg": lambda number: self._set_codec(f"cp{number}"),
            "f": self._choose_font,
            "fcharset": self._name_charset,
            "cpg": lambda number: self._name_font(f"cp{number}"),
            "uc": lambda number: self._change(replace(self._state, fallback=max(0, number or 0))),
            "u": self._add_number,
            "bin": lambda number: setattr(self, "_binary", max(0, number or 0)),
            "v": lambda number: self._change(replace(self._state, hidden=number != 0)),
            "deleted": lambda number: self._change(replace(self._state, deleted=number != 0)),
            "plain": lambda _: self._change(replace(self._state, hidden=False, deleted=False)),
            "revised": lambda number: self._take(lines.INSERTED, number != 0),
            **dict.fromkeys(("par", "sect"), lambda _: self._end_paragraph()),
            "page": lambda _: None if self.lines.is_empty else self._end_paragraph(),
            "trowd": lambda _: self._begin_row(),
            "pard": lambda _: setattr(self, "_in_cell", False),
            "intbl": lambda _: setattr(self, "_in_cell", True),
            "tx": lambda _: setattr(self, "_before_mark", True),
            "tab": lambda _: self._end_mark(),
            "cell": lambda _: self._end_cell(),
            "row": lambda _: self._end_row(),
        }

    def feed(self, data: bytes) -> None:
        """Takes some bytes, cut between two tokens."""
        place = 0
        while place < len(data):
            if self._binary:
                taken = min(self._binary, len(data) - place)
                self._binary -= taken
                place += taken
            elif token := _TOKEN.match(data, place):
                place = token.end()
                self._take_token(token)
            else:
                place += 1

    def finish(self) -> None:
        """Ends what the file leaves open."""
        self._flush()
        if self._outer:
            self._leave(_CUT)
        self.lines.finish()

    def _take_token(self, token: re.Match[bytes]) -> None:
        """Takes one token."""
        word, number, byte, sign, brace, text = token.groups()
        if text is not None:
            self._add_bytes(text)
        elif byte is not None:
            self._add_bytes(bytes.fromhex(byte.decode()))
        elif brace == b"{":
            self._begin_group()
        elif brace:
            self._end_group()
        elif word is not None:
            self._obey(word.decode(), int(number) if number is not None else None)
        elif sign == b"*":
            self._optional = True
        elif sign == b"-":
            self._leave(lines.SOFT_HYPHEN)
        elif sign in (b"\r", b"\n"):
            self._end_paragraph()
        elif sign in _SIGNS:
            self._add(_SIGNS[sign])

    def _begin_group(self) -> None:
        """Begins a group."""
        self._flush()
        self._passing = 0
        self._outer.append(self._state)
        if len(self._outer) > LIMITS.depth:
            raise SourceError(
                f"{self._name} is not read: its groups lie more than {LIMITS.depth} deep in each "
                "other, as no program writes them. Save it again."
            )

    def _end_group(self) -> None:
        """Ends a group; a damaged file may end more than it began."""
        self._flush()
        self._passing, self._sign = self._sign, 0  # A sign stands for a picture of a Mac.
        ended = self._state
        self._state = self._outer.pop() if self._outer else _State()
        if ended.kind in _READ and self._state.kind != ended.kind:
            self.lines.add_after(self.lines.end_aside())

    def _obey(self, word: str, number: int | None) -> None:
        """Does what a control word says."""
        optional, self._optional = self._optional, False
        kind = self._state.kind
        if kind == "skipped":
            if word == "bin":
                self._words[word](number)
            return
        if word in _PAGES:
            self._set_codec(_PAGES[word])
        elif word == "fonttbl":
            self._change(replace(self._state, kind="fonts"))
        elif word in _LEFT_OUT:
            self._leave(_LEFT_OUT[word])
            self._sign = int(word == "NeXTGraphic")
            self._change(replace(self._state, kind="skipped"))
        elif word in _READ:
            self._begin_aside(word)
        elif word == "fldinst":
            self._code = ""
            self._change(replace(self._state, kind="code"))
        elif word == "fldrslt" and _GENERATED.match(self._code):
            self._leave(lines.CONTENTS)
            self._change(replace(self._state, kind="skipped"))
        elif word in self._words:
            self._flush()
            self._words[word](number)
        elif word in _CHARACTERS:
            self._add(_CHARACTERS[word])
        elif word == "ftnalt" and self._account.taken[lines.FOOTNOTE]:
            self._account.taken[lines.FOOTNOTE] -= 1
            self._take(lines.ENDNOTE, True)
        elif optional and word not in ("shppict", "shpinst", "ud"):
            # What a reader does not know, and may pass over.
            self._change(replace(self._state, kind="skipped"))

    def _begin_aside(self, word: str) -> None:
        """Begins what hangs on a paragraph."""
        self._take(_READ[word], True)
        self._change(replace(self._state, kind=word))
        self.lines.begin_aside()

    def _change(self, state: _State) -> None:
        """What holds from here to the end of the group."""
        self._flush()
        self._state = state

    def _set_codec(self, name: str) -> None:
        """From here on bytes are in another encoding; one that is not known changes nothing."""
        if codec := find_codec(name):
            self._change(replace(self._state, codec=codec))

    def _choose_font(self, number: int | None) -> None:
        """In the table, a font follows; in text, it is used, with its encoding."""
        self._font = number or 0
        if self._state.kind != "fonts" and self._font in self._fonts:
            self._change(replace(self._state, codec=self._fonts[self._font]))

    def _name_charset(self, number: int | None) -> None:
        """Notes the encoding of a font."""
        if number in _CHARSETS:
            self._name_font(_CHARSETS[number])

    def _name_font(self, codec: str) -> None:
        """Notes the encoding of a font in the table."""
        if self._state.kind == "fonts" and find_codec(codec):
            self._fonts[self._font] = codec

    def _add_number(self, number: int | None) -> None:
        """Adds a letter by its number; letters for old programs follow."""
        point = (number or 0) % 0x10000
        if 0xD800 <= point < 0xDC00:
            # The first half of a letter beyond the first 65,536, of which the other comes next.
            self._half = point
        elif 0xDC00 <= point < 0xE000 and self._half:
            self._add(chr(0x10000 + ((self._half - 0xD800) << 10) + point - 0xDC00))
            self._half = 0
        else:
            self._add(chr(point))
        self._passing = self._state.fallback

    def _add_bytes(self, data: bytes) -> None:
        """Adds bytes, which are decoded when all that belong together are there."""
        passed = min(self._passing, len(data))
        self._passing -= passed
        if self._state.kind not in ("skipped", "fonts"):
            self._bytes += data[passed:]

    def _flush(self) -> None:
        """Decodes the bytes so far."""
        if self._bytes:
            data, self._bytes = bytes(self._bytes), bytearray()
            text = data.decode(self._state.codec, "replace")
            for _ in range(text.count("\ufffd")):
                self._leave("byte that is no letter")
            self._put(text.replace("\ufffd", ""))

    def _add(self, text: str) -> None:
        """Adds text after what is there."""
        self._flush()
        if self._state.kind not in ("skipped", "fonts"):
            self._put(text)

    def _put(self, text: str) -> None:
        """Adds text, unless it is hidden or deleted."""
        if self._state.kind == "code":
            self._code += text
            return
        why = lines.DELETED if self._state.deleted else lines.HIDDEN if self._state.hidden else ""
        if not why:
            self.lines.add(text)
        elif not self._was_left:
            self._leave(why)
        self._was_left = bool(why)

    def _leave(self, what: str) -> None:
        """Counts what is left out."""
        if what:
            self._account.left[what] += 1

    def _take(self, what: str, counts: bool) -> None:
        """Counts what is read."""
        self._account.taken[what] += counts

    def _begin_row(self) -> None:
        """Begins a row of a table."""
        self._take(lines.TABLE, not self._in_table)
        self._in_table = self._in_row = True

    def _end_cell(self) -> None:
        """Ends a cell."""
        if not self.lines.in_cell:
            self.lines.begin_cell()
        if not self.lines.is_empty:
            self.lines.end_paragraph()
        self.lines.end_cell()

    def _end_row(self) -> None:
        """Ends a row."""
        self._in_row = False
        self.lines.end_row()

    def _end_mark(self) -> None:
        """Adds a tab, or leaves out the mark of a list that it ends, where that is plain text."""
        self._flush()
        if self._before_mark and self.lines.drop(_MARK):
            self._leave(lines.NUMBER)
        else:
            self._add("\t")
        self._before_mark = False

    def _end_paragraph(self) -> None:
        """Ends a paragraph."""
        self._flush()
        if self._state.kind in ("skipped", "fonts") or self._state.deleted:
            return
        if self._in_row or self._in_cell:
            if not self.lines.in_cell:
                self.lines.begin_cell()
        else:
            self._in_table = False
        self._before_mark = False
        self.lines.end_paragraph()
