"""From counts to magnitudes, nominally."""

import math

from ...fits import Header, Headers
from .. import detectors, filters, keywords
from .identity import is_in_adu, telescope
from .optics import filter_name
from .pointing import airmass
from .readout import gain
from .registry import descriptor


@descriptor("mag")
def nominal_atmospheric_extinction(h: Headers) -> float | None:
    """Return by how much more than at airmass 1 the atmosphere dims."""
    mass = airmass(h)
    if mass is None:
        return None
    return filters.extinction(telescope(h), filter_name(h, pretty=True)) * (mass - 1)


@descriptor("mag")
def nominal_photometric_zeropoint(h: Headers) -> list[float | None]:
    """Return the magnitude that gives one data unit per second in each extension."""
    name, in_adu = filter_name(h, pretty=True), is_in_adu(h)
    points = (detectors.zero_point(_chip(h, extension), name) for extension in h.extensions)
    return [
        _in_units(point, factor if in_adu else 1.0)
        for point, factor in zip(points, gain(h), strict=True)
    ]


def _chip(h: Headers, extension: Header) -> str | None:
    """Return the name of the chip, or of the whole detector for a mosaic of chips."""
    chip = keywords.text(extension, "CCDNAME") or ""
    return keywords.text(h.phu, "DETID") if "," in chip else chip


def _in_units(point: float | None, electrons: float | None) -> float | None:
    """Convert a zero point for 1 e-/s into one for a unit of so many electrons."""
    return point - 2.5 * math.log10(electrons) if point and electrons else None
