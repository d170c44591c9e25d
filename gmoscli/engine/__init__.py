"""Run a recipe over frames: one at a time while pixels flow, in bands where all must meet.

The engine knows of steps only their scope. It is handed where frames come from, where calibrations
come from, and a scratch folder, so it runs in a test without a file or database.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain

from ..frame import Ccd, CcdInfo, Exposure, Observation, Source
from ..recipe import Recipe
from ..step import CALIBRATIONS, Scope, Step
from .parking import loaded, shelved
from .running import Bring, Loaded, Report, Run, Shelved, Tally, assembled, noted, silent
from .stacking import stacked

__all__ = ["Report", "Run", "run", "silent"]


def run(recipe: Recipe, frames: Sequence[Source], how: Run) -> Iterator[Exposure]:
    """Yield the recipe's products: one a frame, or one in all if it stacks.

    Raises what a step raises; nothing is written but scratch.
    """
    if recipe.draft is not None:
        (draft,) = run(recipe.draft, frames, how)
        how = replace(how, bring=_drafted(recipe.draft.kind, draft, how.bring))
    yield from _run(recipe, frames, how)


def _drafted(own: str, draft: Exposure, bring: Bring) -> Bring:
    """Bring a draft as the calibration of its kind, and everything else as before."""
    ccds = {ccd.info.index: ccd for ccd in draft.ccds}

    def brought(kind: str, obs: Observation, info: CcdInfo) -> Ccd | None:
        return ccds[info.index] if kind == own else bring(kind, obs, info)

    return brought


def _run(recipe: Recipe, frames: Sequence[Source], how: Run) -> Iterator[Exposure]:
    flow: Iterable[Source] = frames
    before: tuple[Step, ...] = ()
    parted = False
    passes = recipe.passes()
    for number, (scope, steps) in enumerate(passes):
        later = passes[number + 1 :]
        parted = parted or steps[0].name == recipe.each
        if not any(need in CALIBRATIONS for s in passes[number:] for f in s[1] for need in f.needs):
            how.release()
        if not number and scope is Scope.CCD and _alone(frames, later):
            before = steps
        elif scope is Scope.CCD and any(s in (Scope.SET, Scope.BAND) for s, _ in later):
            flow = _parked(steps, list(flow), how)
        elif scope is Scope.CCD:
            flow = loaded(steps, flow, how)
        elif scope is Scope.EXPOSURE:
            flow = _exposed(steps, flow)
        elif scope is Scope.SET:
            flow = chain.from_iterable(map(partial(met, steps), _sets(flow, parted)))
        else:
            flow = map(partial(stacked, before, steps, how=how), _sets(flow, parted))
            before = ()
    for frame in flow:
        whole = exposure(frame)
        yield replace(whole, obs=replace(whole.obs, recipe=recipe.name))


def _sets(flow: Iterable[Source], parted: bool) -> Iterator[list[Source]]:
    """Yield the frames that go together: all, or one at a time once they have parted."""
    if parted:
        yield from ([frame] for frame in flow)
    else:
        yield list(flow)


def _alone(frames: Sequence[Source], later: Sequence[tuple[Scope, object]]) -> bool:
    """Say whether each ccd can go through all its passes before the next one is read."""
    return bool(later) and later[0][0] is Scope.BAND and all(f.piecemeal for f in frames)


def _parked(steps: Sequence[Step], frames: list[Source], how: Run) -> list[Shelved]:
    """Return whole frames after some steps, parked."""
    indexes = {info.index for frame in frames for info in frame.obs.ccds}
    parts = sum(len(frame.obs.ccds) for frame in frames)
    tally = Tally(partial(how.report, steps[0].name), parts, len(frames))
    return shelved(steps, frames, indexes, how, tally)


def exposure(frame: Source) -> Exposure:
    """Return a frame with all its pixels. Raises ReductionError for raw ones."""
    ccds = tuple(assembled(frame, info.index) for info in frame.obs.ccds)
    return Exposure(frame.obs, ccds)


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
    return Loaded(obs, {info.index: assembled(frame, info.index) for info in obs.ccds})
