"""Find the configuration file and read it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest
from .settings import Database, Settings
from .text import Source, Tables, tables
from .values import Surroundings, database, entries, is_remote, reduce_converters, table

_DRAGONS_ONLY: Mapping[str, tuple[str, ...]] = {
    "calibs": ("standalone", "upload_cookie", "system_calcache_dir", "system_calcache_gbs"),
    "interactive": ("browser", "theme", "line_color", "port_number"),
}
"""Keys without a meaning here, accepted in silence: one file may serve both programs."""


def load(config: str | None, environ: Mapping[str, str], cwd: Path, home: Path) -> Settings:
    """Return the settings of the first configuration file found, or the defaults.

    Searched in order: ``config``, ``$GMOSCLIRC``, ``$DRAGONSRC``, ``dragonsrc.toml`` in the working
    directory, ``~/.dragons/dragonsrc.toml``, ``~/.dragons/dragonsrc``, ``~/.geminidr/rsys.cfg``.
    Without a word about databases there is one, in the user's data directory.
    Raises UsageError if a file was named and is not there, or if a file cannot be understood.
    """
    around = Surroundings(environ, cwd, home)
    embedded = Database(around.data / "calibrations.db", get=True, store=True, implicit=True)
    defaults = Settings(databases=(embedded,))
    path = _named(config, around) or _usual(around)
    return defaults if path is None else _read(Source.read(path), around, defaults)


def _named(config: str | None, around: Surroundings) -> Path | None:
    variables = (around.environ.get(name) for name in ("GMOSCLIRC", "DRAGONSRC"))
    named = config if config is not None else next(filter(None, variables), None)
    if named is None:
        return None
    try:
        return around.path(named, around.cwd)
    except ValueError as error:
        raise UsageError(str(error), path=named) from None


def _usual(around: Surroundings) -> Path | None:
    places = (
        around.cwd / "dragonsrc.toml",
        around.home / ".dragons" / "dragonsrc.toml",
        around.home / ".dragons" / "dragonsrc",
        around.home / ".geminidr" / "rsys.cfg",
    )
    return next((place for place in places if place.is_file()), None)


def _read(source: Source, around: Surroundings, defaults: Settings) -> Settings:
    content = tables(source)
    path = partial(around.path, folder=source.path.parent)
    stated = _of_reduce(content.get("reduce", {}), source, path)
    with source.naming(near="database"):
        listed = entries(content.get("calibs", {}))
    if listed is not None:
        stated["databases"] = tuple(_databases(listed, source, path))
    return replace(
        defaults,
        source=source.path,
        origins=dict.fromkeys(stated, str(source.path)),
        warnings=tuple(f"{source.path}: {text}" for text in _in_vain(content, listed or ())),
        **stated,
    )


def _of_reduce(
    section: Mapping[str, object], source: Source, path: Callable[[str], Path]
) -> dict[str, Any]:
    converters = reduce_converters(path)
    stated: dict[str, Any] = {}
    for name, value in section.items():
        if name in converters:
            with source.naming(near=name):
                stated[name] = converters[name](value)
    return stated


def _databases(
    listed: Iterable[object], source: Source, path: Callable[[str], Path]
) -> Iterator[Database]:
    for entry in listed:
        with source.naming(near=entry if isinstance(entry, str) else "databases"):
            stated = table(entry)
            if not is_remote(stated):
                yield database(stated, path)


def _in_vain(content: Tables, listed: Iterable[object]) -> Iterator[str]:
    """Yield a sentence for each thing that is stated and has no effect."""
    known = {
        "calibs": ("databases", "database_dir", *_DRAGONS_ONLY["calibs"]),
        "interactive": _DRAGONS_ONLY["interactive"],
        "reduce": tuple(reduce_converters(Path)),
    }
    for section, keys in content.items():
        if section not in known:
            yield f"unknown section [{section}]{_meant(section, known)}"
            continue
        for key in keys:
            if key not in known[section]:
                yield f"unknown key {key!r} in [{section}]{_meant(key, known[section])}"
    for stated in map(table, listed):
        for key in sorted(stated.keys() - {"path", "url", "get", "store"}):
            yield f"unknown key {key!r} of a database"
        if is_remote(stated):
            yield f"remote database {stated.get('url', stated.get('path'))} is not searched"
    if "database_dir" in content.get("calibs", {}):
        yield "database_dir is an old name: write databases"


def _meant(word: str, known: Iterable[str]) -> str:
    hint = nearest(word, known)
    return f": {hint}" if hint else ""
