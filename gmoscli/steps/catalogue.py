"""What a catalogue of sources holds, and what can be told from it alone."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..frame import Catalogue, CcdInfo
from ..stats import SIGMA_PER_MAD
from .detect import pixel_scale
from .masks import Mask
from .profile import USUAL, Moffat, fitted_moffat, rings

Floats = NDArray[np.float64]

RADII = np.array([0.6, 0.9, 1.2, 1.6, 2.1, 2.7, 3.5, 4.5])
"""Arcsec: circles of the growth curve, from the core to where the wings are lost in the sky."""
BASE = 3
"""The circle, among RADII, that holds most of the light and little of neighbours."""

COLUMNS = np.dtype(
    [
        ("x", "f8"),
        ("y", "f8"),
        ("flux", "f8"),
        ("flux_error", "f8"),
        ("growth", "f8", (len(RADII),)),
        ("fwhm", "f8"),
        ("a", "f8"),
        ("b", "f8"),
        ("theta", "f8"),
        ("peak", "f8"),
        ("background", "f8"),
        ("area", "i4"),
        ("flags", "i4"),
        ("clean", "?"),
        ("alone", "?"),
        ("star", "?"),
    ]
)
"""A catalogue: positions and sizes in pixels (0-based), fluxes in the unit of the pixels.

``clean`` marks sources without flags or neighbours that are no narrower than the sky allows;
``alone`` those next to which nothing shines that counts; ``star`` the clean ones that are as round
and wide as the seeing. ``growth`` is the flux within each of ``RADII``, 0 where it is not known.
"""

BRIGHT = 20.0
"""Signal-to-noise above which the width of a source counts."""
BEST_SEEING = 0.35
"""Arcsec FWHM: no GMOS image is sharper."""
FEWEST = 3
"""Stars that make a growth curve."""
UNLIKE = 0.25
"""Share by which a star's width may differ from that of the others."""
ALIKE = 3
"""Sources of one width that are stars if others are wider, and a tenth of all at least."""
SPAN = 0.1
"""Between the widest and the narrowest of these, over their width."""
NARROWER = 0.8
"""Share of the common width below which a source is narrower than the rest."""
LONELY = 0.2
"""Share of the stars that have to stand alone for the others to be left out; else it is a crowd."""


def neighbours(catalogue: Catalogue, radius: float) -> Floats:
    """Return the light of all other sources within some pixels of each, over its own.

    From bottom to top, each is compared with the next one, the one after, and so on while any are
    near in y: faster than to load a library with search trees.
    """
    order = np.argsort(catalogue["y"], kind="stable")
    x, y, own = (catalogue[name][order] for name in ("x", "y", "flux"))
    shining = np.maximum(own, 0)
    around = np.zeros(len(order))
    for step in range(1, len(order)):
        apart = y[step:] - y[:-step]
        if apart.min() > radius:
            break
        lower = np.flatnonzero((x[step:] - x[:-step]) ** 2 + apart**2 <= radius**2)
        around[lower] += shining[lower + step]
        around[lower + step] += shining[lower]
    light = np.empty(len(order))
    light[order] = around / np.maximum(own, 1e-9)
    return light


def is_round(catalogue: Catalogue, roundness: float) -> Mask:
    """Say which sources are no more elongated than trailed stars, on pixels of that axis ratio."""
    result: Mask = catalogue["b"] > 0.6 * roundness * catalogue["a"]
    return result


def as_wide(catalogue: Catalogue, width: float, roundness: float) -> Mask:
    """Say which sources have the round shape and the width (pixels) of stars."""
    result: Mask = is_round(catalogue, roundness) & (np.abs(catalogue["fwhm"] / width - 1) < UNLIKE)
    return result


def bright(sources: Catalogue) -> Mask:
    """Say which sources are bright enough for their widths to count."""
    result: Mask = sources["flux"] > BRIGHT * sources["flux_error"]
    return result


def is_crowd(alone: int, stars: int) -> bool:
    """Say whether too few of some stars stand alone for these to stand for all."""
    return alone < max(FEWEST, LONELY * stars)


def growth_curve(catalogues: Sequence[Catalogue]) -> tuple[Floats, Floats] | None:
    """Return the median growth curve of the bright stars, 1 at BASE, and the error of its rings.

    The light within circles tells the profile of stars (Stetson 1990, PASP 102, 932): of those that
    stand alone; in a crowd it is that of all, and ends at BASE: wings are those of others there.
    None with fewer than three stars.
    """
    some = [sources[sources["star"] & bright(sources)] for sources in catalogues]
    stars = np.concatenate([np.empty(0, COLUMNS), *some])
    stars = stars[(stars["growth"] > 0).all(axis=1)]
    if len(stars) < FEWEST:
        return None
    crowded = is_crowd(int(stars["alone"].sum()), len(stars))
    stars = stars if crowded else stars[stars["alone"]]
    curves = stars["growth"][:, : BASE + 1 if crowded else None]
    curves = curves / curves[:, BASE : BASE + 1]
    light = rings(curves)
    scatter = SIGMA_PER_MAD * np.median(np.abs(light - np.median(light, axis=0)), axis=0)
    return np.median(curves, axis=0), np.hypot(scatter / np.sqrt(len(stars)), 0.001)


def ends_early(light: Floats) -> bool:
    """Say whether a growth curve is one of a crowd, which hides the wings of its stars."""
    return len(light) < len(RADII)


def star_of(curve: tuple[Floats, Floats], pixel: float, beta: float | None = None) -> Moffat:
    """Return the star (arcsec) of a growth curve and the error of its rings, of an index if given.

    In a crowd the index is the usual one unless given, and nothing is known of the light around.
    """
    light, error = curve
    if ends_early(light):
        beta = USUAL if beta is None else beta
        return fitted_moffat(RADII[: len(light)], light, beta, error=error, pixel=pixel, even=1.0)
    return fitted_moffat(RADII, light, beta, error=error, pixel=pixel)


def seeing(diameters: NDArray[np.float64]) -> float | None:
    """Return the FWHM shared by the stars among clean bright sources; None with fewer than 5.

    Stars are alike: they are the sources whose widths lie closest together. Cosmic rays have many
    widths, most of them narrower, and so have galaxies, wider.
    """
    diameters = np.sort(diameters)
    if len(diameters) < 5:
        return None
    half = max(4, len(diameters) // 6)
    spans = np.log(diameters[half:] / diameters[:-half])
    start = int(np.argmin(spans))
    return float(np.median(diameters[start : start + half + 1]))


def narrowest_alike(diameters: NDArray[np.float64]) -> float | None:
    """Return the FWHM shared by stars among sources that are none of them cosmic rays.

    Where galaxies are many and stars are few, widths of galaxies may lie closer together; but none
    is narrower than a star, and so some narrower ones that are alike are the stars. None where
    no three are.
    """
    width = seeing(diameters)
    some = np.sort(diameters if width is None else diameters[diameters < NARROWER * width])
    more = max(ALIKE, len(diameters) // 10) - 1
    spans = np.log(some[more:] / some[: len(some) - more]) if len(some) > more else np.empty(0)
    if not len(spans) or spans.min() > SPAN:
        return width
    start = int(np.argmin(spans))
    return float(np.median(some[start : start + more + 1]))


def narrowest_star(info: CcdInfo) -> float:
    """Return the FWHM (pixels) that a star has in the best seeing, spread over square pixels."""
    best = float(np.hypot(BEST_SEEING / pixel_scale(info), 0.8))
    return best * float(np.sqrt(info.roundness))
