"""How bright stars can be at a pixel, told by those around that no cosmic ray hit.

A cosmic ray that winds leaves no rim of a hole (:mod:`.hole`) alone, and what is flagged on a rim
may hide the light of a star, so that a bound that allows for it says little. Here the hole is what
is flagged, whatever its shape: the guess is fitted to the pixels that are left, for each pixel that
is judged, and so is the share of the light around by which stars may exceed it.
"""

from functools import partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..masks import Indexes, Mask
from .hole import ACROSS, DOWN, MIDDLE, NEAR, NUGGET, THIN, stars_around, sums
from .laid import BLIND, Frame, Laid, Light, lights
from .match import NARROWEST
from .once import once

Floats = NDArray[np.float64]

FEWEST = 6
"""Pixels around that have to be left."""
SHUT = 1e6
"""Variance that keeps a flagged pixel out of the guess, over that of light."""
MANY = 2000
"""Stars that are enough to ask for their share, as neighbours are much alike."""
SPARSEST = 4
"""Of them all, one in so many is asked at least."""
PART = 1 << 12
"""Pixels that are looked at together."""
BLOCK = 128
"""Pixels that are held against all stars together: a few megabytes."""
_WEIGHTS = NEAR.astype(np.float32)
_NOTHING = np.empty(0, bool)


class _Stars(NamedTuple):
    """Stars of a seeing anywhere about a pixel, and their moments over their light around it."""

    light: Light
    """[star, tap]"""
    gram: Floats
    """[tap, tap], a mean over stars."""
    asked: Floats
    """Of the pixel with the others, [tap]."""


@once
def _stars(fwhm: float) -> _Stars:
    stars = stars_around(max(fwhm, NARROWEST))
    stars = stars[:, :: min(max(1, stars.shape[1] // MANY), SPARSEST)]
    beside = np.where(np.arange(len(stars)) == MIDDLE, 0, _WEIGHTS)
    relative = stars / (beside @ stars)
    gram = relative @ relative.T / relative.shape[1]
    return _Stars(np.ascontiguousarray(relative.T, np.float32), gram, gram[MIDDLE])


def beyond_spared(frame: Frame, fwhm: float, y: Indexes, x: Indexes, sigma: float) -> Mask:
    """Say which overlay pixels of a frame have more light than those spared around allow.

    By so many sigmas. Those with nothing flagged around are not judged: holes tell of them.
    """
    found = np.zeros(len(y), bool)
    stars = _stars(fwhm)
    for one in frame:
        row, column = one.native(y, x)
        left = np.flatnonzero(one.holds(row, column))
        for at_once, test in ((PART, _standing), (BLOCK, partial(_beyond, stars))):
            parts = (left[start : start + at_once] for start in range(0, len(left), at_once))
            passed = [test(_about(one, row[some], column[some]), sigma) for some in parts]
            left = left[np.concatenate([_NOTHING, *passed])]
        found[left] = True
    return found


class _About(NamedTuple):
    """Pixels, and those around them."""

    here: Light
    noise: Light
    """Sigma of each."""
    seen: Light
    """Light around, zero where it is flagged, [tap, pixel]."""
    spared: Mask
    """Where it is not."""
    weights: Light
    """Of the light around, zero where it is flagged, [tap, pixel]."""

    def where(self, some: Mask) -> "_About":
        """Return some of the pixels."""
        here, noise, seen, spared, weights = self
        ring = seen[:, some], spared[:, some], weights[:, some]
        return _About(here[some], noise[some], *ring)

    @property
    def around(self) -> Light:
        """The weighted sum of the light around."""
        total: Light = (self.weights * self.seen).sum(axis=0)
        return total


def _about(one: Laid, row: Indexes, column: Indexes) -> _About:
    seen = lights(one, row, column, DOWN, ACROSS)
    here, spared = seen[MIDDLE].copy(), seen > BLIND
    spared[MIDDLE] = False
    seen[~spared] = 0
    noise = np.sqrt(one.piece.var[row, column]) * np.float32(one.piece.scale)
    return _About(here, noise, seen, spared, _WEIGHTS[:, None] * spared)


def _standing(about: _About, sigma: float) -> Mask:
    """Say which pixels can be judged, and stand out of the mean of those spared around."""
    count, total = about.spared.sum(axis=0), about.weights.sum(axis=0)
    beyond = about.here * total - about.around > np.float32(sigma) * about.noise * total
    return np.asarray(beyond & (count >= FEWEST) & (count < len(about.seen) - 1))


def _beyond(stars: _Stars, about: _About, sigma: float) -> Mask:
    """Say which pixels exceed what those around allow by so much, and the noise of the guess."""
    found = np.ones(len(about.here), bool)
    weights = _guess(stars, about.spared)
    for taken in (THIN, 1):  # few stars tell of most pixels that they are no hits
        some, guess = about.where(found), weights[:, found]
        share = _share(stars.light[::taken], guess, some.weights)
        most = (guess * some.seen).sum(axis=0) + share * np.maximum(some.around, 0)
        louder = np.sqrt(1 + np.square(guess).sum(axis=0))
        found[found] = some.here - most > np.float32(sigma) * some.noise * louder
    return found


def _guess(stars: _Stars, spared: Mask) -> Light:
    """Return the weights of the spared pixels for the guess of the one amid, [tap, pixel].

    None is negative: another hit among them can only raise it.
    """
    shut = np.where(spared, NUGGET**2, SHUT).T
    moments = stars.gram + shut[:, :, None] * np.eye(len(spared))
    asked = np.broadcast_to(stars.asked[:, None], (*shut.shape, 1))
    guess = np.linalg.solve(moments, asked)[:, :, 0].T
    weights: Light = (np.maximum(guess, 0) * spared).astype(np.float32)
    return weights


def _share(stars: Light, guess: Light, around: Light) -> Light:
    """Return the largest share of the light around by which a star exceeds its guess."""
    guessed, light = np.hsplit(sums(stars, np.hstack([guess, around])), 2)
    share: Light = np.maximum(((stars[:, MIDDLE, None] - guessed) / light).max(axis=0), 0)
    return share
