"""LaTeX to prose: commands go, what they set stays. Knows nothing of files, follows no `input`.

Formulas, tables, programs and the preamble are left out; notes stand after their paragraph.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator

from burble.data.forms.form import Account, File, Write
from burble.formatting import Note

_TOKEN = re.compile(
    r"\\(?P<word>[a-zA-Z@]+)\*?[ \t]*(?:\n(?![ \t]*\n)[ \t]*)?|\\(?P<sign>.)"
    r"|(?P<comment>%[^\n]*\n?[ \t]*)"
    r"|(?P<math>\$\$?)|(?P<brace>[{}])|(?P<blank>\n[ \t]*\n\s*)|(?P<white>\s+)"
    r"|(?P<mark>---?|``|''|~|&)|(?P<text>[^\\%${}\s\-`'~&]+|[-`'])",
    re.DOTALL,
)
_MARKS = {"---": "—", "--": "–", "``": "“", "''": "”", "~": " ", "&": "\t"}
_ACCENTS = dict(
    zip(
        "'`^\"~=.uvHcdbrk",
        map(
            chr,
            (
                *(
                    0x301,
                    0x300,
                    0x302,
                    0x308,
                    0x303,
                    0x304,
                    0x307,
                    0x306,
                    0x30C,
                    0x30B,
                    0x327,
                    0x323,
                    0x331,
                ),
                *(0x30A, 0x328),
            ),
        ),
        strict=True,
    )
)
_LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "aa": "å",
    "AA": "Å",
    "i": "ı",
    "j": "ȷ",
    "ldots": "…",
    "dots": "…",
    "S": "§",
    "textellipsis": "…",
    "textemdash": "—",
    "textendash": "–",
    "pounds": "£",
    "copyright": "©",
    "textbackslash": "\\",
    "textasciitilde": "~",
    "textquotesingle": "'",
    "textquotedbl": '"',
    "textbar": "|",
    "textless": "<",
    "textgreater": ">",
    "textasciicircum": "^",
    "textasciigrave": "`",
    "textquoteleft": "‘",
    "textquoteright": "’",
    "textquotedblleft": "“",
    "textquotedblright": "”",
    "slash": "/",
    "textdegree": "°",
    "textonehalf": "½",
    "textsterling": "£",
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "P": "¶",
    "quad": " ",
    "qquad": " ",
    "newline": "\n",
    "linebreak": "\n",
    "par": "\n\n",
    "dag": "†",
    "item": "\n",
    "guillemotleft": "«",
    "guillemotright": "»",
    "euro": "€",
    "texteuro": "€",
}
_HEADS = {"part", "chapter", "section", "subsection", "subsubsection", "paragraph", "title"}
_HEADS |= {"author", "date"}
_MATHS = ("math", "displaymath", "equation", "align", "gather", "multline", "eqnarray", "alignat")
_ENVIRONMENTS = {
    **dict.fromkeys(_MATHS, "formula"),
    **dict.fromkeys(("verbatim", "lstlisting", "minted", "Verbatim", "alltt"), "block of code"),
    **dict.fromkeys(("tabular", "tabularx", "longtable", "tabular*"), "table"),
    **dict.fromkeys(("tikzpicture", "picture", "pspicture", "asy"), "picture"),
    **dict.fromkeys(("thebibliography", "filecontents"), "bibliography"),
    "comment": "comment",
}
"""Environments that are no prose, and how they are counted."""
_DROPPED = {
    **dict.fromkeys(("ref", "eqref", "pageref", "autoref", "cref", "Cref", "nameref"), "reference"),
    **dict.fromkeys(("cite", "citep", "citet", "parencite", "textcite", "autocite"), "reference"),
    **dict.fromkeys(("nocite", "footcite", "citeauthor", "citeyear"), "reference"),
    **dict.fromkeys(("label", "index", "glossary", "hypertarget"), ""),
    **dict.fromkeys(("input", "include", "subfile", "import"), "file that it reads in"),
    **dict.fromkeys(("includegraphics", "includepdf"), "picture"),
    **dict.fromkeys(("newcommand", "renewcommand", "providecommand", "def", "let"), "definition"),
    **dict.fromkeys(("newenvironment", "newtheorem", "DeclareMathOperator"), "definition"),
    **dict.fromkeys(("documentclass", "usepackage", "bibliography", "bibliographystyle"), ""),
    **dict.fromkeys(("vspace", "hspace", "setlength", "addtolength", "setcounter"), ""),
    **dict.fromkeys(("pagestyle", "thispagestyle", "hyphenation", "pagenumbering"), ""),
    **dict.fromkeys(("addtocounter", "addcontentsline", "markboth", "markright", "bibitem"), ""),
    **dict.fromkeys(("textcolor", "color", "href", "definecolor", "fontsize", "rule"), ""),
    **dict.fromkeys(("selectlanguage", "foreignlanguage", "vskip", "hskip", "setstretch"), ""),
}
"""Commands whose arguments are no prose, and how they are counted."""
_ARGUMENTS = {"textcolor": 1, "href": 1, "foreignlanguage": 1, "hypertarget": 1, "markboth": 2}
_ARGUMENTS |= {"setlength": 2, "addtolength": 2, "setcounter": 2, "addtocounter": 2}
_ARGUMENTS |= {"addcontentsline": 3, "newcommand": 2, "renewcommand": 2, "providecommand": 2}
_ARGUMENTS |= {"newenvironment": 3, "newtheorem": 2, "DeclareMathOperator": 2, "import": 2}
_ARGUMENTS |= {"definecolor": 3, "fontsize": 2, "rule": 2, "let": 0, "vskip": 0, "hskip": 0}
_DEEPEST = 40
"""Arguments within each other that are read."""
_NOTE = "footnote (after its paragraph)"
_BEGUN = re.compile(r"\\begin\s*\{document\}")
_ENDED = re.compile(r"\\end\s*\{document\}")
_OPTIONS = re.compile(r"\s*\[[^\[\]]*\]")
_NAME = re.compile(r"\s*\{\s*([a-zA-Z@]+\*?)\s*\}")
_DEFINED = re.compile(r"\s*\\[a-zA-Z@]+[^{\n]*")
_VERB = re.compile(r"\\verb\*?(\W)(.*?)\1")


def read(file: File, write: Write) -> list[Note]:
    """Reads a text; see `forms.form`."""
    write(read_prose("".join(file.text()), file.account))
    return []


def read_prose(text: str, account: Account) -> Iterator[str]:
    r"""The prose of a text, in pieces.

    >>> "".join(read_prose(r"\section{One} Two \emph{three}, $x$---four.", Account()))
    'One\n\nTwo three, —four.\n'
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if begun := _BEGUN.search(text):
        account.left["preamble"] += 1
        ended = _ENDED.search(text, begun.end())
        text = text[begun.end() : ended.start() if ended else len(text)]
    prose = _Prose(text, account)
    prose.read()
    yield from prose.paragraphs()


class _Prose:
    """Reads LaTeX from its beginning to its end.

    Args:
        text: What to read.
        account: Where to count.
    """

    def __init__(self, text: str, account: Account) -> None:
        self._text, self._account, self._place = text, account, 0
        self._found: list[str] = []
        self._after: list[str] = []
        self._depth = 0
        self._kinds: dict[str, Callable[[re.Match[str]], object]] = {
            "word": lambda token: self._obey(token["word"]),
            "sign": lambda token: self._take_sign(token["sign"]),
            "comment": lambda _: self._leave("comment"),
            "math": lambda token: self._skip_math(token["math"]),
            "brace": lambda _: None,
            "blank": lambda _: self._end_paragraph(),
            "white": lambda _: self._found.append(" "),
            "mark": lambda token: self._add_mark(token["mark"]),
            "text": lambda token: self._found.append(token["text"]),
        }

    def read(self) -> None:
        """Reads all of it."""
        while token := _TOKEN.match(self._text, self._place):
            self._place = token.end()
            self._kinds[token.lastgroup or "text"](token)
        self._end_paragraph()

    def paragraphs(self) -> Iterator[str]:
        """What was found, a blank line between two paragraphs."""
        whole = unicodedata.normalize("NFC", "".join(self._found)).replace("\u00ad", "")
        whole = re.sub(r"[ \t]*\n[ \t]*", "\n", re.sub(r"[ \t]+", " ", whole))
        paragraphs = [part.strip() for part in re.split(r"\n{2,}", whole)]
        text = "\n\n".join(filter(None, paragraphs))
        self._account.taken["paragraph"] += sum(map(bool, paragraphs))
        if text:
            yield f"{text}\n"

    def _obey(self, word: str) -> None:
        """Does what a command says."""
        if word == "begin":
            self._begin()
        elif word == "end":
            self._take_name()
            self._found.append("\n")
        elif word == "verb":
            self._take_verb()
        elif word in ("footnote", "thanks", "marginpar"):
            self._take_note()
        elif word in _HEADS:
            self._take_options()
            self._end_paragraph()
            self._found.append(self._read_argument())
            self._end_paragraph()
        elif word in _DROPPED:
            self._drop(word)
        elif word == "item":
            self._begin_item()
        elif word == "texorpdfstring":
            self._found.append(self._read_argument())
            self._take_argument()
        elif word in _LETTERS:
            self._found.append(_LETTERS[word])
        elif len(word) == 1 and word in _ACCENTS:
            self._add_accent(word)
        else:
            self._account.left["command"] += 1
            self._take_options()

    def _begin_item(self) -> None:
        """Begins an item of a list, with the term that it may be for."""
        self._found.append("\n")
        if found := _OPTIONS.match(self._text, self._place):
            self._place = found.end()
            self._found.append(f"{found[0].strip()[1:-1]} ")

    def _add_mark(self, mark: str) -> None:
        """Adds a mark as LaTeX sets it."""
        self._found.append(_MARKS[mark])
        if mark[0] in "`'-":
            self._account.changed["quote or dash (as it is set)"] += 1

    def _begin(self) -> None:
        """Begins an environment, or leaves it out."""
        name = self._take_name()
        what = _ENVIRONMENTS.get(name) or _ENVIRONMENTS.get(name.rstrip("*"))
        if what:
            self._leave(what)
            end = self._text.find(f"\\end{{{name}}}", self._place)
            self._place = len(self._text) if end < 0 else end + len(name) + 6
            return
        self._found.append("\n")
        self._take_options()

    def _drop(self, word: str) -> None:
        """Leaves out a command with its arguments."""
        self._leave(_DROPPED[word])
        if word in ("def", "let", "newcommand", "renewcommand", "providecommand"):
            if found := _DEFINED.match(self._text, self._place):
                self._place = found.end()
            self._skip_arguments(2 if word.endswith("command") and not found else 1)
            return
        self._skip_arguments(_ARGUMENTS.get(word, 1))

    def _skip_arguments(self, count: int) -> None:
        """Passes over some arguments."""
        for _ in range(count):
            self._take_options()
            self._take_argument()

    def _take_sign(self, sign: str) -> None:
        """Takes a command of one sign."""
        if sign in "([":
            self._leave("formula")
            end = self._text.find("\\)" if sign == "(" else "\\]", self._place)
            self._place = len(self._text) if end < 0 else end + 2
        elif sign == "\\":
            self._take_options()
            self._found.append("\n")
        elif sign == "-":
            self._leave("soft hyphen")
        elif sign in _ACCENTS:
            self._add_accent(sign)
        elif sign in " ,;:\n":
            self._found.append(" ")
        elif sign not in "/!@":
            self._found.append(sign)

    def _add_accent(self, sign: str) -> None:
        """Puts an accent on the letter that follows, in braces or not."""
        letter = self._read_argument() or " "
        plain = {"ı": "i", "ȷ": "j"}.get(letter[0], letter[0])
        self._found.append(plain + _ACCENTS[sign] + letter[1:])

    def _take_note(self) -> None:
        """Takes a note, which is written after the paragraph."""
        self._take_options()
        self._account.taken[_NOTE] += 1
        self._after.append(self._read_argument())

    def _take_verb(self) -> None:
        """Takes what is set as it stands."""
        start = self._text.rfind("\\verb", 0, self._place)
        if found := _VERB.match(self._text, start):
            self._found.append(found[2])
            self._place = found.end()

    def _skip_math(self, sign: str) -> None:
        """Leaves out a formula between signs."""
        self._leave("formula")
        while (end := self._text.find(sign, self._place)) >= 0:
            self._place = end + len(sign)
            if self._text[end - 1] != "\\":
                return
        self._place = len(self._text)

    def _take_name(self) -> str:
        """The name of an environment."""
        found = _NAME.match(self._text, self._place)
        if not found:
            return ""
        self._place = found.end()
        return found[1]

    def _take_options(self) -> None:
        """Passes over what stands in square brackets."""
        while found := _OPTIONS.match(self._text, self._place):
            self._place = found.end()

    def _take_argument(self) -> str:
        """An argument as it stands: in braces, or one token."""
        white = re.compile(r"\s*").match(self._text, self._place)
        start = white.end() if white else self._place
        if self._text[start : start + 1] != "{":
            token = _TOKEN.match(self._text, start)
            self._place = token.end() if token else start
            return self._text[start : self._place]
        depth, place = 0, start
        for found in re.compile(r"\\.|[{}]", re.DOTALL).finditer(self._text, start):
            place = found.end()
            depth += {"{": 1, "}": -1}.get(found[0], 0)
            if not depth:
                break
        else:
            place = len(self._text)
        self._place = place
        return self._text[start + 1 : place - 1]

    def _read_argument(self) -> str:
        """The prose of an argument."""
        inner = _Prose(self._take_argument(), self._account)
        inner._depth = self._depth + 1
        if inner._depth < _DEEPEST:
            inner.read()
        else:
            self._leave("passage nested too deep")
        self._after += inner._after
        return "".join(inner._found).strip()

    def _end_paragraph(self) -> None:
        """Ends a paragraph, and writes its notes; those in an argument wait for the outer one."""
        if self._depth:
            return
        for note in self._after:
            self._found.append(f"\n{note}")
        self._after.clear()
        self._found.append("\n\n")

    def _leave(self, what: str) -> None:
        """Counts what is left out."""
        if what:
            self._account.left[what] += 1
