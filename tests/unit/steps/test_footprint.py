"""Where a piece has data, against its definition."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.geometry import Affine
from gmoscli.steps.footprint import EDGE, columns_reached
from tests.builders import a_piece

SHAPE = (30, 40)


def reached(at, y, x, left=0):
    """The mask of the output pixels whose centre is within the piece's pixels' centres."""
    piece = a_piece(np.zeros(SHAPE), first=5, at=at, left=left)
    left, right = columns_reached(piece, y, x)
    columns = np.asarray(x)
    return (columns >= left[:, None]) & (columns < right[:, None])


@given(
    st.floats(-60, 60),
    st.floats(-60, 60),
    st.sampled_from([0.0, 1e-14, -1e-12, 0.01, -0.3, 0.5]),
    st.sampled_from([0, 11]),
    st.sampled_from([0, 7]),
)
def test_a_pixel_is_reached_when_its_centre_is_within_the_piece(dx, dy, turn, start, left):
    at = Affine.moved(dx, dy).after(Affine.turned(turn, (20.0, 15.0)))
    yy, xx = np.mgrid[3:61, start:70]
    x, y = np.moveaxis(at(np.stack([xx, yy], axis=-1)), -1, 0)
    # How far inside; within rounding of the edge either answer will do.
    depth = np.min([x - left, left + SHAPE[1] - 1 - x, y - 5, 34 - y], axis=0) + EDGE
    found = reached(at, range(3, 61), range(start, 70), left)
    assert found[depth > 1e-8].all()
    assert not found[depth < -1e-8].any()


@pytest.mark.parametrize("shift", [(0, 0), (7, -3), (-4, 11)])
def test_a_whole_shift_loses_no_row_or_column_to_rounding(shift):
    x, y = shift
    found = reached(Affine.moved(x + 1e-9, y - 1e-9), range(-20, 60), range(90))
    assert found.sum() == SHAPE[0] * (SHAPE[1] - max(0, x))
