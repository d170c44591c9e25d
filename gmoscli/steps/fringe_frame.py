"""Make fringe frames: the pattern is what dithered frames have in common without their sources.

What is smooth is taken off each frame, since gradients of the sky change from frame to frame, and
its mean is given back to the pattern, which has a smooth part of its own. The level of that and the
tilt that all ccds share are left to the sky: it has a tilt, and the chips have none in common.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import Annotated

import numpy as np

from ..dq import Dq
from ..errors import ReductionError
from ..frame import Ccd, Exposure, Fringes, Observation
from ..geometry import ARCSEC, project
from ..stats import thinned
from ..step import Range, step
from .fringe import FEWEST, ORDER, RIM, THRESHOLD, amplitude, less_fringes
from .objects import objects
from .polynomial import Surface, regressed
from .surface import fitted_surface, in_blocks

_WITHOUT = "stack them with their fringes: -p subtract_fringe:skip_primitive=True"


@step("dilateObjectMask")
def mask_objects(
    ccd: Ccd,
    fringe: Ccd | None,
    *,
    detect_thresh: Annotated[float, "sigmas above the sky, per block", Range(0.1)] = THRESHOLD,
    dilation: Annotated[int, "pixels by which sources are grown", Range(0, 20)] = RIM,
) -> Ccd:
    """Flag the sources, found once a draft of the fringes and a smooth sky are taken away."""
    even = flattened(ccd if fringe is None else less_fringes(ccd, fringe))
    found = objects(even, detect_thresh, dilation)
    if found is None:
        return ccd
    return ccd.with_planes(dq=ccd.dq | found.grown * np.uint16(Dq.BAD))


@step("makeFringeFrame")
def flatten_sky(ccd: Ccd) -> Ccd:
    """Take off what is smooth, of the sky and of the pattern alike; note it, and the level."""
    return flattened(ccd)


@step("makeFringeFrame")
def part_sky(ccd: Ccd, fringe: Ccd | None) -> Ccd:
    """Part the sky into the pattern of a draft fringe frame, which stays, and what is smooth.

    Noted are the amplitude of the pattern, the level of the sky, which stays as well, and what is
    taken off. Next to the pattern a surface can follow the sky alone, with all sources masked.
    """
    if fringe is None:
        return flattened(ccd)
    scale, _ = amplitude(ccd, fringe)
    pattern = np.float32(scale) * fringe.sci
    even = flattened(ccd.with_planes(sci=ccd.sci - pattern, dq=ccd.dq | fringe.dq))
    note = even.info.fringes
    if note is not None:
        note = replace(note, amplitude=scale or None)
    return even.with_planes(sci=even.sci + pattern).with_info(fringes=note)


def flattened(ccd: Ccd) -> Ccd:
    """Return the ccd at the level of its sky all over, with a note of what was taken off.

    A ccd that shows too little sky is flagged.
    """
    blocks = in_blocks(ccd.info, ccd.dq == 0, ccd.sci)
    if blocks.count.size < FEWEST:
        return ccd.with_planes(dq=ccd.dq | np.uint16(Dq.BAD)).with_info(level=None, fringes=None)
    surface = fitted_surface(blocks, blocks.means[0], ORDER)
    uneven = surface.plane(ccd.sci.shape)
    some = thinned(ccd.sci.shape)
    level = float(np.median(uneven[some][ccd.dq[some] == 0]))
    uneven -= np.float32(level)
    note = Fringes(None, surface.coefficients)
    return ccd.with_planes(sci=ccd.sci - uneven).with_info(level=level, fringes=note)


@step("makeFringeFrame")
def match_fringes(
    frames: Sequence[Observation],
    *,
    min_dither: Annotated[float, "least distance of the widest dither, arcsec", Range(0)] = 5.0,
    min_frames: Annotated[int, "fewest frames", Range(2)] = 3,
) -> Sequence[Observation]:
    """Scale the frames to one amplitude of the pattern and take the level of their sky away.

    Where the amplitude is not known yet, they are scaled to one sky level. Frames weigh as the
    inverse variance of their scaled sky. What was taken off them is averaged.
    Raises ReductionError for too few frames, or undithered ones: sources would stay as well.
    """
    check_dithered(frames, min_dither, min_frames)
    central = frames[0].central.index
    levels, amplitudes = zip(*(_strengths(obs, central) for obs in frames), strict=True)
    known = [amplitude for amplitude in amplitudes if amplitude]
    strengths = known if len(known) == len(frames) else levels
    placed = [
        _placed(obs, strengths[0] / strength)
        for obs, strength in zip(frames, strengths, strict=True)
    ]
    smooth = {info.index: _mean_smooth(placed, info.index) for info in frames[0].ccds}
    return [_with_smooth(obs, smooth) for obs in placed]


def _strengths(obs: Observation, index: int) -> tuple[float, float | None]:
    """Return the sky level and the amplitude of the pattern in one ccd. Raises ReductionError."""
    info = next((info for info in obs.ccds if info.index == index), None)
    if info is None or not info.level or info.level <= 0:
        raise ReductionError("no good sky pixels: is it saturated?", path=obs.path)
    return info.level, info.fringes.amplitude if info.fringes is not None else None


def _placed(obs: Observation, scale: float) -> Observation:
    levels = {info.index: info.level for info in obs.ccds if info.level is not None}
    offsets = {index: -scale * level for index, level in levels.items()}
    weights = {index: 1 / (scale**2 * max(level, 1.0)) for index, level in levels.items()}
    return replace(
        obs, placement=replace(obs.placement, scale=scale, offsets=offsets, weights=weights)
    )


def _mean_smooth(frames: Sequence[Observation], index: int) -> Fringes | None:
    """Return the mean of what was taken off one ccd, scaled and weighted as the frames are."""
    own = [
        (obs.placement, info.fringes.smooth)
        for obs in frames
        for info in obs.ccds
        if info.index == index and info.fringes is not None
    ]
    if not own:
        return None
    weights = [place.weights[index] for place, _ in own]
    mean = np.average([place.scale * smooth for place, smooth in own], axis=0, weights=weights)
    return Fringes(1.0, np.asarray(mean, np.float64))


def _with_smooth(obs: Observation, smooth: dict[int, Fringes | None]) -> Observation:
    ccds = tuple(replace(info, fringes=smooth.get(info.index)) for info in obs.ccds)
    return replace(obs, ccds=ccds)


def check_dithered(frames: Sequence[Observation], least: float, fewest: int) -> None:
    """Raise ReductionError unless there are enough frames, some of them far enough apart."""
    if len(frames) < fewest:
        raise ReductionError(
            f"a fringe frame needs {fewest} frames or more, not {len(frames)}",
            path=frames[0].path,
            hint=_WITHOUT,
        )
    points = [info.wcs.crval for obs in frames for info in obs.ccds[:1] if info.wcs is not None]
    apart = [
        float(np.hypot(*project(np.array([b]), a)[0])) * ARCSEC for a, b in combinations(points, 2)
    ]
    if not apart or max(apart) < least:
        raise ReductionError(
            f"undithered: no two frames are {least:g} arcsec apart, the widest"
            f" {max(apart, default=0.0):.1f}",
            path=frames[0].path,
            hint=_WITHOUT,
        )


@step("makeFringeFrame")
def centre_fringes(exposure: Exposure) -> Exposure:
    """Give the pattern its smooth part back, without each ccd's level and the tilt of them all.

    Flagged pixels hold nothing.
    """
    ccds = [_whole(ccd) for ccd in exposure.ccds]
    blocks = [in_blocks(ccd.info, ccd.dq == 0, ccd.sci) for ccd in ccds]
    heights = np.concatenate([each.means[0] for each in blocks])
    if heights.size < FEWEST:
        return exposure
    owner = np.repeat(np.arange(len(blocks)), [each.means[0].size for each in blocks])
    owners = np.unique(owner)
    places = np.concatenate([each.centres for each in blocks])
    design = np.column_stack([places, owner[:, None] == owners])
    (right, up, *found), _, _ = regressed(design, heights)
    levels = dict(zip(owners.tolist(), found, strict=True))
    centred = (_less(ccd, right, up, levels.get(k, 0.0)) for k, ccd in enumerate(ccds))
    return replace(exposure, ccds=tuple(centred))


def _whole(ccd: Ccd) -> Ccd:
    """Return a mean of flattened frames with the mean of what was taken off them."""
    if ccd.info.fringes is None:
        return ccd
    smooth = Surface(ccd.info.fringes.smooth).plane(ccd.sci.shape)
    smooth += ccd.sci
    return ccd.with_planes(sci=smooth).with_info(fringes=None)


def _less(ccd: Ccd, right: float, up: float, level: float) -> Ccd:
    """Return a ccd less a plane, by its slopes along x and y and its level at the first pixel."""
    y, x = (np.arange(n) for n in ccd.sci.shape)
    row, column = (right * x + level).astype(np.float32), (up * y).astype(np.float32)
    even = ccd.sci - row
    even -= column[:, None]
    even[ccd.dq != 0] = 0
    return ccd.with_planes(sci=even)
