"""Take frames through the steps that work on single ccds, and park what comes out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Observation, Source
from ..step import CALIBRATIONS, Step
from .budget import give_back
from .running import Loaded, Run, Shelved, Tally, ahead, let_go, noted
from .scratch import Parked


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
    indexes: Collection[int],
    with_: Run,
    tally: Tally,
) -> list[Shelved]:
    """Return some ccds of the frames after some steps, parked; a job is a ccd of a frame.

    Frame by frame where a file must be read whole; else ccd by ccd, so that the masters of one ccd
    at a time are in use.
    """
    at_once = with_.at_once or with_.jobs

    def job(task: tuple[int, int]) -> tuple[CcdInfo, Parked]:
        number, index = task
        part = kept(worked(steps, with_, frames[number], index))
        if at_once == 1:
            give_back()  # or it adds up, where memory is short
        return part

    def kept(ccd: Ccd) -> tuple[CcdInfo, Parked]:
        return ccd.info, with_.scratch.park(ccd)

    own = [[i.index for i in frame.obs.ccds if i.index in indexes] for frame in frames]
    tasks = [(number, index) for number, members in enumerate(own) for index in members]
    if all(frame.piecemeal for frame in frames):
        tasks.sort(key=lambda task: task[1])
    parts: list[dict[int, tuple[CcdInfo, Parked]]] = [{} for _ in frames]
    results = ahead(with_.pool, job, tasks, at_once)
    for (number, index), part in zip(tasks, results, strict=True):
        parts[number][index] = part
        tally.add()
        if len(parts[number]) == len(frames[number].obs.ccds):
            let_go(frames[number])
    return [
        Shelved(
            noted(replace(frame.obs, ccds=tuple(info for info, _ in part.values())), steps),
            {index: planes for index, (_, planes) in part.items()},
        )
        for frame, part in zip(frames, parts, strict=True)
    ]


def loaded(steps: Sequence[Step], frames: Iterable[Source], with_: Run) -> Iterator[Source]:
    """Yield the frames after some steps, in memory.

    One ccd after the other: a whole frame is held already, and what works on one at leisure, the
    source extraction of a stack, does not let a second thread run.
    """
    for frame in frames:
        ccds = {}
        for info in frame.obs.ccds:
            give_back()  # what was freed before is not added to what this one takes
            ccds[info.index] = worked(steps, with_, frame, info.index)
        let_go(frame)
        obs = replace(frame.obs, ccds=tuple(ccd.info for ccd in ccds.values()))
        yield Loaded(noted(obs, steps), ccds)
