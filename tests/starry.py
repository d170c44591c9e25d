"""Frames of stars at any seeing and binning, for what judges pixels by those around."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gmoscli.steps.cosmics.laid import Frame, laid
from tests.builders import SCALE, a_piece, some_strips, starlight

SHAPE = (48, 56)
SEEINGS = [
    arcsec / (SCALE * binned / 2) for arcsec in (0.4, 0.6, 0.8, 1.0, 1.2) for binned in (1, 2, 4)
]
"""FWHM, pixels, of any night at any binning."""


def a_laid_frame(light: Any, var: Any = 1e-6, dq: Any = 0) -> Frame:
    """Return a frame that lies on the overlay as it is."""
    (frame,) = laid(some_strips(a_piece(light, var, dq), shape=SHAPE), 0)
    return frame


def some_stars(rng: np.random.Generator, fwhm: float, number: int = 6) -> NDArray[Any]:
    """Return the light of bright stars anywhere."""
    x, y = rng.uniform(4, 44, (2, number))
    return starlight(SHAPE, x, y, 10 ** rng.uniform(4, 6, number), fwhm)
