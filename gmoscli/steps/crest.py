"""Guess the light of a star in lost pixels: its logarithm is nearly a parabola.

Around the middle of a star that holds for any seeing, wherever in a pixel the star stands: a mean
of the pixels beside the peak is too low by a quarter, the parabola by a hundredth. Weights that go
with the squared light make the errors of the logarithms those of the pixels (Guo 2011, IEEE Signal
Process. Mag. 28, 134), so that noise in the wings tells nothing.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .masks import Mask

Floats = NDArray[np.float64]

SIGMA = 1.2
"""Of the weights of pixels around, pixels: the nearest tell most, as a star is no Gaussian."""
POWERS = ((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2))
"""Of x and y: the terms of a parabola."""
FEWEST = 8
"""Pixels that have to tell."""
RIDGE = 1e-6
"""Of the weights: keeps equations solvable in which pixels do not tell shapes apart."""
UNSURE = 0.2
"""Relative error from which a guess is worth no more than a mean."""


class Guess(NamedTuple):
    """The light in lost pixels, and where it can be told."""

    light: Floats
    known: Mask


def guessed(light: Floats, var: NDArray[np.float32], good: Mask, reach: int) -> Guess:
    """Return the light in the middle of squares, by their good pixels: [place, pixel].

    ``light`` is that above the sky, ``var`` its variance; squares reach so many pixels from their
    middle, row by row.
    """
    terms, near = _square(reach)
    lit = good & (light > 0)
    safe = np.where(lit, light, 1.0)
    weights = near * lit * np.square(safe)
    logs = np.log(safe)
    gram = np.einsum("pq,aq,bq->pab", weights, terms, terms)
    total = weights.sum(axis=1)
    enough = lit.sum(axis=1) >= FEWEST
    ridge = np.where(enough, RIDGE * total, 1.0)
    gram += ridge[:, None, None] * np.eye(len(terms))
    level = np.broadcast_to(np.eye(len(terms))[:, :1], (*total.shape, len(terms), 1))
    shares = (np.linalg.solve(gram, level) * terms).sum(axis=1) * weights
    error = np.einsum("pq,pq->p", np.square(shares / safe), np.where(lit, var, 0.0))
    guess = np.exp(np.minimum(np.einsum("pq,pq->p", shares, logs), 80.0))
    return Guess(guess, enough & (error < UNSURE**2))


@cache
def _square(reach: int) -> tuple[Floats, Floats]:
    """Return the terms of a parabola, [term, pixel], and the weights of the pixels."""
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    terms = np.array([x**i * y**j for i, j in POWERS], np.float64)
    return terms, np.exp(-0.5 * (x**2 + y**2) / SIGMA**2)
