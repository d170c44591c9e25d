"""Measure the seeing of each frame from the stars of all its ccds."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..frame import CcdInfo, Observation
from ..geometry import ARCSEC, Affine, Points, project
from ..step import step
from .register import centre_of, paired
from .sources import as_wide, is_round, seeing

SAME = 0.5
"""Arcsec within which two frames see the same source."""
BRIGHT = 20.0
"""Signal-to-noise of sources whose widths count."""


@step("measureIQ")
def measure_seeing(frames: Sequence[Observation]) -> Sequence[Observation]:
    """Note the seeing of each frame, and mark the stars in its catalogues.

    Only sources that a second frame sees as well can be stars: cosmic rays cannot. Widths are
    pooled over the ccds, since the sky is the same for all.
    """
    centre = centre_of(frames[0])
    reference = next((i for i, obs in enumerate(frames) if obs.reference), 0)
    places = [_places(obs, centre) for obs in frames]
    measured = []
    for i, obs in enumerate(frames):
        witness = reference if i != reference else _another(frames, reference)
        seen = None if witness is None else _seen(places[i], places[witness])
        measured.append(_with_seeing(obs, seen))
    return measured


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


def _with_seeing(obs: Observation, seen: NDArray[np.bool_] | None) -> Observation:
    """Return the observation with its seeing, its stars marked."""
    widths, start = [], 0
    parts = []
    for info in obs.ccds:
        if info.sources is None or info.wcs is None:
            parts.append(None)
            continue
        own = slice(start, start + len(info.sources))
        start = own.stop
        good = info.sources["clean"] & (True if seen is None else seen[own])
        parts.append(good)
        bright = info.sources["flux"] > BRIGHT * info.sources["flux_error"]
        some = info.sources[good & bright & is_round(info.sources)]
        widths.append(some["fwhm"] * info.wcs.scale)
    fwhm = seeing(np.concatenate(widths)) if widths else None
    infos = tuple(
        info if fwhm is None or good is None else _marked(info, fwhm, good)
        for info, good in zip(obs.ccds, parts, strict=True)
    )
    return replace(obs, ccds=infos)


def _marked(info: CcdInfo, fwhm: float, good: NDArray[np.bool_]) -> CcdInfo:
    assert info.sources is not None
    assert info.wcs is not None
    sources = info.sources.copy()
    width = fwhm / info.wcs.scale
    sources["star"] = good & as_wide(sources, width)
    return replace(info, sources=sources, fwhm=width)
