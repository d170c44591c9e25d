"""Rows of values as text: a table, tab-separated, comma-separated or JSON lines; as they come."""

import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from datetime import time as clock_time

from ..section import Section
from .common import wants_colour, write

FORMATS = ("table", "tsv", "csv", "jsonl")

_MOST_HELD = 25  # rows of a table that are held to find the widths of its columns
_LONGEST_HELD = 0.2  # seconds; after that an observer wants to see something
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Row = Sequence[object]
Put = Callable[[Row], None]


@contextmanager
def rows(form: str, columns: Sequence[str], *, header: bool) -> Iterator[Put]:
    """Yield a function that writes one row of values on standard output.

    In text a missing value is empty (a dash in a table), a list is as Python writes it, and tags
    are joined by commas. A table always has a header; JSON names each value.
    """
    if form == "table":
        table = _Table(columns)
        try:
            yield table.put
        except BaseException:
            if table.held:
                table.release()
            raise
        table.release()
        return
    line = {"tsv": _tsv, "csv": _csv, "jsonl": _jsonl(columns)}[form]
    if header and form != "jsonl":
        write(line(columns))
    yield lambda row: write(line(row))


def as_text(value: object) -> str:
    """Return a value in one cell."""
    if value is None:
        return ""
    if isinstance(value, frozenset):
        return ",".join(sorted(value))
    if isinstance(value, list | tuple):
        return str([str(item) if isinstance(item, Section) else item for item in value])
    return str(value)


def as_json(value: object) -> object:
    """Return a value that JSON can hold."""
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, date | clock_time):
        return value.isoformat()
    return str(value) if isinstance(value, Section) else value


def _tsv(row: Row) -> str:
    return "\t".join(as_text(value).translate(_ESCAPES) for value in row) + "\n"


def _csv(row: Row) -> str:
    return ",".join(_csv_cell(as_text(value)) for value in row) + "\n"


def _csv_cell(text: str) -> str:
    """Return a cell as RFC 4180 has it: in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def _jsonl(columns: Sequence[str]) -> Callable[[Row], str]:
    from json import dumps

    def line(row: Row) -> str:
        values = zip(columns, map(as_json, row), strict=True)
        return dumps(dict(values), ensure_ascii=False) + "\n"

    return line


class _Table:
    """Lines up columns: the first to the left, others to the right, a rule above and below names.

    The first rows are held until they tell the widths; on a terminal not for long. Later rows
    come as they are, if need be out of line.
    """

    def __init__(self, columns: Sequence[str]):
        self.columns = list(columns)
        self.held: list[list[str]] | None = []
        self.widths = [len(column) for column in columns]
        self.until = math.inf
        if sys.stdout is not None and sys.stdout.isatty():
            self.until = time.monotonic() + _LONGEST_HELD

    def put(self, row: Row) -> None:
        cells = [as_text(value).translate(_ESCAPES) or "-" for value in row]
        if self.held is None:
            write(self.line(cells))
            return
        self.held.append(cells)
        if len(self.held) == _MOST_HELD or time.monotonic() > self.until:
            self.release()

    def release(self) -> None:
        """Write the header and what was held."""
        if self.held is None:
            return
        self.widths = [
            max(map(len, column)) for column in zip(self.columns, *self.held, strict=True)
        ]
        rule = "-" * (sum(self.widths) + 3 * (len(self.widths) - 1)) + "\n"
        names = self.line(self.columns)
        if wants_colour(sys.stdout):
            names = f"\x1b[1m{names}\x1b[0m"
        write(rule + names + rule + "".join(map(self.line, self.held)))
        self.held = None

    def line(self, cells: Sequence[str]) -> str:
        first, *others = zip(cells, self.widths, strict=True)
        return "   ".join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]) + "\n"
