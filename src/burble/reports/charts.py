"""Curves as a picture within a page, in colours of the page's own style. Knows no meaning of them.

Each curve has a colour and a dash of its own, so that it is known without colours, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 720, 380
LEFT, RIGHT, TOP, FOOT = 52, 12, 34, 40
KINDS = 8
"""Colours there are; what comes after begins anew, with other dashes."""
POINTS = 400
"""Points of one curve that are drawn at most."""
_LIGHT = ("#2f6db5", "#b8481a", "#2f7d43", "#8a4fa3", "#8a6a10", "#1b7f8a", "#a33b5b", "#666666")
_DARK = ("#7fb2ee", "#f0956a", "#7ccb8f", "#cf9be6", "#dcbb55", "#6fd0da", "#ee8fad", "#b0b0b0")


def _colour(colours: Sequence[str]) -> str:
    """The rules of the colours of all curves, and of their points."""
    rules = (
        f".c{place} {{ stroke: {one}; }} .k{place} {{ fill: {one}; }}"
        for place, one in enumerate(colours)
    )
    return "\n".join(rules)


STYLE = f"""
.chart {{ margin: .75rem 0; }} .chart > svg {{ max-width: 54rem; }}
.chart .grid {{ stroke: var(--line); }} .chart .curve {{ fill: none; stroke-width: 2; }}
.chart .flat {{ stroke-width: 1.5; }}
.d1 {{ stroke-dasharray: 7 4; }} .d2 {{ stroke-dasharray: 2 4; }}
.d3 {{ stroke-dasharray: 10 3 2 3; }}
.legend {{ list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; }}
.legend li {{ display: flex; gap: .4rem; align-items: center; font-size: .92rem; }}
.legend svg {{ width: 2.2rem; height: .8rem; flex: none; }}
{_colour(_LIGHT)}
@media (prefers-color-scheme: dark) {{ {_colour(_DARK)} }}
@media (max-width: 40rem) {{ .chart svg text {{ font-size: 20px; }} }}
@media print {{ .chart > svg {{ max-width: 42rem; }} {_colour(_LIGHT)} }}
"""


@dataclass(frozen=True)
class Line:
    """A curve, or a level.

    Attributes:
        name: What it is.
        points: Where it goes, x from 0 up; both ends of a level.
        flat: Whether it is a level.
    """

    name: str
    points: Sequence[tuple[float, float]]
    flat: bool = False


def draw_chart(lines: Sequence[Line], across: str, up: str, described: str) -> str:
    """Curves in one picture, with what each is below it.

    Args:
        lines: The curves; nothing is drawn where none has a point.
        across: What x is.
        up: What y is.
        described: What the picture shows, for whoever cannot see it.
    """
    lines = [line for line in lines if line.points]
    points = [point for line in lines for point in line.points]
    if not points:
        return ""
    frame = _Frame(
        last=max(1.0, *(x for x, _ in points)),
        low=min(y for _, y in points),
        high=max(y for _, y in points),
    )
    drawn = "".join(_draw_line(line, place, frame) for place, line in enumerate(lines))
    keys = "".join(
        f'<li><svg viewBox="0 0 36 12" aria-hidden="true">'
        f'<path class="curve {_kind(line, place)}" d="M0 6H36"/></svg>{escape(line.name)}</li>'
        for place, line in enumerate(lines)
    )
    return (
        f'<figure class="chart keep"><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(described)}">{"".join(_draw_frame(frame, across, up))}{drawn}</svg>'
        f'<ul class="legend">{keys}</ul></figure>'
    )


@dataclass(frozen=True)
class _Frame:
    """Which values are drawn where."""

    last: float
    low: float
    high: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point is drawn."""
        height, span = HEIGHT - TOP - FOOT, (self.high - self.low) or 1.0
        across = LEFT + (WIDTH - LEFT - RIGHT) * x / self.last
        return round(across, 1), round(TOP + height * (self.high - y) / span, 1)


def _kind(line: Line, place: int) -> str:
    """The classes of a curve's colour and dash."""
    dash = 1 + place % 3 if line.flat else 2 * (place // KINDS % 2)
    return f"c{place % KINDS} d{dash}{' flat' if line.flat else ''}"


def _draw_line(line: Line, place: int, frame: _Frame) -> str:
    """A curve; a few points of it say what they are where one points at them."""
    every = -(-len(line.points) // POINTS)
    # The last point is drawn in any case.
    kept = [*line.points[:-1:every], line.points[-1]]
    path = "L".join("{:g} {:g}".format(*frame.place(*point)) for point in kept)
    drawn = f'<path class="curve {_kind(line, place)}" d="M{path}"/>'
    if line.flat or len(kept) > 60:
        return drawn
    dots = (
        f'<circle class="dot k{place % KINDS}" cx="{x:g}" cy="{y:g}" r="3.5"><title>'
        f"{escape(line.name)} at {point[0]:,.0f}: {point[1]:.3f}</title></circle>"
        for point in kept
        for x, y in [frame.place(*point)]
    )
    return drawn + "".join(dots)


def _draw_frame(frame: _Frame, across: str, up: str) -> Iterator[str]:
    """Lines to read values by, and what both axes are."""
    span = frame.high - frame.low or 1.0
    for tick in make_ticks(frame.low, frame.low + span):
        y = frame.place(0, tick)[1]
        yield f'<path class="grid" d="M{LEFT} {y:g}H{WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{tick:g}</text>'
    for tick in make_ticks(0, frame.last, 5):
        x = frame.place(tick, frame.low)[0]
        anchor = "end" if x > WIDTH - 40 else "middle"
        yield f'<text x="{x:g}" y="{HEIGHT - FOOT + 18}" text-anchor="{anchor}">{tick:,g}</text>'
    yield f'<text x="{WIDTH / 2}" y="{HEIGHT - 4}" text-anchor="middle">{escape(across)}</text>'
    yield f'<text x="4" y="18">{escape(up)}</text>'


def make_ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round values between two, to read others by.

    >>> make_ticks(0.9, 3.8), make_ticks(0, 1016, 5)
    ([1.0, 1.5, 2.0, 2.5, 3.0, 3.5], [0.0, 250.0, 500.0, 750.0, 1000.0])
    """
    rough = (high - low) / about
    scale = 10.0 ** _exponent(rough)
    step = next(n * scale for n in (1.0, 2.0, 2.5, 5.0, 10.0) if n * scale >= 0.999 * rough)
    first = -int(-low // step) if low > 0 else int(low // step)
    ticks = []
    number = first
    while number * step <= high * (1 + 1e-9):
        ticks.append(round(number * step, 10))
        number += 1
    return ticks


def _exponent(value: float) -> int:
    """The power of ten of a number's first digit."""
    return int(f"{value:e}".partition("e")[2])
