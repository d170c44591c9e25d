"""Frames laid on the output grid at the nearest whole-pixel shifts.

The pixels stay where they are: what is laid says which native pixel lies nearest to an output
pixel, and by how much it misses it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...band import Piece, Strips
from ...dq import UNUSABLE, Dq
from ...frame import Flags, Plane
from ..masks import Indexes, Mask

Shift = NDArray[np.float64]
Light = NDArray[np.float32]
Rectangle = tuple[slice, slice]

UNSEEN = np.uint16(UNUSABLE)
"""Flags of pixels that say nothing of the sky."""
FULL = np.uint16(Dq.SATURATED)
BLIND = np.float32(-np.inf)
"""Stands for the light of pixels that are flagged or saturated."""
PART = 1 << 17
"""Pixels of a frame worked on at a time: few enough for the cache that all processors share, and so
many that threads seldom meet between two kernels; with 1 << 13 two were slower than one."""


@dataclass(frozen=True)
class Laid:
    """A piece on the overlay: output pixels, counted from the overlay's first row and column."""

    piece: Piece
    light: Plane
    """Counts above the sky in the unit of the output; ``BLIND`` where they are not known."""
    dq: Flags
    """The piece's flags, in memory of their own."""
    full: Indexes
    """Saturated pixels: places in the flattened planes."""
    level: np.float32
    """Light of a pixel without counts, in the unit of the output."""
    first: int
    """Output row that the overlay begins with."""
    left: int
    """Output column that it begins with."""
    typical: int
    """Row of the planes less overlay row, in the middle column of the grid."""
    along_x: Indexes
    """Of each overlay row: column of the planes less overlay column."""
    along_y: Indexes
    """Of each overlay column: row of the planes less overlay row."""

    def native(self, y: Indexes, x: Indexes) -> tuple[Indexes, Indexes]:
        """Return the row and column of the planes nearest to overlay pixels."""
        return y + self.along_y[x], x + self.along_x[y]

    def overlay(self, row: Indexes, column: Indexes) -> tuple[Indexes, Indexes, Mask]:
        """Return the overlay pixels that native ones are nearest to, and which of them exist."""
        ny, nx = len(self.along_x), len(self.along_y)
        x = column - self.along_x[np.clip(row - self.typical, 0, ny - 1)]
        y = row - self.along_y[np.clip(x, 0, nx - 1)]
        x = column - self.along_x[np.clip(y, 0, ny - 1)]
        return y, x, (y >= 0) & (y < ny) & (x >= 0) & (x < nx)

    def miss(self, y: Indexes, x: Indexes) -> tuple[Shift, Shift]:
        """Return how far (y, x) overlay pixels lie from their nearest native ones, pixels."""
        (a, b), (d, e) = self.piece.to_native.matrix
        c, f = self.piece.to_native.shift
        row, column = self.native(y, x)
        y, x = y + self.first, x + self.left
        row, column = row + self.piece.first, column + self.piece.left
        return d * x + e * y + f - row, a * x + b * y + c - column

    def holds(self, row: Indexes, column: Indexes, margin: int = 0) -> Mask:
        """Say which rows and columns lie within the planes, so many pixels from their edges."""
        ny, nx = self.light.shape
        inside: Mask = (row >= margin) & (row < ny - margin)
        inside &= (column >= margin) & (column < nx - margin)
        return inside

    def rectangles(self, rows: range) -> Iterator[tuple[Rectangle, Rectangle]]:
        """Return matching rectangles of some overlay rows (from their first) and of the planes."""
        for y1, y2, x1, x2, dy, dx in self._rectangles:
            top, bottom = max(y1, rows.start), min(y2, rows.stop)
            if top < bottom:
                yield (
                    (slice(top - rows.start, bottom - rows.start), slice(x1, x2)),
                    (slice(top + dy, bottom + dy), slice(x1 + dx, x2 + dx)),
                )

    @cached_property
    def _rectangles(self) -> list[tuple[int, int, int, int, int, int]]:
        """The overlay cut where a shift changes: rows, columns, the shifts along y and x."""
        ny, nx = self.light.shape
        found = []
        for r1, r2 in _runs(self.along_x):
            for c1, c2 in _runs(self.along_y):
                dy, dx = int(self.along_y[c1]), int(self.along_x[r1])
                top, bottom = max(r1, -dy), min(r2, ny - dy)
                left, right = max(c1, -dx), min(c2, nx - dx)
                if top < bottom and left < right:
                    found.append((top, bottom, left, right, dy, dx))
        return found


def _runs(values: Indexes) -> list[tuple[int, int]]:
    cuts = (np.flatnonzero(np.diff(values)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(values)], strict=True))


Frame = tuple[Laid, ...]


def laid(strips: Strips, halo: int) -> tuple[Frame, ...]:
    """Return all frames on the output pixels of a band and its halo."""
    rows = range(strips.first - halo, strips.first + strips.shape[0] + halo)
    columns, whole = strips.columns(halo), strips.whole or strips.shape[1]
    return tuple(
        tuple(_laid(piece, rows, columns, whole, strips.sky) for piece in pieces)
        for pieces in strips.frames
    )


def _laid(piece: Piece, rows: range, columns: range, whole: int, sky: float) -> Laid:
    """Lay one piece: its shift along x changes with the row, that along y with the column.

    Neither depends on the overlay, but only on the grid with so many columns on the ``whole``.
    """
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    middle = (whole - 1) / 2
    x = np.append(columns, whole // 2)
    along_x = np.rint(b * np.asarray(rows) + c + (a - 1) * middle).astype(np.intp)
    along_y = np.rint(d * x + f + (e - 1) * middle).astype(np.intp)
    along_x += columns.start - piece.left
    along_y += rows.start - piece.first
    level = np.float32(piece.offset - sky)
    light, full = _light(piece, level)
    dq, corner, typical = piece.dq.copy(), (rows.start, columns.start), int(along_y[-1])
    return Laid(piece, light, dq, full, level, *corner, typical, along_x, along_y[:-1])


def _light(piece: Piece, level: np.float32) -> tuple[Plane, Indexes]:
    """Return the light of a piece, and its saturated pixels."""
    light = np.empty(piece.sci.shape, np.float32)
    scale = np.float32(piece.scale)
    flat, sci, dq = light.ravel(), piece.sci.ravel(), piece.dq.ravel()
    full = [np.empty(0, np.intp)]
    for start in range(0, flat.size, PART):
        part = slice(start, start + PART)
        np.multiply(sci[part], scale, out=flat[part])
        flat[part] += level
        flags = dq[part] & (UNSEEN | FULL)
        blind = np.flatnonzero(flags)
        if len(blind):
            flat[part][blind] = BLIND
            full.append(blind[(flags[blind] & FULL) > 0] + start)
    return light, np.concatenate(full)


@dataclass(frozen=True)
class Seen:
    """What one frame sees at some overlay pixels, in the unit of the output."""

    light: Light
    var: Light


def seen(frame: Frame, y: Indexes, x: Indexes) -> Seen:
    """Return what a frame sees at overlay pixels: light, ``BLIND`` where it sees none."""
    light = np.full(len(y), BLIND)
    var = np.zeros(len(y), np.float32)
    for one in frame:
        row, column = one.native(y, x)
        some = np.flatnonzero(one.holds(row, column))
        at = row[some] * one.light.shape[1] + column[some]
        light[some] = one.light.ravel()[at]
        var[some] = one.piece.var.ravel()[at] * np.float32(one.piece.scale**2)
    return Seen(light, var)


def lights(one: Laid, row: Indexes, column: Indexes, dy: Indexes, dx: Indexes) -> Light:
    """Return the light so many rows and columns from pixels of the planes, [step, pixel].

    It is ``BLIND`` beyond their edges.
    """
    flat = one.light.ravel()
    nx = one.light.shape[1]
    places = row * nx + column + (dy * nx + dx)[:, None]
    if one.holds(row, column, int(max(np.abs(dy).max(), np.abs(dx).max()))).all():
        found: Light = flat[places]
        return found
    inside = one.holds(row + dy[:, None], column + dx[:, None])
    return np.where(inside, flat[np.where(inside, places, 0)], BLIND)


def hidden(one: Laid, row: Indexes, column: Indexes) -> Light:
    """Return the light of pixels that cosmic rays hit: of a star below, no more than all of it.

    ``BLIND`` where something else makes a pixel unusable, beyond the edges, and where none hit.
    """
    row, column = np.broadcast_arrays(row, column)
    inside = one.holds(row, column)
    places = np.where(inside, row * one.light.shape[1] + column, 0)
    hit = inside & (one.dq.ravel()[places] & (UNSEEN | FULL) == Dq.COSMIC_RAY)
    light = one.piece.sci.ravel()[places] * np.float32(one.piece.scale) + one.level
    return np.where(hit, np.maximum(light, 0), BLIND)


def mark(frame: Frame, y: Indexes, x: Indexes) -> None:
    """Flag overlay pixels of a frame as cosmic rays, and take their light away, in place."""
    for one in frame:
        row, column = one.native(y, x)
        some = np.flatnonzero(one.holds(row, column))
        at = row[some] * one.light.shape[1] + column[some]
        one.dq.ravel()[at] |= np.uint16(Dq.COSMIC_RAY)
        one.light.ravel()[at] = BLIND


def by_frame(whose: Indexes) -> Iterator[tuple[int, slice]]:
    """Yield each frame that pixels are of, and the slice of its pixels; ``whose`` is in order."""
    if len(whose):
        for start, stop in _runs(whose):
            yield int(whose[start]), slice(start, stop)
