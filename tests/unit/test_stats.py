"""Medians and noise, against slow ways to the same numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmoscli.stats import median_and_noise, thinned


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
