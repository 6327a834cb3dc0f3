"""Curves and bars as SVG pictures. Knows nothing of what they mean."""

import html
from collections.abc import Mapping, Sequence

WIDTH, HEIGHT, MARGIN = 640, 360, 48
LINE = 18
BAR = 22
COLOURS = ("#3568b8", "#c2501e", "#3a8f4d", "#8a4fa3", "#b08a1e", "#2a9aa5", "#a33b5b", "#666666")


def draw_curves(named: Mapping[str, Sequence[tuple[float, float]]], title: str) -> str:
    """Curves by name in one SVG picture, each with its name in its colour.

    Args:
        named: Points (x, y) of each curve, x from 0 up.
        title: What the axes are.
    """
    points = [point for curve in named.values() for point in curve]
    last = max((x for x, _ in points), default=1)
    low, high = (f((y for _, y in points), default=0.0) for f in (min, max))
    high = high if high > low else low + 1
    # Names that would not fit beside the curves stand below them.
    below = max(0, len(named) - 8)
    height = HEIGHT + below * LINE

    def place(x: float, y: float) -> str:
        across = MARGIN + (WIDTH - 2 * MARGIN) * x / last
        down = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * (y - low) / (high - low)
        return f"{across:.1f},{down:.1f}"

    parts = [_frame(low, high, int(last), height, title)]
    for row, (name, curve) in enumerate(named.items()):
        colour, dashed = COLOURS[row % len(COLOURS)], row >= len(COLOURS)
        dash = ' stroke-dasharray="6 4"' if dashed else ""
        line = " ".join(place(*point) for point in curve)
        y = MARGIN + LINE * row if row < 8 else HEIGHT + LINE * (row - 8)
        if len(curve) == 1:
            # A line through one point shows nothing.
            x_at, y_at = line.split(",")
            parts.append(f'<circle cx="{x_at}" cy="{y_at}" r="4" fill="{colour}"/>')
        parts.append(
            f'<polyline fill="none" stroke="{colour}" stroke-width="2"{dash} points="{line}"/>'
            f'<text x="{WIDTH - MARGIN}" y="{y}" text-anchor="end" '
            f'fill="{colour}">{"- - " * dashed}{html.escape(name)}</text>'
        )
    return _picture(parts, height)


def draw_bars(named: Mapping[str, float], title: str, decimals: int = 2) -> str:
    """Values by name as bars in an SVG picture, each with its figure.

    Args:
        named: The values, none below zero.
        title: What they are.
        decimals: Decimals of the figures.
    """
    height = MARGIN + BAR * len(named) + BAR // 2
    longest = max(named.values(), default=0) or 1
    left = min(WIDTH // 2, MARGIN + 7 * max(map(len, named), default=0))
    parts = [
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>'
        f'<text x="8" y="{MARGIN - 20}">{html.escape(title)}</text>'
    ]
    for row, (name, value) in enumerate(named.items()):
        y = MARGIN + BAR * row
        length = (WIDTH - left - MARGIN) * value / longest
        parts.append(
            f'<text x="{left - 6}" y="{y + 12}" text-anchor="end">{html.escape(name)}</text>'
            f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{BAR - 6}" '
            f'fill="{COLOURS[0]}"/>'
            f'<text x="{left + length + 4:.1f}" y="{y + 12}">{value:.{decimals}f}</text>'
        )
    return _picture(parts, height)


def _picture(parts: Sequence[str], height: int) -> str:
    """What is drawn, as one picture."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'font-family="sans-serif" font-size="13">{"".join(parts)}</svg>\n'
    )


def _frame(low: float, high: float, last: int, height: int, title: str) -> str:
    """White ground, axes, and a few marks on each."""
    parts = [f'<rect width="{WIDTH}" height="{height}" fill="white"/>']
    for k in range(5):
        y = HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * k / 4
        x = MARGIN + (WIDTH - 2 * MARGIN) * k / 4
        parts.append(
            f'<path d="M{MARGIN} {y:.1f}H{WIDTH - MARGIN}" stroke="#ddd"/>'
            f'<text x="{MARGIN - 6}" y="{y + 4:.1f}" text-anchor="end">'
            f"{low + (high - low) * k / 4:.2f}</text>"
            f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + LINE}" text-anchor="middle">'
            f"{last * k // 4:,}</text>"
        )
    parts.append(f'<text x="{MARGIN}" y="{MARGIN - 20}">{html.escape(title)}</text>')
    return "".join(parts)
