"""Small plots as SVG: drawn by hand, since a page of a few dots needs no plotting library."""

import math
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 8, 10, 24
"""Margins about the axes."""
STEPS = 3
"""Between ticks, at most, within the range of the values."""


class Series(NamedTuple):
    """Values of one kind, and how large their errors are."""

    name: str
    values: Sequence[float]
    errors: Sequence[float] = ()


class Axes(NamedTuple):
    """Ranges of values, and where they lie on the drawing."""

    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Return the place of a point on the drawing."""
        (x1, x2), (y1, y2) = self.x, self.y
        return (
            LEFT + (x - x1) / (x2 - x1) * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - (y - y1) / (y2 - y1) * (HEIGHT - TOP - BOTTOM),
        )


def dots(series: Sequence[Series], labels: Sequence[str]) -> str:
    """Return a plot of values against the number of the frame, from 1; NaN leaves a gap.

    ``labels`` are what the dots say when they are pointed at.
    """
    count = len(labels)
    ticks = _ticks(_reached(series))
    axes = Axes((0.5, count + 0.5), (ticks[0], ticks[-1]))
    stride = -(-count // 10)
    marks = [(float(i), str(i)) for i in range(1, count + 1, stride)]
    shapes = [*_frame(axes, ticks, marks)]
    for number, one in enumerate(series):
        for i, value in enumerate(one.values):
            if math.isfinite(value):
                x = i + 1 + 0.12 * (number - (len(series) - 1) / 2)
                text = f"{labels[i]} {one.name}: {value:.4g}".replace(" :", ":")
                error = _error(one, i)
                shapes += _dot(axes, x, value, error, f"c{number + 1}", text)
    return _drawing(shapes)


def steps(series: Sequence[Series], edges: Sequence[float]) -> str:
    """Return histograms over the same bins, with the normal distribution of width 1 behind."""
    fine = [edges[0] + i * (edges[-1] - edges[0]) / 100 for i in range(101)]
    normal = [math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in fine]
    top = max([*normal, *(v for one in series for v in one.values)])
    axes = Axes((edges[0], edges[-1]), (0.0, 1.05 * top))
    marks = [(x, f"{x:g}") for x in (-4.0, -2.0, 0.0, 2.0, 4.0)]
    shapes = [*_frame(axes, [0.0], marks)]
    shapes.append(_line(axes, zip(fine, normal, strict=True), "normal"))
    for number, one in enumerate(series):
        corners = [
            (x, value) for i, value in enumerate(one.values) for x in (edges[i], edges[i + 1])
        ]
        shapes.append(_line(axes, corners, f"l{number + 1}"))
    return _drawing(shapes)


def _drawing(shapes: Iterable[str]) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img">{"".join(shapes)}</svg>'


def _frame(axes: Axes, ys: Sequence[float], xs: Sequence[tuple[float, str]]) -> Iterator[str]:
    """Yield grid lines with their numbers."""
    for y in ys:
        _, at = axes.at(0, y)
        yield f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="y" x="{LEFT - 6}" y="{at + 4:.1f}">{_number(y, ys)}</text>'
    for x, text in xs:
        at, _ = axes.at(x, 0)
        yield f'<text class="x" x="{at:.1f}" y="{HEIGHT - 7}">{escape(text)}</text>'


def _dot(axes: Axes, x: float, y: float, error: float, name: str, text: str) -> Iterator[str]:
    if error > 0:
        (at, low), (_, high) = axes.at(x, y - error), axes.at(x, y + error)
        yield f'<path class="bar {name}" d="M{at:.1f} {low:.1f}V{high:.1f}"/>'
    at, height = axes.at(x, y)
    yield (
        f'<circle class="{name}" cx="{at:.1f}" cy="{height:.1f}" r="4">'
        f"<title>{escape(text)}</title></circle>"
    )


def _line(axes: Axes, points: Iterable[tuple[float, float]], name: str) -> str:
    places = (axes.at(x, y) for x, y in points)
    return f'<path class="{name}" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in places)}"/>'


def _error(series: Series, i: int) -> float:
    return series.errors[i] if series.errors and math.isfinite(series.errors[i]) else 0.0


def _reached(series: Sequence[Series]) -> tuple[float, float]:
    """Return the least and the greatest value, with errors; (0, 1) when there are none."""
    ends = [
        end
        for one in series
        for i, value in enumerate(one.values)
        if math.isfinite(value)
        for error in [_error(one, i)]
        for end in (value - error, value + error)
    ]
    return (min(ends), max(ends)) if ends else (0.0, 1.0)


def _ticks(reached: tuple[float, float]) -> list[float]:
    """Return round numbers, evenly spaced, that enclose what is reached."""
    low, high = reached
    span = high - low or abs(high) * 0.1 or 1.0
    power = 10.0 ** math.floor(math.log10(span / STEPS))
    step = next(power * m for m in (1, 2, 5, 10) if span / (power * m) <= STEPS)
    first, last = math.floor(low / step), math.ceil(high / step)
    if first == last:
        first, last = first - 1, last + 1
    return [i * step for i in range(first, last + 1)]


def _number(value: float, among: Sequence[float]) -> str:
    """Return a number with as many decimals as tell it from its neighbours."""
    step = among[1] - among[0] if len(among) > 1 else 1.0
    return f"{value:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}"
