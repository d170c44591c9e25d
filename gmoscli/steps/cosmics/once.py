"""Keep what takes long to make, and make it once though several threads ask for it together."""

from collections.abc import Callable
from functools import lru_cache, wraps
from threading import Lock
from typing import TypeVar, TypeVarTuple

Asked = TypeVarTuple("Asked")
Made = TypeVar("Made")
KEPT = 4096
"""Results: so many pairs of seeings that frames of a night may have."""


def once(make: Callable[[*Asked], Made]) -> Callable[[*Asked], Made]:
    """Return a function that keeps its results; who asks while one is made waits for it."""
    kept = lru_cache(maxsize=KEPT)(make)
    making = Lock()

    @wraps(make)
    def shared(*asked: *Asked) -> Made:
        with making:
            return kept(*asked)

    return shared
