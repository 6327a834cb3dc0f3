"""Frozen settings of how texts are read and cleaned. Knows nothing of files or models.

See `settings`, which gives them on.
"""

from dataclasses import dataclass, field, fields
from typing import Any, Literal

from burble.checks import check_choices, convert, require

Unit = Literal["char", "grapheme"]
Documents = Literal["sources", "lines", "blank", "sentences"]


@dataclass(frozen=True, kw_only=True)
class SourceSettings:
    r"""How sources are read; nothing of it concerns a model once its text is there.

    Attributes:
        encoding: Encoding of the text, such as cp1252; if empty, UTF-8 or what a byte-order mark
            says.
        mirror: Where to fetch books of Project Gutenberg; if empty, the main site.
        delimiter: Character between two cells of a table, or tab; if empty, it is detected.
        quote: What encloses a cell of a table: " or '; \" or \' where a backslash stands before
            those inside a cell; none, where quotes are plain characters. If empty, it is detected.
        deduplicate: Skip documents that are, once clean, the same as one before them.
        drop_documents_with_rare: Skip documents with a symbol that occurs fewer times than this,
            until no such symbol is left; 0 skips none.
        form: What the files are, whatever they look like: text, where all are to be read as they
            stand, or word, html, subtitles and so on. If empty, each is looked at.
        plain: Read the prose of Markdown and LaTeX, without marks and commands.
    """

    encoding: str = ""
    mirror: str = ""
    delimiter: str = ""
    quote: str = ""
    deduplicate: bool = False
    drop_documents_with_rare: int = 0
    form: str = ""
    plain: bool = False

    def __post_init__(self) -> None:
        """Checks the numbers and what describes tables, and gives the tab its name."""
        rarest = self.drop_documents_with_rare
        require(rarest >= 0, "drop_documents_with_rare", rarest, "0 or more")
        if self.delimiter in ("\t", "\\t"):
            object.__setattr__(self, "delimiter", "tab")
        fits = self.delimiter in ("", "tab") or (
            len(self.delimiter) == 1 and self.delimiter not in "\r\n\0\"'\\"
        )
        expected = "one character that is no quote, such as ';' or '|', or tab"
        require(fits, "delimiter", self.delimiter, expected)
        fits = self.quote in ("", '"', "'", '\\"', "\\'", "none")
        expected = "none, \" or ', with a backslash before it where those inside a cell have one"
        require(fits, "quote", self.quote, expected)

    @classmethod
    def pop_from(cls, values: dict[str, Any]) -> "SourceSettings":
        """Takes its own fields out of a flat mapping; a value of None means the default.

        Raises:
            SettingsError: A value that cannot be.

        >>> values = {"encoding": "cp1252", "units": 8}
        >>> SourceSettings.pop_from(values).encoding, values
        ('cp1252', {'units': 8})
        """
        own = {f.name: (values.pop(f.name), f.type) for f in fields(cls) if f.name in values}
        given = {
            n: convert(n, value, kind) for n, (value, kind) in own.items() if value is not None
        }
        return cls(**given)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are not their defaults, by name."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}


DEFAULT_READING = SourceSettings()
"""Sources read by the defaults."""


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    """How text is cleaned and cut into symbols.

    Attributes:
        unit: What a symbol is: char, one code point, or grapheme, a letter with all its marks.
        lowercase: Make letters lower case.
        strip_punctuation: Remove all but letters, digits and white space.
        min_count: Remove symbols that occur fewer times than this.
        documents: What a document is: each source, or row of a table (sources), each line (lines),
            each block between blank lines (blank), or each sentence (sentences).
        label: Column or field of a table, beside its text, whose values can be chosen when the
            model writes; may be given several times. Elsewhere `file` is the file's name, and
            `folder` that of its folder.
    """

    unit: Unit = "char"
    lowercase: bool = False
    strip_punctuation: bool = False
    min_count: int = 1
    documents: Documents = "sources"
    label: tuple[str, ...] = field(default=(), metadata={"flag": list[str]})

    def __post_init__(self) -> None:
        """Checks every field."""
        check_choices(self)
        require(self.min_count >= 1, "min_count", self.min_count, "1 or more")
        named = tuple(map(str.strip, self.label))
        fits = all(named) and len({*named}) == len(named)
        require(fits, "label", self.label, "the names of columns, each once")
        object.__setattr__(self, "label", named)
