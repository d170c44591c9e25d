"""Keywords with a type: what is missing, or of the wrong type, is None."""

import re
from math import isfinite

from ..fits import Header

_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([EeDd][+-]?\d+)?\s*")
_SEXAGESIMAL = re.compile(r"\s*([+-]?)(\d+)[:\s]+(\d+)[:\s]+(\d+(?:\.\d*)?)\s*(hours|degrees)?\s*")


def text(header: Header, keyword: str) -> str | None:
    """Return a string; numbers are none."""
    value = header.get(keyword)
    return value if isinstance(value, str) else None


def upper(header: Header, keyword: str) -> str:
    """Return a string in upper case, empty if it is missing."""
    return (text(header, keyword) or "").upper()


def number(header: Header, keyword: str) -> float | None:
    """Return a finite number, also from a numeric string."""
    value = header.get(keyword)
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value)
        value = float(value.upper().replace("D", "E")) if found else None
    if value is None or isinstance(value, bool) or not isfinite(value):
        return None
    return float(value)


def integer(header: Header, keyword: str) -> int | None:
    """Return a whole number."""
    value = number(header, keyword)
    return int(value) if value is not None and value.is_integer() else None


def angle(header: Header, keyword: str, *, hours: bool = False) -> float | None:
    """Return degrees from a number of degrees or a sexagesimal text.

    The text is in hours where ``hours`` says so, unless it ends with its unit.
    """
    value = number(header, keyword)
    found = _SEXAGESIMAL.fullmatch(text(header, keyword) or "")
    if value is not None or found is None:
        return value
    sign, whole, minutes, seconds, unit = found.groups()
    size = int(whole) + int(minutes) / 60 + float(seconds) / 3600
    in_hours = unit == "hours" or (hours and unit != "degrees")
    return (-size if sign == "-" else size) * (15 if in_hours else 1)
