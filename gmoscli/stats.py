"""Medians, clipped moments and noise: the only place where they are computed."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SIGMA_PER_MAD = 1.4826
"""Of a normal distribution: sigma over the median absolute deviation."""


def median_and_noise(
    values: NDArray[Any], *, clip: float = 3.0, rounds: int = 5
) -> tuple[float, float]:
    """Return the clipped median and the robust sigma (1.4826 MAD) of a sample; NaN when empty."""
    sample = np.sort(np.asarray(values, np.float64).ravel())
    middle = sigma = float("nan")
    low, high = 0, sample.size
    for _ in range(rounds):
        if low >= high:
            break
        kept = sample[low:high]
        middle = _sorted_median(kept)
        sigma = SIGMA_PER_MAD * float(np.median(np.abs(kept - middle)))
        reach = clip * sigma
        new_low = int(np.searchsorted(sample, middle - reach, "left"))
        new_high = int(np.searchsorted(sample, middle + reach, "right"))
        if (new_low, new_high) == (low, high):
            break
        low, high = new_low, new_high
    return middle, sigma


def _sorted_median(values: NDArray[np.float64]) -> float:
    n = values.size
    return float(0.5 * (values[(n - 1) // 2] + values[n // 2]))


def thinned(shape: tuple[int, int], most: int = 200_000) -> tuple[slice, slice]:
    """Return slices that pick at most about ``most`` pixels, evenly over an array."""
    stride = max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / most))))
    return slice(stride // 2, None, stride), slice(stride // 2, None, stride)


def depth_median(stack: NDArray[np.float32], good: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the median over frames of the good values: [n, y, x] to [y, x].

    Where no frame is good, the median of all. Sorting the frames is about four times as fast as
    ``np.median`` for the depths of a night.
    """
    n = len(stack)
    everywhere = bool(good.all())
    order = np.sort(stack if everywhere else np.where(good, stack, np.float32(np.inf)), axis=0)
    result: NDArray[np.float32]
    if everywhere:
        result = order[n // 2] if n % 2 else (order[n // 2 - 1] + order[n // 2]) * np.float32(0.5)
        return result
    count = good.sum(axis=0)
    none = count == 0
    if none.any():
        order[:, none] = np.sort(stack[:, none], axis=0)
        count[none] = n
    low = np.take_along_axis(order, ((count - 1) // 2)[None], axis=0)[0]
    high = np.take_along_axis(order, (count // 2)[None], axis=0)[0]
    result = (low + high) * np.float32(0.5)
    return result
