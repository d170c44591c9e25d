"""Smooth equally spaced values as stiffly as they ask for.

A penalised fit in the cosine transform, its stiffness chosen by generalised cross-validation
(Garcia 2010, Comput. Stat. Data Anal. 54, 1167), after an exponential settling, where the values
begin with one.
"""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float64]
STIFFNESS = np.logspace(0, 9, 37)
"""Trial smoothing parameters; the stiffest bends over about 500 rows, the softest over 3."""
SETTLING = (4.0, 8.0, 16.0, 32.0, 64.0)
"""Trial numbers of rows in which the first value may settle to its e-th part."""


def smoothed(values: Rows) -> tuple[Rows, float]:
    """Return the smooth course of values, and its variance over that of one value.

    The course is ``a * settling`` plus what is smooth of the rest, by the amplitude ``a`` that
    leaves the least that is not smooth.
    """
    n = values.size
    trials = _trials(n)
    spectrum = cosines(values)
    crossed = trials.settlings * spectrum
    amplitude = _summed(trials.rough, crossed) / trials.roughness
    misfit = _summed(trials.rougher, np.square(spectrum)[None]) + amplitude * (
        amplitude * trials.misfit - 2 * _summed(trials.rougher, crossed)
    )
    score = n * misfit / np.square(trials.left)
    s, g = np.unravel_index(np.argmin(score), score.shape)
    sudden = amplitude[s, g] * trials.settlings[s]
    course = sudden + trials.gains[g] * (spectrum - sudden)
    share = (np.square(trials.gains[g]).sum() + (s > 0)) / n
    return from_cosines(course), float(share)


def cosines(values: Rows) -> Rows:
    """Return the orthonormal cosine transform (DCT-II): that of the series with its mirror image.

    Importing the transform that scipy has would take longer than all that are made for a night.
    """
    n = values.size
    mirrored = np.fft.rfft(np.concatenate([values, values[::-1]]))[:n]
    spectrum: Rows = (mirrored * _turned(n)).real
    return spectrum


def from_cosines(spectrum: Rows) -> Rows:
    """Return the values whose orthonormal cosine transform this is."""
    n = spectrum.size
    mirrored = np.append(spectrum / _turned(n), 0)
    return np.fft.irfft(mirrored, 2 * n)[:n]


@lru_cache(maxsize=4)
def _turned(n: int) -> NDArray[np.complex128]:
    """Return what turns and scales the transform of a mirrored series into cosines."""
    turned: NDArray[np.complex128] = np.exp(-0.5j * np.pi * np.arange(n) / n) / np.sqrt(2 * n)
    turned[0] /= np.sqrt(2)
    return turned


@dataclass(frozen=True)
class _Trials:
    """What is tried on so many values: stiffnesses g, settlings s, both by frequency k."""

    gains: Rows
    """[g, k]: what smoothing leaves."""
    settlings: Rows
    """[s, k]: spectra of the settlings; the first is none."""

    @cached_property
    def rough(self) -> Rows:
        """[g, k]: what smoothing takes away."""
        return 1 - self.gains

    @cached_property
    def rougher(self) -> Rows:
        """[g, k]: what smoothing takes away, squared."""
        return np.square(self.rough)

    @cached_property
    def roughness(self) -> Rows:
        """[s, g]: of a settling of amplitude 1; 1 for none."""
        return _summed(self.rough, np.square(self.settlings)) + (self._none > 0)

    @cached_property
    def misfit(self) -> Rows:
        """[s, g]: of a settling of amplitude 1."""
        return _summed(self.rougher, np.square(self.settlings))

    @cached_property
    def left(self) -> Rows:
        """[s, g]: degrees of freedom that a fit leaves; a single value leaves none."""
        free = self.gains.shape[1] - self.gains.sum(axis=1) - (self._none == 0)
        left: Rows = np.maximum(free, 1e-6)
        return left

    @property
    def _none(self) -> Rows:
        """[s, 1]: 1 for no settling."""
        return np.eye(len(self.settlings), 1)


@lru_cache(maxsize=4)
def _trials(n: int) -> _Trials:
    row = np.arange(n)
    bend = (2 - 2 * np.cos(np.pi * row / n)) ** 2
    settlings = [np.exp(-row / rows) for rows in SETTLING if 4 * rows < n]
    spectra = [np.zeros(n), *map(cosines, settlings)]
    return _Trials(1 / (1 + STIFFNESS[:, None] * bend), np.array(spectra))


def _summed(weights: Rows, spectra: Rows) -> Rows:
    """Return the sums [s, g] over frequencies, without the threads of a linear algebra library."""
    return np.asarray(np.einsum("gk,sk->sg", weights, spectra), np.float64)
