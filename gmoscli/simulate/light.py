"""The light of one exposure on one ccd, before the camera takes its share."""

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .camera import chip_map, focal_plane
from .chips import colour_term
from .conditions import Frame
from .fringes import fringe_pattern
from .optics import from_middle
from .passing import probe_shadow, satellite_trail
from .profiles import paint, profiles
from .scene import chip_rates, scene

Plane = NDArray[np.float32]

_SLOPE = 300.0  # arcsec in which the sky rises by what its slope tells


def light(frame: Frame, area: CcdArea) -> tuple[Plane, Plane]:
    """Return the electrons of sources and of the background, as an even, perfect camera has them.

    The background is the sky with its fringes, or the twilight of a flat.
    """
    sources, background = _sources(frame, area), _background(frame, area)
    if frame.effects.guide_probe and frame.shot.kind == "science":
        shadow = probe_shadow(frame.night, frame.now, area)
        sources *= shadow
        background *= shadow
    return sources, background


def _sources(frame: Frame, area: CcdArea) -> Plane:
    night, effects, shot, now = frame
    plane = np.zeros(area.shape, np.float32)
    if shot.kind == "bias":
        return plane
    sources = scene(night, effects, shot.kind)
    sky = np.column_stack([sources.ra, sources.dec])
    tan = focal_plane(night, now.true, now.roll)
    places = chip_map(night, effects, area.chip).inverse(tan.pixels(sky))
    rates = chip_rates(night, effects, sources, area.chip.index)
    scale = night.array.pixel_scale
    shapes = profiles(
        sources,
        places,
        rates * shot.exposure * now.transparency,
        fwhm=now.seeing / scale,
        ellipticity=now.ellipticity,
        elongation=now.elongation,
        scale=scale,
    )
    paint(plane, area, shapes)
    if effects.satellite and shot.kind == "science" and shot.index == night.frames // 2:
        plane += satellite_trail(night, shot.index, area)
    return plane


def _background(frame: Frame, area: CcdArea) -> Plane:
    night, effects, shot, now = frame
    level = now.sky
    if shot.kind == "science":
        level *= shot.exposure * night.pixel_area
    level *= 10 ** (-0.4 * colour_term(night, effects, area.chip.index) * now.colour)
    plane = np.full(area.shape, level, np.float32)
    if now.fringes * level > 0:
        plane *= 1 + np.float32(now.fringes) * fringe_pattern(night, area)
    if any(now.slope):  # moonlight has no lines that interfere
        x, y = (axis * night.array.pixel_scale / _SLOPE for axis in from_middle(night, area))
        plane += np.asarray(level * now.slope[0] * x, np.float32)
        plane += np.asarray(level * now.slope[1] * y, np.float32)[:, None]
    return plane
