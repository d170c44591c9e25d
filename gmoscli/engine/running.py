"""What a recipe runs with, and where its frames are between two passes over them."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from ..errors import ReductionError
from ..frame import Ccd, CcdInfo, Observation, RawCcd, Source
from ..grids import info_of
from ..past import Done
from ..step import Step
from .forks import In, Out
from .jobs import Share, shared_out
from .places import Parked
from .scratch import Scratch


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
    jobs: int = 2
    memory: int = 256 << 20
    """Bytes for a band with all its frames, over all jobs."""
    report: Report = field(default=silent)
    release: Callable[[], None] = field(default=lambda: None)
    """Called when no calibration will be asked for any more."""
    at_once: int | None = None
    """Whole ccds under way at a time; as many as jobs when None."""
    together: int = 1
    """Ccds of a frame whose calibrations are held at a time."""
    share: Share = field(default=shared_out)
    meanwhile: Iterator[object] = field(default_factory=lambda: iter(()))
    """Does what products need besides pixels, a piece at a time: asked when others are at work."""

    def each(self, work: Callable[[In], Out], items: Sequence[In], most: int) -> Iterator[Out]:
        """Yield ``work(item)`` in order, with at most so many under way."""
        return self.share(work, items, most, self.meanwhile)


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
    """A frame whose planes are parked."""

    obs: Observation
    planes: dict[int, Parked]
    piecemeal = True

    def ccd(self, index: int) -> Ccd:
        """Return one ccd, read back."""
        return Ccd(info_of(self.obs, index), *self.planes[index].ccd())

    def drop(self, indexes: Iterable[int]) -> None:
        """Give back the room that some ccds take; they are not asked for any more."""
        for index in indexes:
            self.planes[index].drop()

    def close(self) -> None:
        """Give all room back."""
        self.drop(self.planes)


class Tally:
    """Tells of whole frames while parts of them are done."""

    def __init__(self, report: Callable[[int, int], None], parts: int, total: int):
        self._report, self._parts, self._total = report, parts, total
        self._done = self._told = 0
        report(0, total)

    def add(self, parts: int) -> None:
        """Count more parts."""
        self._done += parts
        whole = self._done * self._total // self._parts
        if self._told < whole:
            self._told = whole
            self._report(whole, self._total)


def assembled(frame: Source, index: int) -> Ccd:
    """Return one ccd of a frame. Raises ReductionError for raw pixels."""
    ccd = frame.ccd(index)
    if isinstance(ccd, RawCcd):
        raise ReductionError("the recipe leaves raw pixels", path=frame.obs.path)
    return ccd


def let_go(frame: Source) -> None:
    """Give back what a frame holds, where it holds anything."""
    close = getattr(frame, "close", None)
    if close is not None:
        close()


def noted(obs: Observation, steps: Sequence[Step]) -> Observation:
    """Return the observation with steps and their parameters added to its history."""
    lines = tuple(Done(s.name, s.primitive, json.dumps(s.values())) for s in steps)
    return replace(obs, history=obs.history + lines)
