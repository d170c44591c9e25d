"""Forked processes do jobs, and leave nothing behind however these end."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from gmoscli.engine.forks import forked, may_fork, shared_plane
from gmoscli.engine.jobs import shared_out
from gmoscli.errors import ReductionError
from tests.commands import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forked on Linux alone")


def at_leisure(_item):
    """Say who did it, after a while."""
    time.sleep(0.01)
    return os.getpid()


def test_forked_processes_do_a_part():
    processes = set(forked(at_leisure, range(30), 3, iter(())))
    assert os.getpid() in processes
    assert len(processes) == 3


def test_each_job_is_done_once():
    done = shared_plane((20_000,), np.uint8)

    def job(number):
        done[number] += 1

    list(forked(job, range(len(done)), 4, iter(())))
    assert (done == 1).all()


def test_nobody_waits_with_large_outcomes_until_they_are_asked_for():
    here, done = os.getpid(), shared_plane((1,), np.uint8)

    def job(number):
        done[0] += 1
        return os.getpid(), np.full(1 << 17, number)

    def busy():
        until = time.monotonic() + 30
        while done[0] < 8 and time.monotonic() < until:
            time.sleep(0.01)
        yield

    outcomes = list(forked(job, range(8), 2, busy()))
    assert here not in {process for process, _ in outcomes}
    assert all((light == number).all() for number, (_, light) in enumerate(outcomes))


class Particular(Exception):
    """An error that cannot be made again from what it keeps."""

    def __init__(self, one, other):
        super().__init__(f"{one} and {other}")


def elsewhere(work):
    """Do some work in another process than this one, and return what jobs came to."""
    here, begun = os.getpid(), shared_plane((1,), np.uint8)

    def job(_):
        if os.getpid() != here:
            begun[0] = 1
            return work()
        while not begun[0]:
            time.sleep(0.01)
        return None

    return list(forked(job, range(2), 2, iter(())))


def test_an_error_that_nobody_foresaw_tells_where_it_came_from():
    def broken():
        raise KeyError("no such thing")

    with pytest.raises(KeyError, match="no such thing") as told:
        elsewhere(broken)
    assert "in broken" in told.value.__notes__[0]


def test_an_error_that_cannot_be_sent_is_told_by_its_name():
    def broken():
        raise Particular("this", "that")

    with pytest.raises(RuntimeError, match="Particular: this and that"):
        elsewhere(broken)


def test_a_result_that_cannot_be_sent_is_an_error():
    with pytest.raises(RuntimeError, match="local"):
        elsewhere(lambda: lambda: None)


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_what_ends_a_program_ends_this_one_too(error):
    def stop():
        raise error

    with pytest.raises(error):
        elsewhere(stop)


def test_a_process_that_is_killed_is_told_with_what_to_do():
    with pytest.raises(ReductionError, match="was killed") as told:
        elsewhere(lambda: os.kill(os.getpid(), signal.SIGKILL))
    assert "--jobs 1" in told.value.hint
    assert multiprocessing.active_children() == []


def test_who_does_not_want_the_rest_leaves_no_process_behind():
    results = forked(at_leisure, range(1000), 3, iter(()))
    next(results)
    assert len(multiprocessing.active_children()) == 2
    results.close()
    assert multiprocessing.active_children() == []


ASKED = r"""
import os, time
from gmoscli.engine.forks import forked

def work(item):
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(0.2)

list(forked(work, range(1000), 2, iter(())))
"""


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGTERM])
def test_forked_processes_end_soon_when_the_one_that_asked_is_killed(ending):
    with subprocess.Popen(
        [sys.executable, "-c", ASKED], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as asking:
        processes = set()
        while len(processes) < 2:
            processes.add(int(asking.stdout.readline()))
        asking.send_signal(ending)
        # Its streams are closed when the last process that has them is gone.
        _, said = asking.communicate(timeout=30)
    assert said == b""


ALONE = """
import os, resource
from gmoscli.engine.forks import forked

used = max(int(name) for name in os.listdir("/proc/self/fd"))
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (used + 1, most))
found = list(forked(lambda item: (item, os.getpid()), range(3), 3, iter(())))
assert found == [(item, os.getpid()) for item in range(3)], found
"""


def test_where_no_more_can_be_forked_this_process_does_it_all():
    subprocess.run([sys.executable, "-c", ALONE], cwd=ROOT, check=True)


def test_a_process_with_other_threads_is_not_forked():
    assert may_fork()
    ended = threading.Event()
    other = threading.Thread(target=ended.wait)
    other.start()
    try:
        assert not may_fork()
        assert set(shared_out(at_leisure, range(5), 2, iter(()))) == {os.getpid()}
    finally:
        ended.set()
        other.join()


def test_what_forked_processes_write_into_shared_planes_is_there():
    plane = shared_plane((50, 4), np.float32)
    assert (plane == 0).all()

    def fill(row):
        plane[row] = row
        time.sleep(0.001)

    list(forked(fill, range(50), 3, iter(())))
    np.testing.assert_array_equal(plane, np.arange(50)[:, None].repeat(4, axis=1))


def test_an_empty_plane_is_one():
    assert shared_plane((0, 4), np.uint16).shape == (0, 4)
