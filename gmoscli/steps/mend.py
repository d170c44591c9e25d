"""Fill flagged pixels from their good neighbours, so that nothing rings when interpolated."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..band import Piece
from ..dq import UNUSABLE
from ..frame import Flags, Plane
from .crest import guessed

REACH = 2
"""Pixels that a neighbour may be away, along rows and columns."""
PAD = 8
"""Columns of margin on either side: the six taps, and what a turn adds within a few rows."""
LIT = 5.0
"""Sigmas above the sky from which a mean of neighbours is the light of a star."""
_DY, _DX = np.mgrid[-REACH : REACH + 1, -REACH : REACH + 1].reshape(2, -1)
"""Steps to the pixels of a square."""
TO_FILL = np.uint16(UNUSABLE)


@dataclass(frozen=True)
class Native:
    """Rows of a ccd without gaps, ``PAD`` columns wider on both sides than the ccd."""

    sci: Plane
    var: Plane
    dq: Flags
    first: int
    """Row of the ccd's array that the planes begin with; negative below its lower edge."""


def mended(piece: Piece, start: int, stop: int, sky: float) -> Native:
    """Return rows of a piece's ccd; ``start`` and ``stop`` may lie beyond it.

    Flagged pixels hold the mean of their good neighbours, of which the nearest eight count four
    times as much as the sixteen around them; in a star, what its shape makes of these
    (:mod:`.crest`). Where none is good, they hold the sky, ``sky`` on the common scale. Its
    outermost pixels are repeated beyond the edges of the piece.
    """
    ny, nx = piece.sci.shape
    low, high = start - REACH - piece.first, stop + REACH - piece.first
    lines = slice(max(0, -low), min(high, ny) - low)
    rows, core = slice(max(0, low), min(high, ny)), (lines, slice(PAD, PAD + nx))
    shape = (high - low, nx + 2 * PAD)
    sci, var, dq = (np.zeros(shape, plane.dtype) for plane in (piece.sci, piece.var, piece.dq))
    sci[core], var[core], dq[core] = piece.sci[rows], piece.var[rows], piece.dq[rows]
    good = np.zeros(shape, bool)
    np.equal(dq[core] & TO_FILL, 0, out=good[core])
    inner = slice(REACH, high - low - REACH)
    bad = np.zeros(shape, bool)
    bad[core] = ~good[core]
    bad[: inner.start] = bad[inner.stop :] = False
    near = _near(good)
    level = (sky - piece.offset) / piece.scale
    alone = bad & ~near
    if alone.any():
        np.copyto(sci, np.float32(level), where=alone)
    lost, flat = np.flatnonzero(bad & near), (sci.ravel(), var.ravel(), good.ravel())
    _fill(lost, *flat, shape[1])
    _fill_stars(lost, *flat, shape[1], level)
    for plane in (sci, var, dq):
        _repeat_edges(plane, lines, nx)
    return Native(sci[inner], var[inner], dq[inner], start)


def _near(good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return where a good pixel is within reach.

    Shifting a flat view is several times as fast as shifting rows and columns; the margin keeps one
    row's end from reaching the next one's start.
    """
    wide = good.copy()
    _spread(good.ravel(), wide.ravel(), 1)
    near = wide.copy()
    _spread(wide.ravel(), near.ravel(), good.shape[1])
    return near


def _spread(source: NDArray[np.bool_], target: NDArray[np.bool_], stride: int) -> None:
    for away in range(stride, REACH * stride + 1, stride):
        target[away:] |= source[:-away]
        target[:-away] |= source[away:]


def _fill(
    at: NDArray[np.intp], sci: Plane, var: Plane, good: NDArray[np.bool_], width: int
) -> None:
    """Give the pixels ``at``, indexes of flat planes, the mean of their good neighbours."""
    total, variance, weight = np.zeros((3, len(at)), np.float32)
    for dy in range(-REACH, REACH + 1):
        for dx in range(-REACH, REACH + 1):
            beside = at + (dy * width + dx)
            share = good.take(beside) * np.float32(4 if max(abs(dy), abs(dx)) == 1 else 1)
            total += share * sci.take(beside)
            variance += share * var.take(beside)
            weight += share
    sci[at], var[at] = total / weight, variance / weight


def _fill_stars(
    at: NDArray[np.intp], sci: Plane, var: Plane, good: NDArray[np.bool_], width: int, sky: float
) -> None:
    """Give those of the filled pixels ``at`` that lie in stars what the shape of these tells."""
    bright = at[sci[at] - np.float32(sky) > LIT * np.sqrt(var[at])]
    beside = bright[:, None] + (_DY * width + _DX)
    light = sci.take(beside).astype(np.float64) - sky
    guess = guessed(light, var.take(beside), good.take(beside), REACH)
    sci[bright[guess.known]] = guess.light[guess.known] + sky


def _repeat_edges(plane: NDArray[np.generic], lines: slice, nx: int) -> None:
    """Continue the outermost pixels of the lines that hold data into the margin."""
    plane[lines, :PAD] = plane[lines, PAD : PAD + 1]
    plane[lines, PAD + nx :] = plane[lines, PAD + nx - 1 : PAD + nx]
    plane[: lines.start] = plane[lines.start]
    plane[lines.stop :] = plane[lines.stop - 1]
