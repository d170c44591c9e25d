"""What the detector and the light themselves make uncertain."""

import numpy as np

from ..frame import Ccd, plus_row
from ..stats import median_and_noise, thinned
from ..step import step

SAMPLE = 10_000
"""Pixels that a median variance is taken of."""


@step("addVAR")
def read_noise(ccd: Ccd) -> Ccd:
    """Add the variance of the read noise, in the unit of the pixels squared."""
    squares = {amp.name: (amp.read_noise / amp.gain) ** 2 for amp in ccd.info.amps}
    return ccd.with_planes(var=plus_row(ccd.var, ccd.per_column(squares)))


@step("addVAR")
def poisson_noise(ccd: Ccd) -> Ccd:
    """Add the variance of the counted electrons: their number, where it is positive."""
    gains = ccd.per_column({amp.name: 1 / amp.gain for amp in ccd.info.amps})
    var = np.maximum(ccd.sci, 0)
    var *= gains
    var += ccd.var
    return ccd.with_planes(var=var)


def usual_variance(ccd: Ccd) -> float:
    """Return the median variance of a ccd's good pixels; 0 where there are none."""
    some = thinned(ccd.var.shape, SAMPLE)
    variance, _ = median_and_noise(ccd.var[some][ccd.dq[some] == 0])
    return float(np.nan_to_num(variance))
