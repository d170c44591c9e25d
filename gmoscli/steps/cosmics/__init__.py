"""Find cosmic rays by comparing frames, on native pixels, before anything is interpolated.

Frames are compared at the nearest whole-pixel shift. Where no star is near, a pixel far above the
median of the others is a cosmic ray. Near stars frames differ by seeing and sub-pixel phase: there
a pixel may be as bright as the brightest star can be that the other frames allow, by their seeing,
their phases, and some slack in both. Besides, and alone where few frames see the sky or none could
tell, the frame itself says what is sharper than a star can be, by the pixels around (:mod:`.hole`).
What no test is sure of is kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np

from ...band import Strips
from ...step import Range, step
from ..masks import Indexes
from .growth import grown
from .judge import (
    FEW,
    Court,
    Pixels,
    beyond_rims,
    beyond_stars,
    beyond_those_spared,
    opened,
    pixels_at,
    sharp,
)
from .laid import by_frame, laid, mark
from .search import search
from .witness import witnesses

HALO = 22
"""Output pixels around a band that are looked at: 4 to be resampled, 3 that rays reach into them,
and what these are judged by: 5 for a bound of other frames, 2 for a tight one, 5 for what is
flagged there, and 3 for what that is by."""
HELD = 17
"""Of these, those on which suspects are held against stars; one or two are to spare."""
TIGHT = 14
"""Of these, those on which what is still in doubt is held against tight bounds."""
FOLLOWED = 10
"""Of these, those from which cosmic rays are followed."""
KEEN = 0.7
"""Of the limit, from which pixels are suspect: the first look knows less of the other frames."""
BATCH = 1 << 15
"""Suspects of all frames that are judged together, which bounds the memory."""


@step("flagCosmicRaysByStacking", halo=HALO, aside=HALO)
def flag_cosmic_rays(
    strips: Strips,
    *,
    hsigma: Annotated[float, "sigmas above the other frames", Range(1.0)] = 5.0,
    grow_sigma: Annotated[float, "sigmas for pixels beside a cosmic ray", Range(0.5)] = 2.5,
    slack: Annotated[
        float, "share by which the widths of stars may differ from the seeing", Range(0, 0.3)
    ] = 0.04,
) -> Strips:
    """Flag pixels with more light than the other frames, or than a star's profile, can explain."""
    frames = laid(strips, HALO)
    columns = strips.columns(HALO)
    shape = (strips.shape[0] + 2 * HALO, len(columns))
    found = search(frames, shape, sigma=KEEN * hsigma, few=FEW + 1)
    asked = tuple(witnesses(strips.fwhm, i, slack) for i in range(len(frames)))
    band = range(strips.left - columns.start, strips.left - columns.start + strips.shape[1])
    court = Court(frames, found.agreed, strips.fwhm, asked, band)

    first = _judged(court, found.suspects, hsigma)
    _mark(court, first.rays)  # what is a ray must not tell of stars
    doubtful = _within(court, first.doubtful, HELD)
    more = _held_against_stars(court, doubtful, hsigma)
    _mark(court, more)
    doubtful = _within(court, np.setdiff1d(doubtful, more, assume_unique=True), TIGHT)
    last = _held_tightly(court, doubtful, hsigma)
    _mark(court, last)
    rays = _within(court, np.concatenate([first.rays, more, last]), FOLLOWED)
    _mark(court, grown(court, np.sort(rays), grow_sigma))
    return replace(
        strips,
        frames=tuple(tuple(replace(one.piece, dq=one.dq) for one in frame) for frame in frames),
    )


def _within(court: Court, places: Indexes, halo: int) -> Indexes:
    """Return those places that lie in the band or so many pixels around it."""
    _, ny, nx = court.shape
    beyond, band = HALO - halo, court.columns
    line, column = np.divmod(places, nx)
    row = line % ny
    inside = (row >= beyond) & (row < ny - beyond)
    inside &= (column >= band.start - halo) & (column < band.stop + halo)
    return places[inside]


def _mark(court: Court, rays: Indexes) -> None:
    """Flag cosmic rays of all frames, in place."""
    whose, y, x = np.unravel_index(rays, court.shape)
    for frame, part in by_frame(whose):
        mark(court.frames[frame], y[part], x[part])


def _batches(court: Court, suspects: Indexes) -> Iterator[tuple[Indexes, Pixels]]:
    """Yield suspects that are judged together: their places, and what is seen there."""
    for start in range(0, len(suspects), BATCH):
        some = suspects[start : start + BATCH]
        yield some, pixels_at(court, some)


@dataclass(frozen=True)
class _Verdict:
    rays: Indexes
    doubtful: Indexes
    """Suspects near stars."""


def _judged(court: Court, suspects: Indexes, sigma: float) -> _Verdict:
    """Return which suspects are cosmic rays by what the other frames see at their places."""
    rays, doubtful = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for some, pixels in _batches(court, suspects):
        case = opened(court, pixels)
        hit = case.plain & (case.excess > sigma)
        for test in (sharp, beyond_rims, beyond_those_spared):
            few = np.flatnonzero((case.count <= FEW) & ~hit)
            hit[few] = test(court, pixels.where(few), sigma)
        rays.append(some[hit])
        doubtful.append(some[~(case.plain | hit)])
    return _Verdict(np.concatenate(rays), np.concatenate(doubtful))


def _held_against_stars(court: Court, suspects: Indexes, sigma: float) -> Indexes:
    """Return which suspects are cosmic rays by what stars can be there."""
    rays = [np.empty(0, np.intp)]
    for some, pixels in _batches(court, suspects):
        excess, alone = beyond_stars(court, pixels)
        hit = excess > sigma
        lonely = np.flatnonzero(alone & ~hit)
        hit[lonely] = sharp(court, pixels.where(lonely), sigma)
        rest = np.flatnonzero(~hit)
        hit[rest] = beyond_rims(court, pixels.where(rest), sigma)
        rays.append(some[hit])
    return np.concatenate(rays)


def _held_tightly(court: Court, suspects: Indexes, sigma: float) -> Indexes:
    """Return which suspects are cosmic rays by tight bounds, which others beside may not cross."""
    rays = [np.empty(0, np.intp)]
    for some, pixels in _batches(court, suspects):
        rays.append(some[beyond_rims(court, pixels, sigma, "tight")])
    return np.concatenate(rays)
