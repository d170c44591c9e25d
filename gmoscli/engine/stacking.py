"""Stack frames: each grid of output pixels in bands of rows, all frames deep."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ..dq import Dq
from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Deep, Grid, Observation, Piece, Planes, Source, Strips
from ..geometry import Affine
from ..stack import (
    Band,
    average_amps,
    bands,
    bands_at_once,
    grid_of_ccd,
    info_of,
    tilted,
    to_native,
)
from ..step import Step
from ..steps.correlation import correlation
from ..steps.resample import check_turn
from .budget import give_back
from .parking import shelved
from .running import Loaded, Run, Shelved, Tally, ahead, assembled, let_go, noted

CACHED = 24 << 20
"""Bytes of a band that needs no halo: few enough that what is made of it stays near the processor,
and so many that threads seldom wait for each other."""
TIGHT_ROWS = 160
"""Rows of a band, halos among them, below which memory is short: what its steps have freed then
goes back to the system, where the C library would keep a quarter of all. With 60 frames bands are
so much wider for it, and halos a smaller part of them, that it saves more time than it takes."""


def stacked(
    before: Sequence[Step], steps: Sequence[Step], frames: list[Source], with_: Run
) -> Source:
    """Return the product of all frames: each grid in bands of rows, the bands in parallel.

    ``before`` are steps on single ccds that the frames have yet to go through. They do when their
    grid is stacked, so that no more than that is held at a time.
    """
    report = partial(with_.report, steps[-1].name)
    observations = [frame.obs for frame in frames]
    check_alike(observations)
    grids = observations[0].grids or tuple(
        grid_of_ccd(observations, info.index) for info in observations[0].ccds
    )
    ready = _ready(before, frames, with_)
    ccds, seen = [], []
    for number, grid in enumerate(grids):
        parts = ready(grid)
        report(number, len(grids))
        ccds.append(_one_grid(steps, parts, grid, with_))
        seen.append([frame.obs for frame in parts])
        for frame in parts:
            if isinstance(frame, Shelved):
                frame.drop(grid.members)
    report(len(grids), len(grids))
    for frame in frames:
        let_go(frame)
    inputs = tuple(_joined(parts) for parts in zip(*seen, strict=True))
    reference = _reference(inputs)
    obs = replace(
        inputs[0],
        ccds=tuple(ccd.info for ccd in ccds),
        inputs=inputs,
        placement=reference.placement,
        exposure_time=reference.exposure_time,
        used=tuple(dict.fromkeys(used for one in inputs for used in one.used)),
    )
    return Loaded(noted(obs, steps), {ccd.info.index: ccd for ccd in ccds})


def _ready(
    before: Sequence[Step], frames: list[Source], with_: Run
) -> Callable[[Grid], Sequence[Source]]:
    """Return what gives the frames as a grid needs them."""
    if not before:
        return lambda _: frames
    parts = sum(len(frame.obs.ccds) for frame in frames)
    tally = Tally(partial(with_.report, before[0].name), parts, len(frames))
    return lambda grid: shelved(before, frames, grid.members, with_, tally)


def _joined(parts: Sequence[Observation]) -> Observation:
    """Return one observation of what is known of its ccds grid by grid."""
    ccds = {info.index: info for obs in parts for info in obs.ccds}
    return replace(parts[0], ccds=tuple(ccds.values()))


def _reference(frames: Sequence[Observation]) -> Observation:
    return next((obs for obs in frames if obs.reference), frames[0])


def check_alike(frames: Sequence[Observation]) -> None:
    """Raise ReductionError unless all frames have the same ccds, binning and unit."""
    first = frames[0]
    for obs in frames[1:]:
        for name, ours, theirs in (
            ("detector", first.detector.id, obs.detector.id),
            ("ccds", [i.index for i in first.ccds], [i.index for i in obs.ccds]),
            ("binning", first.ccds[0].binning, obs.ccds[0].binning),
            ("unit", first.ccds[0].unit, obs.ccds[0].unit),
        ):
            if ours != theirs:
                raise ReductionError(
                    f"{name} {theirs} does not go with {ours} of {first.path.name}", path=obs.path
                )


def _one_grid(steps: Sequence[Step], frames: Sequence[Source], grid: Grid, with_: Run) -> Ccd:
    """Return one ccd of the product."""
    observations = [frame.obs for frame in frames]
    reference = _reference(observations)
    overlaid = steps[0].takes is Strips
    halo = max(step.halo for step in steps) if overlaid else 0
    maps = _maps(frames, grid)
    sky = _sky(reference, grid)

    def job(band: Band) -> Planes:
        work: Any = _gathered(frames, maps, grid, band, halo, sky)
        if not overlaid:
            work = _laid(work)
        for step in steps:  # what one was given is let go when it gives back something new
            work = step(work)
            if tight:
                give_back()
        if not isinstance(work, Planes):
            raise ReductionError("the recipe rejects pixels but never combines them")
        return work

    jobs = bands_at_once(with_.jobs, with_.memory, halo, grid.shape[1], len(frames))
    memory = with_.memory // jobs
    cut = bands(grid.shape, len(frames), memory if overlaid else min(memory, CACHED), halo)
    tight = overlaid and cut[0].rows + 2 * halo < TIGHT_ROWS
    ny, nx = grid.shape
    sci, var = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    dq = np.empty((ny, nx), np.uint16)
    covered, rejected = np.zeros((2, len(frames)), np.int64)
    for band, planes in zip(cut, ahead(with_.pool, job, cut, jobs), strict=True):
        covered += planes.covered
        rejected += planes.rejected
        rows = slice(band.start, band.stop)
        sci[rows], var[rows], dq[rows] = planes.sci, planes.var, planes.dq
    base = info_of(reference, grid.members[0] if grid.index else reference.central.index)
    info = replace(
        base,
        index=grid.index,
        amps=tuple(a for i in grid.members for a in average_amps(observations, reference, i)),
        shape=grid.shape,
        wcs=grid.wcs or base.wcs,
        correlation=correlation(observations, maps, grid.shape) if overlaid else 1.0,
        rejected=tuple((rejected / np.maximum(covered, 1)).tolist()),
    )
    return Ccd(info, sci, var, dq)


def _maps(frames: Sequence[Source], grid: Grid) -> list[dict[int, Affine]]:
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


def _sky(reference: Observation, grid: Grid) -> float:
    """Return the level of blank sky that all frames of a grid are brought to."""
    sky = info_of(reference, grid.index or reference.central.index).sky
    return 0.0 if sky is None else sky.level


def _gathered(
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


def _laid(strips: Strips) -> Deep:
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
