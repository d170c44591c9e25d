"""Bring together what a band is stacked of: the native rows of all frames that reach it."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dq import Dq
from ..frame import CcdInfo, Deep, Grid, Observation, Piece, Source, Strips
from ..geometry import Affine
from ..stack import Band, info_of, tilted, to_native
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
    sky: float,
) -> Strips:
    """Return the native rows of all frames that reach a band and its halo."""
    pieces, weights, fwhm = [], [], []
    for frame, own in zip(frames, maps, strict=True):
        placement = frame.obs.placement
        found = []
        for index, to_ccd in own.items():
            info = info_of(frame.obs, index)
            rows = _native_rows(to_ccd, band, halo, grid.shape[1], info.shape[0])
            if rows is not None:
                sci, var, dq = _rows(frame, index, *rows)
                if info.stars is not None:
                    dq = dq | info.stars.flags(Dq.COSMIC_RAY, *rows, info.shape[1])
                offset = placement.offsets.get(index, 0.0)
                scale = placement.scale_of(index)
                if index in placement.slopes:
                    sci = tilted(sci, rows[0], info.shape, placement.slopes[index], scale)
                found.append(Piece(sci, var, dq, rows[0], to_ccd, scale, offset))
        pieces.append(tuple(found))
        member = [placement.weights[i] for i in own if i in placement.weights]
        weights.append(float(np.mean(member)) if member else 1.0)
        widths = [w for i in own if (w := _narrowest(info_of(frame.obs, i))) is not None]
        fwhm.append(float(np.median(widths)) if widths else 0.0)
    shape = (band.rows, grid.shape[1])
    return Strips(tuple(pieces), band.start, shape, tuple(weights), tuple(fwhm), sky)


def _narrowest(info: CcdInfo) -> float | None:
    """Return the seeing, in pixels, along the coarser axis."""
    return None if info.fwhm is None else info.fwhm * info.roundness**0.5


def _native_rows(
    to_ccd: Any, band: Band, halo: int, width: int, height: int
) -> tuple[int, int] | None:
    """Return the rows of a ccd that a band and its halo see, or None."""
    y1, y2 = band.start - halo, band.stop - 1 + halo
    rows = to_ccd([[0, y1], [width - 1, y1], [0, y2], [width - 1, y2]])[:, 1]
    start, stop = max(int(np.floor(rows.min())), 0), min(int(np.ceil(rows.max())) + 1, height)
    return (start, stop) if start < stop else None


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
