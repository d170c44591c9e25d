"""The sky of a ccd flooded with light, where hardly a place is without: that of the darkest ones.

How dark a place is, its neighbours tell: its own noise has no say in whether it counts, so the
darkest places are not low by being chosen. Light of stars that is left there is shared by all.
"""

from typing import NamedTuple

import numpy as np

from ..frame import Plane
from ..geometry import Points
from ..stats import median_and_noise
from .masks import Mask
from .polynomial import as_surface, regressed, terms

AROUND = 5
"""Blocks on a side of what is around one: wider than the core of a star."""
SHARE = 0.05
"""Of the blocks of each mesh: enough for a smooth sky, and few enough to lie between stars."""
ORDER = 2
"""Degree of the polynomial that the sky of a ccd is."""


class DarkSky(NamedTuple):
    """The sky of a ccd, on its blocks."""

    back: Plane
    noise: float
    """Of the sky in a block, one sigma."""
    dark: Mask
    """Blocks that it was measured on."""


def dark_sky(sci: Plane, unseen: Mask, mesh: int) -> DarkSky:
    """Return the sky through the darkest blocks of each mesh of so many blocks on a side."""
    dark = darkest(surroundings(sci, unseen), mesh)
    values = sci[dark].astype(float)
    row, column = np.nonzero(dark)
    at: Points = np.column_stack([column, row]).astype(float)
    design = terms(at, sci.shape, ORDER)
    solution, _, _ = regressed(design, values)
    _, noise = median_and_noise(values - design @ solution)
    return DarkSky(as_surface(solution, ORDER).plane(sci.shape), noise, dark)


def surroundings(sci: Plane, unseen: Mask) -> Plane:
    """Return the mean of the seen blocks around each; infinite where fewer than half are seen."""
    seen = ~unseen
    number = _others(seen.astype(np.float32))
    total = _others(np.where(seen, sci, np.float32(0)))
    told = seen & (2 * number >= AROUND**2 - 1)
    return np.where(told, total / np.maximum(number, 1), np.float32(np.inf))


def _others(plane: Plane) -> Plane:
    """Return the sum over the square around each block, less its own; 0 beyond the edges."""
    from scipy.ndimage import convolve1d  # noqa: PLC0415 - start-up: slow to import

    whole = np.ones(AROUND, np.float32)
    rows = convolve1d(plane, whole, axis=0, mode="constant")
    result: Plane = convolve1d(rows, whole, axis=1, mode="constant") - plane
    return result


def darkest(around: Plane, mesh: int) -> Mask:
    """Say which blocks are among the darkest of their mesh."""
    dark = np.zeros(around.shape, bool)
    for y in range(0, around.shape[0], mesh):
        for x in range(0, around.shape[1], mesh):
            here = around[y : y + mesh, x : x + mesh]
            told = here[np.isfinite(here)]
            if told.size:
                level = np.partition(told, int(SHARE * told.size))[int(SHARE * told.size)]
                dark[y : y + mesh, x : x + mesh] = here <= level
    return dark
