"""How many threads work on pixels, and how quickly they take turns."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

TURN = 1e-3
"""Seconds after which a thread lets another go on, where Python would take five times as long.

A kernel on part of a band takes 20 to 100 microseconds: beside a thread that loads modules, which
hardly ever lets go by itself, one that runs kernels comes to one a turn. With turns shorter still,
waiting threads wake in vain so often that processors have more to do.
"""


_lock = Lock()
_usual: list[float] = []  # the interval from before, once for each block that runs


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let threads wait for each other no longer than ``TURN``, as long as the block lasts.

    Of blocks in several threads the last to end puts things back.
    """
    with _lock:
        _usual.append(_usual[0] if _usual else sys.getswitchinterval())
        sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        with _lock:
            before = _usual.pop()
            if not _usual:
                sys.setswitchinterval(before)


def keep_blas_to_one_thread() -> None:
    """Let numpy's and scipy's BLAS, not loaded yet, start no threads of its own.

    A reduction shares out the processors itself: others would spin for work beside it, and sums
    would depend on how many processors there are. What the user has set is left as it is.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
