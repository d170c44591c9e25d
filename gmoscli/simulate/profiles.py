"""Light of stars and galaxies on pixels: Moffat profiles, integrated over each pixel."""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .scene import Sources

Floats = NDArray[np.float64]
Plane = NDArray[np.float32]

# I(r) = flux * 2 / (pi a^2) * (1 + r^2 / a^2)^-3: the Moffat profile with beta = 3, which is
# between a Gaussian and real wings (Trujillo et al. 2001, MNRAS 328, 977: beta = 2.5 to 4.8) and
# is cheap, since a cube is two products. Outside r falls the fraction (1 + r^2 / a^2)^-2.
_FWHM_TO_A = 0.5 / np.sqrt(2 ** (1 / 3) - 1)

# Galaxies are sums of such profiles: (fraction of the light, a over the half-light radius), fitted
# to the curves of growth of an exponential disc and a de Vaucouleurs profile within 1.7 %.
_DISC = ((0.0697, 0.4833), (0.9303, 1.6459))
_BULGE = ((0.1837, 0.2118), (0.4709, 1.2224), (0.3454, 5.7406))

_LOST = 2.0  # electrons of a profile that may fall outside what is painted ...
_LEAST_LOST, _MOST_LOST = 1e-6, 2e-4  # ... within these fractions of its light
_QUADRATURE_ERROR = 1e-5  # of the light in a pixel


class Profile(NamedTuple):
    """One Moffat profile on a chip, in unbinned pixels and electrons."""

    x: float
    y: float
    flux: float
    xx: float
    xy: float
    yy: float


@dataclass(frozen=True)
class Profiles:
    """Moffat profiles on a chip: columns of one length, in unbinned pixels and electrons.

    (xx, xy, yy) is the matrix W of widths: I falls as (1 + d W^-1 d)^-3 with the distance d.
    """

    x: Floats
    y: Floats
    flux: Floats
    xx: Floats
    xy: Floats
    yy: Floats

    def __getitem__(self, i: int) -> Profile:
        return Profile(*(float(column[i]) for column in vars(self).values()))


def profiles(
    sources: Sources,
    places: Floats,
    flux: Floats,
    *,
    fwhm: float,
    ellipticity: float = 0.0,
    elongation: float = 0.0,
    scale: float,
) -> Profiles:
    """Return the profiles that sources make in a seeing.

    ``places`` are (x, y) on the chip, ``flux`` in electrons; ``fwhm`` in unbinned pixels,
    ``elongation`` in degrees; ``scale`` in arcsec per unbinned pixel. Squared widths of a galaxy
    and of the seeing add, which is how a convolution widens.
    """
    seeing = _widths(_FWHM_TO_A * fwhm, 1 - ellipticity, np.radians(elongation))
    parts = []
    for kind, terms in (
        (~sources.galaxy, ((1.0, 0.0),)),
        (sources.galaxy & ~sources.bulge, _DISC),
        (sources.galaxy & sources.bulge, _BULGE),
    ):
        some = sources.where(kind)
        for fraction, size in terms:
            own = _widths(size * some.half_light / scale, some.axis_ratio, some.angle)
            parts.append([*places[kind].T, fraction * flux[kind], *(own + seeing)])
    return Profiles(*np.hstack(parts))


def paint(plane: Plane, area: CcdArea, light: Profiles) -> None:
    """Add profiles to a plane of electrons, in place.

    Each pixel receives the integral of the profile over its face, to 1e-5, by Gauss-Legendre
    quadrature; a profile ends where less than 2e-4 of its light (2 electrons, if that is a smaller
    part) lies outside.
    """
    lost = np.clip(_LOST / np.maximum(light.flux, 1e-9), _LEAST_LOST, _MOST_LOST)
    reach = np.sqrt(lost**-0.5 - 1)
    columns = _span(area.x, area.binning[0], light.x, reach * np.sqrt(light.xx))
    rows = _span(area.y, area.binning[1], light.y, reach * np.sqrt(light.yy))
    seen = (columns[0] < columns[1]) & (rows[0] < rows[1])
    xs, ys = area.x, area.y
    for i in np.flatnonzero(seen).tolist():
        rows_of, columns_of = slice(rows[0][i], rows[1][i]), slice(columns[0][i], columns[1][i])
        plane[rows_of, columns_of] += _stamp(area, xs[columns_of], ys[rows_of], light[i])


def _widths(a: Floats | float, axis_ratio: Floats | float, angle: Floats | float) -> Floats:
    """Return (xx, xy, yy) of a profile of width a, elongated at constant area."""
    long, short = a**2 / np.asarray(axis_ratio), a**2 * np.asarray(axis_ratio)
    c, s = np.cos(angle), np.sin(angle)
    widths = (long * c**2 + short * s**2, (long - short) * c * s, long * s**2 + short * c**2)
    return np.stack(np.broadcast_arrays(*widths)).reshape(3, -1)


def _span(
    centres: Floats, step: int, at: Floats, reach: Floats
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the first pixel that a reach about a place touches, and the one past the last."""
    first = np.floor((at - reach - centres[0]) / step + 0.5).astype(np.intp)
    last = np.ceil((at + reach - centres[0]) / step + 0.5).astype(np.intp)
    return np.clip(first, 0, len(centres)), np.clip(last, 0, len(centres))


def _stamp(area: CcdArea, x: Floats, y: Floats, one: Profile) -> Plane:
    """Return a profile's electrons in the pixels of columns x and rows y.

    The core is integrated finely and what is around it coarsely.
    """
    a = min(one.xx, one.yy) ** 0.5
    stamp = _integral(area, x, y, one, _order(2 * a, area))
    columns, rows = (
        slice(*np.searchsorted(centres, (at - 2 * a - step, at + 2 * a + step)))
        for centres, at, step in zip((x, y), (one.x, one.y), area.binning, strict=True)
    )
    stamp[rows, columns] = _integral(area, x[columns], y[rows], one, _order(a, area))
    return stamp


def _order(a: float, area: CcdArea) -> int:
    """Return the points of quadrature that a pixel needs at a distance a from the singularity.

    The profile is singular at +-ia on the imaginary axis; the error of m points on a pixel of width
    b falls as rho^-2m, where rho = t + sqrt(t^2 + 1), t = 2a / b (Trefethen 2008, SIAM Rev. 50).
    """
    t = 2 * a / max(area.binning)
    rho = t + np.sqrt(t**2 + 1)
    return max(1, int(np.ceil(-0.5 * np.log(_QUADRATURE_ERROR) / np.log(rho))))


def _integral(area: CcdArea, x: Floats, y: Floats, one: Profile, order: int) -> Plane:
    """Return a profile's electrons in pixels, each by order^2 points of quadrature."""
    xbin, ybin = area.binning
    xx, xy, yy = one.xx, one.xy, one.yy
    det = xx * yy - xy**2
    peak = one.flux * 2 * xbin * ybin / (np.pi * np.sqrt(det))
    u, v, weight = _quadrature(order)
    dx = (u[:, None] * xbin + x - one.x)[:, None, :]
    dy = (v[:, None] * ybin + y - one.y)[:, :, None]
    q = (-2 * xy / det * dx).astype(np.float32) * dy.astype(np.float32)
    q += (1 + yy / det * dx**2).astype(np.float32)
    q += (xx / det * dy**2).astype(np.float32)
    np.divide(np.float32(peak) * weight, q * q * q, out=q)
    return np.asarray(q.sum(axis=0))


@cache
def _quadrature(order: int) -> tuple[Floats, Floats, Plane]:
    """Return points (u, v) of a unit square about 0, and their weights, whose sum is 1."""
    points, weights = np.polynomial.legendre.leggauss(order)
    u, v = (grid.ravel() / 2 for grid in np.meshgrid(points, points))
    return u, v, (np.outer(weights, weights) / 4).reshape(-1, 1, 1).astype(np.float32)
