"""Complete the mean of stars where single frames have a gap.

Where a frame has a bad column or a rejected pixel the mean is that of the other frames, whose
seeing may be another: in the core of a star it is off by some per cent of the light there. The
light of a star in two frames has a smooth ratio (that of two Gaussians is the exponential of a
parabola), so that the difference of the frame from the others is their light times a parabola,
which the pixels beside the gap tell: not those next to a cosmic ray, where some of it may be left.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..dq import UNUSABLE, Dq
from ..frame import Deep, Planes
from ..stats import places
from .sharp import with_sides

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Indexes = NDArray[np.intp]

LIT = 3.0
"""Sigmas of the mean above the sky from which the seeing may tell in a pixel."""
ASIDE = np.arange(-5, 6)
"""Pixels of the row about a gap that tell how its frame differs."""
NEAR = np.exp(-0.5 * (ASIDE / 2.0) ** 2)
"""Their weights."""
FEWEST = 4
"""Of these, those that have to be good."""
NOISIEST = 3.0
"""Sum of the squared shares beyond which the pixels beside tell more noise than light: a gap as
wide as the core of a star, or one with good pixels on one side alone."""
RIDGE = 1e-6
"""Of the squares: keeps equations solvable in which only noise tells shapes apart."""
MOST = 0.6
"""Of the others' light, by which a frame may differ: the peak of a star in a half better seeing."""
TOGETHER = 1 << 14
"""Places times frames that are worked on at once."""

_GAP = np.uint16(Dq.BAD | Dq.COSMIC_RAY)
_BEYOND = np.uint16(UNUSABLE) ^ _GAP


def completed(mean: Planes, deep: Deep) -> Planes:
    """Return a mean whose lit pixels hold what it would be if no frame had a gap there.

    With the weights w of the frames, m the mean of those good in a pixel, and d the difference of
    another frame from them: m + sum(w d) / sum(w). Variances follow.
    """
    lit = mean.sci - np.float32(deep.sky) > np.float32(LIT) * np.sqrt(mean.var)
    lit &= mean.used > 0
    good = (deep.dq & np.uint16(UNUSABLE)) == 0
    rays = (deep.dq & np.uint16(Dq.COSMIC_RAY)) > 0
    tells = good & ~with_sides(rays)  # of a ray some may be left beside it
    weight = np.array(deep.weights)
    batch = max(1, TOGETHER // len(weight))
    added, squared, extra = np.zeros((3, *lit.shape), np.float64)
    gaps = [places(lit & ((dq & _GAP) > 0) & ((dq & _BEYOND) == 0)) for dq in deep.dq]
    frames = np.repeat(np.arange(len(gaps)), [len(y) for y, _ in gaps])
    rows, columns = (np.concatenate(part) for part in zip(*gaps, strict=True))
    for start in range(0, len(frames), batch):
        whose, *at = (part[start : start + batch] for part in (frames, rows, columns))
        difference, variance, known = _difference(deep, good, tells, whose, *at)
        for total, more in (
            (added, weight[whose] * difference),
            (squared, weight[whose] ** 2 * variance),
            (extra, weight[whose] * known),
        ):
            np.add.at(total, tuple(at), more)  # several frames may have a gap at a place
    filled = places(extra > 0)
    own = (weight[:, None] * good[:, *filled]).sum(axis=0)
    whole = own + extra[filled]
    sci, var = mean.sci.copy(), mean.var.copy()
    sci[filled] += added[filled] / whole
    var[filled] += squared[filled] / whole**2
    return replace(mean, sci=sci, var=var)


def _difference(
    deep: Deep, good: Mask, tells: Mask, whose: Indexes, y: Indexes, x: Indexes
) -> tuple[Floats, Floats, Mask]:
    """Return by how much one frame, at each place, differs from those good there.

    With the variance of that, and whether it is known.
    """
    columns = x[:, None] + ASIDE
    beside = y[:, None], np.clip(columns, 0, deep.sci.shape[2] - 1)
    own = whose[:, None], *beside
    others = good[:, y, x]
    weight = np.array(deep.weights)[:, None] * others
    weight /= weight.sum(axis=0)
    same = (good[:, *beside] | ~others[:, :, None]).all(axis=0)  # the same frames as at the place
    same &= columns == beside[1]
    sci, var = deep.sci[:, *beside] - np.float64(deep.sky), deep.var[:, *beside]
    mean = np.einsum("np,npq->pq", weight, sci)
    shares = _shares(mean, same & tells[own])
    known = shares.any(axis=1)
    light = MOST * mean[:, len(ASIDE) // 2]
    noise = deep.var[own] + np.einsum("np,npq->pq", weight**2, var)
    difference = np.clip(
        (shares * (deep.sci[own] - np.float64(deep.sky) - mean)).sum(axis=1), -light, light
    )
    return difference, (shares**2 * noise).sum(axis=1), np.asarray(known)


def _shares(mean: Floats, usable: Mask) -> Floats:
    """Return the shares that differences in a row have in that of the middle: [place, pixel].

    Least squares by the mean light times a parabola; 0 where too few pixels of a row are usable,
    or where these say too little of the middle.
    """
    shapes = np.stack([mean * ASIDE**power * usable for power in range(3)], axis=1)
    near = NEAR * shapes
    squares = np.einsum("paq,pbq->pab", near, shapes)
    enough = usable.sum(axis=1) >= FEWEST
    squares += np.where(enough, RIDGE * squares[:, 0, 0], 1.0)[:, None, None] * np.eye(3)
    middle = np.linalg.solve(squares, np.eye(3)[0][:, None] * mean[:, None, len(ASIDE) // 2, None])
    shares: Floats = (middle * near).sum(axis=1)
    telling = enough & (np.square(shares).sum(axis=1) <= NOISIEST)
    return np.where(telling[:, None], shares, 0.0)
