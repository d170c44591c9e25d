"""Do jobs: one after the other, by processes or by threads. What comes out is always the same.

Much of what finds cosmic rays and sources are hundreds of operations on a few thousand numbers,
between which Python's threads wait for each other: two of them do 1.2 times what one does, two
processes twice as much. So jobs go to processes where these can be forked safely.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from ..turns import quick_turns
from .forks import In, Out, forked, may_fork


class Share(Protocol):
    """Shares out jobs."""

    def __call__(
        self,
        work: Callable[[In], Out],
        items: Sequence[In],
        most: int,
        meanwhile: Iterator[object],
    ) -> Iterator[Out]:
        """Yield ``work(item)`` in order, with at most so many under way; what is early waits.

        While others work and jobs are left for them, the process and thread that ask do what else
        there is to do: ``meanwhile`` does a piece each time it is asked for its next item.
        Raises what the first job raises that does not end well.
        """


def shared_out(
    work: Callable[[In], Out], items: Sequence[In], most: int, meanwhile: Iterator[object]
) -> Iterator[Out]:
    """Share out jobs as is best here."""
    if most == 1 or len(items) < 2:
        return in_turn(work, items, most, meanwhile)
    return (forked if may_fork() else threaded)(work, items, most, meanwhile)


def in_turn(
    work: Callable[[In], Out], items: Sequence[In], _most: int, _meanwhile: Iterator[object]
) -> Iterator[Out]:
    """Do one job after the other."""
    yield from map(work, items)


def threaded(
    work: Callable[[In], Out], items: Sequence[In], most: int, meanwhile: Iterator[object]
) -> Iterator[Out]:
    """Share out jobs among threads."""
    with quick_turns(), ThreadPoolExecutor(most) as pool:
        under_way = [pool.submit(work, item) for item in items]
        try:
            for _ in meanwhile:
                if under_way[-1].running() or under_way[-1].done():
                    break
            for future in under_way:
                yield future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
