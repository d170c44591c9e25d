"""The detector arrays as records, read from ``detectors.toml``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from ..errors import BadFile

Mode = tuple[str, str]
"""Read speed (slow, fast) and gain setting (low, high)."""

Triple = tuple[float, float, float]
"""Gain (e-/ADU), read noise (e-) and bias level (ADU)."""

_MODES = (("slow", "low"), ("slow", "high"), ("fast", "low"), ("fast", "high"))


class AmpLayout(NamedTuple):
    """The columns ``x1:x2`` of an amplifier (DETSEC, unbinned, 0-based, half-open)."""

    name: str
    x1: int
    x2: int
    overscan: Literal["left", "right"]


@dataclass(frozen=True, slots=True)
class Chip:
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


class Epoch(NamedTuple):
    """What held while ``since`` <= date < ``until``: gain, noise and bias level of each amplifier.

    A mode that was never used is missing.
    """

    since: date
    until: date
    amps: Mapping[str, Mapping[Mode, Triple]]


class Trouble(NamedTuple):
    """What is known to be wrong with an array, ``since`` <= date < ``until``.

    ``amps`` are the amplifiers that cannot be used; empty when a warning is all that helps.
    """

    since: date
    until: date
    amps: tuple[str, ...]
    binned_only: bool
    what: str


class Detector(NamedTuple):
    """One generation of the three-chip array of one telescope.

    Columns and rows are unbinned pixels in detector coordinates (those of DETSEC: the chips side
    by side, without gaps). ``outline`` samples the illuminated field as (row, first column, last
    column), both columns lit; rows outside its range are dark. ``full_wells`` are in electrons per
    unbinned pixel, by DETECTOR keyword and amplifier. ``amps`` are in the order of raw files.
    ``chip_size`` and ``ccd_size`` are (columns, rows): those that are read out, and those that
    CCDSIZE tells. ``pixel_scale`` is in arcsec; above ``slow_above`` AMPINTEG means slow reading.
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
    chip_size: tuple[int, int]
    pixel_scale: float
    tile_gap: int
    contaminated_columns: int
    fringe_filters: frozenset[str]
    chips: tuple[Chip, Chip, Chip]
    amps: tuple[AmpLayout, ...]
    raw_wcs: RawWcs
    outline: tuple[tuple[int, int, int], ...]
    full_wells: Mapping[str, Mapping[str, float]]
    epochs: tuple[Epoch, ...]
    troubles: tuple[Trouble, ...]


def detectors() -> tuple[Detector, ...]:
    """Return all generations, each telescope's in order of time."""
    return tuple(_catalogue().values())


def detector(detid: str) -> Detector:
    """Return the generation with this DETID. Raises BadFile for an unknown one."""
    for one in detectors():
        if detid.strip() in (one.detid, *one.aliases):
            return one
    raise BadFile(f"unknown detector: DETID is {detid!r}")


@cache
def tables() -> dict[str, Any]:
    """Return the whole file as it is."""
    from tomllib import loads  # noqa: PLC0415 - start-up: most selections need no number

    return loads(Path(__file__).with_name("detectors.toml").read_text("utf-8"))


@cache
def _catalogue() -> dict[str, Detector]:
    rows = {row["id"]: row for row in tables()["detector"]}
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
        chip_size=tuple(row["chip_size"]),
        pixel_scale=row["pixel_scale"],
        tile_gap=row["tile_gap"],
        contaminated_columns=row["contaminated_columns"],
        fringe_filters=frozenset(row["fringe_filters"]),
        chips=(one, two, three),
        amps=tuple(AmpLayout(*amp) for amp in row["amps"]),
        raw_wcs=RawWcs(tuple(map(tuple, wcs["crpix"])), wcs["iaa"], wcs["inport"]),
        outline=tuple(map(tuple, rows[row.get("outline_of", row["id"])]["outline"])),
        full_wells=row.get("full_well", {}),
        epochs=tuple(map(_epoch, row["readout"])),
        troubles=tuple(map(_trouble, row.get("trouble", ()))),
    )


def _chip(index: int, row: dict[str, Any]) -> Chip:
    return Chip(index, row["name"], tuple(row["origin"]), tuple(row["shift"]), row["rotation"])


def _trouble(row: dict[str, Any]) -> Trouble:
    return Trouble(
        row["since"],
        row.get("until", date.max),
        tuple(row.get("amps", ())),
        row.get("binned_only", False),
        row["what"],
    )


def _epoch(row: dict[str, Any]) -> Epoch:
    amps = {name: _modes(*columns) for name, columns in row["amps"].items()}
    return Epoch(row.get("since", date.min), row.get("until", date.max), amps)


def _modes(*columns: list[float]) -> dict[Mode, Triple]:
    modes = zip(_MODES, zip(*columns, strict=True), strict=True)
    return {mode: (g, noise, bias) for mode, (g, noise, bias) in modes if g == g}  # noqa: PLR0124 nan
