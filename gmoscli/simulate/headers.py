"""Headers of simulated raw files: what a telescope would have written, and that none did."""

from datetime import date, timedelta
from math import cos, radians, sin

from .. import __version__
from ..gmos import detectors
from ..gmos.filters import wheel_cards
from .almanac import SITES, look, mjd, sidereal_time, year
from .areas import AmpArea, amp_areas
from .camera import plate
from .conditions import Conditions, on_sky
from .effects import EFFECTS, Effects
from .exposure import detector_keyword
from .night import Night
from .passing import guide_star
from .plan import Shot

Value = str | int | float | bool
Cards = dict[str, tuple[Value, str]]
"""Keywords in order, each with its value and comment."""

_AMP_INTEGRATION = {
    "slow": {"EEV": 5000, "e2vDD": 5000},
    "fast": {"EEV": 1000, "e2vDD": 1000},
}
_HAMAMATSU_INTEGRATION = {"slow": 11880, "fast": 4000}
_CONTROLLER = 1.004  # what controllers say of gain and noise is near the truth, not the truth
_SIDEREAL_RATE = 1.00273790935  # a parked telescope lets the sky pass


def remarks(effects: Effects) -> list[str]:
    """Return the COMMENT lines that tell a reader what this is."""
    lines = [f"Simulated by gmoscli {__version__}: no telescope took part."]
    missing = [name for name in EFFECTS if not getattr(effects, name)]
    return lines + [f"Effect left out: {name}" for name in missing]


def primary(night: Night, effects: Effects, shot: Shot, now: Conditions) -> Cards:
    """Return the cards of the primary header of a raw file."""
    return (
        _origin(night)
        | _identity(night, shot)
        | _times(night, shot)
        | _pointing(night, shot, now)
        | _offsets(night, shot)
        | _guiding(night, effects, shot, now)
        | _weather()
        | _optics(night)
        | detector_cards(night)
    )


def detector_cards(night: Night) -> Cards:
    """Return the cards of the primary header that tell the detector and how it was read."""
    array, roi, (xbin, ybin) = night.array, night.region, night.binning
    width, height = array.ccd_size
    times = _AMP_INTEGRATION[night.speed]
    return {
        "DETECTOR": (detector_keyword(night), "Detector name"),
        "DETTYPE": (array.dettype, "Detector array type"),
        "DETID": (array.detid, "Chip IDs"),
        "DETSIZE": (f"[1:{3 * width},1:{height}]", "Detector size"),
        "NCCDS": (3, "Number of CCD chips"),
        "NAMPS": (len(array.amps) // 3, "Number of amplifiers of a chip"),
        "AMPINTEG": (
            times.get(array.family, _HAMAMATSU_INTEGRATION[night.speed]),
            "Amplifier integration time",
        ),
        "TIMESYS": ("UTC", "Time system"),
        "DETNROI": (1, "Number of regions of interest"),
        "DETRO1X": (roi.x1 + 1, "ROI 1 X start, unbinned"),
        "DETRO1XS": (roi.width // xbin, "ROI 1 X size, binned"),
        "DETRO1Y": (roi.y1 + 1, "ROI 1 Y start, unbinned"),
        "DETRO1YS": (roi.height // ybin, "ROI 1 Y size, binned"),
    }


def extension(night: Night, effects: Effects, shot: Shot, now: Conditions, *, number: int) -> Cards:
    """Return the cards of one amplifier's extension; ``number`` counts them from 0."""
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


def _origin(night: Night) -> Cards:
    site = SITES[night.array.instrument].name
    return {
        "ORIGIN": ("SIMULATED", "No telescope took part"),
        "SIMULATE": (True, "Made by a forward model"),
        "SIMSEED": (night.seed, "Seed of its random numbers"),
        "INSTRUME": (night.array.instrument, "Instrument"),
        "TELESCOP": (site, "Telescope"),
        "OBSERVAT": (site, "Observatory"),
    }


def _identity(night: Night, shot: Shot) -> Cards:
    day, prefix = shot.start.date(), f"G{night.array.instrument[-1]}"
    program = f"{prefix}-CAL{day:%Y%m%d}"
    if shot.kind == "science":
        program = f"{prefix}-{day.year}{'A' if 2 <= day.month <= 7 else 'B'}-Q-101"
    target, kind, category, observation = {
        "bias": ("Bias", "BIAS", "dayCal", 3),
        "flat": ("Twilight", "OBJECT", "dayCal", 7),
        "science": ("Simulated field", "OBJECT", "science", 12),
    }[shot.kind]
    return {
        "OBJECT": (target, "Object name"),
        "OBSTYPE": (kind, "Observation type"),
        "OBSCLASS": (category, "Observation class"),
        "GEMPRGID": (program, "Programme ID"),
        "OBSID": (f"{program}-{observation}", "Observation ID"),
        "DATALAB": (f"{program}-{observation}-{shot.number:03d}", "Data label"),
        "OBSERVER": ("gmoscli", "Observer"),
        "SSA": ("gmoscli", "System support associate"),
        "RELEASE": (f"{day + timedelta(days=365)}", "Release date"),
        "PREIMAGE": (False, "Pre-image for masks"),
        "PROP_MD": (False, "Proprietary metadata"),
    }


def _times(night: Night, shot: Shot) -> Cards:
    site, start = SITES[night.array.instrument], shot.start
    end = start + timedelta(seconds=shot.exposure)
    shutter = "CLOSED" if shot.kind == "bias" else "OPEN"
    return {
        "DATE": (f"{start.date()}", "UT date"),
        "DATE-OBS": (f"{start.date()}", "UT date of the observation"),
        "UT": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "TIME-OBS": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "UTSTART": (f"{start:%H:%M:%S}.0", "UT at observation start"),
        "UTEND": (f"{end:%H:%M:%S}.0", "UT at observation end"),
        "LT": (f"{site.local(start):%H:%M:%S}.0", "Local time at start"),
        "ST": (_clock(sidereal_time(site, start) / 15), "Sidereal time at start"),
        "OBSEPOCH": (round(year(start), 6), "Epoch of the observation"),
        "EXPTIME": (float(shot.exposure), "Exposure time [s]"),
        "EXPOSURE": (float(shot.exposure), "Exposure time [s]"),
        "ELAPSED": (float(shot.exposure), "Elapsed time [s]"),
        "DARKTIME": (shot.exposure + 1.0, "Dark time [s]"),
        "SHUTTER": (shutter, "Shutter"),
    }


def _pointing(night: Night, shot: Shot, now: Conditions) -> Cards:
    site = SITES[night.array.instrument]
    ra, dec = now.base
    start, end = (
        look(site, shot.start + timedelta(seconds=s), ra, dec) for s in (0.0, shot.exposure)
    )
    parked = shot.kind == "bias"
    return {
        "RA": (round(ra, 8), "Right ascension of the target [deg]"),
        "DEC": (round(dec, 8), "Declination of the target [deg]"),
        "FRAME": ("AZEL_TOPO" if parked else "FK5", "Target coordinate system"),
        "TRKFRAME": ("FK5", "Tracking coordinate system"),
        "RATRACK": (_SIDEREAL_RATE if parked else 0.0, "Differential tracking rate RA"),
        "DECTRACK": (0.0, "Differential tracking rate Dec"),
        "EPOCH": (2000.0, "Epoch of the target"),
        "EQUINOX": (2000.0, "Equinox of the coordinates"),
        "TRKEQUIN": (2000.0, "Tracking equinox"),
        "PMRA": (0.0, "Proper motion in RA"),
        "PMDEC": (0.0, "Proper motion in Dec"),
        "PARALLAX": (0.0, "Parallax of the target"),
        "RADVEL": (0.0, "Heliocentric radial velocity"),
        "AIRMASS": (round((start.airmass + end.airmass) / 2, 3), "Mean airmass"),
        "AMSTART": (round(start.airmass, 3), "Airmass at start"),
        "AMEND": (round(end.airmass, 3), "Airmass at end"),
        "ELEVATIO": (round(start.elevation, 6), "Elevation [deg]"),
        "AZIMUTH": (round(start.azimuth, 6), "Azimuth [deg]"),
        "HA": (_clock(start.hour_angle / 15), "Hour angle"),
        "CRPA": (round(start.parallactic, 6), "Cassegrain rotator position angle [deg]"),
        "PA": (float(night.pa), "Position angle at start [deg]"),
        "IAA": (night.array.raw_wcs.iaa, "Instrument alignment angle [deg]"),
        "INPORT": (night.array.raw_wcs.inport, "Port"),
    }


def _offsets(night: Night, shot: Shot) -> Cards:
    p, q = shot.offset
    ra, dec = on_sky(shot.offset, night.pa)
    t = radians(night.array.raw_wcs.iaa - 180)
    offsets = {
        "POFFSET": (p, "Telescope offset in p [arcsec]"),
        "QOFFSET": (q, "Telescope offset in q [arcsec]"),
        "XOFFSET": (p * cos(t) + q * sin(t), "Telescope offset in x [arcsec]"),
        "YOFFSET": (-p * sin(t) + q * cos(t), "Telescope offset in y [arcsec]"),
        "RAOFFSET": (ra, "Telescope offset in RA [arcsec]"),
        "DECOFFSE": (dec, "Telescope offset in Dec [arcsec]"),
        "RATRGOFF": (0.0, "Target offset in RA [arcsec]"),
        "DECTRGOF": (0.0, "Target offset in Dec [arcsec]"),
    }
    return {keyword: (round(value, 10) + 0.0, says) for keyword, (value, says) in offsets.items()}


def _guiding(night: Night, effects: Effects, shot: Shot, now: Conditions) -> Cards:
    states = dict.fromkeys(("PWFS1_ST", "PWFS2_ST", "OIWFS_ST", "AOWFS_ST"), "parked")
    place: Cards = {}
    if shot.kind == "science":
        states["OIWFS_ST" if effects.guide_probe else "PWFS2_ST"] = "guiding"
    if states["OIWFS_ST"] == "guiding":
        ra, dec = guide_star(night, now)
        place = {
            "OIARA": (round(ra, 8), "RA of the guide star [deg]"),
            "OIADEC": (round(dec, 8), "Dec of the guide star [deg]"),
        }
    state: Cards = {keyword: (word, "Probe state") for keyword, word in states.items()}
    return state | place | {"AOFOLD": ("park-pos.", "AO pick-off mirror")}


def _weather() -> Cards:
    said = {"IQ": "70-percentile", "CC": "50-percentile", "WV": "Any", "BG": "50-percentile"}
    return {
        **{f"RAW{name}": (word, "Raw conditions") for name, word in said.items()},
        **{f"REQ{name}": (word, "Requested conditions") for name, word in said.items()},
        "RAWPIREQ": ("YES", "Requirements met"),
        "RAWGEMQA": ("USABLE", "Quality assessment"),
        "HUMIDITY": (20.0, "Relative humidity [%]"),
        "TAMBIENT": (2.0, "Ambient temperature [C]"),
    }


def _optics(night: Night) -> Cards:
    one, two = wheel_cards(night.array.instrument, night.filter)
    return {
        "FILTER1": (one, "Filter 1"),
        "FILTER2": (two, "Filter 2"),
        "GRATING": ("MIRROR", "Grating"),
        "GRWLEN": (0.0, "Grating wavelength"),
        "CENTWAVE": (0.0, "Central wavelength"),
        "GRORDER": (0, "Grating order"),
        "MASKID": (-99, "Mask barcode"),
        "MASKNAME": ("None", "Mask"),
        "MASKTYP": (0, "Mask type (0: none)"),
        "MASKLOC": (1, "Mask location"),
        "DTMODE": ("FOLLOW-XY", "Detector translation"),
        "ADCUSED": (1, "Atmospheric dispersion corrector"),
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


def _clock(hours: float) -> str:
    """Return hours as [-]hh:mm:ss.s."""
    tenths = round(abs(hours) * 36000)
    h, rest = divmod(tenths, 36000)
    m, s = divmod(rest, 600)
    return f"{'-' if hours < 0 else ''}{h:02d}:{m:02d}:{s / 10:04.1f}"
