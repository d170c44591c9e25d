"""Tell what differs from other frames because it lies in the wing of a source.

Frames of better seeing do not see how far the light of this one reaches.
"""

from typing import NamedTuple

import numpy as np

from ..band import Deep
from ..frame import Plane
from .masks import Indexes, Mask

LIT = 4
"""Of the six neighbours along the row, those that stand a sigma above the sky in a wing."""
STEEP = 7
"""Power of the seeing that far wings go with at most: 2 beta - 2 of a Moffat profile of 4.5."""
UNKNOWN = 1 / 3
"""Of the seeings of two frames, where they are not known: 0.4 and 1.2 arcsec are the best and the
worst there are."""
SURE = 3.0
"""Errors of the light of others by which it has to be too faint for a wing."""
_ROW = np.arange(-3, 4)


def in_wing(deep: Deep, good: Mask, places: tuple[Indexes, ...]) -> Mask:
    """Say which values, at (frame, y, x), are in the wing of a source.

    There is light all along the row, and the other frames see as much of it as their seeing lets
    them: where they have less it is no star's, but the trail of a satellite.
    """
    whose, y, x = (axis[:, None] for axis in places)
    row = np.clip(x + _ROW, 0, good.shape[2] - 1)
    light = deep.sci[whose, y, row] - np.float32(deep.sky)
    beside = (light > np.sqrt(deep.var[whose, y, row]))[:, _ROW != 0]
    wing: Mask = beside.sum(axis=1) >= LIT
    others = _light_of_others(deep, good, places[0][wing], y[wing], row[wing])
    wing[wing] = others.light > others.share * light[wing].mean(axis=1) - SURE * others.error
    return wing


class _Others(NamedTuple):
    """What all frames but one see in rows of pixels."""

    light: Plane
    """A mean."""
    error: Plane
    """Of that; infinite where they have no good pixel."""
    share: Plane
    """Of the light of that one's wings which they see at least."""


def _light_of_others(deep: Deep, good: Mask, whose: Indexes, y: Indexes, x: Indexes) -> _Others:
    """Return what all frames but ``whose`` see in rows of pixels."""
    total, light, variance, least = np.zeros((4, len(whose)), np.float32)
    seen = _seen_of_wings(deep)
    for j, weight in enumerate(deep.weights):
        share = np.float32(weight) * (good[j][y, x] & (whose != j)[:, None])
        shares = share.sum(axis=1)
        total += shares
        least += shares * seen[whose, j]
        light += (share * (deep.sci[j][y, x] - np.float32(deep.sky))).sum(axis=1)
        variance += (np.square(share) * deep.var[j][y, x]).sum(axis=1)
    some = total > 0
    norm: Plane = np.where(some, total, np.float32(1))
    error: Plane = np.where(some, np.sqrt(variance) / norm, np.float32(np.inf))
    return _Others(light / norm, error, least / norm)


def _seen_of_wings(deep: Deep) -> Plane:
    """Return the least share of the light of wings in one frame, [row], that others see, [column].

    Far out the light of a star goes with a power of the seeing.
    """
    count = len(deep.weights)
    fwhm = np.array(deep.fwhm or (0.0,) * count)
    both = (fwhm > 0) & (fwhm > 0)[:, None]
    ratio = np.divide(fwhm, fwhm[:, None], out=np.full((count, count), UNKNOWN), where=both)
    share: Plane = (np.minimum(ratio, 1) ** STEEP).astype(np.float32)
    return share
