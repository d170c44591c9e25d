"""What is asked of the detectors: gain, noise and limits by date, names, scales."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache

from ..errors import BadFile
from ..fits import Headers
from ..section import Section
from .arrays import (
    AmpLayout,
    Chip,
    Detector,
    RawWcs,
    Trouble,
    detector,
    detectors,
    tables,
)

__all__ = [
    "ADC_LIMIT",
    "LOW_GAIN_BELOW",
    "OVERSCAN_WIDTH",
    "AmpLayout",
    "Chip",
    "Detector",
    "RawWcs",
    "Trouble",
    "amp_name",
    "bias_level",
    "detector",
    "detector_of",
    "detectors",
    "family",
    "fringe_needed",
    "full_well",
    "gain",
    "pixel_scale",
    "read_mode",
    "read_noise",
    "read_speed",
    "roi_name",
    "rois",
    "troubles",
    "zero_point",
]

ADC_LIMIT = 65535.0
"""The highest count that the 16-bit converter can give, ADU."""

LOW_GAIN_BELOW = 3.0
"""Raw GAIN cards below this (e-/ADU) are of the low gain setting, others of the high one."""

OVERSCAN_WIDTH = 32
"""Overscan columns of an amplifier, in binned pixels, whatever the binning."""

_READ_MODES = {
    ("slow", "low"): "Normal",
    ("fast", "low"): "Acquisition",
    ("fast", "high"): "Bright",
    ("slow", "high"): "Engineering",
}
_AMP_WITHOUT_COMMA = re.compile(r"(BI[\w-]+) ([1-4])")
_WRONG_AMP_NAMES = {"BI11-39-41-4k-2": "BI11-41-4k-2"}  # GMOS-S, first files of December 2023


def detector_of(headers: Headers) -> Detector:
    """Return the generation of detectors that took a file. Raises BadFile for an unknown one."""
    try:
        return detector(str(headers.phu.get("DETID") or ""))
    except BadFile as error:
        raise BadFile(error.message, path=headers.path) from error


def family(dettype: str | None) -> str | None:
    """Return the family that DETTYPE stands for: EEV, e2vDD, Hamamatsu-N or Hamamatsu-S."""
    return next((one.family for one in detectors() if one.dettype == dettype), None)


def pixel_scale(instrument: str | None, dettype: str | None) -> float | None:
    """Return arcseconds per unbinned pixel."""
    kind = (instrument, dettype)
    return next((d.pixel_scale for d in detectors() if (d.instrument, d.dettype) == kind), None)


def read_speed(dettype: str | None, amp_integration: float | None) -> str | None:
    """Return 'slow' or 'fast' from the integration time AMPINTEG."""
    limit = next((one.slow_above for one in detectors() if one.dettype == dettype), None)
    if limit is None or amp_integration is None:
        return None
    return "slow" if amp_integration > limit else "fast"


def read_mode(speed: str | None, setting: str | None) -> str | None:
    """Return the name observers give to a read speed with a gain setting."""
    return _READ_MODES.get((speed or "", setting or ""))


def gain(amp: str | None, day: date | None, speed: str | None, setting: str | None) -> float | None:
    """Return electrons per ADU of an amplifier in a read mode on a UT date."""
    return _of_mode(amp, day, speed, setting)[0]


def read_noise(
    amp: str | None, day: date | None, speed: str | None, setting: str | None
) -> float | None:
    """Return the read noise in electrons of an amplifier in a read mode on a UT date."""
    return _of_mode(amp, day, speed, setting)[1]


def bias_level(
    amp: str | None, day: date | None, speed: str | None, setting: str | None
) -> float | None:
    """Return the nominal raw bias in ADU of an amplifier in a read mode on a UT date."""
    return _of_mode(amp, day, speed, setting)[2]


def full_well(keyword: str, amp: str | None) -> float | None:
    """Return the full well in electrons per unbinned pixel; ``keyword`` is the DETECTOR card."""
    name = amp_name(amp or "")
    return next(
        (d.full_wells[keyword].get(name) for d in detectors() if keyword in d.full_wells), None
    )


def zero_point(chip: str | None, filter_name: str | None) -> float | None:
    """Return the magnitude that gives 1 e-/s at airmass 1; ``chip`` is a CCDNAME or DETID."""
    magnitude: float | None = tables()["zero_point"].get(chip, {}).get(filter_name)
    return magnitude


def fringe_needed(filter_name: str | None, detector_family: str | None) -> bool:
    """Say whether images of this detector family show fringes in this filter."""
    return any(
        filter_name in one.fringe_filters for one in detectors() if one.family == detector_family
    )


def troubles(one: Detector, day: date | None, binning: tuple[int, int]) -> tuple[Trouble, ...]:
    """Return what is known to be wrong with an array on a UT date, read with a binning.

    The date decides, with the array that the exposure names: chips moved between arrays, so the
    name of a chip alone tells no epoch.
    """
    if day is None:
        return ()
    binned = binning != (1, 1)
    return tuple(
        trouble
        for trouble in one.troubles
        if trouble.since <= day < trouble.until and (binned or not trouble.binned_only)
    )


def roi_name(roi: Section) -> str:
    """Return the observers' name of a region in unbinned detector coordinates, or 'Custom'."""
    return next((name for name, sections in rois().items() if roi in sections), "Custom")


@cache
def rois() -> Mapping[str, tuple[Section, ...]]:
    """Return the named regions; each has one section per convention of some generation."""
    return {name: tuple(map(Section.parse, texts)) for name, texts in tables()["roi"].items()}


def amp_name(text: str) -> str:
    """Return AMPNAME as the tables spell it: some raw files miss a comma or misname a chip."""
    name = _AMP_WITHOUT_COMMA.sub(r"\1, \2", text.strip())
    for wrong, right in _WRONG_AMP_NAMES.items():
        name = name.replace(wrong, right)
    return name


@lru_cache(maxsize=256)
def _of_mode(
    amp: str | None, day: date | None, speed: str | None, setting: str | None
) -> tuple[float | None, float | None, float | None]:
    """Return gain, read noise and bias, or None where the mode was never used or calibrated."""
    unknown = (None, None, None)
    if amp is None or day is None:
        return unknown
    name = amp_name(amp)
    for one in detectors():
        for epoch in one.epochs:
            if name in epoch.amps and epoch.since <= day < epoch.until:
                return epoch.amps[name].get((speed or "", setting or ""), unknown)
    return unknown
