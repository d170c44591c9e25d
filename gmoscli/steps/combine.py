"""Reject and combine: all frames of a band on one grid become one."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import groupby
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..band import Deep, Planes
from ..depth import depth_median
from ..dq import UNUSABLE, Dq
from ..frame import Plane
from ..step import Choice, Range, step
from .complete import REACH, completed
from .masks import Mask, nonzero, numbered
from .wings import in_wing

_UNUSABLE = np.uint16(UNUSABLE)
LIGHT = 3.0
"""Sigmas of the median above the sky from which a pixel counts as lit by a source."""
FEW = 10
"""Frames of which it is looked at which are good at a pixel, not only how many."""


@step("rejectPixels", aside=3)
def clip_noise(
    deep: Deep,
    *,
    hsigma: Annotated[float, "sigmas above the median", Range(1.0)] = 5.0,
    lsigma: Annotated[float, "sigmas below the median", Range(1.0)] = 5.0,
    sources: Annotated[
        str, "clip values on sources as well, or keep them", Choice(("keep", "clip"))
    ] = "keep",
) -> Deep:
    """Flag values that differ from the median by more than their noise allows.

    The limit is the expected noise of the value and of the median, not the scatter of the sample:
    so one outlier is found even between two frames. On the light of sources frames differ by their
    seeing as well; there values are kept, unless ``sources`` says clip.
    """
    good = (deep.dq & _UNUSABLE) == 0
    n = good.sum(axis=0, dtype=np.uint16)
    median = depth_median(deep.sci, good, lower_of_two=True)  # cosmic rays only add
    judged = n > 1
    light = np.square(np.maximum(median - np.float32(deep.sky), 0) / np.float32(LIGHT))
    found = []
    for i, error in enumerate(median_errors(deep, good, n)):
        sci, var = deep.sci[i], deep.var[i]
        odd = good[i] & judged
        if sources == "keep":
            odd &= light < error
        own = np.sqrt(var + error)
        away = sci - median
        odd &= (away > hsigma * own) | (away < -lsigma * own)
        found.append(nonzero(odd))
    places = numbered(found)
    if sources == "keep":
        wing = in_wing(deep, good, places)
        places = tuple(axis[~wing] for axis in places)
    flags = deep.dq.copy()
    flags[places] |= np.uint16(Dq.COSMIC_RAY)
    return replace(deep, dq=flags)


def median_errors(deep: Deep, good: Mask, n: NDArray[np.uint16]) -> Iterator[NDArray[np.float32]]:
    """Yield for each frame the variance of the median that its values are held against.

    Weights are taken to be inverse variances. Where all n good frames are alike it is 1 / n of the
    mean variance.
    """
    precision = np.sqrt(np.array(deep.weights, np.float32) / max(deep.weights))
    key, count, known = _subsets(good, n, precision)
    deepest = np.zeros(n.shape, np.float32)
    for var, usable, own in zip(deep.var, good, precision, strict=True):
        np.add(deepest, var if own == 1 else var * own**2, out=deepest, where=usable)
    deepest /= np.maximum(n, 1)
    for own, alike in groupby(precision):  # biases and flats are all alike
        others = np.maximum(known - own, precision.min())
        error = deepest * median_variance(count, others, own).take(key)
        yield from (error for _ in alike)


def _subsets(
    good: Mask, n: NDArray[np.uint16], precision: NDArray[np.float32]
) -> tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.float32]]:
    """Return which frames are good at each pixel, as a key; by key their number and precision.

    Of many frames those that lack somewhere are taken to be as precise as all are on average.
    """
    frames = len(precision)
    if frames > FEW or precision.min() == precision.max():
        counts = np.arange(frames + 1, dtype=np.uint16)
        return n, counts, counts * precision.mean()
    key = np.zeros(n.shape, np.uint16)
    for i, usable in enumerate(good):
        key |= usable.astype(np.uint16) << np.uint16(i)
    members = np.arange(1 << frames)[:, None] >> np.arange(frames) & 1
    return key, members.sum(axis=1, dtype=np.uint16), (members @ precision).astype(np.float32)


def median_variance(
    n: NDArray[np.uint16], others: NDArray[np.float32], own: np.float32
) -> NDArray[np.float32]:
    """Return the variance of a median of n values for one of them, over the deepest frame's.

    ``own`` is 1 / sigma of that value, in such units, ``others`` the sum of the others'. A median
    is as precise as the densities of all values at its place together, which go with 1 / sigma:
    its variance is n / sum^2. A value that stands out has but the n - 1 others to be held against;
    as far as it is as good as they are it has its share in the median: 1 / n is left.
    """
    count = np.maximum(n, 2).astype(np.float32)
    beside = count - np.float32(1)
    mean = np.square(beside / others)
    variance: NDArray[np.float32] = (mean - np.minimum(mean, 1 / np.square(own)) / count) / beside
    return variance


@step("rejectPixels", aside=0)
def reject_extremes(
    deep: Deep,
    *,
    nlow: Annotated[int, "lowest values to drop", Range(0)] = 0,
    nhigh: Annotated[int, "highest values to drop", Range(0)] = 1,
) -> Deep:
    """Flag the lowest and highest good values of each pixel, as long as one stays.

    The variance of what stays is lowered to what makes that of their mean right: a mean without
    extremes scatters less than one of as many values that nobody chose.
    """
    good = (deep.dq & _UNUSABLE) == 0
    n = good.sum(axis=0)
    rank = np.where(good, deep.sci, np.float32(np.inf)).argsort(axis=0).argsort(axis=0)
    enough = n > nlow + nhigh
    odd = good & enough & ((rank < nlow) | (rank >= n - nhigh))
    flags = deep.dq.copy()
    flags[odd] |= np.uint16(Dq.COSMIC_RAY)
    excess = np.array([trimmed_excess(k, nlow, nhigh) for k in range(len(good) + 1)], np.float32)
    return replace(deep, dq=flags, var=deep.var * excess[n])


@cache
def trimmed_excess(n: int, nlow: int, nhigh: int) -> float:
    """Return the variance of a mean without extremes over that of a mean of as many values.

    Of ``n`` normal values the lowest and highest are left out, or none where none would stay.
    There is no closed form: it is measured on the same 400 000 values each time, to 1 %.
    """
    kept = n - nlow - nhigh
    if kept < 1 or kept == n:
        return 1.0
    values = np.random.default_rng(0).standard_normal((400_000 // n, n))
    values.sort(axis=1)
    return float(values[:, nlow : n - nhigh].mean(axis=1).var() * kept)


@step("stackFrames", halo=REACH, aside=REACH + 1)
def average(
    deep: Deep,
    *,
    saturated: Annotated[
        str,
        "keep saturated values with their flag, or drop them where another frame has a good one",
        Choice(("keep", "drop")),
    ] = "keep",
    gaps: Annotated[
        str,
        "where a frame lacks part of a star: leave that to the others, or fill in its light",
        Choice(("leave", "fill")),
    ] = "leave",
) -> Planes:
    """Return the weighted mean of the good values, with the variance that its weights give.

    Where no frame is good, the mean is that of all which have data, with their flags. Where none
    has data, it is 0 with the flag NO_DATA. Saturated values are kept in images, so that a star
    which saturates in the sharper frames alone is flagged; in a calibration such a value is a
    cosmic ray, and dropped. Where one frame has a gap in a star, the mean of the others is off if
    their seeing is another; ``gaps`` may mend that (:mod:`.complete`).
    """
    left_out = _UNUSABLE | np.uint16(Dq.SATURATED if saturated == "drop" else 0)
    good = (deep.dq & left_out) == 0
    used = good.sum(axis=0, dtype=np.uint16)
    empty = used == 0
    if empty.any():
        good = np.where(empty, (deep.dq & np.uint16(Dq.NO_DATA)) == 0, good)
    total, sci, var, share, term = np.zeros((5, *used.shape), np.float32)
    dq = np.zeros(used.shape, np.uint16)
    for i, weight in enumerate(deep.weights):
        np.multiply(good[i], np.float32(weight), out=share)
        total += share
        sci += np.multiply(share, deep.sci[i], out=term)
        var += np.multiply(np.square(share, out=share), deep.var[i], out=term)
        dq |= deep.dq[i] * good[i]
    lit = total > 0
    norm = np.where(lit, total, np.float32(1))
    dq[~lit] = Dq.NO_DATA
    mean = Planes(sci / norm, var / np.square(norm), dq, used, *counted(deep))
    return completed(mean, deep) if gaps == "fill" else mean


def counted(deep: Deep) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return how many good pixels each frame has in the band, and how many of them are rejected."""
    own = deep.dq[:, *deep.own]
    rejected = (own & np.uint16(Dq.COSMIC_RAY)) > 0
    usable = (own & (_UNUSABLE ^ np.uint16(Dq.COSMIC_RAY))) == 0
    counts = [
        [np.count_nonzero(u), np.count_nonzero(u & r)]
        for u, r in zip(usable, rejected, strict=True)
    ]
    covered, gone = np.array(counts, np.int64).T
    return covered, gone


@step("stackFrames", aside=0)
def median(deep: Deep) -> Planes:
    """Return the median of the good values.

    Its variance is that of the mean times the factor by which a median of that many normal values
    scatters more: 1 for one or two, approaching pi/2.
    """
    mean = average(deep)
    good = (deep.dq & _UNUSABLE) == 0
    some = np.where(mean.used == 0, (deep.dq & np.uint16(Dq.NO_DATA)) == 0, good)
    n = np.maximum(some.sum(axis=0), 1)
    sci = np.where(some.any(axis=0), depth_median(deep.sci, some), np.float32(0))
    var = (np.where(some, deep.var, 0).sum(axis=0) / np.square(n)) * median_excess(n)
    return Planes(sci, var.astype(np.float32), mean.dq, mean.used, mean.covered, mean.rejected)


def median_excess(n: NDArray[np.intp]) -> Plane:
    """Return the variance of the median of n normal values over that of their mean.

    Small-sample values from the order statistics of the normal distribution (Teichroew 1956, Ann.
    Math. Stat. 27, 410); beyond ten, pi/2 with a correction that joins them to within 1 %.
    """
    table = np.array([1.0, 1.0, 1.0, 1.346, 1.193, 1.434, 1.288, 1.473, 1.344, 1.495, 1.384])
    far = np.pi / 2 * n / (n + np.where(n % 2, 0.5, 1.4))
    result: Plane = np.where(n < len(table), table[np.minimum(n, len(table) - 1)], far)
    return result.astype(np.float32)
