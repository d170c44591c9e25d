"""Sizes in memory and on disk, as people write them."""

import re

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*(?:([KMG])(?:I?B)?|B)")
_BYTES = {None: 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def size(text: str) -> int:
    """Return the bytes in a size such as ``450M``, ``450 MB`` or ``1.5G`` (powers of 1024).

    Raises ValueError for anything else: a number without a unit could mean anything.
    """
    found = _SIZE.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError(f"{text!r} is not a size such as 450M or 2G")
    return int(float(found[1]) * _BYTES[found[2]])


def size_text(count: int) -> str:
    """Return the shortest exact way to write a number of bytes that `size` reads."""
    for unit in ("G", "M", "K"):
        if count and count % _BYTES[unit] == 0:
            return f"{count // _BYTES[unit]}{unit}"
    return f"{count}B"
