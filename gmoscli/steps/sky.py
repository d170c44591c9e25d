"""Bring the sky of all frames to one level, and weigh the frames by its noise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..frame import Observation
from ..stats import median_and_noise
from ..step import step
from .overlaps import Overlap, overlaps

CERTAIN = 6.0
"""Sigmas by which two slopes of the sky must differ for any to be corrected: chance gives fewer
than one in a thousand."""
UNTIED = 1.0
"""Counts per pixel, one sigma, by which slopes may differ where no overlap constrains them."""


@dataclass(frozen=True)
class Differences:
    """By how much the scaled sky of a second frame is above that of a first, where both see it."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Frame numbers."""
    value: NDArray[np.float64]
    error: NDArray[np.float64]


class Change(NamedTuple):
    """What to add to the scaled counts of one ccd."""

    offset: float
    """At its middle."""
    slope: tuple[float, float]
    """Per pixel, (x, y)."""


@step("correctBackgroundToReference")
def match_sky(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Find how each ccd's sky differs from the reference frame's, and each frame's weight.

    The offset, and the slopes where they differ for certain, are to be added after scaling. They
    are the least-squares solution to the differences of blank sky where frames overlap; frames that
    overlap with none go by their median level. A frame weighs as the inverse of its scaled sky
    variance: the best average of faint sources, and the same for every pixel of a ccd, so that the
    weights cannot follow the light of a star.
    """
    reference = next((i for i, obs in enumerate(frames) if obs.reference), 0)
    indexes = [info.index for info in frames[reference].ccds if info.sky is not None]
    skies = {index: sky_changes(frames, index, reference) for index in indexes}
    return [
        _placed(obs, {index: changes[i] for index, changes in skies.items()})
        for i, obs in enumerate(frames)
    ]


def _placed(obs: Observation, found: dict[int, Change]) -> Observation:
    offsets, slopes, weights = {}, {}, {}
    for info in obs.ccds:
        if info.sky is not None and info.index in found:
            change = found[info.index]
            offsets[info.index] = change.offset
            if any(change.slope):
                slopes[info.index] = change.slope
            weights[info.index] = (obs.placement.scale_of(info.index) * info.sky.noise) ** -2
    placement = replace(obs.placement, offsets=offsets, slopes=slopes, weights=weights)
    return replace(obs, placement=placement)


def sky_changes(frames: Sequence[Observation], index: int, reference: int) -> list[Change]:
    """Return what to add to the scaled counts of a ccd of each frame; nothing where it has no sky.

    Offsets are those of the middle of the ccd.
    """
    infos = [next((i for i in obs.ccds if i.index == index), None) for obs in frames]
    scales = [obs.placement.scale_of(index) for obs in frames]
    own = infos[reference]
    assert own is not None and own.sky is not None
    base = scales[reference] * own.sky.level
    guess, sigma = np.zeros(len(frames)), np.ones(len(frames))
    for i, (info, scale) in enumerate(zip(infos, scales, strict=True)):
        if info is not None and info.sky is not None:
            guess[i], sigma[i] = base - scale * info.sky.level, scale * info.sky.noise
    seen = list(overlaps(frames, infos, scales, reference))
    slopes = sky_slopes(seen, len(frames), reference)
    apart = differences(seen, slopes)
    offsets = solved(apart, guess, sigma, reference)
    return [
        Change(float(offset), (float(right), float(up)))
        for offset, (right, up) in zip(offsets, slopes, strict=True)
    ]


def sky_slopes(seen: Sequence[Overlap], frames: int, reference: int) -> NDArray[np.float64]:
    """Return what to add to each frame's slope, per pixel: [frame, x or y].

    All are zero unless that of some frame differs from the reference's for certain: otherwise noise
    would be added, and time lost.
    """
    found = [(each.first, each.second, *each.slope()) for each in seen]
    slopes = np.zeros((frames, 2))
    certain = False
    for axis in (0, 1):
        rows = [(i, j, slope[axis], error[axis]) for i, j, slope, error in found]
        apart = as_differences(rows)
        held = np.full(frames, UNTIED)
        slopes[:, axis] = solved(apart, np.zeros(frames), held, reference)
        certain |= bool((np.abs(apart.value) > CERTAIN * apart.error).any())
    return slopes if certain else np.zeros((frames, 2))


def differences(seen: Sequence[Overlap], slopes: NDArray[np.float64]) -> Differences:
    """Return how the skies of pairs of frames differ once they have the same slopes."""
    rows = []
    for each in seen:
        ours, theirs = each.places
        apart = each.apart + theirs @ slopes[each.second] - ours @ slopes[each.first]
        middle, scatter = median_and_noise(apart)
        error = 1.25 * max(scatter, 1e-6) / np.sqrt(len(apart))
        rows.append((each.first, each.second, middle, error))
    return as_differences(rows)


def as_differences(rows: Sequence[tuple[int, int, float, float]]) -> Differences:
    """Return rows of first frame, second frame, value and error as columns."""
    first, second, value, error = np.array(rows, float).reshape(-1, 4).T
    return Differences(first.astype(np.intp), second.astype(np.intp), value, error)


def solved(
    apart: Differences, guess: NDArray[np.float64], sigma: NDArray[np.float64], reference: int
) -> NDArray[np.float64]:
    """Return each frame's offset by least squares; that of the reference is 0.

    The skies of two frames agree if their offsets differ by what the second is above the first. A
    first guess with a large error ``sigma`` holds what no difference ties to the reference.
    """
    weight = apart.error**-2.0
    matrix, right = np.diag(sigma**-2.0), guess * sigma**-2.0
    for sign, one, other in ((1.0, apart.first, apart.second), (-1.0, apart.second, apart.first)):
        np.add.at(matrix, (one, one), weight)
        np.add.at(matrix, (one, other), -weight)
        np.add.at(right, one, sign * weight * apart.value)
    free = np.arange(len(guess)) != reference
    offsets = np.zeros(len(guess))
    offsets[free] = np.linalg.solve(matrix[np.ix_(free, free)], right[free])
    return offsets
