"""Correct the tabulated places of the outer chips by stars that dithers carry across the gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np

from ..frame import CcdInfo, Observation, Placement, Tie
from ..geometry import ARCSEC, Affine, Points, Tan
from ..step import Range, step
from .match import Unplaced
from .register import centre_of, fitted, stars_of
from .ties import TABLE, Crossings, crossing, crossings, tied

CROSSED = 0.2
"""Share of stars that change chips from which the frames' turns suffer from the chips' places."""


@step("adjustWCSToReference")
def register_ccds(
    frames: Sequence[Observation],
    *,
    match_radius: Annotated[float, "largest residual of a pair, arcsec", Range(0.05)] = 0.5,
    min_crossing: Annotated[int, "fewest good stars on both sides of a gap", Range(3)] = 3,
    ccd: Annotated[int, "register by the stars of this ccd alone; 0 for all", Range(0, 3)] = 0,
) -> Sequence[Observation]:
    """Move the outer ccds to where shared stars put them, relative to the central one.

    One shift per chip and one per frame are fitted together to all stars that several frames see;
    the mean, by weight, of the fit and the detector table is taken. With too few stars across a
    gap its chip stays where the table has it. Where dithers are so wide that chips off their places
    have turned the frames, these are registered anew.
    """
    reference = next((i for i, obs in enumerate(frames) if obs.reference), None)
    if reference is None or len(frames) < 2 or len(frames[0].ccds) < 2:
        return frames
    seen = crossings(frames, reference, match_radius)
    outer = [info.index for info in frames[0].ccds if info.index != 2]
    stars = {index: crossing(seen, index) for index in outer}
    free = {index: count for index, count in stars.items() if count >= min_crossing}
    ties = {i: Tie((0.0, 0.0), TABLE, count) for i, count in stars.items() if i not in free}
    noted = _tied(frames, ties, reference)
    if not free:
        return noted
    placed = _corrected(noted, seen, free, reference)
    if np.mean(seen.ccds[:, 0] != seen.ccds[:, 1]) < CROSSED:
        return placed
    placed = _turned_again(placed, reference, match_radius, ccd)
    return _corrected(placed, crossings(placed, reference, match_radius), free, reference)


@step("adjustWCSToReference")
def each_alone(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Take each frame for itself from here on, on its own sky, with its ccds where stars had them.

    Placements among the frames are forgotten.
    """
    return [replace(obs, reference=True, placement=Placement()) for obs in frames]


def _corrected(
    frames: Sequence[Observation], seen: Crossings, free: Mapping[int, int], reference: int
) -> list[Observation]:
    """Return the frames with their chips, and themselves, moved to where shared stars have them."""
    before = {info.index: info.tie for info in frames[reference].ccds if info.tie is not None}
    ties, shifts = tied(seen, before, free, len(frames), reference)
    return _tied([_moved(*each) for each in zip(frames, shifts, strict=True)], ties, reference)


def _turned_again(
    frames: Sequence[Observation], reference: int, radius: float, ccd: int
) -> list[Observation]:
    """Return the frames registered anew by their stars' corrected places, as far as these tell."""
    centre = centre_of(frames[reference])
    standard = stars_of(frames[reference], centre, ccd)

    def there(obs: Observation) -> Placement:
        fix, known = obs.placement.fix, obs.placement.matches
        turns = bool((fix.matrix != np.eye(2)).any())
        offset, stars = fix.shift * ARCSEC, stars_of(obs, centre, ccd)
        try:
            return fitted(standard, stars, offset, radius, max(1, known // 2), turns)
        except Unplaced:
            return obs.placement

    return [replace(obs, placement=there(obs)) if obs.placement.matches else obs for obs in frames]


def _moved(obs: Observation, shift: Points) -> Observation:
    """Return the observation itself moved by what was found."""
    fix = obs.placement.fix
    # A frame seen displaced on the reference's sky had been placed wrongly by as much.
    moved = Affine(fix.matrix, fix.shift + fix.matrix @ (np.asarray(shift) / ARCSEC))
    return replace(obs, placement=replace(obs.placement, fix=moved))


def _tied(
    frames: Sequence[Observation], ties: Mapping[int, Tie], reference: int
) -> list[Observation]:
    """Return the frames with their chips moved to where ties have them: as much in each, in pixels.

    So frames that no star has placed have them there too, whatever part of the sky they show.
    """
    known = {
        i.index: (ties[i.index], _pixels(i, ties[i.index]))
        for i in frames[reference].ccds
        if i.index in ties and i.wcs is not None
    }

    def moved(info: CcdInfo) -> CcdInfo:
        return _nudged(info, *known[info.index]) if info.index in known else info

    return [replace(obs, ccds=tuple(moved(info) for info in obs.ccds)) for obs in frames]


def _pixels(info: CcdInfo, tie: Tie) -> Points:
    """Return by how many pixels a tie moves a chip from where it is."""
    assert info.wcs is not None
    before = info.tie.offset if info.tie else (0.0, 0.0)
    pixels: Points = np.linalg.solve(info.wcs.cd, np.subtract(tie.offset, before) / ARCSEC)
    return pixels


def _nudged(info: CcdInfo, tie: Tie, pixels: Points) -> CcdInfo:
    if info.wcs is None:
        return info
    crpix = (info.wcs.crpix[0] + float(pixels[0]), info.wcs.crpix[1] + float(pixels[1]))
    return replace(info, wcs=Tan(info.wcs.crval, crpix, info.wcs.cd), tie=tie)
