"""Match the stars of two frames: the offset that most pairs vote for, and who is whose pair.

Positions are on one tangent plane, in arcsec. What does not stand out of chance is no match.
"""

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from ..geometry import Points

PLAUSIBLE = 5.0
"""Factor between the counts of one star in two frames, besides their exposure times."""
NEAR = 2.0
"""Arcsec within which headers are usually right."""
FEW = 5
"""Bright stars from which their own agreement has to place a frame, without the headers' help."""
CHANCE = 0.05
"""Chance coincidences from which a match of few stars near the header's place is refused."""
TRUST = "place it by its headers: -p register:trust_headers=true"


@dataclass(frozen=True)
class Stars:
    """Stars of one frame on the reference's tangent plane."""

    at: Points
    """(n, 2) arcsec."""
    error: NDArray[np.float64]
    """One axis, arcsec."""
    flux: NDArray[np.float64]
    """Within the same multiple of the seeing in every frame."""
    flux_error: NDArray[np.float64]
    ccd: NDArray[np.intp]
    """Index of the ccd that each is on."""

    def where(self, some: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Stars":
        """Return some of them."""
        return Stars(*(getattr(self, f.name)[some] for f in fields(Stars)))


class Unplaced(Exception):
    """Stars do not say where a frame lies: what is wrong, and what may help."""

    def __init__(self, what: str, hint: str) -> None:
        """Keep both."""
        super().__init__(what)
        self.what, self.hint = what, hint


def voted(
    reference: Stars, stars: Stars, expected: float, reach: float, radius: float, area: float
) -> Points:
    """Return the offset that most pairs of stars agree on, arcsec.

    Only stars of plausible counts make a pair: ``expected`` is the ratio of the reference's to the
    frame's exposure time. ``area`` of the frame (square arcsec) tells how many agree by chance.
    Raises Unplaced when no offset stands out, or two do.
    """
    if not len(reference.at) or not len(stars.at):
        raise Unplaced("no stars to register by", TRUST)
    offsets = plausible(reference, stars, expected)
    offsets = offsets[(np.abs(offsets) < reach + radius).all(axis=1)]
    bins = max(8, int(np.ceil(2 * (reach + radius) / (radius / 2))))
    span = [[-reach - radius, reach + radius]] * 2
    counts, xs, _ = np.histogram2d(offsets[:, 0], offsets[:, 1], bins=bins, range=span)
    votes = _summed(counts)
    peak = np.unravel_index(int(votes.argmax()), votes.shape)
    chance = float(np.mean(votes))
    distance = np.hypot(*(np.indices(votes.shape) - np.reshape(peak, (2, 1, 1))))
    rival = float(votes[distance > 6].max(initial=0.0))
    best = float(votes[peak])
    if best < chance + 4 * np.sqrt(chance) + 2 or best < 1.25 * rival or best <= rival + 1:
        few = by_few(reference, stars, expected, radius, area)
        if few is not None:
            return few
        raise Unplaced(
            f"no clear match with the reference frame within {reach:g} arcsec"
            f" ({best:.0f} stars agree, {rival:.0f} on another offset)",
            f"leave the frame out, widen -p register:first_pass, or {TRUST}",
        )
    centre = xs[list(peak)] + (xs[1] - xs[0]) / 2
    return _agreed(offsets, centre, radius)


def _agreed(offsets: Points, about: Points, radius: float) -> Points:
    """Return the median of the offsets within some radius of one."""
    result: Points = np.median(offsets[np.hypot(*(offsets - about).T) < radius], axis=0)
    return result


def plausible(reference: Stars, stars: Stars, expected: float) -> Points:
    """Return the offsets of all pairs whose counts may be those of one star."""
    ours, theirs = (np.log(np.maximum(flux, 1e-9)) for flux in (reference.flux, stars.flux))
    unlike = ours[:, None] - theirs - np.log(expected)
    one, other = np.nonzero(np.abs(unlike) < np.log(PLAUSIBLE))
    result: Points = stars.at[other] - reference.at[one]
    return result


def by_few(
    reference: Stars, stars: Stars, expected: float, radius: float, area: float
) -> Points | None:
    """Return the offset near the header's place that the few brightest stars agree on, or None.

    At least half of them have to agree, on one offset alone, and more of them than by chance.
    """
    ours, theirs = _brightest(reference), _brightest(stars)
    offsets = plausible(ours, theirs, expected)
    near = offsets[np.hypot(*offsets.T) < NEAR]
    if not len(near) or min(len(ours.at), len(theirs.at)) > FEW:
        return None
    votes = (np.hypot(*(near[:, None] - near).transpose(2, 0, 1)) < radius).sum(axis=1)
    best = int(votes.max())
    winners = near[votes == best]
    alike = np.hypot(*(winners - winners[0]).T).max() < 2 * radius
    each = len(ours.at) * len(theirs.at) * np.pi * radius**2 / area
    by_chance = (NEAR / radius) ** 2 * each**best / math.factorial(best)
    enough = 2 * best >= min(len(ours.at), len(theirs.at))
    return _agreed(near, winners[0], radius) if enough and alike and by_chance < CHANCE else None


def _brightest(stars: Stars) -> Stars:
    """Return the stars whose counts are like those of the brightest."""
    return stars.where(stars.flux * PLAUSIBLE > stars.flux.max())


def _summed(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over each cell and its eight neighbours."""
    padded = np.pad(counts, 1)
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    result: NDArray[np.float64] = rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]
    return result


def paired(
    ours: Points, theirs: Points, radius: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return indexes of points that are each other's nearest, within a radius."""
    if not len(ours) or not len(theirs):
        return np.empty(0, np.intp), np.empty(0, np.intp)
    across, along = (ours[:, None, axis] - theirs[:, axis] for axis in (0, 1))
    squares = across * across + along * along
    nearest = squares.argmin(axis=1)
    back = squares.argmin(axis=0)
    mine = np.arange(len(ours))
    mutual = (back[nearest] == mine) & (squares[mine, nearest] < radius**2)
    return mine[mutual], nearest[mutual]
