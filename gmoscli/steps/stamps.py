"""Cut sources out, and measure all of them at once: centroids, light within circles."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..frame import Ccd, Plane
from .detect import UNSEEN
from .masks import Indexes, Mask, grown_where
from .sharp import sharper_than_stars

Floats = NDArray[np.float64]

ROUNDS = 8
"""Iterations of the window's centre: each halves its distance from the centroid, or better."""
REACH = 4.0
"""Sigmas at which a Gaussian window is cut off."""


@dataclass(frozen=True)
class Stamps:
    """Squares around sources, [source, y, x], less a sky that is even over each."""

    sci: Plane
    var: Plane
    good: Mask
    """Seen pixels on the array."""
    flagged: Mask
    """Pixels with any flag, or beside the array."""
    x: Floats
    """Where each source is in its square, which has its middle at (0, 0)."""
    y: Floats

    @property
    def half(self) -> int:
        """The coordinate of the last pixel."""
        return int(self.sci.shape[1] // 2)

    def inner(self, half: int) -> "Stamps":
        """Return the squares without their outskirts."""
        edge = self.half - half
        if edge <= 0:
            return self
        cut = (slice(None), slice(edge, -edge), slice(edge, -edge))
        planes = (self.sci[cut], self.var[cut], self.good[cut], self.flagged[cut])
        return Stamps(*planes, self.x, self.y)

    def moved(self, x: Floats, y: Floats) -> "Stamps":
        """Return the squares with the sources at other places in them."""
        return replace(self, x=x, y=y)

    def distances(self) -> Plane:
        """Return how far each pixel is from its source."""
        own = np.arange(-self.half, self.half + 1, dtype=np.float32)
        dx = own - self.x[:, None].astype(np.float32)
        dy = own - self.y[:, None].astype(np.float32)
        away: Plane = np.sqrt(dx[:, None, :] ** 2 + dy[:, :, None] ** 2)
        return away


def stamps(ccd: Ccd, x: Floats, y: Floats, sky: Plane, half: int) -> Stamps:
    """Cut squares of 2 ``half`` + 1 pixels around places of a ccd, and take a sky off each."""
    ny, nx = ccd.sci.shape
    column, row = np.rint(x).astype(np.intp), np.rint(y).astype(np.intp)
    own = np.arange(-half, half + 1)
    xs, ys = column[:, None] + own, row[:, None] + own
    inside = ((ys >= 0) & (ys < ny))[:, :, None] & ((xs >= 0) & (xs < nx))[:, None, :]
    index = (np.clip(ys, 0, ny - 1) * nx)[:, :, None] + np.clip(xs, 0, nx - 1)[:, None, :]
    dq = np.take(ccd.dq, index)
    good = inside & ((dq & UNSEEN) == 0)
    sci = np.where(good, np.take(ccd.sci, index) - sky[:, None, None].astype(np.float32), 0)
    var = np.take(ccd.var, index)
    return Stamps(sci, var, good, ~inside | (dq > 0), x - column, y - row)


def without_rays(cut: Stamps, fwhm: float) -> Stamps:
    """Return the squares with what is sharper than stars of some FWHM (pixels) unseen.

    In a long exposure every circle holds some cosmic rays. The width is to be a cautious one.
    """
    n, side, _ = cut.sci.shape
    tall = (n * side, side)
    sci, var, good = (plane.reshape(tall) for plane in (cut.sci, cut.var, cut.good))
    judged = cut.good.copy()
    judged[:, [0, -1]] = False  # beside the next square's pixels
    judged[:, :, [0, -1]] = False
    rays = sharper_than_stars(sci, var, judged.reshape(tall), fwhm=fwhm, sigma=5.0)

    def lit(y: Indexes, x: Indexes) -> Mask:
        return (sci[y, x] > 2.5 * np.sqrt(var[y, x])) & good[y, x]

    seen = good & ~grown_where(rays, lit)
    return replace(cut, good=seen.reshape(cut.good.shape))


def mirrored(cut: Stamps) -> Stamps:
    """Return the squares with unseen pixels as bright as those opposite, or as the sky.

    Stars look the same turned by 180 degrees, to within half a pixel of where they are turned.
    """
    i, y, x = np.nonzero(~cut.good)
    last = cut.sci.shape[1] - 1
    opposite_x = np.clip(np.rint(last + 2 * cut.x[i] - x).astype(np.intp), 0, last)
    opposite_y = np.clip(np.rint(last + 2 * cut.y[i] - y).astype(np.intp), 0, last)
    sci = cut.sci.copy()
    seen = cut.good[i, opposite_y, opposite_x]
    sci[i, y, x] = np.where(seen, cut.sci[i, opposite_y, opposite_x], 0)
    return replace(cut, sci=sci)


def centroids(
    cut: Stamps, sigma: float, *, farthest: float = 2.0
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Return each source's centroid under a round Gaussian window, and whether it was found.

    The window moves with the centroid, twice as far as the light under it (SExtractor's XWIN), and
    may not leave the first place by more than ``farthest`` pixels.
    """
    near = cut.inner(int(np.ceil(REACH * sigma)) + 1)
    x, y = cut.x, cut.y
    found = np.ones(len(x), bool)
    for _ in range(ROUNDS):
        light, along_x, along_y, *_ = _moments(near.moved(x, y), sigma)
        found &= light > 0
        light = np.where(found, light, 1.0)
        x = np.where(found, x + 2 * along_x / light, x)
        y = np.where(found, y + 2 * along_y / light, y)
        found &= np.hypot(x - cut.x, y - cut.y) < farthest
    return np.where(found, x, cut.x), np.where(found, y, cut.y), found


def shapes(cut: Stamps, sigma: float) -> tuple[Floats, Floats, Floats]:
    """Return the second moments xx, yy, xy that sources have, if Gaussian, without the window."""
    near = cut.inner(int(np.ceil(REACH * sigma)) + 1)
    light, _, _, xx, yy, xy = _moments(near, sigma)
    light = np.where(light > 0, light, 1.0)
    inside = np.array([[xx, xy], [xy, yy]]).transpose(2, 0, 1) / light[:, None, None]
    # Under the window W a source of moments S shows M, the inverse of the sum of inverses.
    sane = (np.linalg.det(inside) > 1e-6) & (inside[:, 0, 0] > 0)
    inside[~sane] = np.eye(2) * 1e-2
    apart = np.linalg.inv(inside) - np.eye(2) / sigma**2
    tight = np.linalg.eigvalsh(apart)[:, 0] < 1e-3
    apart[tight] = np.eye(2) * 1e-3
    own = np.linalg.inv(apart).astype(float)
    return own[:, 0, 0], own[:, 1, 1], own[:, 0, 1]


def _moments(cut: Stamps, sigma: float) -> tuple[Floats, ...]:
    """Return the light under Gaussian windows on the sources and its moments x, y, xx, yy, xy."""
    own = np.arange(-cut.half, cut.half + 1, dtype=float)
    dx, dy = own - cut.x[:, None], own - cut.y[:, None]
    wx, wy = (np.exp(-0.5 * (d / sigma) ** 2) for d in (dx, dy))
    powers = np.stack([wy, wy * dy, wy * dy**2], axis=1).astype(np.float32)
    rows = np.matmul(powers, cut.sci)  # [source, power of y, x]
    light = (rows[:, 0] * wx).sum(axis=1)
    x, xx = ((rows[:, 0] * wx * dx**k).sum(axis=1) for k in (1, 2))
    y, xy = ((rows[:, 1] * wx * dx**k).sum(axis=1) for k in (0, 1))
    yy = (rows[:, 2] * wx).sum(axis=1)
    return light, x, y, xx, yy, xy


def circles(cut: Stamps, radii: Sequence[float] | Floats) -> tuple[Floats, Floats]:
    """Return the light within circles of some radii (pixels), and its error: [source, radius].

    A pixel counts by how far it reaches into the circle. The error is that of the variances.
    """
    light, error = np.empty((2, len(cut.x), len(radii)))
    for k, radius in enumerate(radii):
        near = cut.inner(int(np.ceil(radius)) + 1)
        edge = np.sqrt(max(radius**2 - 1 / 12, 0)) + 0.5  # soft, with the area of the circle
        share = np.clip(np.float32(edge) - near.distances(), 0, 1)
        light[:, k] = np.einsum("iyx,iyx->i", near.sci, share)
        error[:, k] = np.sqrt(np.einsum("iyx,iyx->i", near.var, share))
    return light, error


def flagged_within(cut: Stamps, radius: float) -> NDArray[np.bool_]:
    """Say which sources have a flagged pixel, or one beside the array, within so many pixels."""
    near = cut.inner(int(np.ceil(radius)) + 1)
    return np.asarray((near.flagged & (near.distances() <= radius)).any(axis=(1, 2)))


def unseen_within(cut: Stamps, radius: float) -> Floats:
    """Return the share of each circle of some radius (pixels) that is not seen."""
    near = cut.inner(int(np.ceil(radius)) + 1)
    inside = near.distances() <= radius
    return np.asarray((inside & ~near.good).sum(axis=(1, 2)) / inside.sum(axis=(1, 2)), float)


def half_light(radii: Floats, light: Floats) -> Floats:
    """Return the diameter that holds half of the light within the last radius: one a source.

    Between two circles the light grows as that of a Gaussian, -ln(1 - share) as the area.
    """
    share = light / np.where(light[:, -1:] > 0, light[:, -1:], 1)
    grown = -np.log1p(-np.clip(share, 0, 0.999))
    outer = np.maximum((share >= 0.5).argmax(axis=1), 1)
    each = np.arange(len(light))
    low, high = grown[each, outer - 1], grown[each, outer]
    part = np.clip((np.log(2) - low) / np.where(high > low, high - low, 1), -1, 1)
    inside, outside = radii[outer - 1] ** 2, radii[outer] ** 2
    diameter: Floats = 2 * np.sqrt(np.maximum(inside + part * (outside - inside), 0))
    return diameter
