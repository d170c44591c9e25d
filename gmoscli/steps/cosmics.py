"""Find cosmic rays by comparing frames, on native pixels, before anything is interpolated.

Frames are laid over each other at the nearest whole-pixel shift. On blank sky a pixel far above
the median of all frames is a cosmic ray. Where the stack sees light, sharper frames have higher
cores and neighbouring pixels differ with the sub-pixel shift: there each suspect is compared with
the other frames after all have been smoothed to the same seeing, and may differ by a share of the
light and of its local gradient (after the test of MultiDrizzle: Fruchter & Hook 2002, PASP 114,
144). Where one frame alone sees the sky, or has a seeing unlike that of the others, what is sharper
than a star can be is a cosmic ray.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..depth import depth_median
from ..dq import Dq
from ..frame import Piece, Plane, Strips
from ..stats import places
from ..step import Range, step
from .sharp import MARGIN, sharper_than_stars, with_neighbours

Mask = NDArray[np.bool_]
HALO = 12
"""Output rows around a band that are looked at: 4 to be resampled, 8 as their surroundings."""
UNSEEN = np.uint16(Dq.BAD | Dq.NO_DATA | Dq.UNILLUMINATED)
KNOWN = np.uint16(Dq.COSMIC_RAY)
LIGHT = 1.5
"""Sigmas of the median image above the sky, in a 3 x 3 mean, from which a pixel is lit."""
FEW = 3
"""Frames up to which each is also judged by itself."""
GROWTH = 3
"""Pixels that a cosmic ray may reach beyond what is beyond doubt."""
DARK = 8
"""Rank, among the 25 pixels around one, of the value that tells a star from a line of light."""
TYPICAL_FWHM = 3.0
"""Pixels; for frames whose seeing is not known."""
ALIKE = 1.4
"""Ratio of seeings up to which smoothing by a Gaussian makes the stars of two frames alike."""
WIDEST = 6
"""Largest radius, in pixels, of the smoothing to common seeing."""
FAINTEST = 0.25
"""Share of the median's light that the faintest frame must see, or the median is a cosmic ray."""


@dataclass(frozen=True)
class Overlay:
    """All frames at the nearest whole-pixel shift: [frame, y, x], and the median image."""

    sci: Plane
    var: Plane
    good: Mask
    full: Mask
    """Saturated pixels and their neighbours."""
    model: Plane
    model_var: Plane


@step("flagCosmicRaysByStacking")
def flag_cosmic_rays(
    strips: Strips,
    *,
    hsigma: Annotated[float, "sigmas above the other frames", Range(1.0)] = 5.0,
    grow_sigma: Annotated[float, "sigmas for pixels beside a cosmic ray", Range(0.5)] = 2.5,
    light: Annotated[float, "share of a source's light that frames may differ by", Range(0)] = 0.15,
    gradient: Annotated[float, "share of its gradient that they may differ by", Range(0)] = 0.7,
) -> Strips:
    """Flag pixels with more light than the other frames, or than a star's profile, can explain."""
    first, rows = strips.first - HALO, strips.shape[0] + 2 * HALO
    overlay = overlaid(strips, first, rows)
    noise = np.sqrt(overlay.var + overlay.model_var)
    away = overlay.sci - overlay.model
    away[~overlay.good] = 0
    odd = unlike(strips.fwhm)[:, None, None]  # these are judged as if each were the only frame
    suspect = (away > hsigma * noise) & ~odd
    lit = illuminated(overlay, strips.sky)
    excused = seeing_explains(
        overlay, suspect & lit, strips.fwhm, strips.sky, hsigma, light, gradient
    )
    few = overlay.good & ((overlay.good.sum(axis=0) <= FEW) | odd)
    rays = (suspect & ~excused) | sharp_rays(overlay, few, strips, hsigma)
    beside = (away > grow_sigma * noise) & ~lit & ~odd
    beside |= spilt(overlay)
    alone = overlay.good & ((overlay.good.sum(axis=0) == 1) | odd)
    wings = alone & (overlay.sci - np.float32(strips.sky) > grow_sigma * noise)
    for _ in range(GROWTH):
        near = with_neighbours(rays) & ~rays
        rays = rays | (beside & near) | without_star(overlay, wings & near, strips.sky)
    return replace(
        strips,
        frames=tuple(
            tuple(_marked(piece, rays[i], first) for piece in pieces)
            for i, pieces in enumerate(strips.frames)
        ),
    )


def overlaid(strips: Strips, first: int, rows: int) -> Overlay:
    """Return all frames at whole-pixel shifts, over the band and its halo, scaled alike."""
    shape = (len(strips.frames), rows, strips.shape[1])
    sci, var = np.full(shape, np.float32(strips.sky)), np.zeros(shape, np.float32)
    good, full = np.zeros(shape, bool), np.zeros(shape, bool)
    for i, pieces in enumerate(strips.frames):
        for piece in pieces:
            for ours, theirs in blocks(piece, first, rows, strips.shape[1]):
                usable = (piece.dq[theirs] & (UNSEEN | KNOWN)) == 0
                sci[i][ours] = piece.sci[theirs] * np.float32(piece.scale) + np.float32(
                    piece.offset
                )
                var[i][ours] = piece.var[theirs] * np.float32(piece.scale**2)
                good[i][ours] = usable
                full[i][ours] = (piece.dq[theirs] & np.uint16(Dq.SATURATED)) > 0
    model, model_var = _median_image(sci, var, good, strips.sky)
    return Overlay(sci, var, good, full, model, model_var)


def blocks(
    piece: Piece, first: int, rows: int, columns: int
) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
    """Return matching rectangles of the overlay and of a piece, each at one whole-pixel shift.

    Rows of the overlay are counted from output row ``first``. The shift along x changes from row
    to row with the rotation, that along y from column to column.
    """
    (a, b), (d, e) = piece.to_native.matrix
    c, f = piece.to_native.shift
    y = np.arange(first, first + rows)
    x = np.arange(columns)
    middle = (columns - 1) / 2
    along_x = np.rint(b * y + c + (a - 1) * middle).astype(int)
    along_y = np.rint(d * x + f + (e - 1) * middle).astype(int)
    ny, nx = piece.sci.shape
    for r1, r2 in _runs(along_x):
        dx = int(along_x[r1])
        for c1, c2 in _runs(along_y):
            dy = int(along_y[c1])
            top = max(r1, piece.first - first - dy)
            bottom = min(r2, piece.first + ny - first - dy)
            left, right = max(c1, -dx), min(c2, nx - dx)
            if top < bottom and left < right:
                move = first + dy - piece.first
                yield (
                    (slice(top, bottom), slice(left, right)),
                    (slice(top + move, bottom + move), slice(left + dx, right + dx)),
                )


def _runs(values: NDArray[np.intp]) -> list[tuple[int, int]]:
    cuts = (np.flatnonzero(np.diff(values)) + 1).tolist()
    return list(zip([0, *cuts], [*cuts, len(values)], strict=True))


def _median_image(sci: Plane, var: Plane, good: Mask, sky: float) -> tuple[Plane, Plane]:
    """Return what the frames agree on, and the variance of that.

    The median; of two frames the lower. Where the faintest frame sees less than a quarter of the
    median's light and lies far below it, cosmic rays have hit most frames: then the faintest.
    """
    n = good.sum(axis=0, dtype=np.uint16)
    safe = np.maximum(n, 1).astype(np.float32)
    noise = _mean_of_good(var, good, safe)
    lowest = np.where(good, sci, np.float32(np.inf)).min(axis=0)
    median = depth_median(sci, good, lower_of_two=True)
    hit = (
        (n > 2)
        & (median - lowest > 6 * np.sqrt(noise))
        & (lowest - np.float32(sky) < FAINTEST * (median - np.float32(sky)))
    )
    return np.where(hit, lowest, median), noise / safe


def _mean_of_good(var: Plane, good: Mask, count: Plane) -> Plane:
    """Return the mean over frames of the good values, given how many there are."""
    total = np.zeros(var.shape[1:], np.float32)
    for plane, usable in zip(var, good, strict=True):
        np.add(total, plane, out=total, where=usable)
    return total / count


def sharp_rays(
    overlay: Overlay, where: Mask, strips: Strips, sigma: float, margin: float = MARGIN
) -> Mask:
    """Say which pixels are sharper than stars, where few frames could tell otherwise.

    Of up to three frames all that are left may be hit at one place.
    """
    rays = np.zeros_like(where)
    for i, fwhm in enumerate(strips.fwhm):
        if where[i].any():
            rays[i] = sharper_than_stars(
                overlay.sci[i],
                overlay.var[i],
                where[i],
                sky=strips.sky,
                fwhm=fwhm if fwhm > 0 else TYPICAL_FWHM,
                sigma=sigma,
                margin=margin,
            )
    return rays


def without_star(overlay: Overlay, where: Mask, sky: float) -> Mask:
    """Say which pixels have no star around: most of the 5 x 5 pixels would see its light.

    A cosmic ray is a line, and leaves most of them dark.
    """
    clear = np.zeros_like(where)
    frame, y, x = places(where)
    if not len(frame):
        return clear
    _, ny, nx = overlay.sci.shape
    around = np.stack(
        [
            overlay.sci[frame, np.clip(y + dy, 0, ny - 1), np.clip(x + dx, 0, nx - 1)]
            for dy in range(-2, 3)
            for dx in range(-2, 3)
        ]
    )
    faint = np.sort(around, axis=0)[DARK]
    dark = faint - np.float32(sky) < 2 * np.sqrt(overlay.var[frame, y, x])
    clear[frame[dark], y[dark], x[dark]] = True
    return clear


def spilt(overlay: Overlay) -> Mask:
    """Say where less than half of the frames are saturated.

    Beside a cosmic ray that is its charge, spilt over: a star saturates in all frames or most.
    """
    few: Mask = 2 * overlay.full.sum(axis=0) < overlay.good.sum(axis=0)
    return overlay.full & few


def illuminated(overlay: Overlay, sky: float) -> Mask:
    """Say where the median image sees light of a source, or stands within two pixels of it."""
    padded = np.pad(overlay.model, 1, mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9
    lit: Mask = mean - np.float32(sky) > LIGHT * np.sqrt(overlay.model_var)
    return with_neighbours(with_neighbours(lit))


def seeing_explains(
    overlay: Overlay,
    suspect: Mask,
    fwhm: tuple[float, ...],
    sky: float,
    hsigma: float,
    light: float,
    gradient: float,
) -> Mask:
    """Say which suspects are as bright as the other frames, once all are smoothed alike."""
    excused = np.zeros_like(suspect)
    frame, y, x = places(suspect)
    here = overlay.model[y, x]
    plainly = overlay.sci[frame, y, x] - here <= light * np.maximum(
        here - np.float32(sky), 0
    ) + gradient * _gradient_at(overlay.model, y, x)
    excused[frame[plainly], y[plainly], x[plainly]] = True
    frame, y, x = frame[~plainly], y[~plainly], x[~plainly]
    if not len(frame):
        return excused
    odd = unlike(fwhm)
    widths = tuple(np.where(odd, 0.0, fwhm))
    smoothed, variance = _smoothed_at(overlay, y, x, _extra_widths(widths))
    mine = np.arange(len(frame))
    ours, our_variance = smoothed[frame, mine], variance[frame, mine]
    smoothed[frame, mine] = smoothed[odd] = np.nan
    others = _nan_median(smoothed)
    slope = _gradient_at(overlay.model, y, x)
    allowed = (
        hsigma * np.sqrt(our_variance * 1.5)
        + light * np.maximum(others - np.float32(sky), 0)
        + gradient * slope
    )
    explained = ~(ours - others > allowed)  # also where no other frame is left to ask
    excused[frame[explained], y[explained], x[explained]] = True
    return excused


def unlike(fwhm: tuple[float, ...]) -> NDArray[np.bool_]:
    """Say which frames have a seeing that less than half of the others come near to."""
    widths = np.asarray(fwhm, float)
    widths = np.where(widths > 0, widths, np.nan)
    ratio = widths[:, None] / widths
    apart = (ratio > ALIKE) | (ratio < 1 / ALIKE)
    result: NDArray[np.bool_] = 2 * apart.sum(axis=1) > len(widths) - 1
    return result


def _extra_widths(fwhm: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the sigma of the Gaussian that brings each frame to the widest seeing, pixels."""
    widths = np.asarray(fwhm, float)
    known = widths[widths > 0]
    if not len(known):
        return np.zeros(len(widths))
    widths = np.where(widths > 0, widths, np.median(known))
    extra = np.sqrt(np.maximum(widths.max() ** 2 - widths**2, 0)) / 2.355
    result: NDArray[np.float64] = np.minimum(extra, WIDEST / 2)
    return result


def _smoothed_at(
    overlay: Overlay, y: NDArray[np.intp], x: NDArray[np.intp], sigma: NDArray[np.float64]
) -> tuple[Plane, Plane]:
    """Return each frame smoothed by its Gaussian at some pixels, [frame, pixel], and its variance.

    Pixels that a frame does not see are taken from the median image.
    """
    n, ny, nx = overlay.sci.shape
    radius = min(WIDEST, int(np.ceil(2.5 * sigma.max())))
    total, variance = np.zeros((2, n, len(y)), np.float32)
    norm = np.zeros(n)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            share = np.where(
                sigma > 0.15,
                np.exp(-(dy**2 + dx**2) / (2 * np.maximum(sigma, 0.15) ** 2)),
                float(dy == 0 and dx == 0),
            )
            if share.max() < 1e-3:
                continue
            norm += share
            yy, xx = np.clip(y + dy, 0, ny - 1), np.clip(x + dx, 0, nx - 1)
            weight = share.astype(np.float32)[:, None]
            seen = np.where(overlay.good[:, yy, xx], overlay.sci[:, yy, xx], overlay.model[yy, xx])
            total += weight * seen
            variance += weight**2 * overlay.var[:, yy, xx]
    scale = norm.astype(np.float32)[:, None]
    return total / scale, variance / scale**2


def _nan_median(values: Plane) -> Plane:
    """Return the median over frames of all values but NaN, of which each column has as many."""
    order = np.sort(values, axis=0)  # NaN sorts last
    n = np.count_nonzero(~np.isnan(values[:, 0]))
    result: Plane = (order[(n - 1) // 2] + order[n // 2]) * np.float32(0.5)
    return result


def _gradient_at(image: Plane, y: NDArray[np.intp], x: NDArray[np.intp]) -> Plane:
    """Return the largest difference of some pixels from their four neighbours."""
    ny, nx = image.shape
    here = image[y, x]
    steps = [
        np.abs(image[np.clip(y + dy, 0, ny - 1), np.clip(x + dx, 0, nx - 1)] - here)
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1))
    ]
    result: Plane = np.maximum.reduce(steps)
    return result


def _marked(piece: Piece, rays: Mask, first: int) -> Piece:
    """Return the piece with the overlay's cosmic rays among its flags."""
    if not rays.any():
        return piece
    dq = piece.dq.copy()
    for ours, theirs in blocks(piece, first, *rays.shape):
        dq[theirs] |= np.where(rays[ours], np.uint16(Dq.COSMIC_RAY), np.uint16(0))
    return replace(piece, dq=dq)
