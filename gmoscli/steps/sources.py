"""Catalogue the sources of a ccd: where they are, how wide and how bright; note its sky."""

from functools import lru_cache
from itertools import product
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from ..dq import NOT_LINEAR
from ..frame import Catalogue, Ccd, Plane, Sky, SkyCells
from ..stats import median_and_noise, thinned
from ..step import Range, step
from .catalogue import (
    BASE,
    COLUMNS,
    RADII,
    as_wide,
    growth_curve,
    is_round,
    narrowest_alike,
    narrowest_star,
    neighbours,
    seeing,
    star_of,
)
from .detect import (
    KEPT,
    Blocks,
    axes_of,
    blank,
    block_sums,
    detected,
    ellipses,
    peaks,
    pixel_scale,
    sharp_peaks,
    smoothed,
    spread,
    without_sky,
)
from .masks import Mask
from .stamps import (
    Stamps,
    centroids,
    circles,
    flagged_within,
    half_light,
    mirrored,
    shapes,
    stamps,
    unseen_within,
    without_rays,
)

Floats = NDArray[np.float64]


APERTURE = 2.5
"""Radius of the flux aperture, in units of the seeing FWHM: beyond 98 % of a Moffat profile."""
MOST = 250
"""Sources of a ccd that frames are compared by."""
GROWN = 80
"""Brightest clean sources of a ccd whose growth curves are measured."""
LONELY = 10
"""Of these, how many that stand alone are enough."""
WIDTHS = np.array([0.15, 0.25, 0.35, 0.45, 0.6, 0.8, 1.1, 1.5, 2.1])
"""Arcsec: circles between which half of a source's light is found."""
WINDOW = 0.25
"""Arcsec, one sigma: of the window that tells stars from the tracks of cosmic rays."""
APART = 1.5
"""Arcsec from a clean source to the next that counts."""
BESIDE = 0.2
"""Light of such neighbours, over its own, that a clean source may have."""
ALONE = 0.01
"""Light of all neighbours, over its own, of a source that stands alone."""
UNSEEN = 0.15
"""Share of the circle BASE that may be unseen of a source with a growth curve."""
CELL = 16
"""Blocks on a side of the cells of blank sky that frames are compared by: 5 arcsec."""
TOGETHER = 256
"""Sources that are measured at once."""


@step("detectSources")
def measure_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the smoothed sky", Range(0.1)] = 8.0,
    back_size: Annotated[float, "mesh of the background, arcsec", Range(3)] = 12.0,
) -> Ccd:
    """Catalogue the brightest clean sources; note the sky's level and noise, and the seeing.

    Full ones come last: in a crowded field they would leave no place to those that can be measured.
    """
    blocks = without_sky(ccd, back_size)
    if blocks is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS), sky=None, fwhm=None)
    sky = measure_level(ccd, blocks, blank(blocks))
    smooth = smoothed(np.where(blocks.unseen, np.float32(0), blocks.sci))
    catalogue = standing_out(ccd, blocks, smooth, detect_thresh * KEPT * blocks.noise)
    catalogue = catalogue[catalogue["clean"]]
    catalogue = catalogue[np.lexsort((-catalogue["flux"], is_full(ccd, catalogue)))[:MOST]]
    catalogue, fwhm = measured(ccd, blocks, catalogue)
    return ccd.with_info(sources=catalogue, sky=sky, fwhm=fwhm)


@step("detectSources")
def map_sources(
    ccd: Ccd,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per block", Range(0.1)] = 2.5,
    detect_minarea: Annotated[int, "connected blocks of a third of an arcsec", Range(1)] = 5,
    back_size: Annotated[float, "mesh of the background, arcsec", Range(3)] = 12.0,
) -> Ccd:
    """Catalogue the sources of a stack, and mark the pixels where they shine."""
    blocks = without_sky(ccd, back_size)
    if blocks is None:
        return ccd.with_info(sources=np.empty(0, COLUMNS))
    found, segments = detected(blocks, detect_thresh, detect_minarea)
    sky = measure_level(ccd, blocks, blank(blocks))
    catalogue, fwhm = measured(ccd, blocks, outlined(ccd, blocks, found))
    curve = growth_curve([catalogue])
    if curve is not None:
        pixel = pixel_scale(ccd.info)
        fwhm = star_of(curve, pixel).fwhm / pixel
    shining = spread(segments > 0, blocks.size, ccd.sci.shape)
    marked = ccd.with_planes(objects=shining.astype(np.uint8))
    return marked.with_info(sources=catalogue, sky=sky, fwhm=fwhm)


def measure_level(ccd: Ccd, blocks: Blocks, dark: Mask) -> Sky | None:
    """Return level and noise of the sky: of blank blocks, and of pixels in them.

    The floor of the noise, a tenth of what blocks say, guards against a sample of equal values.
    """
    if not dark.any():
        return None
    few = thinned(dark.shape)
    level = float(np.median((blocks.sci[few] + blocks.back[few])[dark[few]]))
    some = thinned(ccd.sci.shape, 50_000)
    y, x = (np.arange(size)[one] for size, one in zip(ccd.sci.shape, some, strict=True))
    around = np.ix_(*(near[0] for near in (blocks.near(0 * y, y), blocks.near(x, 0 * x)[::-1])))
    shown = dark[around] & (ccd.dq[some] == 0)
    _, scatter = median_and_noise((ccd.sci[some] - blocks.back[around])[shown])
    least = 0.1 * blocks.noise * float(np.sqrt(blocks.size[0] * blocks.size[1]))
    noise = max(scatter, least) if np.isfinite(scatter) else least
    return Sky(level, noise, in_cells(blocks, dark))


def in_cells(blocks: Blocks, dark: Mask) -> SkyCells:
    """Return the mean of the blank blocks of each cell, where they are a quarter of it or more."""
    count = block_sums(dark.astype(np.float32), (CELL, CELL))
    total = block_sums(np.where(dark, blocks.sci + blocks.back, np.float32(0)), (CELL, CELL))
    level = np.where(4 * count >= CELL**2, total / np.maximum(count, 1), np.float32(np.nan))
    return SkyCells(level, (CELL * blocks.size[0], CELL * blocks.size[1]))


def standing_out(ccd: Ccd, blocks: Blocks, smooth: Plane, least: float) -> Catalogue:
    """Return the peaks of the smoothed blocks, told apart from cosmic rays and from neighbours.

    Until they are measured, fluxes are what peaks as wide as blocks would hold.
    """
    row, column = peaks(smooth, least)
    narrowest, scale = narrowest_star(ccd.info), pixel_scale(ccd.info)
    stars = ~sharp_peaks(ccd, blocks, row, column, narrowest)
    row, column = row[stars], column[stars]
    catalogue = np.zeros(len(row), COLUMNS)
    bx, by = blocks.size
    catalogue["x"], catalogue["y"] = bx * (column + 0.5) - 0.5, by * (row + 0.5) - 0.5
    catalogue["flux"] = smooth[row, column] * (bx * by)
    catalogue["background"] = blocks.back[row, column]
    if not len(catalogue):
        return catalogue
    window = WINDOW / scale
    cut = _cut(ccd, catalogue, 4 * window)
    x, y, _ = centroids(cut, window, farthest=1.0 + max(blocks.size))
    catalogue["x"], catalogue["y"] = catalogue["x"] + x - cut.x, catalogue["y"] + y - cut.y
    ellipse = axes_of(*shapes(cut.moved(x, y), window))
    for name, values in zip(("a", "b", "theta"), ellipse, strict=True):
        catalogue[name] = values
    wide = 2.355 * catalogue["b"] > 0.9 * narrowest
    catalogue = catalogue[wide & is_round(catalogue, ccd.info.roundness)]
    catalogue["clean"] = neighbours(catalogue, APART / scale) < BESIDE
    catalogue["alone"] = neighbours(catalogue, RADII[-1] / scale) < ALONE
    return catalogue


def is_full(ccd: Ccd, catalogue: Catalogue) -> Mask:
    """Say which sources have a pixel at their middle, or beside it, that is not linear."""
    ny, nx = ccd.sci.shape
    column, row = (np.rint(catalogue[name]).astype(np.intp) for name in ("x", "y"))
    full = np.zeros(len(catalogue), bool)
    for dy, dx in product((-1, 0, 1), repeat=2):
        near = np.clip(row + dy, 0, ny - 1), np.clip(column + dx, 0, nx - 1)
        full |= (ccd.dq[near] & NOT_LINEAR) > 0
    return full


def outlined(ccd: Ccd, blocks: Blocks, found: Any) -> Catalogue:
    """Return what the detection itself says: places, shapes, isophotal fluxes, flags."""
    catalogue = np.zeros(len(found), COLUMNS)
    bx, by = blocks.size
    catalogue["x"], catalogue["y"] = bx * (found["x"] + 0.5) - 0.5, by * (found["y"] + 0.5) - 0.5
    catalogue["a"], catalogue["b"], catalogue["theta"] = ellipses(found, blocks.size)
    catalogue["flux"] = found["flux"] * (bx * by)
    catalogue["area"], catalogue["flags"] = found["npix"] * (bx * by), found["flag"]
    row, column = blocks.near(catalogue["x"], catalogue["y"])
    catalogue["background"] = blocks.back[row, column]
    catalogue["clean"] = (catalogue["flags"] & 0b111) == 0
    catalogue["alone"] = neighbours(catalogue, RADII[-1] / pixel_scale(ccd.info)) < ALONE
    return catalogue


def measured(ccd: Ccd, blocks: Blocks, catalogue: Catalogue) -> tuple[Catalogue, float | None]:
    """Return the catalogue with widths, centroids and fluxes, and the seeing (FWHM, pixels)."""
    if not len(catalogue):
        return catalogue, None
    info, scale = ccd.info, pixel_scale(ccd.info)
    narrowest = narrowest_star(info)
    reach = WIDTHS[-1] / scale
    typical = 2.355 * float(np.median(catalogue["b"]))
    wide = max(narrowest, 0.7 * typical * float(np.sqrt(info.roundness)))
    parts = [catalogue[k : k + TOGETHER] for k in range(0, len(catalogue), TOGETHER)]

    @lru_cache(1)  # most ccds have one part: all squares of a crowd would not fit the memory
    def cut(number: int) -> Stamps:
        return without_rays(_cut(ccd, parts[number], reach), wide)

    for number, part in enumerate(parts):
        part["fwhm"] = widths(cut(number), scale)
        part["peak"] = cut(number).inner(1).sci.max(axis=(1, 2))
    catalogue["clean"] &= catalogue["fwhm"] > 0.9 * narrowest
    noise = blocks.noise * float(np.sqrt(blocks.size[0] * blocks.size[1]))
    outstanding = catalogue["clean"] & (catalogue["peak"] > 15 * noise)
    fwhm = seeing(catalogue["fwhm"][outstanding])
    width = fwhm or max(narrowest, float(np.median(catalogue["fwhm"])))
    sharpest = max(narrowest, narrowest_alike(catalogue["fwhm"][outstanding]) or width)
    core = 0.8 * sharpest * float(np.sqrt(info.roundness))  # along the coarser axis
    circle = [min(APERTURE * width, reach)]
    for number, part in enumerate(parts):
        _refine(part, mirrored(without_rays(cut(number), core)), width, circle)
    catalogue["clean"] &= catalogue["flux"] > 0
    catalogue["star"] = catalogue["clean"] & as_wide(catalogue, width, info.roundness)
    _grow(catalogue, ccd, core)
    return catalogue, fwhm


def _cut(ccd: Ccd, catalogue: Catalogue, reach: float) -> Stamps:
    """Return the squares around sources that hold circles of some radius, pixels."""
    half = int(np.ceil(reach)) + 2
    return stamps(ccd, catalogue["x"], catalogue["y"], catalogue["background"], half)


def _refine(catalogue: Catalogue, cut: Stamps, width: float, circle: list[float]) -> None:
    """Fill in places, fluxes and what flags say, of sources with their squares."""
    x, y, stayed = centroids(cut, width / 2.355)
    catalogue["x"], catalogue["y"] = catalogue["x"] + x - cut.x, catalogue["y"] + y - cut.y
    if not catalogue["a"].any():  # found by their peaks: nothing has told of their shapes
        ellipse = axes_of(*shapes(cut.moved(x, y), width / 2.355))
        for name, values in zip(("a", "b", "theta"), ellipse, strict=True):
            catalogue[name] = values
    catalogue["clean"] &= stayed & ~flagged_within(cut, max(1.5, 0.5 * width))
    light, error = circles(cut.moved(x, y), circle)
    catalogue["flux"], catalogue["flux_error"] = light[:, 0], error[:, 0]


def _grow(catalogue: Catalogue, ccd: Ccd, core: float) -> None:
    """Fill in the growth curves of the brightest clean sources; of all where few stand alone.

    In a crowd the brightest that are not full, in one seeing, are others than those in another.
    """
    brightness = np.where(catalogue["clean"], catalogue["flux"], 0)
    some = np.argsort(-brightness, kind="stable")[: np.count_nonzero(brightness)]
    if np.count_nonzero(catalogue["alone"][some[:GROWN]]) >= LONELY:
        some = some[:GROWN]
    radii = RADII / pixel_scale(ccd.info)
    cut = without_rays(_cut(ccd, catalogue[some], radii[-1]), core)
    light, _ = circles(mirrored(cut), radii)
    seen = unseen_within(cut, radii[BASE]) < UNSEEN
    catalogue["growth"][some] = np.where(seen[:, None], light, 0.0)


def widths(cut: Stamps, scale: float) -> Floats:
    """Return the diameter of half the light of each source, pixels."""
    radii = WIDTHS / scale
    light, _ = circles(mirrored(cut), radii)
    return half_light(radii, light)
