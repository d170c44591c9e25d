"""Subtract the electronic zero level, trim the overscan, assemble the amplifiers of a ccd.

The level settles in the first rows and drifts slowly along the others, and 27 overscan columns know
a single row to no better than a fifth of the read noise: the row means are smoothed, with cosmic
rays and other odd rows left out. What remains uncertain of the level is added to the variance.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..depth import ranked
from ..frame import Amp, Ccd, Plane, RawCcd, Readout
from ..stats import SIGMA_PER_MAD
from ..step import Choice, Range, step
from .smooth import Rows, smoothed

ROUNDING = 0.29
"""ADU: noise of whole counts, one sigma."""
NEIGHBOURS = 4
"""Rows on either side by which a row is judged odd; as many odd ones together are found."""


@step("overscanCorrect")
def subtract_overscan(
    raw: RawCcd,
    *,
    function: Annotated[
        str,
        "smooth: penalised fit along the rows; row: mean of each row; constant: one level",
        Choice(("smooth", "row", "constant")),
    ] = "smooth",
    sigma: Annotated[
        float, "how far a row may lie off its neighbours, in sigmas", Range(1.0)
    ] = 4.0,
) -> Ccd:
    """Subtract each amplifier's zero level, drop the overscan, join the amplifiers.

    Saturation and non-linear levels go down by the same level.
    """
    ny, nx = raw.info.shape
    sci = np.empty((ny, nx), np.float32)
    uncertain = np.empty(nx, np.float32)
    dq = np.zeros((ny, nx), np.uint16)
    amps = []
    for readout in raw.readouts:
        level, variance = zero_level(readout, raw.contaminated, function, sigma)
        columns = readout.amp.columns
        light = readout.counts[readout.light.slices]
        np.subtract(light, level[:, None], out=sci[:, columns], dtype=np.float32)
        uncertain[columns] = variance
        dq[:, columns] = readout.dq
        amps.append(_lowered(readout.amp, float(np.median(level))))
    return Ccd(replace(raw.info, amps=tuple(amps)), sci, np.broadcast_to(uncertain, sci.shape), dq)


def zero_level(
    readout: Readout, contaminated: int, function: str, sigma: float
) -> tuple[Plane, float]:
    """Return the level of each light row (ADU), and the variance of that level (ADU squared)."""
    if readout.overscan is None:
        return np.zeros(readout.light.height, np.float32), 0.0
    strip = used_overscan(readout, contaminated).astype(np.float64)
    means = strip.mean(axis=1)
    error = max(pixel_noise(strip), ROUNDING) / np.sqrt(strip.shape[1])
    if function == "row":
        return means.astype(np.float32), error**2
    if function == "constant":
        level = np.full_like(means, np.median(means))
        return level.astype(np.float32), np.pi / 2 * error**2 / means.size
    smooth, share = smoothed(without_odd(means, error, sigma))
    return smooth.astype(np.float32), error**2 * share


def used_overscan(readout: Readout, contaminated: int) -> NDArray[np.integer]:
    """Return the overscan pixels beside the light rows, without columns that carry light.

    The ``contaminated`` columns next to the light and the outermost one are left out.
    """
    assert readout.overscan is not None
    x1, x2 = readout.overscan.x1, readout.overscan.x2
    left = x1 < readout.light.x1
    columns = slice(x1 + 1, x2 - contaminated) if left else slice(x1 + contaminated, x2 - 1)
    return readout.counts[readout.light.y1 : readout.light.y2, columns]


def pixel_noise(strip: Rows) -> float:
    """Return the noise (one sigma) of single pixels about the means of their rows.

    The median of the rows' variances, which a cosmic ray in some rows cannot pull, over the median
    of the chi-square distribution (Wilson & Hilferty 1931, PNAS 17, 684). Differences between whole
    counts would be too coarse.
    """
    freedom = strip.shape[1] - 1
    variance = np.median(strip.var(axis=1, ddof=1)) / (1 - 2 / (9 * freedom)) ** 3
    return float(np.sqrt(variance))


def without_odd(values: Rows, error: float, sigma: float) -> Rows:
    """Return the values, those far from the median of their neighbours replaced by it.

    Far is ``sigma`` times their error, or their scatter, where that is larger.
    """
    padded = np.pad(values, NEIGHBOURS, mode="symmetric")
    around = [padded[i : i + values.size] for i in range(2 * NEIGHBOURS + 1)]
    (local,) = ranked(around, NEIGHBOURS)
    off = np.abs(values - local)
    reach = sigma * max(error, SIGMA_PER_MAD * float(np.median(off)))
    return np.where(off > reach, local, values)


def _lowered(amp: Amp, level: float) -> Amp:
    return replace(
        amp,
        saturation=amp.saturation - level,
        nonlinear=amp.nonlinear - level,
    )
