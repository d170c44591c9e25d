"""Smooth surfaces: polynomials in x and y that go through the sky and past its sources."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Plane
from ..geometry import Points
from .detect import block_sums, pixel_scale
from .masks import Mask
from .polynomial import Surface, as_surface, regressed, terms

Floats = NDArray[np.float64]

BLOCK = 1.0
"""Arcsec: about the side of the blocks whose means are fitted; a few times finer than fringes."""


@dataclass(frozen=True)
class BlockMeans:
    """Means of planes over the same good pixels of square blocks."""

    size: int
    """Pixels."""
    shape: tuple[int, int]
    """Of the planes."""
    seen: Mask
    """Which blocks have good pixels in a half of them or more: [row, column]."""
    count: Floats
    """Good pixels of each block seen."""
    means: tuple[Floats, ...]
    """Of each block seen, for each plane."""

    @property
    def centres(self) -> Points:
        """Where the blocks seen have their middles: pixels (x, y)."""
        row, column = np.nonzero(self.seen)
        return (np.column_stack([column, row]).astype(float) + 0.5) * self.size - 0.5

    def terms(self, order: int) -> Floats:
        """Return the terms x^i y^j, i + j <= order, at the blocks seen: [block, term]."""
        return terms(self.centres, self.shape, order)


def in_blocks(info: CcdInfo, good: Mask, *planes: Plane) -> BlockMeans:
    """Return the means of planes over the good pixels of blocks."""
    size = max(1, round(BLOCK / pixel_scale(info)))
    count = block_sums(good.astype(np.float32), (size, size))
    seen = 2 * count >= size**2
    sums = (block_sums(np.where(good, plane, np.float32(0)), (size, size)) for plane in planes)
    number = count[seen].astype(float)
    means = tuple(total[seen] / number for total in sums)
    return BlockMeans(size, good.shape, seen, number, means)


def fitted_surface(blocks: BlockMeans, values: Floats, order: int) -> Surface:
    """Return the surface through the values of the blocks seen, outliers left out."""
    solution, _, _ = regressed(blocks.terms(order), values)
    return as_surface(solution, order)
