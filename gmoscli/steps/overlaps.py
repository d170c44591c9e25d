"""What pairs of frames share of the blank sky, in cells of some arcsec."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Grid, Observation
from ..geometry import Affine, Points
from ..grids import to_native
from .polynomial import regressed

FOLLOWING = 4
"""Frames after each, round the list, that it is compared with, besides the reference."""
FEWEST = 10
"""Cells that two frames must share to be compared."""


@dataclass(frozen=True)
class Overlap:
    """The blank cells that two frames share."""

    first: int
    second: int
    """Frame numbers."""
    apart: NDArray[np.float64]
    """By how much the scaled sky of the second frame is above that of the first, by cell."""
    places: tuple[Points, Points]
    """Where the cells lie on the first and on the second, pixels from the middle of the ccd."""

    def slope(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return by how much the second sky is steeper, per pixel (x, y), and its errors."""
        design = np.column_stack([np.ones(len(self.apart)), self.places[0]])
        plane, scatter, used = regressed(design, self.apart)
        covariance = np.linalg.pinv(design[used].T @ design[used])
        return plane[1:], max(scatter, 1e-6) * np.sqrt(np.diag(covariance)[1:])


def overlaps(
    frames: Sequence[Observation],
    infos: Sequence[CcdInfo | None],
    scales: Sequence[float],
    reference: int,
) -> Iterator[Overlap]:
    """Yield the cells of one ccd that pairs of frames share."""
    own = infos[reference]
    assert own is not None
    grid = Grid(own.index, own.wcs, own.shape, (own.index,))
    for i, j in pairs(len(frames), reference):
        first, second = infos[i], infos[j]
        if first is None or second is None:
            continue
        there = to_native(grid, frames[j], own.index).after(
            to_native(grid, frames[i], own.index).inverse
        )
        levels, places = shared(first, second, there)
        if len(places) >= FEWEST:
            middles = [(np.array(info.shape[::-1]) - 1) / 2 for info in (first, second)]
            yield Overlap(
                i,
                j,
                scales[j] * levels[1] - scales[i] * levels[0],
                (places - middles[0], there(places) - middles[1]),
            )


def pairs(frames: int, reference: int) -> list[tuple[int, int]]:
    """Return the pairs of frames to compare: all with the reference, each with the next few."""
    found = {(min(reference, i), max(reference, i)) for i in range(frames)}
    for i in range(frames):
        for step_ in range(1, FOLLOWING + 1):
            j = (i + step_) % frames
            found.add((min(i, j), max(i, j)))
    return sorted(pair for pair in found if pair[0] != pair[1])


def shared(first: CcdInfo, second: CcdInfo, there: Affine) -> tuple[NDArray[np.float64], Points]:
    """Return the levels of the cells that both ccds show, [first or second, cell], and where.

    ``there`` maps pixels of the first, which the places are in, to those of the second, whose level
    is interpolated between its cells.
    """
    nothing = np.empty((2, 0)), np.empty((0, 2))
    if first.sky is None or second.sky is None:
        return nothing
    ours, theirs = first.sky.cells, second.sky.cells
    if ours is None or theirs is None:
        return nothing
    row, column = np.indices(ours.level.shape).reshape(2, -1)
    centres = (np.column_stack([column, row]).astype(float) + 0.5) * ours.size - 0.5
    at = (there(centres) + 0.5) / theirs.size - 0.5
    levels = np.stack([ours.level.ravel(), between_cells(theirs.level, at)]).astype(float)
    both = np.isfinite(levels).all(axis=0)
    return levels[:, both], centres[both]


def between_cells(level: NDArray[Any], at: Points) -> NDArray[np.float64]:
    """Return the level at places (x, y) in units of cells, linear between their centres, or NaN."""
    ny, nx = level.shape
    x, y = np.floor(at).astype(int).T
    right, up = at[:, 0] - x, at[:, 1] - y
    inside = (x >= 0) & (x < nx - 1) & (y >= 0) & (y < ny - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    x2, y2 = np.minimum(x + 1, nx - 1), np.minimum(y + 1, ny - 1)
    low = (1 - right) * level[y, x] + right * level[y, x2]
    high = (1 - right) * level[y2, x] + right * level[y2, x2]
    return np.where(inside, (1 - up) * low + up * high, np.nan)
