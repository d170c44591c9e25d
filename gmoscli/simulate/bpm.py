"""The static bad pixel mask that goes with a night."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from ..dq import Dq
from ..gmos.detectors import OVERSCAN_WIDTH
from ..section import Section
from .almanac import SITES
from .areas import whole_chips
from .cards import Cards
from .defects import bad_pixels
from .effects import Effects
from .extensions import amp_cards
from .headers import detector_cards, remarks
from .night import Night
from .write import Image, write_fits

_VALID_BEFORE = timedelta(days=102)  # masks are made months before the nights they serve


def bpm_name(night: Night) -> str:
    """Return the file name of the mask, in the observatory's manner."""
    array, (xbin, ybin) = night.array, night.binning
    kind = f"{array.instrument.lower()}_{array.family[:3]}"
    return f"bpm_{_day(night):%Y%m%d}_{kind}_{xbin}{ybin}_full_{len(array.amps)}amp.fits"


def write_bpm(night: Night, effects: Effects, path: Path, *, trimmed: bool = True) -> Path:
    """Write the mask of the whole detector; untrimmed, it has room for the overscan.

    Pixels are :class:`gmoscli.dq.Dq` values, one extension per amplifier in raw-file order.
    """
    found: dict[str, Image] = {}
    for area in whole_chips(night):
        bad = bad_pixels(night, area) if effects.bad_pixels else np.zeros(area.shape, bool)
        for amp in area.amps:
            ny, nx = amp.datasec.height, amp.datasec.width
            light = Section(0, nx, 0, ny) if trimmed else amp.datasec
            flags = np.zeros((ny, nx if trimmed else nx + OVERSCAN_WIDTH), np.uint16)
            flags[light.slices] = np.where(bad[:, area.columns(amp)], Dq.BAD, 0)
            cards = amp_cards(night, effects, night.flat_day, amp)
            cards |= {"DATASEC": (str(light), "Data section")}
            if not trimmed:
                cards |= {"BIASSEC": (str(amp.biassec), "Bias section")}
            found[amp.amp.name] = (cards, flags)
    images = [found[amp.name] for amp in night.array.amps]
    numbered = [(_name(i) | cards, flags) for i, (cards, flags) in enumerate(images, start=1)]
    return write_fits(path, _primary(night), remarks(effects), numbered)


def _day(night: Night) -> date:
    """Return the first UT date of the mask's validity."""
    return night.flat_day - _VALID_BEFORE


def _name(number: int) -> Cards:
    return {"EXTNAME": ("SCI", "Extension name"), "EXTVER": (number, "Extension version")}


def _primary(night: Night) -> Cards:
    day, site = _day(night), SITES[night.array.instrument].name
    program = f"G{night.array.instrument[-1]}-CAL{day:%Y%m%d}"
    cards: Cards = {
        "ORIGIN": ("SIMULATED", "No telescope took part"),
        "SIMULATE": (True, "Made by a forward model"),
        "INSTRUME": (night.array.instrument, "Instrument"),
        "TELESCOP": (site, "Telescope"),
        "OBSERVAT": (site, "Observatory"),
        "OBJECT": ("BPM", "Object name"),
        "OBSTYPE": ("BPM", "Observation type"),
        "OBSCLASS": ("dayCal", "Observation class"),
        "GEMPRGID": (program, "Programme ID"),
        "OBSID": (f"{program}-900", "Observation ID"),
        "DATALAB": (f"{program}-900-001", "Data label"),
        "DATE": (f"{day}", "UT date"),
        "DATE-OBS": (f"{day}", "First UT date of validity"),
        "UT": ("00:00:00.0", "UT at start"),
        "EXPTIME": (0.0, "Exposure time [s]"),
        "FRAME": ("FK5", "Target coordinate system"),
        "TRKFRAME": ("FK5", "Tracking coordinate system"),
        "RATRACK": (0.0, "Differential tracking rate RA"),
        "DECTRACK": (0.0, "Differential tracking rate Dec"),
        "FILTER1": ("open1-6", "Filter 1"),
        "FILTER2": ("open2-8", "Filter 2"),
        "GRATING": ("MIRROR", "Grating"),
        "MASKNAME": ("None", "Mask"),
        "MASKTYP": (0, "Mask type (0: none)"),
        "RAWPIREQ": ("YES", "Requirements met"),
        "RAWGEMQA": ("USABLE", "Quality assessment"),
        "BPMASK": (f"{day}T00:00:00", "UT time stamp of the bad pixel mask"),
        "GEM-TLM": (f"{day}T00:00:00", "UT time stamp of the last change"),
    }
    return cards | detector_cards(night)
