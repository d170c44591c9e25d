"""Headers of simulated raw files: what a telescope would have written, and that none did."""

from datetime import timedelta

from .. import __version__
from ..gmos.filters import wheel_cards
from .almanac import SITES
from .cards import Cards
from .conditions import Frame
from .effects import EFFECTS, Effects
from .night import Night
from .plan import Shot
from .pointing import guiding, offsets, pointing, times

_INTEGRATION = {"slow": 5000, "fast": 1000}
_HAMAMATSU_INTEGRATION = {"slow": 11880, "fast": 4000}


def remarks(effects: Effects) -> list[str]:
    """Return the COMMENT lines that tell a reader what this is."""
    lines = [f"Simulated by gmoscli {__version__}: no telescope took part."]
    missing = [name for name in EFFECTS if not getattr(effects, name)]
    return lines + [f"Effect left out: {name}" for name in missing]


def primary(frame: Frame) -> Cards:
    """Return the cards of the primary header of a raw file."""
    night = frame.night
    return (
        _origin(night)
        | _identity(night, frame.shot)
        | times(frame)
        | pointing(frame)
        | offsets(frame)
        | guiding(frame)
        | _weather()
        | _optics(night)
        | detector_cards(night)
    )


def detector_cards(night: Night) -> Cards:
    """Return the cards of the primary header that tell the detector and how it was read."""
    array, roi, (xbin, ybin) = night.array, night.region, night.binning
    width, height = array.ccd_size
    thick = array.family.startswith("Hamamatsu")
    integration = (_HAMAMATSU_INTEGRATION if thick else _INTEGRATION)[night.speed]
    return {
        "DETECTOR": (night.detector_keyword, "Detector name"),
        "DETTYPE": (array.dettype, "Detector array type"),
        "DETID": (array.detid, "Chip IDs"),
        "DETSIZE": (f"[1:{3 * width},1:{height}]", "Detector size"),
        "NCCDS": (3, "Number of CCD chips"),
        "NAMPS": (len(array.amps) // 3, "Number of amplifiers of a chip"),
        "AMPINTEG": (integration, "Amplifier integration time"),
        "TIMESYS": ("UTC", "Time system"),
        "DETNROI": (1, "Number of regions of interest"),
        "DETRO1X": (roi.x1 + 1, "ROI 1 X start, unbinned"),
        "DETRO1XS": (roi.width // xbin, "ROI 1 X size, binned"),
        "DETRO1Y": (roi.y1 + 1, "ROI 1 Y start, unbinned"),
        "DETRO1YS": (roi.height // ybin, "ROI 1 Y size, binned"),
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
