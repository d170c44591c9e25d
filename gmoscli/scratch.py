"""Parked frames: planes on disk, of which rows are read back by band.

A scratch folder goes away when its ``with`` block is left. One that a killed run left behind is
removed by the next run: a lock, which dies with its process, tells the two apart.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import GmosError
from .frame import Ccd, Flags, Plane

PREFIX = "gmoscli-scratch-"
_TYPES: tuple[np.dtype[Any], ...] = (
    np.dtype(np.float32),
    np.dtype(np.float32),
    np.dtype(np.uint16),
)


@dataclass(frozen=True)
class Parked:
    """The planes of one ccd on disk: sci, var, dq, one after the other."""

    path: Path
    shape: tuple[int, int]

    def rows(self, start: int, stop: int) -> tuple[Plane, Plane, Flags]:
        """Return rows of the three planes."""
        ny, nx = self.shape
        planes: list[NDArray[Any]] = []
        offset = 0
        with self.path.open("rb") as stream:
            for kind in _TYPES:
                stream.seek(offset + start * nx * kind.itemsize)
                flat = np.fromfile(stream, kind, (stop - start) * nx)
                planes.append(flat.reshape(stop - start, nx))
                offset += ny * nx * kind.itemsize
        return planes[0], planes[1], planes[2]

    def ccd(self) -> tuple[Plane, Plane, Flags]:
        """Return the three planes whole."""
        return self.rows(0, self.shape[0])

    def drop(self) -> None:
        """Give the disk space back."""
        self.path.unlink(missing_ok=True)


class Scratch:
    """A folder for parked frames."""

    def __init__(self, folder: Path):
        self.folder = folder
        self._numbers = count()

    def park(self, ccd: Ccd) -> Parked:
        """Write the planes of a ccd. Raises GmosError on a full disk."""
        path = self.folder / str(next(self._numbers))
        planes: tuple[NDArray[Any], ...] = (ccd.sci, ccd.var, ccd.dq)
        try:
            with path.open("xb") as stream:
                for plane, kind in zip(planes, _TYPES, strict=True):
                    stream.write(np.ascontiguousarray(plane, kind).data)
        except OSError as error:
            raise GmosError(
                f"cannot write to the scratch folder: {(error.strerror or str(error)).lower()}",
                path=self.folder,
                hint="choose a place with more room: --scratch FOLDER or $TMPDIR",
            ) from error
        return Parked(path, ccd.sci.shape)


@contextmanager
def scratch(parent: Path | None = None) -> Iterator[Scratch]:
    """Yield a scratch folder below ``parent`` (else $TMPDIR or /tmp), removed in the end."""
    root = Path(tempfile.gettempdir()) if parent is None else parent
    try:
        remove_abandoned(root)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise GmosError(
            f"no scratch folder: {(error.strerror or str(error)).lower()}",
            path=root,
            hint="choose another place: --scratch FOLDER or $TMPDIR",
        ) from error
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Scratch(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def remove_abandoned(root: Path) -> None:
    """Remove scratch folders whose process is gone: nobody holds their lock."""
    for folder in root.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder, os.O_RDONLY)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Just made and not yet locked looks the same as abandoned: leave the young ones.
            if os.fstat(lock).st_mtime < time.time() - 60:
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:
            pass
        finally:
            os.close(lock)
