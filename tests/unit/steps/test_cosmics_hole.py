"""What pixels around a hole allow: no star is taken, hits on stars are found."""

from typing import get_args

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.steps.cosmics.hole import REACH, WIDTH, Bound, allowed, beyond_rim, rim
from gmoscli.steps.cosmics.laid import BLIND, lights
from tests.builders import starlight
from tests.starry import SEEINGS, SHAPE, a_laid_frame, some_stars

RNG = np.random.default_rng(20260422)
Y, X = (axis.ravel() for axis in np.indices(SHAPE))


both = pytest.mark.parametrize("bound", ["loose", "tight"])


@both
@pytest.mark.parametrize("fwhm", SEEINGS)
@pytest.mark.parametrize("turn", [0.93, 1.0, 1.07])
def test_no_pixel_of_stars_is_brighter_than_those_around_allow(fwhm, turn, bound):
    for _ in range(4):
        light = some_stars(RNG, fwhm * turn)
        least = light.max() / 1000  # what stars shed farther out is left to noise
        assert not beyond_rim(a_laid_frame(light, least**2), fwhm, Y, X, 1.0, bound).any()


@both
@pytest.mark.parametrize("fwhm", SEEINGS)
def test_no_pixel_of_stars_is_taken_for_what_rays_beside_it_hide(fwhm, bound):
    for _ in range(4):
        light = some_stars(RNG, fwhm)
        least = light.max() / 1000
        hit = RNG.random(SHAPE) < 0.2
        charge = RNG.exponential(light.max() / 3, SHAPE)
        charge[RNG.random(SHAPE) < 0.3] = 0.0  # flagged as a neighbour, and not hit
        dq = np.where(hit, int(Dq.COSMIC_RAY), 0)
        frame = a_laid_frame(light + hit * charge, least**2, dq)
        y, x = np.nonzero(~hit)
        assert not beyond_rim(frame, fwhm, y, x, 1.0, bound).any()


@both
def test_a_hit_is_found_between_the_hits_of_a_track_that_are_flagged(bound):
    light = starlight(SHAPE, [24.2], [20.4], [1e5], 4.7)
    light[20, 22:27] += 2000.0
    dq = np.zeros(SHAPE)
    dq[19:22, 22:27] = Dq.COSMIC_RAY
    dq[20, 24] = 0
    at = (np.array([20]), np.array([24]))
    assert beyond_rim(a_laid_frame(light, 100.0, dq), 4.7, *at, 5.0, bound).all()


@both
@pytest.mark.parametrize("fwhm", [2.5, 3.6, 4.7, 8.0])
def test_a_hit_of_the_light_of_a_star_is_found_wherever_it_falls_on_it(fwhm, bound):
    light = starlight(SHAPE, [24.2], [20.4], [1e6], fwhm)
    for dy, dx in ((0, 0), (1, 0), (0, 2), (-2, 1), (3, -3)):
        hit = light.copy()
        hit[20 + dy, 24 + dx] *= 2
        at = (np.array([20 + dy]), np.array([24 + dx]))
        assert beyond_rim(a_laid_frame(hit), fwhm, *at, 5.0, bound).all()


@pytest.mark.parametrize("step", [(0, 1), (1, 0), (1, 1), (1, -1)])
def test_a_track_across_a_star_is_found_along_its_length(step):
    light = starlight(SHAPE, [24.2], [20.4], [1e5], 4.7)
    along = np.arange(-5, 6)
    at = (20 + along * step[0], 24 + along * step[1])
    light[at] += 2000.0
    assert beyond_rim(a_laid_frame(light, 100.0), 4.7, *at, 5.0).all()


@both
def test_bounds_are_sums_over_the_rims_of_all_holes(bound):
    light = some_stars(RNG, 3.5).astype(np.float32) + RNG.normal(0, 30, SHAPE).astype(np.float32)
    dq = RNG.choice([0, int(Dq.BAD), int(Dq.COSMIC_RAY)], SHAPE, p=[0.94, 0.03, 0.03])
    found = beyond_rim(a_laid_frame(light, 900.0, dq), 3.5, Y, X, 3.0, bound).reshape(SHAPE)
    told = rim(3.5, bound)
    unhit, hit = np.where(dq > 0, np.nan, light.astype(float)), np.maximum(light, 0.0)
    most = np.where(dq == Dq.COSMIC_RAY, hit, unhit)
    least = np.where(dq == Dq.COSMIC_RAY, 0.0, unhit)
    wide, most, least = (
        np.pad(plane, REACH, constant_values=np.nan) for plane in (unhit, most, least)
    )
    for y, x in RNG.integers(0, SHAPE, (300, 2)):
        some = np.s_[y : y + WIDTH, x : x + WIDTH]
        high, low = most[some].ravel(), least[some].ravel()
        expected = False
        for guess, near, share, noise in zip(
            told.guess, told.around, told.share, told.noise, strict=True
        ):
            rest = near > 0
            weights = guess[rest]
            allowed = weights @ np.where(weights > 0, high[rest], low[rest])
            allowed += share * max(near[rest] @ high[rest], 0)
            expected |= bool(light[y, x] - allowed > 3.0 * np.sqrt(900.0 * (1 + noise)))
        assert found[y, x] <= expected
        if dq[y, x] == 0 and stands_out(wide, y + REACH, x + REACH, 90.0):
            assert found[y, x] == expected


@both
@pytest.mark.parametrize("count", [1, 2, 31, 33, 500, 700])
def test_what_a_pixel_is_said_does_not_depend_on_those_asked_with_it(bound, count):
    light = some_stars(RNG, 3.5) + RNG.normal(0, 30, SHAPE)
    dq = RNG.choice([0, int(Dq.COSMIC_RAY)], SHAPE, p=[0.95, 0.05])
    (one,) = a_laid_frame(light, 900.0, dq)
    told = rim(3.5, bound)
    together = allowed(one, told, Y, X)
    some = np.sort(RNG.choice(len(Y), count, replace=False))
    np.testing.assert_array_equal(allowed(one, told, Y[some], X[some]), together[:, some])


def stands_out(wide, y, x, least):
    """Say whether a pixel exceeds the mean of two others on either side, in some direction."""
    pairs = [wide[y + dy, x + dx] + wide[y - dy, x - dx] for dy, dx in DIRECTIONS]
    return any(not wide[y, x] - pair / 2 <= least for pair in pairs)


DIRECTIONS = ((0, REACH), (REACH, 0), (REACH, REACH), (REACH, -REACH))


@pytest.mark.parametrize(("y", "x"), [(0, 20), (47, 20), (20, 0), (20, 55), (1, 20), (20, 1)])
def test_a_hit_on_the_edge_of_the_detector_is_found(y, x):
    light = np.zeros(SHAPE)
    light[y, x] = 100.0
    assert beyond_rim(a_laid_frame(light, 1.0), 4.0, np.array([y]), np.array([x]), 5.0).all()


def test_what_is_hidden_all_around_is_not_judged():
    light = np.zeros(SHAPE)
    light[20, 20] = 100.0
    dq = np.zeros(SHAPE)
    dq[18:23, 18:23] = Dq.BAD
    dq[20, 20] = 0
    assert not beyond_rim(
        a_laid_frame(light, 1.0, dq), 4.0, np.array([20]), np.array([20]), 5.0
    ).any()


def test_light_is_blind_beyond_the_edge():
    (one,) = a_laid_frame(np.ones(SHAPE))
    row, column = np.array([-1, 0, 5, SHAPE[0]]), np.array([3, 0, SHAPE[1], 3])
    none = np.zeros(1, int)
    np.testing.assert_array_equal(lights(one, row, column, none, none), [[BLIND, 1, BLIND, BLIND]])


def test_light_at_steps_is_that_of_a_wider_plane_whether_or_not_an_edge_is_near():
    light = np.random.default_rng(2).normal(size=SHAPE)
    (one,) = a_laid_frame(light)
    dy, dx = np.mgrid[-2:3, -1:2].reshape(2, -1)
    wide = np.pad(one.light, 3, constant_values=BLIND)
    for row, column in (np.mgrid[3:9, 4:8], np.mgrid[0:4, SHAPE[1] - 3 : SHAPE[1]]):
        y, x = row.ravel(), column.ravel()
        expected = wide[y + dy[:, None] + 3, x + dx[:, None] + 3]
        np.testing.assert_array_equal(lights(one, y, x, dy, dx), expected)


@pytest.mark.parametrize("fwhm", [2.2, 3.5])
def test_either_bound_is_the_loose_or_the_tight_one(fwhm):
    rng = np.random.default_rng(3)
    light = some_stars(RNG, fwhm) + rng.normal(0, 40, SHAPE)
    light[rng.random(SHAPE) < 0.03] += 300
    frame = a_laid_frame(light, 900.0)
    loose, tight, either = (beyond_rim(frame, fwhm, Y, X, 3.0, b) for b in get_args(Bound))
    assert loose.any() and tight.any() and (loose != tight).any()
    np.testing.assert_array_equal(either, loose | tight)


@both
def test_a_hole_says_the_same_turned_by_a_quarter(bound):
    told = rim(3.3, bound)
    planes = told.guess.reshape(-1, WIDTH, WIDTH)
    for plane in planes:
        turned = np.rot90(plane)
        assert (np.abs(planes - turned).max(axis=(1, 2)) == 0).any()
