"""Find the shadow of the guide probe (OIWFS), which reaches into the field."""

from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..frame import Ccd, Observation
from ..gmos import descriptors
from ..stats import median_and_noise
from ..step import Range, step
from .masks import with_neighbours

CELL = 32
"""Unbinned pixels on a side; the probe's arm is about 7 of them wide."""
TIP = 3
"""Cells by which a shadow goes on where it is narrow."""


@step("addOIWFSToDQ")
def flag_probe_shadow(
    ccd: Ccd,
    obs: Observation,
    *,
    contrast: Annotated[float, "share of the sky that a shadow takes away", Range(0.01, 1)] = 0.15,
) -> Ccd:
    """Flag the part of a flat-fielded ccd that the guide probe darkens, if it guided.

    The sky is measured in cells. What is dark over three cells each way is a shadow: sources only
    add light, and the ragged edge of the field is thinner. Beside a gap the strip that the shadow
    leaves on a ccd may be as narrow as one cell, and so may its tip at the edge of the field. The
    flags reach one cell beyond.
    """
    if "OIWFS" not in (descriptors.wavefront_sensor(obs.headers) or ""):
        return ccd
    xcell, ycell = (max(1, CELL // b) for b in ccd.info.binning)
    levels = cell_medians(ccd, ycell, xcell)
    sky, _ = median_and_noise(levels[np.isfinite(levels)])
    if not sky > 0:
        return ccd
    dark = levels < (1 - contrast) * sky  # a cell without good pixels is NaN, and not dark
    dark = np.pad(dark, ((0, 0), (1, 1)), mode="edge")  # over a gap the shadow goes on
    shadow = with_neighbours(~with_neighbours(~dark))
    for _ in range(TIP):
        shadow |= with_neighbours(shadow) & dark
    shadow = with_neighbours(shadow)[:, 1:-1]
    if not shadow.any():
        return ccd
    ny, nx = ccd.sci.shape
    pixels = np.repeat(np.repeat(shadow, ycell, axis=0), xcell, axis=1)
    pixels = np.pad(
        pixels, ((0, max(0, ny - len(pixels))), (0, max(0, nx - pixels.shape[1]))), mode="edge"
    )[:ny, :nx]
    return ccd.with_planes(dq=ccd.dq | pixels * np.uint16(Dq.UNILLUMINATED))


def cell_medians(ccd: Ccd, ycell: int, xcell: int) -> NDArray[np.float64]:
    """Return the median of the good pixels of each cell; NaN where fewer than half are good."""
    ny, nx = ccd.sci.shape
    rows, columns = ny // ycell, nx // xcell
    inside = (slice(0, rows * ycell), slice(0, columns * xcell))
    good = ccd.dq[inside] == 0
    values = np.where(good, ccd.sci[inside], np.float32(np.inf))
    cells = values.reshape(rows, ycell, columns, xcell).swapaxes(1, 2).reshape(rows, columns, -1)
    count = good.reshape(rows, ycell, columns, xcell).sum(axis=(1, 3))
    order = np.sort(cells, axis=-1)
    middle = np.take_along_axis(order, np.maximum(count - 1, 0)[..., None] // 2, axis=-1)[..., 0]
    return np.where(2 * count >= ycell * xcell, middle, np.nan)
