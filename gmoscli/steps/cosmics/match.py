"""How bright a star of one frame can be, told by another frame of another seeing and phase.

The best linear guess of a pixel from those of the other frame is kriging (simple, with a nugget:
Cressie 1993, Statistics for Spatial Data, 3.2): stars are points of unknown place and light, each
smeared by the seeing of its frame. At worst a star exceeds the guess by some share of the light
around. Guess and light around are sums over pixels, so a bound that holds for one star at every
place holds for whatever is made of stars.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .once import once

Floats = NDArray[np.float64]
Weights = NDArray[np.float32]

PHASES = 32
"""Shifts by part of a pixel that are told apart, per pixel."""
NUGGET = 0.01
"""Variance of the noise over that of the light, which keeps the weights small."""
WIDEST = 4
"""Pixels on either side that a guess is made of, at most."""
AROUND = 1.5
"""Sigma of the light around, pixels, beside what the seeings differ by."""
NARROWEST = 0.8
"""FWHM, in pixels: a guard against a wrong seeing."""
INDICES = (2.5, 4.5)
"""Moffat indices of the stars that the bound is to hold for (Trujillo et al. 2001)."""
LEAST = 1e-3
"""Of its peak: what a star sheds farther out is left to the noise."""
TESTED = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))
"""Phases (y, x) at which the bound is tested; others lie between, or mirror them."""


@dataclass(frozen=True)
class Match:
    """Weights of the pixels of another frame: for the guess of a pixel, for the light around it.

    Both are products of weights along y and x: [tap, phase], phases from -1/2 to 1/2.
    """

    guess: Weights
    around: Weights
    share: float
    """Of the light around, by which a star may exceed the guess."""
    noise: float
    """Variance of the guess over that of a pixel, at worst."""

    @property
    def reach(self) -> int:
        """Pixels on either side."""
        return len(self.guess) // 2


@once
def matched(own: float, other: float, slack: float) -> Match:
    """Return what pixels of a frame of seeing ``other`` say of one of seeing ``own``.

    Seeings are FWHM in pixels, before light falls on these; ``slack`` is the share by which the
    width of a star may differ from either.
    """
    own, other = max(own, NARROWEST), max(other, NARROWEST)
    sigma, width = (np.hypot(fwhm / 2.3548, 1 / np.sqrt(12)) for fwhm in (own, other))
    wider = np.sqrt(max(sigma**2 - width**2, 0.0))
    reach = int(np.clip(np.ceil(2.2 * wider), 2, WIDEST))
    taps = np.arange(-reach, reach + 1)
    phases = np.arange(-PHASES // 2, PHASES // 2 + 1) / PHASES
    guess = kriging(taps, phases, float(sigma), float(width))
    around = np.exp(-0.5 * ((taps[:, None] - phases) / np.hypot(wider, AROUND)) ** 2)
    around /= around.sum(axis=0)
    share = max(
        excess(guess, around, own * (1 + turn), other * (1 - turn), index)
        for turn in (-slack, slack)
        for index in INDICES
    )
    noise = float(np.square(guess).sum(axis=0).max() ** 2)
    return Match(guess.astype(np.float32), around.astype(np.float32), share, noise)


def kriging(taps: NDArray[np.intp], phases: Floats, own: float, other: float) -> Floats:
    """Return the weights [tap, phase] that pixels have for the light at a phase.

    Stars are Gaussians: of sigma ``own`` where the guess is made, ``other`` in the pixels.
    """
    known = np.exp(-((taps - taps[:, None]) ** 2) / (4 * other**2))
    both = own**2 + other**2
    asked = np.exp(-((taps[:, None] - phases) ** 2) / (2 * both)) * np.sqrt(2 * other**2 / both)
    return np.asarray(np.linalg.solve(known + NUGGET * np.eye(len(taps)), asked))


def excess(guess: Floats, around: Floats, own: float, other: float, index: float) -> float:
    """Return by what share of the light around a star exceeds its guess, wherever it stands."""
    reach = len(guess) // 2
    size = reach + int(np.ceil(2 * max(own, other))) + 1
    fine = 4 if min(own, other) < 2 else 2
    seen = star(own, index, size, fine)
    theirs = star(other, index, size + reach + 1, fine)
    matters = seen > LEAST * seen.max()
    worst = 0.0
    for phase in TESTED:
        said, light = (response(theirs, weights, phase, fine) for weights in (guess, around))
        worst = max(worst, float(((seen - said)[matters] / light[matters]).max()))
    return worst


def star(fwhm: float, index: float, size: int, fine: int) -> Floats:
    """Return the light that pixels see of a Moffat star in the middle, at ``fine`` places a pixel.

    From ``-size`` to ``size`` pixels each way; each value is the mean over a whole pixel.
    """
    at = np.arange(-size * fine - fine // 2, size * fine + fine // 2 + 1) / fine
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / index) - 1))
    light = (1 + (at[:, None] ** 2 + at**2) / alpha**2) ** -index
    ends = [0.5 if k in (0, fine) else 1.0 for k in range(fine + 1)]
    n = len(at) - fine
    rows = sum(end * light[k : k + n] for k, end in enumerate(ends))
    total = sum(end * rows[:, k : k + n] for k, end in enumerate(ends))
    return np.asarray(total * ((index - 1) / (np.pi * alpha**2 * fine**2)))


def response(light: Floats, weights: Floats, phase: tuple[float, float], fine: int) -> Floats:
    """Return the weighted sum of pixels around each of the ``fine`` places of a star's light.

    The result is ``reach + 1`` pixels shorter at every end.
    """
    margin = len(weights) // 2 + 1
    n = len(light) - 2 * fine * margin
    for part in phase:
        column = weights[:, round((part + 0.5) * PHASES)]
        starts = fine * np.arange(1, len(column) + 1) - round(part * fine)
        terms = (weight * light[k : k + n] for k, weight in zip(starts, column, strict=True))
        light = np.asarray(sum(terms)).T
    return light
