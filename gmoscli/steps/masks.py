"""Masks of pixels: where they hold, and what they are when grown by neighbours."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Indexes = NDArray[np.intp]


def nonzero(mask: Mask) -> tuple[Indexes, ...]:
    """Return the indexes of the true elements, as ``np.nonzero`` does, several times as fast.

    Searching a flat view needs no index arithmetic for the many that are false.
    """
    return tuple(np.unravel_index(np.flatnonzero(mask), mask.shape))


def numbered(found: Sequence[tuple[Indexes, ...]]) -> tuple[Indexes, ...]:
    """Return the indexes of several masks as those of one, with the number of the mask first."""
    whose = np.repeat(np.arange(len(found)), [len(own[0]) for own in found])
    return (whose, *(np.concatenate(axis) for axis in zip(*found, strict=True)))


def with_sides(mask: Mask) -> Mask:
    """Return the mask grown by the neighbours on either side, along the last axis."""
    wide = mask.copy()
    wide[..., 1:] |= mask[..., :-1]
    wide[..., :-1] |= mask[..., 1:]
    return wide


def with_neighbours(mask: Mask) -> Mask:
    """Return the mask grown by its eight neighbours, in the last two axes."""
    wide = with_sides(mask)
    grown = wide.copy()
    grown[..., 1:, :] |= wide[..., :-1, :]
    grown[..., :-1, :] |= wide[..., 1:, :]
    return grown


def grown_where(mask: Mask, allowed: Callable[[Indexes, Indexes], Mask]) -> Mask:
    """Return the mask with those of its eight neighbours for which ``allowed(y, x)`` says so.

    Only the neighbours are looked at: cosmic rays cover a hundredth of an image.
    """
    ny, nx = mask.shape
    y, x = nonzero(mask)
    around = np.array([(dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx])
    yy = np.clip(y + around[:, :1], 0, ny - 1).ravel()
    xx = np.clip(x + around[:, 1:], 0, nx - 1).ravel()
    more = allowed(yy, xx)
    grown = mask.copy()
    grown[yy[more], xx[more]] = True
    return grown
