"""Find cosmic rays by comparing frames, on native pixels, before anything is interpolated.

Frames are compared at the nearest whole-pixel shift. Where no star is near, a pixel far above the
median of the others is a cosmic ray. Near stars frames differ by seeing and sub-pixel phase: there
a pixel may be as bright as the brightest star can be that the other frames allow, by their seeing,
their phases, and some slack in both. Where few frames see the sky, or none that could tell, what is
sharper than a star can be is a cosmic ray; what is neither is kept.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

import numpy as np

from ...frame import Strips
from ...step import Range, step
from .growth import grown
from .judge import FEW, Case, Court, beyond_stars, opened, sharp
from .laid import Frame, Indexes, Mask, laid, mark
from .search import search
from .witness import witnesses

HALO = 20
"""Output rows around a band that are looked at: 4 to be resampled, 3 that rays reach into them, and
what these are judged by: 5 for a bound, 5 for what is flagged there, and 3 for what that is by."""
KEEN = 0.7
"""Of the limit, from which pixels are suspect: the first look knows less of the other frames."""
BATCH = 1 << 14
"""Suspects that are judged together, which bounds the memory."""


@step("flagCosmicRaysByStacking")
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
    numbers = range(len(frames))
    shape = (strips.shape[0] + 2 * HALO, strips.shape[1])
    found = search(frames, shape, sigma=KEEN * hsigma, from_sky=len(frames) <= FEW + 1)
    asked = tuple(witnesses(strips.fwhm, i, slack) for i in numbers)
    court = Court(frames, found.agreed, strips.fwhm, asked)

    def plainly(frame: int, case: Case) -> Mask:
        hit = case.plain & (case.excess > hsigma)
        few = case.count <= FEW
        hit[few] |= sharp(court, frame, case.where(few), hsigma)
        return hit

    def against_stars(frame: int, case: Case) -> Mask:
        hit = np.zeros(len(case.y), bool)
        doubtful = ~case.plain
        some = case.where(doubtful)
        excess, alone = beyond_stars(court, frame, some)
        hit[doubtful] = (excess > hsigma) | (alone & sharp(court, frame, some, hsigma))
        return hit

    plain = [_judged(court, i, found.suspects[i], plainly) for i in numbers]
    _mark(frames, plain, shape)  # what is a cosmic ray must not tell of stars
    more = [_judged(court, i, found.suspects[i], against_stars) for i in numbers]
    _mark(frames, more, shape)
    rays = [np.union1d(*both) for both in zip(plain, more, strict=True)]
    _mark(frames, [grown(court, i, rays[i], grow_sigma) for i in numbers], shape)
    return replace(
        strips,
        frames=tuple(tuple(replace(one.piece, dq=one.dq) for one in frame) for frame in frames),
    )


def _mark(frames: tuple[Frame, ...], rays: list[Indexes], shape: tuple[int, int]) -> None:
    for frame, some in zip(frames, rays, strict=True):
        mark(frame, *np.divmod(some, shape[1]))


def _judged(
    court: Court, frame: int, suspects: Indexes, judgement: Callable[[int, Case], Mask]
) -> Indexes:
    """Return those suspects of a frame that a judgement says are cosmic rays."""
    hits = [np.empty(0, np.intp)]
    for start in range(0, len(suspects), BATCH):
        some = suspects[start : start + BATCH]
        y, x = np.divmod(some, court.agreed.shape[1])
        hits.append(some[judgement(frame, opened(court, frame, y, x))])
    return np.concatenate(hits)
