"""Parked frames: planes in memory while there is room, else on disk; rows are read back by band.

A scratch folder goes away when its ``with`` block is left. One that a killed run left behind is
removed by the next run: a lock, which dies with its process, tells the two apart.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import GmosError, reason
from ..frame import Ccd, Flags, Plane

Planes = tuple[Plane, Plane, Flags]
PREFIX = "gmoscli-scratch-"
_TYPES: tuple[np.dtype[Any], ...] = (
    np.dtype(np.float32),
    np.dtype(np.float32),
    np.dtype(np.uint16),
)


class Parked(Protocol):
    """The planes of one ccd at rest."""

    def rows(self, start: int, stop: int) -> Planes:
        """Return rows of sci, var, dq; they are not to be changed."""

    def ccd(self) -> Planes:
        """Return the three planes whole; they are not to be changed."""

    def drop(self) -> None:
        """Give back the room that they take."""


@dataclass(frozen=True)
class OnDisk:
    """Planes in a file: sci, var, dq, one after the other."""

    path: Path
    shape: tuple[int, int]

    def rows(self, start: int, stop: int) -> Planes:
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

    def ccd(self) -> Planes:
        """Return the three planes whole."""
        return self.rows(0, self.shape[0])

    def drop(self) -> None:
        """Give the disk space back."""
        self.path.unlink(missing_ok=True)


class InMemory:
    """Planes that stay where they are."""

    def __init__(self, planes: Planes, freed: Callable[[], None]):
        self._planes: Planes | None = planes
        self._freed = freed
        for plane in planes:
            plane.setflags(write=False)

    def rows(self, start: int, stop: int) -> Planes:
        """Return rows of the three planes."""
        sci, var, dq = self.ccd()
        return sci[start:stop], var[start:stop], dq[start:stop]

    def ccd(self) -> Planes:
        """Return the three planes whole."""
        assert self._planes is not None
        return self._planes

    def drop(self) -> None:
        """Let go of the planes."""
        if self._planes is not None:
            self._planes = None
            self._freed()


class Scratch:
    """A place for parked frames: so many bytes of memory, and a folder for what does not fit."""

    def __init__(self, folder: Path, room: int = 0):
        self.folder = folder
        self._room = room
        self._numbers = count()
        self._lock = Lock()

    def park(self, ccd: Ccd) -> Parked:
        """Put the planes of a ccd to rest. Raises GmosError on a full disk."""
        planes: Planes = ccd.sci, ccd.var, ccd.dq
        size = ccd.held
        if self._taken(size):
            return InMemory(planes, lambda: self._give(size))
        path = self.folder / str(next(self._numbers))
        try:
            with path.open("xb") as stream:
                for plane, kind in zip(planes, _TYPES, strict=True):
                    stream.write(np.ascontiguousarray(plane, kind).data)
        except OSError as error:
            raise GmosError(
                f"cannot write to the scratch folder: {reason(error)}",
                path=self.folder,
                hint="choose a place with more room: --scratch FOLDER or $TMPDIR",
            ) from error
        return OnDisk(path, ccd.sci.shape)

    def _taken(self, size: int) -> bool:
        """Take room in memory, if there is enough of it."""
        with self._lock:
            if self._room < size:
                return False
            self._room -= size
            return True

    def _give(self, size: int) -> None:
        with self._lock:
            self._room += size


@contextmanager
def scratch(parent: Path | None = None, room: int = 0) -> Iterator[Scratch]:
    """Yield a place with so many bytes of memory, and a folder that is removed in the end.

    The folder is made below ``parent``, else $TMPDIR or /tmp.
    """
    root = Path(tempfile.gettempdir()) if parent is None else parent
    try:
        remove_abandoned(root)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=root))
    except OSError as error:
        raise GmosError(
            f"no scratch folder: {reason(error)}",
            path=root,
            hint="choose another place: --scratch FOLDER or $TMPDIR",
        ) from error
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Scratch(folder, room)
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
