"""Fringes: the night's emission lines interfering in the silicon."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .night import Night
from .seeds import generator

Plane = NDArray[np.float32]

_WAVES = 5  # undulations of the chip's thickness, each way
_ORDERS = 7.0  # typical number of orders of interference by which one undulation moves the phase


@lru_cache(maxsize=3)
def fringe_pattern(night: Night, area: CcdArea) -> Plane:
    """Return the fringes between -1 and 1: the cosine of a smooth, random thickness.

    The pattern belongs to the chip, whatever is read of it. Crests are 50 to 300 unbinned pixels
    apart, as the catalogued pairs of crests and troughs are.
    """
    width, height = night.array.chip_size
    rng = generator(night.seed, "fringe pattern", area.chip.index)
    x, y = (area.x / width).astype(np.float32), (area.y / height).astype(np.float32)
    phase = np.zeros(area.shape, np.float32)
    for _ in range(_WAVES):
        kx, ky = rng.uniform(0.5, 2.5, 2)
        px, py, depth = 2 * np.pi * rng.random(3)
        along = np.cos(2 * np.pi * kx * x + px, dtype=np.float32)
        across = np.cos(2 * np.pi * ky * y + py, dtype=np.float32)
        phase += np.float32(_ORDERS * depth) * across[:, None] * along[None, :]
    pattern = np.cos(phase, out=phase)
    pattern.setflags(write=False)
    return pattern
