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
    sample = np.sort(np.asarray(values).ravel()).astype(np.float64)
    middle = sigma = float("nan")
    low, high = 0, sample.size
    for _ in range(rounds):
        if low >= high:
            break
        kept = sample[low:high]
        middle = _sorted_median(kept)
        sigma = SIGMA_PER_MAD * _median_distance(kept, middle)
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


def _median_distance(values: NDArray[np.float64], middle: float) -> float:
    """Return the median distance of sorted values from a number."""
    n = values.size
    return 0.5 * (_distance((n - 1) // 2, values, middle) + _distance(n // 2, values, middle))


def _distance(k: int, values: NDArray[np.float64], middle: float) -> float:
    """Return the k-th smallest distance, from 0 on, of sorted values from a number.

    The values up to that distance are neighbours: where they begin is found by bisection, a
    hundred times as fast as a median of all distances.
    """
    low, high = 0, values.size - k - 1
    while low < high:
        first = (low + high) // 2
        if middle - values[first] > values[first + k + 1] - middle:
            low = first + 1
        else:
            high = first
    return float(max(middle - values[low], values[low + k] - middle))


def thinned(shape: tuple[int, int], most: int = 200_000) -> tuple[slice, slice]:
    """Return slices that pick at most about ``most`` pixels, evenly over an array."""
    stride = max(1, int(np.ceil(np.sqrt(shape[0] * shape[1] / most))))
    return slice(stride // 2, None, stride), slice(stride // 2, None, stride)
