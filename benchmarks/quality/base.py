"""What a base gives to small texts and to long ones, beside a start from nothing.

    python -m benchmarks base [--base MODEL] [--row NAME ...] [--left-out FOLDER] [--words FILE ...]

Each row is measured from the base, and where it is short from nothing (`none`) as well; every
training is a `burble train` in a process of its own. A row that is in the table of record, from
the same file of the base, is kept: so the whole can be measured in several sittings (`--again`
measures anew what `--row` names). The table is put into docs/benchmarks/index.md.

FOLDER of `--left-out` is the `validation` folder that `bases/prepare.py` makes; FILE of `--words`
is a list of words, such as Debian's `wamerican-large` and `wbritish-large` have. Rows that lack
something here are left out, and that is said.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.harness import RESULTS, format_table, make_parser, record
from benchmarks.quality._base_rows import AT_ONCE, KINDS, NONE, PERSON, ROWS, SMALL, Asked, Cell

Rows = list[dict[str, Any]]
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks" / "index.md"
MARKS = ("<!-- base: written by python -m benchmarks base -->", "<!-- end of base -->")
COLUMNS = ("", "figure", "from nothing", "at once", "with base", "gain", PERSON)
NOTHING = "(not measured yet)"


def read_kept(base: str) -> Rows:
    """The rows of record that are from nothing or from this file of a base; all, if it is empty."""
    path = RESULTS / "base.json"
    rows: Rows = json.loads(path.read_text("utf-8"))["rows"] if path.exists() else []
    fitting = {NONE, PERSON, base, f"{base}, at once"}
    kept = [row for row in rows if not base or row["from"] in fitting]
    if len(kept) < len(rows):
        print(f"{len(rows) - len(kept)} figures of another base are left out: this one is {base}.")
    return kept


def plan(asked: Asked, names: Sequence[str], starts: Sequence[str]) -> list[Cell]:
    """Which cells are to be measured, from which starts; says what is left out."""
    found = []
    for name in names:
        allowed = {*ROWS[name].starts, *([NONE] if name != "alone" else [])}
        for start in starts or ROWS[name].starts:
            missing = asked.is_missing(name, start) if start in allowed else ""
            if missing:
                print(f"{name} from {start} is left out: it needs {missing}.")
            elif start in allowed:
                found.append(Cell(name, start))
    return found


def format_summary(rows: Rows) -> str:
    """The table for readers: from nothing, with the base, the gain, and what a person wrote."""
    cells: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        column = {NONE: "from nothing", PERSON: PERSON}.get(row["from"], "with base")
        column = "at once" if row["from"].endswith(", at once") else column
        cells.setdefault((row["row"], row["of"]), {})[column] = row["figure"]
    gains = {
        name: round(found["from nothing"] - found["with base"], 4)
        for (name, of), found in cells.items()
        if of == "nats" and {"from nothing", "with base"} <= found.keys()
    }
    table: Rows = []
    for (name, of), found in cells.items():
        gain = {"gain": gains[name]} if of == "nats" and name in gains else {}
        table.append({"": ROWS[name].title, "figure": of} | found | gain)
    if kinds := [gain for name, gain in gains.items() if name in KINDS]:
        title = f"mean of the {len(kinds)} kinds"
        table.append({"": title, "figure": "nats", "gain": round(mean(kinds), 4)})
    return format_table([dict.fromkeys(COLUMNS, "") | row for row in table]) if table else NOTHING


def write_page(rows: Rows) -> None:
    """Puts the table into the page on benchmarks, between its two marks."""
    before, _, rest = PAGE.read_text("utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    whole = f"{before}{MARKS[0]}\n{format_summary(rows)}\n{MARKS[1]}{after}"
    PAGE.write_text(whole, encoding="utf-8")


def measure(asked: Asked, todo: Sequence[Cell], kept: Rows) -> Rows:
    """Measures in turn, and records the table after each."""
    for number, cell in enumerate(todo, 1):
        print(f"== {number} of {len(todo)}: {cell.row} from {cell.start}", flush=True)
        source = asked.describe_start(cell.start)
        new = [{"from": source} | row for row in ROWS[cell.row].measure(asked, cell)]
        made = {(cell.row, row["from"]) for row in new}
        kept = [row for row in kept if (row["row"], row["from"]) not in made] + new
        order = list(ROWS)
        kept.sort(key=lambda row: order.index(row["row"]))
        for row in new:
            print(f"   {row['of']}: {row['figure']}", flush=True)
        if not asked.quick:
            record("base", [_uniform(row) for row in kept], NOTE)
            write_page(kept)
    return kept


def _uniform(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row with every column, so that all print as one table."""
    head = ("row", "from", "of", "figure", "steps", "seconds", "characters", "date", "load")
    return {name: row.get(name, "") for name in head}


def main() -> None:
    """Measures what is not measured yet, and prints the table."""
    parser = make_parser(__doc__, "20 steps each")
    parser.add_argument("--base", default="english", help="a base's name, or a model file")
    parser.add_argument("--row", nargs="*", choices=[*ROWS], default=[], help="these rows alone")
    parser.add_argument("--start", nargs="*", choices=SMALL, default=[])
    parser.add_argument("--again", action="store_true", help="what is of record, too")
    parser.add_argument("--table", action="store_true", help="print what is of record, no more")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path("runs/base"), help="for the trainings")
    parser.add_argument("--left-out", type=Path)
    parser.add_argument("--words", type=Path, nargs="*", default=[])
    given = parser.parse_args()
    asked = Asked(
        given.base, given.data, given.runs, given.left_out, given.words, quick=given.quick
    )
    kept = [] if given.quick else read_kept("" if given.table else asked.describe_base())
    if not given.table:
        asked.runs.mkdir(parents=True, exist_ok=True)
        todo = plan(asked, given.row or [*ROWS], given.start)
        done = {(row["row"], row["from"]) for row in kept}
        todo = [
            cell
            for cell in todo
            if given.again or (cell.row, asked.describe_start(cell.start)) not in done
        ]
        minutes = sum(0.1 if cell.start == AT_ONCE else ROWS[cell.row].minutes for cell in todo)
        print(f"To be measured, in about {minutes:.0f} minutes unless quick:")
        print(", ".join(f"{cell.row} from {cell.start}" for cell in todo) or "nothing", flush=True)
        kept = measure(asked, todo, kept)
    print(format_summary(kept))
    if "--quick" in sys.argv:
        print("a quick run: printed, not recorded")


NOTE = (
    "nats per character of the last tenth, each start from a first training with nothing cached; "
    "seed 0; five texts of benchmarks/texts, which nothing was chosen by; real words are those of "
    "the lists and of what was learned"
)


if __name__ == "__main__":
    main()
