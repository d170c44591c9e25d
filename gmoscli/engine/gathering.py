"""Bring together what a band is stacked of: the native rows of all frames that reach it."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..band import Band, Deep, Piece, Strips, widened
from ..dq import Dq
from ..frame import CcdInfo, Flags, Grid, Observation, Plane, Source
from ..geometry import Affine
from ..grids import info_of, tilted, to_native
from ..steps.resample import check_turn
from .running import Shelved, assembled


def maps_of(frames: Sequence[Source], grid: Grid) -> list[dict[int, Affine]]:
    """Return how a grid's pixels go to those of each frame's ccds. Raises for a large turn."""
    maps = [
        {index: to_native(grid, frame.obs, index) for index in _members(frame.obs, grid)}
        for frame in frames
    ]
    for frame, own in zip(frames, maps, strict=True):
        for to_ccd in own.values():
            check_turn(to_ccd, frame.obs.path)
    return maps


def _members(obs: Observation, grid: Grid) -> tuple[int, ...]:
    return tuple(info.index for info in obs.ccds if info.index in grid.members)


def sky_of(reference: Observation, grid: Grid) -> float:
    """Return the level of blank sky that all frames of a grid are brought to."""
    sky = info_of(reference, grid.index or reference.central.index).sky
    return 0.0 if sky is None else sky.level


def gathered(
    frames: Sequence[Source],
    maps: list[dict[int, Affine]],
    grid: Grid,
    band: Band,
    halo: int,
    beside: tuple[int, int],
    sky: float,
) -> Strips:
    """Return what of all frames reaches a band, rows and columns ``beside`` it, and its halo."""
    inner = band.rows, band.columns
    rows, columns = map(widened, inner, beside, grid.shape)
    wide = Band(rows, columns)
    above, left = (
        slice(side.start - outer.start, side.stop - outer.start)
        for side, outer in zip(inner, (rows, columns), strict=True)
    )
    pieces, weights, fwhm = [], [], []
    for frame, own in zip(frames, maps, strict=True):
        placement = frame.obs.placement
        found = []
        for index, to_ccd in own.items():
            info = info_of(frame.obs, index)
            area = _native(to_ccd, wide, halo, info.shape)
            if area is not None:
                sci, var, dq = _pixels(frame, info, *area)
                offset = placement.offsets.get(index, 0.0)
                scale = placement.scale_of(index)
                corner = area[0].start, area[1].start
                if index in placement.slopes:
                    sci = tilted(sci, corner, info.shape, placement.slopes[index], scale)
                found.append(Piece(sci, var, dq, corner[0], to_ccd, scale, offset, corner[1]))
        pieces.append(tuple(found))
        member = [placement.weights[i] for i in own if i in placement.weights]
        weights.append(float(np.mean(member)) if member else 1.0)
        widths = [w for i in own if (w := _narrowest(info_of(frame.obs, i))) is not None]
        fwhm.append(float(np.median(widths)) if widths else 0.0)
    return Strips(
        tuple(pieces),
        wide.rows.start,
        wide.shape,
        tuple(weights),
        tuple(fwhm),
        sky,
        columns.start,
        grid.shape[1],
        (above, left),
    )


def _narrowest(info: CcdInfo) -> float | None:
    """Return the seeing, in pixels, along the coarser axis."""
    return None if info.fwhm is None else info.fwhm * info.roundness**0.5


def _native(
    to_ccd: Affine, band: Band, halo: int, shape: tuple[int, int]
) -> tuple[slice, slice] | None:
    """Return the rows and columns of a ccd that a band and its halo see, or None."""
    ends_y, ends_x = (
        (side.start - halo, side.stop - 1 + halo) for side in (band.rows, band.columns)
    )
    corners = to_ccd([[x, y] for y in ends_y for x in ends_x])
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0)) + 1
    left, first = np.maximum(low, 0).astype(int).tolist()
    right, last = np.minimum(high, shape[::-1]).astype(int).tolist()
    return (slice(first, last), slice(left, right)) if first < last and left < right else None


def _pixels(
    frame: Source, info: CcdInfo, rows: slice, columns: slice
) -> tuple[Plane, Plane, Flags]:
    """Return a part of a ccd's planes; what its stars hide is flagged."""
    sci, var, dq = _rows(frame, info.index, rows.start, rows.stop)
    if info.stars is not None:
        dq = dq | info.stars.flags(Dq.COSMIC_RAY, rows.start, rows.stop, info.shape[1])
    if (columns.start, columns.stop) == (0, info.shape[1]):
        return sci, var, dq
    sci, var, dq = (np.ascontiguousarray(plane[:, columns]) for plane in (sci, var, dq))
    return sci, var, dq


def _rows(frame: Source, index: int, start: int, stop: int) -> Any:
    if isinstance(frame, Shelved):
        return frame.planes[index].rows(start, stop)
    ccd = assembled(frame, index)
    return ccd.sci[start:stop], ccd.var[start:stop], ccd.dq[start:stop]


def laid(strips: Strips) -> Deep:
    """Return frames that share their pixels already, scaled."""
    parts = [frame[0] for frame in strips.frames]
    sci = np.empty((len(parts), *parts[0].sci.shape), np.float32)
    for plane, part in zip(sci, parts, strict=True):
        np.multiply(part.sci, np.float32(part.scale), out=plane)
        np.add(plane, np.float32(part.offset), out=plane)
    equal_rows = not any(part.var.strides[0] for part in parts)
    var = np.stack(
        [(part.var[:1] if equal_rows else part.var) * np.float32(part.scale**2) for part in parts]
    )
    dq = np.stack([part.dq for part in parts])
    return Deep(sci, np.broadcast_to(var, sci.shape), dq, strips.weights, strips.sky)


def joined(groups: Sequence[slice], on_grid: Callable[[slice], Deep]) -> Deep:
    """Return all frames on their grid, from what gives those of one group."""
    first, *others = groups
    whole = on_grid(first)
    if others:
        whole = _enlarged(whole, groups[-1].stop)
    for some in others:
        whole = _with(whole, on_grid(some), some)
    return whole


def _enlarged(part: Deep, frames: int) -> Deep:
    """Return the first frames with room for the others."""
    own: tuple[Plane | Flags, ...] = part.sci, part.var, part.dq
    sci, var, dq = (np.empty((frames, *plane.shape[1:]), plane.dtype) for plane in own)
    for room, plane in zip((sci, var, dq), own, strict=True):
        room[: len(plane)] = plane
    return replace(part, sci=sci, var=var, dq=dq)


def _with(whole: Deep, part: Deep, some: slice) -> Deep:
    """Return frames with some more of them, which go where there is room for them."""
    whole.sci[some], whole.var[some], whole.dq[some] = part.sci, part.var, part.dq
    return replace(whole, weights=whole.weights + part.weights, fwhm=whole.fwhm + part.fwhm)
