"""A database of calibrations: what products there are, where, and which one fits a frame."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from ..errors import DatabaseError
from ..fits import Headers
from ..gmos.tags import tags_of
from .fingerprint import Fingerprint
from .match import Candidate, Failure, Verdict, match
from .record import Record, gaps, record_of, refusal
from .table import DELETE, INSERT, SELECT, UPDATE, create, session, stamp, to_candidate, to_row

Outcome = Literal["added", "updated", "unchanged"]


def not_searched(error: DatabaseError) -> str:
    """Return the warning that a database is passed over, with what would mend it."""
    hint = f"; hint: {error.hint}" if error.hint else ""
    return f"{error}: not searched{hint}"


class NotACalibration(DatabaseError):
    """A good file that no frame can be reduced with."""


@dataclass(frozen=True)
class Store:
    """Calibrations known to one database file. The products themselves stay where they are."""

    path: Path
    mode: str = "sq"
    """What a reduction asks for: ``sq ql qa``."""
    implicit: bool = False
    """Made when something is first added; until then it is empty and no error."""
    warn: Callable[[str], object] = logging.getLogger(__name__).warning

    def init(self, *, wipe: bool = False) -> None:
        """Make the database file unless it is there; ``wipe`` forgets what it holds."""
        create(self.path, wipe=wipe)

    def check(self) -> None:
        """Raise DatabaseError unless products can be added."""
        if self.implicit:
            self.init()
        with session(self.path, write=True) as db:
            stamp(db)  # a write that changes nothing: BEGIN alone succeeds on a read-only disk

    def add(self, path: Path) -> Outcome:
        """Record a calibration, or what has become of one that is recorded already.

        Raises BadFile for what is no FITS file, NotACalibration, and DatabaseError for the rest.
        """
        record = _calibration(Headers.open(path), path)
        row = to_row(self._kept(path), record, Fingerprint.of(path))
        if self.implicit:
            self.init()
        with session(self.path, write=True) as db:
            found = db.execute(f"{SELECT} WHERE path = :path", row).fetchone()
            if found is None:
                db.execute(INSERT, row)
                return "added"
            if found["sha256"] == row["sha256"]:
                db.execute(UPDATE, row)
                return "unchanged"
            db.execute(DELETE, row)  # its new entry makes it the last one added
            db.execute(INSERT, row)
            return "updated"

    def remove(self, name: str) -> list[Path]:
        """Forget every calibration of this name, or the one at this path; return their paths.

        The files stay. Raises DatabaseError if there is none.
        """
        kept = self._kept(Path(name)) if "/" in name else None
        with session(self.path, write=True) as db:
            stored = [row["path"] for row in db.execute(SELECT)]
            gone = [
                path for path in stored if (kept or name) == (path if kept else Path(path).name)
            ]
            db.executemany(DELETE, [{"path": path} for path in gone])
        if not gone:
            raise DatabaseError("is not in the database", path=name, hint="caldb list")
        return [self._folder / path for path in gone]

    def candidates(self, kind: str | None = None) -> list[Candidate]:
        """Return what is stored, of one kind or of all, newest first."""
        if self.implicit and not self.path.exists():
            return []
        order = "ORDER BY ut_datetime DESC, entry DESC"
        with session(self.path) as db:
            rows = db.execute(f"{SELECT} WHERE kind = ifnull(?, kind) {order}", (kind,)).fetchall()
        folder = self._folder
        return [to_candidate(row, folder) for row in rows]

    def find(self, kind: str, h: Headers) -> Path | None:
        """Return the best calibration of this kind for a frame; None if none fits.

        A file that is missing or altered is passed over with a warning.
        """
        for verdict in self._ranked(kind, h):
            if not verdict.fits:
                return None
            path = verdict.candidate.path
            trouble = _trouble(verdict.candidate)
            if trouble is None:
                return path
            self.warn(f"{path}: {trouble}: another {kind} is sought")
        return None

    def explain(self, kind: str, h: Headers) -> list[Verdict]:
        """Return a verdict on each stored calibration of a kind, the chosen one first."""
        verdicts = (_with_trouble(verdict) for verdict in self._ranked(kind, h))
        return sorted(verdicts, key=lambda verdict: verdict.rank)

    def verify(self) -> Iterator[tuple[Candidate, str | None]]:
        """Yield each stored calibration with what is wrong with its file; all bytes are read."""
        for candidate in self.candidates():
            yield candidate, _trouble(candidate, thorough=True)

    def _ranked(self, kind: str, h: Headers) -> list[Verdict]:
        try:
            candidates = self.candidates(kind)
        except DatabaseError as error:  # another database of the chain may still serve
            self.warn(not_searched(error))
            return []
        return match(record_of(h, mode=self.mode), candidates, kind)

    @property
    def _folder(self) -> Path:
        return self.path.parent.resolve()

    def _kept(self, path: Path) -> str:
        """Return the path as it is recorded: below the database's folder it is relative to it."""
        place = path.parent.resolve() / path.name
        below = place.is_relative_to(self._folder)
        return str(place.relative_to(self._folder) if below else place)


def _calibration(headers: Headers, path: Path) -> Record:
    """Return the record of a calibration; the primary header alone tells most other files."""
    reason = refusal(tags_of(headers))
    if reason is None:
        record = record_of(headers)
        reason = gaps(record)
    if reason is not None:
        raise NotACalibration(reason, path=path)
    return record


def _trouble(candidate: Candidate, *, thorough: bool = False) -> str | None:
    if candidate.fingerprint is None:
        return None
    return candidate.fingerprint.trouble(candidate.path, thorough=thorough)


def _with_trouble(verdict: Verdict) -> Verdict:
    trouble = _trouble(verdict.candidate) if verdict.fits else None
    return replace(verdict, failures=(Failure("file", f"file {trouble}"),)) if trouble else verdict
