"""Figures beside their targets."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import repeat
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One measured number, or several of one kind."""

    what: str
    night: str
    values: tuple[float, ...]
    """Mostly one for each ccd; those that could not be measured are NaN."""
    unit: str = ""
    target: str = ""
    met: bool | None = None
    """None where there is no target, or nothing to measure."""
    remark: str = ""


HEADINGS = ("what", "night", "measured", "target", "met", "remark")


def within(
    what: str,
    night: str,
    values: Iterable[float],
    limits: tuple[float, float],
    unit: str = "",
    remark: str = "",
    asked: Iterable[bool] = repeat(True),
) -> Figure:
    """Return a figure whose values have to lie between limits: all of them, or those asked for."""
    numbers = tuple(map(float, values))
    low, high = limits
    target = f"{low:g} to {high:g}" if low > float("-inf") else f"<= {high:g}"
    known = [x for x, judged in zip(numbers, asked, strict=False) if judged and not math.isnan(x)]
    met = all(low <= x <= high for x in known) if known else None
    return Figure(what, night, numbers, unit, f"{target} {unit}".rstrip(), met, remark)


def below(
    what: str,
    night: str,
    values: Iterable[float],
    limit: float,
    unit: str = "",
    remark: str = "",
    asked: Iterable[bool] = repeat(True),
) -> Figure:
    """Return a figure whose values, or those asked for, may not exceed a limit."""
    return within(what, night, values, (float("-inf"), limit), unit, remark, asked)


def cells(figure: Figure) -> tuple[str, ...]:
    """Return a figure in words."""
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    numbers = " ".join(f"{x:.4g}" for x in figure.values)
    measured = f"{numbers} {figure.unit}".rstrip()
    return figure.what, figure.night, measured, figure.target, met, figure.remark


def as_json(figures: Iterable[Figure]) -> Iterator[dict[str, Any]]:
    """Yield figures as JSON holds them."""
    for figure in figures:
        numbers = [None if math.isnan(x) else x for x in figure.values]
        yield asdict(figure) | {"values": numbers}
