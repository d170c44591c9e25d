"""Lay the three ccds on one plane."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from ..frame import Observation
from ..grids import grid_of_mosaic
from ..step import step


@step("mosaicDetectors")
def lay_mosaic(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Give all frames one grid for all ccds: the central ccd's pixels, extended to the others.

    Pixels go from each ccd to this grid in the same single interpolation that aligns the frames.
    """
    grid = grid_of_mosaic(frames)
    return [replace(obs, grids=(grid,)) for obs in frames]


@step("QECorrect")
def match_ccds(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Scale the outer ccds of Hamamatsu arrays so that the sky is as bright as on the central one.

    Their quantum efficiencies differ with the colour of the light; for a mosaic the sky's colour
    decides. One factor per ccd serves all frames, since the chips do not change.
    """
    factors = {index: _factor(frames, index) for index in (1, 3)}
    known = {index: factor for index, factor in factors.items() if factor is not None}
    return [replace(obs, placement=replace(obs.placement, factors=known)) for obs in frames]


def _factor(frames: Sequence[Observation], index: int) -> float | None:
    """Return the central ccd's sky over that of another, averaged over frames; None if unknown."""
    ratios = []
    for obs in frames:
        skies = {info.index: info.sky for info in obs.ccds}
        own, central = skies.get(index), skies.get(2)
        if obs.detector.family.startswith("Hamamatsu") and own and central and own.level > 0:
            ratios.append(central.level / own.level)
    return fmean(ratios) if ratios else None
