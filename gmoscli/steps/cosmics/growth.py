"""Follow cosmic rays to where they fade: neighbours are judged by a lower limit."""

import numpy as np

from ..masks import Indexes, Mask
from .judge import (
    DARK,
    FEW,
    Court,
    Pixels,
    beyond_rims,
    beyond_stars,
    beyond_those_spared,
    dark_around,
    opened,
    pixels_at,
)
from .laid import BLIND, FULL, Laid

GROWTH = 3
"""Pixels that a cosmic ray may reach beyond what is beyond doubt."""
AT_LEAST = 0.8
"""Of the lower limit: what a neighbour must stand above what most frames see to be judged."""


def grown(court: Court, rays: Indexes, sigma: float) -> Indexes:
    """Return what belongs to cosmic rays beside their brightest pixels, ``rays``.

    Both are places in the flattened overlays of all frames.
    """
    spilt = _spilt(court)
    touched = np.zeros(court.shape, bool)
    touched.ravel()[rays] = True
    found = [np.empty(0, np.intp)]
    for _ in range(GROWTH):
        near = _neighbours(rays, court.shape, touched)
        touched.ravel()[near] = True
        rays = np.union1d(_fading(court, near, sigma), np.intersect1d(near, spilt, True))
        found.append(rays)
    return np.concatenate(found)


def _neighbours(some: Indexes, shape: tuple[int, int, int], touched: Mask) -> Indexes:
    """Return the eight neighbours of places, but those that were touched, each once."""
    _, ny, nx = shape
    line, x = np.divmod(some, nx)
    y = line % ny
    up, down = np.where(y > 0, -nx, 0), np.where(y < ny - 1, nx, 0)
    left, right = np.where(x > 0, -1, 0), np.where(x < nx - 1, 1, 0)
    rows = (some + up, some, some + down)
    near = [at for row in rows for at in (row + left, row, row + right)]
    places = np.concatenate(near)
    return np.unique(places[~touched.ravel()[places]])


def _fading(court: Court, near: Indexes, sigma: float) -> Indexes:
    """Return which neighbours still have more light than stars, or the sky, can explain."""
    pixels = pixels_at(court, near)
    light, var = pixels.own.light, pixels.own.var
    level = court.agreed[pixels.y, pixels.x]
    stands = np.flatnonzero(light - level > AT_LEAST * sigma * np.sqrt(var))
    case = opened(court, pixels.where(stands))
    hit = case.plain & (case.excess > sigma)
    doubtful = np.flatnonzero(~case.plain)
    some = case.pixels.where(doubtful)
    excess, alone = beyond_stars(court, some)
    beyond = (excess > sigma) | (alone & _line(court, some, sigma))
    rest = np.flatnonzero(~beyond)
    beyond[rest] = beyond_rims(court, some.where(rest), sigma, "either")
    rest = np.flatnonzero(~beyond & (case.count[doubtful] <= FEW))
    beyond[rest] = beyond_those_spared(court, some.where(rest), sigma)
    hit[doubtful] = beyond
    return near[stands[hit]]


def _line(court: Court, pixels: Pixels, sigma: float) -> Mask:
    """Say which pixels are lit and have no star around: a cosmic ray is a line in the dark."""
    lit = pixels.own.light > sigma * np.sqrt(pixels.own.var)
    dark, seen = dark_around(court, pixels, 2.0)
    return lit & (25 * dark > DARK * seen)


def _spilt(court: Court) -> Indexes:
    """Return the saturated pixels of frames where less than half of all frames are saturated.

    Beside a cosmic ray that is its charge, spilt over: a star saturates in all frames or most.
    """
    places = _saturated(court)
    y, x = np.divmod(places % court.agreed.size, court.agreed.shape[1])
    full, live = np.zeros((2, len(places)), np.intp)
    for frame in court.frames:
        for one in frame:
            saturated, clear = _state(one, y, x)
            full += saturated
            live += saturated | clear
    return places[2 * full < live]


def _saturated(court: Court) -> Indexes:
    """Return the saturated pixels of all frames."""
    found = [np.empty(0, np.intp)]
    for number, frame in enumerate(court.frames):
        for one in frame:
            y, x, there = one.overlay(*np.divmod(one.full, one.light.shape[1]))
            at = y[there] * court.agreed.shape[1] + x[there]
            found.append(number * court.agreed.size + at)
    return np.unique(np.concatenate(found))


def _state(one: Laid, y: Indexes, x: Indexes) -> tuple[Mask, Mask]:
    """Say at which overlay pixels a piece is saturated, and at which it sees light."""
    saturated, clear = np.zeros((2, len(y)), bool)
    row, column = one.native(y, x)
    some = np.flatnonzero(one.holds(row, column))
    at = row[some] * one.light.shape[1] + column[some]
    saturated[some] = (one.dq.ravel()[at] & FULL) > 0
    clear[some] = one.light.ravel()[at] > BLIND
    return saturated, clear
