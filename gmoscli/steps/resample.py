"""Put frames on the common grid: one interpolation per pixel, from each ccd's own pixels.

Flagged pixels are filled from their good neighbours (:mod:`.mend`); rows and columns are
interpolated with Lanczos-3 (:mod:`.lanczos`, :mod:`.separable`) where the frame has data
(:mod:`.footprint`). Variances go with the squared weights, and flags to the output pixels that the
flagged one would have dominated.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..band import Deep, Piece, Strips
from ..dq import Dq
from ..errors import ReductionError
from ..geometry import Affine
from ..step import step
from .footprint import columns_reached
from .mend import PAD, mended
from .separable import Tile, interpolated, rows_needed

HALO = 8
"""Output pixels around a band that are looked at: six taps reach 3 away, the pixels that they are
filled from 2 more; the rest is room for rounding and for a block's shift."""
ROWS = 256
"""Output rows that are interpolated at a time: few enough for the processor's cache, and enough to
spread the six rows more that a tile needs; measured, 64 take half as long again."""
STEEPEST = 0.01
"""Largest difference of a map's matrix from the identity for which two passes will do."""


@step("resampleToCommonFrame", halo=HALO, aside=HALO)
def resample(strips: Strips) -> Deep:
    """Interpolate every frame's pieces onto the band, with its scale and offset applied."""
    n, (ny, nx) = len(strips.frames), strips.shape
    deep = Deep(
        np.zeros((n, ny, nx), np.float32),
        np.zeros((n, ny, nx), np.float32),
        np.full((n, ny, nx), Dq.NO_DATA, np.uint16),
        strips.weights,
        strips.sky,
        strips.own,
        strips.fwhm,
    )
    for i, pieces in enumerate(strips.frames):
        frame = (deep.sci[i], deep.var[i], deep.dq[i])
        for piece in pieces:
            for start in range(0, ny, ROWS):
                rows = slice(start, min(start + ROWS, ny))
                tile = (frame[0][rows], frame[1][rows], frame[2][rows])
                _lay(piece, (strips.first + start, strips.left), strips.sky, tile)
    return deep


def check_turn(to_native: Affine, path: Path) -> None:
    """Raise ReductionError when a frame is turned or stretched too much to be resampled."""
    if np.abs(to_native.matrix - np.eye(2)).max() > STEEPEST:
        raise ReductionError(
            "turned by more than half a degree against the reference frame",
            path=path,
            hint="reduce frames of different position angles apart",
        )


def _lay(piece: Piece, corner: tuple[int, int], sky: float, onto: Tile) -> None:
    """Write a piece where it has data, on the planes of the output pixels from a corner on."""
    (first, start), (ny, nx) = corner, onto[0].shape
    left, right = columns_reached(piece, range(first, first + ny), range(start, start + nx))
    lit = np.flatnonzero(left < right)
    if not lit.size:
        return
    rows = slice(int(lit[0]), int(lit[-1]) + 1)
    left, right = left[rows], right[rows]
    x = range(int(left.min()), int(right.max()))
    sci, var, dq = _on_grid(piece, range(first + rows.start, first + rows.stop), x, sky)
    sci += np.float32(piece.offset)
    inside: NDArray[np.bool_] | bool = True
    if left.max() > x.start or right.min() < x.stop:
        columns = np.arange(x.start, x.stop)
        inside = (columns >= left[:, None]) & (columns < right[:, None])
    area = (rows, slice(x.start - start, x.stop - start))
    np.copyto(onto[0][area], sci, where=inside)
    np.copyto(onto[1][area], var, where=inside)
    np.copyto(onto[2][area], dq, where=inside)


def _on_grid(piece: Piece, y: range, x: range, sky: float) -> Tile:
    """Return output rows and columns of a piece, scaled."""
    scale = piece.scale * abs(float(np.linalg.det(piece.to_native.matrix)))
    moved = whole_shift(piece.to_native)
    if moved is None:
        start, stop = rows_needed(piece.to_native, y, x)
        native = mended(piece, start, stop, sky)
        planes = (native.sci, native.var, native.dq)
        return interpolated(planes, (start, piece.left), piece.to_native, y, x, scale)
    dx, dy = moved
    native = mended(piece, y.start + dy, y.stop + dy, sky)
    beside = dx + PAD - piece.left
    columns = slice(x.start + beside, x.stop + beside)
    factor = np.float32(scale)
    sci, var = native.sci[:, columns] * factor, native.var[:, columns] * factor**2
    return sci, var, native.dq[:, columns]


def whole_shift(to_native: Affine) -> tuple[int, int] | None:
    """Return the shift (x, y) when the map is one by whole pixels, else None."""
    rounded = np.rint(to_native.shift)
    same = np.abs(to_native.matrix - np.eye(2)).max() < 1e-9
    if same and np.abs(to_native.shift - rounded).max() < 1e-6:
        return int(rounded[0]), int(rounded[1])
    return None
