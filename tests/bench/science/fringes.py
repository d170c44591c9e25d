"""What is left of fringes after their correction.

The simulator's pattern is fitted to the blank sky of each corrected frame, the modelled wings of
sources taken away, together with a smooth sky: its amplitude over the true one is what is left. A
wrong pattern that a fringe frame puts in does not show in that, so the robust scatter of blocks of
16 x 16 pixels, less their noise, is told over that of the pattern as well.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gmoscli.frame import Exposure
from gmoscli.simulate.areas import whole_chips
from gmoscli.simulate.fringes import fringe_pattern

from .detector import BLOCK, blocks
from .field import fields, scatter
from .figures import Figure, below
from .site import Site

DEGREE = 4
"""Of the smooth sky, in x and y."""


def fringes(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night in a band with fringes."""
    files = site.files("science")
    before = [_left(site, exposure) for exposure in site.staged("divide_flat", files)]
    after = [_left(site, exposure) for exposure in site.staged("subtract_fringe", files)]
    amplitude, structure = _rms(after)
    told = [" ".join(f"{x:.3g}" for x in values) + " before" for values in _rms(before)]
    yield below("fringes left, amplitude", site.name, amplitude, 10, "%", told[0])
    yield Figure("fringes left, structure", site.name, structure, "%", remark=told[1])


def _rms(frames: list[list[tuple[float, float]]]) -> list[tuple[float, ...]]:
    """Return amplitude and structure of each ccd, rms of all frames, percent."""
    squares = np.square(frames).mean(axis=0)
    return [tuple(100 * np.sqrt(column)) for column in squares.T]


def _left(site: Site, exposure: Exposure) -> list[tuple[float, float]]:
    """Return for each ccd what is left of the pattern: amplitude and structure, over the truth."""
    name = exposure.obs.name.partition("_")[0]
    truth = site.frames.loc[name]
    level = float(truth["sky"] * truth["exposure"]) * site.night.pixel_area
    true = float(truth["fringes"]) * level
    parts = fields(exposure, site)
    areas = whole_chips(site.night)
    found = []
    for part, area in zip(parts, areas, strict=True):
        pattern = np.where(part.covered, np.nan, fringe_pattern(site.night, area))
        sky = np.where(part.covered, np.nan, part.ccd.sci - part.model)
        noise = float(np.median(part.ccd.var[~part.covered])) / BLOCK**2
        found.append(_fitted(blocks(sky), blocks(pattern), noise, true))
    return found


def _fitted(
    sky: NDArray[np.float64], pattern: NDArray[np.float64], noise: float, true: float
) -> tuple[float, float]:
    """Return amplitude of the pattern in the sky, and scatter of the sky, over the true ones."""
    y, x = np.indices(sky.shape) / np.reshape(sky.shape, (2, 1, 1)) - 0.5
    terms = [x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    good = np.isfinite(sky) & np.isfinite(pattern)
    smooth = np.stack(terms, axis=-1)[good]
    flat = [
        plane[good] - smooth @ np.linalg.lstsq(smooth, plane[good], rcond=None)[0]
        for plane in (sky, pattern)
    ]
    amplitude = float((flat[0] * flat[1]).sum() / np.square(flat[1]).sum())
    structure = max(scatter(flat[0]) ** 2 - noise, 0) ** 0.5
    return amplitude / true, structure / scatter(flat[1]) / true
