"""Judge suspects of one frame: against the other frames, against the profile of stars."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...depth import sorted_planes
from ...frame import Plane
from ..sharp import sharp_at
from .laid import BLIND, Frame, Indexes, Mask, Seen, lights, seen
from .match import Match
from .witness import TYPICAL_FWHM, limit, rounded, spread

Floats = NDArray[np.float32]

FEW = 2
"""Other frames up to which a pixel is also judged by itself: all may be hit at one place."""
UNLIT = 0.35
"""Sigmas of a pixel: mean light of 5 x 5 pixels up to which most frames see no star there."""
CALM = 13
"""Of those 25 in the frame itself, pixels within a sigma of the sky where no star's wing lies."""
DARK = 9
"""Of 25 that are seen, those within two sigmas of the sky around a line of light, not in a star."""
PIXEL = 0.9
"""FWHM, in pixels, that pixels add in quadrature: with it the contrast of a pixel with those beside
it is that of Moffat stars of any width on pixels, to 3 %."""
MARGIN = 1.2
"""Of that contrast: a star may be a tenth narrower than the seeing."""
TINY = np.float32(1e-9)
AROUND = np.arange(-2, 3)[:, None]
"""Steps to the 5 x 5 pixels around, along one axis: to be added to rows or columns of pixels."""


@dataclass(frozen=True)
class Court:
    """All frames of a band, and what is known to judge them by."""

    frames: tuple[Frame, ...]
    agreed: Plane
    """Light that most frames see at least, on the overlay."""
    fwhm: tuple[float, ...]
    witnesses: tuple[list[tuple[int, Match]], ...]

    def width(self, frame: int) -> float:
        """Return the seeing of a frame, pixels: one of few; a typical one if it is not known."""
        return rounded(self.fwhm[frame])


@dataclass(frozen=True)
class Pixels:
    """Some pixels of one frame, by their places on the overlay."""

    y: Indexes
    x: Indexes
    own: Seen

    def where(self, some: Mask | Indexes) -> "Pixels":
        """Return some of them."""
        return Pixels(self.y[some], self.x[some], Seen(self.own.light[some], self.own.var[some]))


@dataclass(frozen=True)
class Case:
    """Suspects of one frame, and what is seen of them at first sight."""

    pixels: Pixels
    count: Indexes
    """Other frames that see the pixel."""
    excess: Floats
    """Light beyond the median of those, the lower one of two, in sigmas."""
    plain: Mask
    """No star is anywhere near: the excess says all."""


def pixels_at(court: Court, frame: int, y: Indexes, x: Indexes) -> Pixels:
    """Return pixels of a frame."""
    return Pixels(y, x, seen(court.frames[frame], y, x))


def opened(court: Court, frame: int, y: Indexes, x: Indexes) -> Case:
    """Return what is seen of suspects at first sight."""
    pixels = pixels_at(court, frame, y, x)
    own = pixels.own
    views = [seen(one, y, x) for i, one in enumerate(court.frames) if i != frame]
    count = np.zeros(len(y), np.intp)
    for view in views:
        count += view.light > BLIND
    rank, var = _middle(views, count)
    excess = np.where(count > 0, (own.light - rank) / np.sqrt(own.var + var + TINY), np.float32(0))
    plain = (count > 0) & _unlit(court.agreed, y, x, own.var)
    plain[plain] = dark_around(court.frames[frame], pixels.where(plain), 1.0)[0] >= CALM
    return Case(pixels, count, excess, plain)


def _middle(views: list[Seen], count: Indexes) -> tuple[Floats, Floats]:
    """Return the median of what frames see, the lower one of two, and its variance."""
    total = np.zeros(len(count), np.float32)
    if not views:
        return total, total
    for view in views:
        np.add(total, view.var, out=total, where=view.light > BLIND)
    order = np.stack(sorted_planes([view.light for view in views]))  # blind ones first
    rank = np.minimum(len(views) - count + np.maximum(count - 1, 0) // 2, len(views) - 1)
    middle = order[rank, np.arange(len(count))]
    total /= np.maximum(count, 1).astype(np.float32)
    return np.where(count > 0, middle, np.float32(0)), total * spread(count)


def _unlit(agreed: Plane, y: Indexes, x: Indexes, var: Floats) -> Mask:
    """Say around which pixels most frames see no light."""
    ny, nx = agreed.shape
    rows, columns = np.clip(y + AROUND, 0, ny - 1), np.clip(x + AROUND, 0, nx - 1)
    around = agreed.ravel()[rows[:, None] * nx + columns]
    total = around.sum(axis=(0, 1), dtype=np.float64)  # exact: the same in any order
    unlit: Mask = total < 25 * UNLIT * np.sqrt(var)
    return unlit


def dark_around(frame: Frame, pixels: Pixels, sigmas: float) -> tuple[Indexes, Indexes]:
    """Return how many of the 5 x 5 pixels around lie less than so many sigmas above the sky.

    And how many of them are seen at all.
    """
    number, total = np.zeros((2, len(pixels.y)), np.intp)
    for one in frame:
        row, column = one.native(pixels.y, pixels.x)
        some = np.flatnonzero(one.holds(row, column))
        sigma = np.sqrt(pixels.own.var[some])
        around = lights(one, row[some] + AROUND[:, None], column[some] + AROUND[None])
        inside = (around < np.float32(sigmas) * sigma) & (around > -5 * sigma)
        number[some] = np.count_nonzero(inside, axis=(0, 1))
        total[some] = np.count_nonzero(around > BLIND, axis=(0, 1))
    return number, total


def beyond_stars(court: Court, frame: int, pixels: Pixels) -> tuple[Floats, Mask]:
    """Return light beyond what stars can have, in sigmas, and where no frame can tell (it is 0)."""
    allowed = limit(court.frames, frame, court.witnesses[frame], pixels.y, pixels.x)
    excess = (pixels.own.light - allowed.light) / np.sqrt(pixels.own.var + allowed.var + TINY)
    return np.where(allowed.known, excess, np.float32(0)), ~allowed.known


def sharp(court: Court, frame: int, pixels: Pixels, sigma: float) -> Mask:
    """Say which pixels are sharper than a star can be."""
    result = np.zeros(len(pixels.y), bool)
    width = court.fwhm[frame] if court.fwhm[frame] > 0 else TYPICAL_FWHM
    for one in court.frames[frame]:
        row, column = one.native(pixels.y, pixels.x)
        some = np.flatnonzero(one.holds(row, column))
        result[some] = sharp_at(
            one.light,
            pixels.own.var[some],
            row[some],
            column[some],
            fwhm=float(np.hypot(width, PIXEL)),
            sigma=sigma,
            margin=MARGIN,
        )
    return result
