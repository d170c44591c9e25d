"""Who took what for whom: programme, target, conditions, state of the file."""

import re

from ...fits import Headers
from .. import keywords
from .registry import descriptor, number, text

_PERCENTILE = re.compile(r"(\d\d)-percentile")

instrument = text("instrument", "INSTRUME", "Return the name of the instrument: GMOS-N or GMOS-S.")
telescope = text("telescope", "TELESCOP", "Return the name of the telescope.")
target = text("object", "OBJECT", "Return the name of the target.")
observation_class = text(
    "observation_class", "OBSCLASS", "Return science, dayCal, partnerCal, progCal, acq or acqCal."
)
observation_type = text("observation_type", "OBSTYPE", "Return OBJECT, BIAS, DARK, FLAT, ARC, ...")
observation_id = text("observation_id", "OBSID", "Return the name of the observation.")
program_id = text("program_id", "GEMPRGID", "Return the name of the programme.")
data_label = text("data_label", "DATALAB", "Return the archive's name of this exposure.")
observation_epoch = number(
    "observation_epoch", "OBSEPOCH", "Return the epoch at the start of the exposure.", "yr"
)
camera = text("camera", "INSTRUME", "Return the name of the camera, which is the instrument.")
decker = text("decker", "DECKER", "Return the position of the decker, which GMOS lacks.")
lyot_stop = text("lyot_stop", "LYOTSTOP", "Return the Lyot stop, which GMOS lacks.")
pupil_mask = text("pupil_mask", "PUPILMSK", "Return the pupil mask, which GMOS lacks.")
slit = text("slit", "SLIT", "Return the slit wheel's position, which GMOS lacks.")
well_depth_setting = text(
    "well_depth_setting", "WELDEPTH", "Return the well depth setting, which GMOS lacks."
)


@descriptor()
def calibration_key(h: Headers) -> str | None:
    """Return the data label, the same for a stack as for its first frame."""
    label = data_label(h)
    return None if label is None else label.replace("_stack", "")


@descriptor()
def qa_state(h: Headers) -> str:
    """Return the quality that observatory and programme gave: Pass, Usable, Fail, CHECK, ..."""
    meets_request = keywords.upper(h.phu, "RAWPIREQ") or "UNKNOWN"
    quality = keywords.upper(h.phu, "RAWGEMQA") or "UNKNOWN"
    states = {("YES", "USABLE"): "Pass", ("NO", "USABLE"): "Usable"}
    if "UNKNOWN" in (meets_request, quality):
        return "Undefined"
    if quality == "BAD":
        return "Fail"
    if "CHECK" in (meets_request, quality):
        return "CHECK"
    return states.get((meets_request, quality), f"{meets_request}:{quality}")


def _percentile(h: Headers, keyword: str) -> int | None:
    """Return a limit on the conditions; 'Any' is 100."""
    value = keywords.text(h.phu, keyword)
    found = _PERCENTILE.fullmatch(value or "")
    return 100 if value == "Any" else int(found[1]) if found else None


@descriptor("percentile")
def raw_iq(h: Headers) -> int | None:
    """Return the image quality at the time."""
    return _percentile(h, "RAWIQ")


@descriptor("percentile")
def raw_cc(h: Headers) -> int | None:
    """Return the cloud cover at the time."""
    return _percentile(h, "RAWCC")


@descriptor("percentile")
def raw_wv(h: Headers) -> int | None:
    """Return the water vapour at the time."""
    return _percentile(h, "RAWWV")


@descriptor("percentile")
def raw_bg(h: Headers) -> int | None:
    """Return the sky brightness at the time."""
    return _percentile(h, "RAWBG")


@descriptor("percentile")
def requested_iq(h: Headers) -> int | None:
    """Return the image quality that the programme asked for."""
    return _percentile(h, "REQIQ")


@descriptor("percentile")
def requested_cc(h: Headers) -> int | None:
    """Return the cloud cover that the programme asked for."""
    return _percentile(h, "REQCC")


@descriptor("percentile")
def requested_wv(h: Headers) -> int | None:
    """Return the water vapour that the programme asked for."""
    return _percentile(h, "REQWV")


@descriptor("percentile")
def requested_bg(h: Headers) -> int | None:
    """Return the sky brightness that the programme asked for."""
    return _percentile(h, "REQBG")


@descriptor()
def is_ao(h: Headers) -> bool:
    """Say whether the light came through the adaptive optics."""
    return keywords.text(h.phu, "AOFOLD") == "IN"


@descriptor("arcsec")
def ao_seeing(h: Headers) -> float | None:
    """Return the seeing that the adaptive optics measured, or that its Fried parameter tells."""
    fried = keywords.number(h.phu, "RZEROVAL")  # cm, at 0.5 um
    seeing = 206265 * 0.98 * 0.5e-6 / (fried * 0.01) if fried else None
    measured = keywords.number(h.phu, "AOSEEING")
    return seeing if measured is None else measured


@descriptor()
def coadds(h: Headers) -> int:
    """Return the number of readouts that were added up."""
    return keywords.integer(h.phu, "COADDS") or 1


@descriptor()
def is_coadds_summed(_: Headers) -> bool:
    """Say whether coadds are sums, as they always are."""
    return True


@descriptor()
def is_in_adu(h: Headers) -> bool | None:
    """Say whether pixels are in ADU; None if the extensions differ."""
    units = {keywords.upper(extension, "BUNIT") or "ADU" for extension in h.extensions}
    return None if len(units) > 1 else units <= {"ADU"}
