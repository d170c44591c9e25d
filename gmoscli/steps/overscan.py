"""Subtract the electronic zero level, trim the overscan, assemble the amplifiers of a ccd.

The level drifts slowly along the rows, and 27 overscan columns know a single row to no better than
a fifth of the read noise: the row means are smoothed by a penalised fit whose stiffness the data
choose (generalised cross-validation; Garcia 2010, Comput. Stat. Data Anal. 54, 1167), with cosmic
rays and other odd rows left out. What remains uncertain of the level is added to the variance.
"""

from dataclasses import replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..frame import Amp, Ccd, Plane, RawCcd, Readout
from ..stats import SIGMA_PER_MAD
from ..step import Choice, Range, step

Rows = NDArray[np.float64]
STIFFNESS = np.logspace(0, 9, 37)
"""Trial smoothing parameters; the stiffest bends over about 500 rows, the softest over 3."""


@step("overscanCorrect")
def subtract_overscan(
    raw: RawCcd,
    *,
    function: Annotated[
        str,
        "smooth: penalised fit along the rows; row: mean of each row; constant: one level",
        Choice(("smooth", "row", "constant")),
    ] = "smooth",
    sigma: Annotated[float, "odd rows, in sigmas from the fit", Range(1.0)] = 4.0,
) -> Ccd:
    """Subtract each amplifier's zero level, drop the overscan, join the amplifiers.

    Saturation and non-linear levels go down by the same level.
    """
    ny, nx = raw.info.shape
    sci, var = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    dq = np.zeros((ny, nx), np.uint16)
    amps = []
    for readout in raw.readouts:
        level, variance = zero_level(readout, raw.contaminated, function, sigma)
        columns = readout.amp.columns
        light = readout.counts[readout.light.slices]
        np.subtract(light, level[:, None], out=sci[:, columns], dtype=np.float32)
        var[:, columns] = variance
        dq[:, columns] = readout.dq
        amps.append(_lowered(readout.amp, float(np.median(level))))
    return Ccd(replace(raw.info, amps=tuple(amps)), sci, var, dq)


def zero_level(
    readout: Readout, contaminated: int, function: str, sigma: float
) -> tuple[Plane, float]:
    """Return the level of each light row (ADU), and the variance of that level (ADU squared)."""
    if readout.overscan is None:
        return np.zeros(readout.light.height, np.float32), 0.0
    strip = used_overscan(readout, contaminated).astype(np.float64)
    means = strip.mean(axis=1)
    pixel = SIGMA_PER_MAD * float(np.median(np.abs(strip - np.median(strip, axis=1)[:, None])))
    error = max(pixel, 0.1) / np.sqrt(strip.shape[1])
    if function == "row":
        return means.astype(np.float32), error**2
    if function == "constant":
        level = np.full_like(means, np.median(means))
        return level.astype(np.float32), error**2 / means.size
    smooth, share = smoothed(means, error, sigma)
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


def smoothed(values: Rows, error: float, sigma: float, rounds: int = 4) -> tuple[Rows, float]:
    """Return the smooth course of equally spaced values, and its variance over that of one value.

    Values further than ``sigma`` times their error (or their scatter, where that is larger) from
    the course are replaced by it, and the fit repeated.
    """
    from scipy.fft import dct, idct  # noqa: PLC0415 - start-up: listing recipes needs no transform

    n = values.size
    bend = (2 - 2 * np.cos(np.pi * np.arange(n) / n)) ** 2
    gains = 1 / (1 + STIFFNESS[:, None] * bend)
    course, gain = _rough(values), gains[0]
    for _ in range(rounds):
        off = np.abs(values - course)
        reach = sigma * max(error, SIGMA_PER_MAD * float(np.median(off)))
        spectrum = dct(np.where(off > reach, course, values), norm="ortho")
        misfit = (((1 - gains) * spectrum) ** 2).sum(axis=1)
        score = n * misfit / (n - gains.sum(axis=1)) ** 2
        gain = gains[int(np.argmin(score))]
        course = idct(gain * spectrum, norm="ortho")
    return course, float((gain**2).sum() / n)


def _rough(values: Rows, rows: int = 32) -> Rows:
    """Return a first course that odd rows cannot pull: medians of blocks, joined by lines."""
    blocks = np.array_split(values, max(1, values.size // rows))
    ends = np.cumsum([0] + [len(block) for block in blocks])
    centres = (ends[:-1] + ends[1:] - 1) / 2
    return np.interp(np.arange(values.size), centres, [np.median(block) for block in blocks])


def _lowered(amp: Amp, level: float) -> Amp:
    return replace(
        amp,
        saturation=amp.saturation - level,
        nonlinear=amp.nonlinear - level,
        zero=amp.zero + level,
    )
