"""Small pictures drawn from numbers: geometry for SVG, so that no page needs a script."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, GAP = 560, 120, 6


@dataclass(frozen=True, slots=True)
class Bar:
    """One column of a chart."""

    label: str
    value: int
    x: float
    y: float
    width: float
    height: float


def bars(values: Sequence[tuple[str, int]]) -> list[Bar]:
    """Columns as wide as fit, the highest as high as the picture."""
    most = max((value for _, value in values), default=0) or 1
    width = WIDTH / max(1, len(values)) - GAP
    found = []
    for place, (label, value) in enumerate(values):
        height = HEIGHT * value / most
        x = place * (width + GAP)
        found.append(
            Bar(label, value, round(x, 1), round(HEIGHT - height, 1), round(width, 1), round(height, 1))
        )
    return found
