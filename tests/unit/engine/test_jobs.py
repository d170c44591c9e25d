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


def late_first(item):
    """Take longer for what comes first."""
    time.sleep(0.02 / (1 + item))
    return item, os.getpid()


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("most", [1, 2, 3])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_results_come_in_order_from_no_more_processes_than_asked_for(share, most, count):
    found = list(share(late_first, range(count), most, iter(())))
    assert [item for item, _ in found] == list(range(count))
    assert len({process for _, process in found}) <= most
    assert multiprocessing.active_children() == []


def slow(item):
    """Take a while."""
    time.sleep(0.02)
    return item


@pytest.mark.parametrize("share", [threaded, pytest.param(forked, marks=ON_LINUX)])
def test_who_asks_does_something_else_while_jobs_are_left_for_others(share):
    asked = []
    pieces = (asked.append((os.getpid(), threading.current_thread())) for _ in range(5))
    assert list(share(slow, range(50), 2, pieces)) == list(range(50))
    assert asked == 5 * [(os.getpid(), threading.current_thread())]


@pytest.mark.parametrize("share", SHARES)
def test_what_there_is_no_time_for_is_left(share):
    pieces = (time.sleep(0.1 * (piece < 2)) for piece in range(100))
    assert list(share(slow, range(3), 2, pieces)) == [0, 1, 2]
    assert sum(1 for _ in pieces) > 90


@pytest.mark.parametrize("share", SHARES)
def test_the_first_error_in_order_is_raised_after_what_came_before_it(share):
    def work(item):
        if item in (2, 5):
            time.sleep(0.1 if item == 2 else 0)
            raise BadFile(f"bad {item}", path="a.fits", hint="try another")
        return item

    results = share(work, range(8), 3, iter(()))
    assert [next(results), next(results)] == [0, 1]
    with pytest.raises(BadFile) as told:
        next(results)
    assert (str(told.value), told.value.hint) == ("a.fits: bad 2", "try another")
    assert multiprocessing.active_children() == []
