"""Follow cosmic rays to where they fade: neighbours are judged by a lower limit."""

import numpy as np

from .judge import DARK, Court, Pixels, beyond_stars, dark_around, opened
from .laid import BLIND, FULL, Indexes, Laid, Mask, seen

GROWTH = 3
"""Pixels that a cosmic ray may reach beyond what is beyond doubt."""
AT_LEAST = 0.8
"""Of the lower limit: what a neighbour must stand above what most frames see to be judged."""


def grown(court: Court, frame: int, rays: Indexes, sigma: float) -> Indexes:
    """Return what belongs to the cosmic rays of a frame beside their brightest pixels, ``rays``.

    Both are places in the flattened overlay.
    """
    shape = court.agreed.shape
    spilt = _spilt(court, frame)
    touched = np.zeros(shape, bool)
    touched.ravel()[rays] = True
    found = [np.empty(0, np.intp)]
    for _ in range(GROWTH):
        near = _neighbours(rays, shape, touched)
        touched.ravel()[near] = True
        rays = np.union1d(_fading(court, frame, near, sigma), near[np.isin(near, spilt)])
        found.append(rays)
    return np.concatenate(found)


def _neighbours(some: Indexes, shape: tuple[int, ...], touched: Mask) -> Indexes:
    """Return the eight neighbours of places, but those that were touched, each once."""
    ny, nx = shape
    y, x = np.divmod(some, nx)
    near = [
        np.clip(y + dy, 0, ny - 1) * nx + np.clip(x + dx, 0, nx - 1)
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if dy or dx
    ]
    places = np.concatenate(near)
    places = np.sort(places[~touched.ravel()[places]])
    first = np.ones(len(places), bool)
    first[1:] = places[1:] != places[:-1]
    return places[first]


def _fading(court: Court, frame: int, near: Indexes, sigma: float) -> Indexes:
    """Return which neighbours still have more light than stars, or the sky, can explain."""
    y, x = np.divmod(near, court.agreed.shape[1])
    own = seen(court.frames[frame], y, x)
    stands = own.light - court.agreed.ravel()[near] > AT_LEAST * sigma * np.sqrt(own.var)
    near = near[stands]
    case = opened(court, frame, y[stands], x[stands])
    hit = case.plain & (case.excess > sigma)
    doubtful = ~case.plain
    some = case.pixels.where(doubtful)
    excess, alone = beyond_stars(court, frame, some)
    hit[doubtful] = (excess > sigma) | (alone & _line(court, frame, some, sigma))
    return near[hit]


def _line(court: Court, frame: int, pixels: Pixels, sigma: float) -> Mask:
    """Say which pixels are lit and have no star around: a cosmic ray is a line in the dark."""
    lit = pixels.own.light > sigma * np.sqrt(pixels.own.var)
    dark, seen = dark_around(court.frames[frame], pixels, 2.0)
    return lit & (25 * dark > DARK * seen)


def _spilt(court: Court, frame: int) -> Indexes:
    """Return the saturated pixels of a frame where less than half of the frames are saturated.

    Beside a cosmic ray that is its charge, spilt over: a star saturates in all frames or most.
    """
    found = [np.empty(0, np.intp)]
    for one in court.frames[frame]:
        row, column = np.divmod(one.full, one.light.shape[1])
        y, x, there = one.overlay(row, column)
        y, x = y[there], x[there]
        full, live = np.zeros((2, len(y)), np.intp)
        for other in court.frames:
            for piece in other:
                saturated, clear = _state(piece, y, x)
                full += saturated
                live += saturated | clear
        found.append((y * court.agreed.shape[1] + x)[2 * full < live])
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
