"""Run a recipe over frames: one at a time while pixels flow, in bands where all must meet.

The engine knows of steps only their scope. It is handed where frames come from, where calibrations
come from, a scratch folder and a pool of threads, so it runs in a test without a file or database.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np

from .errors import ReductionError
from .frame import (
    Ccd,
    CcdInfo,
    Deep,
    Done,
    Exposure,
    Grid,
    Observation,
    Piece,
    Planes,
    RawCcd,
    Source,
    Strips,
)
from .geometry import Affine
from .recipe import Recipe
from .scratch import Parked, Scratch
from .stack import Band, average_amps, bands, grid_of_ccd, info_of, to_native
from .step import CALIBRATIONS, Scope, Step
from .steps.cosmics import HALO
from .steps.resample import check_turn, sharpness

In = TypeVar("In")
Out = TypeVar("Out")


class Bring(Protocol):
    """Brings the calibration of a kind for one ccd of an observation; None when none is wanted."""

    def __call__(self, kind: str, obs: Observation, info: CcdInfo) -> Ccd | None:
        """Return it, cut to what the ccd covers."""


Report = Callable[[str, int, int], None]
"""Told of progress: what is being done, how much of it is done, out of how much."""


def silent(_what: str, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Run:
    """What a recipe runs with."""

    bring: Bring
    scratch: Scratch
    pool: Executor
    jobs: int = 2
    memory: int = 256 << 20
    """Bytes for a band with all its frames, over all jobs."""
    report: Report = field(default=silent)
    release: Callable[[], None] = field(default=lambda: None)
    """Called when no calibration will be asked for any more."""


@dataclass(frozen=True)
class Loaded:
    """A frame in memory."""

    obs: Observation
    ccds: dict[int, Ccd]
    piecemeal = True

    def ccd(self, index: int) -> Ccd:
        """Return one ccd."""
        return self.ccds[index]


@dataclass(frozen=True)
class Shelved:
    """A frame whose planes are on disk."""

    obs: Observation
    planes: dict[int, Parked]
    piecemeal = True

    def ccd(self, index: int) -> Ccd:
        """Return one ccd, read back."""
        return Ccd(info_of(self.obs, index), *self.planes[index].ccd())

    def close(self) -> None:
        """Give the disk space back."""
        for planes in self.planes.values():
            planes.drop()


def run(recipe: Recipe, frames: Sequence[Source], with_: Run) -> Iterator[Exposure]:
    """Yield the recipe's products: one a frame, or one in all if it stacks.

    Raises what a step raises; nothing is written but scratch.
    """
    if recipe.draft is not None:
        (draft,) = run(recipe.draft, frames, with_)
        with_ = replace(with_, bring=_drafted(recipe.draft.kind, draft, with_.bring))
    sets = [[frame] for frame in frames] if recipe.each else [frames]
    for together in sets:
        yield from _run(recipe, together, with_)


def _drafted(own: str, draft: Exposure, bring: Bring) -> Bring:
    """Bring a draft as the calibration of its kind, and everything else as before."""
    ccds = {ccd.info.index: ccd for ccd in draft.ccds}

    def brought(kind: str, obs: Observation, info: CcdInfo) -> Ccd | None:
        return ccds[info.index] if kind == own else bring(kind, obs, info)

    return brought


def _run(recipe: Recipe, frames: Sequence[Source], with_: Run) -> Iterator[Exposure]:
    flow: Iterable[Source] = frames
    passes = recipe.passes()
    for number, (scope, steps) in enumerate(passes):
        name = steps[-1].name if scope is Scope.BAND else steps[0].name
        report = partial(with_.report, name)
        if not any(need in CALIBRATIONS for s in passes[number:] for f in s[1] for need in f.needs):
            with_.release()
        meets_later = any(s in (Scope.SET, Scope.BAND) for s, _ in passes[number + 1 :])
        if scope is Scope.CCD and meets_later:
            flow = shelved(steps, list(flow), with_, report)
        elif scope is Scope.CCD:
            flow = loaded(steps, flow, with_)
        elif scope is Scope.EXPOSURE:
            flow = _exposed(steps, flow)
        elif scope is Scope.SET:
            flow = met(steps, list(flow))
        else:
            flow = [stacked(steps, list(flow), with_, report)]
    for frame in flow:
        whole = exposure(frame)
        yield replace(whole, obs=replace(whole.obs, recipe=recipe.name))


def exposure(frame: Source) -> Exposure:
    """Return a frame with all its pixels. Raises ReductionError for raw ones."""
    ccds = []
    for info in frame.obs.ccds:
        ccd = frame.ccd(info.index)
        if isinstance(ccd, RawCcd):
            raise ReductionError("the recipe leaves raw pixels", path=frame.obs.path)
        ccds.append(ccd)
    return Exposure(frame.obs, tuple(ccds))


def ahead(
    pool: Executor, work: Callable[[In], Out], items: Iterable[In], most: int
) -> Iterator[Out]:
    """Yield ``work(item)`` in order, with at most so many under way."""
    waiting: deque[Future[Out]] = deque()
    try:
        for item in items:
            if len(waiting) >= most:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def worked(steps: Sequence[Step], with_: Run, frame: Source, index: int) -> Ccd:
    """Return one ccd of a frame after some steps."""
    ccd: Any = frame.ccd(index)
    for step in steps:
        ccd = step(ccd, *(_brought(need, frame.obs, ccd.info, with_) for need in step.needs))
    if not isinstance(ccd, Ccd):
        raise ReductionError("the recipe leaves raw pixels", path=frame.obs.path)
    return ccd


def _brought(need: str, obs: Observation, info: CcdInfo, with_: Run) -> Any:
    return with_.bring(need, obs, info) if need in CALIBRATIONS else obs


def shelved(
    steps: Sequence[Step],
    frames: Sequence[Source],
    with_: Run,
    report: Callable[[int, int], None],
) -> list[Source]:
    """Return the frames after some steps, their pixels on scratch; a job is a ccd of a frame.

    Frame by frame where a file must be read whole; else ccd by ccd, so that the masters of one ccd
    at a time are in use.
    """

    def job(task: tuple[int, int]) -> tuple[CcdInfo, Parked]:
        number, index = task
        ccd = worked(steps, with_, frames[number], index)
        return ccd.info, with_.scratch.park(ccd)

    tasks = [(i, info.index) for i, frame in enumerate(frames) for info in frame.obs.ccds]
    if all(frame.piecemeal for frame in frames):
        tasks.sort(key=lambda task: task[1])
    parts: list[dict[int, tuple[CcdInfo, Parked]]] = [{} for _ in frames]
    results = ahead(with_.pool, job, tasks, with_.jobs)
    told = 0
    report(told, len(frames))
    for done, ((number, index), part) in enumerate(zip(tasks, results, strict=True), start=1):
        parts[number][index] = part
        if len(parts[number]) == len(frames[number].obs.ccds):
            _let_go(frames[number])
        if told < done * len(frames) // len(tasks):
            told = done * len(frames) // len(tasks)
            report(told, len(frames))
    return [
        Shelved(
            noted(replace(frame.obs, ccds=tuple(info for info, _ in own.values())), steps),
            {index: planes for index, (_, planes) in own.items()},
        )
        for frame, own in zip(frames, parts, strict=True)
    ]


def loaded(steps: Sequence[Step], frames: Iterable[Source], with_: Run) -> Iterator[Source]:
    """Yield the frames after some steps, in memory.

    One ccd after the other: a whole frame is held already, and what works on one at leisure, the
    source extraction of a stack, does not let a second thread run.
    """
    for frame in frames:
        ccds = {i.index: worked(steps, with_, frame, i.index) for i in frame.obs.ccds}
        _let_go(frame)
        obs = replace(frame.obs, ccds=tuple(ccd.info for ccd in ccds.values()))
        yield Loaded(noted(obs, steps), ccds)


def _let_go(frame: Source) -> None:
    close = getattr(frame, "close", None)
    if close is not None:
        close()


def _exposed(steps: Sequence[Step], frames: Iterable[Source]) -> Iterator[Source]:
    """Yield the frames after some steps that see all their ccds."""
    for frame in frames:
        whole = exposure(frame)
        for step in steps:
            whole = step(whole)
        obs = replace(whole.obs, ccds=tuple(ccd.info for ccd in whole.ccds))
        yield Loaded(noted(obs, steps), {ccd.info.index: ccd for ccd in whole.ccds})


def met(steps: Sequence[Step], frames: list[Source]) -> list[Source]:
    """Return the frames with what the steps found by looking at all observations."""
    observations: Sequence[Observation] = [frame.obs for frame in frames]
    for step in steps:
        observations = step(observations)
    return [
        _with_obs(frame, noted(obs, steps)) for frame, obs in zip(frames, observations, strict=True)
    ]


def _with_obs(frame: Source, obs: Observation) -> Source:
    if isinstance(frame, Shelved):
        return Shelved(obs, frame.planes)
    return Loaded(obs, {info.index: _reduced(frame, info.index) for info in obs.ccds})


def _reduced(frame: Source, index: int) -> Ccd:
    ccd = frame.ccd(index)
    if isinstance(ccd, RawCcd):
        raise ReductionError("the recipe compares raw frames", path=frame.obs.path)
    return ccd


def stacked(
    steps: Sequence[Step],
    frames: list[Source],
    with_: Run,
    report: Callable[[int, int], None],
) -> Source:
    """Return the product of all frames: each grid in bands of rows, the bands in parallel."""
    observations = [frame.obs for frame in frames]
    check_alike(observations)
    grids = observations[0].grids or tuple(
        grid_of_ccd(observations, info.index) for info in observations[0].ccds
    )
    first = next((obs for obs in observations if obs.reference), observations[0])
    ccds = []
    for number, grid in enumerate(grids):
        report(number, len(grids))
        ccds.append(_one_grid(steps, frames, grid, first, with_))
    report(len(grids), len(grids))
    for frame in frames:
        _let_go(frame)
    named = observations[0]
    obs = replace(
        named,
        ccds=tuple(ccd.info for ccd in ccds),
        inputs=tuple(observations),
        placement=first.placement,
        exposure_time=first.exposure_time,
        used=tuple(dict.fromkeys(used for one in observations for used in one.used)),
    )
    return Loaded(noted(obs, steps), {ccd.info.index: ccd for ccd in ccds})


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


def _one_grid(
    steps: Sequence[Step], frames: list[Source], grid: Grid, reference: Observation, with_: Run
) -> Ccd:
    """Return one ccd of the product."""
    halo = HALO if steps[0].takes is Strips else 0
    maps = [
        {index: to_native(grid, frame.obs, index) for index in _members(frame.obs, grid)}
        for frame in frames
    ]
    for frame, own in zip(frames, maps, strict=True):
        for to_ccd in own.values():
            check_turn(to_ccd, frame.obs.path)
    sky = _sky(reference, grid)

    def job(band: Band) -> Planes:
        strips = _gathered(frames, maps, grid, band, halo, sky)
        work: Any = strips if steps[0].takes is Strips else _laid(strips)
        for step in steps:
            work = step(work)
        if not isinstance(work, Planes):
            raise ReductionError("the recipe rejects pixels but never combines them")
        return work

    cut = bands(grid.shape, len(frames), with_.memory // with_.jobs, halo)
    ny, nx = grid.shape
    sci, var = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    dq = np.empty((ny, nx), np.uint16)
    covered, rejected = np.zeros((2, len(frames)), np.int64)
    for band, planes in zip(cut, ahead(with_.pool, job, cut, with_.jobs), strict=True):
        covered += planes.covered
        rejected += planes.rejected
        rows = slice(band.start, band.stop)
        sci[rows], var[rows], dq[rows] = planes.sci, planes.var, planes.dq
    base = info_of(reference, grid.members[0] if grid.index else _central(reference))
    observations = [frame.obs for frame in frames]
    info = replace(
        base,
        index=grid.index,
        amps=tuple(a for i in grid.members for a in average_amps(observations, reference, i)),
        shape=grid.shape,
        wcs=grid.wcs or base.wcs,
        correlation=_correlation(observations, maps, grid) if halo else 1.0,
        rejected=tuple((rejected / np.maximum(covered, 1)).tolist()),
    )
    return Ccd(info, sci, var, dq)


def _correlation(frames: Sequence[Observation], maps: list[dict[int, Affine]], grid: Grid) -> float:
    """Return by how much interpolation hides noise from single pixels that apertures still have.

    What was interpolated before hides some already.
    """
    kept = [sharpness(to_ccd, grid.shape) for own in maps for to_ccd in own.values()]
    hidden = [
        info_of(obs, i).correlation ** 2 for obs, own in zip(frames, maps, strict=True) for i in own
    ]
    return float(np.sqrt(np.mean(hidden) / np.mean(kept)))


def _central(obs: Observation) -> int:
    return min(obs.ccds, key=lambda info: abs(info.index - 2)).index


def _members(obs: Observation, grid: Grid) -> tuple[int, ...]:
    return tuple(info.index for info in obs.ccds if info.index in grid.members)


def _sky(reference: Observation, grid: Grid) -> float:
    """Return the level of blank sky that all frames of a grid are brought to."""
    sky = info_of(reference, grid.index or _central(reference)).sky
    return 0.0 if sky is None else sky.level


def _gathered(
    frames: list[Source],
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
                offset = placement.offsets.get(index, 0.0)
                scale = placement.scale_of(index)
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
    ccd = _reduced(frame, index)
    return ccd.sci[start:stop], ccd.var[start:stop], ccd.dq[start:stop]


def _laid(strips: Strips) -> Deep:
    """Return frames that share their pixels already, scaled."""
    parts = [frame[0] for frame in strips.frames]
    return Deep(
        np.stack([p.sci * np.float32(p.scale) + np.float32(p.offset) for p in parts]),
        np.stack([p.var * np.float32(p.scale**2) for p in parts]),
        np.stack([p.dq for p in parts]),
        strips.weights,
        strips.sky,
    )


def noted(obs: Observation, steps: Sequence[Step]) -> Observation:
    """Return the observation with steps and their parameters added to its history."""
    lines = tuple(Done(s.name, s.primitive, json.dumps(s.values())) for s in steps)
    return replace(obs, history=obs.history + lines)
