"""Rows of values as text: a table, tab-separated, comma-separated or JSON lines; as they come."""

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from datetime import time as clock_time

from ..section import Section
from .common import write

FORMATS = ("table", "tsv", "csv", "jsonl")

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

Row = Sequence[object]
Put = Callable[[Row], None]


def form_for(asked: str | None, *, people: str = "table") -> str:
    """Return how to write: as asked for, else for people on a terminal, and tsv in a pipe."""
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return asked or (people if on_terminal else "tsv")


@contextmanager
def rows(
    form: str,
    columns: Sequence[str],
    *,
    header: bool,
    least: Sequence[int] = (),
    spare: Collection[str] = (),
) -> Iterator[Put]:
    """Yield a function that writes one row of values on standard output.

    In text a missing value is empty (a dash in a table), a list is as Python writes it, and tags
    are joined by commas. A table always has a header; JSON names each value. ``least`` are widths
    of the columns of a table that are known before its rows; ``spare`` columns may be left out of
    one on a narrow terminal.
    """
    if form == "table":
        from .table import Table

        table = Table(columns, lambda value: as_text(value).translate(_ESCAPES), least, spare)
        try:
            yield table.put
        except BaseException:
            if table.held:
                table.release()
            raise
        table.release()
        return
    line = _jsonl(columns) if form == "jsonl" else {"tsv": _tsv, "csv": _csv}[form]
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
