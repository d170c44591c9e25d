"""How much noise interpolation hides: pixels share it with their neighbours, apertures have it all.

Each of the six weights squared sums to less than one over an output pixel, so that its variance is
less than that of the pixels it is made of; what is missing sits in the correlation of neighbours.
The sum of many pixels has the noise of the sum of the native ones, whatever the sub-pixel phase,
since every native pixel's weights add up to one over the output. (Casertano et al. 2000, AJ 120,
2747, describe the same effect of drizzling.)
"""

from collections.abc import Mapping, Sequence

import numpy as np

from ..frame import Observation
from ..geometry import Affine
from ..grids import info_of, places_on
from .lanczos import lanczos
from .resample import whole_shift

PLACES = 33
"""Along each axis, where the weights are looked at."""


def sharpness(to_native: Affine, shape: tuple[int, int]) -> float:
    """Return the mean sum of squared weights over a grid: pixel variance left by interpolation."""
    if whole_shift(to_native) is not None:
        return 1.0
    native = to_native(places_on(shape, PLACES))
    squares = (lanczos(native % 1.0) ** 2).sum(axis=0)
    return float((squares[..., 0] * squares[..., 1]).mean())


def correlation(
    frames: Sequence[Observation], maps: Sequence[Mapping[int, Affine]], shape: tuple[int, int]
) -> float:
    """Return the noise of a large aperture on a stack over what its pixels' variances add up to.

    The square is the sum over frames of v c^2 over that of v s: v is a frame's share in the
    variance of the blank sky (its weight, scale and noise, squared), s the sharpness of its
    interpolation, and c what the frame itself says of its noise, above one for a product. ``maps``
    go from the grid, of this shape, to the pixels of each ccd, by its index.
    """
    hidden = visible = 0.0
    for obs, own in zip(frames, maps, strict=True):
        for index, to_native in own.items():
            info = info_of(obs, index)
            share = obs.placement.weights.get(index, 1.0) * obs.placement.scale_of(index)
            variance = (share * (info.sky.noise if info.sky else 1.0)) ** 2
            hidden += variance * info.correlation**2
            visible += variance * sharpness(to_native, shape)
    return float(np.sqrt(hidden / visible))
