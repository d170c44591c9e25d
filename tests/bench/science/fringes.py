"""What is left of fringes after their correction.

The simulator's pattern is fitted to the blank sky of each corrected frame, together with a smooth
sky; its amplitude over the true one is what is left, signed. The pattern that a wrong fringe frame
puts in does not show in that, so the structure in blocks of 16 x 16 pixels, less its noise, is told
over the pattern's own as well.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from gmoscli.frame import Exposure
from gmoscli.simulate.areas import whole_chips
from gmoscli.simulate.fringes import fringe_pattern

from .detector import BLOCK, blocks
from .field import fields
from .figures import Figure, below
from .site import Site

DEGREE = 4
"""Of the smooth sky, in x and y."""


def fringes(site: Site) -> Iterator[Figure]:
    """Yield the figures of a night in a band with fringes."""
    files = site.files("science")
    site.desk.run("reduce", "-q", "-r", "makeProcessedFringe", *files)
    before = [_left(site, exposure) for exposure in site.staged("divide_flat", files)]
    after = [_left(site, exposure) for exposure in site.staged("subtract_fringe", files)]
    for what, at, limit in (("amplitude", 0, 10.0), ("structure", 1, 10.0)):
        ours, theirs = (
            np.sqrt(np.mean(np.square([[ccd[at] for ccd in frame] for frame in frames]), axis=0))
            for frames in (after, before)
        )
        whole = " ".join(f"{100 * x:.3g}" for x in theirs)
        remark = f"{whole} before"
        yield below(f"fringes left, {what}", site.name, 100 * ours, limit, "%", remark)


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
        sky = np.where(part.covered, np.nan, part.ccd.sci)
        noise = float(np.median(part.ccd.var[~part.covered])) / BLOCK**2
        found.append(_fitted(blocks(sky), blocks(pattern), noise, true))
    return found


def _fitted(
    sky: NDArray[np.float64], pattern: NDArray[np.float64], noise: float, true: float
) -> tuple[float, float]:
    """Return amplitude and rms of the pattern's kind in the sky, over the true ones."""
    y, x = np.indices(sky.shape) / np.reshape(sky.shape, (2, 1, 1)) - 0.5
    terms = [x**i * y**j for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i)]
    good = np.isfinite(sky) & np.isfinite(pattern)
    smooth = np.stack(terms, axis=-1)[good]
    flat = [
        plane[good] - smooth @ np.linalg.lstsq(smooth, plane[good], rcond=None)[0]
        for plane in (sky, pattern)
    ]
    amplitude = float((flat[0] * flat[1]).sum() / np.square(flat[1]).sum())
    structure = np.sqrt(max(float(np.mean(flat[0] ** 2)) - noise, 0))
    return amplitude / true, float(structure / np.std(flat[1]) / true)
