"""Draws docs/explanation/architecture.svg: burble's packages, and which imports which.

Run from the root after imports between packages change. Knows the imports alone: an arrow is
drawn where no longer way leads, so the picture is the order in which everything depends.
"""

import ast
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src" / "burble"
PICTURE = ROOT / "docs" / "explanation" / "architecture.svg"
BASE = "settings, files, …"
"""The name of the modules at the root that everything else uses."""
ENTRIES = ("__main__", "llm_plugin")
"""Modules at the root that others come in by; they are not drawn."""
DOORS = (*ENTRIES, "api")
ENGINES = {"jax", "keras"}
WIDTH, HEIGHT, GAP, GUTTER, MARGIN = 340, 66, 26, 120, 24
"""Of a box; between rows; between columns; around all; in pixels."""
Edges = dict[str, set[str]]


def read_imports() -> tuple[Edges, set[str]]:
    """Which package imports which, and those of which a module loads JAX or Keras."""
    graph = grimp.build_graph(
        "burble",
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )
    edges: Edges = {}
    engines = set()
    for module in graph.modules:
        if not module.startswith("burble."):
            continue
        imported = graph.find_modules_directly_imported_by(module)
        if imported & ENGINES:
            engines.add(_package(module))
        others = {_package(name) for name in imported if name.startswith("burble.")}
        edges.setdefault(_package(module), set()).update(others - {_package(module)})
    for entry in ENTRIES:
        edges.pop(entry, None)
    return edges, engines


def _package(module: str) -> str:
    """The box a module lies in."""
    name = module.split(".")[1]
    return name if name in DOORS or (SOURCE / name).is_dir() else BASE


def reduce_edges(edges: Edges) -> Edges:
    """Leaves out each import of what is also reached by a longer way."""

    def reached(name: str) -> set[str]:
        return {name}.union(*(reached(other) for other in edges[name]))

    return {
        name: {one for one in to if not any(one in reached(two) for two in to - {one})}
        for name, to in edges.items()
    }


def place(edges: Edges) -> dict[str, tuple[int, int]]:
    """The column and row of each box: rows by the longest way from above, that way on the left."""

    def way_down(name: str) -> list[str]:
        return [name, *max((way_down(other) for other in sorted(edges[name])), key=len, default=[])]

    depth = max(len(way_down(name)) for name in edges)
    chain = max((way_down(name) for name in sorted(edges)), key=len)
    places = {name: (0, row) for row, name in enumerate(chain)}
    # The deepest first; where one stands already, the next goes above it.
    for name in sorted(edges.keys() - {*chain}, key=lambda name: (len(way_down(name)), name)):
        is_top = not any(name in to for to in edges.values())
        row = 0 if is_top else depth - len(way_down(name))
        while (1, row) in places.values():
            row -= 1
        places[name] = (1, row)
    return places


def job(name: str) -> str:
    """What a package is for: the first sentence of its docstring."""
    if name == BASE:
        modules = sorted(path.stem for path in SOURCE.glob("[a-z]*.py") if path.stem not in DOORS)
        return f"What all of them use: {', '.join(modules)}."
    path = SOURCE / name / "__init__.py" if (SOURCE / name).is_dir() else SOURCE / f"{name}.py"
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return text.partition("\n")[0].partition(". ")[0].rstrip(".").replace("`", "") + "."


def corner(place: tuple[int, int]) -> tuple[int, int]:
    """The upper left corner of a box."""
    column, row = place
    return MARGIN + column * (WIDTH + GUTTER), MARGIN + row * (HEIGHT + GAP)


def draw_arrows(edges: Edges, places: dict[str, tuple[int, int]]) -> Iterator[str]:
    """A path for each import: down within a column, through the middle from one to the other."""
    pairs = sorted((places[a], places[b]) for a, to in edges.items() for b in to)
    across = [pair for pair in pairs if pair[0][0] != pair[1][0]]
    for start, end in pairs:
        (x, y), (to_x, to_y) = corner(start), corner(end)
        if start[0] == end[0] and end[1] == start[1] + 1:
            yield f"M{x + WIDTH / 2:g} {y + HEIGHT}V{to_y - 7}"
        elif start[0] == end[0]:
            out = -MARGIN if start[0] == 0 else WIDTH + MARGIN
            side = 0 if start[0] == 0 else WIDTH
            middle, aim = y + HEIGHT / 2, to_y + HEIGHT / 2
            tip = to_x + side + (-7 if start[0] == 0 else 7)
            yield f"M{x + side} {middle:g}C{x + out} {middle:g} {x + out} {aim:g} {tip} {aim:g}"
        else:
            # Ends at one box are spread, by where they lead, so that no two arrows share one.
            for_start, for_end = (
                sorted((pair for pair in across if at in pair), key=lambda p: p[p[0] == at][1])
                for at in (start, end)
            )
            y += round(HEIGHT * (for_start.index((start, end)) + 1) / (len(for_start) + 1))
            to_y += round(HEIGHT * (for_end.index((start, end)) + 1) / (len(for_end) + 1))
            right = start[0] == 0
            x, to_x = (x + WIDTH, to_x - 7) if right else (x, to_x + WIDTH + 7)
            bend = GUTTER * 0.75 if right else -GUTTER * 0.75
            yield f"M{x} {y}C{x + bend:g} {y} {to_x - bend:g} {to_y} {to_x} {to_y}"


def draw_box(name: str, place: tuple[int, int], *, engine: bool) -> Iterator[str]:
    """A box: its name, its job in two lines, and a mark where JAX or Keras is loaded."""
    x, y = corner(place)
    fill, line = ("#ffe9c7", "#b26a00") if engine else ("#e3ecf7", "#3f6ea8")
    yield f'<rect x="{x}" y="{y}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" '
    yield f'stroke="{line}"/>\n'
    yield f'<text x="{x + 12}" y="{y + 21}" class="name">{escape(name)}</text>\n'
    if engine:
        mark = f'x="{x + WIDTH - 12}" y="{y + 21}" class="job" text-anchor="end"'
        yield f"<text {mark}>JAX and Keras</text>\n"
    for number, part in enumerate(textwrap.wrap(job(name), 48)[:2]):
        yield f'<text x="{x + 12}" y="{y + 40 + 15 * number}" class="job">{escape(part)}</text>\n'


def draw() -> str:
    """The picture as SVG, readable on a light page and on a dark one."""
    edges, engines = read_imports()
    edges = reduce_edges(edges)
    places = place(edges)
    width = 2 * (MARGIN + WIDTH) + GUTTER
    height = corner((0, max(row for _, row in places.values())))[1] + HEIGHT + MARGIN
    arrows = "\n".join(f'<path d="{path}"/>' for path in draw_arrows(edges, places))
    boxes = "".join(
        "".join(draw_box(name, places[name], engine=name in engines)) for name in sorted(places)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>The packages of burble, and which imports which</title>
<style>
text {{ font-family: system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1c2430 }}
.name {{ font-size: 15px; font-weight: 600 }}
.job {{ font-size: 12px }}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="1" refY="4" markerWidth="6" markerHeight="6"
orient="auto"><path d="M0 0L8 4L0 8z" fill="#7b8794"/></marker></defs>
<g fill="none" stroke="#7b8794" stroke-width="1.6" marker-end="url(#tip)">
{arrows}
</g>
{boxes}</svg>
"""


if __name__ == "__main__":
    PICTURE.write_text(draw(), "utf-8")
