"""Find what may be a cosmic ray: one pass over all pixels of all frames.

Only what stands above what most frames see is looked at again, pixel by pixel.
"""

from dataclasses import dataclass

import numpy as np

from ...frame import Plane
from ..masks import Indexes
from .laid import BLIND, PART, Frame
from .order import low_rank, seen_at_rank

TOGETHER = 1 << 20
"""Pixels of all frames that are compared at a time, which bounds the memory."""


@dataclass(frozen=True)
class Found:
    """Where frames may be hit, on the overlay."""

    agreed: Plane
    """Light that most frames see at least; none where fewer than two see anything: [y, x]."""
    suspects: Indexes
    """Places in the flattened overlays of all frames, [frame, y, x], in rising order."""


def search(frames: tuple[Frame, ...], shape: tuple[int, int], *, sigma: float, few: int) -> Found:
    """Return what stands so many sigmas of its own noise above what most frames see.

    Where no more than a ``few`` frames see anything all of them may be hit: they are compared with
    the sky, if that is lower.
    """
    ny, nx = shape
    agreed = np.empty(shape, np.float32)
    suspects = [np.empty(0, np.intp)]
    step = max(1, min(PART, TOGETHER // len(frames)) // nx)
    values = np.empty((len(frames), step, nx), np.float32)
    for start in range(0, ny, step):
        rows = range(start, min(start + step, ny))
        part = values[:, : len(rows)]
        for frame, plane in zip(frames, part, strict=True):
            _fill(plane, frame, rows)
        level, sparse = _agreed(part, few)
        agreed[start : start + step] = level
        flat = level.ravel()
        flat[sparse] = np.minimum(flat[sparse], 0)
        for i, (frame, plane) in enumerate(zip(frames, part, strict=True)):
            suspects += [i * ny * nx + at for at in _above(plane, level, frame, rows, sigma)]
    return Found(agreed, np.sort(np.concatenate(suspects)))


def _fill(plane: Plane, frame: Frame, rows: range) -> None:
    """Lay a frame's light on some rows of the overlay, in place."""
    plane[:] = BLIND
    for one in frame:
        for ours, theirs in one.rectangles(rows):
            if len(frame) == 1:
                plane[ours] = one.light[theirs]
            else:
                np.maximum(plane[ours], one.light[theirs], out=plane[ours])


def _agreed(part: Plane, few: int) -> tuple[Plane, Indexes | slice]:
    """Return the light that most frames see at least, and where no more than a few see any.

    It is none where fewer than two do.
    """
    if len(part) == 1:
        return np.zeros(part.shape[1:], np.float32), slice(None)
    flat = part.reshape(len(part), -1)
    some = np.flatnonzero(np.minimum.reduce(flat) == BLIND)
    count = np.count_nonzero(flat[:, some] > BLIND, axis=0)
    light = seen_at_rank(list(flat), low_rank, len(part), some, count)
    light[some[count < 2]] = 0
    level = light.reshape(part.shape[1:])
    return level, slice(None) if len(part) <= few else some[count <= few]


def _above(plane: Plane, level: Plane, frame: Frame, rows: range, sigma: float) -> list[Indexes]:
    """Return where a frame stands so many sigmas of its noise above a level."""
    found = []
    width = plane.shape[1]
    for one in frame:
        factor = np.float32(sigma**2 * one.piece.scale**2)
        for ours, theirs in one.rectangles(rows):
            excess = plane[ours] - level[ours]
            np.maximum(excess, 0, out=excess)
            np.multiply(excess, excess, out=excess)
            hot = np.flatnonzero(excess > one.piece.var[theirs] * factor)
            if len(hot):
                y, x = np.divmod(hot, excess.shape[1])
                found.append((y + (ours[0].start + rows.start)) * width + (x + ours[1].start))
    return found
