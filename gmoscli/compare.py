"""Comparisons of descriptors with constants, and with each other, checked before any file is read.

Every check yields a predicate on headers. A value that a file lacks (None) equals None alone; no
other comparison holds for it.
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from math import isclose
from typing import Any

from .fits import Headers
from .section import Section

Predicate = Callable[[Headers], bool]
Test = Callable[[Any, Any], bool]

_CLOSE = {"exposure_time": 1e-2, "central_wavelength": 1e-5}  # relative; headers are not exact
_ORDER = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_KINDS = {
    str: "text",
    float: "a number",
    bool: "True or False",
    date: "a date like '2022-06-13'",
    time: "a time like '05:00:30'",
    datetime: "a date and time like '2022-06-13 05:00:30'",
    Section: "a section like '[1:512,1:4224]'",
}


class Mismatch(Exception):
    """A comparison that makes no sense, and the side at fault."""

    def __init__(self, message: str, operand: "Operand"):
        super().__init__(message)
        self.message = message
        self.operand = operand


@dataclass(frozen=True, slots=True)
class Operand:
    """One side of a comparison.

    A descriptor has a name, and ``kind`` is the type of its values, of which a ``listed`` one has
    several; a constant has a value: text, a number, True, False, None or a list. ``start`` and
    ``end`` tell where it is written.
    """

    start: int
    end: int
    name: str = ""
    kind: type = object
    listed: bool = False
    value: Any = None
    read_from: Callable[[Headers], Any] | None = None

    def read(self, headers: Headers) -> Any:
        """Return the value for a file."""
        return self.read_from(headers) if self.read_from else self.value


def compare(left: Operand, sign: str, right: Operand, *, strict: bool) -> Predicate:
    """Return the predicate of one comparison. Raises Mismatch."""
    if not (left.name or right.name):
        raise Mismatch("no descriptor on either side", left)
    equal = _equality(left.name or right.name, strict=strict)
    if sign in ("in", "not in"):
        return _membership(left, right, equal, wanted=sign == "in")
    left, right = _typed(left, right), _typed(right, left)
    if sign in ("==", "!="):
        return lambda h: equal(left.read(h), right.read(h)) is (sign == "==")
    for side in (left, right):
        if side.listed or isinstance(side.value, list):
            raise Mismatch("several values: compare them with == or in", side)
    return _known(left, _ORDER[sign], right)


def _equality(name: str, *, strict: bool) -> Test:
    """Return how values of a descriptor are equal: nearly, where headers are never exact."""
    tolerance = 0.0 if strict else _CLOSE.get(name, 0.0)

    def close(a: Any, b: Any) -> bool:
        return a == b if a is None or b is None else isclose(a, b, rel_tol=tolerance)

    return close if tolerance else operator.eq


def _membership(left: Operand, right: Operand, equal: Test, *, wanted: bool) -> Predicate:
    """Compare with a list of constants, with a descriptor's values, or with a part of a text."""
    if left.listed or isinstance(left.value, list):
        raise Mismatch("several values cannot stand left of in", left)
    if isinstance(right.value, list):
        right = _typed(right, replace(left, listed=True))
        return _known(left, lambda a, b: any(equal(a, item) for item in b) is wanted, right)
    if not (right.listed or right.kind is str or isinstance(right.value, str)):
        raise Mismatch("in needs a list, text or tags on its right", right)
    whole = replace(right, listed=False) if right.name else _TEXT
    return _known(_typed(left, whole), lambda a, b: (a in b) is wanted, right)


def _known(left: Operand, test: Test, right: Operand) -> Predicate:
    def holds(h: Headers) -> bool:
        a, b = left.read(h), right.read(h)
        return a is not None and b is not None and test(a, b)

    return holds


def _typed(side: Operand, other: Operand) -> Operand:
    """Return a side with the type of the other: constants are converted, descriptors must fit."""
    if side.name:
        if other.name and (side.kind, side.listed) != (other.kind, other.listed):
            raise Mismatch(f"{side.name} cannot be compared with {other.name}", side)
        return side
    if isinstance(side.value, list) is not other.listed:
        wanted = "a list" if other.listed else "a single value"
        raise Mismatch(f"{other.name} is {wanted}", side)
    values = side.value if other.listed else [side.value]
    try:
        typed = [_converted(value, other.kind) for value in values]
    except ValueError:
        raise Mismatch(f"{other.name} is {_KINDS[other.kind]}", side) from None
    return replace(side, value=typed if other.listed else typed[0])


def _converted(value: object, kind: type) -> object:
    """Return a constant as a value of a kind. Raises ValueError where that has no meaning."""
    if value is None:
        return None
    if isinstance(value, str) and kind in _PARSERS:
        return _PARSERS[kind](value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number if kind is float else isinstance(value, kind)):
        raise ValueError
    return value


def _moment(value: str) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        raise ValueError
    return moment


def _clock(value: str) -> time:
    clock = time.fromisoformat(value)
    if clock.tzinfo is not None:
        raise ValueError
    return clock


_PARSERS: dict[type, Callable[[str], object]] = {
    date: date.fromisoformat,
    time: _clock,
    datetime: _moment,
    Section: Section.parse,
}
_TEXT = Operand(0, 0, name="text", kind=str)
