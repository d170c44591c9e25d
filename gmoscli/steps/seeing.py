"""Measure the seeing of each frame from the stars of all its ccds.

Growth curves of bright stars are fitted by a Moffat profile, its index the same for all frames of
a night. Fluxes are then those of the frame's own profile, so that frames of different seeing
compare.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Observation
from ..geometry import ARCSEC, Affine, Points, project
from ..step import step
from .catalogue import BASE, FEWEST, RADII, as_wide, bright, growth_curve, is_round, seeing
from .detect import pixel_scale
from .match import paired
from .profile import fitted_moffat, profile_fluxes, rings
from .register import centre_of

Floats = NDArray[np.float64]

SAME = 0.5
"""Arcsec within which two frames see the same source."""


@step("measureIQ")
def measure_seeing(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Note the seeing of each frame, and mark the stars in its catalogues.

    Only sources that a second frame sees as well can be stars: cosmic rays cannot. Widths are
    pooled over the ccds, since the sky is the same for all.
    """
    centre = centre_of(frames[0])
    reference = next((i for i, obs in enumerate(frames) if obs.reference), 0)
    places = [_places(obs, centre) for obs in frames]
    marked = []
    for i, obs in enumerate(frames):
        witness = reference if i != reference else _another(frames, reference)
        seen = None if witness is None else _seen(places[i], places[witness])
        marked.append(_with_stars(obs, seen))
    curves = [
        growth_curve([info.sources for info in obs.ccds if info.sources is not None])
        for obs in marked
    ]
    pixel = pixel_scale(frames[0].ccds[0])
    indices = [
        fitted_moffat(RADII[: len(c)], c, error=e, pixel=pixel).beta
        for c, e in filter(None, curves)
    ]
    if not indices:
        return marked
    beta = float(np.median(indices))
    return [_with_seeing(obs, curve, beta) for obs, curve in zip(marked, curves, strict=True)]


def _another(frames: Sequence[Observation], reference: int) -> int | None:
    """Return the frame that shares most stars with the reference, if there is one."""
    others = [i for i in range(len(frames)) if i != reference]
    return max(others, key=lambda i: frames[i].placement.matches, default=None)


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


def _with_stars(obs: Observation, seen: NDArray[np.bool_] | None) -> Observation:
    """Return the observation with the stars of its catalogues marked."""
    widths, good, start = [], [], 0
    for info in obs.ccds:
        if info.sources is None or info.wcs is None:
            good.append(np.empty(0, bool))
            continue
        own = slice(start, start + len(info.sources))
        start = own.stop
        good.append(info.sources["clean"] & (True if seen is None else seen[own]))
        some = info.sources[
            good[-1] & bright(info.sources) & is_round(info.sources, info.roundness)
        ]
        widths.append(some["fwhm"] * info.wcs.scale)
    width = seeing(np.concatenate(widths)) if widths else None
    if width is None:
        return obs
    pairs = list(zip(obs.ccds, good, strict=True))
    infos = tuple(_marked(info, width, g, alone=True) for info, g in pairs)
    if sum(int(info.sources["star"].sum()) for info in infos if info.sources is not None) < FEWEST:
        infos = tuple(_marked(info, width, g, alone=False) for info, g in pairs)
    return replace(obs, ccds=infos)


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
    light, error = curve
    star = fitted_moffat(
        RADII[: len(light)], light, beta, error=error, pixel=pixel_scale(obs.ccds[0])
    )
    shape = rings(light) / star.total
    return replace(obs, ccds=tuple(_with_fluxes(info, star.fwhm, shape) for info in obs.ccds))


def _with_fluxes(info: CcdInfo, fwhm: float, shape: Floats) -> CcdInfo:
    if info.sources is None or info.wcs is None or info.sky is None:
        return info
    sources = info.sources.copy()
    grown = sources["growth"][:, BASE] > 0
    noise = info.sky.noise / info.wcs.scale
    circles = slice(len(shape))
    growth = sources["growth"][grown, circles]
    flux, error = profile_fluxes(growth, shape, RADII[circles], noise)
    sources["flux"][grown], sources["flux_error"][grown] = flux, error
    return replace(info, sources=sources, fwhm=fwhm / info.wcs.scale)
