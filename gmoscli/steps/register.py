"""Find where each frame lies on the sky of the reference frame, from matched stars.

All positions are on the tangent plane of the reference, in arcsec: each ccd's own world coordinate
system brings its stars there, so the ccds of a frame move together and no mosaic is needed. The
first guess is the header's pointing plus the offset that most pairs of stars vote for; the answer
is a robust least-squares fit to matched pairs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..errors import ReductionError
from ..frame import Catalogue, CcdInfo, Observation, Placement
from ..geometry import ARCSEC, Affine, Points, project
from ..stats import SIGMA_PER_MAD
from ..step import Range, step

MOST = 400
"""Brightest stars of a frame that are compared; more add cost and no accuracy."""
FEWEST_TO_TURN = 5
"""Pairs from which a rotation is fitted: left out, 0.02 degrees would put a ccd's corners off by
0.4 pixel; put in, it adds 0.005 pixel to the error by five stars."""
FLOOR = 0.005
"""Arcsec: what distortion and the atmosphere leave, however bright the star."""


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


@step("adjustWCSToReference")
def register(
    frames: Sequence[Observation],
    *,
    ccd: Annotated[int, "use the stars of this ccd alone; 0 for all", Range(0, 3)] = 0,
    first_pass: Annotated[float, "how far headers may be wrong, arcsec", Range(0.1)] = 20.0,
    match_radius: Annotated[float, "largest residual of a pair, arcsec", Range(0.05)] = 0.5,
    min_sources: Annotated[int, "fewest matched stars", Range(1)] = 5,
    rotate: Annotated[bool, "fit a rotation as well, with five pairs or more"] = True,
) -> Sequence[Observation]:
    """Place all frames on the sky of the best of them.

    Raises ReductionError naming the frame that cannot be placed, or not without doubt.
    """
    if len(frames) == 1:
        return [replace(frames[0], reference=True)]
    best = max(range(len(frames)), key=lambda i: (_merit(frames[i], ccd), -i))
    centre = centre_of(frames[best])
    reference = stars_of(frames[best], centre, ccd)
    placed = []
    for i, obs in enumerate(frames):
        if i == best:
            placed.append(replace(obs, reference=True))
            continue
        stars = stars_of(obs, centre, ccd)
        fix, matches, rms = fitted(
            reference, stars, obs, first_pass, match_radius, min_sources, rotate
        )
        placed.append(replace(obs, placement=Placement(fix, matches, rms)))
    return placed


def _merit(obs: Observation, ccd: int) -> float:
    """Return the information on positions that a frame's stars carry."""
    stars = stars_of(obs, centre_of(obs), ccd)
    return float((1 / stars.error**2).sum())


def centre_of(obs: Observation) -> tuple[float, float]:
    """Return the point of the sky that a frame's headers are tangent at, degrees."""
    for info in obs.ccds:
        if info.wcs is not None:
            return info.wcs.crval
    raise ReductionError("no celestial coordinates in the headers", path=obs.path)


def stars_of(
    obs: Observation, centre: tuple[float, float], ccd: int = 0, *, stars: bool = False
) -> Stars:
    """Return the brightest clean sources of a frame, or of its marked stars."""
    parts = [
        _on_ccd(info, centre, stars)
        for info in obs.ccds
        if info.sources is not None and (not ccd or info.index in (0, ccd))
    ]
    parts = [part for part in parts if len(part.at)]
    if not parts:
        return _no_stars()
    together = Stars(
        *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Stars))
    )
    brightest = np.argsort(-together.flux, kind="stable")[:MOST]
    return Stars(*(getattr(together, f.name)[brightest] for f in fields(Stars)))


def _no_stars() -> Stars:
    return Stars(np.empty((0, 2)), np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.intp))


def _on_ccd(info: CcdInfo, centre: tuple[float, float], stars: bool) -> Stars:
    """Return the clean sources, or the stars, of one ccd on a tangent plane."""
    assert info.sources is not None
    if info.wcs is None:
        return _no_stars()
    some = info.sources[info.sources["star"]] if stars else chosen(info.sources)
    sky = info.wcs.sky(np.column_stack([some["x"], some["y"]]))
    signal_to_noise = some["flux"] / np.maximum(some["flux_error"], 1e-9)
    width = (info.fwhm or 4.0) * info.wcs.scale / 2.355
    return Stars(
        project(sky, centre) * ARCSEC,
        np.hypot(width / np.maximum(signal_to_noise, 1.0), FLOOR),
        some["flux"],
        some["flux_error"],
        np.full(len(some), info.index),
    )


def chosen(sources: Catalogue) -> Catalogue:
    """Return the clean sources of a catalogue, or all positive ones when hardly any is clean."""
    clean = sources[sources["clean"]]
    return clean if len(clean) >= 5 else sources[sources["flux"] > 0]


def fitted(
    reference: Stars,
    stars: Stars,
    obs: Observation,
    reach: float,
    radius: float,
    fewest: int,
    rotate: bool,
) -> tuple[Affine, int, float]:
    """Return the map from reference to frame (tangent plane, degrees), pairs, and rms (arcsec)."""
    offset = voted(reference.at, stars.at, reach, radius, obs)
    fix = Affine.moved(*offset)
    pairs = paired(fix(reference.at), stars.at, 2 * radius)
    residuals = np.empty((0, 2))
    for _ in range(6):
        ours, theirs = pairs
        if len(ours) < fewest:
            raise ReductionError(
                f"only {len(ours)} stars match the reference frame, {fewest} are needed",
                path=obs.path,
                hint="leave the frame out, or set -p register:min_sources",
            )
        error = np.hypot(reference.error[ours], stars.error[theirs])
        turn = rotate and len(ours) >= FEWEST_TO_TURN
        fix = _moved(reference.at[ours], stars.at[theirs], 1 / error**2, turn)
        residuals = stars.at[theirs] - fix(reference.at[ours])
        spread = SIGMA_PER_MAD * float(np.median(np.abs(residuals)))
        pairs = paired(fix(reference.at), stars.at, min(radius, max(4 * spread, 4 * FLOOR)))
    rms = SIGMA_PER_MAD * float(np.median(np.abs(residuals)))
    return Affine(fix.matrix, fix.shift / ARCSEC), len(pairs[0]), rms


def voted(
    reference: Points, stars: Points, reach: float, radius: float, obs: Observation
) -> Points:
    """Return the offset that most pairs of stars agree on.

    Raises ReductionError when no offset stands out of the chance pairs, or two do.
    """
    if len(reference) < 1 or len(stars) < 1:
        raise ReductionError("no stars to register by", path=obs.path)
    offsets = (stars[None] - reference[:, None]).reshape(-1, 2)
    near = offsets[(np.abs(offsets) < reach + radius).all(axis=1)]
    bins = max(8, int(np.ceil(2 * (reach + radius) / (radius / 2))))
    span = [[-reach - radius, reach + radius]] * 2
    counts, xs, _ = np.histogram2d(near[:, 0], near[:, 1], bins=bins, range=span)
    votes = _summed(counts)
    peak = np.unravel_index(int(votes.argmax()), votes.shape)
    chance = float(np.mean(votes))
    distance = np.hypot(*(np.indices(votes.shape) - np.reshape(peak, (2, 1, 1))))
    rival = float(votes[distance > 6].max(initial=0.0))
    best = float(votes[peak])
    if best < chance + 4 * np.sqrt(chance) + 2 or best < 1.25 * rival or best <= rival + 1:
        raise ReductionError(
            f"no clear match with the reference frame within {reach:g} arcsec"
            f" ({best:.0f} stars agree, {rival:.0f} on another offset)",
            path=obs.path,
            hint="leave the frame out, or widen -p register:first_pass",
        )
    centre = xs[list(peak)] + (xs[1] - xs[0]) / 2
    agreeing = near[np.hypot(*(near - centre).T) < radius]
    result: Points = np.median(agreeing, axis=0)
    return result


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
    squares = ((ours[:, None] - theirs[None]) ** 2).sum(axis=-1)
    nearest = squares.argmin(axis=1)
    back = squares.argmin(axis=0)
    mine = np.arange(len(ours))
    mutual = (back[nearest] == mine) & (squares[mine, nearest] < radius**2)
    return mine[mutual], nearest[mutual]


def _moved(ours: Points, theirs: Points, weight: NDArray[np.float64], rotate: bool) -> Affine:
    """Return the shift, or shift and rotation, that best brings our points to theirs.

    The best rotation between two weighted point sets in a plane is the phase of their complex
    correlation about the centroids (Kabsch 1976 in two dimensions); scale is held at one.
    """
    a, b = ours @ [1, 1j], theirs @ [1, 1j]
    total = weight.sum()
    turn = 1.0 + 0.0j
    for _ in range(4):
        centre_a, centre_b = (weight * a).sum() / total, (weight * b).sum() / total
        if rotate:
            turn = ((weight * (b - centre_b)) * np.conj(a - centre_a)).sum()
            turn /= abs(turn)
        residual = np.abs(b - centre_b - turn * (a - centre_a))
        spread = max(SIGMA_PER_MAD * float(np.median(residual)), FLOOR)
        weight = np.where(residual < 5 * spread, weight, 0.0)
        total = weight.sum()
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = centre_b - turn * centre_a
    return Affine(matrix, np.array([shift.real, shift.imag]))
