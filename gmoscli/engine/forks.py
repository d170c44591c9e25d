"""Jobs shared out among this process and others that are forked from it.

A forked process has all that this one holds as it is, without a copy, so that a job may be any
function. What it returns comes back packed, and is kept till all jobs are done: that has to be
small, and what is not, pixels, is left in memory that both share.
"""

import gc
import os
import pickle
import signal
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from math import prod
from mmap import mmap
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from traceback import format_exception
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GmosError, ReductionError

In = TypeVar("In")
Out = TypeVar("Out")
_NUMBER = array("I").itemsize
_TASKS = Path("/proc/self/task")


def may_fork() -> bool:
    """Say whether this process can be forked without harm: on Linux, and no other thread runs.

    A lock that another thread holds would stay locked in the forked process.
    """
    return sys.platform == "linux" and len(list(_TASKS.iterdir())) == 1


def shared_plane(shape: tuple[int, ...], kind: Any) -> NDArray[Any]:
    """Return zeros that processes forked later have in common with this one.

    They take room when they are touched, and give it back when nobody refers to them any more.
    """
    kind = np.dtype(kind)
    room = mmap(-1, max(1, prod(shape) * kind.itemsize))
    return np.frombuffer(room, kind, prod(shape)).reshape(shape)


class _Outcome(NamedTuple):
    """What a job came to."""

    number: int
    result: Any
    error: BaseException | None


class _Mate(NamedTuple):
    """A forked process, the file in memory that it writes outcomes to, and where it tells of them.

    A pipe alone would be full after a few, while who asked is busy.
    """

    process: BaseProcess
    outbox: FileIO
    link: Connection

    def receive(self) -> _Outcome | None:
        """Return the next outcome; None after the last. Raises ReductionError for a killed one."""
        try:
            start, size = self.link.recv()
        except EOFError:
            self.process.join()
            if self.process.exitcode:
                raise ReductionError(
                    "a process that worked on pixels was killed",
                    hint="if memory was short: --jobs 1, or less with --memory",
                ) from None
            return None
        outcome: _Outcome = pickle.loads(os.pread(self.outbox.fileno(), size, start))
        return outcome

    def end(self) -> None:
        """Stop whatever it still does."""
        self.process.terminate()
        self.process.join()
        self.process.close()
        self.link.close()
        self.outbox.close()


def forked(
    work: Callable[[In], Out], items: Sequence[In], most: int, meanwhile: Iterator[object]
) -> Iterator[Out]:
    """Share out jobs among this process and forked ones: see ``jobs.Share``."""
    try:
        queue = _queue(len(items))
    except OSError:  # no more files may be open: this process does it all
        yield from map(work, items)
        return
    mates: list[_Mate] = []
    try:
        with suppress(OSError):  # no more processes are allowed: fewer do
            for _ in range(min(most, len(items)) - 1):
                mates.append(_mate(work, items, queue))
        for _ in meanwhile:
            if _taken(queue) == len(items):
                break
        yield from _in_order(work, items, queue, list(mates))
    finally:
        for mate in mates:
            mate.end()
        os.close(queue)


def _queue(count: int) -> int:
    """Return a file of numbers. Whoever reads moves on all who share it, each number goes once.

    Linux promises that of files that were opened (read(2), "BUGS"), not of memory as it is made:
    there two who read at once may get the same number.
    """
    made = os.memfd_create("jobs")
    try:
        os.write(made, array("I", range(count)).tobytes())
        return os.open(f"/proc/self/fd/{made}", os.O_RDONLY)
    finally:
        os.close(made)


def _taken(queue: int) -> int:
    """Return how many jobs have been taken."""
    return os.lseek(queue, 0, os.SEEK_CUR) // _NUMBER


def _next(queue: int) -> int | None:
    """Return the number of the next job; None when all are taken."""
    read = os.read(queue, _NUMBER)
    return int.from_bytes(read, sys.byteorder) if read else None


def _in_order(
    work: Callable[[In], Out], items: Sequence[In], queue: int, mates: list[_Mate]
) -> Iterator[Out]:
    """Yield what jobs come to, in order, while this process does its part of them."""
    early: dict[int, _Outcome] = {}
    for wanted in range(len(items)):
        while wanted not in early:
            number = _next(queue)
            if number is not None:
                early[number] = _tried(work, items[number], number, Exception)
            elif not mates:
                raise ReductionError("a process that worked on pixels ended before its work did")
            _receive(mates, early, patient=number is None)
        outcome = early.pop(wanted)
        if outcome.error is not None:
            raise outcome.error
        yield outcome.result


def _receive(mates: list[_Mate], early: dict[int, _Outcome], *, patient: bool) -> None:
    """Take in what others have sent; where nothing else is left to do, wait until somebody does."""
    ready = wait([mate.link for mate in mates], None if patient else 0)
    for mate in [mate for mate in mates if mate.link in ready]:
        outcome = mate.receive()
        if outcome is None:
            mates.remove(mate)
        else:
            early[outcome.number] = outcome


def _tried(
    work: Callable[[Any], Any], item: Any, number: int, told: type[BaseException]
) -> _Outcome:
    """Return what a job comes to, errors of a kind being told and not raised."""
    try:
        return _Outcome(number, work(item), None)
    except told as error:
        return _Outcome(number, None, error)


def _mate(work: Callable[[Any], Any], items: Sequence[Any], queue: int) -> _Mate:
    """Return a process that takes jobs until none is left."""
    forks = get_context("fork")
    here, there = forks.Pipe(duplex=False)
    outbox = FileIO(os.memfd_create("outcomes"), "r+")
    asking = os.getpid()

    def serve() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # who asks hears of it as well, and ends this
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, signal.SIG_DFL)
        gc.freeze()  # looking at what both share would copy it
        here.close()
        try:
            while os.getppid() == asking and (number := _next(queue)) is not None:
                packed = _packed(_tried(work, items[number], number, BaseException))
                start = outbox.tell()
                outbox.write(packed)
                there.send((start, len(packed)))
        except BrokenPipeError:
            pass  # who asked is gone

    process = forks.Process(target=serve, daemon=True)
    process.start()
    there.close()
    return _Mate(process, outbox, here)


def _packed(outcome: _Outcome) -> bytes:
    """Return an outcome as it is sent; what cannot be, becomes an error."""
    if outcome.error is not None and not isinstance(outcome.error, GmosError):
        outcome.error.add_note("".join(format_exception(outcome.error)))
    try:
        packed = pickle.dumps(outcome)
        if outcome.error is not None:
            pickle.loads(packed)  # not every error can be made again of what it keeps
    except Exception as lost:
        error = outcome.error or lost
        told = RuntimeError(f"{type(error).__name__}: {error}")
        packed = pickle.dumps(_Outcome(outcome.number, None, told))
    return packed
