"""Master calibrations are read once, cut to each frame, and never changed."""

from pathlib import Path

import numpy as np
import pytest

from gmoscli.engine.masters import Masters, cut
from gmoscli.errors import ReductionError
from gmoscli.section import Section
from tests.builders import a_ccd, a_frame, a_raw_ccd, a_readout, an_info, an_observation

RNG = np.random.default_rng(4)
FULL = Section(0, 80, 0, 60)
MASTER, OTHER = Path("master.fits"), Path("other.fits")


def a_master(section=FULL, binning=(2, 2), index=2):
    shape = (section.height // binning[1], section.width // binning[0])
    planes = RNG.normal(size=shape), RNG.uniform(size=shape), RNG.integers(0, 9, shape)
    return a_ccd(*planes, index=index, section=section, binning=binning)


def an_asked_info(section=FULL, binning=(2, 2), index=2):
    shape = (section.height // binning[1], section.width // binning[0])
    return an_info(shape, index, section=section, binning=binning)


class Shelf:
    """Files by path, and a list of those that were opened."""

    def __init__(self, **ccds):
        self.files = {Path(f"{name}.fits"): a_frame(*some) for name, some in ccds.items()}
        self.opened = []

    def __call__(self, path):
        self.opened.append(path)
        return self.files[path]


OBS = an_observation(an_asked_info())
CHOSEN = {(OBS.path, "bias"): MASTER, (OBS.path, "flat"): OTHER}


def test_each_kind_is_the_calibration_that_was_chosen_for_the_frame():
    bias, flat = a_master(), a_master()
    masters = Masters(CHOSEN, Shelf(master=[bias], other=[flat]), 1 << 20)
    assert masters("bias", OBS, an_asked_info()) is bias
    assert masters("flat", OBS, an_asked_info()) is flat
    assert masters("bpm", OBS, an_asked_info()) is None


def test_a_master_is_read_once_for_all_frames():
    shelf = Shelf(master=[a_master(index=i) for i in (1, 2, 3)])
    masters = Masters(CHOSEN, shelf, 1 << 20)
    for _ in range(3):
        for index in (1, 2, 3):
            masters("bias", OBS, an_asked_info(index=index))
    assert shelf.opened == [MASTER]
    assert shelf.files[MASTER].readings == [1, 2, 3]


def test_what_does_not_fit_in_memory_is_read_again_the_longest_unused_first():
    shelf = Shelf(master=[a_master(index=i) for i in (1, 2, 3)])
    masters = Masters(CHOSEN, shelf, 2 * 10 * 30 * 40)
    for index in (1, 2, 1, 3, 1, 2):
        masters("bias", OBS, an_asked_info(index=index))
    assert shelf.files[MASTER].readings == [1, 2, 3, 2]


def test_masters_cannot_be_changed():
    masters = Masters(CHOSEN, Shelf(master=[a_master()]), 1 << 20)
    ccd = masters("bias", OBS, an_asked_info())
    for plane in (ccd.sci, ccd.var, ccd.dq):
        with pytest.raises(ValueError, match="read-only"):
            plane[0, 0] = 1


def test_closing_lets_go_of_every_file():
    shelf = Shelf(master=[a_master()], other=[a_master()])
    masters = Masters(CHOSEN, shelf, 1 << 20)
    masters("bias", OBS, an_asked_info())
    masters("flat", OBS, an_asked_info())
    masters.close()
    assert [frame.closed for frame in shelf.files.values()] == [1, 1]


def test_a_frame_of_a_part_of_the_chip_gets_that_part_of_the_master():
    master, part = a_master(), Section(20, 60, 10, 40)
    found = cut(master, an_asked_info(part), MASTER)
    window = (slice(5, 20), slice(10, 30))
    for name in ("sci", "var", "dq"):
        np.testing.assert_array_equal(getattr(found, name), getattr(master, name)[window])
    assert (found.info.section, found.info.shape) == (part, (15, 20))


def test_a_master_of_the_same_region_is_given_whole():
    master = a_master()
    assert cut(master, an_asked_info(), MASTER) is master


@pytest.mark.parametrize(
    ("master", "asked", "says"),
    [
        (a_master(binning=(1, 1)), an_asked_info(), "binned 1x1, the frame 2x2"),
        (a_master(Section(20, 60, 10, 40)), an_asked_info(), "covers .*, not"),
    ],
)
def test_a_master_that_does_not_cover_the_frame_is_refused_by_name(master, asked, says):
    with pytest.raises(ReductionError, match=says) as refused:
        cut(master, asked, MASTER)
    assert refused.value.path == "master.fits"


def test_a_master_without_the_ccd_is_refused_by_name():
    masters = Masters(CHOSEN, Shelf(master=[a_master(index=1)]), 1 << 20)
    with pytest.raises(ReductionError, match=r"master.fits: has no ccd 2"):
        masters("bias", OBS, an_asked_info())


def test_a_raw_exposure_is_no_master():
    raw = a_raw_ccd(a_readout(np.ones((30, 40)), 1.0))
    masters = Masters(CHOSEN, Shelf(master=[raw]), 1 << 20)
    with pytest.raises(ReductionError, match=r"master.fits: a raw exposure"):
        masters("bias", OBS, an_asked_info())
