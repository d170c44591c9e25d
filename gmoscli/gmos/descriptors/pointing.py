"""Where: the telescope, its target, and the offsets from it."""

import math
from datetime import date

from ...fits import Header, Headers
from .. import keywords
from .layout import pixel_scale
from .registry import descriptor, number
from .times import ut_date

_PROBES = ("AOWFS", "OIWFS", "PWFS1", "PWFS2")
_UP_LOOKING = 1  # the port where one axis of the image is mirrored

azimuth = number("azimuth", "AZIMUTH", "Return the azimuth.", "deg")
elevation = number("elevation", "ELEVATIO", "Return the elevation.", "deg")
telescope_x_offset = number(
    "telescope_x_offset", "XOFFSET", "Return the offset along x of the telescope.", "arcsec"
)
telescope_y_offset = number(
    "telescope_y_offset", "YOFFSET", "Return the offset along y of the telescope.", "arcsec"
)


@descriptor()
def airmass(h: Headers) -> float | None:
    """Return the mean airmass."""
    value = keywords.number(h.phu, "AIRMASS")
    return value if value is not None and value >= 1 else None


@descriptor("deg")
def cass_rotator_pa(h: Headers) -> float | None:
    """Return the position angle of the Cassegrain rotator."""
    angle = keywords.number(h.phu, "CRPA")
    return angle if angle is not None and abs(angle) <= 360 else None


@descriptor("deg")
def position_angle(h: Headers) -> float | None:
    """Return the angle, east of north, of the rows' increasing direction (+y) on the sky."""
    angle = keywords.number(h.phu, "PA")
    return None if angle is None else (angle + 180) % 360


@descriptor("pix")
def detector_x_offset(h: Headers) -> float | None:
    """Return by how many binned pixels sources are displaced along x."""
    return _detector_offset(h, "POFFSET", mirrored="GMOS-N")


@descriptor("pix")
def detector_y_offset(h: Headers) -> float | None:
    """Return by how many binned pixels sources are displaced along y."""
    return _detector_offset(h, "QOFFSET", mirrored="GMOS-S")


def _detector_offset(h: Headers, keyword: str, *, mirrored: str) -> float | None:
    offset, scale = keywords.number(h.phu, keyword), pixel_scale(h)
    if offset is None or scale is None:
        return None
    is_mirrored = h.phu.get("INSTRUME") == mirrored and h.phu.get("INPORT") == _UP_LOOKING
    return (-offset if is_mirrored else offset) / scale


@descriptor("deg")
def ra(h: Headers) -> float | None:
    """Return the right ascension of the WCS's reference point, or else of the target."""
    value = wcs_ra(h)
    return keywords.angle(h.phu, "RA", hours=True) if value is None else value


@descriptor("deg")
def dec(h: Headers) -> float | None:
    """Return the declination of the WCS's reference point, or else of the target."""
    value = wcs_dec(h)
    return keywords.angle(h.phu, "DEC") if value is None else value


@descriptor("deg")
def wcs_ra(h: Headers) -> float | None:
    """Return the right ascension of the WCS's reference point."""
    return _sky_axis(h, "CTYPE1", "CRVAL1", "RA---TAN")


@descriptor("deg")
def wcs_dec(h: Headers) -> float | None:
    """Return the declination of the WCS's reference point."""
    return _sky_axis(h, "CTYPE2", "CRVAL2", "DEC--TAN")


def _sky_axis(h: Headers, kind: str, value: str, tangent: str) -> float | None:
    """Read the first extension, or the primary header where that lacks a card."""
    header = next((one for one in (*h.extensions[:1], h.phu) if kind in one and value in one), None)
    return keywords.number(header, value) if header and header.get(kind) == tangent else None


@descriptor("deg")
def target_ra(h: Headers, *, offset: bool = False, proper_motion: bool = True) -> float | None:
    """Return the right ascension of the target, moved to the date; offsets are left out.

    ``offset`` adds those of the telescope.
    """
    position = _target(h, offset=offset, proper_motion=proper_motion)
    return None if position is None else position[0]


@descriptor("deg")
def target_dec(h: Headers, *, offset: bool = False, proper_motion: bool = True) -> float | None:
    """Return the declination of the target, moved to the date; offsets are left out.

    ``offset`` adds those of the telescope.
    """
    position = _target(h, offset=offset, proper_motion=proper_motion)
    return None if position is None else position[1]


def _target(h: Headers, *, offset: bool, proper_motion: bool) -> tuple[float, float] | None:
    phu = h.phu
    alpha, delta = keywords.angle(phu, "RA", hours=True), keywords.angle(phu, "DEC")
    if alpha is None or delta is None:
        return None
    if offset:
        delta += _sum(phu, "DECOFFSE", "DECTRGOF") / 3600
        alpha += _sum(phu, "RAOFFSET", "RATRGOFF") / 3600 / math.cos(math.radians(delta))
    if proper_motion and (day := ut_date(h)) is not None:
        years = _decimal_year(day) - (keywords.number(phu, "EPOCH") or 2000.0)
        alpha += _sum(phu, "PMRA") * years * 15 / 3600  # PMRA is in seconds of time per year
        delta += _sum(phu, "PMDEC") * years / 3600
    return alpha, delta


def _sum(header: Header, *names: str) -> float:
    return sum(keywords.number(header, name) or 0.0 for name in names)


def _decimal_year(day: date) -> float:
    start, end = date(day.year, 1, 1), date(day.year + 1, 1, 1)
    return day.year + (day - start) / (end - start)


@descriptor()
def wavefront_sensor(h: Headers) -> str | None:
    """Return the probes that were guiding, joined by '&'."""
    guiding = [probe for probe in _PROBES if h.phu.get(f"{probe}_ST") == "guiding"]
    if "GWFS1CFG" in h.phu:
        guiding.append("GEMS")
    return "&".join(sorted(guiding)) or None
