"""How the detector was read: speed, gain, noise, limits."""

from collections import Counter
from collections.abc import Callable
from datetime import date

from ...fits import Header, Headers
from .. import detectors, keywords
from ..detectors import ADC_LIMIT, LOW_GAIN_BELOW
from ..tags import tags_of
from .identity import is_in_adu
from .layout import detector_family, detector_x_bin, detector_y_bin
from .registry import descriptor
from .times import ut_date

Lookup = Callable[[str | None, date | None, str | None, str | None], float | None]


@descriptor()
def read_speed_setting(h: Headers) -> str | None:
    """Return the read speed: slow or fast."""
    integration = keywords.number(h.phu, "AMPINTEG")
    return detectors.read_speed(keywords.text(h.phu, "DETTYPE"), integration)


@descriptor()
def gain_setting(h: Headers) -> str | None:
    """Return the gain setting: low or high. One extension may disagree with the others."""
    settings = _gain_settings(h)
    if not settings:
        return None
    setting, votes = Counter(settings).most_common(1)[0]
    is_clear = votes >= len(settings) - 1 and 2 * votes > len(settings)
    return setting if is_clear else None


def _gain_settings(h: Headers) -> list[str | None]:
    """Return what each extension tells of the gain setting.

    Raw files have the controller's gain. Preparation replaces it by the true one and keeps the
    setting, or (IRAF) the controller's value under another name.
    """
    if "PREPARED" not in tags_of(h):
        return [_setting(extension, "GAIN") for extension in h.extensions]
    if any("GAINSET" in extension for extension in h.extensions):
        return [keywords.text(extension, "GAINSET") for extension in h.extensions]
    originals = [keywords.number(extension, "GAINORIG") for extension in h.extensions]
    keyword = "GAIN" if None in originals else "GAINMULT" if set(originals) == {1} else "GAINORIG"
    return [_setting(extension, keyword) for extension in h.extensions]


def _setting(extension: Header, keyword: str) -> str | None:
    value = keywords.number(extension, keyword)
    return None if value is None else "low" if value < LOW_GAIN_BELOW else "high"


@descriptor()
def read_mode(h: Headers) -> str | None:
    """Return the name of gain setting and read speed: Normal, Bright, Acquisition, ..."""
    return detectors.read_mode(read_speed_setting(h), gain_setting(h))


@descriptor("e-/ADU")
def gain(h: Headers) -> list[float | None]:
    """Return the gain of each extension: multiply data by it to have electrons."""
    return _prepared(h, "GAIN") or _looked_up(h, detectors.gain)


@descriptor("e-")
def read_noise(h: Headers) -> list[float | None]:
    """Return the read noise of each extension."""
    return _prepared(h, "RDNOISE") or _looked_up(h, detectors.read_noise)


def bias_level(h: Headers) -> list[float | None]:
    """Return the bias level of each extension in ADU: as measured before, or else the nominal."""
    nominal = _looked_up(h, detectors.bias_level)
    measured = (_measured_bias(extension) for extension in h.extensions)
    return [
        level if known is None else known for known, level in zip(measured, nominal, strict=True)
    ]


def _measured_bias(extension: Header) -> float | None:
    levels = (keywords.number(extension, keyword) for keyword in ("OVERSCAN", "RAWBIAS"))
    return next((level for level in levels if level is not None), None)


def _prepared(h: Headers, keyword: str) -> list[float | None]:
    """Return the numbers that preparation has written, or nothing unless all are there."""
    if "PREPARED" not in tags_of(h):
        return []
    values = [keywords.number(extension, keyword) for extension in h.extensions]
    return [] if None in values else values


def _looked_up(h: Headers, table: Lookup) -> list[float | None]:
    day, speed, setting = ut_date(h), read_speed_setting(h), gain_setting(h)
    names = (keywords.text(extension, "AMPNAME") for extension in h.extensions)
    return [table(name, day, speed, setting) for name in names]


@descriptor("data unit")
def saturation_level(h: Headers) -> list[float | None]:
    """Return the highest value that pixels of each extension can have, in their unit.

    That is the converter's limit or, where less, the full well; EEV chips and bins of more than
    two pixels never fill theirs. Raw data rise from the bias, others have lost it.
    """
    gains = [
        known or own for known, own in zip(_looked_up(h, detectors.gain), gain(h), strict=True)
    ]
    levels = zip(h.extensions, gains, bias_level(h), strict=True)
    return _prepared(h, "SATLEVEL") or [_saturation(h, *level) for level in levels]


def _saturation(
    h: Headers, extension: Header, electrons: float | None, bias: float | None
) -> float | None:
    """Return the level of one extension; ``electrons`` are e-/ADU, ``bias`` is in ADU."""
    is_subtracted = "DARKIM" in h.phu or any("OVERSCAN" in one for one in h.extensions)
    lost, pedestal = (bias or 0.0, 0.0) if is_subtracted else (0.0, bias or 0.0)
    adu = ADC_LIMIT - lost
    well = _full_well(h, extension)
    if well is not None and electrons:
        adu = min(adu, well / electrons + pedestal)
    if is_in_adu(h):
        return adu
    return adu * electrons if electrons else None


def _full_well(h: Headers, extension: Header) -> float | None:
    """Return electrons per binned pixel, where the well can limit the counts."""
    x, y = detector_x_bin(h), detector_y_bin(h)
    keyword, amp = keywords.text(h.phu, "DETECTOR"), keywords.text(extension, "AMPNAME")
    well = detectors.full_well(keyword, amp) if keyword else None
    if well is None or x is None or y is None or x * y > 2 or detector_family(h) == "EEV":
        return None
    return well * x * y


@descriptor("data unit")
def non_linear_level(h: Headers) -> list[float | None]:
    """Return where the response stops being linear: no lower than saturation."""
    return saturation_level(h)
