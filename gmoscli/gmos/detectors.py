"""The detector arrays: their amplifiers, geometry and limits, read from ``detectors.toml``."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import BadFile
from ..section import Section

ADC_LIMIT = 65535.0
"""The highest count that the 16-bit converter can give, ADU."""

LOW_GAIN_BELOW = 3.0
"""Raw GAIN cards below this (e-/ADU) are of the low gain setting, others of the high one."""

OVERSCAN_WIDTH = 32
"""Overscan columns of an amplifier, in binned pixels, whatever the binning."""

_MODES = (("slow", "low"), ("slow", "high"), ("fast", "low"), ("fast", "high"))
_READ_MODES = {
    ("slow", "low"): "Normal",
    ("fast", "low"): "Acquisition",
    ("fast", "high"): "Bright",
    ("slow", "high"): "Engineering",
}
_AMP_WITHOUT_COMMA = re.compile(r"(BI[\w-]+) ([1-4])")
_WRONG_AMP_NAMES = {"BI11-39-41-4k-2": "BI11-41-4k-2"}  # GMOS-S, first files of December 2023

Triple = tuple[float, float, float]


class AmpLayout(NamedTuple):
    """The columns ``x1:x2`` of an amplifier (DETSEC, unbinned, 0-based, half-open)."""

    name: str
    x1: int
    x2: int
    overscan: Literal["left", "right"]


class Chip(NamedTuple):
    """A chip of the array, 1 to 3 from the left, and where it lies in the focal plane.

    ``origin`` is its first pixel in detector coordinates. ``shift`` is the displacement of its
    centre relative to that of chip 2, in unbinned pixels (x, y); ``rotation`` is in degrees,
    counter-clockwise about its centre.
    """

    index: int
    name: str
    origin: tuple[int, int]
    shift: tuple[float, float]
    rotation: float


class RawWcs(NamedTuple):
    """What raw headers say: CRPIX of each chip in its own unbinned pixels, 1-based."""

    crpix: tuple[tuple[float, float], ...]
    iaa: float
    inport: int


class Readout(NamedTuple):
    """Gain, read noise and bias level of each amplifier, ``since`` <= date < ``until``.

    Each triple is (e-/ADU, e-, ADU); modes are (read speed, gain setting).
    """

    since: date
    until: date
    amps: Mapping[str, Mapping[tuple[str, str], Triple]]


class Detector(NamedTuple):
    """One generation of the three-chip array of one telescope.

    Columns and rows are unbinned pixels in detector coordinates (those of DETSEC: the chips side
    by side, without gaps). ``outline`` samples the illuminated field as (row, first column, last
    column), both columns lit; rows outside its range are dark. ``fringe_control`` pairs a crest
    and a trough of the fringe pattern as (x, y, x, y). ``full_well`` is in electrons per unbinned
    pixel, by DETECTOR keyword and amplifier. ``amps`` are in the order of raw files.
    """

    id: str
    instrument: str
    dettype: str
    family: str
    detid: str
    aliases: tuple[str, ...]
    keywords: tuple[str, ...]
    slow_above: float
    ccd_size: tuple[int, int]
    chip_shape: tuple[int, int]
    pixel_scale: float
    tile_gap: int
    contaminated_columns: int
    dark_rows: int
    fringe_filters: frozenset[str]
    chips: tuple[Chip, Chip, Chip]
    amps: tuple[AmpLayout, ...]
    raw_wcs: RawWcs
    outline: tuple[tuple[int, int, int], ...]
    fringe_control: tuple[tuple[int, int, int, int], ...]
    full_wells: Mapping[str, Mapping[str, float]]
    readouts: tuple[Readout, ...]


def detectors() -> tuple[Detector, ...]:
    """Return all generations, each telescope's in order of time."""
    return tuple(_catalogue().values())


def detector(detid: str) -> Detector:
    """Return the generation with this DETID. Raises BadFile for an unknown one."""
    for one in detectors():
        if detid.strip() in (one.detid, *one.aliases):
            return one
    raise BadFile(f"unknown detector: DETID is {detid!r}")


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
    magnitude: float | None = _tables()["zero_point"].get(chip, {}).get(filter_name)
    return magnitude


def fringe_needed(filter_name: str | None, detector_family: str | None) -> bool:
    """Say whether images of this detector family show fringes in this filter."""
    return any(
        filter_name in one.fringe_filters for one in detectors() if one.family == detector_family
    )


def roi_name(roi: Section) -> str:
    """Return the observers' name of a region in unbinned detector coordinates, or 'Custom'."""
    return next((name for name, sections in rois().items() if roi in sections), "Custom")


@cache
def rois() -> Mapping[str, tuple[Section, ...]]:
    """Return the named regions; each has one section per convention of some generation."""
    return {name: tuple(map(Section.parse, texts)) for name, texts in _tables()["roi"].items()}


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
        for readout in one.readouts:
            if name in readout.amps and readout.since <= day < readout.until:
                return readout.amps[name].get((speed or "", setting or ""), unknown)
    return unknown


@cache
def _tables() -> dict[str, Any]:
    from tomllib import loads  # noqa: PLC0415 - start-up: most selections need no number

    return loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))


@cache
def _catalogue() -> dict[str, Detector]:
    rows = {row["id"]: row for row in _tables()["detector"]}
    return {name: _detector(row, rows) for name, row in rows.items()}


def _detector(row: dict[str, Any], rows: dict[str, dict[str, Any]]) -> Detector:
    one, two, three = (_chip(index, chip) for index, chip in enumerate(row["chips"], start=1))
    wcs = row["raw_wcs"]
    return Detector(
        id=row["id"],
        instrument=row["instrument"],
        dettype=row["dettype"],
        family=row["family"],
        detid=row["detid"],
        aliases=tuple(row.get("aliases", ())),
        keywords=tuple(row["keywords"]),
        slow_above=row["slow_above"],
        ccd_size=tuple(row["ccd_size"]),
        chip_shape=tuple(row["chip_shape"]),
        pixel_scale=row["pixel_scale"],
        tile_gap=row["tile_gap"],
        contaminated_columns=row["contaminated_columns"],
        dark_rows=row["dark_rows"],
        fringe_filters=frozenset(row["fringe_filters"]),
        chips=(one, two, three),
        amps=tuple(AmpLayout(*amp) for amp in row["amps"]),
        raw_wcs=RawWcs(tuple(map(tuple, wcs["crpix"])), wcs["iaa"], wcs["inport"]),
        outline=tuple(map(tuple, rows[row.get("outline_of", row["id"])]["outline"])),
        fringe_control=tuple(map(tuple, row.get("fringe_control", ()))),
        full_wells=row.get("full_well", {}),
        readouts=tuple(map(_readout, row["readout"])),
    )


def _chip(index: int, row: dict[str, Any]) -> Chip:
    return Chip(index, row["name"], tuple(row["origin"]), tuple(row["shift"]), row["rotation"])


def _readout(row: dict[str, Any]) -> Readout:
    amps = {name: _modes(*columns) for name, columns in row["amps"].items()}
    return Readout(row.get("since", date.min), row.get("until", date.max), amps)


def _modes(*columns: list[float]) -> dict[tuple[str, str], Triple]:
    modes = zip(_MODES, zip(*columns, strict=True), strict=True)
    return {mode: (g, noise, bias) for mode, (g, noise, bias) in modes if g == g}  # noqa: PLR0124 nan
