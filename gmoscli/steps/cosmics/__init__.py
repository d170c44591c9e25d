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

from ...frame import Strips
from ...step import Range, step
from .growth import grown
from .hole import beyond_rim
from .judge import FEW, Court, beyond_stars, opened, pixels_at, sharp
from .laid import Frame, Indexes, laid, mark
from .search import search
from .witness import witnesses

HALO = 20
"""Output rows around a band that are looked at: 4 to be resampled, 3 that rays reach into them, and
what these are judged by: 5 for a bound, 5 for what is flagged there, and 3 for what that is by."""
KEEN = 0.7
"""Of the limit, from which pixels are suspect: the first look knows less of the other frames."""
BATCH = 1 << 14
"""Suspects that are judged together, which bounds the memory."""


@step("flagCosmicRaysByStacking", halo=HALO)
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

    first = [_judged(court, i, found.suspects[i], hsigma) for i in numbers]
    _mark(frames, [some.rays for some in first], shape)  # what is a ray must not tell of stars
    more = [_held_against_stars(court, i, first[i].doubtful, hsigma) for i in numbers]
    _mark(frames, more, shape)
    rays = [np.union1d(some.rays, also) for some, also in zip(first, more, strict=True)]
    _mark(frames, [grown(court, i, rays[i], grow_sigma) for i in numbers], shape)
    return replace(
        strips,
        frames=tuple(tuple(replace(one.piece, dq=one.dq) for one in frame) for frame in frames),
    )


def _mark(frames: tuple[Frame, ...], rays: list[Indexes], shape: tuple[int, int]) -> None:
    for frame, some in zip(frames, rays, strict=True):
        mark(frame, *np.divmod(some, shape[1]))


def _batches(court: Court, suspects: Indexes) -> Iterator[tuple[Indexes, Indexes, Indexes]]:
    """Yield places, rows and columns of suspects that are judged together."""
    for start in range(0, len(suspects), BATCH):
        some = suspects[start : start + BATCH]
        yield some, *np.divmod(some, court.agreed.shape[1])


@dataclass(frozen=True)
class _Verdict:
    rays: Indexes
    doubtful: Indexes
    """Suspects near stars."""


def _judged(court: Court, frame: int, suspects: Indexes, sigma: float) -> _Verdict:
    """Return which suspects of a frame are cosmic rays by what the others see at their places."""
    rays, doubtful = [np.empty(0, np.intp)], [np.empty(0, np.intp)]
    for some, y, x in _batches(court, suspects):
        case = opened(court, frame, y, x)
        hit = case.plain & (case.excess > sigma)
        few = np.flatnonzero((case.count <= FEW) & ~hit)
        pixels = case.pixels.where(few)
        hit[few] = sharp(court, frame, pixels, sigma) | beyond_rim(
            court.frames[frame], court.width(frame), pixels.y, pixels.x, sigma
        )
        rays.append(some[hit])
        doubtful.append(some[~(case.plain | hit)])
    return _Verdict(np.concatenate(rays), np.concatenate(doubtful))


def _held_against_stars(court: Court, frame: int, suspects: Indexes, sigma: float) -> Indexes:
    """Return which suspects of a frame are cosmic rays by what stars can be there."""
    rays = [np.empty(0, np.intp)]
    for some, y, x in _batches(court, suspects):
        pixels = pixels_at(court, frame, y, x)
        excess, alone = beyond_stars(court, frame, pixels)
        hit = (excess > sigma) | (alone & sharp(court, frame, pixels, sigma))
        rest = np.flatnonzero(~hit)
        hit[rest] = beyond_rim(court.frames[frame], court.width(frame), y[rest], x[rest], sigma)
        rays.append(some[hit])
    return np.concatenate(rays)
