"""Medians through a stack of frames: [n, y, x] to [y, x], in parts that stay in the cache."""

from collections.abc import Sequence
from functools import cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", NDArray[np.float32], NDArray[np.float64])
Stack = NDArray[np.float32]
Plane = NDArray[np.float32]

CHUNK = 1 << 16
"""Pixels sorted at a time: few enough for the cache, and so many that threads seldom meet."""


def depth_median(stack: Stack, good: NDArray[np.bool_], *, lower_of_two: bool = False) -> Plane:
    """Return the median over frames of the good values; of all values where none is good.

    ``lower_of_two`` takes the lower of two good values instead of their mean. The middle is found
    by a network of minima and maxima of whole planes, some ten times as fast as ``np.sort`` along
    the frames; the few pixels where only some frames are good are sorted one by one.
    """
    n = len(stack)
    result = _plain_median(stack, lower=lower_of_two and n == 2)
    count = good.sum(axis=0, dtype=np.uint16)
    some = np.flatnonzero((count > 0) & (count < n))
    if len(some):
        flat, usable = stack.reshape(n, -1)[:, some], good.reshape(n, -1)[:, some]
        result.ravel()[some] = _masked_median(flat, usable, count.ravel()[some], lower_of_two)
    return result


def _plain_median(stack: Stack, lower: bool) -> Plane:
    n = len(stack)
    flat = stack.reshape(n, -1)
    result = np.empty(flat.shape[1], np.float32)
    for start in range(0, flat.shape[1], CHUNK):
        part = slice(start, start + CHUNK)
        planes = [plane[part] for plane in flat]
        if n % 2 or lower:
            (result[part],) = ranked(planes, (n - 1) // 2)
        else:
            low, high = ranked(planes, n // 2 - 1, n // 2)
            np.add(low, high, out=result[part])
            result[part] *= np.float32(0.5)
    return result.reshape(stack.shape[1:])


def _masked_median(
    values: Stack, good: NDArray[np.bool_], count: NDArray[np.uint16], lower_of_two: bool
) -> Plane:
    order = np.sort(np.where(good, values, np.float32(np.inf)), axis=0)
    pixel = np.arange(order.shape[1])
    low = order[(count - 1) // 2, pixel]
    high = order[count // 2, pixel]
    middle: Plane = (low + high) * np.float32(0.5)
    return np.where(count == 2, low, middle) if lower_of_two else middle


def sorted_planes(planes: Sequence[Number]) -> list[Number]:
    """Return planes that hold, pixel by pixel, the values in rising order."""
    return ranked(planes, *range(len(planes)))


def ranked(planes: Sequence[Number], *ranks: int) -> list[Number]:
    """Return planes that hold, pixel by pixel, the values of some ranks, 0 the lowest."""
    planes = list(planes)
    for i, j, low, high in needed(len(planes), ranks):
        a, b = planes[i], planes[j]
        if low:
            planes[i] = np.minimum(a, b)
        if high:
            planes[j] = np.maximum(a, b)
    return [planes[rank] for rank in ranks]


@cache
def needed(n: int, ranks: Sequence[int]) -> tuple[tuple[int, int, bool, bool], ...]:
    """Return those comparisons that sort n values which some outputs depend on.

    Each is a pair of places, and whether its minimum and its maximum matter: for a median that
    spares a quarter of all, of few values a third.
    """
    wanted = set(ranks)
    kept = []
    for i, j in reversed(comparisons(n)):
        if i in wanted or j in wanted:
            kept.append((i, j, i in wanted, j in wanted))
            wanted |= {i, j}
    return tuple(reversed(kept))


@cache
def comparisons(n: int) -> tuple[tuple[int, int], ...]:
    """Return the pairs that sort n values: Batcher's odd-even mergesort (1968, AFIPS 32, 307)."""
    pairs = []
    p = 1
    while p < n:
        k = p
        while k >= 1:
            for j in range(k % p, n - k, 2 * k):
                for i in range(min(k, n - j - k)):
                    if (i + j) // (2 * p) == (i + j + k) // (2 * p):
                        pairs.append((i + j, i + j + k))
            k //= 2
        p *= 2
    return tuple(pairs)
