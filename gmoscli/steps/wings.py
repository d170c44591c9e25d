"""Tell what differs from other frames because it lies in the wing of a source.

Frames of better seeing do not see how far the light of this one reaches.
"""

import numpy as np

from ..band import Deep
from ..frame import Plane
from .masks import Indexes, Mask

LIT = 4
"""Of the six neighbours along the row, those that stand a sigma above the sky in a wing."""
FAINTEST = 0.03
"""Share of a wing's light that others see at least: a Moffat profile (beta = 3) of a seeing that is
better by 2.4, as far wings go with its fourth power."""
_ROW = np.arange(-3, 4)


def in_wing(deep: Deep, good: Mask, places: tuple[Indexes, ...]) -> Mask:
    """Say which values, at (frame, y, x), are in the wing of a source.

    There is light all along the row, and the other frames see some of it: where they have none at
    all it is no star's, but the trail of a satellite.
    """
    whose, y, x = (axis[:, None] for axis in places)
    row = np.clip(x + _ROW, 0, good.shape[2] - 1)
    light = deep.sci[whose, y, row] - np.float32(deep.sky)
    beside = (light > np.sqrt(deep.var[whose, y, row]))[:, _ROW != 0]
    wing: Mask = beside.sum(axis=1) >= LIT
    seen, error = _light_of_others(deep, good, places[0][wing], y[wing], row[wing])
    wing[wing] = seen > FAINTEST * light[wing].mean(axis=1) - error
    return wing


def _light_of_others(
    deep: Deep, good: Mask, whose: Indexes, y: Indexes, x: Indexes
) -> tuple[Plane, Plane]:
    """Return the mean light in rows of pixels of all frames but one, and its error.

    The error is infinite where they have no good pixel.
    """
    total, light, variance = np.zeros((3, len(whose)), np.float32)
    for j, weight in enumerate(deep.weights):
        share = np.float32(weight) * (good[j][y, x] & (whose != j)[:, None])
        total += share.sum(axis=1)
        light += (share * (deep.sci[j][y, x] - np.float32(deep.sky))).sum(axis=1)
        variance += (np.square(share) * deep.var[j][y, x]).sum(axis=1)
    some = total > 0
    norm: Plane = np.where(some, total, np.float32(1))
    error: Plane = np.where(some, np.sqrt(variance) / norm, np.float32(np.inf))
    return light / norm, error
