"""Bands of a grid: what steps receive and give back where all frames meet.

Like frames they are values (:mod:`.frame`): a step returns a new one.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .frame import Flags, Plane
from .geometry import Affine


@dataclass(frozen=True)
class Band:
    """Some rows of a grid, or of so many columns of it that halos are a small part."""

    rows: range
    columns: range

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return len(self.rows), len(self.columns)


@dataclass(frozen=True)
class Piece:
    """The part of one ccd of one frame that reaches a band, on native pixels."""

    sci: Plane
    var: Plane
    dq: Flags
    first: int
    """Row of the ccd's array that the planes begin with."""
    to_native: Affine
    """From pixels of the output grid to pixels of the ccd's array."""
    scale: float = 1.0
    """Multiplies the counts."""
    offset: float = 0.0
    """Added to the scaled counts."""
    left: int = 0
    """Column of the ccd's array that the planes begin with."""


def widened(columns: range, by: int, whole: int) -> range:
    """Return columns with so many more on both sides, as far as a grid of ``whole`` has them."""
    return range(max(0, columns.start - by), min(columns.stop + by, whole))


@dataclass(frozen=True)
class Strips:
    """Frames under one band of output pixels, before they share a grid: all, or a group of them.

    The pieces reach beyond the band on all sides, by the steps' halo, where the ccd has pixels.
    """

    frames: tuple[tuple[Piece, ...], ...]
    first: int
    """Row of the output grid that the band begins with."""
    shape: tuple[int, int]
    """(rows, columns) of the band."""
    weights: tuple[float, ...]
    fwhm: tuple[float, ...]
    """Seeing of each frame, pixels; 0 where it was not measured."""
    sky: float
    """Level of the blank sky after scaling and offsets."""
    left: int = 0
    """Column of the output grid that the band begins with."""
    whole: int | None = None
    """Columns of the output grid; None: those of the band."""
    own: tuple[slice, slice] = field(default_factory=lambda: np.s_[:, :])
    """Rows and columns of the band that are wanted; others are looked at beside them."""

    def columns(self, halo: int) -> range:
        """Return the columns of the band, and so many on both sides where the grid has them."""
        right = self.left + self.shape[1]
        return widened(range(self.left, right), halo, self.whole or right)


@dataclass(frozen=True)
class Deep:
    """All frames of a band on one grid: arrays are [frame, y, x]."""

    sci: Plane
    var: Plane
    dq: Flags
    weights: tuple[float, ...]
    sky: float
    """Level of the blank sky."""
    own: tuple[slice, slice] = field(default_factory=lambda: np.s_[:, :])
    """Rows and columns that are wanted; others are there for what is looked at beside them."""
    fwhm: tuple[float, ...] = ()
    """Seeing of each frame, pixels; 0 where it was not measured, empty where no stars are."""


@dataclass(frozen=True)
class Planes:
    """A band of the product."""

    sci: Plane
    var: Plane
    dq: Flags
    used: NDArray[np.uint16]
    """Number of frames behind each pixel."""
    covered: NDArray[np.int64]
    """Of each frame, the number of its pixels that reach the band, unflagged but for rejection."""
    rejected: NDArray[np.int64]
    """Of each frame, the number of those that were rejected."""
