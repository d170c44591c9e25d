"""The calibration database for scripts: ``caldb = set_local_database(); caldb.init()``."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ..arguments import a_path, a_text, a_text_or_none
from ..config import load
from .adding import add_all
from .databases import the_one
from .store import Store

_log = logging.getLogger(__name__)


class StoredFile(NamedTuple):
    """A calibration of the database: its name, and the folder that it is in."""

    name: str
    path: str


class LocalDatabase:
    """A calibration database. Methods raise GmosError for what the command would complain of."""

    def __init__(self, dbfile: str | Path | Store) -> None:
        self.store = dbfile if isinstance(dbfile, Store) else Store(a_path("dbfile", dbfile))

    @property
    def dbfile(self) -> str:
        """The path of the database file."""
        return str(self.store.path)

    def init(self, wipe: bool = False) -> None:
        """Make the database unless it is there; ``wipe`` forgets what it holds."""
        self.store.init(wipe=wipe)

    def add_cal(self, path: str | Path) -> None:
        """Add one calibration; raise GmosError if the file is none."""
        self.store.add(a_path("path", path))

    def add_directory(self, path: str | Path, walk: bool = False) -> None:
        """Add the calibrations of a folder; ``walk`` goes down into its folders, too.

        Raises the first error after all other files are added.
        """
        folder = a_path("path", path)
        errors = [a.error for a in add_all(self.store, [folder], walk=walk) if a.error]
        if errors:
            raise errors[0]

    def remove_cal(self, name: str) -> None:
        """Forget every calibration of this name; the files stay."""
        self.store.remove(a_text("name", name))

    def list_files(self) -> Iterator[StoredFile]:
        """Yield name and folder of every calibration, newest first."""
        for candidate in self.store.candidates():
            yield StoredFile(candidate.path.name, str(candidate.path.parent))


def set_local_database(config_file: str | None = None) -> LocalDatabase:
    """Return the database that the configuration names, the one that products go into."""
    settings = load(a_text_or_none("config_file", config_file), os.environ, Path.cwd(), Path.home())
    for warning in settings.warnings:
        _log.warning(warning)
    return LocalDatabase(the_one(settings, _log.warning))
