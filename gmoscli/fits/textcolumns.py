"""The columns of text in a binary table (FITS Standard 4.0, section 7.3), read without numpy."""

import re
from collections.abc import Iterator

from .header import Header

_FORM = re.compile(r"(\d*)([LXBIJKAEDCMPQ])")
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16}
_BYTES |= {"P": 8, "Q": 16}
"""Of one element of each type (table 18); bits, ``X``, are packed."""


def text_columns(header: Header, data: bytes) -> dict[str, list[str]]:
    """Return the columns of text of a table, by name: a text for each row, its padding left out.

    Columns of another type are passed over.
    """
    width, count = header.get("NAXIS1"), header.get("NAXIS2")
    if not isinstance(width, int) or not isinstance(count, int):
        return {}
    rows = [data[row * width : (row + 1) * width] for row in range(count)]
    return {
        name: [row[start:end].partition(b"\0")[0].decode("latin-1").rstrip(" ") for row in rows]
        for name, kind, start, end in _columns(header)
        if kind == "A"
    }


def _columns(header: Header) -> Iterator[tuple[str, str, int, int]]:
    """Yield name, type, first byte and the byte behind the last of each column within a row."""
    number, end = 1, 0
    while found := _FORM.match(str(header.get(f"TFORM{number}"))):
        start, elements, kind = end, int(found[1] or 1), found[2]
        end += -(-elements // 8) if kind == "X" else elements * _BYTES[kind]
        yield str(header.get(f"TTYPE{number}")), kind, start, end
        number += 1
