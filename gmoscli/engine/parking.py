"""Take frames through the steps that work on single ccds, and park what comes out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product
from math import prod
from typing import Any

from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Observation, Source
from ..step import CALIBRATIONS, Step
from .budget import give_back
from .places import Packing, Parked, Place
from .running import Loaded, Run, Shelved, Tally, let_go, noted


def worked(steps: Sequence[Step], how: Run, frame: Source, index: int) -> Ccd:
    """Return one ccd of a frame after some steps."""
    ccd: Any = frame.ccd(index)
    for step in steps:
        ccd = step(ccd, *(_brought(need, frame.obs, ccd.info, how) for need in step.needs))
    if not isinstance(ccd, Ccd):
        raise ReductionError("the recipe leaves raw pixels", path=frame.obs.path)
    return ccd


def _brought(need: str, obs: Observation, info: CcdInfo, how: Run) -> Any:
    return how.bring(need, obs, info) if need in CALIBRATIONS else obs


def shelved(
    steps: Sequence[Step],
    frames: Sequence[Source],
    indexes: Collection[int],
    how: Run,
    tally: Tally,
) -> list[Shelved]:
    """Return some ccds of the frames after some steps, parked.

    Ccd by ccd, so that the masters of few at a time are in use; where files must be read whole,
    frame by frame.
    """
    parts: list[dict[int, tuple[CcdInfo, Parked]]] = [{} for _ in frames]
    own = [[i.index for i in frame.obs.ccds if i.index in indexes] for frame in frames]
    piecemeal = all(frame.piecemeal for frame in frames)
    rounds = _rounds(own, how.together) if piecemeal else [list(enumerate(own))]
    for members in rounds:
        tasks = [_task(steps, number, frames[number], some, how) for number, some in members]
        for task, part in zip(tasks, _done(steps, tasks, how), strict=True):
            parts[task.number] |= part
            tally.add(len(part))
            if len(parts[task.number]) == len(task.frame.obs.ccds):
                let_go(task.frame)
    return [
        Shelved(
            noted(replace(frame.obs, ccds=tuple(info for info, _ in part.values())), steps),
            {index: planes for index, (_, planes) in part.items()},
        )
        for frame, part in zip(frames, parts, strict=True)
    ]


def _rounds(own: Sequence[Sequence[int]], together: int) -> Iterator[list[tuple[int, list[int]]]]:
    """Yield what is done at a time: (frame, ccd) of so many ccds, of frames with their own ones."""
    indexes = sorted(set(chain.from_iterable(own)))
    for first in range(0, len(indexes), together):
        some = indexes[first : first + together]
        yield [(number, [i]) for i in some for number, has in enumerate(own) if i in has]


@dataclass(frozen=True)
class _Task:
    """What one job takes on: ccds of a frame, each of which has a place to rest."""

    number: int
    frame: Source
    places: dict[int, Place]


def _task(
    steps: Sequence[Step], number: int, frame: Source, indexes: Collection[int], how: Run
) -> _Task:
    """Return a task; the calibrations that it takes are brought, for all processes to have."""
    infos = [info for info in frame.obs.ccds if info.index in indexes]
    needs = dict.fromkeys(need for step in steps for need in step.needs if need in CALIBRATIONS)
    for info, need in product(infos, needs):
        how.bring(need, frame.obs, info)
    places = {info.index: how.scratch.place(prod(info.shape)) for info in infos}
    return _Task(number, frame, places)


def _done(
    steps: Sequence[Step], tasks: Sequence[_Task], how: Run
) -> Iterator[dict[int, tuple[CcdInfo, Parked]]]:
    """Yield the ccds of each task after some steps, parked."""
    at_once = how.at_once or how.jobs

    def job(task: _Task) -> dict[int, tuple[CcdInfo, Packing]]:
        packed = {}
        for index, place in task.places.items():
            ccd = worked(steps, how, task.frame, index)
            packed[index] = ccd.info, place.put(ccd)
            del ccd
            if at_once == 1:
                give_back()  # or it adds up, where memory is short
        if not task.frame.piecemeal:
            let_go(task.frame)
        return packed

    for task, packed in zip(tasks, how.each(job, tasks, at_once), strict=True):
        yield {i: (info, Parked(task.places[i], packing)) for i, (info, packing) in packed.items()}


def loaded(steps: Sequence[Step], frames: Iterable[Source], how: Run) -> Iterator[Source]:
    """Yield the frames after some steps, in memory.

    One ccd after the other: a whole frame is held already.
    """
    for frame in frames:
        ccds = {}
        for info in frame.obs.ccds:
            give_back()  # what was freed before is not added to what this one takes
            ccds[info.index] = worked(steps, how, frame, info.index)
        let_go(frame)
        obs = replace(frame.obs, ccds=tuple(ccd.info for ccd in ccds.values()))
        yield Loaded(noted(obs, steps), ccds)
