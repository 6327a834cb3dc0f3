"""A picture of losses, in characters. Knows nothing of training or terminals."""

from collections.abc import Sequence

import numpy as np

WIDTH, HEIGHT = 60, 10
"""Characters between the axes."""
BRAILLE = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille character, by row and column. Source: Unicode 16, 21.1."""
SPECIAL = "\u28ff●│└─"
"""Characters that not every terminal has."""
Curve = Sequence[tuple[float, float]]


def draw_losses(training: Curve, validation: Curve, unit: str, *, ascii_only: bool) -> list[str]:
    """Losses by step: those of training as a line, those of validation as points.

    Args:
        training: Steps in order, each with its loss in nats.
        validation: The same.
        unit: What a loss is per.
        ascii_only: Whether only characters are used that every terminal has.

    Returns:
        The lines of the picture; none where there are no two steps to draw between.
    """
    points = np.array([*training, *validation], float).reshape(-1, 2)
    steps = {step for step, _ in training}
    if len(steps) < 2:
        return []
    (first, low), (last, high) = map(float, points.min(0)), map(float, points.max(0))
    down, across = (1, 1) if ascii_only else (4, 2)

    def row(loss: float) -> int:
        return round((high - loss) / max(high - low, 1e-9) * (HEIGHT * down - 1))

    line = np.interp(np.linspace(first, last, WIDTH * across), *np.array(training, float).T)
    cells = np.zeros((HEIGHT, WIDTH), int)
    before = row(float(line[0]))
    for column, here in enumerate(map(row, line.tolist())):
        # As far as the dot before it, so that a steep line has no gaps.
        for dot in range(min(here, before + 1), max(here, before - 1) + 1):
            cells[dot // down, column // across] |= DOTS[dot % down][column % across]
        before = here
    drawn = [[_character(dots, ascii_only) for dots in cell] for cell in cells.tolist()]
    for step, loss in validation:
        column = round((step - first) / (last - first) * (WIDTH - 1))
        drawn[row(loss) // down][column] = "o" if ascii_only else "●"
    return _frame(["".join(cell) for cell in drawn], (low, high), last, unit, ascii_only)


def _character(dots: int, ascii_only: bool) -> str:
    """The character of a cell."""
    return " " if not dots else "." if ascii_only else chr(BRAILLE + dots)


def _frame(
    lines: Sequence[str], losses: tuple[float, float], last: float, unit: str, ascii_only: bool
) -> list[str]:
    """The axes around a picture, and what is what."""
    side, corner, base = ("|", "+", "-") if ascii_only else ("│", "└", "─")
    names = {0: f"{losses[1]:.2f}", len(lines) - 1: f"{losses[0]:.2f}"}
    steps = f"step {last:,.0f}"
    line, point = (".", "o") if ascii_only else ("⠤⠤", "●")
    return [
        f"loss in nats per {unit}: {line} training   {point} validation",
        *(f"{names.get(n, ''):>6} {side}{text}".rstrip() for n, text in enumerate(lines)),
        f"{'':>6} {corner}{base * WIDTH}",
        f"{'':>8}0{steps:>{WIDTH - 1}}",
    ]
