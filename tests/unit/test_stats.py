"""Medians and noise, against slow ways to the same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gmoscli.stats import depth_median, median_and_noise, thinned


def slow_median_and_noise(values, clip, rounds):
    kept = values
    for _ in range(rounds):
        middle = np.median(kept)
        sigma = 1.4826 * np.median(np.abs(kept - middle))
        left = values[np.abs(values - middle) <= clip * sigma]
        if len(left) == len(kept):
            break
        kept = left
    return middle, sigma


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
@pytest.mark.parametrize("clip", [2.5, 3.0])
def test_median_and_noise_are_those_of_the_values_that_survive_clipping(size, clip):
    rng = np.random.default_rng(size)
    values = np.concatenate([rng.normal(100, 5, size), rng.uniform(200, 9000, size // 5)])
    found = median_and_noise(values, clip=clip, rounds=4)
    np.testing.assert_allclose(found, slow_median_and_noise(values, clip, 4), rtol=1e-12)


def test_one_value_in_five_that_is_odd_hardly_moves_median_and_noise():
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(100, 5, 40_000), rng.uniform(300, 9000, 10_000)])
    middle, sigma = median_and_noise(values)
    assert abs(middle - 100) < 0.1
    assert abs(sigma / 5 - 1) < 0.03


def test_what_has_no_scatter_has_no_noise():
    assert median_and_noise(np.full(9, 7.0)) == (7.0, 0.0)


def test_no_values_have_no_median():
    assert np.isnan(median_and_noise(np.empty(0))).all()


@given(st.integers(1, 900), st.integers(1, 900), st.integers(4, 5000))
@settings(deadline=None)
def test_a_thinned_array_keeps_some_pixels_and_no_more_than_asked(ny, nx, most):
    rows, columns = thinned((ny, nx), most)
    kept = len(range(ny)[rows]) * len(range(nx)[columns])
    # The last row and the last column may come on top of what the stride promises.
    assert kept <= most + ny + nx
    assert kept >= 1 or min(ny, nx) < rows.step


STACKS = arrays(np.float32, (5, 3, 4), elements=st.floats(-1e4, 1e4, width=32))
MASKS = arrays(np.bool_, (5, 3, 4))


@given(STACKS, MASKS, st.integers(1, 5))
@settings(deadline=None, max_examples=60)
def test_the_median_over_frames_is_that_of_the_good_ones_or_of_all_where_none_is(stack, good, n):
    stack, good = stack[:n], good[:n]
    expected = np.empty((3, 4), np.float32)
    for y, x in np.ndindex(3, 4):
        some = good[:, y, x] if good[:, y, x].any() else slice(None)
        expected[y, x] = np.median(stack[some, y, x])
    np.testing.assert_allclose(depth_median(stack, good), expected, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(
        depth_median(stack, np.ones_like(good)), np.median(stack, axis=0), rtol=1e-6, atol=1e-6
    )


def test_the_median_leaves_its_frames_as_they_were():
    stack = np.random.default_rng(1).normal(size=(4, 5, 6)).astype(np.float32)
    before = stack.copy()
    depth_median(stack, stack > -0.5)
    np.testing.assert_array_equal(stack, before)
