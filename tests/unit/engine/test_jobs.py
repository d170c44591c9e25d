"""Jobs come to the same, in order, whoever does them."""

import multiprocessing
import os
import sys
import threading
import time

import pytest

from gmoscli.engine.forks import forked
from gmoscli.engine.jobs import in_turn, shared_out, threaded
from gmoscli.errors import BadFile

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="forked on Linux alone")
SHARES = [in_turn, threaded, shared_out, pytest.param(forked, marks=ON_LINUX)]


def nothing():
    """Do nothing meanwhile."""


def late_first(item):
    """Take longer for what comes first."""
    time.sleep(0.02 / (1 + item))
    return item, os.getpid()


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_order_from_no_more_processes_than_asked_for(share, most, count):
    found = list(share(late_first, range(count), most, nothing))
    assert [item for item, _ in found] == list(range(count))
    assert len({process for _, process in found}) <= most
    assert multiprocessing.active_children() == []


@pytest.mark.parametrize("share", SHARES)
def test_meanwhile_is_done_once_and_here(share):
    asked = []
    list(share(late_first, range(3), 2, lambda: asked.append(threading.current_thread())))
    assert asked == [threading.current_thread()]


@pytest.mark.parametrize("share", SHARES)
def test_the_first_error_in_order_is_raised_after_what_came_before_it(share):
    def work(item):
        if item in (2, 5):
            time.sleep(0.1 if item == 2 else 0)
            raise BadFile(f"bad {item}", path="a.fits", hint="try another")
        return item

    results = share(work, range(8), 3, nothing)
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(BadFile) as told:
        next(results)
    assert (str(told.value), told.value.hint) == ("a.fits: bad 2", "try another")
    assert multiprocessing.active_children() == []
