"""What takes long to make is made once."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from gmoscli.steps.cosmics.once import once


def test_threads_that_ask_together_get_the_same_thing_made_once():
    made = []

    @once
    def a_thing(name, size):
        made.append(name)
        return [name] * size

    together = Barrier(4)

    def ask(_):
        together.wait()
        return a_thing("weights", 2)

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(ask, range(4))
    assert first == ["weights", "weights"]
    assert all(other is first for other in others)
    assert made == ["weights"]


def test_what_fails_is_tried_again():
    tries = []

    @once
    def a_thing():
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return len(tries)

    with pytest.raises(ValueError, match="not yet"):
        a_thing()
    assert a_thing() == 2
