"""Find where each frame lies on the sky of the reference frame, from matched stars.

All positions are on the tangent plane of the reference, in arcsec: each ccd's own world coordinate
system brings its stars there, so the ccds of a frame move together and no mosaic is needed. The
first guess is the header's pointing plus the offset that most pairs of stars vote for; the answer
is a robust least-squares fit to matched pairs.
"""

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from ..errors import ReductionError
from ..frame import Catalogue, CcdInfo, Observation, Placement
from ..geometry import ARCSEC, Affine, Points, project
from ..stats import SIGMA_PER_MAD
from ..step import Range, step
from .match import Stars, Unplaced, paired, voted

MOST = 400
"""Brightest stars of a frame that are compared; more add cost and no accuracy."""
ENOUGH = 100
"""Matches of these, or else all stars are compared: in a crowd the brightest that are not full are
others in another seeing."""
ROLL = np.radians(0.02)
"""One sigma of the rotation between frames of one position angle: what few stars cannot tell is
taken to be zero within this."""
FLOOR = 0.005
"""Arcsec: what distortion and the atmosphere leave, however bright the star."""
BESIDE = 0.03
"""Of a star's width: how far what shines beside it may draw its centroid."""
ALIKE = 0.9
"""Share of the best frame's merit from which the first frame is taken: chance decides the rest."""
BLENDED = 0.03
"""Of a star's light: how much of what shines beside it one seeing adds, and another does not."""
RAYLEIGH = 1.177
"""Median distance from the centre, over the sigma of one axis, of normal errors in a plane."""
TAIL = 2.5
"""Typical residuals from which a pair loses its say."""


@step("adjustWCSToReference")
def register(
    frames: Sequence[Observation],
    *,
    ccd: Annotated[int, "use the stars of this ccd alone; 0 for all", Range(0, 3)] = 0,
    first_pass: Annotated[float, "how far headers may be wrong, arcsec", Range(0.1)] = 20.0,
    match_radius: Annotated[float, "largest residual of a pair, arcsec", Range(0.05)] = 0.5,
    min_sources: Annotated[int, "fewest matched stars", Range(1)] = 1,
    rotate: Annotated[bool, "fit a rotation as well"] = True,
    trust_headers: Annotated[bool, "place a frame by its headers if its stars cannot"] = False,
) -> Sequence[Observation]:
    """Place all frames on the sky of the best of them, the first of those that are as good.

    Raises ReductionError naming the frame that cannot be placed, or not without doubt.
    """
    if len(frames) == 1:
        return [replace(frames[0], reference=True)]
    merits = [_merit(obs, ccd) for obs in frames]
    best = next(i for i, merit in enumerate(merits) if merit >= ALIKE * max(merits))
    centre = centre_of(frames[best])

    standard = stars_of(frames[best], centre, ccd, most=None)

    def placed(obs: Observation) -> Placement:
        stars = stars_of(obs, centre, ccd, most=None)
        expected = frames[best].exposure_time / max(obs.exposure_time, 1e-3)

        def by(most: int | None) -> Placement:
            ours, theirs = (each.where(slice(most)) for each in (standard, stars))
            offset = voted(ours, theirs, expected, first_pass, match_radius, field_of(obs))
            return fitted(ours, theirs, offset, match_radius, min_sources, rotate)

        if max(len(standard.at), len(stars.at)) < MOST:
            return by(None)
        try:
            there = by(MOST)
        except Unplaced:
            return by(None)
        return there if there.matches >= ENOUGH else by(None)

    found = []
    for i, obs in enumerate(frames):
        if i == best:
            found.append(replace(obs, reference=True))
            continue
        try:
            there = placed(obs)
        except Unplaced as reason:
            if not trust_headers:
                raise ReductionError(reason.what, path=obs.path, hint=reason.hint) from None
            there = Placement()
        found.append(replace(obs, placement=there))
    return found


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
    obs: Observation,
    centre: tuple[float, float],
    ccd: int = 0,
    *,
    stars: bool = False,
    most: int | None = MOST,
) -> Stars:
    """Return the brightest clean sources of a frame, or of its marked stars; all with None."""
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
    return together.where(np.argsort(-together.flux, kind="stable")[:most])


def _no_stars() -> Stars:
    return Stars(np.empty((0, 2)), np.empty(0), np.empty(0), np.empty(0), np.empty(0, np.intp))


def _on_ccd(info: CcdInfo, centre: tuple[float, float], stars: bool) -> Stars:
    """Return the clean sources, or the stars, of one ccd on a tangent plane."""
    assert info.sources is not None
    if info.wcs is None:
        return _no_stars()
    some = info.sources[info.sources["star"]] if stars else chosen(info.sources)
    sky = info.wcs.sky(np.column_stack([some["x"], some["y"]]))
    noise_to_signal = some["flux_error"] / np.maximum(some["flux"], 1e-9)
    width = (info.fwhm or 4.0) * info.wcs.scale / 2.355
    beside = np.where(some["alone"], 0.0, 1.0)
    share = np.hypot(np.minimum(noise_to_signal, 1.0), BESIDE * beside)
    return Stars(
        project(sky, centre) * ARCSEC,
        np.hypot(width * share, FLOOR),
        some["flux"],
        np.hypot(some["flux_error"], BLENDED * beside * some["flux"]),
        np.full(len(some), info.index),
    )


def chosen(sources: Catalogue) -> Catalogue:
    """Return the clean sources of a catalogue, or all positive ones when none is clean."""
    clean = sources[sources["clean"]]
    return clean if len(clean) else sources[sources["flux"] > 0]


def field_of(obs: Observation) -> float:
    """Return the area of sky that a frame shows, square arcsec."""
    infos = [info for info in obs.ccds if info.wcs is not None]
    return sum(info.shape[0] * info.shape[1] * info.wcs.scale**2 for info in infos if info.wcs)


def fitted(
    reference: Stars, stars: Stars, offset: Points, radius: float, fewest: int, rotate: bool
) -> Placement:
    """Return where a frame lies (reference to frame, on the tangent plane, degrees).

    Raises Unplaced with fewer matched stars than are asked for.
    """
    fix = Affine.moved(*offset)
    pairs = paired(fix(reference.at), stars.at, 2 * radius)
    residuals, error = np.empty((0, 2)), 0.0
    for _ in range(6):
        ours, theirs = pairs
        if len(ours) < fewest:
            raise Unplaced(
                f"only {len(ours)} stars match the reference frame, {fewest} are needed",
                "leave the frame out, or set -p register:min_sources",
            )
        sigma = np.hypot(reference.error[ours], stars.error[theirs])
        fix, error = moved(reference.at[ours], stars.at[theirs], sigma, rotate)
        residuals = stars.at[theirs] - fix(reference.at[ours])
        pairs = paired(fix(reference.at), stars.at, radius)
    rms = SIGMA_PER_MAD * float(np.median(np.abs(residuals)))
    return Placement(Affine(fix.matrix, fix.shift / ARCSEC), len(pairs[0]), rms, error)


def moved(
    ours: Points, theirs: Points, sigma: NDArray[np.float64], rotate: bool
) -> tuple[Affine, float]:
    """Return the shift, or shift and rotation, that best brings our points to theirs; its error.

    The best rotation between two weighted point sets in a plane is the phase of their complex
    correlation about the centroids (Kabsch 1976 in two dimensions); a real number added to that
    correlation is prior knowledge of no rotation. Scale is held at one. Pairs lose weight as they
    lie off, by a Cauchy distribution. The error is one sigma of one axis where it is largest among
    our points, in their unit.
    """
    a, b = ours @ [1, 1j], theirs @ [1, 1j]
    weight = known = sigma**-2.0
    turn, centre_a, centre_b, lever = 1.0 + 0.0j, 0j, 0j, 1.0
    for _ in range(8):
        total = weight.sum()
        centre_a, centre_b = (weight * a).sum() / total, (weight * b).sum() / total
        arm = a - centre_a
        lever = float((weight * np.abs(arm) ** 2).sum()) + ROLL**-2.0
        if rotate:
            turn = (weight * (b - centre_b) * np.conj(arm)).sum() + ROLL**-2.0
            turn /= abs(turn)
        off = np.abs(b - centre_b - turn * arm) / sigma
        typical = max(1.0, float(np.median(off)) / RAYLEIGH)
        known = (sigma * typical) ** -2.0
        weight = known / (1 + (off / (TAIL * typical)) ** 2)
    matrix = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = centre_b - turn * centre_a
    arms = float((np.abs(a - centre_a) ** 2).max())
    error = float(np.sqrt(1 / known.sum() + arms / lever / 2))  # turned, it moves across its arm
    return Affine(matrix, np.array([shift.real, shift.imag])), error
