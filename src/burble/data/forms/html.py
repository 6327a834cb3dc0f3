"""Web pages to their main text, as a browser shows it. Knows nothing of files, fetches nothing.

A page that says what its main text is (`main`, `article`) is read there; of another one, menus,
headers, footers, forms and what stands aside are left out.
"""

import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser

from burble.data import encodings
from burble.data.forms import lines
from burble.data.forms.form import Account, File, Write
from burble.data.forms.layout import Layout
from burble.errors import SourceError
from burble.formatting import Note

_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})"
    rb"|<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{1,40})",
    re.IGNORECASE,
)
_AS_BROWSERS_DO = {"iso-8859-1": "cp1252", "ascii": "cp1252", "iso8859-1": "cp1252"}
_MAIN = re.compile(r"<(main|article)\b", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?]")
_SHORT = 40
"""Characters of a link below which it may be the mark of a note."""
LONGEST_TAG = 1 << 22
"""Characters of a tag or a comment at most."""
_NEVER = {
    "head": "",
    "script": "script",
    "style": "style",
    "template": "template",
    "noscript": "passage for browsers without scripts",
    "iframe": "embedded page",
    "object": "embedded object",
    "svg": "picture (with its alternative text)",
    "math": "formula",
    "rt": "reading beside a word (ruby)",
    "rp": "",
    "button": "form field",
    "select": "form field",
    "textarea": "form field",
}
"""Elements that are no text, and how they are counted."""
_BESIDE = {"nav": "menu", "header": "header of the page", "footer": "footer of the page"}
_BESIDE |= {"aside": "passage beside the main text"}
_ROLES = {"navigation": "nav", "banner": "header", "contentinfo": "footer", "search": "nav"}
VOID = {"br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source"}
VOID |= {"track", "wbr"}
_WIDE = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "ul", "ol", "dl", "table"}
_WIDE |= {"figure", "hr", "section", "article", "main"}
"""Blocks with a blank line before and after them."""
_NARROW = {"div", "li", "dt", "dd", "tr", "caption", "figcaption", "address", "details", "summary"}
_NARROW |= {"center", "body", "header", "footer", "aside", "nav", "form", "fieldset", "legend"}
_NARROW |= {"thead", "tbody"}
_LINKS = {"doc-noteref": "mark of a note", "noteref": "mark of a note"}
_LINKS |= {"doc-backlink": "back link of a note", "backlink": "back link of a note"}
_NOTES = {"doc-footnote", "footnote", "rearnote", "endnote", "doc-endnote"}
_MARK = re.compile(r"[\[(]?(?:\d{1,4}|[*†‡§]{1,3}|[a-zA-Z]|[ivxlc]{2,6})[\])]?")
# What Word and LibreOffice call the places of notes, and of what refers to them.
_TO_NOTE = re.compile(r"_(?:ftn|edn)\d+$|sd(?:foot|end)note\d+sym$")
_TO_MARK = re.compile(r"_(?:ftn|edn)ref\d+$|sd(?:foot|end)note\d+anc$")
_TITLED = {"header": "header of the page", "footer": "footer of the page"}
"""What LibreOffice calls the margins of its pages."""
QUOTE = "quoted passage"
_QUOTED = {"gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote"}
"""What programs for mail call the elements in which they quote, or introduce a quote."""
_BACK = re.compile(r"[\u21a9\u21b5\u2191\u2934^][\ufe0e\ufe0f]?")
_NUMBER = re.compile(r"mso-list\s*:\s*ignore", re.IGNORECASE)
"""What Word says of the number or bullet that it wrote before an entry of a list."""
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


def read(file: File, write: Write) -> list[Note]:
    """Reads a page; see `forms.form`."""
    head = next(file.blocks(), b"")
    encoding = find_encoding(head)
    main = find_main(file.text(encoding))
    write(read_page(file.text(encoding), file.name, file.account, main))
    return []


def find_encoding(head: bytes) -> str:
    """The encoding that a page says it is in, as browsers understand it; empty for none.

    >>> find_encoding(b'<meta charset="ISO-8859-1">')
    'cp1252'
    """
    found = _CHARSET.search(head[:4096])
    if not found:
        return ""
    codec = encodings.find_codec((found[1] or found[2]).decode("ascii"))
    # What can be read as ASCII up to here is not in two bytes a letter.
    return "" if codec.startswith(("utf-16", "utf-32")) else _AS_BROWSERS_DO.get(codec, codec)


def find_main(pieces: Iterable[str]) -> str:
    """The element that a page marks as its main text; empty where there is none."""
    names, before = set[str](), ""
    for piece in pieces:
        names |= {name.lower() for name in _MAIN.findall(before + piece)}
        before = piece[-10:]
    return "main" if "main" in names else "article" if "article" in names else ""


def read_page(
    pieces: Iterable[str],
    name: str,
    account: Account,
    main: str = "",
    *,
    whole: bool = False,
    quotes: bool = True,
) -> Iterator[str]:
    """The text of a page, in pieces.

    Args:
        pieces: The page, cut anywhere.
        name: What to call it.
        account: Where to count.
        main: The element that holds the main text; empty for the whole body.
        whole: Whether menus, headers and footers are read as well, as in a chapter of a book.
        quotes: Whether what programs for mail mark as quoted is read as well.

    Raises:
        SourceError: A tag has no end.
    """
    page = _Page(account, main, whole=whole, quotes=quotes)
    for piece in pieces:
        page.feed(piece)
        if len(page.rawdata) > LONGEST_TAG:
            raise SourceError(
                f"{name} is not read: a tag, comment or script in it has no end. Mend it, or read "
                "it as it stands with --form text."
            )
        yield from page.layout.take()
    page.finish()
    yield from page.layout.take()


class _Page(HTMLParser):
    """Takes the tags and the text of a page, and lays the text out.

    Attributes:
        layout: The text so far.
    """

    def __init__(self, account: Account, main: str, *, whole: bool, quotes: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.layout = Layout()
        self._account, self._main, self._whole, self._quotes = account, main, whole, quotes
        self._skipped, self._depth = "", 0
        self._within = self._pre = self._articles = self._cells = self._raised = 0
        self._link: list[str] | None = None
        self._raised_inside = False

    def finish(self) -> None:
        """Ends the page; a tag that breaks off is no text."""
        if _TAG.match(self.rawdata):
            self._leave("tag that breaks off")
            self.rawdata = ""
        self.close()
        self._end_link()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes the beginning of an element."""
        if self._skipped:
            self._depth += tag == self._skipped and tag not in VOID
            return
        given = {name: value or "" for name, value in attrs}
        self._within += tag == self._main
        self._articles += tag in ("main", "article")
        why = self._find_reason(tag, given)
        if why is not None:
            self._leave(why)
            if tag not in VOID:
                self._skipped, self._depth = tag, 1
            return
        if _kinds(given) & _NOTES and tag != "section":
            self._account.taken["note (where it stands)"] += 1
        self._break(tag)
        if tag == "a" and given.get("href", "").rpartition("#")[1]:
            self._link, self._raised_inside = [], False
        if tag == "sup":
            self._raised += 1
            self._raised_inside = self._link is not None
        if tag == "pre":
            self._pre += 1
            self._take("block of code or set text")
        elif tag == "q" and self._reads:
            self.layout.add("“")
        elif tag == "br":
            self._end_link()
            self.layout.add_line_end()
        elif tag in ("td", "th"):
            if self._reads:
                self.layout.begin_cell(parted=self._cells > 0)
            self._cells += 1
        elif tag == "tr":
            self._cells = 0
        elif tag in ("table", "p"):
            self._take("table (cells parted by tabs)" if tag == "table" else "paragraph")

    def handle_endtag(self, tag: str) -> None:
        """Takes the end of an element."""
        if self._skipped:
            self._depth -= tag == self._skipped
            if not self._depth:
                self._skipped = ""
            return
        if tag in ("td", "th"):
            self._end_link()
            self.layout.end_cell()
        elif tag == "table":
            self.layout.end_table()
        self._break(tag)
        if tag == "a":
            self._end_link()
        elif tag == "q" and self._reads:
            self.layout.add("”")
        elif tag == "sup":
            self._raised = max(0, self._raised - 1)
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)
        elif tag in ("main", "article"):
            self._articles = max(0, self._articles - 1)
            self._within = max(0, self._within - (tag == self._main))

    def handle_data(self, data: str) -> None:
        """Takes text."""
        if self._skipped:
            return
        if not self._reads:
            self._account.left["character outside the main text"] += len(data.strip())
            return
        if "\u00ad" in data:
            self._account.left["soft hyphen"] += data.count("\u00ad")
            data = data.replace("\u00ad", "")
        if self._link is not None and len(data) < _SHORT:
            self._link.append(data)
            return
        self._end_link()
        self._add(data)

    def _add(self, data: str) -> None:
        """Adds text, as it stands or with its white space as one blank."""
        if self._pre:
            self.layout.add_exactly(data)
        else:
            self.layout.add(data)

    def handle_comment(self, data: str) -> None:
        """Counts a comment."""
        if data.strip():
            self._account.left["comment"] += 1

    def _end_link(self) -> None:
        """Adds the text of a link to another place, unless it is the mark of a note."""
        if self._link is None:
            return
        text, self._link = "".join(self._link), None
        if _BACK.fullmatch(text.strip()):
            self._leave("back link of a note")
        elif (self._raised or self._raised_inside) and _MARK.fullmatch(text.strip()):
            self._leave("mark of a note")
        else:
            self._add(text)

    @property
    def _reads(self) -> bool:
        """Whether what stands here is of the main text."""
        return not self._main or self._within > 0

    def _find_reason(self, tag: str, given: dict[str, str]) -> str | None:
        """How an element is counted that is left out; None where it is read."""
        if tag in _NEVER:
            return _NEVER[tag]
        if tag == "img":
            return "picture (with its alternative text)"
        if tag == "input":
            return "form field" if given.get("type") != "hidden" else ""
        if "hidden" in given or _HIDDEN.search(given.get("style", "")):
            return "hidden passage"
        if _NUMBER.search(given.get("style", "")):
            return lines.NUMBER
        if not self._quotes and _is_quote(tag, given):
            return QUOTE
        if tag == "a" and (link := _kinds(given) & _LINKS.keys()):
            return _LINKS[min(link)]
        if tag == "a" and (place := given.get("href", "").rpartition("#")[2]):
            if _TO_NOTE.match(place):
                return "mark of a note"
            if _TO_MARK.match(place):
                return "back link of a note"
        if tag == "div" and given.get("title") in _TITLED:
            return _TITLED[given["title"]]
        if tag == "nav" and self._whole:
            return "table of contents"
        kind = _ROLES.get(given.get("role", ""), tag)
        if kind in _BESIDE and not self._whole and not (_kinds(given) & _NOTES):
            # The header of an article holds its title.
            inner = self._articles and kind in ("header", "footer")
            return None if inner else _BESIDE[kind]
        return None

    def _leave(self, what: str) -> None:
        """Counts what is left out."""
        if what:
            self._account.left[what] += 1

    def _take(self, what: str) -> None:
        """Counts what is read."""
        self._account.taken[what] += self._reads

    def _break(self, tag: str) -> None:
        """Ends a line, or a block, where a browser would."""
        if tag in _WIDE or tag in _NARROW:
            self._end_link()
            self.layout.end_block(2 if tag in _WIDE else 1)


def _is_quote(tag: str, given: dict[str, str]) -> bool:
    """Whether a program for mail has marked an element as quoted."""
    cited = tag == "blockquote" and given.get("type") == "cite"
    return cited or not _QUOTED.isdisjoint(given.get("class", "").split())


def _kinds(given: dict[str, str]) -> set[str]:
    """What an element says that it is, for readers aloud and for readers of books."""
    return {*given.get("role", "").split(), *given.get("epub:type", "").split()}
