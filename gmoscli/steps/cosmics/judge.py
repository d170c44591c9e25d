"""Judge suspects: against the other frames, against the profile of stars."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...frame import Plane
from ..masks import Indexes, Mask
from ..sharp import sharp_at
from .hole import Bound, beyond_rim
from .laid import BLIND, Frame, Laid, Seen, by_frame, lights, seen
from .match import Match
from .order import middle_rank, seen_at_rank
from .spared import beyond_spared
from .witness import TYPICAL_FWHM, limit, rounded, spread

Floats = NDArray[np.float32]

FEW = 2
"""Other frames up to which a pixel is also judged by itself: all may be hit at one place."""
UNLIT = 0.35
"""Sigmas of a pixel: mean light of 5 x 5 pixels up to which most frames see no star there."""
CALM = 13
"""Of those 25 in the frame itself, pixels within a sigma of the sky where no star's wing lies."""
DARK = 12
"""Of 25 that are seen, those within two sigmas of the sky around a line of light, not in a star."""
PIXEL = 0.9
"""FWHM, in pixels, that pixels add in quadrature: with it the contrast of a pixel with those beside
it is that of Moffat stars of any width on pixels, to 3 %."""
MARGIN = 1.2
"""Of that contrast: a star may be a tenth narrower than the seeing."""
TINY = np.float32(1e-9)
AROUND = np.arange(-2, 3)[:, None]
"""Steps to the 5 x 5 pixels around, along one axis: to be added to rows or columns of pixels."""
_NEAR = np.mgrid[-2:3, -2:3].reshape(2, -1)
"""The same steps, (y, x) of each pixel."""


@dataclass(frozen=True)
class Court:
    """All frames of a band, and what is known to judge them by."""

    frames: tuple[Frame, ...]
    agreed: Plane
    """Light that most frames see at least, on the overlay."""
    fwhm: tuple[float, ...]
    witnesses: tuple[list[tuple[int, Match]], ...]
    columns: range
    """Of the overlay, those of the band itself."""

    def width(self, frame: int) -> float:
        """Return the seeing of a frame, pixels: one of few; a typical one if it is not known."""
        return rounded(self.fwhm[frame])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the overlays of all frames: [frame, y, x]."""
        return (len(self.frames), *self.agreed.shape)


@dataclass(frozen=True)
class Pixels:
    """Some pixels of frames, in the order of these, by their places on the overlay."""

    whose: Indexes
    """The frame of each."""
    y: Indexes
    x: Indexes
    own: Seen
    """What that frame sees."""

    def where(self, some: Mask | Indexes | slice) -> "Pixels":
        """Return some of them."""
        own = Seen(self.own.light[some], self.own.var[some])
        return Pixels(self.whose[some], self.y[some], self.x[some], own)

    def by_frame(self) -> Iterator[tuple[int, slice, "Pixels"]]:
        """Yield each frame that has some, where these are, and these."""
        for frame, part in by_frame(self.whose):
            yield frame, part, self.where(part)


@dataclass(frozen=True)
class Case:
    """Suspects, and what is seen of them at first sight."""

    pixels: Pixels
    count: Indexes
    """Other frames that see the pixel."""
    excess: Floats
    """Light beyond the median of those, the lower one of two, in sigmas."""
    plain: Mask
    """No star is anywhere near: the excess says all."""


def pixels_at(court: Court, places: Indexes) -> Pixels:
    """Return pixels of frames: places, in rising order, in the flattened [frame, y, x]."""
    whose, y, x = (np.asarray(part) for part in np.unravel_index(places, court.shape))
    light, var = np.empty((2, len(places)), np.float32)
    for frame, part in by_frame(whose):
        own = seen(court.frames[frame], y[part], x[part])
        light[part], var[part] = own.light, own.var
    return Pixels(whose, y, x, Seen(light, var))


def opened(court: Court, pixels: Pixels) -> Case:
    """Return what is seen of suspects at first sight.

    Each frame is asked once, for the suspects of all the others.
    """
    own, y, x = pixels.own, pixels.y, pixels.x
    views = [seen(frame, y, x) for frame in court.frames]
    for frame, part in by_frame(pixels.whose):
        views[frame].light[part] = BLIND  # nobody is a witness in his own case
    count = np.zeros(len(y), np.intp)
    for view in views:
        count += view.light > BLIND
    rank, var = _middle(views, count)
    excess = np.where(count > 0, (own.light - rank) / np.sqrt(own.var + var + TINY), np.float32(0))
    plain = (count > 0) & _unlit(court.agreed, y, x, own.var)
    plain[plain] = dark_around(court, pixels.where(plain), 1.0)[0] >= CALM
    return Case(pixels, count, excess, plain)


def _middle(views: list[Seen], count: Indexes) -> tuple[Floats, Floats]:
    """Return the median of what frames see, the lower one of two, and its variance."""
    total = np.zeros(len(count), np.float32)
    for view in views:
        np.add(total, view.var, out=total, where=view.light > BLIND)
    others = len(views) - 1
    some = np.flatnonzero(count != others)
    lights = [view.light for view in views]
    middle = seen_at_rank(lights, middle_rank, others, some, count[some])
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


@dataclass(frozen=True)
class _At:
    """Pixels where they lie on a piece of their frame."""

    one: Laid
    frame: int
    some: Indexes
    """Their numbers among all pixels."""
    row: Indexes
    column: Indexes


def _on_pieces(court: Court, pixels: Pixels) -> Iterator[_At]:
    """Yield the pixels of each piece."""
    for frame, part, own in pixels.by_frame():
        for one in court.frames[frame]:
            row, column = one.native(own.y, own.x)
            some = np.flatnonzero(one.holds(row, column))
            yield _At(one, frame, some + part.start, row[some], column[some])


def dark_around(court: Court, pixels: Pixels, sigmas: float) -> tuple[Indexes, Indexes]:
    """Return how many of the 5 x 5 pixels around lie less than so many sigmas above the sky.

    And how many of them are seen at all.
    """
    number, total = np.zeros((2, len(pixels.y)), np.intp)
    for at in _on_pieces(court, pixels):
        sigma = np.sqrt(pixels.own.var[at.some])
        around = lights(at.one, at.row, at.column, *_NEAR)
        inside = (around < np.float32(sigmas) * sigma) & (around > -5 * sigma)
        number[at.some] = np.count_nonzero(inside, axis=0)
        total[at.some] = np.count_nonzero(around > BLIND, axis=0)
    return number, total


def beyond_stars(court: Court, pixels: Pixels) -> tuple[Floats, Mask]:
    """Return light beyond what stars can have, in sigmas, and where no frame can tell (it is 0)."""
    excess, alone = np.zeros(len(pixels.y), np.float32), np.zeros(len(pixels.y), bool)
    for frame, part, some in pixels.by_frame():
        allowed = limit(court.frames, frame, court.witnesses[frame], some.y, some.x)
        beyond = (some.own.light - allowed.light) / np.sqrt(some.own.var + allowed.var + TINY)
        np.copyto(excess[part], beyond, where=allowed.known)
        alone[part] = ~allowed.known
    return excess, alone


def beyond_rims(court: Court, pixels: Pixels, sigma: float, bound: Bound = "loose") -> Mask:
    """Say which pixels have more light than those around any hole allow."""
    return _by_frame(court, pixels, partial(beyond_rim, sigma=sigma, bound=bound))


def beyond_those_spared(court: Court, pixels: Pixels, sigma: float) -> Mask:
    """Say which pixels have more light than those allow that no cosmic ray hit around."""
    return _by_frame(court, pixels, partial(beyond_spared, sigma=sigma))


def _by_frame(
    court: Court, pixels: Pixels, test: Callable[[Frame, float, Indexes, Indexes], Mask]
) -> Mask:
    """Return what a test of pixels of one frame, by its seeing, says of each frame's."""
    found = np.zeros(len(pixels.y), bool)
    for frame, part, some in pixels.by_frame():
        found[part] = test(court.frames[frame], court.width(frame), some.y, some.x)
    return found


def sharp(court: Court, pixels: Pixels, sigma: float) -> Mask:
    """Say which pixels are sharper than a star can be."""
    result = np.zeros(len(pixels.y), bool)
    for at in _on_pieces(court, pixels):
        width = court.fwhm[at.frame] if court.fwhm[at.frame] > 0 else TYPICAL_FWHM
        result[at.some] = sharp_at(
            at.one.light,
            pixels.own.var[at.some],
            at.row,
            at.column,
            fwhm=float(np.hypot(width, PIXEL)),
            sigma=sigma,
            margin=MARGIN,
        )
    return result
