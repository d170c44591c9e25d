"""Exposures and their parts are values."""

import dataclasses

import numpy as np
import pytest

from gmoscli.frame import Placement
from tests.builders import a_ccd, an_amp, an_observation


def test_new_planes_leave_the_ccd_they_came_from_as_it_was():
    before = a_ccd(5.0, var=2.0)
    after = before.with_planes(sci=before.sci + 1)
    assert (before.sci == 5).all()
    assert (after.sci == 6).all()
    assert after.var is before.var
    assert after.info is before.info


def test_new_facts_leave_the_pixels_alone():
    before = a_ccd(5.0)
    after = before.with_info(fwhm=4.0, unit="electron")
    assert (after.info.fwhm, after.info.unit, before.info.unit) == (4.0, "electron", "adu")
    assert after.sci is before.sci


def test_each_amplifier_has_its_value_in_its_columns():
    ccd = a_ccd(shape=(3, 6), amps=(an_amp(slice(4, 6), "right"), an_amp(slice(0, 4), "left")))
    np.testing.assert_array_equal(ccd.per_column({"left": 1.0, "right": 2.0}), [1, 1, 1, 1, 2, 2])


def test_an_observation_cannot_be_changed_in_place():
    with pytest.raises(dataclasses.FrozenInstanceError):
        an_observation().exposure_time = 1.0


def test_observations_do_not_share_what_their_placements_hold():
    assert Placement().offsets is not Placement().offsets
    assert Placement().fix.matrix is not Placement().fix.matrix
