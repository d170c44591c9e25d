"""Bring the counts of all frames to those of the reference frame, and weigh the frames."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from ..frame import Observation
from ..geometry import ARCSEC, Affine
from ..stats import SIGMA_PER_MAD
from ..step import Range, step
from .match import Stars, paired
from .register import centre_of, stars_of

WINGS = 0.003
"""Error of a scale for each e-fold between two seeings: light beyond the last circle that stars are
measured in is that of a fitted profile. 0.0005 to 0.003 are seen between 0.7 and 1.6 arcsec."""


@step("scaleCountsToReference")
def match_counts(
    frames: Sequence[Observation],
    *,
    radius: Annotated[float, "largest distance of a match, arcsec", Range(0.05)] = 0.5,
    min_sources: Annotated[int, "fewest matched stars; else exposure times alone", Range(1)] = 3,
) -> Sequence[Observation]:
    """Scale each frame so that its stars are as bright as in the reference frame.

    The scale is the robust weighted mean of the flux ratios of matched stars: exposure time and
    transparency together. With too few stars it is the ratio of the exposure times. Its error is
    that of the stars, and what another seeing adds.
    """
    reference = next(obs for obs in frames if obs.reference)
    centre = centre_of(reference)
    standard = stars_of(reference, centre, stars=True)
    scaled = []
    for obs in frames:
        scale, error = 1.0, 0.0
        if not obs.reference:
            expected = reference.exposure_time / obs.exposure_time
            scale, error = ratio(
                standard,
                stars_of(obs, centre, stars=True),
                obs.placement.fix,
                radius,
                min_sources,
                expected,
            )
            if error:
                error = float(np.hypot(error, WINGS * scale * _unlike(obs, reference)))
        scaled.append(
            replace(obs, placement=replace(obs.placement, scale=scale, scale_error=error))
        )
    return scaled


def _unlike(obs: Observation, reference: Observation) -> float:
    """Return the e-folds between the seeings of two frames; 0 where one is not known."""
    ours, theirs = (
        [info.fwhm for info in one.ccds if info.fwhm is not None] for one in (obs, reference)
    )
    return abs(float(np.log(np.median(ours) / np.median(theirs)))) if ours and theirs else 0.0


def ratio(
    reference: Stars, stars: Stars, fix: Affine, radius: float, fewest: int, expected: float
) -> tuple[float, float]:
    """Return the ratio of reference to frame fluxes and its error; else the expected one and 0.

    Stars that lie on another ccd in the frame show its response to their colours, 4 % apart, beside
    the transparency: they count where there are not enough others.
    """
    there = Affine(fix.matrix, fix.shift * ARCSEC)(reference.at)
    ours, theirs = paired(there, stars.at, radius)
    bright = (reference.flux[ours] > 20 * reference.flux_error[ours]) & (
        stars.flux[theirs] > 20 * stars.flux_error[theirs]
    )
    ours, theirs = ours[bright], theirs[bright]
    stayed = reference.ccd[ours] == stars.ccd[theirs]
    if stayed.sum() >= fewest:
        ours, theirs = ours[stayed], theirs[stayed]
    if len(ours) < fewest:
        return expected, 0.0
    logs = np.log(reference.flux[ours] / stars.flux[theirs])
    sigma = np.hypot(
        reference.flux_error[ours] / reference.flux[ours],
        stars.flux_error[theirs] / stars.flux[theirs],
    )
    sigma = np.hypot(sigma, 0.003)  # flat-field errors that no photon count knows of
    middle = float(np.median(logs))
    for _ in range(5):
        off = np.abs(logs - middle)
        spread = max(SIGMA_PER_MAD * float(np.median(off)), 1e-6)
        weight = np.where(off < 3 * np.maximum(spread, sigma), sigma**-2.0, 0.0)
        middle = float((weight * logs).sum() / weight.sum())
    unlike = SIGMA_PER_MAD * float(np.median(np.abs(logs - middle) / sigma))
    scale = float(np.exp(middle))
    return scale, scale * float(weight.sum() ** -0.5) * max(1.0, unlike)
