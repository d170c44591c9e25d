"""Find the stars of twilight flats: light that one flat has and the dithered others have not.

A star whose peak is lost in the noise of single pixels is too faint for a rejection to find, and so
are the wings of a bright one; but over the pixels of its image either leaves more in the master
than the noise does: 0.018 % rms in blocks of 5 arcsec, where the photons of five flats make 0.007 %
(stars of 17 to 21 mag, 5 to 17 s), and in the sky below a star of 20 mag a millimagnitude. In
blocks nearly as wide as the image they show.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Annotated

import numpy as np
import sep

from ..frame import Ccd, CcdInfo, Observation, Plane, Spots
from ..grids import info_of
from ..stats import median_and_noise, thinned
from ..step import Range, step
from .detect import block_size, seen_in_blocks, smoothed
from .masks import Mask, with_neighbours

COARSER = 2
"""Sides of a block over those in which science frames are searched: what has to be seen is that
there is a star, not its shape."""
MESH = 32
"""Blocks on a side of the meshes in which the twilight's own slope is measured: 20 arcsec."""


@step("scaleFlats")
def measure_light(ccd: Ccd) -> Ccd:
    """Note the mean of each block of pixels."""
    light, unseen = seen_in_blocks(ccd, _block(ccd.info))
    return ccd.with_info(light=np.where(unseen, np.float32(np.nan), light))


@step("rejectPixels")
def find_stars(
    frames: Sequence[Observation],
    *,
    sigma: Annotated[float, "sigmas of a block above the other flats", Range(1.0)] = 4.0,
) -> Sequence[Observation]:
    """Note in which blocks each flat has light that the others, scaled to it, have not.

    A block that would be lost in all flats is kept in all. The pixels of those noted are left out
    of the master.
    """
    found: list[dict[int, Spots]] = [{} for _ in frames]
    for index in {info.index for obs in frames for info in obs.ccds}:
        light = {i: plane for i, obs in enumerate(frames) for plane in _scaled(obs, index)}
        weights = [frames[i].placement.weights.get(index, 1.0) for i in light]
        stars = brighter(np.array([*light.values()]), weights, sigma)
        for i, mask in zip(light, stars, strict=True):
            found[i][index] = Spots(_block(info_of(frames[i], index)), mask)
    return [
        replace(
            obs,
            ccds=tuple(replace(info, light=None, stars=spots.get(info.index)) for info in obs.ccds),
        )
        for obs, spots in zip(frames, found, strict=True)
    ]


def _block(info: CcdInfo) -> tuple[int, int]:
    """Return how many pixels (x, y) make a block."""
    x, y = block_size(info)
    return COARSER * x, COARSER * y


def _scaled(obs: Observation, index: int) -> Iterator[Plane]:
    """Yield the scaled light of a ccd, if there is one and its light was measured."""
    for info in obs.ccds:
        if info.index == index and info.light is not None:
            yield info.light * np.float32(obs.placement.scale_of(index))


def brighter(light: Plane, weights: Sequence[float], sigma: float) -> Mask:
    """Say where each frame is brighter than the mean of the others: [frame, row, column].

    ``light`` is scaled alike, NaN where unknown. The noise is photons', as the root of the light;
    neighbours of what stands out are bright as well, and what all have is none's.
    """
    known = np.isfinite(light)
    share = np.where(known, np.float32(1), 0) * np.array(weights, np.float32)[:, None, None]
    sums = share * np.where(known, light, 0)
    total, whole = sums.sum(axis=0), share.sum(axis=0)
    stars = np.zeros(light.shape, bool)
    for mask, own, part, plane, seen in zip(stars, share, sums, light, known, strict=True):
        rest = whole - own
        compared = seen & (rest > whole / 1e3)
        others = np.maximum((total - part) / np.where(compared, rest, 1), 1)
        excess = np.where(compared, (plane - others) / np.sqrt(others), np.float32(0))
        if compared.any():
            mask[:] = _standing_out(excess, compared, sigma)
    return stars & ~stars.all(axis=0)


def _standing_out(excess: Plane, compared: Mask, sigma: float) -> Mask:
    """Return the blocks, and their neighbours, that are some sigmas above those around."""
    hidden = ~compared
    slope = sep.Background(excess, mask=hidden, bw=MESH, bh=MESH, fw=3, fh=3).back()
    smooth = smoothed(np.where(hidden, np.float32(0), excess - slope))
    some = thinned(smooth.shape, 20_000)
    _, noise = median_and_noise(smooth[some][compared[some]])
    return with_neighbours(smooth > sigma * noise)
