"""What a script hands over: of the kind that is asked for, or an error that names the argument."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from .errors import UsageError

Value = TypeVar("Value")


def a_path(argument: str, value: str | os.PathLike[str]) -> Path:
    """Return a path; raise UsageError for what is none."""
    try:
        return Path(value)
    except TypeError:
        raise UsageError(f"{argument}: {value!r} is not a path") from None


def listed(argument: str, values: Iterable[Value]) -> tuple[Value, ...]:
    """Return what is in a list; raise UsageError for a text, and for what is no list."""
    if isinstance(values, str):
        raise UsageError(f"{argument} is text, not a list", hint=f"{argument}=[{values!r}]")
    try:
        return tuple(values)
    except TypeError:
        raise UsageError(f"{argument}: {values!r} is not a list") from None


def a_text(argument: str, value: str) -> str:
    """Return a text; raise UsageError for anything else."""
    if not isinstance(value, str):
        raise UsageError(f"{argument}: {value!r} is not text")
    return value


def a_text_or_none(argument: str, value: str | None) -> str | None:
    """Return a text or None; raise UsageError for anything else."""
    return None if value is None else a_text(argument, value)


def by_name(argument: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return a mapping whose keys are texts, or pairs that make one, as a dictionary.

    Raises UsageError for anything else.
    """
    try:
        named = dict(values)
    except (TypeError, ValueError):
        raise UsageError(f"{argument}: {values!r} is not a dictionary") from None
    for name in named:
        a_text(argument, name)
    return named
