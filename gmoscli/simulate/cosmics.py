"""Cosmic rays: muons that fly straight through, electrons that wander, all with their charge."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .night import Night

Floats = NDArray[np.float64]
Plane = NDArray[np.float32]

# Rates per cm2 and second. Muons: 1.8 / cm2 / min at 2.5 to 4 km (Particle Data Group, "Cosmic
# rays"). Wandering electrons, from radioactivity, grow with the volume of silicon; the number
# is that of deep-depletion mosaics, which count 10 to 15 events / cm2 / min in all.
_MUONS = 0.03
_ELECTRONS_PER_MM = 1.0

_EV_PER_PAIR = 3.65
_PAIRS_PER_MICRON = 75.0  # most probable, of a fast muon in silicon
_MEAN_ENERGY = 120e3  # eV, of wandering electrons
_LEAST_ENERGY = 10e3
_TURN = 0.35  # radians, of an electron
_DIFFUSION = 0.4  # one sigma of the charge cloud, unbinned pixels
_DROPS = 6  # into which the charge is divided per unbinned pixel of track

_SILICON = {"EEV": (13.5, 16.0), "e2vDD": (13.5, 40.0)}
_HAMAMATSU = (15.0, 200.0)  # microns: pixel and thickness


class Tracks(NamedTuple):
    """Paths through the silicon, as seen from above."""

    length: Floats
    """Unbinned pixels."""
    charge: Floats
    """Electrons."""
    turn: float
    """Radians by which a path turns at random in one unbinned pixel."""


def cosmic_rays(night: Night, area: CcdArea, seconds: float, rng: np.random.Generator) -> Plane:
    """Return the electrons that cosmic rays leave in each pixel."""
    pitch, thickness = _SILICON.get(night.array.family, _HAMAMATSU)
    exposure = seconds * area.section.width * area.section.height * (pitch * 1e-4) ** 2
    muons = rng.poisson(night.cosmic_rate * _MUONS * exposure)
    wanderers = rng.poisson(night.cosmic_rate * _ELECTRONS_PER_MM * thickness / 1e3 * exposure)
    plane = np.zeros(area.shape, np.float32)
    _drop(plane, area, _muons(rng, muons, pitch, thickness), rng)
    _drop(plane, area, _wanderers(rng, wanderers, pitch), rng)
    return plane


def _muons(rng: np.random.Generator, n: int, pitch: float, thickness: float) -> Tracks:
    """Return straight tracks.

    Directions follow cos^2 of the zenith angle on a level surface; losses scatter with the long
    tail of Moyal's law.
    """
    cosine = np.clip(rng.random(n) ** 0.25, 0.05, 1.0)
    path = thickness / cosine
    loss = 1 + 0.08 * -2 * np.log(np.abs(rng.standard_normal(n)) + 1e-3)
    charge = _PAIRS_PER_MICRON * path * np.maximum(loss, 0.5)
    return Tracks(path * np.sqrt(1 - cosine**2) / pitch, charge, 0.0)


def _wanderers(rng: np.random.Generator, n: int, pitch: float) -> Tracks:
    """Return the crooked tracks of electrons that are stopped in the silicon.

    Ranges in silicon after Katz and Penfold (1952, Rev. Mod. Phys. 24, 28).
    """
    energy = _LEAST_ENERGY + rng.exponential(_MEAN_ENERGY, n)
    mev = energy / 1e6
    microns = 0.412 * mev ** (1.265 - 0.0954 * np.log(mev)) / 2.33 * 1e4
    return Tracks(microns / pitch, energy / _EV_PER_PAIR, _TURN)


def _drop(plane: Plane, area: CcdArea, tracks: Tracks, rng: np.random.Generator) -> None:
    """Add tracks to a plane, in place: drops of charge along walks that turn at random."""
    length, charge, turn = tracks
    n = np.ceil(_DROPS * (length + 1)).astype(np.intp)
    first = np.cumsum(n) - n
    step = np.repeat(length / n, n)
    heading = np.repeat(rng.uniform(0, 2 * np.pi, len(n)), n)
    heading += _walk(turn * np.sqrt(step) * rng.standard_normal(len(step)), first, n)
    x = np.repeat(area.section.x1 + area.section.width * rng.random(len(n)), n)
    y = np.repeat(area.section.y1 + area.section.height * rng.random(len(n)), n)
    x += _walk(step * np.cos(heading), first, n) + _DIFFUSION * rng.standard_normal(len(step))
    y += _walk(step * np.sin(heading), first, n) + _DIFFUSION * rng.standard_normal(len(step))
    column = np.floor((x - area.section.x1) / area.binning[0]).astype(np.intp)
    row = np.floor((y - area.section.y1) / area.binning[1]).astype(np.intp)
    inside = (column >= 0) & (column < area.shape[1]) & (row >= 0) & (row < area.shape[0])
    drops = np.repeat(charge / n, n)[inside].astype(np.float32)
    np.add.at(plane, (row[inside], column[inside]), drops)


def _walk(steps: Floats, first: NDArray[np.intp], n: NDArray[np.intp]) -> Floats:
    """Return where each walk has come, for walks that lie one after the other in an array."""
    total = np.cumsum(steps)
    before = np.concatenate([[0.0], total])[first]
    return np.asarray(total - np.repeat(before, n))
