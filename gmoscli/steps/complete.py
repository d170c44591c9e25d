"""Complete the mean of stars where single frames have a gap.

Where a frame has a bad column or a rejected pixel the mean is that of the other frames, whose
seeing may be another: in the core of a star it is off by some per cent of the light there. The
light of a star in two frames has a smooth ratio (that of two Gaussians is the exponential of a
parabola), so that the difference of the frame from the others is their light times a parabola,
which the pixels beside the gap tell: not those next to a cosmic ray, where some of it may be left.
Those of the row do for a bad column. Where a gap takes the core of a star from a row, as a cosmic
ray does, those above and below tell as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..band import Deep, Planes
from ..dq import UNUSABLE, Dq
from .masks import Indexes, Mask, nonzero, numbered, with_sides

Floats = NDArray[np.float64]

LIT = 3.0
"""Sigmas of the mean above the sky from which the seeing may tell in a pixel. Where more frames see
it, as many as they are: a frame differs by some 15 % of the light, and what one of n leaves of that
in the mean is then less than 0.15 sigma."""
REACH = 5
"""Pixels from a gap that tell how its frame differs."""
WIDTH = 2.0
"""Sigma of their weights."""
NOISIEST = 3.0
"""Sum of the squared shares beyond which the pixels beside tell more noise than light: a gap as
wide as the core of a star, or one with good pixels on one side alone."""
RIDGE = 1e-6
"""Of the squares: keeps equations solvable in which only noise tells shapes apart."""
MOST = 0.6
"""Of the others' light, by which a frame may differ: the peak of a star in a half better seeing."""
TOGETHER = 1 << 18
"""Pixels around places, of all frames, that are worked on at once."""


@dataclass(frozen=True)
class _Around:
    """Pixels around a gap, that in the middle."""

    dy: Indexes
    dx: Indexes
    powers: tuple[tuple[int, int], ...]
    """Of dx and dy: the terms of a parabola."""
    fewest: int
    """Pixels that have to be good."""

    @cached_property
    def terms(self) -> Floats:
        """[term, pixel]."""
        return np.array([self.dx**i * self.dy**j for i, j in self.powers], np.float64)

    @cached_property
    def near(self) -> Floats:
        """Weights of the pixels."""
        near: Floats = np.exp(-0.5 * (self.dx**2 + self.dy**2) / WIDTH**2)
        return near


_SIDE = np.arange(-REACH, REACH + 1)
ROW = _Around(np.zeros_like(_SIDE), _SIDE, ((0, 0), (1, 0), (2, 0)), 4)
"""The row alone: quick, and enough for most gaps."""
ROUND = _Around(
    np.repeat(_SIDE, _SIDE.size),
    np.tile(_SIDE, _SIDE.size),
    ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)),
    40,
)
"""All around."""

_GAP = np.uint16(Dq.BAD | Dq.COSMIC_RAY)
_BEYOND = np.uint16(UNUSABLE) ^ _GAP


def completed(mean: Planes, deep: Deep) -> Planes:
    """Return a mean whose lit pixels hold what it would be if no frame had a gap there.

    With the weights w of the frames, m the mean of those good in a pixel, and d the difference of
    another frame from them: m + sum(w d) / sum(w). Variances follow.
    """
    sigmas = np.maximum(mean.used, np.float32(LIT))
    lit = mean.sci - np.float32(deep.sky) > sigmas * np.sqrt(mean.var)
    lit &= mean.used > 0
    gaps = [nonzero(lit & ((dq & _GAP) > 0) & ((dq & _BEYOND) == 0)) for dq in deep.dq]
    frames, rows, columns = numbered(gaps)
    if not len(frames):
        return mean
    seen = _Seen.of(deep)
    weight = np.array(deep.weights)
    added, squared, extra = np.zeros((3, *lit.shape), np.float64)
    for some in _batches(len(frames), len(weight), ROW):
        whose, *at = (part[some] for part in (frames, rows, columns))
        difference, variance, known = _difference(seen, whose, *at)
        for total, more in (
            (added, weight[whose] * difference),
            (squared, weight[whose] ** 2 * variance),
            (extra, weight[whose] * known),
        ):
            np.add.at(total, tuple(at), more)  # several frames may have a gap at a place
    filled = nonzero(extra > 0)
    whole = weight @ seen.good[:, filled[0], filled[1]] + extra[filled]
    sci, var = mean.sci.copy(), mean.var.copy()
    sci[filled] += added[filled] / whole
    var[filled] += squared[filled] / whole**2
    return replace(mean, sci=sci, var=var)


def _batches(count: int, frames: int, about: _Around) -> Iterator[slice]:
    """Yield which of so many places are worked on at once."""
    size = max(1, TOGETHER // (frames * about.dx.size))
    for start in range(0, count, size):
        yield slice(start, start + size)


@dataclass(frozen=True)
class _Seen:
    """What frames see: [frame, y, x]."""

    deep: Deep
    good: Mask
    tells: Mask
    """Good, and not beside a cosmic ray in the row, of which some may be left there."""

    @classmethod
    def of(cls, deep: Deep) -> "_Seen":
        good = (deep.dq & np.uint16(UNUSABLE)) == 0
        rays = (deep.dq & np.uint16(Dq.COSMIC_RAY)) > 0
        return cls(deep, good, good & ~with_sides(rays))


def _difference(seen: _Seen, whose: Indexes, y: Indexes, x: Indexes) -> tuple[Floats, Floats, Mask]:
    """Return by how much one frame, at each place, differs from those good there.

    With the variance of that, and whether it is known: by the row, or where a gap takes too much of
    that, by all around.
    """
    difference, variance, known = _told(seen, whose, y, x, ROW)
    wide = np.flatnonzero(~known)
    for batch in _batches(len(wide), len(seen.good), ROUND):
        some = wide[batch]
        around = _told(seen, whose[some], y[some], x[some], ROUND)
        difference[some], variance[some], known[some] = around
    return difference, variance, known


def _told(
    seen: _Seen, whose: Indexes, y: Indexes, x: Indexes, about: _Around
) -> tuple[Floats, Floats, Mask]:
    """Return what the pixels around places tell of :func:`_difference`."""
    n, ny, nx = seen.good.shape
    rows, columns = y[:, None] + about.dy, x[:, None] + about.dx
    inside_y, inside = np.clip(rows, 0, ny - 1), np.clip(columns, 0, nx - 1)
    beside = inside_y * nx + inside
    sci, var, good = (
        plane.reshape(n, -1).take(beside, axis=1)
        for plane in (seen.deep.sci, seen.deep.var, seen.good)
    )
    others = seen.good[:, y, x]
    weight = np.array(seen.deep.weights)[:, None] * others
    weight /= weight.sum(axis=0)
    same = (good | ~others[:, :, None]).all(axis=0)  # the same frames as at the place
    same &= (columns == inside) & (rows == inside_y)
    light = sci - np.float64(seen.deep.sky)
    mean = np.einsum("np,npq->pq", weight, light)
    own = beside + (whose * (ny * nx))[:, None]
    shares = _shares(mean, same & seen.tells.take(own), about)
    known = shares.any(axis=1)
    most = MOST * mean[:, len(about.dx) // 2]
    place = np.arange(len(y))
    noise = var[whose, place] + np.einsum("np,npq->pq", weight**2, var)
    difference = (shares * (light[whose, place] - mean)).sum(axis=1)
    return np.clip(difference, -most, most), (shares**2 * noise).sum(axis=1), np.asarray(known)


def _shares(mean: Floats, usable: Mask, about: _Around) -> Floats:
    """Return the shares that differences around have in that of the middle: [place, pixel].

    Least squares by the mean light times a parabola; 0 where too few pixels are usable, or where
    these say too little of the middle.
    """
    terms = about.terms
    shapes = (mean * usable)[:, None] * terms
    near = about.near * shapes
    squares = np.einsum("paq,pbq->pab", near, shapes)
    enough = usable.sum(axis=1) >= about.fewest
    unit = np.eye(len(terms))
    squares += np.where(enough, RIDGE * squares[:, 0, 0], 1.0)[:, None, None] * unit
    middle = np.linalg.solve(squares, unit[0][:, None] * mean[:, None, len(about.dx) // 2, None])
    shares: Floats = (middle * near).sum(axis=1)
    telling = enough & (np.square(shares).sum(axis=1) <= NOISIEST)
    return np.where(telling[:, None], shares, 0.0)
