"""Where the planes of a ccd rest between two passes: in memory that processes share, or on disk."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import GmosError, reason
from ..frame import Ccd, Flags, Plane
from .forks import shared_plane

Rows = tuple[Plane, Plane, Flags]
_TYPES: tuple[np.dtype[Any], ...] = (
    np.dtype(np.float32),
    np.dtype(np.float32),
    np.dtype(np.uint16),
)


class Packing(NamedTuple):
    """How the planes of a ccd lie in their place."""

    shape: tuple[int, int]
    """Of the ccd, (rows, columns)."""
    equal_rows: bool
    """Whether all rows of var are equal: then one is kept."""

    def rows(self) -> tuple[int, int, int]:
        """Return how many rows of sci, var, dq are kept."""
        ny = self.shape[0]
        return ny, 1 if self.equal_rows else ny, ny

    def whole(self, kept: list[NDArray[Any]], rows: int) -> Rows:
        """Return planes of so many rows from what is kept of them."""
        sci, var, dq = kept
        return sci, np.broadcast_to(var, (rows, self.shape[1])), dq


class Place(Protocol):
    """Room for one ccd, which one process keeps and another one may fill."""

    def put(self, ccd: Ccd) -> Packing:
        """Put its planes to rest, and say how they lie. Raises GmosError on a full disk."""

    def rows(self, packing: Packing, start: int, stop: int) -> Rows:
        """Return rows of sci, var, dq; they are not to be changed."""

    def drop(self) -> None:
        """Give back the room."""


@dataclass(frozen=True)
class Parked:
    """The planes of one ccd at rest."""

    place: Place
    packing: Packing

    def rows(self, start: int, stop: int) -> Rows:
        """Return rows of sci, var, dq; they are not to be changed."""
        return self.place.rows(self.packing, start, stop)

    def ccd(self) -> Rows:
        """Return the three planes whole; they are not to be changed."""
        return self.rows(0, self.packing.shape[0])

    def drop(self) -> None:
        """Give back the room that they take."""
        self.place.drop()


@dataclass(frozen=True)
class OnDisk:
    """A file: sci, var, dq, one after the other."""

    path: Path

    def put(self, ccd: Ccd) -> Packing:
        """Write the planes."""
        packing, planes = _kept(ccd)
        try:
            with self.path.open("xb") as stream:
                for plane in planes:
                    stream.write(np.ascontiguousarray(plane).data)
        except OSError as error:
            raise GmosError(
                f"cannot write to the scratch folder: {reason(error)}",
                path=self.path.parent,
                hint="choose a place with more room: --scratch FOLDER or $TMPDIR",
            ) from error
        return packing

    def rows(self, packing: Packing, start: int, stop: int) -> Rows:
        """Read rows of the three planes."""
        found: list[NDArray[Any]] = []
        with self.path.open("rb") as stream:
            for plane, some in _parts(packing, start, stop):
                stream.seek(plane.start + some.start * plane.row)
                count = (some.stop - some.start) * packing.shape[1]
                found.append(np.fromfile(stream, plane.kind, count).reshape(-1, packing.shape[1]))
        return packing.whole(found, stop - start)

    def drop(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


class InMemory:
    """Memory, filled as a file would be."""

    def __init__(self, size: int, freed: Callable[[], None]):
        self._room: NDArray[Any] | None = shared_plane((size,), np.uint8)
        self._freed = freed

    def put(self, ccd: Ccd) -> Packing:
        """Copy the planes."""
        packing, planes = _kept(ccd)
        for (plane, some), values in zip(_parts(packing, 0, packing.shape[0]), planes, strict=True):
            self._view(packing, plane, some)[:] = values
        return packing

    def rows(self, packing: Packing, start: int, stop: int) -> Rows:
        """Return rows of the three planes."""
        found = [self._view(packing, plane, some) for plane, some in _parts(packing, start, stop)]
        for part in found:
            part.setflags(write=False)
        return packing.whole(found, stop - start)

    def drop(self) -> None:
        """Let go of the memory."""
        if self._room is not None:
            self._room = None
            self._freed()

    def _view(self, packing: Packing, plane: "_Plane", some: slice) -> NDArray[Any]:
        assert self._room is not None
        first, last = (plane.start + row * plane.row for row in (some.start, some.stop))
        return self._room[first:last].view(plane.kind).reshape(-1, packing.shape[1])


class _Plane(NamedTuple):
    """Where one plane begins, and the bytes of a row."""

    kind: np.dtype[Any]
    start: int
    row: int


def _kept(ccd: Ccd) -> tuple[Packing, tuple[NDArray[Any], ...]]:
    """Return how planes are packed, and what is kept of them in the types they rest in."""
    equal = not ccd.var.strides[0]
    planes: tuple[NDArray[Any], ...] = ccd.sci, ccd.var[:1] if equal else ccd.var, ccd.dq
    kept = tuple(plane.astype(kind, copy=False) for plane, kind in zip(planes, _TYPES, strict=True))
    return Packing(ccd.sci.shape, equal), kept


def _parts(packing: Packing, start: int, stop: int) -> Iterator[tuple[_Plane, slice]]:
    """Yield each plane with the rows of it that make up some rows of the ccd."""
    begin = 0
    for kind, rows in zip(_TYPES, packing.rows(), strict=True):
        plane = _Plane(kind, begin, packing.shape[1] * kind.itemsize)
        begin += rows * plane.row
        yield plane, slice(start, stop) if rows == packing.shape[0] else slice(0, 1)
