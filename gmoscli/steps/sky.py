"""Bring the sky of all frames to one level, and weigh the frames by its noise."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Grid, Observation
from ..geometry import Affine, Points
from ..stack import to_native
from ..stats import median_and_noise
from ..step import step

FOLLOWING = 4
"""Frames after each, round the list, that it is compared with, besides the reference."""
FEWEST = 10
"""Cells that two frames must share to be compared."""


@dataclass(frozen=True)
class Differences:
    """By how much the scaled sky of a second frame is above that of a first, where both see it."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Frame numbers."""
    value: NDArray[np.float64]
    error: NDArray[np.float64]


@step("correctBackgroundToReference")
def match_sky(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Find the offset of each ccd's sky from the reference frame's, and each frame's weight.

    The offset is to be added after scaling. It is the least-squares solution to the differences of
    blank sky where frames overlap; frames that overlap with none go by their median level. A frame
    weighs as the inverse of its scaled sky variance: the best average of faint sources, and the
    same for every pixel of a ccd, so that the weights cannot follow the light of a star.
    """
    reference = next((i for i, obs in enumerate(frames) if obs.reference), 0)
    indexes = [info.index for info in frames[reference].ccds if info.sky is not None]
    offsets = {index: sky_offsets(frames, index, reference) for index in indexes}
    return [
        _placed(obs, {index: values[i] for index, values in offsets.items()})
        for i, obs in enumerate(frames)
    ]


def _placed(obs: Observation, found: dict[int, float]) -> Observation:
    offsets, weights = {}, {}
    for info in obs.ccds:
        if info.sky is not None and info.index in found:
            offsets[info.index] = found[info.index]
            weights[info.index] = (obs.placement.scale_of(info.index) * info.sky.noise) ** -2
    return replace(obs, placement=replace(obs.placement, offsets=offsets, weights=weights))


def sky_offsets(frames: Sequence[Observation], index: int, reference: int) -> list[float]:
    """Return what to add to the scaled counts of a ccd of each frame; 0 where it has no sky."""
    infos = [next((i for i in obs.ccds if i.index == index), None) for obs in frames]
    scales = [obs.placement.scale_of(index) for obs in frames]
    own = infos[reference]
    assert own is not None and own.sky is not None
    base = scales[reference] * own.sky.level
    guess, sigma = np.zeros(len(frames)), np.ones(len(frames))
    for i, (info, scale) in enumerate(zip(infos, scales, strict=True)):
        if info is not None and info.sky is not None:
            guess[i], sigma[i] = base - scale * info.sky.level, scale * info.sky.noise
    found = solved(differences(frames, infos, scales, reference), guess, sigma, reference)
    return [float(value) for value in found]


def differences(
    frames: Sequence[Observation],
    infos: Sequence[CcdInfo | None],
    scales: Sequence[float],
    reference: int,
) -> Differences:
    """Return how the skies of one ccd differ between pairs of frames."""
    own = infos[reference]
    assert own is not None
    grid = Grid(own.index, own.wcs, own.shape, (own.index,))
    rows = []
    for i, j in pairs(len(frames), reference):
        first, second = infos[i], infos[j]
        if first is None or second is None:
            continue
        there = to_native(grid, frames[j], own.index).after(
            to_native(grid, frames[i], own.index).inverse
        )
        levels = shared(first, second, there)
        apart = scales[j] * levels[1] - scales[i] * levels[0]
        if len(apart) >= FEWEST:
            middle, scatter = median_and_noise(apart)
            rows.append((i, j, middle, 1.25 * max(scatter, 1e-6) / np.sqrt(len(apart))))
    first_of, second_of, value, error = np.array(rows, float).reshape(-1, 4).T
    return Differences(first_of.astype(np.intp), second_of.astype(np.intp), value, error)


def pairs(frames: int, reference: int) -> list[tuple[int, int]]:
    """Return the pairs of frames to compare: all with the reference, each with the next few."""
    found = {(min(reference, i), max(reference, i)) for i in range(frames)}
    for i in range(frames):
        for step_ in range(1, FOLLOWING + 1):
            j = (i + step_) % frames
            found.add((min(i, j), max(i, j)))
    return sorted(pair for pair in found if pair[0] != pair[1])


def shared(first: CcdInfo, second: CcdInfo, there: Affine) -> NDArray[np.float64]:
    """Return the levels of the cells that both ccds show: [first or second, cell].

    ``there`` maps pixels of the first to those of the second, whose level is interpolated between
    its cells.
    """
    if first.sky is None or second.sky is None:
        return np.empty((2, 0))
    ours, theirs = first.sky.cells, second.sky.cells
    if ours is None or theirs is None:
        return np.empty((2, 0))
    row, column = np.indices(ours.level.shape).reshape(2, -1)
    centres = (np.column_stack([column, row]) + 0.5) * ours.size - 0.5
    at = (there(centres) + 0.5) / theirs.size - 0.5
    levels = np.stack([ours.level.ravel(), between_cells(theirs.level, at)]).astype(float)
    return levels[:, np.isfinite(levels).all(axis=0)]


def between_cells(level: NDArray[Any], at: Points) -> NDArray[np.float64]:
    """Return the level at places (x, y) in units of cells, linear between their centres, or NaN."""
    ny, nx = level.shape
    x, y = np.floor(at).astype(int).T
    right, up = at[:, 0] - x, at[:, 1] - y
    inside = (x >= 0) & (x < nx - 1) & (y >= 0) & (y < ny - 1)
    x, y = np.where(inside, x, 0), np.where(inside, y, 0)
    x2, y2 = np.minimum(x + 1, nx - 1), np.minimum(y + 1, ny - 1)
    low = (1 - right) * level[y, x] + right * level[y, x2]
    high = (1 - right) * level[y2, x] + right * level[y2, x2]
    return np.where(inside, (1 - up) * low + up * high, np.nan)


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
