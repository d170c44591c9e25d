"""Even out the response."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean
from typing import Annotated

import numpy as np

from ..dq import Dq
from ..errors import ReductionError
from ..frame import Amp, Ccd, Exposure, Observation
from ..stats import median_and_noise, thinned
from ..step import Range, step
from .noise import usual_variance

BORDER = 0.05
"""Share of a ccd's width and height that is left out on each side when its level is measured."""
RESPONSES = 10_000
"""Pixels of an amplifier that its median response is taken of: known to a thousandth."""


@step("flatCorrect")
def divide_flat(ccd: Ccd, flat: Ccd) -> Ccd:
    """Divide by the normalised flat.

    First-order propagation for q = s/f:  var q = (var s + q^2 var f) / f^2. Pixels that the flat
    flags are divided by what it holds there, and flagged. The levels of each amplifier go along
    with its median response.
    """
    f = flat.sci if flat.sci.min() > 0 else np.where(flat.sci > 0, flat.sci, np.float32(1))
    sci = ccd.sci / f
    var = np.square(sci)
    var *= flat.var
    var += ccd.var
    var /= np.square(f)
    responses = [_response(flat, amp) for amp in ccd.info.amps]
    amps = tuple(amp.scaled(1 / own) for amp, own in zip(ccd.info.amps, responses, strict=True))
    response = fmean(responses)
    masters = replace(
        ccd.info.masters.scaled(1 / response), relative=usual_variance(flat) / response**2
    )
    planes = ccd.with_planes(sci=sci, var=var, dq=ccd.dq | flat.dq)
    return planes.with_info(amps=amps, masters=masters)


def _response(flat: Ccd, amp: Amp) -> float:
    """Return the median response of an amplifier's good pixels; 1 where there are none."""
    columns = np.s_[:, amp.columns]
    some = thinned(flat.sci[columns].shape, RESPONSES)
    response, _ = median_and_noise(flat.sci[columns][some][flat.dq[columns][some] == 0])
    return response if response > 0 else 1.0


@step("scaleFlats")
def measure_level(ccd: Ccd) -> Ccd:
    """Note the median of the good pixels inside the ccd's border."""
    ny, nx = ccd.sci.shape
    inside = (
        slice(int(BORDER * ny), ny - int(BORDER * ny)),
        slice(int(BORDER * nx), nx - int(BORDER * nx)),
    )
    sci, dq = ccd.sci[inside], ccd.dq[inside]
    some = thinned(sci.shape)
    level, _ = median_and_noise(sci[some][dq[some] == 0])
    return ccd.with_info(level=None if np.isnan(level) else level)


@step("scaleFlats")
def match_levels(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Scale the flats to the level of the first, by the central ccd.

    The twilight changes its colour while it fades, and the ccds respond to colour differently: each
    outer ccd is brought to the mean, over all flats, of its ratio to the central one. Otherwise
    the frames of an outer ccd would disagree by more than their noise. A flat weighs as the light
    it has, since its noise is that of photons: of stars, too, the bright flats have less.
    Raises ReductionError for a flat without light.
    """
    levels = [_central_level(obs) for obs in frames]
    ratios = [
        {info.index: info.level / level for info in obs.ccds if info.level}
        for obs, level in zip(frames, levels, strict=True)
    ]
    means = {i: fmean(r[i] for r in ratios) for i in ratios[0] if all(i in r for r in ratios)}
    return [
        replace(
            obs,
            placement=replace(
                obs.placement,
                scale=levels[0] / level,
                factors={i: mean / own[i] for i, mean in means.items()},
                weights={info.index: level / levels[0] for info in obs.ccds},
            ),
        )
        for obs, level, own in zip(frames, levels, ratios, strict=True)
    ]


def _central_level(obs: Observation) -> float:
    level = obs.central.level
    if level is None or level <= 0:
        raise ReductionError("no light in this flat", path=obs.path)
    return level


@step("normalizeFlat")
def normalise_flat(
    exposure: Exposure,
    *,
    lowest: Annotated[float, "response below which a pixel is flagged", Range(0.0, 1.0)] = 0.1,
    highest: Annotated[float, "response above which a pixel is flagged", Range(1.0)] = 5.0,
) -> Exposure:
    """Divide by the median of the central ccd, so that the ccds keep their relative response.

    Pixels outside the limits are flagged unilluminated; flagged pixels hold 1.
    """
    measured = [measure_level(ccd) for ccd in exposure.ccds]
    level = _central_level(replace(exposure.obs, ccds=tuple(c.info for c in measured)))
    return replace(exposure, ccds=tuple(_normal(c, level, lowest, highest) for c in measured))


def _normal(ccd: Ccd, level: float, lowest: float, highest: float) -> Ccd:
    amps = tuple(amp.scaled(1 / level) for amp in ccd.info.amps)
    sci, var = ccd.sci / np.float32(level), ccd.var / np.float32(level) ** 2
    odd = (sci < lowest) | (sci > highest)
    dq = ccd.dq | odd * np.uint16(Dq.UNILLUMINATED)
    unusable = (dq & ~np.uint16(Dq.SATURATED | Dq.NONLINEAR)) > 0
    np.copyto(sci, 1, where=unusable)
    np.copyto(var, 0, where=unusable)
    return ccd.with_planes(sci=sci, var=var, dq=dq).with_info(amps=amps)
