"""Tell cosmic rays from stars in one image: no star is sharper than the seeing.

The idea is van Dokkum's (2001, PASP 113, 1420), with the known seeing in place of a median filter.
"""

import numpy as np
from numpy.typing import NDArray

from ..frame import Plane
from .masks import Indexes, Mask

Values = NDArray[np.float32]

MARGIN = 1.3
"""How much steeper than its seeing a star may be: undersampling, a wrong seeing."""
PART = 1 << 14
"""Pixels looked at together: with their company they stay in the cache."""


def sharper_than_stars(
    image: Plane,
    var: Plane,
    where: Mask,
    *,
    fwhm: float,
    sigma: float,
) -> Mask:
    """Say which pixels stand out of their neighbours, on a row or a column, as no star can.

    ``image`` is [y, x], less its sky, with the variance ``var``; ``fwhm`` is the seeing in pixels,
    ``sigma`` how many sigmas a pixel has to stand out by. Only pixels ``where`` says so are judged,
    and they by such neighbours.
    """
    rays = np.zeros_like(where)
    y, x = np.divmod(_bright(image, var, where, sigma), image.shape[1])
    sharp = sharp_at(image, var[y, x], y, x, fwhm=fwhm, sigma=sigma, where=where)
    rays[y[sharp], x[sharp]] = True
    return rays


def _bright(image: Plane, var: Plane, where: Mask, sigma: float) -> Indexes:
    """Return the pixels so many sigmas above zero: places in the flattened image."""
    flat, noise, asked = image.ravel(), var.ravel(), where.ravel()
    found = [np.empty(0, np.intp)]
    for start in range(0, flat.size, PART):
        part = slice(start, start + PART)
        light = np.maximum(flat[part], 0)
        np.multiply(light, light, out=light)
        bright = light > noise[part] * np.float32(sigma**2)
        bright &= asked[part]
        found.append(np.flatnonzero(bright) + start)
    return np.concatenate(found)


def sharp_at(
    image: Plane,
    var: Values,
    y: Indexes,
    x: Indexes,
    *,
    sky: float = 0.0,
    fwhm: float,
    sigma: float,
    margin: float = MARGIN,
    where: Mask | None = None,
) -> Mask:
    """Say of some pixels, whose variance is given, whether they stand out as no star can.

    A star of FWHM w pixels, centred on a pixel, exceeds the mean of the neighbours on either side
    by at most 1 - exp(-4 ln 2 / w^2) of its light there. Neighbours that are not finite, or not
    ``where``, say nothing.
    """
    here = image[y, x] - np.float32(sky)
    beside, beyond = (
        _sides(image, where, [(y + dy, x + dx), (y - dy, x - dx)]) for dy, dx in ((0, 1), (1, 0))
    )
    excess = here - (np.minimum(beside, beyond) / 2 - np.float32(sky))
    steepest = np.float32(margin * (1 - np.exp(-4 * np.log(2) / fwhm**2)))
    noise = np.sqrt(var)
    sharp: Mask = excess > steepest * here + np.float32(sigma * np.sqrt(1.5)) * noise
    return sharp & (here > np.float32(sigma) * noise)


def _sides(image: Plane, where: Mask | None, at: list[tuple[Indexes, Indexes]]) -> Values:
    """Return the sum of pixels on two sides; infinite where one of them says nothing."""
    ny, nx = image.shape
    total = np.zeros(len(at[0][0]), np.float32)
    for row, column in at:
        y, x = np.clip(row, 0, ny - 1), np.clip(column, 0, nx - 1)
        value = image[y, x]
        known = np.isfinite(value) if where is None else where[y, x]
        total += np.where(known, value, np.float32(np.inf))
    return total
