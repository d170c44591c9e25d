"""Which output pixels a piece reaches: those whose centre lies within its pixels' centres."""

import numpy as np
from numpy.typing import NDArray

from ..frame import Piece

EDGE = 1e-6
"""Pixels: an exact whole-pixel shift must not lose a row or column to rounding."""
Columns = NDArray[np.intp]


def columns_reached(piece: Piece, y: range, width: int) -> tuple[Columns, Columns]:
    """Return, for each output row, the first column reached and the one past the last.

    Rows that the piece does not reach have an empty range. ``width`` is that of the grid.
    """
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    rows = np.arange(y.start, y.stop)
    ny, nx = piece.sci.shape
    left, right = _between(a, b * rows + c, 0, nx - 1, width)
    low, high = _between(d, e * rows + f, piece.first, piece.first + ny - 1, width)
    return np.maximum(left, low), np.minimum(right, high)


def _between(
    slope: float, start: NDArray[np.float64], low: float, high: float, width: int
) -> tuple[Columns, Columns]:
    """Return the range of the columns x for which ``start + slope * x`` is between two limits."""
    below, above = low - EDGE - start, high + EDGE - start
    if abs(slope) * width < EDGE / 1000:
        return np.where((below <= 0) & (above >= 0), 0, width), np.full(len(start), width)
    ends = np.sort([below / slope, above / slope], axis=0)
    first, last = np.ceil(ends[0]), np.floor(ends[1]) + 1
    return np.clip(first, 0, width).astype(np.intp), np.clip(last, 0, width).astype(np.intp)
