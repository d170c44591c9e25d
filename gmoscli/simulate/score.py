"""How near a product comes to the truth behind its simulated night."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import sep
from astropy.table import Table
from numpy.typing import NDArray

from ..frame import Ccd, Exposure, Plane
from ..geometry import Points
from ..stats import SIGMA_PER_MAD

RADIUS = 2.2
"""Of the photometric aperture, arcsec: 98 % of a Moffat profile of 0.9 arcsec seeing."""
LEAK = 0.001
"""Share of a star's light that its neighbours may add to the aperture."""
LEAST = 200.0
"""Signal to noise from which a star tells of systematic errors."""
BEYOND = 0.1
"""Share of the sky's noise below which the wings of a source may reach into blank sky."""
REACH = 5.0
"""How far the product's coordinates may be off, arcsec."""
SQUARE = [[-REACH, REACH], [-REACH, REACH]]


@dataclass(frozen=True)
class Score:
    """One ccd of a product against the truth."""

    ccd: int
    stars: int
    """Bright, isolated stars that the other figures are made of."""
    astrometry: float
    """Scatter of their places, one axis, mas, about one offset that all ccds share."""
    photometry: float
    """Scatter of their fluxes over the true ones, mmag."""
    photon_limit: float
    """What their counts and those of the sky make of that, mmag."""
    noise: float
    """Scatter of the blank sky over the root of its variance plane; 1 is right."""


@dataclass(frozen=True)
class _Field:
    """What one ccd ought to show."""

    at: Points
    """Pixels."""
    width: NDArray[np.float64]
    """Scale length of each Moffat profile (beta = 3), pixels."""
    flux: NDArray[np.float64]
    """Electrons; beyond some scale lengths r the profile is 2 flux / pi width^2 (width / r)^6."""
    star: NDArray[np.bool_]


@dataclass(frozen=True)
class _Stars:
    """Measured stars of one ccd: offsets from the truth (arcsec), logarithms of flux ratios."""

    offset: Points
    ratio: NDArray[np.float64]
    error: NDArray[np.float64]


def score(product: Exposure, night: Path) -> list[Score]:
    """Return the scores of the ccds of a product, by the truth tables in the night's folder."""
    sources = Table.read(night / "truth_sources.ecsv", format="ascii.ecsv")
    frames = Table.read(night / "truth_frames.ecsv", format="ascii.ecsv")
    seeing = float(np.median(frames["seeing"][frames["kind"] == "science"]))
    time = product.obs.exposure_time
    fields = [_field(ccd, sources, seeing, time) for ccd in product.ccds]
    shift = _shift(list(map(_differences, product.ccds, fields)))
    fields = [
        replace(field, at=field.at + shift / _scale(ccd))
        for ccd, field in zip(product.ccds, fields, strict=True)
    ]
    skies = list(map(_blank_sky, product.ccds, fields))
    measured = [
        _measured(ccd, field, level)
        for ccd, field, (level, _) in zip(product.ccds, fields, skies, strict=True)
    ]
    offsets = np.concatenate([stars.offset for stars in measured])
    middle = np.median(offsets, axis=0) if len(offsets) else np.zeros(2)
    return [
        _scored(ccd.info.index, stars, middle, noise)
        for ccd, stars, (_, noise) in zip(product.ccds, measured, skies, strict=True)
    ]


def _scored(ccd: int, stars: _Stars, middle: Points, noise: float) -> Score:
    if not len(stars.ratio):
        return Score(ccd, 0, np.nan, np.nan, np.nan, noise)
    mmag = 2500 / math.log(10)
    return Score(
        ccd,
        len(stars.ratio),
        1e3 * _scatter(stars.offset - middle),
        mmag * _scatter(stars.ratio - np.median(stars.ratio)),
        mmag * float(np.median(stars.error)),
        noise,
    )


def _scatter(residuals: NDArray[np.float64]) -> float:
    return SIGMA_PER_MAD * float(np.median(np.abs(residuals)))


def _scale(ccd: Ccd) -> float:
    assert ccd.info.wcs is not None
    return ccd.info.wcs.scale


def _field(ccd: Ccd, sources: Table, seeing: float, time: float) -> _Field:
    """Return the true sources where the product's coordinates have them."""
    assert ccd.info.wcs is not None
    at = ccd.info.wcs.pixels(np.column_stack([sources["ra"], sources["dec"]]))
    fwhm = np.hypot(seeing, 2 * np.asarray(sources["half_light"])) / ccd.info.wcs.scale
    flux = np.asarray(sources[f"rate{ccd.info.index or 2}"]) * time  # a mosaic counts as ccd 2
    star = np.asarray(sources["kind"] == "star")
    near = ((at > -100) & (at < np.array(ccd.sci.shape[::-1]) + 100)).all(axis=1)
    return _Field(at[near], (fwhm / 1.02)[near], flux[near], star[near])


def _differences(ccd: Ccd, field: _Field) -> Points:
    """Return the offsets, arcsec, of bright detections from all bright stars near them."""
    flagged = ccd.dq > 0
    sky = sep.Background(ccd.sci, mask=flagged)
    least = max(5, int(field.width.min() ** 2))
    found = sep.extract(ccd.sci - sky.back(), 10.0, err=sky.globalrms, mask=flagged, minarea=least)
    seen = np.column_stack([found["x"], found["y"]])[np.argsort(-found["flux"])[:300]]
    bright = field.at[field.star][np.argsort(-field.flux[field.star])[:300]]
    offsets = (seen[:, None] - bright[None]).reshape(-1, 2) * _scale(ccd)
    near: Points = offsets[np.abs(offsets).max(axis=1) < REACH]
    return near


def _shift(differences: Sequence[Points]) -> Points:
    """Return the offset that most detections agree on, arcsec."""
    offsets = np.concatenate(differences)
    counts, xs, _ = np.histogram2d(offsets[:, 0], offsets[:, 1], bins=50, range=SQUARE)
    peak = np.unravel_index(int(counts.argmax()), counts.shape)
    centre = xs[list(peak)] + (xs[1] - xs[0]) / 2
    middle: Points = np.median(offsets[np.hypot(*(offsets - centre).T) < 0.3], axis=0)
    return middle


def _blank_sky(ccd: Ccd, field: _Field) -> tuple[Plane, float]:
    """Return the level of the sky, and the scatter of blank sky over what its variance says.

    Around a source all pixels are left out that the wings of its profile may reach.
    """
    covered = ccd.dq > 0
    sigma = float(np.sqrt(np.median(ccd.var[~covered])))
    central = 2 * field.flux / (np.pi * field.width**2)
    radius = field.width * (central / (BEYOND * sigma)) ** (1 / 6)
    circles = radius, radius, np.zeros_like(radius)
    sep.mask_ellipse(covered, field.at[:, 0], field.at[:, 1], *circles)
    level = sep.Background(ccd.sci, mask=covered, bw=64, bh=64, fw=1, fh=1).back()
    blank = ~covered
    deviations = (ccd.sci[blank] - level[blank]) / np.sqrt(ccd.var[blank])
    return level, _scatter(deviations - np.median(deviations))


def _measured(ccd: Ccd, field: _Field, level: Plane) -> _Stars:
    """Return the bright stars that stand alone, on good pixels."""
    radius = RADIUS / _scale(ccd)
    flagged = ccd.dq > 0
    inside = ((field.at > radius) & (field.at < np.array(ccd.sci.shape[::-1]) - radius)).all(axis=1)
    spoilt, _, _ = sep.sum_circle(flagged.astype(np.float32), *field.at.T, radius, subpix=1)
    sky_variance = float(np.median(ccd.var[~flagged]))
    gain = max(float(np.median(level[~flagged])), 1.0) / sky_variance
    error = np.sqrt(sky_variance * np.pi * radius**2 + field.flux / gain) / field.flux
    use = inside & (spoilt == 0) & field.star & (error < 1 / LEAST)
    use[use] = _leaked(field, use, radius) < LEAK
    sci = ccd.sci - level
    at, flux = field.at[use], field.flux[use]
    seen, _, _ = sep.sum_circle(sci, *at.T, radius, subpix=9)
    x, y, _ = sep.winpos(sci, *at.T, field.width[use] * 1.02 / 2.355)
    offset = (np.column_stack([x, y]) - at) * _scale(ccd)
    return _Stars(offset, np.log(seen / flux), error[use])


def _leaked(field: _Field, use: NDArray[np.bool_], radius: float) -> NDArray[np.float64]:
    """Return the light that other sources shed on the apertures of some, over their own."""
    distance = np.hypot(*(field.at[use][:, None] - field.at[None]).transpose(2, 0, 1))
    near = np.maximum(distance, 0.1) / field.width
    shed = field.flux * 2 * (radius / field.width) ** 2 * near**-6.0
    shed[np.arange(len(shed)), np.flatnonzero(use)] = 0
    share: NDArray[np.float64] = shed.sum(axis=1) / field.flux[use]
    return share
