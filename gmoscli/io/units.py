"""Units of a FITS file to be written: images and tables (FITS Standard 4.0, section 7)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from .draft import BLOCK, Draft

PIECE = 1 << 18
"""Pixels turned round at a time: they stay in the cache until they are written."""
_UNSIGNED = np.uint16(1 << 15)
"""Unsigned integers are stored less this (FITS Standard 4.0, table 11)."""
_NUMBERS = {"J": ">i4", "D": ">f8", "E": ">f4", "L": "S1"}


@dataclass(frozen=True)
class Unit:
    """A header and the data behind it."""

    header: Draft
    structure: dict[str, Any]
    """The cards that lay out the data, which come first."""
    data: NDArray[Any] = field(default_factory=lambda: np.empty((0, 0), np.uint8))
    """[y, x]."""

    def write(self, stream: BinaryIO) -> None:
        """Write header and data, each filled up to whole blocks."""
        stream.write(self.header.under(self.structure))
        size = 0
        for piece in _turned(self.data):
            size += stream.write(piece.data)
        stream.write(bytes(-size % BLOCK))


def primary_unit(header: Draft) -> Unit:
    """Return a primary unit without pixels."""
    return Unit(header, {"SIMPLE": True, "BITPIX": 8, "NAXIS": 0, "EXTEND": True})


def image_unit(name: str, header: Draft, plane: NDArray[Any]) -> Unit:
    """Return an image extension; the plane is of float32, uint16 or uint8."""
    ny, nx = plane.shape
    bits = 8 * plane.itemsize * (-1 if plane.dtype.kind == "f" else 1)
    structure = {"XTENSION": "IMAGE", "BITPIX": bits, "NAXIS": 2, "NAXIS1": nx, "NAXIS2": ny}
    structure |= {"PCOUNT": 0, "GCOUNT": 1}
    if plane.dtype == np.uint16:
        structure |= {"BSCALE": 1, "BZERO": int(_UNSIGNED)}
    return Unit(header, {**structure, "EXTNAME": name}, plane)


@dataclass(frozen=True)
class Column:
    """One column of a table; the format is J, D, E, L, or a number and A for text."""

    name: str
    format: str
    values: Any
    unit: str = ""


def table_unit(name: str, columns: Sequence[Column], version: int | None = None) -> Unit:
    """Return a binary table."""
    kinds = [(c.name, _NUMBERS.get(c.format) or f"S{c.format[:-1]}") for c in columns]
    rows = np.zeros(len(columns[0].values), kinds)
    structure = {"XTENSION": "BINTABLE", "BITPIX": 8, "NAXIS": 2, "NAXIS1": rows.itemsize}
    structure |= {"NAXIS2": len(rows), "PCOUNT": 0, "GCOUNT": 1, "TFIELDS": len(columns)}
    for i, column in enumerate(columns, start=1):
        rows[column.name] = _stored(column)
        structure |= {f"TTYPE{i}": column.name, f"TFORM{i}": column.format}
        if column.unit:
            structure[f"TUNIT{i}"] = column.unit
    structure["EXTNAME"] = name
    if version is not None:
        structure["EXTVER"] = version
    return Unit(Draft(), structure, rows.view(np.uint8).reshape(len(rows), rows.itemsize))


def _stored(column: Column) -> NDArray[Any]:
    """Return the values of a column as the table holds them."""
    if column.format == "L":
        return np.where(column.values, b"T", b"F")
    if column.format.endswith("A"):
        return np.array([text.encode("ascii", "replace") for text in column.values])
    return np.asarray(column.values)


def _turned(data: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield rows of the data as they stand in a file: the most significant byte first."""
    step = max(1, PIECE // max(1, data.shape[1]))
    for start in range(0, len(data), step):
        rows = data[start : start + step]
        if rows.dtype == np.uint16:
            rows = rows ^ _UNSIGNED
        yield np.ascontiguousarray(rows, rows.dtype.newbyteorder(">"))
