"""Headers of the extensions of simulated raw files: one an amplifier."""

from datetime import date

from ..gmos import detectors
from .almanac import mjd
from .areas import AmpArea, amp_areas
from .camera import plate
from .cards import Cards
from .conditions import Conditions, Frame
from .effects import Effects
from .night import Night

_CONTROLLER = 1.004  # what controllers say of gain and noise is near the truth, not the truth


def extension(frame: Frame, number: int) -> Cards:
    """Return the cards of one amplifier's extension; ``number`` counts them from 0."""
    night, effects, shot, now = frame
    area = amp_areas(night)[number]
    return (
        {
            "INHERIT": (False, "Do not inherit the primary header"),
            "EXTVER": (-1, "Extension version"),
        }
        | amp_cards(night, effects, shot.start.date(), area)
        | {
            "DATASEC": (str(area.datasec), "Data section"),
            "BIASSEC": (str(area.biassec), "Bias section"),
            "FRMNAME": (_frame_name(night, number, area), "Frame name"),
            "FRAMEID": (str(number), "Frame identification"),
            "MJD-OBS": (round(mjd(shot.start), 8), "MJD at the start"),
        }
        | _wcs(night, now, area)
    )


def amp_cards(night: Night, effects: Effects, day: date, area: AmpArea) -> Cards:
    """Return the cards that tell an amplifier: name, place, gain."""
    mode = (area.amp.name, day, night.speed, night.setting)
    gain = (detectors.gain(*mode) or 1.0) * _CONTROLLER if effects.gain else 1.0
    noise = (detectors.read_noise(*mode) or 0.0) * _CONTROLLER
    width, height = night.array.ccd_size
    return {
        "CCDNAME": (area.chip.name, "CCD chip name"),
        "AMPNAME": (area.amp.name, "Amplifier name"),
        "GAIN": (round(gain, 3), "Amplifier gain, controller [e-/ADU]"),
        "RDNOISE": (round(noise, 3), "Readout noise, controller [e-]"),
        "CCDSUM": ("{} {}".format(*night.binning), "CCD sum"),
        "CCDSIZE": (f"[1:{width},1:{height}]", "CCD chip size"),
        "CCDSEC": (str(area.ccdsec), "CCD section"),
        "DETSEC": (str(area.detsec), "Detector section"),
    }


def _wcs(night: Night, now: Conditions, area: AmpArea) -> Cards:
    """Return the WCS that controllers write: chip by chip, near the truth but not the truth."""
    (x, y), (xbin, ybin) = night.array.raw_wcs.crpix[area.chip.index - 1], night.binning
    cd = plate(night) * (xbin, ybin) + 0.0
    return {
        "CTYPE1": ("RA---TAN", "RA in the tangent plane"),
        "CTYPE2": ("DEC--TAN", "Dec in the tangent plane"),
        "CRVAL1": (now.header[0], "RA at the reference pixel [deg]"),
        "CRVAL2": (now.header[1], "Dec at the reference pixel [deg]"),
        "CRPIX1": ((x - area.ccdsec.x1 - 0.5) / xbin + 0.5 + area.datasec.x1, "Reference pixel"),
        "CRPIX2": ((y - area.ccdsec.y1 - 0.5) / ybin + 0.5, "Reference pixel"),
        "CD1_1": (float(cd[0, 0]), "WCS matrix [deg/pixel]"),
        "CD1_2": (float(cd[0, 1]), "WCS matrix [deg/pixel]"),
        "CD2_1": (float(cd[1, 0]), "WCS matrix [deg/pixel]"),
        "CD2_2": (float(cd[1, 1]), "WCS matrix [deg/pixel]"),
        "RADECSYS": ("FK5", "Coordinate system"),
        "EQUINOX": (2000.0, "Equinox"),
    }


def _frame_name(night: Night, number: int, area: AmpArea) -> str:
    if not night.array.family.startswith("Hamamatsu"):
        return "dhsFrame"
    colour = "rgb"[area.chip.index - 1]
    amp = area.amp.name[-1]
    return f"FRAME-{number} ROI-0, CHIP-{colour}<{area.chip.index}>, AMP-{amp}<{4 - int(amp)}>"
