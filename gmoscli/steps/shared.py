"""Noise of masters that comes back in a stack: frames that were not dithered share it.

The noise of a master flat is the same in all frames that were divided by it, pixel by pixel, and
that of a master bias in all that it was subtracted from. Where a dither brings other pixels of the
chip to a place on the sky it averages out as any other noise does. Where frames see a place with
the same pixels it does not, and the variance of their mean has, beside its own terms,

    sum over pairs i != j of  w_i w_j K_ij (c s_i s_j + r x_i x_j) / (sum of w)^2

with weights w, scales s, the levels x that the frames contribute, c and r the noise as in
:class:`gmoscli.frame.MasterNoise`, and K_ij the sum over native pixels of the product of the
weights that two interpolations give them: none from six pixels apart.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..frame import Observation, Plane
from ..geometry import Affine, Points
from ..grids import info_of, places_on
from .lanczos import TAPS, lanczos

PLACES = 5
"""Along each axis, where the weights are looked at: a turn changes their phases over a ccd."""
WIDTH = len(TAPS)


@dataclass(frozen=True)
class SharedNoise:
    """Variance that a stack has beyond that of independent frames, as its level makes it."""

    constant: float = 0.0
    slope: float = 0.0
    square: float = 0.0

    def added(self, var: Plane, level: Plane) -> Plane:
        """Return the variance of pixels at some level, this noise included where there is any."""
        if not (self.constant or self.square):
            return var
        constant, slope, square = map(np.float32, (self.constant, self.slope, self.square))
        more = np.maximum((square * level + slope) * level + constant, 0)
        more *= var > 0
        whole: Plane = np.add(var, more, out=more)
        return whole


def shared_noise(
    frames: Sequence[Observation], maps: Sequence[Mapping[int, Affine]], shape: tuple[int, int]
) -> SharedNoise:
    """Return what frames share of the noise of their masters, on a grid of some shape.

    ``maps`` go from the grid to the pixels of each frame's ccds, by their index; on a mosaic the
    mean of its ccds is taken.
    """
    indexes = sorted({index for own in maps for index in own})
    each = [_of_ccd(frames, maps, index, shape) for index in indexes]
    return SharedNoise(*np.mean(each, axis=0).tolist())


def _of_ccd(
    frames: Sequence[Observation],
    maps: Sequence[Mapping[int, Affine]],
    index: int,
    shape: tuple[int, int],
) -> tuple[float, float, float]:
    """Return the three terms of one ccd."""
    pairs = zip(frames, maps, strict=True)
    own = [(obs, to_ccd[index]) for obs, to_ccd in pairs if index in to_ccd]
    placed = [obs.placement for obs, _ in own]
    noise = [info_of(obs, index).masters for obs, _ in own]
    weight = np.array([place.weights.get(index, 1.0) for place in placed])
    offset = np.array([place.offsets.get(index, 0.0) for place in placed])
    scaled = np.array([place.scale_of(index) for place in placed])
    constant = scaled * np.sqrt([each.constant for each in noise])
    relative = np.sqrt([each.relative for each in noise])
    share = np.outer(weight, weight) / weight.sum() ** 2
    places = places_on(shape, PLACES).reshape(-1, 2)
    share *= common([to_ccd(places) for _, to_ccd in own])
    bias, flat = (share * _same([obs for obs, _ in own], kind) for kind in ("bias", "flat"))
    response = flat * np.outer(relative, relative)
    return (
        float(constant @ bias @ constant + offset @ response @ offset),
        float(-2 * (offset @ response).sum()),
        float(response.sum()),
    )


def _same(frames: Sequence[Observation], kind: str) -> NDArray[np.bool_]:
    """Say which frames were calibrated with the same master of a kind: [frame, frame]."""
    masters = [frozenset(used.name for used in obs.used if used.step == kind) for obs in frames]
    numbers = {own: number for number, own in enumerate(masters)}
    own = np.array([numbers[each] for each in masters])
    same: NDArray[np.bool_] = own[:, None] == own
    return same


def common(places: Sequence[Points]) -> NDArray[np.float64]:
    """Return how much two frames share of the native pixels that they interpolate between.

    ``places`` are those of each frame on its ccd, [place, axis]. The sum over the pixels of the
    products of both weights, in the mean of all places: [frame, frame], 0 for a frame with itself.
    """
    native = np.array(places)
    first = np.floor(native).astype(np.intp)
    weights = np.moveaxis(lanczos(native - first), 0, -1)
    shared = np.zeros((len(native), len(native)))
    for i, (start, own) in enumerate(zip(first, weights, strict=True)):
        near = np.flatnonzero((np.abs(first - start) < WIDTH).all(axis=-1).any(axis=-1))
        near = near[near > i]
        wide = np.pad(own, ((0, 0), (0, 0), (WIDTH, WIDTH)))
        apart = np.clip(first[near] - start, -WIDTH, WIDTH)
        taps = apart[..., None] + np.arange(WIDTH, 2 * WIDTH)
        theirs = np.take_along_axis(wide[None], taps, axis=-1)
        shared[i, near] = (theirs * weights[near]).sum(axis=-1).prod(axis=-1).mean(axis=-1)
    return shared + shared.T
