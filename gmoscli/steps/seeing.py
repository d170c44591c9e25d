"""Measure the seeing of each frame from the stars of all its ccds.

Growth curves of bright stars are fitted by a Moffat profile, its index the same for all frames of
a night. Fluxes are then those of the frame's own profile, so that frames of different seeing
compare.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..frame import Catalogue, CcdInfo, Observation
from ..geometry import ARCSEC, Affine, Points, project
from ..step import step
from .catalogue import (
    BASE,
    COLUMNS,
    RADII,
    UNLIKE,
    as_wide,
    bright,
    ends_early,
    growth_curve,
    is_crowd,
    is_round,
    narrowest_alike,
    seeing,
    star_of,
)
from .detect import pixel_scale
from .match import paired
from .profile import USUAL, crowd_fluxes, moffat_growth, profile_fluxes, rings
from .register import centre_of

Floats = NDArray[np.float64]
Measure = Callable[..., tuple[Floats, Floats]]
"""Fluxes and their errors, by growth curves, ``radii`` and ``noise`` of the sky."""

CORE = 4
"""The circle, among RADII, that holds the stars of a crowd; the sky is measured around it."""
SAME = 0.5
"""Arcsec within which two frames see the same source."""


@step("measureIQ")
def measure_seeing(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Note the seeing of each frame, and mark the stars in its catalogues.

    Only sources that a second frame sees as well can be stars: cosmic rays cannot. Nor can those
    be that the sharpest frame shows to be wider. Widths are pooled over the ccds, since the sky is
    the same for all.
    """
    marked = with_stars(frames)
    curves = [
        growth_curve([info.sources for info in obs.ccds if info.sources is not None])
        for obs in marked
    ]
    pixel = pixel_scale(frames[0].ccds[0])
    whole = [curve for curve in curves if curve is not None and not ends_early(curve[0])]
    indices = [star_of(curve, pixel).beta for curve in whole]
    beta = float(np.median(indices)) if indices else USUAL
    return [_with_seeing(obs, curve, beta) for obs, curve in zip(marked, curves, strict=True)]


def with_stars(frames: Sequence[Observation]) -> list[Observation]:
    """Return the frames with the stars of their catalogues marked."""
    centre = centre_of(frames[0])
    reference = next((i for i, obs in enumerate(frames) if obs.reference), 0)
    places = [_places(obs, centre) for obs in frames]
    if len(frames) == 1:
        return [_with_stars(frames[0], np.ones(len(places[0]), bool), seeing)]
    witnesses = [reference if i != reference else _another(frames, i) for i in range(len(frames))]
    seen = [_seen(own, places[other]) for own, other in zip(places, witnesses, strict=True)]
    marked = [_with_stars(obs, some) for obs, some in zip(frames, seen, strict=True)]
    widths = [_width(obs) for obs in marked]
    sharpest = int(np.argmin(widths))
    galaxies = places[sharpest][_is_wide(marked[sharpest], widths[sharpest])]
    if not len(galaxies):
        return marked
    return [
        marked[i] if i == sharpest else _with_stars(obs, seen[i] & ~_seen(places[i], galaxies))
        for i, obs in enumerate(frames)
    ]


def _width(obs: Observation) -> float:
    """Return the median width of a frame's stars, pixels; infinite without any."""
    sources = _sources(obs)
    return float(np.median(sources["fwhm"][sources["star"]])) if sources["star"].any() else np.inf


def _is_wide(obs: Observation, width: float) -> NDArray[np.bool_]:
    """Say which of a frame's sources are wider than its stars for certain."""
    sources = _sources(obs)
    wide: NDArray[np.bool_] = sources["clean"] & (sources["fwhm"] > (1 + UNLIKE) * width)
    wide &= bright(sources)
    return wide


def _sources(obs: Observation) -> Catalogue:
    """Return all sources of a frame that have a place on the sky."""
    some = [i.sources for i in obs.ccds if i.sources is not None and i.wcs is not None]
    return np.concatenate([np.empty(0, COLUMNS), *some])


def _another(frames: Sequence[Observation], reference: int) -> int:
    """Return the frame that shares most stars with the reference."""
    others = [i for i in range(len(frames)) if i != reference]
    return max(others, key=lambda i: frames[i].placement.matches)


def _places(obs: Observation, centre: tuple[float, float]) -> Points:
    """Return where all sources of a frame lie on the reference's sky, arcsec."""
    back = obs.placement.fix.inverse
    there = Affine(back.matrix, back.shift * ARCSEC)
    parts = [np.empty((0, 2))]
    for info in obs.ccds:
        if info.sources is not None and info.wcs is not None:
            sky = info.wcs.sky(np.column_stack([info.sources["x"], info.sources["y"]]))
            parts.append(there(project(sky, centre) * ARCSEC))
    return np.concatenate(parts)


def _seen(own: Points, others: Points) -> NDArray[np.bool_]:
    """Say which of a frame's sources another frame sees."""
    seen = np.zeros(len(own), bool)
    for start in range(0, len(own), 1000):  # the distances of all to all would fill the memory
        some = own[start : start + 1000]
        ours, _ = paired(some, others, SAME)
        seen[start + ours] = True
    return seen


def _with_stars(
    obs: Observation,
    seen: NDArray[np.bool_],
    shared: Callable[[Floats], float | None] = narrowest_alike,
) -> Observation:
    """Return the observation with those of its sources marked that have the width of stars."""
    widths, good, start = [], [], 0
    for info in obs.ccds:
        if info.sources is None or info.wcs is None:
            good.append(np.empty(0, bool))
            continue
        own = slice(start, start + len(info.sources))
        start = own.stop
        good.append(info.sources["clean"] & seen[own])
        some = info.sources[
            good[-1] & bright(info.sources) & is_round(info.sources, info.roundness)
        ]
        widths.append(some["fwhm"] * info.wcs.scale)
    width = shared(np.concatenate(widths)) if widths else None
    if width is None:
        return obs
    pairs = list(zip(obs.ccds, good, strict=True))
    alone, every = (
        tuple(_marked(info, width, g, alone=only) for info, g in pairs) for only in (True, False)
    )
    return replace(obs, ccds=every if is_crowd(_stars(alone), _stars(every)) else alone)


def _stars(infos: Sequence[CcdInfo]) -> int:
    """Return the number of marked stars."""
    return sum(int(info.sources["star"].sum()) for info in infos if info.sources is not None)


def _marked(info: CcdInfo, width: float, good: NDArray[np.bool_], *, alone: bool) -> CcdInfo:
    """Return a ccd with those of its good sources marked that are as wide (arcsec) as stars.

    With ``alone``, only those that stand alone.
    """
    if info.sources is None or info.wcs is None:
        return info
    sources = info.sources.copy()
    grown = sources["growth"][:, BASE] > 0
    good = good & (sources["alone"] | (not alone))
    sources["star"] = good & grown & as_wide(sources, width / info.wcs.scale, info.roundness)
    return replace(info, sources=sources)


def _with_seeing(obs: Observation, curve: tuple[Floats, Floats] | None, beta: float) -> Observation:
    """Return the observation with its seeing, its fluxes by the profile of its stars.

    The profile is that of the stars themselves; beyond the last circle it goes on as fitted.
    """
    if curve is None:
        return obs
    light, _ = curve
    pixel = pixel_scale(obs.ccds[0])
    star = star_of(curve, pixel, beta)
    measure: Measure
    if ends_early(light):
        share = moffat_growth(RADII, star.fwhm, star.beta, pixel)
        measure = partial(crowd_fluxes, share=share, base=CORE)
    else:
        measure = partial(profile_fluxes, shape=rings(light) / star.total)
    return replace(obs, ccds=tuple(_with_fluxes(info, star.fwhm, measure) for info in obs.ccds))


def _with_fluxes(info: CcdInfo, fwhm: float, measure: Measure) -> CcdInfo:
    """Return a ccd with the fluxes of its sources measured from their growth curves."""
    if info.sources is None or info.wcs is None or info.sky is None:
        return info
    sources = info.sources.copy()
    grown = sources["growth"][:, BASE] > 0
    noise = info.sky.noise / info.wcs.scale
    flux, error = measure(sources["growth"][grown], radii=RADII, noise=noise)
    sources["flux"][grown], sources["flux_error"][grown] = flux, error
    return replace(info, sources=sources, fwhm=fwhm / info.wcs.scale)
