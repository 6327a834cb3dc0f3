"""How fast dumps are read beside the libraries by themselves, and in how much memory.

Run `python -m benchmarks dumps [--quick]`. The files are made here from a seed. Each reader and its
library take the same column of the same file by turns; of the large files the whole way to ids is
measured, in a process and a cache of its own. The tables are printed, and written with the facts
of the machine into `dumps.json` and `dumps_memory.json` in `benchmarks/results`. Libraries that are
not installed are left out: ijson, openpyxl, python-calamine, srt.
"""

import csv
import gzip
import json
import mailbox
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from benchmarks.harness import call, make_parser, record
from burble.data.dumps import archives
from burble.data.forms import registry
from burble.data.source import open_file
from burble.settings import DEFAULT_READING

ROUNDS = 5
SMALL, SLOW, LARGE = 20, 4, 500
"""Megabytes of the files that are read by turns, of those that are read slowly, and of those whose
memory is measured."""
LETTERS = "etaoinshrdlucmfwygpbvkéü"
SCALE = 1e6 if sys.platform == "darwin" else 1e6 / 1024
"""What the system counts memory in, as parts of a megabyte."""
PARTS = {"notes.db": "notes.text", "posts.json": "posts[].content.text"}
PARTS |= dict.fromkeys(("box.mbox", "talk.srt"), "")
Post = dict[str, Any]


def make_posts(megabytes: float) -> Iterator[Post]:
    """Posts of some hundred letters, as many as fill a file of that size."""
    chance = Random(1)
    words = ["".join(chance.choices(LETTERS, k=chance.randint(1, 9))) for _ in range(5_000)]
    left, number = megabytes * 1e6, 0
    while left > 0:
        text = " ".join(chance.choices(words, k=chance.randint(20, 120)))
        number += 1
        yield {"id": number, "author": f"Ann {number % 9}", "text": text, "likes": number % 7}
        left -= len(text.encode()) + 60


def write_lines(path: Path, posts: Iterator[Post]) -> None:
    """JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(post, ensure_ascii=False) + "\n" for post in posts)


def write_packed(path: Path, posts: Iterator[Post]) -> None:
    """JSON lines in gzip."""
    with gzip.open(path, "wt", 6, encoding="utf-8") as file:
        file.writelines(json.dumps(post, ensure_ascii=False) + "\n" for post in posts)


def write_nested(path: Path, posts: Iterator[Post]) -> None:
    """One JSON object with all posts in a list."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"version": 1, "posts": [\n')
        for number, post in enumerate(posts):
            nested = {"author": post["author"], "content": {"text": post["text"]}}
            file.write("," * bool(number) + json.dumps(nested, ensure_ascii=False) + "\n")
        file.write("]}")


def write_csv(path: Path, posts: Iterator[Post]) -> None:
    """A table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("id", "author", "text", "likes"))
        writer.writerows(post.values() for post in posts)


def write_database(path: Path, posts: Iterator[Post]) -> None:
    """An SQLite database."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as made, made:
        made.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, author TEXT, text TEXT, likes)")
        rows = (tuple(post.values()) for post in posts)
        made.executemany("INSERT INTO notes VALUES (?, ?, ?, ?)", rows)


def write_mbox(path: Path, posts: Iterator[Post]) -> None:
    """An mbox."""
    with path.open("wb") as file:
        for post in posts:
            message = EmailMessage()
            message["From"], message["Message-ID"] = post["author"], f"<{post['id']}@x>"
            message.set_content(post["text"])
            file.write(b"From ann@x Mon Jan  1 10:00:00 2024\n" + message.as_bytes() + b"\n")


def write_workbook(path: Path, posts: Iterator[Post]) -> None:
    """A workbook, by openpyxl."""
    book = import_module("openpyxl").Workbook(write_only=True)
    sheet = book.create_sheet("Posts")
    sheet.append(["id", "author", "text", "likes"])
    for post in posts:
        sheet.append([*post.values()])
    book.save(path)


def write_parquet(path: Path, posts: Iterator[Post]) -> None:
    """A Parquet file, by pyarrow."""
    table = import_module("pyarrow").Table.from_pylist([*posts])
    import_module("pyarrow.parquet").write_table(table, path)


def write_subtitles(path: Path, posts: Iterator[Post]) -> None:
    """Subtitles in SubRip's form, a post in each."""
    with path.open("w", encoding="utf-8") as file:
        for post in posts:
            number = post["id"]
            clock = f"{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}"
            file.write(f"{number}\n{clock},000 --> {clock},900\n{post['text']}\n\n")


def library_json(path: Path) -> int:
    """The lines by json."""
    with path.open(encoding="utf-8") as file:
        return sum(len(json.loads(line)["text"]) for line in file)


def library_gzip(path: Path) -> int:
    """The lines by gzip and json."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return sum(len(json.loads(line)["text"]) for line in file)


def library_ijson(path: Path) -> int:
    """The list by ijson, in its quickest backend."""
    with path.open("rb") as file:
        texts = import_module("ijson").items(file, "posts.item.content.text")
        return sum(map(len, texts))


def library_csv(path: Path) -> int:
    """The column by csv."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        place = next(rows).index("text")
        return sum(len(row[place]) for row in rows)


def library_sqlite(path: Path) -> int:
    """The column by sqlite3."""
    with closing(sqlite3.connect(path)) as made:
        return sum(len(text) for (text,) in made.execute("SELECT text FROM notes"))


def decode_message(message: Any) -> str:
    """The text of a message in the encoding that it names."""
    text: str = message.get_payload(decode=True).decode(message.get_content_charset() or "utf-8")
    return text


def library_mailbox(path: Path) -> int:
    """The texts by mailbox and email."""
    with closing(mailbox.mbox(path)) as box:
        return sum(
            len(decode_message(message)) - 1
            for message in box
            if message.get_content_type() == "text/plain"
        )


def library_openpyxl(path: Path) -> int:
    """The column by openpyxl, row by row."""
    book = import_module("openpyxl").load_workbook(path, read_only=True)
    rows = book.active.iter_rows(values_only=True)
    place = next(rows).index("text")
    return sum(len(row[place]) for row in rows)


def library_calamine(path: Path) -> int:
    """The column by calamine, which holds the whole sheet."""
    book = import_module("python_calamine").CalamineWorkbook.from_path(str(path))
    rows = book.get_sheet_by_index(0).iter_rows()
    place = next(rows).index("text")
    return sum(len(row[place]) for row in rows)


def library_pyarrow(path: Path) -> int:
    """The column by pyarrow."""
    batches = import_module("pyarrow.parquet").ParquetFile(path).iter_batches(columns=["text"])
    return sum(len(row["text"]) for batch in batches for row in batch.to_pylist())


def library_srt(path: Path) -> int:
    """The speech by srt, cue by cue."""
    with path.open(encoding="utf-8") as file:
        return sum(len(cue.content) + 1 for cue in import_module("srt").parse(file))


Library = Callable[[Path], int]
FORMS: dict[str, tuple[Callable[[Path, Iterator[Post]], None], dict[str, Library]]] = {
    "posts.jsonl": (write_lines, {"json": library_json}),
    "posts.jsonl.gz": (write_packed, {"gzip": library_gzip}),
    "posts.json": (write_nested, {"ijson": library_ijson}),
    "posts.csv": (write_csv, {"csv": library_csv}),
    "notes.db": (write_database, {"sqlite3": library_sqlite}),
    "box.mbox": (write_mbox, {"mailbox": library_mailbox}),
    "posts.xlsx": (
        write_workbook,
        {"openpyxl": library_openpyxl, "python_calamine": library_calamine},
    ),
    "talk.srt": (write_subtitles, {"srt": library_srt}),
    "posts.parquet": (write_parquet, {"pyarrow": library_pyarrow}),
}
LARGE_FORMS = ("posts.jsonl", "posts.json", "posts.csv", "notes.db", "talk.srt")


def read_texts(path: Path) -> int:
    """Letters of the column, read as burble reads it."""
    taken = 0

    def write(pieces: Any) -> None:
        nonlocal taken
        for piece in pieces:
            taken += len(piece)

    source = archives.decompress(open_file(path))
    head = next(source.read(1 << 16))
    form = registry.find_form(archives.inner_name(path.name), head, source.open)
    if form is None:
        raise SystemExit(f"{path.name} is in no form")
    file = source.as_file(DEFAULT_READING)
    form.read(type(file)(**vars(file) | {"part": PARTS.get(path.name, "text")}), write)
    return taken


def time_reading(read: Callable[[Path], int], path: Path) -> tuple[float, int]:
    """Seconds of the processor, and letters that were read."""
    before = time.process_time()
    found = read(path)
    return time.process_time() - before, found


def compare(path: Path, libraries: dict[str, Library]) -> Iterator[dict[str, object]]:
    """Burble and each library by turns."""
    for name, library in libraries.items():
        pairs = []
        for _ in range(ROUNDS):
            ours, letters = time_reading(read_texts, path)
            theirs, expected = time_reading(library, path)
            if letters != expected:
                raise SystemExit(f"{path.name}: {letters} letters, but {name} reads {expected}")
            pairs.append((ours, theirs))
        ours, theirs = (median(one) for one in zip(*pairs, strict=True))
        yield {
            "file": path.name,
            "megabytes": round(path.stat().st_size / 1e6, 1),
            "library": name,
            "mb_per_second": round(path.stat().st_size / 1e6 / ours, 1),
            "mb_per_second_of_library": round(path.stat().st_size / 1e6 / theirs, 1),
            "speed_beside_library": round(median(b / a for a, b in pairs), 2),
        }


def find_peak() -> float:
    """The most memory that this process took, in what the system counts in."""
    status = Path("/proc/self/status")
    # What `getrusage` tells begins with the memory of the process that started this one.
    lines = status.read_text().splitlines() if status.exists() else []
    found = [line.split()[1] for line in lines if line.startswith("VmHWM")]
    return float(found[0]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measure(source: str) -> dict[str, object]:
    """Reads a large file to ids in this process."""
    from burble import settings
    from burble.data import corpus

    started = time.perf_counter()
    made = corpus.build([source], settings.make_settings({}).text)
    peak = find_peak()
    return {
        "seconds": round(time.perf_counter() - started, 1),
        "peak_mb": round(peak / SCALE, 1),
        "documents": made.documents,
    }


def measure_large(folder: Path, name: str, megabytes: int) -> dict[str, object]:
    """Makes a large file and reads it in a process and a cache of its own."""
    path = folder / name
    write, _ = FORMS[name]
    write(path, make_posts(megabytes))
    part = PARTS.get(name, "text")
    source = f"{path}:{part}" if part else str(path)
    with tempfile.TemporaryDirectory(dir=folder) as cache:
        found: dict[str, object] = call("dumps", "--measure", source, XDG_CACHE_HOME=cache)
    size = round(path.stat().st_size / 1e6, 1)
    path.unlink()
    return {"file": name, "megabytes": size, **found}


def is_there(module: str) -> bool:
    """Whether a library is installed."""
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def main() -> None:
    """Measures all forms."""
    parser = make_parser(__doc__, "small files")
    parser.add_argument("--measure", metavar="SOURCE", help="read one file in this process")
    parser.add_argument("--only", metavar="FILE", help="one form alone")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for name, (write, known) in FORMS.items():
            libraries = {one: read for one, read in known.items() if is_there(one)}
            if not libraries or options.only not in (None, name):
                continue
            size = SLOW if name in ("posts.xlsx", "box.mbox") else SMALL
            write(folder / name, make_posts(1 if options.quick else size))
            rows += compare(folder / name, libraries)
        others = ("ijson", "openpyxl", "python_calamine", "srt", "pyarrow")
        used = ", ".join(f"{one} {version(one)}" for one in others if is_there(one))
        note = f"files made from a seed; readers and libraries by turns, processor time; {used}"
        record("dumps", rows, note)
        size = 5 if options.quick else LARGE
        large = [
            measure_large(folder, name, size)
            for name in LARGE_FORMS
            if options.only in (None, name)
        ]
    record("dumps_memory", large, "files made from a seed; read to ids in a process of its own")


if __name__ == "__main__":
    main()
