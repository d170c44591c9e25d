"""Put frames on the common grid: one interpolation per pixel, from each ccd's own pixels.

Lanczos-3 (Duchon 1979, J. Appl. Meteorol. 18, 1016), its weights corrected so that stars keep their
flux and their place at every sub-pixel phase. Dithered frames differ by a shift and a rotation of
less than a hundredth, for which the interpolation separates into a pass along rows and a pass along
columns: the shift is constant along each row, then along each column, but for a slope too small to
matter within a block. Variances go with the squared weights. Flagged pixels are filled from their
good neighbours first; the flags go to the output pixels that the bad one would have dominated.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..errors import ReductionError
from ..frame import Deep, Flags, Piece, Plane, Strips
from ..geometry import Affine
from ..stats import places
from ..step import step
from .sharp import with_neighbours

TAPS = np.arange(-2, 4)
REACH = 3
"""Native pixels needed beyond an output pixel, on either side."""
PHASES = 8192
"""Shifts by part of a pixel that are told apart; the error is half of one of these."""
BLOCK = 256
"""Output rows or columns that share one shift; the error is BLOCK / 2 times the slope."""
SLACK = 2e-6
"""Pixels: an exact whole-pixel shift must not lose a row or column to rounding."""
STEEPEST = 0.01
"""Largest difference from the identity that the separable form is used for."""
SHARE = 0.05
"""Linear weight below which a neighbour's flags are not handed on."""
TO_FILL = np.uint16(Dq.BAD | Dq.COSMIC_RAY | Dq.NO_DATA)
DARK = np.uint16(Dq.UNILLUMINATED)
_RING = [(i, j) for i in range(5) for j in range(5) if (i, j) != (2, 2)]


@step("resampleToCommonFrame")
def resample(strips: Strips) -> Deep:
    """Interpolate every frame's pieces onto the band, with its scale and offset applied."""
    n, (ny, nx) = len(strips.frames), strips.shape
    deep = Deep(
        np.zeros((n, ny, nx), np.float32),
        np.zeros((n, ny, nx), np.float32),
        np.full((n, ny, nx), Dq.NO_DATA, np.uint16),
        strips.weights,
        strips.sky,
    )
    for i, pieces in enumerate(strips.frames):
        for piece in pieces:
            _lay(piece, strips, deep.sci[i], deep.var[i], deep.dq[i])
    return deep


def check_turn(to_native: Affine, path: Path) -> None:
    """Raise ReductionError when a frame is turned or stretched too much to be resampled."""
    if np.abs(to_native.matrix - np.eye(2)).max() > STEEPEST:
        raise ReductionError(
            "turned by more than half a degree against the reference frame",
            path=path,
            hint="reduce frames of different position angles apart",
        )


def _lay(piece: Piece, strips: Strips, sci: Plane, var: Plane, dq: Flags) -> None:
    """Interpolate one piece and write it where it has data."""
    ny, y0 = strips.shape[0], strips.first
    x1, x2 = columns_reached(piece, strips)
    if x1 >= x2:
        return
    inside = covered(piece, np.arange(y0, y0 + ny), np.arange(x1, x2))
    if not inside.any():
        return
    scale = np.float32(piece.scale * abs(np.linalg.det(piece.to_native.matrix)))
    planes = interpolated(filled(piece, strips.sky), y0, ny, x1, x2)
    new_sci, new_var, new_dq = planes
    new_sci *= scale
    new_sci += np.float32(piece.offset)
    new_var *= scale**2
    where = (slice(None), slice(x1, x2))
    np.copyto(sci[where], new_sci, where=inside)
    np.copyto(var[where], new_var, where=inside)
    np.copyto(dq[where], new_dq, where=inside)


def columns_reached(piece: Piece, strips: Strips) -> tuple[int, int]:
    """Return a range of output columns that holds all that a piece reaches in a row of the band."""
    matrix, shift = piece.to_native.matrix, piece.to_native.shift
    rows = np.array([strips.first, strips.first + strips.shape[0] - 1])
    start = -(matrix[0, 1] * rows + shift[0]) / matrix[0, 0]
    end = start + (piece.sci.shape[1] - 1) / matrix[0, 0]
    first, last = int(np.ceil(start.min() - SLACK)), int(np.floor(end.max() + SLACK))
    return max(first, 0), min(last + 1, strips.shape[1])


def covered(piece: Piece, y: NDArray[np.intp], x: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which output pixels have their centre within the piece."""
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    native_x = a * x + (b * y + c)[:, None]
    native_y = d * x + (e * y + f)[:, None]
    ny, nx = piece.sci.shape
    edge = SLACK / 2  # well within the columns that are looked at
    inside: NDArray[np.bool_] = (
        (native_x >= -edge)
        & (native_x <= nx - 1 + edge)
        & (native_y >= piece.first - edge)
        & (native_y <= piece.first + ny - 1 + edge)
    )
    return inside


def interpolated(piece: Piece, y0: int, ny: int, x1: int, x2: int) -> tuple[Plane, Plane, Flags]:
    """Return sci, var, dq of the output rows y0 to y0 + ny and columns x1 to x2."""
    moved = whole_shift(piece.to_native)
    if moved is not None:
        rows = np.arange(y0 + moved[1], y0 + ny + moved[1]) - piece.first
        columns = np.arange(x1 + moved[0], x2 + moved[0])
        some = np.ix_(
            np.clip(rows, 0, piece.sci.shape[0] - 1), np.clip(columns, 0, piece.sci.shape[1] - 1)
        )
        return piece.sci[some], piece.var[some], piece.dq[some]
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    # Along rows: the native x of output column x on native row r, with y eliminated.
    slope_x, slope_r, const = a - b * d / e, b / e, c - b * f / e
    ys = np.array([y0, y0 + ny - 1])
    ends = d * np.array([[x1], [x2 - 1]]) + e * ys + f
    r1, r2 = int(np.floor(ends.min())) - 2, int(np.floor(ends.max())) + 4
    rows = np.arange(r1, r2)
    half = _along_rows(piece, rows, x1, x2, slope=slope_x - 1, shifts=slope_r * rows + const)
    return _along_columns(half, r1, y0, ny, x1, slope_x=d, slope_y=e - 1, const=f)


def whole_shift(to_native: Affine) -> tuple[int, int] | None:
    """Return the shift (x, y) when the map is one by whole pixels, else None."""
    rounded = np.rint(to_native.shift)
    same = np.abs(to_native.matrix - np.eye(2)).max() < 1e-9
    if same and np.abs(to_native.shift - rounded).max() < 1e-6:
        return int(rounded[0]), int(rounded[1])
    return None


def lanczos(fraction: NDArray[np.float64]) -> Plane:
    """Return the six Lanczos-3 weights [tap, ...] of shifts by part of a pixel, 0 to 1.

    They come from a table: a sine that is computed differs in its last bit with its place in an
    array, and so with where a band begins.
    """
    return _weights()[:, np.rint(fraction * PHASES).astype(np.intp)]


@cache
def _weights() -> Plane:
    """Return the weights [tap, phase] of each shift by a multiple of 1 / PHASES.

    They are scaled to sum one and tilted to be centred on the shift: as they are, they change the
    flux of a star by up to 1 % and move it by up to 0.02 pixel.
    """
    away = TAPS[:, None] - np.linspace(0, 1, PHASES + 1)
    weights = np.sinc(away) * np.sinc(away / REACH)
    weights /= weights.sum(axis=0)
    tilt = (TAPS - TAPS.mean())[:, None]
    weights -= (weights * away).sum(axis=0) * tilt / np.square(tilt).sum()
    return weights.astype(np.float32)


def sharpness(to_native: Affine, shape: tuple[int, int]) -> float:
    """Return the mean sum of squared weights over a grid: pixel variance left by interpolation."""
    if whole_shift(to_native) is not None:
        return 1.0
    ys, xs = np.meshgrid(*(np.rint(np.linspace(0, n - 1, 33)) for n in shape))
    native = to_native(np.stack([xs, ys], axis=-1))
    squares = (lanczos(native % 1.0) ** 2).sum(axis=0)
    return float((squares[..., 0] * squares[..., 1]).mean())


def _along_rows(
    piece: Piece,
    rows: NDArray[np.intp],
    x1: int,
    x2: int,
    *,
    slope: float,
    shifts: NDArray[np.float64],
) -> tuple[Plane, Plane, Flags]:
    """Return the planes on native rows and output columns; its ends stand in beyond the piece."""
    source = np.clip(rows - piece.first, 0, piece.sci.shape[0] - 1)
    nx = piece.sci.shape[1]
    out = (
        np.empty((len(rows), x2 - x1), np.float32),
        np.empty((len(rows), x2 - x1), np.float32),
        np.empty((len(rows), x2 - x1), np.uint16),
    )
    for b1, b2, middle in _blocks(x1, x2, slope):
        here = shifts + slope * middle
        for some, whole in _runs(np.floor(here).astype(int)):
            taken = np.arange(b1 + whole + TAPS[0], b2 + whole + TAPS[-1])
            lines = source[some]
            planes = [
                _window(plane, lines, taken, nx) for plane in (piece.sci, piece.var, piece.dq)
            ]
            fraction = (here[some] - whole)[:, None]
            target = (some, slice(b1 - x1, b2 - x1))
            _convolve(planes, fraction, 1, tuple(plane[target] for plane in out))
    return out


def _along_columns(
    half: tuple[Plane, Plane, Flags],
    r1: int,
    y0: int,
    ny: int,
    x1: int,
    *,
    slope_x: float,
    slope_y: float,
    const: float,
) -> tuple[Plane, Plane, Flags]:
    """Return the planes on output rows and columns from those on native rows."""
    width = half[0].shape[1]
    out = (
        np.empty((ny, width), np.float32),
        np.empty((ny, width), np.float32),
        np.empty((ny, width), np.uint16),
    )
    shifts = slope_x * np.arange(x1, x1 + width) + const
    for b1, b2, middle in _blocks(y0, y0 + ny, slope_y):
        here = shifts + slope_y * middle
        for some, whole in _runs(np.floor(here).astype(int)):
            start = b1 + whole + TAPS[0] - r1
            stop = b2 + whole + TAPS[-1] - r1
            planes = [plane[start:stop, some] for plane in half]
            fraction = (here[some] - whole)[None, :]
            target = (slice(b1 - y0, b2 - y0), some)
            _convolve(planes, fraction, 0, tuple(plane[target] for plane in out))
    return out


def _window(
    plane: NDArray[np.generic], lines: NDArray[np.intp], columns: NDArray[np.intp], nx: int
) -> NDArray[np.generic]:
    """Return lines and columns of a plane, the outermost columns repeated beyond its ends."""
    consecutive = len(lines) == 1 or (np.diff(lines) == 1).all()
    rows = plane[lines[0] : lines[-1] + 1] if consecutive else plane[lines]
    if columns[0] >= 0 and columns[-1] < nx:
        return rows[:, columns[0] : columns[-1] + 1]
    return rows[:, np.clip(columns, 0, nx - 1)]


def _convolve(
    planes: Sequence[NDArray[np.generic]],
    fraction: NDArray[np.float64],
    axis: int,
    out: tuple[NDArray[np.generic], ...],
) -> None:
    """Write the weighted sums of shifted sci and var, and the flags of the nearest neighbours."""
    sci, var, dq = planes
    weights = lanczos(fraction)
    length = out[0].shape[axis]
    at = [_slid(axis, k, length) for k in range(len(TAPS))]
    scratch = np.empty(out[0].shape, np.float32)
    for source, target, factors in ((sci, out[0], weights), (var, out[1], weights**2)):
        np.multiply(source[at[0]], factors[0], out=target)
        for k in range(1, len(TAPS)):
            np.multiply(source[at[k]], factors[k], out=scratch)
            np.add(target, scratch, out=target)
    first = np.where(fraction < 1 - SHARE, np.uint16(0xFFFF), np.uint16(0))
    second = np.where(fraction > SHARE, np.uint16(0xFFFF), np.uint16(0))
    np.bitwise_or(dq[at[2]] & first, dq[at[3]] & second, out=out[2])


def _slid(axis: int, start: int, length: int) -> tuple[slice, slice]:
    moved = slice(start, start + length)
    return (moved, slice(None)) if axis == 0 else (slice(None), moved)


def _blocks(start: int, stop: int, slope: float) -> Iterator[tuple[int, int, float]]:
    """Cut a range at multiples of BLOCK, whatever its ends, so that bands cannot matter."""
    if slope == 0:
        yield start, stop, 0.0
        return
    for block in range(start // BLOCK, (stop - 1) // BLOCK + 1):
        low, high = block * BLOCK, (block + 1) * BLOCK
        yield max(start, low), min(stop, high), (low + high - 1) / 2


def _runs(values: NDArray[np.intp]) -> Iterator[tuple[slice, int]]:
    """Return the stretches of equal values."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *cuts.tolist(), len(values)]
    for start, stop in pairwise(edges):
        yield slice(start, stop), int(values[start])


def filled(piece: Piece, sky: float) -> Piece:
    """Return the piece with flagged pixels replaced by the mean of their good neighbours.

    The nearest eight count four times as much as the sixteen around them; where none is good, the
    sky stands in.
    """
    bad = (piece.dq & (TO_FILL | DARK)) > 0
    deep = ((piece.dq & DARK) > 0) & ~with_neighbours(with_neighbours(~bad))
    y, x = places(bad & ~deep)
    if not len(y):
        return piece
    ny, nx = bad.shape
    total = np.zeros(len(y), np.float32)
    variance, weight = np.zeros_like(total), np.zeros_like(total)
    steps = np.arange(-2, 3)
    rows, columns = y + steps[:, None], x + steps[:, None]
    outside = ((rows < 0) | (rows >= ny))[:, None] | ((columns < 0) | (columns >= nx))
    lines = np.minimum(np.maximum(rows, 0), ny - 1) * nx
    columns = np.minimum(np.maximum(columns, 0), nx - 1)
    flat_bad, flat_sci, flat_var = bad.ravel(), piece.sci.ravel(), piece.var.ravel()
    for i, j in _RING:
        at = lines[i] + columns[j]
        near = np.float32(4 if max(abs(i - 2), abs(j - 2)) == 1 else 1)
        share = np.where(outside[i, j] | flat_bad[at], np.float32(0), near)
        total += share * flat_sci[at]
        variance += share * flat_var[at]
        weight += share
    alone = weight == 0
    weight[alone] = 1
    total[alone] = (sky - piece.offset) / piece.scale
    sci, var = piece.sci.copy(), piece.var.copy()
    sci[deep] = (sky - piece.offset) / piece.scale  # or the dark would ring into the field
    sci[y, x] = total / weight
    var[y, x] = variance / weight
    return replace(piece, sci=sci, var=var)
