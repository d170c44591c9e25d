"""One rank of the values of all frames, pixel by pixel, by as few comparisons as it needs."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...depth import comparisons

Values = NDArray[np.float32]


def low_rank(count: int) -> int:
    """Return the rank, 0 the lowest, of what most of so many frames see at least.

    It is the median of the others beside the highest value, the lower one where they are even:
    what stands above it stands above half of the other frames.
    """
    return max(count - 2, 0) // 2


def ranked(planes: Sequence[Values], rank: int) -> Values:
    """Return the value of a rank, 0 the lowest, at each place of arrays of one shape."""
    planes = list(planes)
    for i, j, low, high in needed(len(planes), rank):
        a, b = planes[i], planes[j]
        if low:
            planes[i] = np.minimum(a, b)
        if high:
            planes[j] = np.maximum(a, b)
    return planes[rank]


@cache
def needed(n: int, rank: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """Return those comparisons of a sorting network that one of its outputs depends on.

    Each is a pair of places, and whether its minimum and its maximum matter.
    """
    wanted = {rank}
    kept = []
    for i, j in reversed(comparisons(n)):
        if i in wanted or j in wanted:
            kept.append((i, j, i in wanted, j in wanted))
            wanted |= {i, j}
    return tuple(reversed(kept))
