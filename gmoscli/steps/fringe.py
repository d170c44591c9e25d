"""Make and subtract fringe frames: interference of sky lines in the thin silicon.

The pattern is fixed on the chip while its amplitude follows the sky, so it is what dithered frames
have in common once their sources are masked.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..dq import Dq
from ..errors import ReductionError
from ..frame import Ccd, Observation, Plane
from ..geometry import ARCSEC, project
from ..stats import SIGMA_PER_MAD, thinned
from ..step import Range, step
from .detect import detected, spread, without_sky

ORDER = 3
"""Degree of the polynomial in x and y that takes up the sky's own gradients."""
SAMPLE = 80_000
"""Pixels of a ccd that the amplitude is fitted to."""


@step("fringeCorrect")
def subtract_fringe(
    ccd: Ccd,
    fringe: Ccd | None,
    *,
    scale: Annotated[float | None, "amplitude of the pattern; None to fit it", Range(0.0)] = None,
) -> Ccd:
    """Subtract the fringe frame, scaled to the amplitude of the pattern in this ccd.

    The uncertainty of the amplitude goes into the variance with the pattern.
    """
    if fringe is None:
        return ccd
    if scale is None:
        scale, error = amplitude(ccd, fringe)
    else:
        error = 0.0
    a = np.float32(scale)
    subtracted = ccd.with_planes(
        sci=ccd.sci - a * fringe.sci,
        var=ccd.var + a**2 * fringe.var + np.float32(error**2) * np.square(fringe.sci),
        dq=ccd.dq | (fringe.dq & ~np.uint16(Dq.COSMIC_RAY)),
    )
    return subtracted.with_planes(var=subtracted.var * np.float32(shared_noise(subtracted)))


def shared_noise(ccd: Ccd) -> float:
    """Return by how much the variance falls short of independent errors: 1 if it does not.

    A fringe frame made of these very frames holds a share of their noise, and all of the flat's:
    both leave with it. What is left is measured on differences of neighbouring pixels.
    """
    good = (ccd.dq[:, 1:] | ccd.dq[:, :-1]) == 0
    apart = (ccd.sci[:, 1:] - ccd.sci[:, :-1])[good]
    if apart.size < 1000:
        return 1.0
    expected = np.sqrt((ccd.var[:, 1:] + ccd.var[:, :-1])[good])
    ratio = SIGMA_PER_MAD * float(np.median(np.abs(apart / expected)[::7]))
    return min(max(ratio, 0.3), 1.0) ** 2


def amplitude(ccd: Ccd, fringe: Ccd) -> tuple[float, float]:
    """Return the factor of the fringe frame that fits a ccd best, and its error; never negative.

    Robust regression of the good pixels on the pattern together with a smooth sky: sources fall
    out as outliers. Noise of the fringe frame would pull the slope towards zero, and what it shares
    with a frame that it was made of would pull it up: both moments are measured apart from the
    pattern and taken out (errors in variables, Fuller 1987, Measurement Error Models, section 1.2).
    """
    some = thinned(ccd.sci[:, 1:-1].shape, SAMPLE)
    good = (ccd.dq[:, 1:-1][some] == 0) & (fringe.dq[:, 1:-1][some] == 0)
    if np.count_nonzero(good) < 1000:
        return 0.0, 0.0
    s, f = (c.sci[:, 1:-1][some][good].astype(float) for c in (ccd, fringe))
    smooth = polynomial(ccd.sci[:, 1:-1].shape, some)[good]
    f = f - smooth @ np.linalg.lstsq(smooth, f, rcond=None)[0]
    design = np.column_stack([f, smooth])
    keep = np.abs(s - np.median(s)) < 10 * SIGMA_PER_MAD * np.median(np.abs(s - np.median(s)))
    slope = error = 0.0
    for _ in range(6):
        solution = np.linalg.lstsq(design[keep], s[keep], rcond=None)[0]
        slope = float(solution[0])
        off = s - design @ solution
        sigma = SIGMA_PER_MAD * float(np.median(np.abs(off[keep])))
        error = sigma / float(np.sqrt((f[keep] ** 2).sum()))
        keep = np.abs(off) < 2.5 * sigma
    shared, own = noise_moments(*(bends(c.sci, some)[good] for c in (ccd, fringe)))
    power = float(np.mean(f[keep] ** 2))
    pattern = power - own
    if pattern < 0.05 * power or power == 0:  # nothing but noise in the fringe frame
        return 0.0, 0.0
    return max((slope * power - shared) / pattern, 0.0), error * power / pattern


def bends(plane: Plane, some: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return second differences along rows at some pixels: white noise keeps its variance.

    Fringes are many pixels wide: of their power less than a hundredth is left.
    """
    left, here, right = (plane[:, cut][some].astype(float) for cut in _THREE)
    bent: NDArray[np.float64] = (2 * here - left - right) / np.sqrt(6)
    return bent


_THREE = (slice(None, -2), slice(1, -1), slice(2, None))


def noise_moments(one: NDArray[np.float64], other: NDArray[np.float64]) -> tuple[float, float]:
    """Return the covariance of two samples of noise, and the second's variance.

    What lies beyond 4 sigma is left out: of normal values a thousandth of the moments.
    """
    calm = np.ones(one.shape, bool)
    for sample in (one, other):
        calm &= np.abs(sample) <= 4 * SIGMA_PER_MAD * np.median(np.abs(sample))
    return float(np.mean((one * other)[calm])), float(np.mean(other[calm] ** 2))


def polynomial(shape: tuple[int, int], some: tuple[slice, slice]) -> NDArray[np.float64]:
    """Return the terms x^i y^j, i + j <= ORDER, at some pixels: [..., term]."""
    y, x = np.meshgrid(
        np.linspace(-1, 1, shape[0])[some[0]], np.linspace(-1, 1, shape[1])[some[1]], indexing="ij"
    )
    terms = [x**i * y**j for i in range(ORDER + 1) for j in range(ORDER + 1 - i)]
    return np.stack(terms, axis=-1)


@step("dilateObjectMask")
def mask_objects(
    ccd: Ccd,
    fringe: Ccd | None,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per block", Range(0.1)] = 2.0,
    dilation: Annotated[int, "pixels by which sources are grown", Range(0, 20)] = 4,
) -> Ccd:
    """Flag the sources, found once a draft of the fringes is taken away; measure the sky."""
    clean = subtract_fringe(ccd, fringe)
    blocks = without_sky(clean, 12.0)
    if blocks is None:
        return ccd
    _, segments = detected(blocks, detect_thresh, 4)
    shining = spread(segments > 0, blocks.size, ccd.sci.shape)
    for _ in range(dilation):
        grown = shining.copy()
        grown[1:] |= shining[:-1]
        grown[:-1] |= shining[1:]
        grown[:, 1:] |= shining[:, :-1]
        grown[:, :-1] |= shining[:, 1:]
        shining = grown
    return ccd.with_planes(dq=ccd.dq | np.where(shining, Dq.BAD, 0).astype(np.uint16))


@step("makeFringeFrame")
def match_fringes(
    frames: Sequence[Observation],
    *,
    min_dither: Annotated[float, "arcsec; nearer frames see the same sources", Range(0)] = 5.0,
    min_frames: Annotated[int, "fewest frames", Range(2)] = 3,
) -> Sequence[Observation]:
    """Scale the frames to one sky level and take the sky away: what stays is the pattern.

    Raises ReductionError for too few frames, or undithered ones: sources would stay as well.
    """
    check_dithered(frames, min_dither, min_frames)
    levels = [{info.index: info.level for info in obs.ccds} for obs in frames]
    central = min(levels[0], key=lambda index: abs(index - 2))
    placed = []
    for obs, own in zip(frames, levels, strict=True):
        base, level = levels[0][central], own[central]
        if not base or not level or level <= 0:
            raise ReductionError("no good pixel of sky: is it saturated?", path=obs.path)
        scale = base / level
        offsets = {i: -scale * sky for i, sky in own.items() if sky is not None}
        weight = {i: 1 / (scale**2 * level) for i in own}
        placed.append(
            replace(
                obs,
                placement=replace(obs.placement, scale=scale, offsets=offsets, weights=weight),
            )
        )
    return placed


def check_dithered(frames: Sequence[Observation], least: float, fewest: int) -> None:
    """Raise ReductionError unless there are enough frames, some of them far enough apart."""
    if len(frames) < fewest:
        raise ReductionError(
            f"a fringe frame needs {fewest} frames or more, not {len(frames)}", path=frames[0].path
        )
    points = [info.wcs.crval for obs in frames for info in obs.ccds[:1] if info.wcs is not None]
    apart = [
        float(np.hypot(*project(np.array([b]), a)[0])) * ARCSEC for a, b in combinations(points, 2)
    ]
    if not apart or max(apart) < least:
        raise ReductionError(
            f"undithered: no two frames are {least:g} arcsec apart, the widest"
            f" {max(apart, default=0.0):.1f}",
            path=frames[0].path,
        )


@step("makeFringeFrame")
def centre_fringes(ccd: Ccd) -> Ccd:
    """Take the smooth part out of the pattern: gradients of the sky are no fringes."""
    some = thinned(ccd.sci.shape, SAMPLE)
    good = ccd.dq[some] == 0
    if np.count_nonzero(good) < 1000:
        return ccd
    terms = polynomial(ccd.sci.shape, some)[good]
    fit = np.linalg.lstsq(terms, ccd.sci[some][good].astype(float), rcond=None)[0]
    ny, nx = ccd.sci.shape
    whole = (slice(None), slice(None))
    smooth = np.empty((ny, nx), np.float32)
    for row in range(0, ny, 256):  # in parts: the terms of a whole ccd would fill the memory
        part = (slice(row, min(row + 256, ny)), whole[1])
        smooth[part] = polynomial(ccd.sci.shape, part) @ fit
    return ccd.with_planes(sci=np.where((ccd.dq & ~np.uint16(0)) == 0, ccd.sci - smooth, 0))
