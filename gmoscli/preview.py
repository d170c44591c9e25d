"""A picture of an exposure: its ccds side by side, stretched, flagged pixels in colour; as PNG."""

import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .dq import Dq
from .frame import Ccd, Exposure, Plane
from .io.write import written
from .stats import median_and_noise

Picture = NDArray[np.uint8]
"""Grey [y, x] or colour [y, x, 3], 0 to 255, the first row on top."""

COLOURS: tuple[tuple[Dq, tuple[int, int, int]], ...] = (
    (Dq.NONLINEAR, (255, 170, 60)),
    (Dq.SATURATED, (255, 60, 60)),
    (Dq.COSMIC_RAY, (90, 220, 90)),
    (Dq.BAD, (200, 60, 200)),
    (Dq.UNILLUMINATED, (40, 60, 110)),
    (Dq.NO_DATA, (0, 0, 0)),
)
"""Colour of each flag; of several on one pixel the last of this list shows."""
GROUND = (96, 96, 96)
"""Between and around ccds."""
GAP = 6
DARKEST = -3.0
"""Where black lies, in sigmas of the sky from its level."""
LEAST_WHITE, MOST_WHITE = 10.0, 300.0
"""White is what one block in a thousand exceeds, but within these sigmas."""
KNEE = 3.0
"""Sigmas up to which the stretch is about linear; above it is logarithmic (asinh: Lupton et al.
2004, PASP 116, 133)."""


def preview(exposure: Exposure, width: int = 1500) -> Picture:
    """Return a colour picture of about ``width`` pixels at most, row 1 of the ccds at the bottom.

    All ccds share one stretch, so that a step between them is seen.
    """
    ccds = sorted(exposure.ccds, key=lambda ccd: ccd.info.index)
    factor = -(-sum(ccd.sci.shape[1] for ccd in ccds) // width)
    means = [_block_means(ccd.sci, ccd.dq == 0, factor) for ccd in ccds]
    stretch = stretched_like(np.concatenate([mean[np.isfinite(mean)] for mean in means]))
    panels = [_coloured(ccd, stretch(mean), factor) for ccd, mean in zip(ccds, means, strict=True)]
    return _side_by_side(panels)[::-1]


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


def png(path: Path, picture: Picture) -> None:
    """Write a grey or colour picture as a PNG file, whole or not at all. Raises GmosError.

    Of the format (ISO/IEC 15948) only what is needed: 8 bits, no filter, no interlace.
    """
    ny, nx = picture.shape[:2]
    colour_type = {2: 0, 3: 2}[picture.ndim]
    lines = np.ascontiguousarray(picture).reshape(ny, -1)
    scanlines = np.hstack([np.zeros((ny, 1), np.uint8), lines]).tobytes()
    header = struct.pack(">IIBBBBB", nx, ny, 8, colour_type, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(scanlines)), (b"IEND", b"")
    with written(path) as part:
        part.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _blocks(plane: NDArray[np.generic], factor: int) -> NDArray[np.generic]:
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


def _coloured(ccd: Ccd, grey: Plane, factor: int) -> Picture:
    """Return one ccd in colour: each block as its pixels would look from afar."""
    rgb = np.repeat(255 * grey[..., None], 3, axis=2)
    for flag, colour in COLOURS:
        flagged = (ccd.dq & np.uint16(flag)) > 0
        share = _blocks(flagged, factor).mean(axis=(1, 3))[..., None]
        rgb = rgb * (1 - share) + np.array(colour) * share
    return np.rint(rgb).astype(np.uint8)


def _side_by_side(panels: Sequence[Picture]) -> Picture:
    """Return panels from left to right, gaps between them, their first rows in line."""
    ny = max(panel.shape[0] for panel in panels)
    nx = sum(panel.shape[1] for panel in panels) + GAP * (len(panels) - 1)
    whole = np.full((ny, nx, 3), GROUND, np.uint8)
    x = 0
    for panel in panels:
        whole[: panel.shape[0], x : x + panel.shape[1]] = panel
        x += panel.shape[1] + GAP
    return whole
