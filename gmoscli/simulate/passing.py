"""What gets into the way: the guide probe, and satellites."""

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .camera import focal_plane
from .conditions import Conditions
from .night import Night
from .optics import from_middle
from .seeds import generator

Plane = NDArray[np.float32]

_GUIDE_STAR = (1150.0, -1250.0)  # unbinned pixels from the middle of the field, without dithers
_HEAD, _ARM = 170.0, 110.0  # half widths, unbinned pixels
_EDGE = 20.0  # unbinned pixels over which the shadow begins: the probe is out of focus
_PROBE_LIGHT = 0.25  # that passes beside the probe

_TRAIL_WIDTH = 14.0  # FWHM, unbinned pixels: satellites are out of focus too
_TRAIL_PEAK = 60.0  # electrons per unbinned pixel


def guide_star(night: Night, now: Conditions) -> tuple[float, float]:
    """Return RA and Dec of the guide star, in degrees; it does not follow the dithers."""
    x, y = night.array.raw_wcs.crpix[1]
    place = (x - 1 + _GUIDE_STAR[0], y - 1 + _GUIDE_STAR[1])
    ra, dec = focal_plane(night, now.base).sky(place)
    return float(ra), float(dec)


def probe_shadow(night: Night, now: Conditions, area: CcdArea) -> Plane:
    """Return how much light passes the guide probe: its head on the star, its arm to the right."""
    tan = focal_plane(night, now.true, now.roll)
    star = tan.pixels(guide_star(night, now)) - tan.crpix
    x, y = from_middle(night, area)
    dx, dy = (x - star[0])[None, :], (y - star[1])[:, None]
    head = np.minimum(_HEAD - np.abs(dx), _HEAD - np.abs(dy))
    arm = np.minimum(dx, _ARM - np.abs(dy))
    depth = np.clip(np.maximum(head, arm) / _EDGE, 0, 1)
    return np.asarray(1 - (1 - _PROBE_LIGHT) * depth, np.float32)


def satellite_trail(night: Night, index: int, area: CcdArea) -> Plane:
    """Return the electrons of a satellite that crosses near the middle of the field."""
    rng = generator(night.seed, "satellite", index)
    angle, beside = np.pi * rng.random(), 800 * (rng.random() - 0.5)
    x, y = from_middle(night, area)
    distance = (x * np.sin(angle))[None, :] - (y * np.cos(angle))[:, None] - beside
    profile = np.exp(-4 * np.log(2) * (distance / _TRAIL_WIDTH) ** 2)
    return np.asarray(_TRAIL_PEAK * night.pixel_area * profile, np.float32)
