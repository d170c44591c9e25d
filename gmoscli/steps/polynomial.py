"""Polynomials in x and y, fitted past outliers."""

from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyvander
from numpy.typing import NDArray

from ..frame import Plane
from ..geometry import Points
from ..stats import SIGMA_PER_MAD
from .masks import Mask

Floats = NDArray[np.float64]

ROUNDS = 4
FARTHEST = 2.5
"""Sigmas beyond which a value is left out of the next round: sources fall out as outliers."""


@dataclass(frozen=True)
class Surface:
    """A polynomial over a ccd whose x and y go from -1 to 1: sum c[j, i] x^i y^j."""

    coefficients: Floats
    """[j, i], in the unit of the pixels."""

    def plane(self, shape: tuple[int, int]) -> Plane:
        """Return its values at all pixels of a ccd of this shape."""
        y, x = (np.linspace(-1, 1, n) for n in shape)
        along = (polyvander(y, len(self.coefficients) - 1) @ self.coefficients).astype(np.float32)
        row = x.astype(np.float32)
        plane = np.repeat(along[:, -1:], shape[1], axis=1)
        for column in along.T[-2::-1]:
            plane *= row
            plane += column[:, None]
        return plane


def powers(order: int) -> list[tuple[int, int]]:
    """Return the powers (j, i) of y and x in a polynomial of some degree, the constant first."""
    return [(j, i) for j in range(order + 1) for i in range(order + 1 - j)]


def terms(at: Points, shape: tuple[int, int], order: int) -> Floats:
    """Return the terms x^i y^j, i + j <= order, at pixels (x, y) of a plane: [place, term].

    x and y go from -1 to 1 over the plane.
    """
    far = np.array(shape[::-1]) - 1
    x, y = (polyvander(axis, order) for axis in (2 * at / far - 1).T)
    return np.stack([y[:, j] * x[:, i] for j, i in powers(order)], axis=-1)


def as_surface(solution: Floats, order: int) -> Surface:
    """Return the surface whose terms have these factors."""
    coefficients = np.zeros((order + 1, order + 1))
    for (j, i), value in zip(powers(order), solution, strict=True):
        coefficients[j, i] = value
    return Surface(coefficients)


def solved(design: Floats, values: Floats) -> Floats:
    """Return the least-squares solution; the shortest one where there are many."""
    found = np.linalg.lstsq(design.T @ design, design.T @ values, rcond=None)[0]
    return np.asarray(found, np.float64)


def regressed(design: Floats, values: Floats) -> tuple[Floats, float, Mask]:
    """Return the least-squares solution, the scatter about it, and which values it was made of.

    Values beyond ``FARTHEST`` sigmas are left out of the next of ``ROUNDS``; sigma is robust.
    """
    away = np.abs(values - np.median(values))
    keep = away <= 10 * SIGMA_PER_MAD * np.median(away)
    for _ in range(ROUNDS):
        kept = design[keep]
        solution = solved(kept, values[keep])
        off = values - design @ solution
        sigma = SIGMA_PER_MAD * float(np.median(np.abs(off[keep])))
        used, keep = keep, np.abs(off) <= FARTHEST * sigma
    return solution, sigma, used
