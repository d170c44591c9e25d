"""The databases of a configuration: where to look, where to keep, which one to work on."""

from collections.abc import Callable, Mapping
from pathlib import Path

from ..config import Database, Settings
from ..errors import UsageError
from .pinned import Chain, Pinned
from .store import Store

Warn = Callable[[str], object]


def cals(settings: Settings, given: Mapping[str, Path], warn: Warn) -> Chain:
    """Return where a reduction's calibrations come from: what was given, then each database.

    A warning is given once, however many frames it concerns.
    """
    once = _once(warn)
    pinned = Pinned(given, mode=settings.mode, warn=once)
    return Chain(pinned, *searched(settings, once))


def searched(settings: Settings, warn: Warn) -> tuple[Store, ...]:
    """Return the databases to look in, in order."""
    return tuple(
        _store(settings, database, warn) for database in settings.databases if database.get
    )


def every(settings: Settings, warn: Warn) -> tuple[Store, ...]:
    """Return all databases, in order."""
    return tuple(_store(settings, database, warn) for database in settings.databases)


def keepers(settings: Settings, warn: Warn) -> tuple[Store, ...]:
    """Return the databases that products go into, checked, so that one can ask before the work.

    Raises DatabaseError if one is not initialised or cannot be written.
    """
    stores = tuple(_store(settings, d, warn) for d in settings.databases if d.store)
    for store in stores:
        store.check()
    return stores


def the_one(settings: Settings, warn: Warn) -> Store:
    """Return the database to work on: the only one, or the only one that products go into.

    Raises UsageError if that is none or several.
    """
    databases = settings.databases
    if len(databases) > 1:
        databases = tuple(database for database in databases if database.store)
    if len(databases) != 1:
        count = "several" if databases else "no"
        hint = "name the database with -d"
        raise UsageError(
            f"{count} databases to work on are configured", path=settings.source, hint=hint
        )
    return _store(settings, databases[0], warn)


def _store(settings: Settings, database: Database, warn: Warn) -> Store:
    return Store(database.path, mode=settings.mode, implicit=database.implicit, warn=warn)


def _once(warn: Warn) -> Warn:
    said: set[str] = set()

    def say(message: str) -> None:
        if message not in said:
            said.add(message)
            warn(message)

    return say
