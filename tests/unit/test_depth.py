"""Medians through the frames against their definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gmoscli.depth import comparisons, depth_median, needed, ranked, sorted_planes


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 13, 20])
def test_the_network_sorts_any_number_of_planes(n: int) -> None:
    planes = list(np.random.default_rng(n).standard_normal((n, 500)).astype(np.float32))
    np.testing.assert_array_equal(sorted_planes(planes), np.sort(planes, axis=0))


@pytest.mark.parametrize("n", range(1, 10))
def test_ranks_are_those_of_sorted_values(n: int) -> None:
    values = np.random.default_rng(n).normal(size=(n, 200)).astype(np.float32)
    order = np.sort(values, axis=0)
    for low in range(n):
        for high in range(low, n):
            np.testing.assert_array_equal(ranked(values, low, high), order[[low, high]])


@pytest.mark.parametrize("n", [3, 5, 8, 20, 60])
def test_a_median_takes_less_than_sorting(n: int) -> None:
    work = [sum(low + high for *_, low, high in needed(n, some)) for some in ((n // 2,), range(n))]
    assert work[0] < 0.8 * work[1] == 1.6 * len(comparisons(n))


def test_every_pattern_of_zeros_and_ones_is_sorted() -> None:
    # A network that sorts all of these sorts everything (Knuth, TAOCP 3, 5.3.4, theorem Z).
    n = 9
    patterns = (np.arange(2**n)[None] >> np.arange(n)[:, None] & 1).astype(np.float32)
    ordered = np.array(sorted_planes(list(patterns)))
    assert (np.diff(ordered, axis=0) >= 0).all()
    assert len(comparisons(n)) < n * (n - 1) // 2


@pytest.mark.parametrize("n", [2, 3, 5, 6])
def test_the_median_of_good_values_is_that_of_a_masked_array(n: int) -> None:
    rng = np.random.default_rng(n)
    stack = rng.standard_normal((n, 200, 90)).astype(np.float32)
    good = rng.random(stack.shape) > 0.3
    expected = np.ma.median(np.ma.array(stack, mask=~good), axis=0).filled(0)
    plain = np.median(stack, axis=0)
    expected = np.where(good.any(axis=0), expected, plain)
    np.testing.assert_allclose(depth_median(stack, good), expected, rtol=1e-6, atol=1e-6)


def test_of_two_good_values_the_lower_is_taken_when_asked() -> None:
    stack = np.array([[[5.0, 1.0]], [[2.0, 7.0]], [[9.0, 4.0]]], np.float32)
    good = np.array([[[True, True]], [[True, True]], [[False, True]]])
    assert depth_median(stack, good, lower_of_two=True).tolist() == [[2.0, 4.0]]


def test_what_was_handed_in_stays_as_it_was() -> None:
    stack = np.random.default_rng(0).standard_normal((5, 40, 40)).astype(np.float32)
    good = stack > -0.5
    before = stack.copy(), good.copy()
    depth_median(stack, good)
    np.testing.assert_array_equal(stack, before[0])
    np.testing.assert_array_equal(good, before[1])


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
