"""Where pixels lie: affine maps, the gnomonic projection, and the three chips on the sky.

Pixel coordinates are 0-based with the centre of the first pixel at (0, 0); points are arrays whose
last axis is (x, y). The binned pixel ``i`` has its centre at ``(i + 0.5) * bin - 0.5`` unbinned.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .section import Section

if TYPE_CHECKING:
    from .gmos.detectors import Chip, Detector

Points = NDArray[np.float64]
ARCSEC = 3600.0


@dataclass(frozen=True)
class Affine:
    """The map ``p -> matrix @ p + shift`` of points (x, y)."""

    matrix: Points = field(default_factory=lambda: np.eye(2))
    shift: Points = field(default_factory=lambda: np.zeros(2))

    def __call__(self, points: Any) -> Points:
        """Return where points are mapped to."""
        images: Points = np.asarray(points, float) @ self.matrix.T + self.shift
        return images

    def after(self, first: "Affine") -> "Affine":
        """Return the map that applies ``first`` and then this one."""
        return Affine(self.matrix @ first.matrix, self.matrix @ first.shift + self.shift)

    @property
    def inverse(self) -> "Affine":
        """Return the map back."""
        inv = np.linalg.inv(self.matrix).astype(float)
        return Affine(inv, -inv @ self.shift)

    @classmethod
    def moved(cls, dx: float, dy: float) -> "Affine":
        """Return the map that adds (dx, dy)."""
        return cls(shift=np.array([dx, dy], float))

    @classmethod
    def turned(cls, degrees: float, centre: Sequence[float] = (0.0, 0.0)) -> "Affine":
        """Return the counter-clockwise rotation about a centre."""
        c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        matrix = np.array([[c, -s], [s, c]])
        return cls(matrix, np.asarray(centre, float) - matrix @ np.asarray(centre, float))

    @classmethod
    def unbinned(cls, binning: tuple[int, int]) -> "Affine":
        """Return the map from binned to unbinned pixel coordinates."""
        bins: Points = np.array(binning, float)
        return cls(np.diag(bins), (bins - 1) / 2)

    @classmethod
    def fitted(cls, points: Points, images: Points) -> "Affine":
        """Return the least-squares affine map of (n, 2) points to their images; n >= 3."""
        design = np.column_stack([points, np.ones(len(points))])
        solution = np.linalg.lstsq(design, images, rcond=None)[0].astype(float)
        return cls(solution[:2].T.copy(), solution[2].copy())


@dataclass(frozen=True)
class Tan:
    """A gnomonic (TAN) world coordinate system, as in FITS (Calabretta & Greisen 2002, A&A 395).

    ``crval`` in degrees (RA, Dec); ``crpix`` 0-based; ``cd`` in degrees per pixel.
    """

    crval: tuple[float, float]
    crpix: tuple[float, float]
    cd: Points

    @property
    def to_plane(self) -> Affine:
        """Return the map from pixels to the tangent plane, in degrees."""
        return Affine(self.cd, -self.cd @ np.asarray(self.crpix))

    @property
    def scale(self) -> float:
        """Return the pixel size in arcsec, as the square root of the pixel's area."""
        return float(np.sqrt(abs(np.linalg.det(self.cd))) * ARCSEC)

    def sky(self, points: Any) -> Points:
        """Return (RA, Dec) in degrees of pixels (x, y)."""
        return deproject(self.to_plane(points), self.crval)

    def pixels(self, sky: Any) -> Points:
        """Return the pixels (x, y) of sky positions (RA, Dec) in degrees."""
        return self.to_plane.inverse(project(sky, self.crval))

    def before(self, first: Affine) -> "Tan":
        """Return the system of pixels that ``first`` maps to the pixels of this one."""
        crpix = first.inverse(self.crpix)
        return Tan(self.crval, (float(crpix[0]), float(crpix[1])), self.cd @ first.matrix)


def project(sky: Any, centre: tuple[float, float]) -> Points:
    """Return tangent-plane coordinates (xi, eta) in degrees of (RA, Dec) in degrees."""
    ra, dec = np.moveaxis(np.radians(np.asarray(sky, float)), -1, 0)
    ra0, dec0 = np.radians(centre)
    cos_distance = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra - ra0)
    xi = np.cos(dec) * np.sin(ra - ra0) / cos_distance
    eta = (
        np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra - ra0)
    ) / cos_distance
    plane: Points = np.degrees(np.stack([xi, eta], axis=-1))
    return plane


def deproject(plane: Any, centre: tuple[float, float]) -> Points:
    """Return (RA, Dec) in degrees of tangent-plane coordinates (xi, eta) in degrees."""
    xi, eta = np.moveaxis(np.radians(np.asarray(plane, float)), -1, 0)
    ra0, dec0 = np.radians(centre)
    along = np.cos(dec0) - eta * np.sin(dec0)
    ra = ra0 + np.arctan2(xi, along)
    dec = np.arctan2(np.sin(dec0) + eta * np.cos(dec0), np.hypot(xi, along))
    sky: Points = np.degrees(np.stack([np.mod(ra, 2 * np.pi), dec], axis=-1))
    return sky


def chip_to_detector(chip: "Chip", detector: "Detector") -> Affine:
    """Return the map from a chip's unbinned pixels to those of chip 2, extended over the plane.

    A chip is turned counter-clockwise about its centre and then shifted.
    """
    nx, ny = detector.chip_size
    turned = Affine.turned(chip.rotation, ((nx - 1) / 2, (ny - 1) / 2))
    return Affine.moved(*chip.shift).after(turned)


def array_to_chip(section: Section, binning: tuple[int, int]) -> Affine:
    """Return the map from a read-out array's binned pixels to its chip's unbinned pixels."""
    return Affine.moved(section.x1, section.y1).after(Affine.unbinned(binning))


def array_to_detector(
    detector: "Detector", index: int, section: Section, binning: tuple[int, int]
) -> Affine:
    """Return the map from binned pixels of one chip's array to unbinned chip-2 pixels."""
    chip = detector.chips[index - 1]
    return chip_to_detector(chip, detector).after(array_to_chip(section, binning))


def between(first: Tan, second: Tan, shape: tuple[int, int], fix: Affine | None = None) -> Affine:
    """Return the affine map from pixels of ``first`` to pixels of ``second``, near an array.

    ``shape`` is (ny, nx) of the array in pixels of ``first``; ``fix`` acts on the tangent plane of
    ``first`` (degrees) before the sky is reached. Over a GMOS field the sky bends away from an
    affine map by less than 1e-5 unbinned pixel for each arcsec of dither.
    """
    ny, nx = shape
    xs, ys = np.meshgrid([0.0, (nx - 1) / 2, nx - 1.0], [0.0, (ny - 1) / 2, ny - 1.0])
    points = np.column_stack([xs.ravel(), ys.ravel()])
    plane = first.to_plane(points)
    if fix is not None:
        plane = fix(plane)
    return Affine.fitted(points, second.pixels(deproject(plane, first.crval)))


@lru_cache(maxsize=8)
def outline_mask(
    outline: tuple[tuple[float, float, float], ...], section: Section, binning: tuple[int, int]
) -> NDArray[np.bool_]:
    """Return True where a chip's binned pixels are outside the illuminated field.

    ``outline`` lists (y, first x, last x) of the field and ``section`` the array, both in unbinned
    detector coordinates. Edges between listed rows are straight; a binned pixel with any part
    outside is outside. The same for all frames of a night: kept, and read-only.
    """
    xbin, ybin = binning
    shape = (section.height // ybin, section.width // xbin)
    if not outline:
        return np.broadcast_to(np.False_, shape)
    y, first, last = np.asarray(outline, float).T
    low = section.y1 + ybin * np.arange(shape[0], dtype=float)
    high = low + ybin - 1
    ends = np.stack([low, high])
    left = np.interp(ends, y, first).max(axis=0)
    right = np.interp(ends, y, last).min(axis=0)
    x = section.x1 + xbin * np.arange(shape[1], dtype=float)
    lit_rows = (low >= y[0]) & (high <= y[-1])
    inside = (x >= left[:, None]) & (x + xbin - 1 <= right[:, None])
    outside: NDArray[np.bool_] = ~(inside & lit_rows[:, None])
    outside.setflags(write=False)
    return outside
