"""Which output pixels a piece reaches: those whose centre lies within its pixels' centres."""

import numpy as np
from numpy.typing import NDArray

from ..band import Piece

EDGE = 1e-6
"""Pixels: an exact whole-pixel shift must not lose a row or column to rounding."""
Columns = NDArray[np.intp]


def columns_reached(piece: Piece, y: range, x: range) -> tuple[Columns, Columns]:
    """Return, for each output row, the first of some columns reached and the one past the last.

    Rows that the piece does not reach have an empty range.
    """
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    rows = np.arange(y.start, y.stop)
    ny, nx = piece.sci.shape
    left, right = _between(a, b * rows + c, piece.left, piece.left + nx - 1, x)
    low, high = _between(d, e * rows + f, piece.first, piece.first + ny - 1, x)
    return np.maximum(left, low), np.minimum(right, high)


def _between(
    slope: float, start: NDArray[np.float64], low: float, high: float, x: range
) -> tuple[Columns, Columns]:
    """Return the range of the columns for which ``start + slope * x`` is between two limits."""
    below, above = low - EDGE - start, high + EDGE - start
    if abs(slope) * x.stop < EDGE / 1000:
        inside = (below <= 0) & (above >= 0)
        return np.where(inside, x.start, x.stop), np.full(len(start), x.stop)
    ends = np.sort([below / slope, above / slope], axis=0)
    first, last = np.ceil(ends[0]), np.floor(ends[1]) + 1
    left, right = (np.clip(end, x.start, x.stop).astype(np.intp) for end in (first, last))
    return left, right
