"""Many frames become one, and its noise is known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmoscli.dq import Dq
from gmoscli.steps.combine import (
    average,
    clip_noise,
    median,
    median_errors,
    median_excess,
    median_variance,
    reject_extremes,
)
from tests.builders import a_deep, starlight

RNG = np.random.default_rng(11)
SHAPE = (50, 60)


def noise(n, sigma=3.0, level=100.0, shape=SHAPE):
    return RNG.normal(level, sigma, (n, *shape))


@pytest.mark.parametrize("n", [2, 3, 5, 7])
def test_an_outlier_is_clipped_from_two_frames_on(n):
    # Clipping by the scatter of the sample finds no outlier at all among seven frames or fewer.
    sci = noise(n)
    sci[n // 2, 20, 30] += 60.0
    out = clip_noise(a_deep(sci, var=9.0, sky=100.0))
    assert out.dq[n // 2, 20, 30] == Dq.COSMIC_RAY


@pytest.mark.parametrize("n", [3, 5, 8])
def test_a_hole_is_clipped_from_three_frames_on(n):
    sci = noise(n)
    sci[0, 20, 30] -= 60.0
    assert clip_noise(a_deep(sci, var=9.0, sky=100.0)).dq[0, 20, 30] == Dq.COSMIC_RAY


def test_a_single_frame_is_not_clipped_against_itself():
    out = clip_noise(a_deep(noise(1, sigma=50.0), var=1.0, sky=100.0))
    assert not out.dq.any()


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_good_pixels_stay(n):
    out = clip_noise(a_deep(noise(n, shape=(300, 300)), var=9.0, sky=100.0))
    # Beyond 5 sigma lie 6e-7 of normal values: of 900 000 hardly one.
    assert (out.dq > 0).sum() <= 2


@pytest.mark.parametrize("n", [2, 5])
@pytest.mark.parametrize(("sources", "clipped"), [("keep", 0), ("clip", 1)])
def test_light_of_a_source_may_differ_by_the_seeing_unless_it_is_to_be_clipped(n, sources, clipped):
    sci = np.full((n, 9, 9), 100.0)
    sci[:, 4, 4] += 1000.0
    sci[0, 4, 4] += 500.0
    out = clip_noise(a_deep(sci, var=9.0, sky=100.0), sources=sources)
    assert (out.dq > 0).sum() == clipped


UNLIKE = [(1, 2.2), (1, 5, 5), (1, 10, 10), (1, 2, 3, 4, 9), (3, 3, 3, 3, 1), (1,) * 6 + (20,)]


@pytest.mark.parametrize("sigmas", UNLIKE)
def test_good_pixels_stay_among_frames_of_unlike_noise(sigmas):
    sigma = np.array(sigmas, float)[:, None, None]
    sci = RNG.normal(100.0, sigma, (len(sigmas), 300, 300))
    deep = a_deep(sci, var=np.broadcast_to(sigma**2, sci.shape), sky=100.0)
    out = clip_noise(replace(deep, weights=tuple(sigma.ravel() ** -2.0)))
    # The law for equal noise, five sigma, finds none; fewer frames have medians with longer tails.
    assert (out.dq > 0).sum() <= 2


def test_a_shallow_frame_does_not_shield_outliers_of_a_deep_one():
    sigma = np.array([2.8, 10.2, 1.2, 3.6, 2.0])[:, None, None]
    sci = np.full((5, 9, 9), 100.0)
    sci[2, 4, 4] += 11.0
    deep = a_deep(sci, var=np.broadcast_to(sigma**2, sci.shape), sky=100.0)
    out = clip_noise(replace(deep, weights=tuple(sigma.ravel() ** -2.0)))
    np.testing.assert_array_equal(np.argwhere(out.dq), [[2, 4, 4]])


def test_flagged_values_do_not_judge_others():
    sci = noise(3)
    sci[1, 20, 30] = sci[2, 20, 30] = 5e4
    dq = np.zeros(sci.shape)
    dq[1:, 20, 30] = Dq.BAD
    out = clip_noise(a_deep(sci, var=9.0, dq=dq, sky=100.0))
    np.testing.assert_array_equal(out.dq[:, 20, 30], [0, Dq.BAD, Dq.BAD])


def test_of_two_frames_the_brighter_is_clipped_since_cosmic_rays_only_add():
    sci = np.full((2, 1, 9), 100.0)
    sci[1, 0, 4] = 400.0
    out = clip_noise(a_deep(sci, var=9.0, sky=100.0))
    np.testing.assert_array_equal(out.dq[:, 0, 4], [0, Dq.COSMIC_RAY])


@pytest.mark.parametrize("sharp", [1, 4])
def test_the_wing_of_a_star_in_the_worst_seeing_is_kept_and_an_outlier_goes(sharp):
    widths = [3.0] * sharp + [7.0]
    frames = [starlight((81, 81), 40.0, 40.0, 1e6, fwhm, sky=100.0) for fwhm in widths]
    out = clip_noise(a_deep(frames, var=100.0, sky=100.0))
    assert not out.dq.any()
    frames[0][10, 70] += 200.0
    out = clip_noise(a_deep(frames, var=100.0, sky=100.0))
    np.testing.assert_array_equal(np.argwhere(out.dq), [[0, 10, 70]])


@pytest.mark.parametrize("n", [2, 3, 5])
@pytest.mark.parametrize("slope", [0.0, 0.4, 1.0, 3.0, 1e3])
def test_the_trail_of_a_satellite_is_no_wing(n, slope):
    sci = noise(n)
    y, x = np.indices(SHAPE)
    from_trail = (slope * (x - 30) - (y - 25)) / np.hypot(slope, 1.0)
    light = 200.0 * (1 + (from_trail / 6.0) ** 2) ** -2.5
    sci[0] += light
    fwhm = tuple(RNG.uniform(3.4, 4.6, n))
    out = clip_noise(a_deep(sci, var=9.0, sky=100.0, fwhm=fwhm))
    assert (out.dq[0, light > 150] == Dq.COSMIC_RAY).mean() > 0.9


@pytest.mark.parametrize(("nlow", "nhigh"), [(0, 1), (1, 1), (2, 0)])
def test_extremes_are_flagged_as_long_as_a_value_stays(nlow, nhigh):
    sci = noise(5, shape=(4, 6))
    dq = np.where(RNG.random(sci.shape) < 0.4, int(Dq.BAD), 0)
    out = reject_extremes(a_deep(sci, dq=dq), nlow=nlow, nhigh=nhigh)
    for y, x in np.ndindex(4, 6):
        good = np.flatnonzero(dq[:, y, x] == 0)
        order = good[np.argsort(sci[good, y, x])]
        keep = order[nlow : len(order) - nhigh] if len(order) > nlow + nhigh else order
        kept = np.flatnonzero((out.dq[:, y, x] & (Dq.BAD | Dq.COSMIC_RAY)) == 0)
        np.testing.assert_array_equal(kept, np.sort(keep))


@pytest.mark.parametrize(
    ("n", "nlow", "nhigh"), [(3, 0, 1), (4, 1, 1), (5, 1, 1), (6, 2, 2), (12, 2, 3), (3, 2, 2)]
)
def test_the_variance_of_a_mean_without_extremes_is_that_of_many(n, nlow, nhigh):
    # The variance of one value over the number kept is too high by 1.47 for five without two.
    sci = RNG.normal(0, 3.0, (n, 300, 400))
    out = average(reject_extremes(a_deep(sci, var=9.0), nlow=nlow, nhigh=nhigh))
    assert float(out.sci.var() / out.var.mean()) == pytest.approx(1, abs=0.03)


def slow_average(sci, var, dq, weights):
    """Add up the frames of each pixel, one by one."""
    n, ny, nx = sci.shape
    out = np.zeros((3, ny, nx))
    used = np.zeros((ny, nx), int)
    for y, x in np.ndindex(ny, nx):
        good = [i for i in range(n) if not dq[i, y, x] & 0b1011001]
        used[y, x] = len(good)
        good = good or [i for i in range(n) if not dq[i, y, x] & Dq.NO_DATA]
        if not good:
            out[:, y, x] = 0, 0, Dq.NO_DATA
            continue
        total = sum(weights[i] for i in good)
        out[0, y, x] = sum(weights[i] * sci[i, y, x] for i in good) / total
        out[1, y, x] = sum(weights[i] ** 2 * var[i, y, x] for i in good) / total**2
        out[2, y, x] = np.bitwise_or.reduce([dq[i, y, x] for i in good])
    return out, used


FLAGS = st.sampled_from([0, 0, 0, Dq.BAD, Dq.SATURATED, Dq.COSMIC_RAY, Dq.NO_DATA])


@given(st.integers(1, 4), st.randoms(use_true_random=False), st.data())
@settings(deadline=None, max_examples=50)
def test_the_average_is_the_weighted_mean_of_good_values_one_by_one(n, random, data):
    draw = np.array([random.uniform(-50, 500) for _ in range(n * 6)]).reshape(n, 2, 3)
    var = np.array([random.uniform(0, 50) for _ in range(n * 6)]).reshape(n, 2, 3)
    flags = data.draw(st.lists(FLAGS, min_size=n * 6, max_size=n * 6))
    dq = np.array([int(f) for f in flags], np.uint16).reshape(n, 2, 3)
    weights = tuple(random.uniform(0.1, 3) for _ in range(n))
    out = average(a_deep(draw, var, dq, weights))
    (sci, variance, union), used = slow_average(draw, var, dq, weights)
    np.testing.assert_allclose(out.sci, sci, rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(out.var, variance, rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(out.dq, union)
    np.testing.assert_array_equal(out.used, used)


def test_pixels_that_no_frame_reached_are_zero_with_no_data():
    # Elsewhere they hold the mean of the frames' sky offsets.
    sci = np.full((3, 2, 2), -0.0357)
    out = average(a_deep(sci, var=0.0, dq=int(Dq.NO_DATA)))
    assert (out.sci == 0).all()
    assert (out.var == 0).all()
    assert (out.dq == Dq.NO_DATA).all()


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (1.0, 4.0, 0.25)])
@pytest.mark.parametrize("combine", [average, median])
def test_the_variance_is_that_of_many_stacks_of_noise(combine, weights):
    if combine is median:
        weights = (1.0, 1.0, 1.0)
    sigma = np.array([2.0, 1.0, 4.0]) if combine is average else np.full(3, 2.0)
    sci = RNG.normal(0, sigma[:, None, None], (3, 400, 500))
    out = combine(a_deep(sci, np.broadcast_to(sigma[:, None, None] ** 2, sci.shape), 0, weights))
    # 200 000 stacks know their variance to 0.3 %.
    assert float(out.sci.var() / out.var.mean()) == pytest.approx(1, abs=0.015)


def test_weights_by_inverse_variance_give_the_least_noise():
    sigma = np.array([2.0, 1.0, 4.0])
    var = np.broadcast_to(sigma[:, None, None] ** 2, (3, 2, 2))
    best = average(a_deep(np.zeros((3, 2, 2)), var, 0, tuple(sigma**-2)))
    assert float(best.var[0, 0]) == pytest.approx(1 / (sigma**-2).sum())
    for weights in ((1.0, 1.0, 1.0), (0.3, 1.0, 0.0625)):
        assert average(a_deep(np.zeros((3, 2, 2)), var, 0, weights)).var[0, 0] > best.var[0, 0]


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 21, 60])
def test_a_median_scatters_more_than_a_mean_by_the_stated_factor(n):
    # pi / 2, the limit for many, is wrong by 17 % for 3 values and by 31 % for 4.
    values = RNG.standard_normal((n, 300_000), np.float32)
    excess = np.median(values, axis=0).var() * n
    assert float(median_excess(np.array([n]))[0]) == pytest.approx(excess, rel=0.012)


@given(st.integers(1, 5), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=30)
def test_the_median_is_that_of_the_good_values(n, random):
    sci = np.array([random.uniform(-50, 500) for _ in range(n * 6)]).reshape(n, 2, 3)
    dq = np.array([random.choice([0, 0, int(Dq.BAD)]) for _ in range(n * 6)]).reshape(n, 2, 3)
    out = median(a_deep(sci, 4.0, dq))
    for y, x in np.ndindex(2, 3):
        good = dq[:, y, x] == 0
        some = sci[good, y, x] if good.any() else sci[:, y, x]
        assert out.sci[y, x] == pytest.approx(np.median(some), rel=1e-5, abs=1e-4)
        excess = median_excess(np.array([len(some)]))[0]
        assert out.var[y, x] == pytest.approx(4.0 / len(some) * excess, rel=1e-5)


@pytest.mark.parametrize("combine", [average, median])
def test_identical_frames_give_the_frame(combine):
    frame = RNG.normal(100, 5, (1, 6, 7))
    out = combine(a_deep(np.repeat(frame, 4, axis=0), var=8.0))
    np.testing.assert_allclose(out.sci, frame[0], rtol=1e-6)


@pytest.mark.parametrize("combine", [average, median])
def test_the_order_of_frames_does_not_matter(combine):
    sci, var = noise(5), RNG.uniform(1, 9, (5, *SHAPE))
    dq = np.where(RNG.random(sci.shape) < 0.1, int(Dq.BAD), 0)
    turned = combine(a_deep(sci[::-1], var[::-1], dq[::-1]))
    straight = combine(a_deep(sci, var, dq))
    np.testing.assert_allclose(straight.sci, turned.sci, rtol=1e-5)
    np.testing.assert_allclose(straight.var, turned.var, rtol=1e-5)
    np.testing.assert_array_equal(straight.dq, turned.dq)


@pytest.mark.parametrize("step", [clip_noise, reject_extremes, average, median])
def test_frames_stay_as_they_were(step):
    deep = a_deep(noise(4, sigma=50.0), var=9.0, sky=100.0)
    before = [plane.copy() for plane in (deep.sci, deep.var, deep.dq)]
    step(deep)
    for plane, was in zip((deep.sci, deep.var, deep.dq), before, strict=True):
        np.testing.assert_array_equal(plane, was)


@pytest.mark.parametrize("weights", [(1.0, 1.0, 1.0), (1.0, 0.2, 0.5, 0.7), (0.3, 1.0)])
def test_the_error_of_a_median_is_that_of_the_frames_which_are_good_at_the_pixel(weights):
    deep = a_deep(noise(len(weights)), var=9.0, sky=100.0)
    deep = replace(deep, weights=weights, var=deep.var / np.reshape(weights, (-1, 1, 1)))
    good = np.random.default_rng(5).random(deep.sci.shape) < 0.7
    precision = np.sqrt(np.array(weights, np.float32))
    for own, error in zip(
        precision, median_errors(deep, good, good.sum(axis=0, dtype=np.uint16)), strict=True
    ):
        for y, x in np.ndindex(3, 40):
            here = good[:, y, x]
            if here.sum() > 1:
                others = max(precision[here].sum() - own, precision.min())
                share = median_variance(np.array([here.sum()]), np.array([others]), own)
                assert error[y, x] == pytest.approx(9.0 * share[0], rel=1e-4)
