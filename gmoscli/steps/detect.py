"""Find what stands out of the sky, on blocks of pixels about as large as the seeing's core.

Detection is that of Source Extractor (Bertin & Arnouts 1996, A&AS 117, 393), by its library form
``sep`` (Barbary 2016, JOSS 1, 58). Blocks of a third of an arcsecond lose no source that finer
pixels would show, since stars are wider, and there are fewer of them.
"""

from dataclasses import dataclass
from threading import Lock
from typing import Any

import numpy as np
import sep
from numpy.typing import NDArray

from ..dq import UNUSABLE
from ..frame import Ccd, CcdInfo, Plane
from .darkest import dark_sky
from .masks import Mask, nonzero, with_neighbours
from .sharp import MARGIN

Floats = NDArray[np.float64]

BLOCK = 0.33
"""Arcsec: largest side of a block; the best seeing is wider."""
SMOOTHED = 0.5
"""Variance, in blocks on each axis, of the kernel that blocks are smoothed with: 1 2 1."""
KEPT = 0.375
"""Noise under that kernel, over what it was."""
MOSTLY = 0.98
"""Share of unseen blocks from which a ccd is blind."""
FLOODED = 0.6
"""Share of blocks with light from which meshes are left without a sky: a half of each is needed."""
CONTRAST = 0.005
"""Share of the light of a patch that each of its sources has: SExtractor's usual one."""
FAINTEST = 1e-5
"""The same on a ccd flooded with light, where a patch may hold all of it."""
PEAKS = 65_536
"""Most in one patch of light: nearly all that a flooded ccd shows is one."""
SPARE = 16
"""Places that ``sep`` is given besides: it keeps two for itself."""
UNSEEN = np.uint16(UNUSABLE)
STRIP = 64
"""Rows of blocks that are made at a time, near the processor."""
_LIMITS = Lock()
"""Held while ``sep`` works within the room that is set for it: there is one for all threads."""


@dataclass(frozen=True)
class Blocks:
    """A ccd in blocks of pixels, without its sky."""

    sci: Plane
    """Mean of the seen pixels of each block, less the sky."""
    back: Plane
    """The sky that was taken away, per pixel."""
    noise: float
    """Of the sky in a block, one sigma."""
    unseen: Mask
    """Where fewer than half of the pixels are seen."""
    light: Mask
    """Where something shines, and beside it."""
    size: tuple[int, int]
    """Pixels (x, y) of a block."""

    @property
    def flooded(self) -> bool:
        """Whether hardly a place is without light."""
        return is_flooded(self.light, self.unseen)

    def near(self, x: Floats, y: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return the blocks (row, column) nearest to pixels."""
        ny, nx = self.sci.shape
        column = np.rint((x + 0.5) / self.size[0] - 0.5).astype(np.intp)
        row = np.rint((y + 0.5) / self.size[1] - 0.5).astype(np.intp)
        return np.clip(row, 0, ny - 1), np.clip(column, 0, nx - 1)


def pixel_scale(info: CcdInfo) -> float:
    """Return arcsec per pixel; without celestial coordinates, what GMOS has to within 10 %."""
    x, y = info.binning
    return info.wcs.scale if info.wcs is not None else 0.08 * float(np.sqrt(x * y))


def block_size(info: CcdInfo) -> tuple[int, int]:
    """Return how many pixels (x, y) make a block: a power of two, at most ``BLOCK`` wide."""
    x, y = info.binning
    unbinned = pixel_scale(info) / float(np.sqrt(x * y))
    wide, high = (max(1.0, BLOCK / (unbinned * b)) for b in (x, y))
    return 2 ** int(np.log2(wide)), 2 ** int(np.log2(high))


def seen_in_blocks(ccd: Ccd, size: tuple[int, int]) -> tuple[Plane, Mask]:
    """Return the mean of the seen pixels of each whole block, and where fewer than half are."""
    ny, nx = ccd.sci.shape
    shape = ny // size[1], nx // size[0]
    mean, unseen = np.empty(shape, np.float32), np.empty(shape, bool)
    for start in range(0, shape[0], STRIP):
        here = slice(start, start + STRIP)
        rows = slice(start * size[1], (start + STRIP) * size[1])
        good = (ccd.dq[rows] & UNSEEN) == 0
        count = block_sums(good.view(np.uint8), size)
        total = block_sums(np.where(good, ccd.sci[rows], np.float32(0)), size)
        mean[here] = total / np.maximum(count, 1).astype(np.float32)
        unseen[here] = 2 * count < size[0] * size[1]
    return mean, unseen


def block_sums(plane: NDArray[Any], size: tuple[int, int]) -> NDArray[Any]:
    """Return the sum over each whole block of (x, y) pixels, in the type of the plane."""
    bx, by = size
    ny, nx = plane.shape
    inside = plane[: ny // by * by, : nx // bx * bx]
    rows = inside[::by]
    for k in range(1, by):
        rows = rows + inside[k::by]
    sums = rows[:, ::bx]
    for k in range(1, bx):
        sums = sums + rows[:, k::bx]
    return np.ascontiguousarray(sums)


def without_sky(ccd: Ccd, mesh: float) -> Blocks | None:
    """Return the ccd less its sky, measured in meshes of so many arcsec; None if it is blind.

    It is that of the blocks without light, or of the darkest ones where these are few.
    """
    size = block_size(ccd.info)
    sci, unseen = seen_in_blocks(ccd, size)
    if not unseen.size or unseen.mean() > MOSTLY:
        return None
    cells = max(16, round(mesh / pixel_scale(ccd.info) / float(np.sqrt(size[0] * size[1]))))
    light = _shining(sci, unseen, cells)
    if is_flooded(light, unseen):
        back, noise, dark = dark_sky(sci, unseen, cells)
        return Blocks(sci - back, back, noise, unseen, ~dark, size)
    sky = _background(sci, unseen | light, cells)
    back = sky.back()
    return Blocks(sci - back, back, float(sky.globalrms), unseen, light, size)


def _shining(sci: Plane, unseen: Mask, cells: int) -> Mask:
    """Return where there is light above a rough sky, of one block in four, and beside it."""
    rough = _background(sci[::2, ::2], unseen[::2, ::2], cells // 2)
    level = np.repeat(np.repeat(rough.back(), 2, axis=0), 2, axis=1)[: len(sci), : sci.shape[1]]
    level = sci - level
    level[unseen] = 0
    return with_neighbours(with_neighbours(smoothed(level) > 3 * KEPT * rough.globalrms))


def is_flooded(light: Mask, unseen: Mask) -> bool:
    """Say whether too few blocks are without light for a sky in meshes."""
    return bool(light[~unseen].mean() > FLOODED)


def _background(sci: Plane, hidden: Mask, cells: int) -> Any:
    plane, mask = np.ascontiguousarray(sci), np.ascontiguousarray(hidden)
    return sep.Background(plane, mask=mask, bw=cells, bh=cells, fw=3, fh=3)


def detected(blocks: Blocks, thresh: float, minarea: int) -> tuple[Any, NDArray[np.int32]]:
    """Return what ``sep`` detects, in blocks, and the map of the blocks of each detection."""
    lit = _lit(blocks, thresh)
    with _LIMITS:
        sep.set_extract_pixstack(lit)
        sep.set_sub_object_limit(PEAKS)
        found, segments = sep.extract(
            blocks.sci,
            thresh,
            err=blocks.noise,
            mask=blocks.unseen,
            minarea=minarea,
            deblend_nthresh=16,
            deblend_cont=FAINTEST if blocks.flooded else CONTRAST,
            segmentation_map=True,
        )
    return found, segments


def _lit(blocks: Blocks, thresh: float) -> int:
    """Return how many blocks ``sep`` may find above a threshold, at most.

    It weighs a block with its neighbours by the kernel of :func:`smoothed`, but for those at an
    edge and where seen and unseen ones meet.
    """
    smooth = smoothed(np.where(blocks.unseen, np.float32(0), blocks.sci))
    above = smooth > 0.99 * thresh * KEPT * blocks.noise
    above |= with_neighbours(blocks.unseen) & with_neighbours(~blocks.unseen)
    above[[0, -1]] = above[:, [0, -1]] = True
    return int(np.count_nonzero(above)) + SPARE


def smoothed(plane: Plane) -> Plane:
    """Return a plane under the kernel 1 2 1 on both axes; edges as they were.

    White noise falls to ``KEPT`` of what it was.
    """
    rows = plane.copy()
    rows[1:-1] = _with_beside(plane[:-2], plane[1:-1], plane[2:])
    both = rows.copy()
    both[:, 1:-1] = _with_beside(rows[:, :-2], rows[:, 1:-1], rows[:, 2:])
    return both


def _with_beside(before: Plane, here: Plane, after: Plane) -> Plane:
    """Return 1/4, 1/2, 1/4 of three planes."""
    total = before + after
    total /= 2
    total += here
    total /= 2
    return total


def peaks(smooth: Plane, least: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where (row, column) a plane is higher than some level and than all eight neighbours.

    Of equal neighbours the last one counts; the outermost pixels are none.
    """
    high = smooth > least
    high[[0, -1]] = high[:, [0, -1]] = False
    y, x = nonzero(high)
    here = smooth[y, x]
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            there = smooth[y + dy, x + dx]
            if (dy, dx) > (0, 0):
                kept = here > there
            elif (dy, dx) < (0, 0):
                kept = here >= there
            else:
                continue
            y, x, here = y[kept], x[kept], here[kept]
    return y, x


def blank(blocks: Blocks) -> Mask:
    """Say which blocks show nothing but sky: away from light and from what cannot be seen.

    What stands out by 4 sigma either way is left out, as much of the noise on both sides.
    """
    result: Mask = ~(blocks.light | blocks.unseen) & (np.abs(blocks.sci) < 4 * blocks.noise)
    return result


def spread(mask: Mask, size: tuple[int, int], shape: tuple[int, int]) -> Mask:
    """Return a map of blocks as one of pixels; the pixels beyond the last whole block as it."""
    pixels = np.repeat(np.repeat(mask, size[1], axis=0), size[0], axis=1)
    missing = [(0, full - own) for full, own in zip(shape, pixels.shape, strict=True)]
    return np.pad(pixels, missing, mode="edge")


def ellipses(found: Any, size: tuple[int, int]) -> tuple[Floats, Floats, Floats]:
    """Return semi-axes and angle, in pixels, of what ``sep`` found on smoothed blocks.

    Second moments on blocks hold those of the kernel and of the block itself, which are taken off.
    """
    cos, sin = np.cos(found["theta"]), np.sin(found["theta"])
    a2, b2 = found["a"] ** 2, found["b"] ** 2
    x2, y2 = a2 * cos**2 + b2 * sin**2, a2 * sin**2 + b2 * cos**2
    bx, by = size
    x2, y2 = ((m - SMOOTHED) * b**2 - (b**2 - 1) / 12 for m, b in ((x2, bx), (y2, by)))
    return axes_of(x2, y2, (a2 - b2) * sin * cos * (bx * by))


def axes_of(x2: Floats, y2: Floats, xy: Floats) -> tuple[Floats, Floats, Floats]:
    """Return the semi-axes of ellipses, and the angle of the longer one, from second moments."""
    middle, apart = (x2 + y2) / 2, np.hypot((x2 - y2) / 2, xy)
    long, short = (np.sqrt(np.maximum(middle + sign * apart, 1e-2)) for sign in (1, -1))
    return long, short, np.arctan2(2 * xy, x2 - y2) / 2


def sharp_peaks(
    ccd: Ccd, blocks: Blocks, row: NDArray[np.intp], column: NDArray[np.intp], fwhm: float
) -> Mask:
    """Say which blocks have a brightest pixel that is sharper than any star of that width.

    The test is that of :func:`gmoscli.steps.sharp.sharper_than_stars`, on one pixel of each.
    """
    bx, by = blocks.size
    ny, nx = ccd.sci.shape
    dy, dx = (grid.ravel() for grid in np.mgrid[0:by, 0:bx])
    ys, xs = row[:, None] * by + dy, column[:, None] * bx + dx
    top = ccd.sci[ys, xs].argmax(axis=1)
    each = np.arange(len(row))
    y, x = ys[each, top], xs[each, top]
    here = ccd.sci[y, x] - blocks.back[row, column]
    across = ccd.sci[y, np.clip(x - 1, 0, nx - 1)] + ccd.sci[y, np.clip(x + 1, 0, nx - 1)]
    along = ccd.sci[np.clip(y - 1, 0, ny - 1), x] + ccd.sci[np.clip(y + 1, 0, ny - 1), x]
    excess = ccd.sci[y, x] - np.minimum(across, along) / 2
    steepest = MARGIN * (1 - np.exp(-4 * np.log(2) / fwhm**2))
    sharp: Mask = excess > steepest * here + 5 * np.sqrt(1.5 * ccd.var[y, x])
    return sharp
