"""Markdown to prose, as a reader of the page would see it. Knows nothing of files.

Blocks of code, HTML and what stands before the text (front matter) are left out.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from burble.data.forms.form import Account, File, Write
from burble.formatting import Note

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(
    r"\A\ufeff?(?:---[ \t]*\n(?:[ \t]*\n)*(?=[\w\"'-][^\n:]{0,99}:\s).*?\n(?:---|\.\.\.)"
    r"|\+\+\+[ \t]*\n.*?\n\+\+\+)[ \t]*(?:\n|\Z)",
    re.DOTALL,
)
"""What stands before a text, between rules; it begins with a name and a colon."""
_NOTE_TEXT = re.compile(r"^\[\^[^\]\s]{1,60}\]:[ \t]*", re.MULTILINE)
_NOTE_MARK = re.compile(r"\[\^[^\]\s]{1,60}\]")
_BREAKS = {"softbreak": " ", "hardbreak": "\n"}
_AFTER = {"th_close": "\t", "td_close": "\t", "tr_close": "\n", "list_item_close": "\n"}
_AFTER |= dict.fromkeys(("table_close", "bullet_list_close", "ordered_list_close"), "\n\n")
"""What parts a block from the one after it, where that is no blank line."""
_LEFT_OUT = {
    "html_inline": "tag of HTML",
    "html_block": "block of HTML",
    "image": "picture (with its alternative text)",
    "fence": "block of code",
    "code_block": "block of code",
}
_DEEPEST = 200
"""Lists and quotes within each other that are read; markdown-it-py by itself leaves out, without a
word, what lies deeper than 20."""
_HOLDERS = ("blockquote_open", "list_item_open")
_TAKEN = {"paragraph_open": "paragraph", "heading_open": "heading"}
_TAKEN |= {"table_open": "table (cells parted by tabs)"}


def read(file: File, write: Write) -> list[Note]:
    """Reads a text; see `forms.form`."""
    write(read_prose("".join(file.text()), file.account))
    return []


def read_prose(text: str, account: Account) -> Iterator[str]:
    r"""The prose of a text, in pieces.

    >>> list(read_prose("# One\n\n*Two*\nand [three](x).\n", Account()))
    ['One', '\n\n', 'Two and three.', '\n']
    """
    from markdown_it import MarkdownIt

    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text, fronts = _FRONT.subn("", text, count=1)
    text, notes = _NOTE_TEXT.subn("", text)
    text, marks = _NOTE_MARK.subn("", text)
    account.left["front matter"] += fronts
    account.taken["note (where it stands)"] += notes
    account.left["mark of a note"] += marks
    parser = MarkdownIt("commonmark", {"maxNesting": _DEEPEST})
    tokens = parser.enable(["table", "strikethrough"]).parse(text)
    begun = False
    for before, words in _find_blocks(tokens, account):
        if words:
            yield from ([before, words] if begun else [words])
            begun = True
    if begun:
        yield "\n"


def _find_blocks(tokens: Sequence["Token"], account: Account) -> Iterator[tuple[str, str]]:
    """The words of each block, and what stands before them: a tab, a newline or a blank line."""
    before = "\n\n"
    for token in tokens:
        if token.type in _LEFT_OUT:
            account.left[_LEFT_OUT[token.type]] += 1
        elif token.type == "list_item_open":
            account.left["list mark (number or bullet)"] += 1
        if token.type in _HOLDERS and token.level >= _DEEPEST - 1:
            account.left["passage (too deep in lists or quotes)"] += 1
        if what := _TAKEN.get(token.type):
            account.taken[what] += 1
        if token.type == "inline":
            yield before, _join(token.children or [], account)
            before = "\n\n"
        before = _AFTER.get(token.type, before)


def _join(tokens: Sequence["Token"], account: Account) -> str:
    """The words of a paragraph."""
    words = list[str]()
    for token in tokens:
        if token.type in ("text", "code_inline"):
            words.append(token.content)
        elif token.type in _LEFT_OUT:
            account.left[_LEFT_OUT[token.type]] += 1
        else:
            words.append(_BREAKS.get(token.type, ""))
    text = "".join(words)
    account.left["soft hyphen"] += text.count("\u00ad")
    return text.replace("\u00ad", "").strip()
