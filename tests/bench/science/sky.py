"""Noise of blank sky against the variance plane, and what stands out of it.

Blank sky is what no wing of a true source reaches, unflagged. The noise is 1.48 times the median
absolute deviation from the local level, over the root of the variance; outliers are counted beyond
8 sigma, both ways. Apertures laid on blank sky scatter by what the variance plane and the keyword
CORRFACT make of them, if the correlation of neighbours is told rightly.
"""

from collections.abc import Iterator

import numpy as np
import sep

from gmoscli.frame import Exposure

from .field import Field, fields, scatter
from .figures import Figure, below, within
from .site import Site

OUTLIER = 8.0
MOST_OUTLIERS = 20
RADIUS = 4.0
"""Pixels, of the apertures laid on blank sky."""


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
    yield within(
        "noise of apertures / (VAR, CORRFACT)", night, _apertures(product, parts), (0.9, 1.1)
    )


def _negative(part: Field) -> int:
    """Return the number of variances that are none."""
    return int((~(part.ccd.var >= 0)).sum())


def _outliers(part: Field) -> int:
    return int((np.abs(part.deviations) > OUTLIER).sum())


def _apertures(product: Exposure, parts: list[Field]) -> Iterator[float]:
    """Yield the scatter of apertures on blank sky over what the product says of it."""
    for part in parts:
        y, x = (axis.ravel() for axis in np.mgrid[9 : part.ccd.sci.shape[0] - 9 : 9, 9:2000:9])
        inside = x < part.ccd.sci.shape[1] - 9
        x, y = x[inside].astype(float), y[inside].astype(float)
        covered, _, _ = sep.sum_circle(part.covered.astype(np.float32), x, y, RADIUS, subpix=1)
        x, y = x[covered == 0], y[covered == 0]
        flux, _, _ = sep.sum_circle(part.ccd.sci - part.level, x, y, RADIUS, subpix=5)
        variance, _, _ = sep.sum_circle(part.ccd.var, x, y, RADIUS, subpix=5)
        factor = part.ccd.info.correlation
        yield scatter(flux / np.sqrt(variance)) / factor
