"""Noise of blank sky against the variance plane, and what stands out of it.

Blank sky is what no wing of a true source reaches, unflagged. The noise is 1.48 times the median
absolute deviation from the local level, over the root of the variance; outliers are counted beyond
8 sigma, both ways. Apertures laid on blank sky scatter by what the variance plane and the keyword
CORRFACT make of them, if the correlation of neighbours is told rightly. They hold whole pixels,
whose variances add up, and the sky below them is measured in wide cells: in narrow ones its own
noise would count, 8 % in an aperture of 20 pixels.
"""

from collections.abc import Iterator

import numpy as np
import sep

from .field import Field, fields, scatter, sky_below
from .figures import Figure, below, within
from .site import Site

OUTLIER = 8.0
MOST_OUTLIERS = 20
APERTURES = {5: 0.03, 8: 0.03, 12: 0.05, 20: 0.1}
"""Diameters, pixels, and what so many of them as fit on the blank sky of a ccd can tell."""
SPREAD = 1.166
"""Relative error of a scatter by the median absolute deviation of n values, times the root of n:
it takes 2.72 times as many as the root mean square does (Rousseeuw & Croux 1993, JASA 88, 1273)."""
WIDE = 256
"""Pixels on a side of the cells in which the sky below apertures is measured."""


def noise(site: Site, count: int) -> Iterator[Figure]:
    """Yield the figures of the stack of so many frames."""
    night = f"{site.name} N={count}"
    product = site.stack(count)
    parts = fields(product, site)
    yield within(
        "noise / sqrt(VAR)", night, (scatter(part.deviations) for part in parts), (0.97, 1.03)
    )
    yield below("negative variances", night, map(_negative, parts), 0)
    yield below(
        "unflagged outliers beyond 8 sigma", night, map(_outliers, parts), MOST_OUTLIERS - 1
    )
    for diameter, error in APERTURES.items():
        ratios, counts = zip(*(_apertures(part, diameter) for part in parts), strict=True)
        yield within(
            f"noise of {diameter} px apertures / (VAR, CORRFACT)",
            night,
            ratios,
            (1 - error, 1 + error),
            remark="+- " + " ".join(f"{SPREAD / max(count, 1) ** 0.5:.2g}" for count in counts),
        )


def _negative(part: Field) -> int:
    """Return the number of variances that are none."""
    return int((~(part.ccd.var >= 0)).sum())


def _outliers(part: Field) -> int:
    return int((np.abs(part.deviations) > OUTLIER).sum())


def _apertures(part: Field, diameter: int) -> tuple[float, int]:
    """Return the scatter of apertures on blank sky over what the product says, and their number."""
    ccd, blank = part.ccd, ~part.covered
    apart = diameter + 1
    y, x = (
        axis.ravel().astype(float)
        for axis in np.mgrid[tuple(slice(apart, n - apart, apart) for n in ccd.sci.shape)]
    )
    planes = (blank.astype(np.float32), ccd.sci - sky_below(ccd.sci, part.covered, WIDE), ccd.var)
    whole, flux, variance = (
        sep.sum_circle(plane, x, y, diameter / 2, subpix=1)[0] for plane in planes
    )
    use = whole == whole.max()
    ratio = scatter(flux[use] / np.sqrt(variance[use])) / ccd.info.correlation
    return ratio, int(use.sum())
