"""Rows of the table that a benchmark prints, and the table."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from .measured import Spread, Usage, cpu, peak, wall

MEGA = 1e6


@dataclass(frozen=True)
class Row:
    """One line: what was measured, beside what it should be."""

    work: str
    figure: str = ""
    """The number that the target is about, with its unit."""
    target: str = ""
    met: bool | None = None
    """None where there is no target, or where it is none of this size."""
    dragons: str = ""
    wall: Spread | None = None
    """Seconds."""
    cpu: Spread | None = None
    """Seconds."""
    peak: float | None = None
    """Bytes."""

    def taking(self, usages: Sequence[Usage]) -> "Row":
        """Return the row with the times and the memory of some runs."""
        return replace(self, wall=wall(usages), cpu=cpu(usages), peak=peak(usages))


HEADINGS = ("work", "figure", "target", "met", "wall s", "CPU s", "peak MB", "DRAGONS")


def cells(row: Row) -> tuple[str, ...]:
    """Return a row in words."""
    met = {None: "", True: "yes", False: "NO"}[row.met]
    memory = "" if row.peak is None else f"{row.peak / MEGA:.0f}"
    return (
        row.work,
        row.figure,
        row.target,
        met,
        spread(row.wall),
        spread(row.cpu),
        memory,
        row.dragons,
    )


def spread(values: Spread | None) -> str:
    """Return least/middle/largest with three digits."""
    if values is None:
        return ""
    return "/".join(f"{x:.3g}" for x in (values.low, values.middle, values.high))


def table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Return aligned columns under their headings."""
    texts = [tuple(headings), *map(tuple, lines)]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    rule = tuple("-" * width for width in widths)
    texts.insert(1, rule)
    padded = ((word.ljust(n) for word, n in zip(line, widths, strict=True)) for line in texts)
    return "\n".join("  ".join(words).rstrip() for words in padded)


def as_json(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return rows as JSON holds them."""
    return [asdict(row) for row in rows]
