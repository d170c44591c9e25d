"""Tell cosmic rays from stars in one image: no star is sharper than the seeing.

The idea is van Dokkum's (2001, PASP 113, 1420), with the known seeing in place of a median filter.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..frame import Plane
from ..stats import places

Mask = NDArray[np.bool_]
Indexes = NDArray[np.intp]

MARGIN = 1.3
"""How much steeper than its seeing a star may be: undersampling, a wrong seeing."""


def sharper_than_stars(
    image: Plane,
    var: Plane,
    where: Mask,
    *,
    sky: float = 0.0,
    fwhm: float,
    sigma: float,
    margin: float = MARGIN,
) -> Mask:
    """Say which pixels stand out of their neighbours, on a row or a column, as no star can.

    A star of FWHM w pixels, centred on a pixel, exceeds the mean of the neighbours on either side
    by at most 1 - exp(-4 ln 2 / w^2) of its light there. ``image`` is [y, x]; ``where`` limits the
    pixels that are judged.
    """
    rays = np.zeros_like(where)
    y, x = places(where & (image - np.float32(sky) > sigma * np.sqrt(var)))
    ny, nx = image.shape
    here = image[y, x]
    beside = image[y, np.clip(x - 1, 0, nx - 1)] + image[y, np.clip(x + 1, 0, nx - 1)]
    beyond = image[np.clip(y - 1, 0, ny - 1), x] + image[np.clip(y + 1, 0, ny - 1), x]
    excess = here - np.minimum(beside, beyond) / 2
    steepest = np.float32(margin * (1 - np.exp(-4 * np.log(2) / fwhm**2)))
    sharp = excess > steepest * (here - np.float32(sky)) + sigma * np.sqrt(1.5 * var[y, x])
    rays[y[sharp], x[sharp]] = True
    return rays


def with_neighbours(mask: Mask) -> Mask:
    """Return the mask grown by its eight neighbours, in the last two axes."""
    wide = mask.copy()
    wide[..., 1:] |= mask[..., :-1]
    wide[..., :-1] |= mask[..., 1:]
    grown = wide.copy()
    grown[..., 1:, :] |= wide[..., :-1, :]
    grown[..., :-1, :] |= wide[..., 1:, :]
    return grown


def grown_where(mask: Mask, allowed: Callable[[Indexes, Indexes], Mask]) -> Mask:
    """Return the mask with those of its eight neighbours for which ``allowed(y, x)`` says so.

    Only the neighbours are looked at: cosmic rays cover a hundredth of an image.
    """
    ny, nx = mask.shape
    y, x = places(mask)
    around = np.array([(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx])
    yy = np.clip(y + around[:, :1], 0, ny - 1).ravel()
    xx = np.clip(x + around[:, 1:], 0, nx - 1).ravel()
    more = allowed(yy, xx)
    grown = mask.copy()
    grown[yy[more], xx[more]] = True
    return grown
