"""One exposure: light gathered, turned into charge, read out; and the truth behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea, amp_areas, ccd_areas
from .camera import chip_map, focal_plane
from .charge import overflow, wells
from .chips import colour_term
from .conditions import Conditions, conditions
from .cosmics import cosmic_rays
from .defects import bad_pixels, hot_pixels
from .effects import Effects
from .fringes import fringe_pattern
from .night import Night
from .optics import response
from .passing import probe_shadow, satellite_trail
from .plan import Kind, Shot, shot_of
from .profiles import paint, profiles
from .readout import read_out
from .scene import chip_rates, scene
from .seeds import generator

Plane = NDArray[np.float32]
Counts = NDArray[np.uint16]

DARK_SECONDS = 15.0
"""Time beyond the exposure during which hot pixels and cosmic rays leave charge, on average."""

_NEW_BOARDS = date(2015, 8, 26)  # the DETECTOR keyword of GMOS-S changed with the video boards


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
    """A dead or hot pixel."""


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
    shot = shot_of(night, kind, index)
    read = list(ccd_readouts(night, effects, shot))
    counts = {amp: one for _, amps in read for amp, one in amps.items()}
    return SimulatedExposure(
        shot,
        conditions(night, effects, shot),
        tuple(counts[area.amp.name] for area in amp_areas(night)),
        tuple(truth for truth, _ in read),
    )


def raw_counts(night: Night, effects: Effects, shot: Shot) -> tuple[Counts, ...]:
    """Return the counts alone, holding the planes of no more than one ccd at a time."""
    counts = {
        amp: one for _, amps in ccd_readouts(night, effects, shot) for amp, one in amps.items()
    }
    return tuple(counts[area.amp.name] for area in amp_areas(night))


def ccd_readouts(
    night: Night, effects: Effects, shot: Shot
) -> Iterator[tuple[CcdTruth, dict[str, Counts]]]:
    """Yield for each ccd the truth, and the raw counts by amplifier."""
    now = conditions(night, effects, shot)
    for area in ccd_areas(night):
        yield _read_ccd(night, effects, shot, now, area)


def detector_keyword(night: Night) -> str:
    """Return the DETECTOR keyword of the night."""
    old, new = night.array.keywords[0], night.array.keywords[-1]
    return old if night.flat_day < _NEW_BOARDS else new


def _read_ccd(
    night: Night, effects: Effects, shot: Shot, now: Conditions, area: CcdArea
) -> tuple[CcdTruth, dict[str, Counts]]:
    sources = _sources(night, effects, shot, now, area)
    background = _background(night, effects, shot, now, area)
    if effects.guide_probe and shot.kind == "science":
        shadow = probe_shadow(night, now, area)
        sources *= shadow
        background *= shadow
    flat = response(night, effects, area)
    expected = (sources + background) * flat
    bad = np.zeros(area.shape, bool)
    if effects.bad_pixels:
        _add_dark(expected, night, shot, area)
        bad = bad_pixels(night, area)
    charge = _with_photon_noise(expected, night, effects, shot, area)
    cosmics = _cosmics(night, effects, shot, area)
    charge += cosmics
    saturated = np.zeros(area.shape, bool)
    if effects.saturation:
        well = wells(night, detector_keyword(night), area)
        saturated |= overflow(charge, well, bleeding=effects.bleeding)
    counts = {}
    for amp in area.amps:
        columns = area.columns(amp)
        raw = read_out(night, effects, shot, amp, charge[:, columns])
        saturated[:, columns] |= raw[amp.datasec.slices] == np.iinfo(np.uint16).max
        counts[amp.amp.name] = raw
    return CcdTruth(area, sources, background, flat, expected, cosmics, saturated, bad), counts


def _sources(night: Night, effects: Effects, shot: Shot, now: Conditions, area: CcdArea) -> Plane:
    plane = np.zeros(area.shape, np.float32)
    if shot.kind == "bias":
        return plane
    sources = scene(night, effects, shot.kind)
    tan = focal_plane(night, now.true, now.roll)
    sky = np.column_stack([sources.ra, sources.dec])
    places = chip_map(night, effects, area.chip).inverse(tan.pixels(sky))
    rates = chip_rates(night, effects, sources, area.chip.index)
    scale = night.array.pixel_scale
    light = profiles(
        sources,
        places,
        rates * shot.exposure * now.transparency,
        fwhm=now.seeing / scale,
        ellipticity=now.ellipticity,
        elongation=now.elongation,
        scale=scale,
    )
    paint(plane, area, light)
    if effects.satellite and shot.kind == "science" and shot.index == night.frames // 2:
        plane += satellite_trail(night, shot.index, area)
    return plane


def _background(
    night: Night, effects: Effects, shot: Shot, now: Conditions, area: CcdArea
) -> Plane:
    level = now.sky
    if shot.kind == "science":
        level *= shot.exposure * night.pixel_area
    level *= 10 ** (-0.4 * colour_term(night, effects, area.chip.index) * now.colour)
    plane = np.full(area.shape, level, np.float32)
    if now.fringes * level > 0:
        plane *= 1 + np.float32(now.fringes) * fringe_pattern(night, area)
    return plane


def _add_dark(electrons: Plane, night: Night, shot: Shot, area: CcdArea) -> None:
    hot = hot_pixels(night, area)
    seconds = np.float32(shot.exposure + DARK_SECONDS)
    np.add.at(electrons, (hot.y, hot.x), hot.value * seconds)


def _with_photon_noise(
    expected: Plane, night: Night, effects: Effects, shot: Shot, area: CcdArea
) -> Plane:
    """Return a new plane of electrons collected; without noise, those expected."""
    if not effects.photon_noise or not expected.any():
        return expected.copy()
    rng = generator(night.seed, "photons", shot.kind, shot.index, area.chip.index)
    return rng.poisson(expected).astype(np.float32)


def _cosmics(night: Night, effects: Effects, shot: Shot, area: CcdArea) -> Plane:
    if not effects.cosmic_rays:
        return np.zeros(area.shape, np.float32)
    rng = generator(night.seed, "cosmic rays", shot.kind, shot.index, area.chip.index)
    return cosmic_rays(night, area, shot.exposure + DARK_SECONDS, rng)
