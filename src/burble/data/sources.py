"""Where text comes from: files, folders, tables, standard input, built in, Project Gutenberg.

Gives bytes with a name, in blocks. Knows nothing of symbols or ids.
"""

import glob
import os
import sys
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from burble.data import encodings, folders, gutenberg, python_docs
from burble.data.dumps import archives, zips
from burble.data.encoding_detection import describe_mismatch
from burble.data.forms import registry
from burble.data.forms.form import Form
from burble.data.source import (
    Source,
    describe_unreadable,
    from_bytes,
    open_file,
    spool_stream,
    with_beside,
)
from burble.errors import EncodingError, FieldError, SettingsError, SourceError, StorageError
from burble.formatting import listed, shown, some
from burble.settings import DEFAULT_READING, SourceSettings, require

_BUILTIN = "builtin:"
_GUTENBERG = "gutenberg:"
_LOOKED_AT = 3
"""Sources of which it is looked at whether a named encoding suits them."""


Found = tuple[list[Source], list[str]]
"""Sources, and sentences on what is left out."""


def find_sources(
    arguments: Iterable[str], reading: SourceSettings = DEFAULT_READING
) -> tuple[list[Source], list[str]]:
    """Finds all that the arguments name, in their order; a folder's files by their paths.

    Args:
        arguments: Paths of files or folders, patterns, `table.csv:column`, `table.tsv:2`,
            `rows.jsonl:field`, `-` for standard input, `builtin:python-docs`, `gutenberg:11`.
        reading: How the sources are read.

    Returns:
        The sources, and a sentence for each thing that was passed over.

    Raises:
        SourceError: Something is missing, unreadable or not text.
    """
    registry.check_form(reading.form)
    found: dict[object, Source] = {}
    notes: list[str] = []
    again: list[tuple[str, str]] = []
    for argument in arguments:
        named, passed_over = _open(argument, reading)
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
    notes += _describe_repeated(again)
    notes += _describe_read_twice(sources)
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
                    f"--{name.replace('_', '-')} is for chats, and no chat is read here. Leave it "
                    "out, or name the program of the chat, as --form whatsapp does."
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


def _open(argument: str, reading: SourceSettings) -> Found:
    """The sources one argument names; of a place that may not even be looked at, a sentence."""
    try:
        return _find(argument, reading)
    except StorageError:
        raise
    except OSError as error:
        message = describe_unreadable(Path(error.filename or argument), error)
        raise SourceError(message) from error


def _find(argument: str, reading: SourceSettings) -> Found:
    """The sources one argument names, and what to say of what is left out."""
    if argument == "-":
        return [_read_input(spool_stream("standard input", sys.stdin.buffer), reading)], []
    if argument.startswith(_BUILTIN):
        return _read_builtin(argument)
    if argument.startswith(_GUTENBERG):
        data, notes = gutenberg.fetch(argument.removeprefix(_GUTENBERG), reading.mirror)
        return [from_bytes(argument, data, "book")], notes
    path = Path(argument)
    if not argument:
        raise SourceError(folders.describe_missing(path, argument))
    if os.path.isdir(path):
        return _read_folder(path, reading)
    if os.path.exists(path):
        return _read_file(path, reading)
    named, part = _split_column(argument)
    if named and os.path.isdir(named):
        return _read_folder(Path(named), reading, part)
    if named:
        return _read_file(Path(named), reading, part)
    if any(mark in argument for mark in "*?["):
        return _expand_pattern(argument, reading)
    raise SourceError(folders.describe_missing(path, argument))


def _read_input(source: Source, reading: SourceSettings) -> Source:
    """Standard input; of what has fields none can be named there, so it is read as it stands."""
    form = _find_form(source, reading)
    fieldless = form and form.needs_part and not reading.form
    return _check(source, reading.encoding) if fieldless else _take(source, reading)


def _read_file(path: Path, reading: SourceSettings, part: str = "") -> Found:
    """The sources in a file that is named outright."""
    source = open_file(path)
    head = next(source.read(encodings.HEAD), b"")
    if not zips.is_zip(head) or reading.form or _find_form(source, reading):
        return [_take(source, reading, part)], []
    members = zips.Members(source)
    if part:
        member, rest = members.find(part)
        return [_take(member, reading, rest)], []
    if len(members) == 1:
        return [_take(next(iter(members)), reading)], []
    return _read_members(source, members, reading)


def _read_members(source: Source, members: zips.Members, reading: SourceSettings) -> Found:
    """Every text in an archive."""
    whole = Path(source.path or source.name)
    passed = {"hidden": [whole / name for name in members.hidden], "not text": list[Path]()}
    opened = ((whole / one.member, one) for one in members)
    found = _open_texts(opened, reading, passed)
    if not found:
        raise SourceError(
            f"{source.name} holds no text to be read as a whole. {members.describe()}"
        )
    return found, folders.describe_passed(whole, passed)


def _take(source: Source, reading: SourceSettings, part: str = "") -> Source:
    """A source as what it is: in a form of its own, or else as text.

    Raises:
        SourceError: It is neither, or its form cannot be read here, or a part of it must be named.
    """
    source = archives.decompress(source)
    form = _find_form(source, reading, part)
    if part and not (form and form.has_parts):
        raise SourceError(_describe_no_parts(source, part))
    if not form:
        return _check(source, reading.encoding)
    form.check(source.name)
    source = with_beside(source, form.beside) if source.opened else source
    if not form.tells_encoding:
        source = _check(source, reading.encoding)
    if form.needs_part and not part and not source.size:
        return source
    if form.needs_part and not part:
        told = form.list_fields(source.as_file(reading))
        raise FieldError(told, f"{source.name} is {form.what}")
    known = form.tells_encoding or source.encoding_is_known
    name = f"{source.name}:{shown(part)}" if part else source.name
    return replace(source, name=name, part=part, form=form.name, encoding_is_known=known)


def _find_form(source: Source, reading: SourceSettings, part: str = "") -> Form | None:
    """The form of a source: what a person says, or else what it looks like."""
    if reading.form and not (part and reading.form == registry.TEXT):
        return registry.find_named(reading.form)
    head = next(source.read(encodings.HEAD), b"")
    name = source.member or (source.path.name if source.path else source.name)
    return registry.find_form(
        archives.inner_name(name), head, source.open, plain=reading.plain, parts=bool(part)
    )


def _describe_no_parts(source: Source, part: str) -> str:
    """What to say where a part is named of a file that has none."""
    name = source.name
    kind = encodings.detect_content_type(next(source.read(encodings.HEAD), b"")).binary
    form = registry.find_form(name, next(source.read(encodings.HEAD), b""), source.open)
    what = form.what if form else kind or "plain text"
    table = "" if form or kind else " If it is a table, add --form table."
    return (
        f"{name}:{shown(part)} names a field, but {name} is {what}, which has no "
        f"fields.{table} Fields can be named of {listed(registry.list_parted(), most=99)}."
    )


def _expand_pattern(argument: str, reading: SourceSettings) -> Found:
    """The files that fit a pattern which the shell left as it was."""
    cuts = [len(argument), *(i for i, letter in enumerate(argument) if letter == ":")]
    fitting = ((sorted(glob.glob(argument[:i], recursive=True)), argument[i + 1 :]) for i in cuts)
    names, part = next((pair for pair in fitting if pair[0]), ([], ""))
    if not names:
        raise SourceError(f"no file fits {shown(argument)}. Check the pattern, or name a folder.")
    paths = [Path(name) for name in names]
    literal = takewhile(lambda part: not glob.has_magic(part), Path(argument).parts)
    ours = folders.find_made_below(Path(*literal), paths)
    paths = [path for path in paths if ours.keys().isdisjoint((path, *path.parents))]
    passed = {folders.OURS: [*ours], "not text": [], "folders": [p for p in paths if p.is_dir()]}
    opened = ((path, open_file(path)) for path in paths if path.is_file())
    found = _open_texts(opened, reading, passed, part)
    notes = [
        f"{folders.count_passed(len(places), reason)} that fit{'s' * (len(places) == 1)} "
        f"{shown(argument)} passed over: {listed([shown(place) for place in places])}."
        for reason, places in passed.items()
        if places
    ]
    if not found and not passed[folders.OURS]:
        raise SourceError(" ".join([f"no text file fits {shown(argument)}.", *notes]))
    return found, notes


def _read_folder(folder: Path, reading: SourceSettings, part: str = "") -> Found:
    """Every text file below a folder, ordered by path; or a field of each file that has it."""
    paths, passed = folders.walk_folder(folder)
    found = _open_texts(((path, open_file(path)) for path in paths), reading, passed, part)
    notes = folders.describe_passed(folder, passed)
    if not found and not passed[folders.OURS]:
        raise SourceError(" ".join([f"the folder {shown(folder)} holds no text files.", *notes]))
    return found, notes


def _open_texts(
    opened: Iterable[tuple[Path, Source]],
    reading: SourceSettings,
    passed: dict[str, list[Path]],
    part: str = "",
) -> list[Source]:
    """Those sources that hold text; the places of others are added to `passed`, by the reason."""
    sources = list[Source]()
    for path, packed in opened:
        source = archives.decompress(packed)
        form = _find_form(source, reading, part)
        head = next(source.read(encodings.HEAD), b"")
        kind = encodings.detect_content_type(head)
        if form and form.is_missing:
            passed.setdefault(f"that need {form.install}", []).append(path)
        elif not form and zips.is_zip(head):
            passed.setdefault(folders.ARCHIVES, []).append(path)
        elif part and not (form and form.has_parts):
            passed.setdefault("files without fields", []).append(path)
        elif form and form.name == "slack" and path.name.lower() in registry.SLACK_LISTS:
            passed.setdefault("lists of the people and channels of Slack", []).append(path)
        elif form and form.needs_part and not part:
            passed.setdefault(folders.FIELDLESS, []).append(path)
        elif not form and kind.binary and (kind.sure or not reading.encoding):
            # Models and memories name burble in their headers.
            ours = head[8:9] == b"{" and b'"burble' in head
            passed[folders.OURS if ours else "not text"].append(path)
        else:
            sources.append(replace(_take(source, reading, part), is_among=bool(part)))
    return sources


def _check(source: Source, encoding: str) -> Source:
    """The source, if its first bytes look like text."""
    kind = encodings.detect_content_type(next(source.read(encodings.HEAD), b""))
    if kind.binary and (kind.sure or not encoding):
        write = f" To write with it: burble sample {source.name}." if "model" in kind.binary else ""
        read = "" if kind.sure else " If it is text, name its encoding with --encoding."
        raise SourceError(f"{source.name} is {kind.binary}, not text; leave it out.{write}{read}")
    if kind.codec and not kind.marked and not encoding:
        raise EncodingError(encodings.describe_missing_mark(kind.codec, source.name))
    return replace(source, encoding_is_known=kind.marked)


def _suggest_forms(sources: list[Source]) -> list[str]:
    """Suggests a better way to read what is read as plain text."""
    plain = [source for source in sources if source.form == "text" and source.path]
    notes = []
    marked = [s.name for s in plain if s.path and s.path.name.lower().endswith(registry.MARKED)]
    if marked:
        are = f"{listed(marked)} {'is' if len(marked) == 1 else 'are'} read"
        notes.append(f"{are} as it stands, marks and commands included; --plain reads the prose.")
    heads = ((source, next(source.read(encodings.HEAD), b"")) for source in plain)
    books = [source.name for source, head in heads if gutenberg.has_marks(head.decode("latin-1"))]
    if books:
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
