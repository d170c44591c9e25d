"""The SQLite file: its stamp, its one table, and the way from a row to a candidate and back."""

import re
import shlex
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import DatabaseError
from ..section import Section
from .fingerprint import Fingerprint
from .match import Candidate
from .record import Amplifiers, Record

APPLICATION = 0x474D4F53
"""``GMOS`` in ASCII: tells our files from other programs' (PRAGMA application_id)."""

FORMAT = 1
"""Counts up when the table changes (PRAGMA user_version)."""

PATIENCE = 30.0
"""Seconds to wait while another process writes; adding one file takes milliseconds."""

_AMPLIFIER = re.compile(r"'([^']*)':(\[[^\]]*\])")
_FLAGS = ("spectroscopy", "prepared", "overscan_trimmed", "overscan_subtracted")
_RECORD = tuple(field.name for field in fields(Record))
_COLUMNS = ("path", "size", "mtime_ns", "sha256", *_RECORD)
_TABLE = f"""
CREATE TABLE calibration (
    entry INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,  -- relative to the folder of this file, when below it
    {", ".join(_COLUMNS[1:])}  -- see Fingerprint and Record
)
"""
SELECT = "SELECT * FROM calibration"
INSERT = f"INSERT INTO calibration ({', '.join(_COLUMNS)}) VALUES (:{', :'.join(_COLUMNS)})"
UPDATE = f"UPDATE calibration SET {', '.join(f'{c} = :{c}' for c in _COLUMNS)} WHERE path = :path"
DELETE = "DELETE FROM calibration WHERE path = :path"

Row = Mapping[str, Any]


def create(path: Path, *, wipe: bool = False) -> None:
    """Make the database, with its folder, unless it is there; ``wipe`` empties one that is.

    Raises DatabaseError if the file cannot be made, or belongs to another program.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatabaseError(f"cannot be made: {error.strerror}", path=path) from None
    with _connected(path, "rwc", write=True) as db:
        if _is_blank(db):
            db.execute(_TABLE)
            db.execute(f"PRAGMA application_id = {APPLICATION}")
            stamp(db)
        _check_stamp(db, path)
        if wipe:
            db.execute("DELETE FROM calibration")


def stamp(db: sqlite3.Connection) -> None:
    """Write the number of our format; in a database of ours this changes nothing."""
    db.execute(f"PRAGMA user_version = {FORMAT}")


@contextmanager
def session(path: Path, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open the database for one transaction: kept if the block ends well, undone if not.

    Raises DatabaseError if the file is not a database of ours, and for what SQLite complains of.
    """
    hint = f"caldb init -d {shlex.quote(str(path))}"
    if not path.exists():
        raise DatabaseError("no such database", path=path, hint=hint)
    with _connected(path, "rw", write=write) as db:
        if _is_blank(db):
            raise DatabaseError("the database is not initialised", path=path, hint=hint)
        _check_stamp(db, path)
        yield db


@contextmanager
def _connected(path: Path, mode: str, *, write: bool) -> Iterator[sqlite3.Connection]:
    # Autocommit leaves BEGIN and COMMIT to us. The journal is SQLite's plain one: write-ahead logs
    # do not work on network disks, where observatories keep their data.
    uri = f"{path.absolute().as_uri()}?mode={mode}"
    try:
        with closing(sqlite3.connect(uri, timeout=PATIENCE, isolation_level=None, uri=True)) as db:
            db.row_factory = sqlite3.Row
            db.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            yield db
            db.execute("COMMIT")
    except sqlite3.Error as error:
        raise DatabaseError(_told(error), path=path) from error


def _is_blank(db: sqlite3.Connection) -> bool:
    tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return not tables and not _pragma(db, "user_version")


def _check_stamp(db: sqlite3.Connection, path: Path) -> None:
    if _pragma(db, "application_id") != APPLICATION:
        hint = "name another file in the configuration, or with -d"
        raise DatabaseError("is a database of another program", path=path, hint=hint)
    version = _pragma(db, "user_version")
    if version != FORMAT:
        message = f"has format {version}, this program knows {FORMAT}"
        raise DatabaseError(message, path=path, hint="it was made by another version of gmoscli")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _told(error: sqlite3.Error) -> str:
    told = {
        sqlite3.SQLITE_NOTADB: "is not a database",
        sqlite3.SQLITE_BUSY: "is locked by another process",
    }
    return told.get(getattr(error, "sqlite_errorcode", 0), f"cannot be used: {error}")


def to_row(path: str, record: Record, fingerprint: Fingerprint) -> dict[str, Any]:
    """Return the columns for one file, without its entry number."""
    row = {name: getattr(record, name) for name in _RECORD}
    moment = record.ut_datetime
    return row | {
        "path": path,
        "size": fingerprint.size,
        "mtime_ns": fingerprint.mtime_ns,
        "sha256": fingerprint.sha256,
        "ut_datetime": moment.isoformat(sep=" ") if moment else None,
        "amplifiers": "+".join(f"'{name}':{section}" for name, section in record.amplifiers),
        "tags": " ".join(sorted(record.tags)),
    }


def to_candidate(row: Row, folder: Path) -> Candidate:
    """Return what stands in a row; its path may be relative to the folder."""
    values = {name: row[name] for name in _RECORD} | {
        "ut_datetime": row["ut_datetime"] and datetime.fromisoformat(row["ut_datetime"]),
        "amplifiers": _amplifiers(row["amplifiers"]),
        "tags": frozenset(row["tags"].split()),
    }
    return Candidate(
        path=folder / row["path"],
        record=Record(**values | {name: bool(row[name]) for name in _FLAGS}),
        entry=row["entry"],
        fingerprint=Fingerprint(row["size"], row["mtime_ns"], row["sha256"]),
    )


@lru_cache  # most calibrations of a database were read out alike
def _amplifiers(text: str) -> Amplifiers:
    return tuple((name, Section.parse(where)) for name, where in _AMPLIFIER.findall(text))
