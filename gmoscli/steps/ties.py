"""How stars that cross the gaps tie the outer chips to the central one, and how well."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ..frame import Observation, Placement, Tie
from ..geometry import ARCSEC, Affine, Points
from ..stats import SIGMA_PER_MAD
from .match import Stars, paired
from .register import TAIL, centre_of, stars_of

GOOD = 0.05
"""Arcsec: error below which a star's two places tell something of its chips."""
MOST_PAIRS = 40
"""Pairs of frames that are compared: those with the reference, then the widest dithers."""
TABLE = 0.025
"""Arcsec: what the table of detectors is believed to be good for, 0.3 unbinned pixels."""
FEW = 10
"""Pairs that tell their scatter no better than it was expected."""
LARGER = 1.052
"""Median of the larger of two normal deviates, in their sigma."""


@dataclass(frozen=True)
class Crossings:
    """Stars that two frames share, with where each frame has them."""

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    """Frame numbers."""
    ccds: NDArray[np.intp]
    """(n, 2): the ccd of the star in the first and in the second frame."""
    sources: NDArray[np.intp]
    """(n, 2): a number of its own for each source of each frame."""
    apart: Points
    """(n, 2) arcsec on the reference's tangent plane: second minus first."""
    errors: NDArray[np.float64]
    """(n, 2) arcsec, one axis: of the place in either frame."""

    @property
    def error(self) -> NDArray[np.float64]:
        """(n,) arcsec, one axis: of what they are apart."""
        result: NDArray[np.float64] = np.hypot(self.errors[:, 0], self.errors[:, 1])
        return result


@dataclass(frozen=True)
class Solution:
    """What a least-squares fit to crossings tells, arcsec."""

    chips: Points
    """(free, 2): displacement of each free chip."""
    shifts: Points
    """(frames, 2): displacement of each frame."""
    weight: NDArray[np.float64]
    """(n,): of each crossing, per arcsec."""
    spread: float
    """Scatter of the crossings over what is expected."""


def crossings(frames: Sequence[Observation], reference: int, radius: float) -> Crossings:
    """Return the stars shared by pairs of frames that stars have placed."""
    centre = centre_of(frames[reference])
    stars = [stars_of(obs, centre) for obs in frames]
    places = [_placed(s, obs.placement) for s, obs in zip(stars, frames, strict=True)]
    number = np.cumsum([0, *(len(s.at) for s in stars)])
    parts = []
    for i, j in _pairs(frames, reference):
        ours, theirs = paired(places[i], places[j], radius)
        parts.append(
            Crossings(
                np.full(len(ours), i),
                np.full(len(ours), j),
                np.column_stack([stars[i].ccd[ours], stars[j].ccd[theirs]]),
                np.column_stack([number[i] + ours, number[j] + theirs]),
                places[j][theirs] - places[i][ours],
                np.column_stack([stars[i].error[ours], stars[j].error[theirs]]),
            )
        )
    if not parts:
        none, two = np.empty(0, np.intp), np.empty((0, 2), np.intp)
        return Crossings(none, none, two, two, np.empty((0, 2)), np.empty((0, 2)))
    each = ([getattr(part, f.name) for part in parts] for f in fields(Crossings))
    return Crossings(*(np.concatenate(values) for values in each))


def _placed(stars: Stars, placement: Placement) -> Points:
    """Return where a frame's stars lie on the reference's sky, arcsec."""
    back = placement.fix.inverse
    return Affine(back.matrix, back.shift * ARCSEC)(stars.at)


def _pairs(frames: Sequence[Observation], reference: int) -> list[tuple[int, int]]:
    known = [i for i, obs in enumerate(frames) if i == reference or obs.placement.matches]
    pointing = np.array([centre_of(obs) for obs in frames])

    def order(pair: tuple[int, int]) -> tuple[bool, float]:
        apart = pointing[pair[0]] - pointing[pair[1]]
        return reference not in pair, -float(np.hypot(*apart))

    return sorted(combinations(known, 2), key=order)[: max(MOST_PAIRS, len(known) - 1)]


def crossing(seen: Crossings, index: int) -> int:
    """Return how many well-measured stars are on a chip in one frame, on another in another."""
    rows = ((seen.ccds == index).sum(axis=1) == 1) & (seen.error < GOOD)
    if not rows.any():
        return 0
    return len(np.unique(_stars(seen.sources)[seen.sources[rows, 0]]))


def _stars(pairs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each source a number that it has in common with those that pairs join to it.

    A graph of a few thousand pairs; to import the library that has such would take 27 MB.
    """
    star = np.arange(int(pairs.max()) + 1)
    while True:
        joined, least = star.copy(), star[pairs].min(axis=1)
        for side in pairs.T:
            np.minimum.at(joined, side, least)
        if (joined == star).all():
            return star
        star = joined


def solved(seen: Crossings, design: NDArray[np.float64], free: int, reference: int) -> Solution:
    """Return the displacements of so many free chips and of all frames by least squares.

    A star's two places differ by the displacements of its two chips and of the two frames. Stars
    lose weight as they lie off, by a Cauchy distribution. ``design`` has a column for each free
    chip, then for each frame but the reference.
    """
    weight = 1 / seen.error
    spread = 1.0
    solution: Points = np.zeros((design.shape[1], 2))
    for _ in range(5):
        scaled = design * weight[:, None], seen.apart * weight[:, None]
        solution = np.linalg.lstsq(*scaled, rcond=None)[0].astype(np.float64)
        off = np.abs(seen.apart - design @ solution).max(axis=1) / seen.error
        typical = max(SIGMA_PER_MAD * float(np.median(off)), 1e-9)
        spread = _spread(off)
        weight = 1 / (seen.error * np.hypot(1, off / (TAIL * typical)))
    chips, shifts = solution[:free], solution[free:]
    return Solution(chips, np.insert(shifts, reference, 0.0, axis=0), weight, spread)


def errors(seen: Crossings, found: Solution, design: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the error of each free chip's displacement, one sigma of one axis, arcsec.

    They are those of the places of single sources, however many pairs each has a part in, and as
    large as pairs scatter.
    """
    gain = np.linalg.pinv(design * found.weight[:, None])[: len(found.chips)] * found.weight
    return found.spread * np.array([_error(seen, own) for own in gain])


def _design(
    seen: Crossings, free: Sequence[int], frames: int, reference: int
) -> NDArray[np.float64]:
    """Return what each displacement, of a chip or a frame, adds to what stars are apart."""
    design = np.zeros((len(seen.first), len(free) + frames))
    rows = np.arange(len(seen.first))
    for side, sign in ((0, -1.0), (1, 1.0)):
        for column, index in enumerate(free):
            design[seen.ccds[:, side] == index, column] += sign
    design[rows, len(free) + seen.first] -= 1.0
    design[rows, len(free) + seen.second] += 1.0
    return np.delete(design, len(free) + reference, axis=1)


def _spread(off: NDArray[np.float64]) -> float:
    """Return the scatter of pairs over what is expected; of few of them, nearer to that."""
    measured = float(np.median(off)) / LARGER
    return float(np.sqrt((len(off) * measured**2 + FEW) / (len(off) + FEW)))


def _error(seen: Crossings, gain: NDArray[np.float64]) -> float:
    """Return the error of what is ``gain @ apart``: each source's own error counts once."""
    effect = np.bincount(seen.sources.ravel(), np.outer(gain, [-1.0, 1.0]).ravel())
    sigma = np.zeros(len(effect))
    sigma[seen.sources] = seen.errors
    return float(np.sqrt((effect**2 * sigma**2).sum()))


def tied(
    seen: Crossings,
    before: Mapping[int, Tie],
    stars: Mapping[int, int],
    frames: int,
    reference: int,
) -> tuple[dict[int, Tie], Points]:
    """Return how chips lie, from the table, and by how much each frame is displaced, arcsec.

    ``before`` is how far chips have been moved already, ``stars`` how many cross to each.
    """
    free = list(stars)
    design = _design(seen, free, frames, reference)
    found = solved(seen, design, len(free), reference)
    already = np.array([before[i].offset if i in before else (0.0, 0.0) for i in free])
    places = zip(free, already + found.chips, errors(seen, found, design), strict=True)
    ties = {
        i: replace(weighed(tuple(at.tolist()), float(e)), stars=stars[i]) for i, at, e in places
    }
    moved = np.array([tie.offset for tie in ties.values()]) - already
    rest = seen.apart - design[:, : len(free)] @ moved
    frames_alone = design[:, len(free) :]
    return ties, solved(replace(seen, apart=rest), frames_alone, 0, reference).shifts


def weighed(offset: tuple[float, float], error: float) -> Tie:
    """Return the mean, by weight, of where stars have a chip and of where the table has it.

    The table loses its say as the two contradict each other, by a Cauchy distribution.
    """
    off = np.hypot(*offset) / np.hypot(TABLE, error)
    known, table = error**-2.0, TABLE**-2.0 / (1 + (off / TAIL) ** 2)
    share = known / (known + table)
    x, y = (float(share * value) for value in offset)
    return Tie((x, y), float((known + table) ** -0.5), 0)
