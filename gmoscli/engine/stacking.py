"""Stack frames: each grid of output pixels in bands, all frames deep."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..band import Band, Deep, Planes, Strips
from ..errors import ReductionError
from ..frame import Ccd, Grid, Observation, Source
from ..grids import average_amps, grid_of_ccd, info_of, reference_of
from ..step import Step
from ..steps.correlation import correlation
from ..steps.shared import SharedNoise, shared_noise
from .budget import give_back
from .cutting import area_of, bands, bands_at_once, groups
from .forks import shared_plane
from .gathering import gathered, joined, laid, maps_of, sky_of
from .parking import shelved
from .running import Loaded, Run, Shelved, Tally, let_go, noted

CACHED = 24 << 20
"""Bytes of a band that needs no halo: few enough that what is made of it stays near the processor,
and so many that threads seldom wait for each other."""
TIGHT = 160 << 10
"""Pixels of a band, those of halos among them, below which memory is short, as it is with more than
one group of frames: what its steps have freed then goes back to the system, where the C library
would keep a sixth to a quarter of all. Bands are so much larger for it, and halos a smaller part,
that it saves more time than it takes."""


def stacked(
    before: Sequence[Step], steps: Sequence[Step], frames: list[Source], how: Run
) -> Source:
    """Return the product of all frames: each grid in bands, which are jobs of their own.

    ``before`` are steps on single ccds that the frames have yet to go through. They do when their
    grid is stacked, so that no more than that is held at a time.
    """
    report = partial(how.report, steps[-1].name)
    observations = [frame.obs for frame in frames]
    check_alike(observations)
    grids = observations[0].grids or tuple(
        grid_of_ccd(observations, info.index) for info in observations[0].ccds
    )
    ready = _ready(before, frames, how)
    ccds: list[Ccd] = []
    seen = []
    report(0, len(grids))
    for together in [[grid] for grid in grids] if before else [list(grids)]:
        parts = ready(together)
        seen.append([frame.obs for frame in parts])
        for ccd in _stacks(steps, parts, together, how):
            ccds.append(ccd)
            report(len(ccds), len(grids))
    for frame in frames:
        let_go(frame)
    inputs = tuple(_joined(parts) for parts in zip(*seen, strict=True))
    reference = reference_of(inputs)
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
    before: Sequence[Step], frames: list[Source], how: Run
) -> Callable[[Sequence[Grid]], Sequence[Source]]:
    """Return what gives the frames as some grids need them."""
    if not before:
        return lambda _: frames
    parts = sum(len(frame.obs.ccds) for frame in frames)
    tally = Tally(partial(how.report, before[0].name), parts, len(frames))

    def ready(grids: Sequence[Grid]) -> Sequence[Source]:
        members = {index for grid in grids for index in grid.members}
        return shelved(before, frames, members, how, tally)

    return ready


def _joined(parts: Sequence[Observation]) -> Observation:
    """Return one observation of what is known of its ccds grid by grid."""
    ccds = {info.index: info for obs in parts for info in obs.ccds}
    return replace(parts[0], ccds=tuple(ccds.values()))


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


def _stacks(
    steps: Sequence[Step], frames: Sequence[Source], grids: Sequence[Grid], how: Run
) -> Iterator[Ccd]:
    """Yield the ccds of the product; what is parked of the frames is dropped as they are done."""
    about = _Around.of(steps)
    jobs = min(
        bands_at_once(how.jobs, how.memory, about.halo, grid.shape[1], len(frames), about.aside)
        for grid in grids
    )
    stacks = [_Stack(steps, frames, grid, about, how.memory // jobs) for grid in grids]
    tasks = [(stack, band) for stack in stacks for band in stack.bands]
    results = how.each(lambda task: task[0].work(task[1]), tasks, jobs)
    for (stack, band), counts in zip(tasks, results, strict=True):
        stack.count(*counts)
        if band is stack.bands[-1]:
            yield stack.ccd()
            for frame in frames:
                if isinstance(frame, Shelved):
                    frame.drop(stack.grid.members)


@dataclass(frozen=True)
class _Around:
    """What steps look at around a band."""

    native: int = 0
    """Rows and columns on all sides, on native pixels."""
    beside: tuple[int, int] = (0, 0)
    """Rows and columns on both sides that are stacked as well, for steps that look there then."""
    aside: int | None = None
    """Columns on both sides in all; None where bands have to be whole rows."""

    @property
    def halo(self) -> int:
        """Rows above and below in all."""
        return self.native + self.beside[0]

    @classmethod
    def of(cls, steps: Sequence[Step]) -> "_Around":
        """Return what these steps look at."""
        native = [step for step in steps if step.takes is Strips]
        if not native:
            return cls()
        deep = [step for step in steps if step.takes is Deep]
        halo, above = max(step.halo for step in native), sum(step.halo for step in deep)
        if any(step.aside is None for step in steps):
            return cls(halo, (above, 0))
        wide = max(step.aside or 0 for step in native)
        beside = sum(step.aside or 0 for step in deep)
        return cls(halo, (above, beside), wide + beside)


Counts = NDArray[np.int64]
"""Pixels, by frame."""


class _Stack:
    """A stack in the making: its bands are worked on in any order, and by any process."""

    def __init__(
        self,
        steps: Sequence[Step],
        frames: Sequence[Source],
        grid: Grid,
        about: _Around,
        memory: int,
    ):
        observations = [frame.obs for frame in frames]
        self.grid = grid
        self._frames, self._about = frames, about
        self._native = [step for step in steps if step.takes is Strips]
        self._steps = [step for step in steps if step.takes is not Strips]
        self._groups = groups(len(frames)) if self._native else [slice(0, len(frames))]
        self._reference = reference_of(observations)
        self._maps = maps_of(frames, grid)
        self._sky = sky_of(self._reference, grid)
        self._shared = (
            shared_noise(observations, self._maps, grid.shape) if self._native else SharedNoise()
        )
        most = memory if self._native else min(memory, CACHED)
        self.bands = bands(grid.shape, len(frames), most, about.halo, about.aside)
        rows, columns = self.bands[0].shape
        area = area_of(grid.shape[1], columns, rows, about.halo, about.aside)
        self._tight = len(self._groups) > 1 or (bool(self._native) and area < TIGHT)
        self._sci, self._var = (shared_plane(grid.shape, np.float32) for _ in range(2))
        self._dq = shared_plane(grid.shape, np.uint16)
        self._covered, self._rejected = np.zeros((2, len(frames)), np.int64)

    def work(self, band: Band) -> tuple[Counts, Counts]:
        """Stack a band; return how many pixels of each frame were there, and were rejected."""
        deep = joined(self._groups, partial(self._on_grid, band))
        own = deep.own
        work = self._after(self._steps, deep)
        if not isinstance(work, Planes):
            raise ReductionError("the recipe rejects pixels but never combines them")
        area = tuple(slice(side.start, side.stop) for side in (band.rows, band.columns))
        self._sci[area], self._dq[area] = work.sci[own], work.dq[own]
        self._var[area] = self._shared.added(work.var[own], work.sci[own])
        return work.covered, work.rejected

    def _on_grid(self, band: Band, some: slice) -> Deep:
        """Return some of the frames on the grid."""
        around = self._about.native, self._about.beside
        frames, maps = self._frames[some], self._maps[some]
        strips = gathered(frames, maps, self.grid, band, *around, self._sky)
        return self._after(self._native, strips) if self._native else laid(strips)

    def _after(self, steps: Sequence[Step], work: Any) -> Any:
        """Return what steps make of a band."""
        for step in steps:  # what one was given is let go when it gives back something new
            work = step(work)
            if self._tight:
                give_back()
        return work

    def count(self, covered: Counts, rejected: Counts) -> None:
        """Add what a band said of its pixels."""
        self._covered += covered
        self._rejected += rejected

    def ccd(self) -> Ccd:
        """Return the stack, when all bands are done."""
        observations = [frame.obs for frame in self._frames]
        reference, grid = self._reference, self.grid
        base = info_of(reference, grid.members[0] if grid.index else reference.central.index)
        amps = (average_amps(observations, reference, index) for index in grid.members)
        share = self._rejected / np.maximum(self._covered, 1)
        return Ccd(
            replace(
                base,
                index=grid.index,
                amps=tuple(chain.from_iterable(amps)),
                shape=grid.shape,
                wcs=grid.wcs or base.wcs,
                correlation=self._correlation(observations),
                rejected=tuple(share.tolist()),
            ),
            self._sci,
            self._var,
            self._dq,
        )

    def _correlation(self, observations: Sequence[Observation]) -> float:
        if not self._native:
            return 1.0
        return correlation(observations, self._maps, self.grid.shape)
