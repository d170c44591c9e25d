"""Cosmic rays."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import label

from gmoscli.simulate import Night
from gmoscli.simulate.areas import ccd_areas
from gmoscli.simulate.cosmics import cosmic_rays
from gmoscli.simulate.seeds import generator

CONNECTED = np.ones((3, 3))


def rays(night, seconds=350.0, seed=1):
    return cosmic_rays(night, ccd_areas(night)[0], seconds, generator(seed, "rays"))


def events(plane):
    return label(plane > 50, CONNECTED)[1]


def test_their_number_grows_with_time():
    night = Night()
    short, long = events(rays(night, 100.0)), events(rays(night, 400.0))
    assert long / short == pytest.approx(4, rel=0.2)
    # 0.23 /cm2/s on 19.5 cm2
    assert long == pytest.approx(0.23 * 19.5 * 400, rel=0.15)


def test_there_are_none_without_rate_or_time():
    assert not rays(replace(Night(), cosmic_rate=0.0)).any()
    assert not rays(Night(), seconds=0.0).any()


def test_thin_chips_see_far_fewer():
    assert events(rays(Night(detector="gmosn_eev"))) < 0.3 * events(rays(Night()))


def test_binning_changes_neither_their_charge_nor_their_number_much():
    fine, coarse = rays(Night(binning=(1, 1))), rays(Night(binning=(4, 4)))
    assert coarse.sum(dtype=float) == pytest.approx(fine.sum(dtype=float), rel=0.02)


def test_some_are_long_and_most_are_short():
    marks, n = label(rays(Night(binning=(1, 1))) > 50, CONNECTED)
    sizes = np.bincount(marks.ravel())[1:]
    assert n > 1000
    assert np.median(sizes) < 40 < np.quantile(sizes, 0.99) < 400


def test_charge_is_never_negative_and_often_far_above_the_noise():
    plane = rays(Night())
    hit = plane[plane > 0]
    assert plane.min() == 0
    assert np.median(hit) > 30
    assert 5e3 < hit.max() < 1e6
