"""From what is written in a configuration file to typed values, or a ValueError that says why."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..sizes import size
from .settings import LEVELS, MODES, Database
from .text import words

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Surroundings:
    """What the paths in a configuration may refer to."""

    environ: Mapping[str, str]
    cwd: Path
    home: Path

    def path(self, text: str, folder: Path) -> Path:
        """Return an absolute path: ``~`` and ``$VAR`` expanded, the rest below the folder.

        Raises ValueError for a variable that is not set.
        """
        text = _VARIABLE.sub(lambda found: self._variable(found[1] or found[2]), text)
        if text == "~" or text.startswith("~/"):
            text = f"{self.home}{text[1:]}"
        return folder / text

    def _variable(self, name: str) -> str:
        if name not in self.environ:
            raise ValueError(f"${name} is not set")
        return self.environ[name]

    @property
    def data(self) -> Path:
        """The folder for what programs keep for a user, as the XDG specification has it."""
        named = Path(self.environ.get("XDG_DATA_HOME", ""))
        return (named if named.is_absolute() else self.home / ".local" / "share") / "gmoscli"


def entries(calibs: Mapping[str, object]) -> list[object] | None:
    """Return what stands for each database, a line or a table; None if nothing is said."""
    stated = calibs.get("databases", calibs.get("database_dir"))
    if stated is None:
        return None
    found: list[object] = []
    for item in stated if isinstance(stated, list) else [stated]:
        found += item.splitlines() if isinstance(item, str) else [item]
    return [entry for entry in found if not isinstance(entry, str) or words(entry)]


def table(entry: object) -> Mapping[str, object]:
    """Return an entry as a table; a line is ``PATH [get] [store]``, without a flag: get.

    Raises ValueError for any other flag, and for what is neither line nor table.
    """
    if isinstance(entry, dict):
        return entry
    if not isinstance(entry, str):
        raise ValueError(f"a database is a line of text or a table, not {entry!r}")
    path, *flags = words(entry)
    for flag in flags:
        if flag not in ("get", "store"):
            raise ValueError(
                f"unknown flag {flag!r}: get and store are known, quote blanks in a path"
            )
    return {"path": path, "get": "get" in flags or not flags, "store": "store" in flags}


def is_remote(stated: Mapping[str, object]) -> bool:
    """Say whether a database is a server: nothing here speaks to one."""
    return "url" in stated or "://" in str(stated.get("path"))


def database(stated: Mapping[str, object], path: Callable[[str], Path]) -> Database:
    """Return the database of a table. Raises ValueError for one without a path."""
    if "path" not in stated:
        raise ValueError(f"a database without a path: {stated}")
    return Database.at(
        path(text(stated.get("path"))),
        get=flag(stated.get("get", True)),
        store=flag(stated.get("store", False)),
    )


def text(value: object) -> str:
    """Return a value that must be text."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not text")
    return value


def flag(value: object) -> bool:
    """Return a value that must be true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def count(value: object) -> int:
    """Return a value that must be a whole number from 1; an ini file has it as text."""
    if isinstance(value, bool) or not str(value).isdecimal() or int(str(value)) < 1:
        raise ValueError(f"{value!r} is not a whole number from 1")
    return int(str(value))


def one_of(choices: tuple[str, ...]) -> Callable[[object], str]:
    """Return a converter that accepts these words alone."""

    def choose(value: object) -> str:
        if value not in choices:
            raise ValueError(f"{value!r} is none of {', '.join(choices)}")
        return str(value)

    return choose


def params(value: object, prefix: str = "") -> dict[str, object]:
    """Return ``step.parameter`` → value, from keys written so or from a table for each step."""
    if not isinstance(value, dict):
        raise ValueError(f"{value!r} is not a table")
    flat: dict[str, object] = {}
    for name, item in value.items():
        if isinstance(item, dict):
            flat |= params(item, f"{prefix}{name}.")
        elif isinstance(item, str | int | float | list):
            flat[prefix + name] = item
        else:
            raise ValueError(f"{prefix}{name} is neither a number nor text nor a list")
    return flat


def reduce_converters(path: Callable[[str], Path]) -> dict[str, Callable[[object], object]]:
    """Return, for each key of ``[reduce]``, what makes its value."""

    def optional_path(value: object) -> Path | None:
        return path(text(value)) if text(value) else None

    return {
        "mode": one_of(MODES),
        "jobs": count,
        "memory": lambda value: size(text(value)),
        "scratch": optional_path,
        "logfile": optional_path,
        "loglevel": one_of(LEVELS),
        "suffix": text,
        "params": params,
    }
