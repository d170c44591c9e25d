"""One rank of the light that frames see, pixel by pixel, though not all see every pixel."""

from collections.abc import Callable, Sequence

import numpy as np

from ...depth import ranked, sorted_planes
from ..masks import Indexes
from .laid import Light

Rank = Callable[[Indexes | int], Indexes]


def low_rank(count: Indexes | int) -> Indexes:
    """Return the rank, 0 the lowest, of what most of so many frames see at least.

    It is the median of the others beside the highest value, the lower one where they are even:
    what stands above it stands above half of the other frames.
    """
    return np.asarray(np.maximum(count - 2, 0) // 2)


def middle_rank(count: Indexes | int) -> Indexes:
    """Return the rank of the median of so many values, the lower one of two."""
    return np.asarray(np.maximum(count - 1, 0) // 2)


def seen_at_rank(
    lights: Sequence[Light], rank: Rank, usual: int, some: Indexes, count: Indexes
) -> Light:
    """Return the light of a rank among what the frames see in each pixel.

    ``usual`` frames see a pixel, but for ``some``, which are seen by a ``count`` of them.
    """
    n = len(lights)

    def place(seeing: Indexes | int) -> Indexes:  # blind ones come first
        return np.asarray(np.minimum(n - seeing + rank(seeing), n - 1))

    (light,) = ranked(lights, int(place(usual)))
    order = np.stack(sorted_planes([own[some] for own in lights]))
    light[some] = order[place(count), np.arange(len(some))]
    return light
