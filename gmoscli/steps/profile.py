"""The profile of stars: a Moffat function, fitted to growth curves.

The light of a Moffat star (1969, A&A 3, 455) within a radius r is
1 - (1 + (r / alpha)^2)^(1 - beta), with FWHM = 2 alpha sqrt(2^(1/beta) - 1).
"""

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

BETAS = np.array([2.0, 2.25, 2.5, 2.75, 3.0, 3.5, 4.0, 5.0, 7.0, 12.0])
"""Trial indices: from the widest wings seen at telescopes to nearly a Gaussian."""


def moffat_growth(radius: Curve, fwhm: Curve | float, beta: Curve | float) -> Curve:
    """Return the share of a star's light within a radius."""
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / np.asarray(beta)) - 1))
    result: Curve = 1 - (1 + (radius / alpha) ** 2) ** (1 - np.asarray(beta))
    return result


def fitted_moffat(radii: Curve, curve: Curve, beta: float | None = None) -> tuple[float, float]:
    """Return FWHM and index of the Moffat star whose growth curve is nearest, up to its total.

    ``curve`` holds the light within each radius, in any unit. With ``beta`` the index is held.
    Nearest is meant in the logarithms; the grid of widths is refined until it is fine to 1e-4.
    """
    betas = BETAS if beta is None else np.array([beta])
    low, high = radii[0] / 4, radii[-1] * 2
    best = (float(low), float(betas[0]))
    logs = np.log(curve) - np.log(curve).mean()
    while high / low > 1.0001:
        widths = np.geomspace(low, high, 41)
        model = np.log(moffat_growth(radii, widths[:, None, None], betas[:, None]))
        misfit = ((model - model.mean(axis=-1, keepdims=True) - logs) ** 2).sum(axis=-1)
        i, j = map(int, np.unravel_index(int(misfit.argmin()), misfit.shape))
        best = (float(widths[i]), float(betas[j]))
        low, high = widths[max(i - 2, 0)], widths[min(i + 2, len(widths) - 1)]
        if i in (0, len(widths) - 1):  # at an end of the trial widths: there is no better one
            break
    return best
