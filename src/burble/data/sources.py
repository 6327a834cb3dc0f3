"""Where text comes from: files, folders, tables, standard input, built in, Project Gutenberg.

Gives bytes with a name, in blocks. Knows nothing of symbols or ids.
"""

import glob
import os
import sys
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from burble.data import encodings, folders, gutenberg, inspection, python_docs
from burble.data.dumps import zips
from burble.data.encoding_detection import describe_mismatch
from burble.data.forms import registry
from burble.data.forms.signs import SLACK_LISTS
from burble.data.inspection import Look
from burble.data.source import Source, describe_unreadable, from_bytes, open_file, spool_stream
from burble.errors import EncodingError, SettingsError, SourceError, StorageError
from burble.formatting import list_flags, listed, shown, some
from burble.settings import DEFAULT_READING, SourceSettings, require

_BUILTIN = "builtin:"
_GUTENBERG = "gutenberg:"
_LOOKED_AT = 3
"""Sources of which it is looked at whether a named encoding suits them."""
_OFTEN = 50
"""Files after which it is told how many were looked at."""

Found = tuple[list[Source], list[str]]
"""Sources, and sentences on what is left out."""
Looked = Callable[[int, int], object]
"""Called with how many files were looked at, and how many there are, where there are many."""


def find_sources(
    arguments: Iterable[str],
    reading: SourceSettings = DEFAULT_READING,
    looked: Looked | None = None,
) -> Found:
    """Finds all that the arguments name, in their order; a folder's files by their paths.

    Args:
        arguments: Paths of files or folders, patterns, `table.csv:column`, `table.tsv:2`,
            `rows.jsonl:field`, `-` for standard input, `builtin:python-docs`, `gutenberg:11`.
        reading: How the sources are read.
        looked: See `Looked`.

    Returns:
        The sources, and a sentence for each thing that was passed over.

    Raises:
        SourceError: Something is missing, unreadable or not text.
    """
    registry.check_form(reading.form)
    finder = _Finder(reading, looked)
    found: dict[object, Source] = {}
    notes: list[str] = []
    again: list[tuple[str, str]] = []
    for argument in arguments:
        named, passed_over = finder.open(argument)
        notes += passed_over
        for source in named:
            # A text read twice would stand in the validation part and in the training part too.
            first = found.setdefault(_identify(source), source)
            if first is not source:
                again.append((source.name, first.name))
    _check_wanted(found.values(), reading)
    if not found:
        none = "there is no text to read; name a file, a folder, or - for input."
        raise SourceError(" ".join([none, *notes]))
    sources = [*found.values()]
    notes += [*_describe_repeated(again), *_describe_read_twice(sources)]
    notes += _check_encoding(sources, reading.encoding)
    return sources, notes + _suggest_forms(sources)


def _check_wanted(sources: Collection[Source], reading: SourceSettings) -> None:
    """Refuses settings of how something is read of which there is nothing.

    Raises:
        SettingsError: Nothing of that kind is read.
    """
    if not any(source.delimited for source in sources):
        for name in ("delimiter", "quote"):
            value = getattr(reading, name)
            expected = "left out: no column of a table is read here (as p.csv:text would be)"
            require(not value, name, value, expected)
    if not any(source.form == "book" for source in sources):
        expected = "left out: no book of Project Gutenberg is read here (as gutenberg:11 would be)"
        require(not reading.mirror, "mirror", reading.mirror, expected)
    if reading.keep_quoted and not any(source.form == "mail" for source in sources):
        raise SettingsError("--keep-quoted is for mail, and no mail is read here. Leave it out.")
    if not any(registry.get_form(source.form) in registry.CHATS for source in sources):
        for name in ("chat", "speaker", "mask_names"):
            if name in reading.given:
                raise SettingsError(
                    f"{list_flags([name])} is for chats, and no chat is read here. Leave it out, "
                    "or name the program of the chat, as --form whatsapp does."
                )


def _identify(source: Source) -> object:
    """What tells a source from others, by whatever name or link it is reached."""
    try:
        status = source.path.stat() if source.path else None
    except OSError as error:
        raise SourceError(describe_unreadable(Path(source.path or ""), error)) from error
    if status is None or not status.st_ino:
        # Some disks number no files.
        place = source.path.resolve() if source.path else source.name
        return place, source.member, source.part
    return status.st_dev, status.st_ino, source.member, source.part


def _check_encoding(sources: list[Source], encoding: str) -> list[str]:
    """What to say of an encoding that was named: where it hardly is the right one, or not used."""
    if not encoding:
        return []
    if not encodings.find_codec(encoding):
        raise EncodingError(encodings.describe_unknown_encoding(encoding))
    named = [source for source in sources if not source.encoding_is_known][:_LOOKED_AT]
    heads = ((source, next(source.read(encodings.HEAD), b"")) for source in named)
    wrong = ((source.name, describe_mismatch(head, encoding)) for source, head in heads)
    notes = [f"{name} {found}" for name, found in wrong if found][:1]
    known = [source.name for source in sources if source.encoding_is_known]
    if known and not encodings.find_codec(encoding).startswith("utf"):
        its = "is read in its" if len(known) == 1 else "are read in their"
        notes.append(f"{listed(known)} {its} own encoding, which is known, not in {encoding}.")
    return notes


def _describe_repeated(again: list[tuple[str, str]]) -> list[str]:
    """What to say of files that were named again, each beside the name it was read by."""
    if not again:
        return []
    if len(again) == 1:
        name, first = again[0]
        if name == first:
            return [f"{name} is named more than once and was read once."]
        return [f"{name} is the same file as {first} and was read once."]
    names = listed([name for name, _ in again])
    return [
        f"{len(again):,} names are of files that are read already, and each was read once: {names}."
    ]


def _describe_read_twice(sources: list[Source]) -> list[str]:
    """What to say of tables that are read as a whole and by a column as well."""
    parts = {source.path.resolve() for source in sources if source.path and source.part}
    if not parts:
        return []
    whole = [s.name for s in sources if s.path and not s.part and s.path.resolve() in parts]
    if not whole:
        return []
    are = f"{listed(whole)} {'is' if len(whole) == 1 else 'are'} read as a whole and by a column"
    return [f"{are} as well, so that text stands there twice. Name one of them."]


def find_named_files(arguments: Iterable[str]) -> list[Path]:
    """The files that are named outright, with or without a column."""
    parted = ((name, _split_column(name)[0]) for name in arguments)
    return [Path(name) for pair in parted for name in pair if name and os.path.isfile(name)]


def _split_column(argument: str) -> tuple[str, str]:
    """The file or folder and the column that are named; each may have a colon in its name."""
    places = [place for place, letter in enumerate(argument) if letter == ":"]
    pairs = ((argument[:place], argument[place + 1 :]) for place in places)
    return next((pair for pair in pairs if pair[0] and os.path.exists(pair[0])), ("", ""))


class _Finder:
    """Finds what arguments name.

    Args:
        reading: How the sources are read.
        looked: See `Looked`.
    """

    def __init__(self, reading: SourceSettings, looked: Looked | None) -> None:
        self._reading, self._looked = reading, looked

    def open(self, argument: str) -> Found:
        """What one argument names; of a place that may not even be looked at, a sentence."""
        try:
            return self._find(argument)
        except StorageError:
            raise
        except OSError as error:
            message = describe_unreadable(Path(error.filename or argument), error)
            raise SourceError(message) from error

    def _find(self, argument: str) -> Found:
        """The sources one argument names, and what to say of what is left out."""
        if argument == "-":
            return [self._read_input()], []
        if argument.startswith(_BUILTIN):
            return _read_builtin(argument)
        if argument.startswith(_GUTENBERG):
            number = argument.removeprefix(_GUTENBERG)
            data, notes = gutenberg.fetch(number, self._reading.mirror)
            return [from_bytes(argument, data, "book")], notes
        path = Path(argument)
        if not argument:
            raise SourceError(folders.describe_missing(path, argument))
        if os.path.isdir(path):
            return self._read_folder(path)
        if os.path.exists(path):
            return self._read_file(path)
        named, part = _split_column(argument)
        if named and os.path.isdir(named):
            return self._read_folder(Path(named), part)
        if named:
            return self._read_file(Path(named), part)
        if any(mark in argument for mark in "*?["):
            return self._expand_pattern(argument)
        raise SourceError(folders.describe_missing(path, argument))

    def _read_input(self) -> Source:
        """Standard input; of what has fields none can be named, so it is read as it stands."""
        source = spool_stream("standard input", sys.stdin.buffer)
        seen = inspection.look(source, self._reading)
        fieldless = seen.form and seen.form.needs_part and not self._reading.form
        return seen.take_text() if fieldless else seen.take()

    def _read_file(self, path: Path, part: str = "") -> Found:
        """The sources in a file that is named outright."""
        seen = inspection.look(open_file(path), self._reading)
        if not seen.is_archive or self._reading.form:
            return [replace(seen, part=part).take()], []
        members = zips.Members(seen.source)
        if part:
            member, rest = members.find(part)
            return [inspection.look(member, self._reading, rest).take()], []
        if len(members) == 1:
            return [inspection.look(next(iter(members)), self._reading).take()], []
        return self._read_members(seen.source, members)

    def _read_members(self, source: Source, members: zips.Members) -> Found:
        """Every text in an archive."""
        whole = Path(source.path or source.name)
        passed = {"hidden": [whole / name for name in members.hidden], "not text": list[Path]()}
        opened = ((whole / one.member, one) for one in members)
        found = self._open_texts(opened, len(members), passed)
        if not found:
            fieldless = {*passed.get(folders.FIELDLESS, ())}
            likely = [one.member for one in members if whole / one.member in fieldless]
            raise SourceError(
                f"{source.name} holds no text to be read as a whole. {members.describe(likely)}"
            )
        return found, folders.describe_passed(whole, passed)

    def _expand_pattern(self, argument: str) -> Found:
        """The files that fit a pattern which the shell left as it was."""
        cuts = [len(argument), *(i for i, letter in enumerate(argument) if letter == ":")]
        fitting = (
            (sorted(glob.glob(argument[:i], recursive=True)), argument[i + 1 :]) for i in cuts
        )
        names, part = next((pair for pair in fitting if pair[0]), ([], ""))
        if not names:
            raise SourceError(
                f"no file fits {shown(argument)}. Check the pattern, or name a folder."
            )
        paths = [Path(name) for name in names]
        literal = takewhile(lambda part: not glob.has_magic(part), Path(argument).parts)
        ours = folders.find_made_below(Path(*literal), paths)
        paths = [path for path in paths if ours.keys().isdisjoint((path, *path.parents))]
        passed = {
            folders.OURS: [*ours],
            "not text": [],
            "folders": [path for path in paths if path.is_dir()],
        }
        opened = ((path, open_file(path)) for path in paths if path.is_file())
        found = self._open_texts(opened, len(paths), passed, part)
        notes = [
            f"{folders.count_passed(len(places), reason)} that fit{'s' * (len(places) == 1)} "
            f"{shown(argument)} passed over: {listed([shown(place) for place in places])}."
            for reason, places in passed.items()
            if places
        ]
        if not found and not passed[folders.OURS]:
            raise SourceError(" ".join([f"no text file fits {shown(argument)}.", *notes]))
        return found, notes

    def _read_folder(self, folder: Path, part: str = "") -> Found:
        """Every text file below a folder, ordered by path; or a field of each that has it."""
        paths, passed = folders.walk_folder(folder)
        opened = ((path, open_file(path)) for path in paths)
        found = self._open_texts(opened, len(paths), passed, part)
        notes = folders.describe_passed(folder, passed)
        if not found and not passed[folders.OURS]:
            none = f"the folder {shown(folder)} holds no text files."
            raise SourceError(" ".join([none, *notes]))
        return found, notes

    def _open_texts(
        self,
        opened: Iterable[tuple[Path, Source]],
        total: int,
        passed: dict[str, list[Path]],
        part: str = "",
    ) -> list[Source]:
        """Those sources that hold text; the places of others are added to `passed`, by why."""
        sources = list[Source]()
        for number, (path, source) in enumerate(opened):
            if self._looked and number and not number % _OFTEN:
                self._looked(number, total)
            seen = inspection.look(source, self._reading, part)
            if reason := _find_reason(seen, path):
                passed.setdefault(reason, []).append(path)
            else:
                sources.append(replace(seen.take(), is_among=bool(part)))
        return sources


def _find_reason(seen: Look, path: Path) -> str:
    """Why one of several files is passed over; empty where it is read."""
    form = seen.form
    if form and form.cure:
        return folders.FOREIGN
    if form and form.is_missing:
        return f"that need {form.install}"
    if seen.is_archive:
        return folders.ARCHIVES
    if seen.part and not (form and form.has_parts):
        return "files without fields"
    if form and form.name == "slack" and path.name.lower() in SLACK_LISTS:
        return "lists of the people and channels of Slack"
    if form and form.needs_part and not seen.part:
        return folders.FIELDLESS
    if form or seen.is_text:
        return ""
    # Models and memories name burble in their headers.
    ours = seen.head[8:9] == b"{" and b'"burble' in seen.head
    return folders.OURS if ours else "not text"


def _suggest_forms(sources: list[Source]) -> list[str]:
    """Suggests a better way to read what is read as plain text."""
    alike: dict[str, list[str]] = {}
    for source in sources:
        alike.setdefault(source.looks_like, []).append(source.name)
    notes = []
    if marked := alike.get("marked"):
        are = f"{listed(marked)} {'is' if len(marked) == 1 else 'are'} read"
        notes.append(f"{are} as it stands, marks and commands included; --plain reads the prose.")
    if plain := alike.get("XML"):
        are = f"{listed(plain)} {'is' if len(plain) == 1 else 'are'} XML, read"
        notes.append(
            f"{are} as it stands, tags included. For the text alone, export it from the program "
            "that made it as text, .docx or .html."
        )
    if books := alike.get("book"):
        have = f"{listed(books)} {'has' if len(books) == 1 else 'have'}"
        notes.append(
            f"{have} the header of Project Gutenberg, which is read as text. "
            "gutenberg:NUMBER would leave it out, or cut it off by hand."
        )
    return notes


def _read_builtin(argument: str) -> Found:
    """A text that comes with Python itself."""
    if argument != f"{_BUILTIN}python-docs":
        raise SourceError(f"there is no {argument}; there is builtin:python-docs.")
    prose = python_docs.read_python_docs()
    left_out = f"{some(prose.left_out, 'line')} of tables, rules, headings and code"
    source = replace(from_bytes(argument, prose.text.encode()), encoding_is_known=True)
    return [source], [f"Left out of {argument}: {left_out}."]
