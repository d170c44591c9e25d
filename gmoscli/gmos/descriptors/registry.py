"""The list of descriptors, which fills as their modules are imported."""

from collections.abc import Callable
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin

from ...fits import Headers
from .. import keywords

F = TypeVar("F", bound=Callable[..., object])


class Descriptor(NamedTuple):
    """A named value derived from headers.

    ``kind`` is the type of one value: str, float, int, bool, date, time, datetime or Section. Of
    a ``listed`` descriptor a file has several, mostly one per extension.
    """

    name: str
    function: Callable[..., object]
    doc: str
    unit: str
    kind: type
    listed: bool
    has_pretty: bool


DESCRIPTORS: dict[str, Descriptor] = {}
"""All descriptors by name."""


def descriptor(unit: str = "", *, name: str = "", doc: str = "") -> Callable[[F], F]:
    """Register a function as a descriptor; its return annotation tells the type of the value."""

    def register(function: F) -> F:
        annotation = _not_none(function.__annotations__["return"])
        listed = get_origin(annotation) in (list, tuple)
        called = name or function.__name__
        DESCRIPTORS[called] = Descriptor(
            name=called,
            function=function,
            doc=doc or (function.__doc__ or "").partition("\n")[0],
            unit=unit,
            kind=_not_none(get_args(annotation)[0]) if listed else annotation,
            listed=listed,
            has_pretty="pretty" in (getattr(function, "__kwdefaults__", None) or ()),
        )
        return function

    return register


def _not_none(annotation: Any) -> Any:
    """Return X of ``X | None``."""
    if isinstance(annotation, UnionType):
        return next(choice for choice in get_args(annotation) if choice is not NoneType)
    return annotation


def text(name: str, keyword: str, doc: str) -> Callable[[Headers], str | None]:
    """Register the text of a keyword of the primary header."""

    @descriptor(name=name, doc=doc)
    def read(h: Headers) -> str | None:
        return keywords.text(h.phu, keyword)

    return read


def number(name: str, keyword: str, doc: str, unit: str = "") -> Callable[[Headers], float | None]:
    """Register the number of a keyword of the primary header."""

    @descriptor(unit, name=name, doc=doc)
    def read(h: Headers) -> float | None:
        return keywords.number(h.phu, keyword)

    return read
