"""What the light came through: masks, filters, gratings, lamps."""

import re

from ...fits import Headers
from .. import filters, keywords
from ..tags import tags_of
from .registry import descriptor

_SLIT = re.compile(r"(?:NS)?(\d+(?:\.\d*)?)arcsec")


@descriptor()
def filter_name(h: Headers, *, pretty: bool = False, keep_id: bool = False) -> str | None:
    """Return both filter wheels joined by '&', or what observers call them if pretty.

    ``keep_id`` is pretty, with component ids: ``r_G0303``.
    """
    one, two = keywords.text(h.phu, "FILTER1"), keywords.text(h.phu, "FILTER2")
    if one is None or two is None:
        return None
    return filters.pretty_name(one, two, keep_id=keep_id) if pretty or keep_id else f"{one}&{two}"


@descriptor("m")
def effective_wavelength(h: Headers) -> float | None:
    """Return the effective wavelength of an image's filter, or the central one of a spectrum."""
    tags = tags_of(h)
    if "SPECT" in tags:
        return central_wavelength(h)
    micrometres = filters.effective_wavelength(filter_name(h, pretty=True))
    return _metres(micrometres, -6) if "IMAGE" in tags else None


@descriptor()
def wavelength_band(h: Headers) -> str | None:
    """Return the band nearest to the effective wavelength."""
    wavelength = effective_wavelength(h)
    return None if wavelength is None else filters.band(wavelength * 1e6)


@descriptor("m")
def central_wavelength(h: Headers, *, pretty: bool = False) -> float | None:
    """Return the wavelength that a grating sends to the centre, to 0.1 nm if pretty."""
    keyword = "CENTWAVE" if "CENTWAVE" in h.phu else "GRWLEN"
    nanometres = keywords.number(h.phu, keyword)
    if nanometres is None or nanometres <= 0:
        return None
    return _metres(round(nanometres, 1) if pretty else nanometres, -9)


def _metres(value: float | None, exponent: int) -> float | None:
    """Shift the decimal point, without the rounding error of a product."""
    return None if value is None else float(f"{value:f}e{exponent}")


@descriptor()
def disperser(h: Headers, *, pretty: bool = False) -> str | None:
    """Return the grating, MIRROR for images; without its id if pretty."""
    grating = keywords.text(h.phu, "GRATING")
    return filters.without_id(grating).strip("+") if grating and pretty else grating


@descriptor("m/pix")
def dispersion(_: Headers) -> list[float] | None:
    """Return the wavelength step between pixels, which images do not have."""
    return None


@descriptor()
def dispersion_axis(h: Headers) -> list[int]:
    """Return the axis along which a grating would disperse: 1, along rows."""
    return [1] * len(h.extensions)


@descriptor()
def focal_plane_mask(h: Headers) -> str | None:
    """Return the mask or slit in the focal plane, Imaging if there is none."""
    mask = keywords.text(h.phu, "MASKNAME")
    return "Imaging" if mask == "None" else mask


@descriptor("arcsec")
def slit_width(h: Headers) -> float | None:
    """Return the width of the long slit."""
    found = _SLIT.fullmatch(focal_plane_mask(h) or "")
    return None if found is None else float(found[1])


@descriptor()
def mdf_row_id(h: Headers) -> list[int | None] | None:
    """Return the row of the mask's table that each extension belongs to; images have none."""
    if "IMAGE" in tags_of(h):
        return None
    return [keywords.integer(extension, "MDFROW") for extension in h.extensions]


@descriptor()
def gcal_lamp(h: Headers) -> str | None:
    """Return the lamp of the calibration unit that shone, Off if none did."""
    lamp, shutter = keywords.text(h.phu, "GCALLAMP"), keywords.text(h.phu, "GCALSHUT")
    if lamp is None or shutter is None:
        return None
    is_shut = shutter.upper() == "CLOSED" and lamp in ("IRhigh", "IRlow")
    return "Off" if is_shut or lamp.lower() in ("", "no value") else lamp
