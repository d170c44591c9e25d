"""Exposures and their parts: what steps receive and give back.

All are values: a step returns a new one and leaves what it was given as it found it. Arrays are
``[y, x]``; sci and var are float32 (var is a variance), dq is uint16 (:class:`gmoscli.dq.Dq`).
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from .fits import Headers
from .geometry import Affine, Tan
from .gmos.detectors import Detector
from .past import Done, Used
from .section import Section

Plane = NDArray[np.float32]
Flags = NDArray[np.uint16]
Catalogue = NDArray[np.void]


@dataclass(frozen=True)
class Amp:
    """One amplifier's share of a ccd."""

    name: str
    columns: slice
    """Columns of the ccd's array."""
    section: Section
    """The same pixels in detector coordinates, unbinned (DETSEC)."""
    gain: float
    """Electrons per unit of the pixels: per ADU, 1 in electrons, N in an average of N frames."""
    read_noise: float
    """Electrons, one sigma: over the gain it is in the unit of the pixels."""
    saturation: float
    """Where a pixel is full, in the unit of the pixels; carried through every step."""
    nonlinear: float
    """Where the response stops being linear, in the same way."""

    def scaled(self, factor: float) -> "Amp":
        """Return the amplifier of pixels that were multiplied by a factor."""
        return replace(
            self,
            gain=self.gain / factor,
            saturation=self.saturation * factor,
            nonlinear=self.nonlinear * factor,
        )


@dataclass(frozen=True)
class SkyCells:
    """Blank sky in cells of some arcsec, to compare frames by where they overlap."""

    level: Plane
    """Mean of each cell, NaN where too little of it is blank: [row, column]."""
    size: tuple[int, int]
    """Pixels (x, y) of a cell; the first one begins with the first pixel."""


@dataclass(frozen=True)
class Sky:
    """The sky of one ccd: level and noise, electrons per pixel."""

    level: float
    noise: float
    cells: SkyCells | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Fringes:
    """How the sky of one ccd was parted into the pattern of a fringe frame and what is smooth."""

    amplitude: float | None
    """Of the pattern, over that of the fringe frame; None before there is one."""
    smooth: NDArray[np.float64]
    """Coefficients [j, i] of x^i y^j, x and y from -1 to 1, of what was taken off the pixels."""


@dataclass(frozen=True)
class Spots:
    """Blocks of pixels of a ccd."""

    size: tuple[int, int]
    """Pixels (x, y) of a block."""
    blocks: NDArray[np.bool_]
    """[row, column], true for those meant; pixels beyond the last whole block belong to it."""

    def flags(self, flag: int, start: int, stop: int, width: int) -> Flags:
        """Return some rows of a ccd so wide, with a flag in these blocks."""
        high, wide = self.blocks.shape
        column = np.minimum(np.arange(width) // self.size[0], wide - 1)
        row = np.minimum(np.arange(start, stop) // self.size[1], high - 1)
        own = self.blocks[row[0] : row[-1] + 1]
        whole: Flags = (np.uint16(flag) * own[:, column])[row - row[0]]
        return whole


@dataclass(frozen=True)
class MasterNoise:
    """What masters have put into the variance of a ccd's pixels: the same in all frames."""

    constant: float = 0.0
    """By the bias: variance in the unit of the pixels squared."""
    relative: float = 0.0
    """By the flat: variance over the square of a pixel's level."""

    def scaled(self, factor: float) -> "MasterNoise":
        """Return that of pixels that were multiplied by a factor."""
        return replace(self, constant=self.constant * factor**2)


@dataclass(frozen=True)
class Tie:
    """Where stars that cross a gap have an outer chip, relative to the central one."""

    offset: tuple[float, float]
    """(x, y) from its tabulated place, tangent plane, arcsec."""
    error: float
    """Expected of this, one sigma of one axis, arcsec."""
    stars: int
    """Well-measured ones that cross."""


@dataclass(frozen=True)
class CcdInfo:
    """What is known of one ccd of one exposure, apart from its pixels."""

    index: int
    """1, 2, 3 from the left of the focal plane; 0 for a mosaic of all."""
    section: Section
    """Region of the chip that was read, unbinned (CCDSEC)."""
    binning: tuple[int, int]
    shape: tuple[int, int]
    """(ny, nx) of the arrays."""
    amps: tuple[Amp, ...]
    unit: str
    """'adu' or 'electron'."""
    wcs: Tan | None = None
    sources: Catalogue | None = None
    """Detected sources, see :mod:`gmoscli.steps.catalogue`; positions in pixels of the array."""
    sky: Sky | None = None
    level: float | None = None
    """Median of the lit pixels, for scaling flats; level of the sky, for fringes."""
    fringes: Fringes | None = field(default=None, repr=False, compare=False)
    light: Plane | None = field(default=None, repr=False, compare=False)
    """Of a flat: mean of the good pixels of each block, NaN where there are few."""
    stars: Spots | None = field(default=None, repr=False, compare=False)
    """Of a flat: where stars shine; left out as it is stacked."""
    fwhm: float | None = None
    """Seeing of the stars, pixels."""
    masters: MasterNoise = MasterNoise()
    """Of a frame: noise that it shares with others."""
    correlation: float = 1.0
    """Of a product: noise of a large aperture over that of its pixels taken as independent."""
    rejected: tuple[float, ...] = ()
    """Of a product: share of each frame's pixels that was rejected."""
    tie: Tie | None = None
    """How stars tied the chip to the central one; None where no other frame could tell."""

    @property
    def roundness(self) -> float:
        """Axis ratio, at most 1, that a round star has on these pixels."""
        return min(self.binning) / max(self.binning)


@dataclass(frozen=True)
class Readout:
    """The raw pixels of one amplifier, overscan and all."""

    counts: NDArray[Any]
    """ADU, as read."""
    light: Section
    """Light-sensitive part of the array (DATASEC)."""
    overscan: Section | None
    """Overscan part of the array (BIASSEC)."""
    amp: Amp
    dq: Flags
    """Flags of the light-sensitive part."""


@dataclass(frozen=True)
class RawCcd:
    """One ccd as the telescope wrote it."""

    info: CcdInfo
    readouts: tuple[Readout, ...]
    contaminated: int
    """Overscan columns next to the light that carry some of it."""


@dataclass(frozen=True)
class Ccd:
    """One ccd, trimmed and assembled: three planes, and what is known of them."""

    info: CcdInfo
    sci: Plane
    var: Plane
    dq: Flags
    objects: NDArray[np.uint8] | None = None
    """1 where a catalogued source shines; None before sources are mapped."""

    @property
    def held(self) -> int:
        """Bytes that the planes take in memory; a plane of equal rows takes one row."""
        planes: tuple[NDArray[Any], ...] = (self.sci, self.var, self.dq)
        return sum(plane.nbytes if all(plane.strides) else plane[:1].nbytes for plane in planes)

    def with_planes(self, **planes: NDArray[Any]) -> "Ccd":
        """Return the ccd with some planes replaced: sci, var, dq, objects."""
        changed: Any = planes
        return replace(self, **changed)

    def with_info(self, **changes: Any) -> "Ccd":
        """Return the ccd with some facts replaced."""
        return replace(self, info=replace(self.info, **changes))

    def per_column(self, values: dict[str, float]) -> Plane:
        """Return a row that holds each amplifier's value in its columns; keys are amp names."""
        row = np.empty(self.sci.shape[1], np.float32)
        for amp in self.info.amps:
            row[amp.columns] = values[amp.name]
        return row


def plus_row(plane: Plane, row: Plane) -> Plane:
    """Return a plane and a row added; a plane of equal rows stays one row in memory."""
    if all(plane.strides) or not len(plane):
        return plane + row
    return np.broadcast_to(plane[0] + row, plane.shape)


@dataclass(frozen=True)
class Placement:
    """Where a frame lies on the sky of the reference frame, and how its counts compare."""

    fix: Affine = field(default_factory=Affine)
    """Acts on the reference's tangent plane (degrees): reference sky to this frame's sky."""
    matches: int = 0
    rms: float = 0.0
    """Of matched stars, one axis, arcsec."""
    error: float = 0.0
    """Of the place, one sigma of one axis at the farthest star, arcsec; 0 where none matched."""
    scale: float = 1.0
    """Multiplies the frame's counts."""
    scale_error: float = 0.0
    factors: dict[int, float] = field(default_factory=dict)
    """By ccd index: multiplies that ccd's counts as well; one for all when empty."""
    offsets: dict[int, float] = field(default_factory=dict)
    """By ccd index: added to the scaled counts."""
    slopes: dict[int, tuple[float, float]] = field(default_factory=dict)
    """By ccd index: added to the scaled counts as well, per pixel (x, y) from the ccd's middle."""
    weights: dict[int, float] = field(default_factory=dict)
    """By ccd index: weight in the average; one for all when empty."""

    def scale_of(self, index: int) -> float:
        """Return what multiplies the counts of one ccd."""
        return self.scale * self.factors.get(index, 1.0)


@dataclass(frozen=True)
class Grid:
    """Output pixels shared by all frames: one for each ccd, or one for the mosaic."""

    index: int
    """The ccd's index, or 0 for the mosaic."""
    wcs: Tan | None
    shape: tuple[int, int]
    members: tuple[int, ...]
    """Indexes of the ccds that fall on it."""


@dataclass(frozen=True)
class Observation:
    """An exposure without its pixels."""

    name: str
    """File name without folder and endings."""
    path: Path
    headers: Headers
    detector: Detector
    exposure_time: float
    """Seconds."""
    ccds: tuple[CcdInfo, ...]
    placement: Placement = field(default_factory=Placement)
    grids: tuple[Grid, ...] = ()
    reference: bool = False
    """True for the frame that the others were registered to."""
    recipe: str = ""
    """Of a product: the recipe that made it."""
    history: tuple[Done, ...] = ()
    used: tuple[Used, ...] = ()
    inputs: tuple["Observation", ...] = ()
    """Of a product: the frames that it was made of."""

    @property
    def central(self) -> CcdInfo:
        """The ccd in the middle of the focal plane, or the one nearest to it."""
        return min(self.ccds, key=lambda info: abs(info.index - 2))


@dataclass(frozen=True)
class Exposure:
    """One shutter opening, all its ccds; a product is one again."""

    obs: Observation
    ccds: tuple[Ccd, ...]


class Source(Protocol):
    """Where a frame's pixels come from: a file, or memory in a test."""

    @property
    def obs(self) -> Observation:
        """Everything but the pixels."""

    @property
    def piecemeal(self) -> bool:
        """Whether a ccd can be read alone, at no more cost than its share."""

    def ccd(self, index: int) -> RawCcd | Ccd:
        """Return the pixels of one ccd. Raises BadFile when they cannot be read."""
