"""Which exposures belong together."""

from ...fits import Headers
from ..tags import tags_of
from .identity import observation_id
from .layout import amp_read_area, detector_x_bin, detector_y_bin
from .optics import central_wavelength, disperser, filter_name
from .readout import read_mode
from .registry import descriptor
from .times import exposure_time


@descriptor()
def group_id(h: Headers) -> str:
    """Return a text that is the same for all exposures of one purpose and configuration."""
    tags = tags_of(h)
    setup = [detector_x_bin(h), detector_y_bin(h), read_mode(h), amp_read_area(h)]
    grating = [disperser(h, pretty=True)] if "SPECT" in tags else []
    return "_".join(str(part) for part in [*_purpose(h, tags), *setup, *grating])


def _purpose(h: Headers, tags: frozenset[str]) -> list[object]:
    name = filter_name(h, pretty=True)
    if "BIAS" in tags:
        return []
    if "DARK" in tags:
        return [exposure_time(h)]
    if "IMAGE" in tags and tags & {"FLAT", "TWILIGHT"}:
        return [name]
    if "SPECT" in tags and tags & {"FLAT", "SLITILLUM", "ARC"}:
        return [name, central_wavelength(h, pretty=True)]
    return [observation_id(h), name]
