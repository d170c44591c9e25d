"""Take frames through the steps that work on single ccds, and park what comes out."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Observation, Source
from ..step import CALIBRATIONS, Step
from .budget import give_back
from .places import Laid, Parked
from .running import Loaded, Run, Shelved, Tally, let_go, noted


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


def _bring_all(steps: Sequence[Step], frame: Source, indexes: Collection[int], with_: Run) -> None:
    needs = {need for step in steps for need in step.needs if need in CALIBRATIONS}
    for info in _infos(frame, indexes):
        for need in needs:
            with_.bring(need, frame.obs, info)


def _infos(frame: Source, indexes: Collection[int]) -> list[CcdInfo]:
    return [info for info in frame.obs.ccds if info.index in indexes]


def shelved(
    steps: Sequence[Step],
    frames: Sequence[Source],
    indexes: Collection[int],
    with_: Run,
    tally: Tally,
) -> list[Shelved]:
    """Return some ccds of the frames after some steps, parked.

    Ccd by ccd, so that the masters of one at a time are in use; where files must be read whole,
    frame by frame.
    """
    parts: list[dict[int, tuple[CcdInfo, Parked]]] = [{} for _ in frames]
    own = [[i.index for i in frame.obs.ccds if i.index in indexes] for frame in frames]
    if all(frame.piecemeal for frame in frames):
        rounds = [[(n, [i]) for n, has in enumerate(own) if i in has] for i in sorted(indexes)]
    else:
        rounds = [list(enumerate(own))]
    for tasks in rounds:
        for number, part in _round(steps, frames, tasks, with_):
            parts[number] |= part
            tally.add(len(part))
            if len(parts[number]) == len(frames[number].obs.ccds):
                let_go(frames[number])
    return [
        Shelved(
            noted(replace(frame.obs, ccds=tuple(info for info, _ in part.values())), steps),
            {index: planes for index, (_, planes) in part.items()},
        )
        for frame, part in zip(frames, parts, strict=True)
    ]


Task = tuple[int, list[int]]
"""The number of a frame, and the ccds of it that one job takes on."""


def _round(
    steps: Sequence[Step], frames: Sequence[Source], tasks: Sequence[Task], with_: Run
) -> Iterator[tuple[int, dict[int, tuple[CcdInfo, Parked]]]]:
    """Yield, task by task, the number of its frame and its ccds after some steps, parked.

    Calibrations are brought and places found before the jobs are shared out, for all to have.
    """
    for number, indexes in tasks:
        _bring_all(steps, frames[number], indexes, with_)
    places = [
        {info.index: with_.scratch.place(prod(info.shape)) for info in _infos(frames[n], own)}
        for n, own in tasks
    ]
    at_once = with_.at_once or with_.jobs

    def job(which: int) -> list[tuple[CcdInfo, Laid]]:
        number, indexes = tasks[which]
        done = []
        for index in indexes:
            ccd = worked(steps, with_, frames[number], index)
            done.append((ccd.info, places[which][index].put(ccd)))
            del ccd
            if at_once == 1:
                give_back()  # or it adds up, where memory is short
        if not frames[number].piecemeal:
            let_go(frames[number])
        return done

    for which, done in enumerate(with_.each(job, range(len(tasks)), at_once)):
        number, indexes = tasks[which]
        yield (
            number,
            {
                index: (info, Parked(places[which][index], laid))
                for index, (info, laid) in zip(indexes, done, strict=True)
            },
        )


def loaded(steps: Sequence[Step], frames: Iterable[Source], with_: Run) -> Iterator[Source]:
    """Yield the frames after some steps, in memory.

    One ccd after the other: a whole frame is held already.
    """
    for frame in frames:
        ccds = {}
        for info in frame.obs.ccds:
            give_back()  # what was freed before is not added to what this one takes
            ccds[info.index] = worked(steps, with_, frame, info.index)
        let_go(frame)
        obs = replace(frame.obs, ccds=tuple(ccd.info for ccd in ccds.values()))
        yield Loaded(noted(obs, steps), ccds)
