"""Add many files: what is named must be a calibration, what lies in a folder may be one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BadFile, GmosError
from .store import NotACalibration, Outcome, Store

_ENDINGS = (".fits", ".fits.gz", ".fits.bz2", ".fits.fz")


@dataclass(frozen=True, slots=True)
class Addition:
    """What became of one file: an outcome, or why there is none."""

    path: Path
    outcome: Outcome | None = None
    error: GmosError | None = None
    passed_over: str | None = None
    """Why it is no calibration; no error in a folder, where nobody asked for it by name."""


def add_all(store: Store, paths: Iterable[Path], *, walk: bool = False) -> Iterator[Addition]:
    """Add files, and the calibrations in folders; ``walk`` goes down into their folders, too.

    A file that is refused does not stop the others. Raises DatabaseError if the database fails.
    """
    for path in paths:
        if path.is_dir():
            yield from _add_folder(store, path, walk=walk)
        else:
            yield _add(store, path)


def _add(store: Store, path: Path) -> Addition:
    try:
        return Addition(path, store.add(path))
    except (BadFile, NotACalibration) as error:
        return Addition(path, error=error)


def _add_folder(store: Store, folder: Path, *, walk: bool) -> Iterator[Addition]:
    idle = True
    for path in fits_files(folder, walk=walk):
        addition = _add(store, path)
        if isinstance(addition.error, NotACalibration):
            addition = Addition(path, passed_over=addition.error.message)
        idle = idle and addition.passed_over is not None
        yield addition
    if idle:
        yield Addition(folder, error=BadFile("holds no calibrations", path=folder))


def fits_files(folder: Path, *, walk: bool = False) -> Iterator[Path]:
    """Yield the files of a folder whose names end as FITS files do, in order; none is hidden."""
    for path in sorted(folder.rglob("*") if walk else folder.iterdir()):
        if path.name.lower().endswith(_ENDINGS) and path.name[0] != "." and path.is_file():
            yield path
