"""Interpolate in two passes, along rows and then along columns.

For a map that differs from the identity by a shift and a turn of less than a hundredth, the shift
along a native row is the same for all its pixels but for a slope of the second order, and so is the
shift along an output column. The six weights then belong to whole rows and to whole columns.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..frame import Flags, Plane
from ..geometry import Affine
from .lanczos import TAPS, lanczos
from .mend import PAD

SHARE = 0.05
"""Linear weight up to which a neighbour's flags are not handed on."""
ERROR = 1 / 4096
"""Pixels: largest error of a shift that is taken as constant over a block."""
LARGEST = 2048
"""Pixels in a block, at most."""
Shifts = NDArray[np.float64]
Tile = tuple[Plane, Plane, Flags]
"""sci, var and dq of the same pixels."""


def rows_needed(to_native: Affine, y: range, x: range) -> tuple[int, int]:
    """Return the first native row that output rows and columns need, and the one past the last."""
    corners = [[column, row] for column in (x[0], x[-1]) for row in (y[0], y[-1])]
    places = to_native(corners)[:, 1]
    # One row more on both sides: the shift of a block may fall into the next pixel.
    return int(np.floor(places.min())) - 3, int(np.floor(places.max())) + 5


def interpolated(
    native: Tile, corner: tuple[int, int], to_native: Affine, y: range, x: range, scale: float
) -> Tile:
    """Return the pixels of output rows ``y`` and columns ``x``, their counts multiplied by a scale.

    ``native`` holds the rows that :func:`rows_needed` asks for, each with ``PAD`` columns more on
    both sides; ``corner`` is its first row, and its first column but for those. The variance goes
    with the squared weights.
    """
    first, left = corner
    (a, b), (d, e) = to_native.matrix
    c, f = to_native.shift
    rows = np.arange(first, first + len(native[0]))
    # Along rows: the native x of output column x on native row r, with y eliminated.
    across = b / e * rows + (c - b * f / e)
    half = _along_rows(native, left, x, a - b * d / e - 1, across)
    return _along_columns(half, first, y, e - 1, d * np.arange(x.start, x.stop) + f, scale)


def _along_rows(native: Tile, left: int, x: range, slope: float, shifts: Shifts) -> Tile:
    """Return the planes on native rows and output columns, from the shift of each row."""
    half = _empty(len(shifts), len(x))
    for block, shift in _blocks(x, slope):
        here = shifts + shift
        columns = slice(block.start - x.start, block.stop - x.start)
        for rows, whole in _stretches(np.floor(here).astype(np.intp)):
            weights = lanczos(here[rows] - whole)
            first = block.start + whole + int(TAPS[0]) + PAD - left
            taken = slice(first, first + len(block) + len(TAPS) - 1)
            _sum_rows(native[0][rows, taken], weights, half[0][rows, columns])
            _sum_rows(native[1][rows, taken], weights**2, half[1][rows, columns])
        for rows, (low, high) in _flag_stretches(here):
            first, second = (block.start + whole + PAD - left for whole in (low, high))
            dq, n = native[2][rows], len(block)
            np.bitwise_or(
                dq[:, first : first + n], dq[:, second : second + n], out=half[2][rows, columns]
            )
    return half


def _along_columns(
    half: Tile, top: int, y: range, slope: float, shifts: Shifts, scale: float
) -> Tile:
    """Return the planes on output rows and columns, from the shift of each column."""
    out = _empty(len(y), len(shifts))
    factor = np.float32(scale)
    for block, shift in _blocks(y, slope):
        here = shifts + shift
        rows = slice(block.start - y.start, block.stop - y.start)
        for columns, whole in _stretches(np.floor(here).astype(np.intp)):
            weights = lanczos(here[columns] - whole) * factor
            first = block.start + whole + int(TAPS[0]) - top
            taken = slice(first, first + len(block) + len(TAPS) - 1)
            _sum_columns(half[0][taken, columns], weights, out[0][rows, columns])
            _sum_columns(half[1][taken, columns], weights**2, out[1][rows, columns])
        for columns, (low, high) in _flag_stretches(here):
            first, second = (block.start + whole - top for whole in (low, high))
            dq, n = half[2][:, columns], len(block)
            np.bitwise_or(dq[first : first + n], dq[second : second + n], out=out[2][rows, columns])
    return out


def _empty(ny: int, nx: int) -> Tile:
    return (
        np.empty((ny, nx), np.float32),
        np.empty((ny, nx), np.float32),
        np.empty((ny, nx), np.uint16),
    )


def _sum_rows(plane: Plane, weights: Plane, out: Plane) -> None:
    """Write sums over taps k of ``weights[k, r] * plane[r, c + k]``.

    Even and odd taps apart: where taps are not neighbours in memory, einsum sums over whole rows,
    six times as fast as tap by tap.
    """
    windows = sliding_window_view(plane, len(TAPS), axis=1)
    np.einsum("rck,kr->rc", windows[..., ::2], weights[::2], out=out)
    out += np.einsum("rck,kr->rc", windows[..., 1::2], weights[1::2])


def _sum_columns(plane: Plane, weights: Plane, out: Plane) -> None:
    """Write sums over taps k of ``weights[k, c] * plane[r + k, c]``."""
    windows = sliding_window_view(plane, len(TAPS), axis=0)
    np.einsum("rck,kc->rc", windows, weights, out=out)


def _blocks(pixels: range, slope: float) -> Iterator[tuple[range, float]]:
    """Cut a range where its shift has changed too much; yield the parts and their shifts.

    The cuts are at multiples of the block's size, whatever the range: bands cannot matter.
    """
    size = LARGEST
    while size > 1 and abs(slope) * size / 2 > ERROR:
        size //= 2
    for start in range(pixels.start // size * size, pixels.stop, size):
        part = range(max(pixels.start, start), min(pixels.stop, start + size))
        yield part, slope * (start + (size - 1) / 2)


def _stretches(values: NDArray[np.intp]) -> Iterator[tuple[slice, int]]:
    """Yield the stretches of equal values."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    for start, stop in pairwise([0, *cuts.tolist(), len(values)]):
        yield slice(start, stop), int(values[start])


def _flag_stretches(shifts: Shifts) -> Iterator[tuple[slice, tuple[int, int]]]:
    """Yield stretches of shifts that take their flags from the same two neighbours, or from one."""
    low = np.floor(shifts + SHARE).astype(np.intp)
    high = np.ceil(shifts - SHARE).astype(np.intp)
    for some, both in _stretches(low + high):
        yield some, (both // 2, (both + 1) // 2)
