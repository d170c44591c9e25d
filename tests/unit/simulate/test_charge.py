"""Full wells and what runs over."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gmoscli.simulate import Night
from gmoscli.simulate.areas import ccd_areas
from gmoscli.simulate.charge import overflow, wells

PLANES = hnp.arrays(np.float32, (30, 4), elements=st.floats(0, 400, width=32))


def a_column(height=101, at=50, charge=1000.0):
    plane = np.full((height, 3), 10, np.float32)
    plane[at, 1] = charge
    return plane


@given(plane=PLANES)
def test_no_pixel_holds_more_than_its_well_and_full_pixels_are_told(plane):
    well = np.array([100, 200, 300, 50], np.float32)
    full = overflow(plane, well, bleeding=True)
    assert (plane <= well * (1 + 1e-6)).all()
    assert (full == (plane >= well * (1 - 1e-6))).all()


@given(plane=PLANES)
def test_pixels_below_their_wells_are_left_alone(plane):
    before = plane.copy()
    overflow(plane, np.full(4, 401, np.float32), bleeding=True)
    assert (plane == before).all()


def test_bleeding_runs_up_and_down_the_column_alike_and_conserves_charge():
    plane = a_column()
    full = overflow(plane, np.full(3, 100, np.float32), bleeding=True)
    assert plane.sum() == pytest.approx(a_column().sum())
    assert full[:, 1].sum() == 1 + 2 * 5  # 900 over, 90 fit into each neighbour
    assert (plane[:50, 1] == plane[:50:-1, 1]).all()
    assert (plane[:, [0, 2]] == 10).all()


def test_charge_that_reaches_the_edge_is_lost():
    plane = a_column(at=2)
    overflow(plane, np.full(3, 100, np.float32), bleeding=True)
    assert plane[:3, 1] == pytest.approx(100)
    assert plane.sum() < a_column(at=2).sum()


def test_without_bleeding_the_excess_is_gone():
    plane = a_column()
    full = overflow(plane, np.full(3, 100, np.float32), bleeding=False)
    assert plane[50, 1] == 100 and full.sum() == 1
    assert (np.delete(plane, 50, axis=0) == 10).all()


def test_wells_grow_with_the_pixels_and_belong_to_amplifiers():
    small, large = (
        wells(night, ccd_areas(night)[1])
        for night in (Night(binning=(1, 1)), Night(binning=(2, 2)))
    )
    assert small.shape == (2048,) and large.shape == (1024,)
    assert (large == 4 * small[::2]).all()
    assert set(small) == {121000, 123000, 124000}
