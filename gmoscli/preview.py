"""A picture of an exposure: its ccds in their places, stretched, flagged pixels in colour."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .dq import Dq
from .errors import UsageError
from .frame import Ccd, CcdInfo, Exposure, Observation, Plane, RawCcd
from .io import ExposureFile, open_source
from .png import Picture
from .stats import median_and_noise
from .steps.flags import flag_saturated
from .steps.overscan import subtract_overscan


class Colour(NamedTuple):
    """How a flag looks."""

    flag: Dq
    rgb: tuple[int, int, int]
    name: str
    means: str


COLOURS = (
    Colour(Dq.NONLINEAR, (255, 170, 60), "orange", "not linear"),
    Colour(Dq.SATURATED, (255, 60, 60), "red", "saturated"),
    Colour(Dq.COSMIC_RAY, (90, 220, 90), "green", "cosmic ray"),
    Colour(Dq.BAD, (200, 60, 200), "magenta", "bad pixel"),
    Colour(Dq.UNILLUMINATED, (40, 60, 110), "dark blue", "no light"),
    Colour(Dq.NO_DATA, (0, 0, 0), "black", "no data"),
)
"""Of several flags on one pixel the last of this list shows."""
WIDTH = 1500
"""Largest width of a picture, about, in pixels."""
GROUND = (160, 160, 160)
"""Colour between and around ccds."""
GAP = 6
"""Blocks between ccds that do not lie as on the detector: resampled ones, or 1 beside 3."""
DARKEST = -3.0
"""Where black lies, in sigmas of the sky from its level."""
LEAST_WHITE, MOST_WHITE = 10.0, 300.0
"""White is what one block in a thousand exceeds, but within these sigmas."""
KNEE = 3.0
"""Sigmas up to which the stretch is about linear; above it is logarithmic (asinh: Lupton et al.
2004, PASP 116, 133)."""


@dataclass(frozen=True)
class Panel:
    """One ccd from afar: blocks of pixels instead of pixels, row 1 first."""

    info: CcdInfo
    light: Plane
    """Mean of the good pixels of each block, NaN where there are none."""
    shares: tuple[tuple[Colour, Plane], ...]
    """Share of each block's pixels that has a flag, for those flags that occur."""


def preview(exposure: Exposure, width: int = WIDTH) -> Picture:
    """Return a colour picture of about ``width`` pixels at most, row 1 of the ccds at the bottom.

    All ccds share one stretch, so that a step between them is seen.
    """
    factor = block_size([ccd.info for ccd in exposure.ccds], width)
    return picture(exposure.obs, [from_afar(ccd, factor) for ccd in exposure.ccds])


def preview_of(
    path: Path, width: int = WIDTH, *, only: int | None = None, flags: bool = True
) -> Picture:
    """Return a picture of any file, raw or reduced; of one ccd only, if that is asked for.

    Of a raw one the overscan's median is subtracted, and saturated pixels are flagged. Only one ccd
    is in memory at a time. Raises BadFile, and UsageError for a ccd that the file does not have.
    """
    with closing(open_source(path)) as source:
        infos = [info for info in source.obs.ccds if only in (None, info.index)]
        if not infos:
            there = ", ".join(str(info.index) for info in source.obs.ccds)
            raise UsageError(f"has no ccd {only}", path=path, hint=f"its ccds: {there}")
        factor = block_size(infos, width)
        panels = [from_afar(shown(source, i.index), factor, flags=flags) for i in infos]
        return picture(source.obs, panels)


def shown(source: ExposureFile, index: int) -> Ccd:
    """Return a ccd of a file as it is, a raw one trimmed and without its zero level."""
    ccd = source.ccd(index)
    if not isinstance(ccd, RawCcd):
        return ccd
    trimmed: Ccd = subtract_overscan(flag_saturated(ccd), function="constant")
    return trimmed


def block_size(infos: Sequence[CcdInfo], width: int) -> int:
    """Return how many pixels, on each axis, become one for a picture of about this width."""
    return -(-sum(info.shape[1] for info in infos) // width)


def from_afar(ccd: Ccd, factor: int, *, flags: bool = True) -> Panel:
    """Return the panel of a ccd; without ``flags`` only pixels that hold nothing are left out."""
    colours = [c for c in COLOURS if flags or c.flag is Dq.NO_DATA]
    hidden = np.uint16(sum(colour.flag for colour in colours))
    light = _block_means(ccd.sci, (ccd.dq & hidden) == 0, factor)
    flagged = ((colour, (ccd.dq & np.uint16(colour.flag)) > 0) for colour in colours)
    shares = tuple((c, _block_share(f, factor)) for c, f in flagged if f.any())
    return Panel(ccd.info, light, shares)


def picture(
    obs: Observation, panels: Sequence[Panel], like: Sequence[Panel] | None = None
) -> Picture:
    """Return panels of an observation as one colour picture, in their places.

    They are stretched as fits the light of these panels, or of those that they should be like.
    """
    panels = sorted(panels, key=lambda panel: panel.info.index)
    means = [panel.light[np.isfinite(panel.light)] for panel in like or panels]
    stretch = stretched_like(np.concatenate(means))
    return _laid_out([_coloured(panel, stretch) for panel in panels], _places(obs, panels))[::-1]


def stretched_like(sample: Plane) -> Callable[[Plane], Plane]:
    """Return what turns pixels into brightness from 0 to 1, fit for a sample; NaN becomes 0."""
    if not sample.size:
        return np.zeros_like
    level, noise = median_and_noise(sample)
    noise = noise or 1.0
    bright = (float(np.quantile(sample, 0.999)) - level) / noise
    white = min(max(bright, LEAST_WHITE), MOST_WHITE)

    def stretch(plane: Plane) -> Plane:
        sigmas = (np.nan_to_num(plane, nan=-np.inf) - level) / noise
        soft = np.arcsinh((np.clip(sigmas, DARKEST, white) - DARKEST) / KNEE)
        shares: Plane = soft / np.arcsinh((white - DARKEST) / KNEE)
        return shares

    return stretch


def _blocks(plane: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return whole blocks of factor x factor pixels as [y, in y, x, in x]; edges are left out."""
    ny, nx = (size // factor for size in plane.shape)
    return plane[: ny * factor, : nx * factor].reshape(ny, factor, nx, factor)


def _block_means(sci: Plane, good: NDArray[np.bool_], factor: int) -> Plane:
    """Return the mean of the good pixels of each block, NaN where there are none."""
    total = _blocks(np.where(good, sci, np.float32(0)), factor).sum(axis=(1, 3))
    count = _blocks(good, factor).sum(axis=(1, 3))
    means: Plane = np.full(count.shape, np.nan, np.float32)
    np.divide(total, count, out=means, where=count > 0)
    return means


def _block_share(flagged: NDArray[np.bool_], factor: int) -> Plane:
    """Return the share of flagged pixels in each block."""
    share: Plane = _blocks(flagged, factor).mean(axis=(1, 3), dtype=np.float32)
    return share


def _coloured(panel: Panel, stretch: Callable[[Plane], Plane]) -> Picture:
    """Return one ccd in colour: each block as its pixels would look from afar."""
    rgb = np.repeat(255 * stretch(panel.light)[..., None], 3, axis=2)
    for colour, share in panel.shares:
        rgb += (np.array(colour.rgb) - rgb) * share[..., None]
    return np.rint(rgb).astype(np.uint8)


def _places(obs: Observation, panels: Sequence[Panel]) -> list[tuple[int, int]]:
    """Return where each panel begins, (x, y) in blocks, the lowest at 0."""
    places, x = [], 0
    for i, panel in enumerate(panels):
        if i:
            x += panels[i - 1].light.shape[1] + _gap(obs, panels[i - 1], panel)
        places.append((x, _height(obs, panel)))
    lowest = min(y for _, y in places)
    return [(x, y - lowest) for x, y in places]


def _gap(obs: Observation, left: Panel, right: Panel) -> int:
    """Return the blocks between neighbours: as many as lie between the chips on the sky."""
    if not (_native(left.info) and right.info.index == left.info.index + 1):
        return GAP
    one, other = (obs.detector.chips[panel.info.index - 1] for panel in (left, right))
    distance = other.shift[0] - one.shift[0] - obs.detector.chip_size[0]
    return max(round(distance / _block(left)[0]), 1)


def _height(obs: Observation, panel: Panel) -> int:
    """Return the block row of the focal plane on which a panel begins."""
    if not _native(panel.info):
        return 0
    chip = obs.detector.chips[panel.info.index - 1]
    return round((panel.info.section.y1 + chip.shift[1]) / _block(panel)[1])


def _native(info: CcdInfo) -> bool:
    """Say whether the pixels are those of a chip, and not of a grid that frames were laid on."""
    binned = info.section.binned(*info.binning)
    return info.index > 0 and info.shape == (binned.height, binned.width)


def _block(panel: Panel) -> tuple[int, int]:
    """Return the unbinned pixels, (x, y), that a block of native pixels spans."""
    factor = panel.info.shape[1] // panel.light.shape[1]
    xbin, ybin = panel.info.binning
    return factor * xbin, factor * ybin


def _laid_out(pictures: Sequence[Picture], places: Sequence[tuple[int, int]]) -> Picture:
    """Return one picture of all, ground between them."""
    ends = [(x + p.shape[1], y + p.shape[0]) for p, (x, y) in zip(pictures, places, strict=True)]
    nx, ny = np.max(ends, axis=0)
    whole = np.full((ny, nx, 3), GROUND, np.uint8)
    for one, (x, y) in zip(pictures, places, strict=True):
        whole[y : y + one.shape[0], x : x + one.shape[1]] = one
    return whole
