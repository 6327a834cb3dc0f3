"""Frozen settings of how texts are read and cleaned. Knows nothing of files or models.

See `settings`, which gives them on.
"""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal

from burble.checks import check_choices, convert, require
from burble.errors import SettingsError

Unit = Literal["char", "grapheme", "word", "bytes"]
Documents = Literal[
    "sources", "lines", "blank", "blank2", "sentences", "pgn", "abc", "fasta", "bibtex"
]


RECUT = ("word", "bytes")
"""Units that a text is cut into once it is one of characters."""
OF_WORDS = ("min_word_count", "max_words")
"""Settings that say nothing where the unit is no word."""


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
        keep_quoted: Keep quoted replies, originals below replies and signatures in mail, which are
            left out otherwise.
        min_length: Skip documents with fewer characters than this, once clean.
        max_length: Skip documents with more characters than this, once clean; 0 skips none.
        chat: What a document of a chat is: each message, with its speaker as label (message), or
            the whole talk, a line for each message (talk).
        speaker: Learn only what this speaker of a chat says; may be given several times.
        mask_names: Put Person 1, Person 2 and so on for those who speak in chats, and for their
            names in what is said.
        mask_private: Put [email], [phone], [card] and [iban] for e-mail addresses, telephone, card
            and account numbers.
        sort_check: Say whether the documents look sorted: by their beginnings, lengths, numbers or
            labels. What is sorted should not be validated on its end.
    """

    encoding: str = ""
    mirror: str = ""
    delimiter: str = ""
    quote: str = ""
    deduplicate: bool = False
    drop_documents_with_rare: int = 0
    form: str = ""
    plain: bool = False
    keep_quoted: bool = False
    min_length: int = 0
    max_length: int = 0
    chat: Literal["message", "talk"] = "message"
    speaker: tuple[str, ...] = field(default=(), metadata={"flag": list[str]})
    mask_names: bool = False
    mask_private: bool = False
    sort_check: bool = False

    def __post_init__(self) -> None:
        """Checks the numbers and what describes tables, and gives the tab its name."""
        check_choices(self)
        named = tuple(map(str.strip, self.speaker))
        require(all(named), "speaker", self.speaker, "the name of someone who speaks")
        object.__setattr__(self, "speaker", named)
        for name in ("drop_documents_with_rare", "min_length", "max_length"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "0 or more")
        least, most = self.min_length, self.max_length
        fits, expected = not most or most >= least, f"0, or {least}, the min_length, or more"
        require(fits, "max_length", most, expected)
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
    def leaves_out(self) -> bool:
        """Whether documents may be left out."""
        bounds = self.min_length or self.max_length or self.drop_documents_with_rare > 1
        return bool(self.deduplicate or bounds)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that are not their defaults, by name."""
        return {f.name: v for f in fields(self) if (v := getattr(self, f.name)) != f.default}


DEFAULT_READING = SourceSettings()
"""Sources read by the defaults."""


@dataclass(frozen=True, kw_only=True)
class TextSettings:
    r"""How text is cleaned and cut into symbols.

    Attributes:
        unit: What a symbol is: char, one code point; grapheme, a letter with all its marks; word,
            a frequent word, number or run of one mark, and rare ones spelled by characters; or
            bytes, those of UTF-8, to which nothing is unknown.
        lowercase: Make letters lower case.
        strip_punctuation: Remove all but letters, digits and white space.
        min_count: Remove symbols that occur fewer times than this; of words and bytes, characters.
        min_word_count: Words that occur fewer times than this are spelled, with --unit word.
        max_words: Words that are symbols at most, with --unit word: the most frequent.
        documents: What a document is: each source, or row of a table (sources), each line (lines),
            each block between blank lines (blank), or between two or more of them (blank2), each
            sentence (sentences), or each record of a format: a game (pgn), a tune (abc), a sequence
            (fasta) or an entry of a bibliography (bibtex).
        document_separator: What stands between two documents, such as '\n---\n' or
            '<|endoftext|>'; \n is a line end, \t a tab and \\ a backslash.
        document_pattern: Regular expression of what stands between two documents, where ^ and $ are
            the ends of a line; (?=^Chapter) cuts before a line and leaves it in.
        label: Column or field of a table, beside its text, whose values can be chosen when the
            model writes; may be given several times. Elsewhere `file` is the file's name, and
            `folder` that of its folder.
    """

    unit: Unit = "char"
    lowercase: bool = False
    strip_punctuation: bool = False
    min_count: int = 1
    min_word_count: int = 5
    max_words: int = 4_000
    documents: Documents = "sources"
    document_separator: str = ""
    document_pattern: str = ""
    label: tuple[str, ...] = field(default=(), metadata={"flag": list[str]})

    def __post_init__(self) -> None:
        """Checks every field."""
        check_choices(self)
        for name in ("min_count", "min_word_count", "max_words"):
            require(getattr(self, name) >= 1, name, getattr(self, name), "1 or more")
        for name in OF_WORDS if self.unit != "word" else ():
            usual = getattr(TextSettings, name)
            expected = f"left out, as it is for --unit word and the unit is {self.unit}"
            require(getattr(self, name) == usual, name, getattr(self, name), expected)
        named = tuple(map(str.strip, self.label))
        fits = all(named) and len({*named}) == len(named)
        require(fits, "label", self.label, "the names of columns, each once")
        object.__setattr__(self, "label", named)
        self._check_documents()

    def _check_documents(self) -> None:
        """Refuses what parts documents if it cannot, or if something else is to do it as well."""
        ways = {
            "documents": self.documents if self.documents != "sources" else "",
            "document_separator": self.document_separator,
            "document_pattern": self.document_pattern,
        }
        named = [name for name, value in ways.items() if value]
        if len(named) > 1:
            raise SettingsError(
                f"{' and '.join(named)} are given, but one of them says what parts documents. "
                "Leave out the other."
            )
        odd = re.search(r"\\(?![nt])", self.document_separator.replace(r"\\", ""))
        if odd:
            raise SettingsError(
                f"document_separator is {self.document_separator!r}, which holds a backslash "
                r"that begins no escape: \n is a line end of any kind, \t a tab and \\ a backslash."
            )
        if not self.document_pattern:
            return
        # Loaded where it is needed: it takes a while.
        import regex

        try:
            regex.compile(self.document_pattern)
        except regex.error as error:
            raise SettingsError(
                f"document_pattern is {self.document_pattern!r}, which is no regular expression: "
                f"{error}. Mend it, or give a plain text with --document-separator."
            ) from error

    @property
    def stored(self) -> dict[str, Any]:
        """What a model file holds of it: what came later only where it is given, and no labels."""
        later = ("document_separator", "document_pattern")
        unsaid = {"label", *(() if self.unit == "word" else OF_WORDS)}
        found = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in unsaid}
        return {name: value for name, value in found.items() if value or name not in later}

    @property
    def undivided(self) -> "TextSettings":
        """The same, but that each source is one document."""
        return replace(self, documents="sources", document_separator="", document_pattern="")
