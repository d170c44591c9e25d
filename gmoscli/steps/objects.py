"""Where sources shine, and where they may: masks of pixels."""

from dataclasses import dataclass

from ..frame import Ccd
from .detect import detected, spread, without_sky
from .masks import Mask

MESH = 12.0
"""Arcsec: mesh of the background above which sources are found."""
MINAREA = 4
"""Connected blocks of a third of an arcsec."""


@dataclass(frozen=True)
class Objects:
    """The pixels of a ccd that sources light."""

    shining: Mask
    """Found above the sky."""
    grown: Mask
    """The same with a rim, in which their wings are lost in the noise."""


def objects(ccd: Ccd, thresh: float, dilation: int) -> Objects | None:
    """Return where sources stand above the sky by so many sigmas, and a rim of so many pixels.

    None for a ccd that shows nothing.
    """
    blocks = without_sky(ccd, MESH)
    if blocks is None:
        return None
    _, segments = detected(blocks, thresh, MINAREA)
    shining = spread(segments > 0, blocks.size, ccd.sci.shape)
    return Objects(shining, dilated(shining, dilation))


def dilated(mask: Mask, pixels: int) -> Mask:
    """Return a mask grown by its four neighbours, so many times."""
    for _ in range(pixels):
        grown = mask.copy()
        grown[1:] |= mask[:-1]
        grown[:-1] |= mask[1:]
        grown[:, 1:] |= mask[:, :-1]
        grown[:, :-1] |= mask[:, 1:]
        mask = grown
    return mask
