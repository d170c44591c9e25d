"""Masks of pixels: where they hold, and what they grow to."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from gmoscli.steps.masks import grown_where, nonzero, numbered, with_neighbours

MASKS = arrays.arrays(bool, st.tuples(st.integers(1, 6), st.integers(1, 6)))


@given(mask=MASKS)
def test_true_elements_are_those_that_numpy_finds_in_its_order(mask):
    np.testing.assert_array_equal(nonzero(mask), np.nonzero(mask))


@given(
    masks=arrays.arrays(bool, st.tuples(st.integers(1, 4), st.integers(1, 6), st.integers(1, 6)))
)
def test_elements_of_several_masks_are_found_as_those_of_one(masks):
    found = numbered([nonzero(mask) for mask in masks])
    np.testing.assert_array_equal(found, np.nonzero(masks))


@given(mask=MASKS, allowed=st.data())
def test_a_mask_grows_by_those_of_its_neighbours_that_may_join(mask, allowed):
    free = allowed.draw(arrays.arrays(bool, mask.shape))
    grown = grown_where(mask, lambda y, x: free[y, x])
    np.testing.assert_array_equal(grown, mask | (with_neighbours(mask) & free))


def test_neighbours_are_the_eight_around_in_each_frame():
    mask = np.zeros((2, 7, 7), bool)
    mask[0, 3, 3] = mask[1, 0, 0] = True
    grown = with_neighbours(mask)
    assert grown[0, 2:5, 2:5].all()
    assert grown[0].sum() == 9
    np.testing.assert_array_equal(np.argwhere(grown[1]), [[0, 0], [0, 1], [1, 0], [1, 1]])
