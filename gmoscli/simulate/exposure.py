"""One exposure: light gathered, turned into charge, read out; and the truth behind it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea, amp_areas, ccd_areas
from .charge import overflow, wells
from .conditions import Conditions, Frame, frame_of
from .cosmics import cosmic_rays
from .defects import bad_pixels, hot_pixels
from .effects import Effects
from .light import light
from .night import Night
from .optics import response
from .plan import Kind, Shot, shot_of
from .readout import has_failed, read_out
from .seeds import generator

Plane = NDArray[np.float32]
Counts = NDArray[np.uint16]

DARK_SECONDS = 15.0
"""Time beyond the exposure during which hot pixels and cosmic rays leave charge, on average."""

_CONVERTER_END = np.iinfo(np.uint16).max


@dataclass(frozen=True)
class CcdTruth:
    """What fell on one ccd. Planes are [y, x], electrons per binned pixel unless said."""

    area: CcdArea
    sources: Plane
    """Stars and galaxies (and satellites), as an even and perfect camera would have them."""
    background: Plane
    """Sky with its fringes, likewise; the light of a flat."""
    response: Plane
    """Electrons kept of each of those above."""
    expected: Plane
    """Light and dark current expected, before any noise."""
    cosmics: Plane
    """Left by cosmic rays."""
    saturated: NDArray[np.bool_]
    """A full pixel, or a count at the converter's end."""
    bad: NDArray[np.bool_]
    """A dead or hot pixel, or one of an amplifier that had failed."""


@dataclass(frozen=True)
class SimulatedExposure:
    """The raw counts of an exposure and the truth behind them."""

    shot: Shot
    now: Conditions
    counts: tuple[Counts, ...]
    """Of each amplifier, overscan and all, in raw-file order."""
    ccds: tuple[CcdTruth, ...]
    """Of each ccd that was read, from the left."""


def expose(night: Night, effects: Effects, kind: Kind, index: int) -> SimulatedExposure:
    """Return one exposure of a night, in memory. Raises LookupError if the night has none such."""
    frame = frame_of(night, effects, shot_of(night, kind, index))
    truths: list[CcdTruth] = []
    counts: dict[str, Counts] = {}
    for truth, read in _ccds(frame):
        truths.append(truth)
        counts |= read
    return SimulatedExposure(frame.shot, frame.now, _in_file_order(night, counts), tuple(truths))


def raw_counts(frame: Frame) -> tuple[Counts, ...]:
    """Return the counts alone, holding the planes of no more than one ccd at a time."""
    counts: dict[str, Counts] = {}
    for _, read in _ccds(frame):
        counts |= read
    return _in_file_order(frame.night, counts)


def _in_file_order(night: Night, counts: dict[str, Counts]) -> tuple[Counts, ...]:
    return tuple(counts[area.amp.name] for area in amp_areas(night))


def _ccds(frame: Frame) -> Iterator[tuple[CcdTruth, dict[str, Counts]]]:
    """Yield the truth about each ccd and its raw counts by amplifier."""
    for area in ccd_areas(frame.night):
        yield _read_ccd(frame, area)


def _read_ccd(frame: Frame, area: CcdArea) -> tuple[CcdTruth, dict[str, Counts]]:
    night, effects, *_ = frame
    sources, background = light(frame, area)
    flat = response(night, effects, area)
    expected = (sources + background) * flat
    bad = np.zeros(area.shape, bool)
    if effects.bad_pixels:
        _add_dark(expected, frame, area)
        bad = bad_pixels(night, area)
    cosmics = _cosmics(frame, area)
    charge = _with_photon_noise(expected, frame, area)
    charge += cosmics
    saturated = np.zeros(area.shape, bool)
    if effects.saturation:
        saturated |= overflow(charge, wells(night, area), bleeding=effects.bleeding)
    counts = {}
    for amp in area.amps:
        columns = area.columns(amp)
        if effects.failures and has_failed(night, amp, frame.shot.start.date()):
            bad[:, columns] = True
        raw = read_out(frame, amp, charge[:, columns])
        saturated[:, columns] |= raw[amp.datasec.slices] == _CONVERTER_END
        counts[amp.amp.name] = raw
    return CcdTruth(area, sources, background, flat, expected, cosmics, saturated, bad), counts


def _add_dark(electrons: Plane, frame: Frame, area: CcdArea) -> None:
    hot = hot_pixels(frame.night, area)
    seconds = np.float32(frame.shot.exposure + DARK_SECONDS)
    np.add.at(electrons, (hot.y, hot.x), hot.value * seconds)


def _with_photon_noise(expected: Plane, frame: Frame, area: CcdArea) -> Plane:
    """Return a new plane of electrons collected; without noise, those expected."""
    if not frame.effects.photon_noise or not expected.any():
        return expected.copy()
    return _generator(frame, area, "photons").poisson(expected).astype(np.float32)


def _cosmics(frame: Frame, area: CcdArea) -> Plane:
    if not frame.effects.cosmic_rays:
        return np.zeros(area.shape, np.float32)
    seconds = frame.shot.exposure + DARK_SECONDS
    return cosmic_rays(frame.night, area, seconds, _generator(frame, area, "cosmic rays"))


def _generator(frame: Frame, area: CcdArea, effect: str) -> np.random.Generator:
    shot = frame.shot
    return generator(frame.night.seed, effect, shot.kind, shot.index, area.chip.index)
