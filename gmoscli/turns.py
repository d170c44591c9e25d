"""Let threads take turns quickly while pixels are worked on."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

TURN = 1e-3
"""Seconds after which a thread lets another go on, where Python would take five times as long.

A kernel on a band of rows takes some 20 microseconds: beside a thread that loads modules, which
hardly ever lets go by itself, one that runs kernels comes to one a turn. With turns shorter still,
waiting threads wake in vain so often that processors have more to do.
"""


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let threads wait for each other no longer than ``TURN``, as long as the block lasts."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)
