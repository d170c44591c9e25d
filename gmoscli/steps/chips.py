"""Correct the tabulated places of the outer chips by stars that dithers carry across the gaps."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Observation, Placement
from ..geometry import ARCSEC, Affine, Points, Tan
from ..stats import SIGMA_PER_MAD
from ..step import Range, step
from .match import Stars, Unplaced, paired
from .register import TAIL, centre_of, fitted, stars_of

GOOD = 0.05
"""Arcsec: error below which a star's two places tell something of its chips."""
MOST_PAIRS = 40
"""Pairs of frames that are compared: those with the reference, then the widest dithers."""
CROSSED = 0.2
"""Share of stars that change chips from which the frames' turns suffer from the chips' places."""


@dataclass(frozen=True)
class Crossings:
    """Stars that two frames share, with where each frame has them."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Frame numbers."""
    ccds: NDArray[np.intp]
    """(n, 2): the ccd of the star in the first and in the second frame."""
    apart: Points
    """(n, 2) arcsec on the reference's tangent plane: second minus first."""
    error: NDArray[np.float64]


@step("adjustWCSToReference")
def register_ccds(
    frames: Sequence[Observation],
    *,
    match_radius: Annotated[float, "largest residual of a pair, arcsec", Range(0.05)] = 0.5,
    min_crossing: Annotated[int, "fewest good stars on both sides of a gap", Range(3)] = 3,
    ccd: Annotated[int, "register by the stars of this ccd alone; 0 for all", Range(0, 3)] = 0,
) -> Sequence[Observation]:
    """Move the outer ccds to where shared stars put them, relative to the central one.

    One shift per chip and one per frame are fitted together to all stars that several frames see.
    With too few stars across a gap its chip stays where the detector table has it. Where dithers
    are so wide that chips off their places have turned the frames, these are registered anew.
    """
    reference = next((i for i, obs in enumerate(frames) if obs.reference), None)
    if reference is None or len(frames) < 2 or len(frames[0].ccds) < 2:
        return frames
    seen = crossings(frames, reference, match_radius)
    free = [index for index in (1, 3) if np.count_nonzero(_crossing(seen, index)) >= min_crossing]
    if not free:
        return frames
    placed = _corrected(frames, seen, free, reference)
    if np.mean(seen.ccds[:, 0] != seen.ccds[:, 1]) < CROSSED:
        return placed
    placed = _turned_again(placed, reference, match_radius, ccd)
    return _corrected(placed, crossings(placed, reference, match_radius), free, reference)


def _corrected(
    frames: Sequence[Observation], seen: Crossings, free: list[int], reference: int
) -> list[Observation]:
    """Return the frames with their chips, and themselves, moved to where shared stars have them."""
    chips, shifts = solved(seen, free, len(frames), reference)
    return [_moved(obs, chips, shifts[i]) for i, obs in enumerate(frames)]


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


def _crossing(seen: Crossings, index: int) -> NDArray[np.bool_]:
    """Say which well-measured stars lie on a chip in one frame, and on another in the other."""
    result: NDArray[np.bool_] = ((seen.ccds == index).sum(axis=1) == 1) & (seen.error < GOOD)
    return result


def crossings(frames: Sequence[Observation], reference: int, radius: float) -> Crossings:
    """Return the stars shared by pairs of frames."""
    centre = centre_of(frames[reference])
    stars = [stars_of(obs, centre) for obs in frames]
    places = [_placed(s, obs.placement) for s, obs in zip(stars, frames, strict=True)]
    parts = []
    for i, j in _pairs(frames, reference):
        ours, theirs = paired(places[i], places[j], radius)
        parts.append(
            Crossings(
                np.full(len(ours), i),
                np.full(len(ours), j),
                np.column_stack([stars[i].ccd[ours], stars[j].ccd[theirs]]),
                places[j][theirs] - places[i][ours],
                np.hypot(stars[i].error[ours], stars[j].error[theirs]),
            )
        )
    return Crossings(
        np.concatenate([p.first for p in parts]),
        np.concatenate([p.second for p in parts]),
        np.concatenate([p.ccds for p in parts]),
        np.concatenate([p.apart for p in parts]),
        np.concatenate([p.error for p in parts]),
    )


def _placed(stars: Stars, placement: Placement) -> Points:
    """Return where a frame's stars lie on the reference's sky, arcsec."""
    back = placement.fix.inverse
    return Affine(back.matrix, back.shift * ARCSEC)(stars.at)


def _pairs(frames: Sequence[Observation], reference: int) -> list[tuple[int, int]]:
    pairs = list(combinations(range(len(frames)), 2))
    pointing = np.array([centre_of(obs) for obs in frames])

    def order(pair: tuple[int, int]) -> tuple[bool, float]:
        apart = pointing[pair[0]] - pointing[pair[1]]
        return reference not in pair, -float(np.hypot(*apart))

    return sorted(pairs, key=order)[: max(MOST_PAIRS, len(frames) - 1)]


def solved(
    seen: Crossings, free: list[int], frames: int, reference: int
) -> tuple[dict[int, Points], Points]:
    """Return each free chip's displacement and each frame's, arcsec (x, y), by least squares.

    A star's two places differ by the displacements of its two chips and of the two frames. Stars
    lose weight as they lie off, by a Cauchy distribution.
    """
    columns = {index: n for n, index in enumerate(free)}
    design = np.zeros((len(seen.first), len(free) + frames))
    rows = np.arange(len(seen.first))
    for side, sign in ((0, -1.0), (1, 1.0)):
        for index, column in columns.items():
            design[seen.ccds[:, side] == index, column] += sign
    design[rows, len(free) + seen.first] -= 1.0
    design[rows, len(free) + seen.second] += 1.0
    design = np.delete(design, len(free) + reference, axis=1)
    weight = 1 / seen.error
    solution: Points = np.zeros((design.shape[1], 2))
    for _ in range(5):
        scaled = design * weight[:, None], seen.apart * weight[:, None]
        solution = np.linalg.lstsq(*scaled, rcond=None)[0].astype(np.float64)
        off = np.abs(seen.apart - design @ solution).max(axis=1) / seen.error
        typical = max(SIGMA_PER_MAD * float(np.median(off)), 1e-9)
        weight = 1 / (seen.error * np.hypot(1, off / (TAIL * typical)))
    chips = {index: solution[n] for index, n in columns.items()}
    return chips, np.insert(solution[len(free) :], reference, 0.0, axis=0)


def _moved(obs: Observation, chips: dict[int, Points], shift: Points) -> Observation:
    """Return the observation with its chips and itself moved by what was found."""
    fix = obs.placement.fix
    # A frame seen displaced on the reference's sky had been placed wrongly by as much.
    moved = Affine(fix.matrix, fix.shift + fix.matrix @ (np.asarray(shift) / ARCSEC))
    infos = tuple(_nudged(info, chips.get(info.index)) for info in obs.ccds)
    return replace(obs, ccds=infos, placement=replace(obs.placement, fix=moved))


def _nudged(info: CcdInfo, displaced: Points | None) -> CcdInfo:
    if displaced is None or info.wcs is None:
        return info
    wcs = info.wcs
    pixels = np.linalg.solve(wcs.cd, displaced / ARCSEC)
    crpix = (wcs.crpix[0] + float(pixels[0]), wcs.crpix[1] + float(pixels[1]))
    x, y = info.nudge or (0.0, 0.0)
    nudge = (x + float(displaced[0]), y + float(displaced[1]))
    return replace(info, wcs=Tan(wcs.crval, crpix, wcs.cd), nudge=nudge)
