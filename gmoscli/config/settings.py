"""Settings as values, and as the text of a file that says the same."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ..sizes import size_text

MODES = ("sq", "ql", "qa")
"""Science quality, quick look, quality assessment: how exacting a reduction is."""

LEVELS = ("debug", "info", "warning", "error")
"""What is said on standard error, from the most to the least talkative."""


@dataclass(frozen=True)
class Database:
    """A calibration database: where it is, whether it is searched, whether products go in."""

    path: Path
    get: bool = True
    store: bool = False
    implicit: bool = False
    """Nobody asked for it by name: it is made when something is first stored."""

    @classmethod
    def at(cls, place: Path, *, get: bool, store: bool) -> Self:
        """Return the database at a path; a folder holds it as ``cal_manager.db``."""
        return cls(place / "cal_manager.db" if place.is_dir() else place, get, store)


@dataclass(frozen=True)
class Settings:
    """What holds for a whole run. ``None`` leaves the choice to the program."""

    databases: tuple[Database, ...]
    mode: str = "sq"
    jobs: int | None = None
    memory: int | None = None
    """Bytes."""
    scratch: Path | None = None
    logfile: Path | None = None
    loglevel: str = "info"
    suffix: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)
    """``step.parameter`` → value, as ``-p`` would set it."""
    source: Path | None = None
    """The file that was read."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """Name → where it was said: the file's path, or ``command line``."""
    warnings: tuple[str, ...] = ()

    def origin(self, name: str) -> str:
        """Say where a setting comes from: a file's path, ``command line`` or ``default``."""
        return self.origins.get(name, "default")


def to_toml(settings: Settings) -> str:
    """Return a configuration file that says the same, its paths absolute."""
    lines = ["[calibs]", "databases = ["]
    for database in settings.databases:
        flags = f"get = {_toml(database.get)}, store = {_toml(database.store)}"
        lines.append(f"  {{ path = {_toml(database.path)}, {flags} }},")
    lines.append("]")
    stated = sorted(settings.origins.keys() - {"databases", "params"})
    if stated:
        lines += ["", "[reduce]"]
        lines += [f"{name} = {_toml(_as_written(settings, name))}" for name in stated]
    if settings.params:
        lines += ["", "[reduce.params]"]
        lines += [f"{_toml(name)} = {_toml(value)}" for name, value in settings.params.items()]
    return "\n".join(lines) + "\n"


def _as_written(settings: Settings, name: str) -> object:
    value = getattr(settings, name)
    if name == "memory":
        return size_text(value)
    return "" if value is None else value


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # TOML's basic strings are JSON's, but for DEL, which must be escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
