"""What happens to light on its way: field stop, vignetting, dust, uneven pixels.

All of it is the same for the sky and a flat. Planes are float32, one value per binned pixel.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea, whole_chips
from .chips import sensitivity
from .defects import dead_pixels
from .effects import Effects
from .night import Night
from .seeds import generator

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]

_STOP_WIDTH = 24.0  # unbinned pixels over which the edge of the field fades: the stop is defocused
_VIGNETTING = 0.06  # light lost at the reference radius, growing with its square
_REFERENCE_RADIUS = 2000.0  # unbinned pixels
_OPTICAL_AXIS = (60.0, -40.0)  # unbinned pixels from the middle of the field: nothing is centred
_PIXEL_SCATTER = 0.008  # one sigma, of an unbinned pixel
_RINGS = 14  # on each chip
_RING_RADII = (18.0, 70.0)  # unbinned pixels
_RING_DEPTHS = (0.005, 0.03)


@lru_cache(maxsize=6)
def response(night: Night, effects: Effects, area: CcdArea) -> Plane:
    """Return electrons per electron of an even, perfect camera, for each pixel read."""
    plane = np.full(area.shape, sensitivity(night, effects, area.chip.index), np.float32)
    if effects.vignetting:
        plane *= _vignetting(night, area)
    if effects.field_stop:
        plane *= field_stop(night, area)
    if effects.dust:
        _add_dust(plane, night, area)
    if effects.response:
        plane *= _pixels(night, area)
    if effects.bad_pixels:
        dead = dead_pixels(night, area)
        plane[dead.y, dead.x] *= dead.value
    plane.setflags(write=False)
    return plane


def field_stop(night: Night, area: CcdArea) -> Plane:
    """Return how much of the light the edge of the field lets through: 1/2 on the outline."""
    rows, first, last = np.asarray(night.array.outline, float).T
    y = area.y + area.chip.origin[1]
    x = (area.x + area.chip.origin[0])[None, :]
    left, right = (np.interp(y, rows, edge)[:, None] for edge in (first, last))
    through = _fade(y - rows[0]) * _fade(rows[-1] - y)
    lit = _fade(x - left)
    lit *= _fade(right - x)
    lit *= through[:, None]
    return lit


def crop(plane: Plane, area: CcdArea) -> Plane:
    """Return the part of a whole chip's plane that is read."""
    return plane[area.section.binned(*area.binning).slices]


def whole(night: Night, area: CcdArea) -> CcdArea:
    """Return the same chip in full."""
    return whole_chips(night)[area.chip.index - 1]


def from_middle(night: Night, area: CcdArea) -> tuple[Floats, Floats]:
    """Return columns and rows in unbinned pixels from the middle of the field."""
    x0, y0 = night.array.raw_wcs.crpix[1]
    dx, dy = area.chip.shift
    return area.x + dx - x0, area.y + dy - y0


def _fade(distance: Floats) -> Plane:
    """Return a smooth step from 0 outside to 1 inside; distances inwards, unbinned pixels."""
    t = np.clip(distance / _STOP_WIDTH + 0.5, 0, 1).astype(np.float32)
    return t * t * (3 - 2 * t)


def _vignetting(night: Night, area: CcdArea) -> Plane:
    x, y = from_middle(night, area)
    square = (x - _OPTICAL_AXIS[0])[None, :] ** 2 + (y - _OPTICAL_AXIS[1])[:, None] ** 2
    return (1 - _VIGNETTING * square / _REFERENCE_RADIUS**2).clip(0).astype(np.float32)


def _add_dust(plane: Plane, night: Night, area: CcdArea) -> None:
    """Multiply rings into a plane: the shadows of grains, with the pupil's hole in the middle."""
    width, height = night.array.chip_size
    rng = generator(night.seed, "dust", area.chip.index)
    for x0, y0, size, depth in rng.random((_RINGS, 4)):
        radius = np.interp(size, (0, 1), _RING_RADII)
        x, y = area.x - width * x0, area.y - height * y0
        box = np.ix_(np.abs(y) < 2 * radius, np.abs(x) < 2 * radius)
        r = np.hypot(x[box[1].ravel()][None, :], y[box[0].ravel()][:, None])
        shade = np.interp(depth, (0, 1), _RING_DEPTHS) * np.exp(-(((r - radius) / 6) ** 2))
        plane[box] *= (1 - shade).astype(np.float32)


def _pixels(night: Night, area: CcdArea) -> Plane:
    """Return the scatter of the pixels, drawn for the whole chip so that any region shares it."""
    rng = generator(night.seed, "response", area.chip.index)
    sigma = np.float32(_PIXEL_SCATTER / np.sqrt(night.pixel_area))
    plane = rng.standard_normal(whole(night, area).shape, dtype=np.float32)
    return 1 + sigma * crop(plane, area)
