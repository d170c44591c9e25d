"""What was done to make a file, and with which files: the tables of products, read back."""

from pathlib import Path
from typing import Any

from ..cards import Headers
from ..frame import Done, Past, Used
from .read import opened


def past_of(path: Path, headers: Headers) -> Past:
    """Return what the tables of a product tell; nothing for a raw file. Raises BadFile."""
    if "PREPARE" not in headers.phu:
        return Past()
    with opened(path) as units:
        tables = {unit.name: unit.data for unit in units if unit.name in ("HISTORY", "PROVENANCE")}
    return Past(
        tuple(Done(*line) for line in _lines(tables.get("HISTORY"), "step primitive args")),
        tuple(
            Used(name, md5, step)
            for name, md5, step in _lines(
                tables.get("PROVENANCE"), "filename md5 provenance_added_by"
            )
        ),
    )


def _lines(table: Any, names: str) -> list[list[str]]:
    """Return some columns of a table as text; a line has no step of its own in other software."""
    if table is None:
        return []
    known = [name if name in table.names else "primitive" for name in names.split()]
    return [[str(cell) for cell in row] for row in zip(*(table[n] for n in known), strict=True)]
