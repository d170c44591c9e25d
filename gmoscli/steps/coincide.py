"""See whether stars of registered frames coincide all over the field."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from ..frame import Observation
from ..geometry import ARCSEC, Affine
from ..step import Range, step
from .match import Stars, paired
from .register import centre_of, stars_of

SHARP = 0.015
"""Arcsec: error below which a star's two places tell whether they are one."""
ASTRAY = 5.0
"""Errors from which a star's two places are not one."""
LEAST = 0.03
"""Arcsec below which it matters to no stack that they are two."""


@step("adjustWCSToReference")
def check_places(
    frames: Sequence[Observation],
    *,
    match_radius: Annotated[float, "largest residual of a pair, arcsec", Range(0.05)] = 0.5,
) -> Sequence[Observation]:
    """Count, for each frame, the stars whose places do not coincide with the reference's.

    They are many where a part of a frame lies off: a mosaic by a table that is wrong.
    """
    reference = next((obs for obs in frames if obs.reference), None)
    if reference is None:
        return frames
    centre = centre_of(reference)
    standard = stars_of(reference, centre)

    def checked(obs: Observation) -> Observation:
        if not obs.placement.matches:
            return obs
        astray = _astray(obs, standard, stars_of(obs, centre), match_radius)
        return replace(obs, placement=replace(obs.placement, astray=astray))

    return [checked(obs) for obs in frames]


def _astray(
    obs: Observation, standard: Stars, stars: Stars, radius: float
) -> tuple[int, int, float]:
    """Return of how many pairs how many lie off, and how far these do typically, arcsec."""
    fix = obs.placement.fix
    there = Affine(fix.matrix, fix.shift * ARCSEC)(standard.at)
    ours, theirs = paired(there, stars.at, radius)
    error = np.hypot(standard.error[ours], stars.error[theirs])
    sharp = error < SHARP
    apart = np.hypot(*(stars.at[theirs] - there[ours]).T)[sharp]
    off = apart > np.maximum(ASTRAY * error[sharp], LEAST)
    return len(apart), int(off.sum()), float(np.median(apart[off])) if off.any() else 0.0
