"""What resampling does to a star and to a bad pixel, at every sub-pixel phase.

A star without noise is resampled by fractions of a pixel both ways; its flux in a wide circle, and
its place, should stay. A single bad pixel should flag few output pixels, and leave none wrong.
"""

from collections.abc import Iterator

import numpy as np
import sep

from gmoscli.dq import Dq
from gmoscli.geometry import Affine
from gmoscli.steps.resample import resample
from tests.builders import a_piece, some_strips, starlight

from .figures import Figure, below

SIDE = 81
MIDDLE = SIDE / 2 - 0.5
RADIUS = 20.0
FLUX = 1e6
PHASES = np.linspace(0, 1, 9)[:-1]
WIDTHS = {"2.2 px": 2.2, "4.5 px": 4.5}
"""FWHM of stars in good seeing at 4x4 and at 2x2."""


def resampling() -> Iterator[Figure]:
    """Yield the figures."""
    for name, fwhm in WIDTHS.items():
        fluxes, places = zip(*(_star(dx, dy, fwhm) for dx in PHASES for dy in PHASES), strict=True)
        off = [100 * float(np.abs(np.array(fluxes) - 1).max())]
        yield below("flux of a resampled star, worst phase", f"FWHM {name}", off, 0.1, "%")
        yield below("its place, worst phase", f"FWHM {name}", [max(places)], 0.01, "px")
    flagged = [_flagged(dx, dy) for dx in PHASES for dy in PHASES]
    yield below("pixels flagged by one bad pixel", "any phase", [max(flagged)], 9, "pixels")


def _star(dx: float, dy: float, fwhm: float) -> tuple[float, float]:
    """Return the flux of a star over what it was, and the distance from its place, pixels."""
    light = starlight((SIDE, SIDE), MIDDLE, MIDDLE, FLUX, fwhm)
    (before,), _, _ = sep.sum_circle(light, [MIDDLE], [MIDDLE], RADIUS, subpix=11)
    deep = resample(some_strips(a_piece(light, at=Affine.moved(dx, dy))))
    x, y = MIDDLE - dx, MIDDLE - dy
    sci = np.ascontiguousarray(deep.sci[0])
    (after,), _, _ = sep.sum_circle(sci, [x], [y], RADIUS, subpix=11)
    (xw,), (yw,), _ = sep.winpos(sci, [x], [y], [fwhm / 2.355])
    return float(after / before), float(np.hypot(xw - x, yw - y))


def _flagged(dx: float, dy: float) -> int:
    """Return how many output pixels one bad pixel flags."""
    dq = np.zeros((SIDE, SIDE), np.uint16)
    dq[SIDE // 2, SIDE // 2] = Dq.BAD
    deep = resample(
        some_strips(a_piece(np.full((SIDE, SIDE), 100.0), dq=dq, at=Affine.moved(dx, dy)))
    )
    return int((deep.dq[0, 5:-5, 5:-5] & Dq.BAD > 0).sum())
