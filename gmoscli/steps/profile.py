"""The profile of stars: a Moffat function, fitted to growth curves; and fluxes by a profile.

The light of a Moffat star (1969, A&A 3, 455) within a radius r is
1 - (1 + (r / alpha)^2)^(1 - beta), with FWHM = 2 alpha sqrt(2^(1/beta) - 1). Pixels blur it: once
as the detector sums light over them, once as they are shared out at the edge of a circle.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

BETAS = np.array([2.0, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0, 5.0, 7.0, 12.0])
"""Trial indices: from the widest wings seen at telescopes to nearly a Gaussian."""
USUAL = 3.0
"""The index where wings are lost in a crowd."""
UNLIKE = 0.003
"""Share of a ring's light by which a star may differ from the profile: elongation, pixels."""
EVEN = 0.003
"""One sigma of the even light around a star, within the last circle, over its own: what neighbours
that are too faint to be found leave around a star that stands alone."""
CROWD = 0.03
"""Share of its light by which a star in a crowd may differ from the others, at least."""


class Moffat(NamedTuple):
    """A star's profile, and what it was found by."""

    fwhm: float
    beta: float
    total: float
    """All its light, in the unit of the growth curve."""


def moffat_growth(radius: Any, fwhm: Any, beta: Any, pixel: float = 0.0) -> Curve:
    """Return the share of a star's light within a radius, in pixels of some size.

    To first order in the variance v = pixel^2 / 6 of the two blurs, a circle of radius r loses
    pi r v times the slope of the profile at its edge.
    """
    beta = np.asarray(beta)
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    u = (radius / alpha) ** 2
    blur = pixel**2 / 6 * 2 * beta * (beta - 1) / alpha**2 * u * (1 + u) ** (-beta - 1)
    result: Curve = 1 - (1 + u) ** (1 - beta) - blur
    return result


def rings(growth: Curve) -> Curve:
    """Return what each circle of the last axis adds to the one before."""
    return np.diff(growth, axis=-1, prepend=0.0)


def fitted_moffat(
    radii: Curve,
    curve: Curve,
    beta: float | None = None,
    *,
    error: Curve | None = None,
    pixel: float = 0.0,
    even: float = EVEN,
) -> Moffat:
    """Return the Moffat star on an even sky whose growth curve is nearest.

    ``curve`` holds the light within each radius, in any unit, and ``error`` is that of the rings
    between them; without, all rings count the same. With ``beta`` the index is held. ``even`` is
    what is known beforehand of the sky: one sigma of its light within the last circle, over that of
    the curve. The grid of widths is refined until it is fine to 1e-4.
    """
    betas = BETAS if beta is None else np.array([beta])
    light, area = rings(curve), rings(radii**2)
    error = np.ones(len(radii)) if error is None else error
    known = (even * curve[-1] / radii[-1] ** 2) ** -2.0
    low, high = radii[0] / 4, radii[-1] * 2
    best = Moffat(float(low), float(betas[0]), float(curve[-1]))
    while high / low > 1.0001:
        widths = np.geomspace(low, high, 41)
        shape = rings(moffat_growth(radii, widths[:, None, None], betas[:, None], pixel))
        total, sky, _ = amplitudes(light, shape, area, error, known)
        model = total[..., None] * shape + sky[..., None] * area
        squares = (((light - model) / error) ** 2).sum(axis=-1)
        i, j = map(int, np.unravel_index(int(squares.argmin()), squares.shape))
        best = Moffat(float(widths[i]), float(betas[j]), float(total[i, j]))
        low, high = widths[max(i - 2, 0)], widths[min(i + 2, len(widths) - 1)]
        if i in (0, len(widths) - 1):  # at an end of the trial widths: there is no better one
            break
    return best


def amplitudes(
    light: Curve, shape: Curve, area: Curve, error: Curve, known: float = 0.0
) -> tuple[Curve, Curve, Curve]:
    """Return how much of a shape the last axis of ``light`` holds, and of an even sky beside it.

    By least squares; ``known`` is the weight of a sky of zero. The third is the error of the first.
    """
    weight = error**-2.0
    a, b, c = ((weight * p).sum(axis=-1) for p in (shape**2, shape * area, area**2))
    c = c + known
    u, v = ((weight * p * light).sum(axis=-1) for p in (shape, area))
    apart = a * c - b**2
    return (c * u - b * v) / apart, (a * v - b * u) / apart, np.sqrt(c / apart)


def profile_fluxes(growth: Curve, shape: Curve, radii: Curve, noise: float) -> tuple[Curve, Curve]:
    """Return all the light of stars by the profile that they share (Naylor 1998, MNRAS 296, 339).

    And its error. ``growth`` is [star, radius]; ``shape`` the share of the light in each ring;
    ``noise`` that of the sky for one square of the radii's unit. Light of neighbours is taken to be
    an even sky.
    """
    light, area = rings(growth), np.pi * rings(radii**2)
    flux, error = np.maximum(growth[:, -1], 0), np.zeros(len(growth))
    for _ in range(2):  # once more, with the photon noise of the light that was found
        own = np.maximum(flux, 0)[:, None] * shape
        noisy = np.sqrt(noise**2 * area + own + (UNLIKE * own) ** 2)
        flux, _, error = amplitudes(light, shape, area, noisy)
    return flux, error


def crowd_fluxes(
    growth: Curve, share: Curve, radii: Curve, noise: float, base: int
) -> tuple[Curve, Curve]:
    """Return all the light of stars in a crowd, whose ``share`` of it grows alike; its error.

    Of the light within circle ``base``, less as much as the ring from there to the last one has by
    its area: that of a crowd is even in the mean, whatever the seeing. What single stars have of it
    makes them unlike, far beyond the noise of their photons.
    """
    area = np.pi * radii**2
    ratio = area[base] / (area[-1] - area[base])

    def within(curve: Curve) -> Curve:
        result: Curve = curve[..., base] - ratio * (curve[..., -1] - curve[..., base])
        return result

    flux = within(growth) / within(share)
    photons = np.maximum(growth[:, -1], 0) + noise**2 * area[base] * (1 + ratio)
    return flux, np.hypot(np.sqrt(photons), CROWD * np.abs(flux))
