"""How the sky falls on the focal plane and the chips."""

from math import cos, radians, sin

import numpy as np

from ..geometry import ARCSEC, Affine, Points, Tan, chip_to_detector
from ..gmos.detectors import Chip
from .chips import true_chips
from .effects import Effects
from .night import Night


def plate(night: Night, roll: float = 0.0) -> Points:
    """Return the CD matrix in degrees per unbinned pixel, for the side port.

    +y points to position angle PA + 180, +x to PA - 90 (the sky is seen in a mirror).
    """
    s, pa = night.array.pixel_scale / ARCSEC, radians(night.pa + roll)
    return s * np.array([[-cos(pa), -sin(pa)], [sin(pa), -cos(pa)]])


def focal_plane(night: Night, pointing: tuple[float, float], roll: float = 0.0) -> Tan:
    """Return the sky on unbinned pixels of chip 2, extended over the plane."""
    x, y = night.array.raw_wcs.crpix[1]
    return Tan(pointing, (x - 1, y - 1), plate(night, roll))


def chip_map(night: Night, effects: Effects, chip: Chip) -> Affine:
    """Return the true map from a chip's unbinned pixels to those of the focal plane."""
    return chip_to_detector(true_chips(night, effects)[chip.index - 1], night.array)
