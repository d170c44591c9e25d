"""Pixels rest on disk and nothing of them stays there."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from gmoscli.engine.jobs import shared_out
from gmoscli.engine.places import Parked
from gmoscli.engine.scratch import PREFIX, remove_abandoned, scratch
from gmoscli.errors import GmosError
from tests.builders import a_ccd

RNG = np.random.default_rng(3)
SHAPE = (23, 17)


def parked(place, ccd):
    """Put a ccd to rest."""
    room = place.place(ccd.sci.size)
    return Parked(room, room.put(ccd))


def a_noisy_ccd():
    sci, var = RNG.normal(size=SHAPE), RNG.uniform(size=SHAPE)
    return a_ccd(sci, var, RNG.integers(0, 65_535, SHAPE))


@pytest.mark.parametrize(("start", "stop"), [(0, 23), (0, 1), (22, 23), (5, 11)])
def test_rows_come_back_as_they_were_parked(tmp_path, start, stop):
    ccd = a_noisy_ccd()
    with scratch(tmp_path) as place:
        found = parked(place, ccd).rows(start, stop)
        for plane, was in zip(found, (ccd.sci, ccd.var, ccd.dq), strict=True):
            np.testing.assert_array_equal(plane, was[start:stop])
            assert plane.dtype == was.dtype


def test_frames_do_not_overwrite_each_other(tmp_path):
    ccds = [a_noisy_ccd() for _ in range(3)]
    with scratch(tmp_path) as place:
        rest = [parked(place, ccd) for ccd in ccds]
        for one, ccd in zip(rest, ccds, strict=True):
            np.testing.assert_array_equal(one.ccd()[0], ccd.sci)


def test_views_and_broadcast_planes_are_parked_in_full(tmp_path):
    whole = a_noisy_ccd()
    flat = np.broadcast_to(np.float32(2), (11, 17))
    part = whole.with_planes(sci=whole.sci[::2][:11], var=flat, dq=whole.dq[5:16])
    with scratch(tmp_path) as place:
        sci, var, dq = parked(place, part).ccd()
        np.testing.assert_array_equal(sci, part.sci)
        assert (var == 2).all()
        np.testing.assert_array_equal(dq, part.dq)


SIZE = 10 * SHAPE[0] * SHAPE[1]
"""Bytes of one ccd."""


def test_what_fits_rests_in_memory_and_the_rest_on_disk(tmp_path):
    ccds = [a_noisy_ccd() for _ in range(4)]
    with scratch(tmp_path, room=2 * SIZE) as place:
        rest = [parked(place, ccd) for ccd in ccds]
        assert len(list(place.folder.iterdir())) == 2
        for one, ccd in zip(rest, ccds, strict=True):
            for plane, was in zip(one.rows(3, 9), (ccd.sci, ccd.var, ccd.dq), strict=True):
                np.testing.assert_array_equal(plane, was[3:9])


def test_room_that_is_given_back_is_used_again_and_given_back_once(tmp_path):
    with scratch(tmp_path, room=SIZE) as place:
        first = parked(place, a_noisy_ccd())
        first.drop()
        first.drop()
        parked(place, a_noisy_ccd())
        assert list(place.folder.iterdir()) == []
        parked(place, a_noisy_ccd())
        assert len(list(place.folder.iterdir())) == 1


@pytest.mark.parametrize("room", [0, SIZE])
def test_of_a_plane_with_equal_rows_one_is_kept(tmp_path, room):
    ccd = a_noisy_ccd()
    flat = ccd.with_planes(var=np.broadcast_to(ccd.var[0], SHAPE))
    with scratch(tmp_path, room=room) as place:
        rest = parked(place, flat)
        for plane, was in zip(rest.rows(3, 9), (flat.sci, flat.var, flat.dq), strict=True):
            np.testing.assert_array_equal(plane, was[3:9])
        assert not rest.ccd()[1].strides[0]
        for path in place.folder.iterdir():
            assert path.stat().st_size == SIZE * 6 // 10 + 4 * SHAPE[1]


def test_what_another_process_puts_in_its_place_is_there(tmp_path):
    ccds = [a_noisy_ccd() for _ in range(2)]
    with scratch(tmp_path, room=SIZE) as place:
        rooms = [place.place(ccd.sci.size) for ccd in ccds]
        jobs = list(zip(rooms, ccds, strict=True))
        pause = (time.sleep(0.3) for _ in range(1))
        packings = list(shared_out(lambda job: job[0].put(job[1]), jobs, 2, pause))
        for room, packing, ccd in zip(rooms, packings, ccds, strict=True):
            for plane, was in zip(
                room.rows(packing, 0, 23), (ccd.sci, ccd.var, ccd.dq), strict=True
            ):
                np.testing.assert_array_equal(plane, was)


def test_what_rests_in_memory_cannot_be_changed(tmp_path):
    with scratch(tmp_path, room=SIZE) as place:
        for plane in parked(place, a_noisy_ccd()).rows(0, 5):
            with pytest.raises(ValueError, match="read-only"):
                plane[0] = 1


def test_what_is_dropped_takes_no_room(tmp_path):
    with scratch(tmp_path) as place:
        rest = parked(place, a_noisy_ccd())
        rest.drop()
        rest.drop()
        assert list(place.folder.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit, None])
def test_the_folder_is_gone_however_it_is_left(tmp_path, error):
    try:
        with scratch(tmp_path) as place:
            parked(place, a_noisy_ccd())
            if error is not None:
                raise error
    except BaseException as raised:
        assert type(raised) is error
    assert list(tmp_path.iterdir()) == []


def test_two_reductions_do_not_share_a_folder(tmp_path):
    with scratch(tmp_path) as one, scratch(tmp_path) as other:
        assert one.folder != other.folder


ABANDON = """
import os, sys
from pathlib import Path
from gmoscli.engine.scratch import scratch
with scratch(Path(sys.argv[1])) as place:
    print(place.folder, flush=True)
    {end}
"""


def older(folder, seconds=120):
    past = time.time() - seconds
    os.utime(folder, (past, past))


def test_what_a_killed_run_left_behind_is_removed_by_the_next(tmp_path):
    code = ABANDON.format(end="os.kill(os.getpid(), 9)")
    killed = subprocess.run(
        [sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=False
    )
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    older(left)
    with scratch(tmp_path):
        assert not left.exists()


def test_a_run_that_is_alive_keeps_its_folder_however_old(tmp_path):
    code = ABANDON.format(end="sys.stdin.read()")
    command = [sys.executable, "-c", code, tmp_path]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as alive:
        folder = Path(alive.stdout.readline().strip())
        older(folder)
        remove_abandoned(tmp_path)
        assert folder.is_dir()
        alive.stdin.close()
    assert not folder.exists()


def test_a_folder_just_made_is_left_to_its_maker(tmp_path):
    young = tmp_path / f"{PREFIX}young"
    young.mkdir()
    remove_abandoned(tmp_path)
    assert young.is_dir()


def test_other_folders_are_nobodys_business(tmp_path):
    other = tmp_path / "observations"
    other.mkdir()
    older(other)
    remove_abandoned(tmp_path)
    assert other.is_dir()


def test_a_place_that_is_not_there_is_refused_with_a_hint(tmp_path):
    with pytest.raises(GmosError, match="no such file") as refused, scratch(tmp_path / "nowhere"):
        raise AssertionError("not reached")
    assert "--scratch" in refused.value.hint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_told_in_one_line_with_a_hint(tmp_path):
    with scratch(tmp_path) as place:
        (place.folder / "0").symlink_to("/dev/full")
        with pytest.raises(GmosError, match="cannot write to the scratch folder") as refused:
            parked(place, a_noisy_ccd())
    assert "--scratch" in refused.value.hint
