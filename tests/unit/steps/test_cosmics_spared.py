"""What pixels allow that cosmic rays spared: no star is taken, winding tracks are found."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.steps.cosmics.hole import MIDDLE, NUGGET, REACH, beyond_rim
from gmoscli.steps.cosmics.spared import FEWEST, _guess, _stars, beyond_spared
from tests.builders import starlight
from tests.starry import SEEINGS, SHAPE, a_laid_frame, some_stars

RNG = np.random.default_rng(20260919)


def hit_about(light, share, charge=1.0):
    """Return planes in which a share of the pixels is hit, and flagged.

    ``charge`` is that of the hits, over the brightest light.
    """
    hit = RNG.random(SHAPE) < share
    return light + hit * RNG.exponential(charge * light.max(), SHAPE), np.where(
        hit, int(Dq.COSMIC_RAY), 0
    )


@pytest.mark.parametrize("fwhm", SEEINGS)
@pytest.mark.parametrize("turn", [0.93, 1.0, 1.07])
@pytest.mark.parametrize("share", [0.1, 0.4])
def test_no_pixel_of_stars_is_brighter_than_those_spared_allow(fwhm, turn, share):
    light = some_stars(RNG, fwhm * turn)
    least = light.max() / 1000  # what stars shed farther out is left to noise
    sci, dq = hit_about(light, share)
    y, x = np.nonzero(dq == 0)
    assert not beyond_spared(a_laid_frame(sci, least**2, dq), fwhm, y, x, 1.0).any()


@pytest.mark.parametrize("fwhm", [3.6, 4.7, 8.0])
def test_hits_amid_others_that_are_flagged_are_found_where_no_hole_tells(fwhm):
    light = starlight(SHAPE, [30.2], [14.4], [1e4], fwhm)
    sci, dq = hit_about(light + 1e3 * (RNG.random(SHAPE) < 0.02), 0.4, 100.0)
    y, x = np.nonzero((dq == 0) & (sci > light + 500))
    assert len(y) > 10
    frame = a_laid_frame(sci, 400.0, dq)
    found = beyond_spared(frame, fwhm, y, x, 5.0).mean()
    assert found > 0.9
    assert beyond_rim(frame, fwhm, y, x, 5.0, "either").mean() < found - 0.2


def test_noise_beside_what_is_flagged_is_seldom_taken():
    sci, dq = hit_about(RNG.normal(0, 10.0, SHAPE), 0.2)
    y, x = np.nonzero(dq == 0)
    assert beyond_spared(a_laid_frame(sci, 100.0, dq), 4.7, y, x, 2.5).mean() < 0.02
    assert not beyond_spared(a_laid_frame(sci, 100.0, dq), 4.7, y, x, 5.0).any()


def test_pixels_are_judged_where_something_is_flagged_around_and_enough_is_left():
    light = np.zeros(SHAPE)
    light[20, 24] = 1e5
    at = (np.array([20]), np.array([24]))
    assert not beyond_spared(a_laid_frame(light, 100.0), 4.7, *at, 5.0).any()
    around = np.argwhere(np.ones((2 * REACH + 1, 2 * REACH + 1))) - REACH + (20, 24)
    around = RNG.permutation(around[(around != (20, 24)).any(axis=1)])
    for left, told in ((23, True), (FEWEST, True), (FEWEST - 1, False)):
        dq = np.zeros(SHAPE, int)
        dq[tuple(around[left:].T)] = Dq.COSMIC_RAY
        assert beyond_spared(a_laid_frame(light, 100.0, dq), 4.7, *at, 5.0).all() == told


def test_a_pixel_is_judged_the_same_whatever_else_is():
    light = some_stars(RNG, 4.7)
    sci, dq = hit_about(light + RNG.exponential(300.0, SHAPE), 0.3)
    frame = a_laid_frame(sci, 1e4, dq)
    y, x = np.nonzero(dq == 0)
    together = beyond_spared(frame, 4.7, y, x, 2.5)
    assert 0.01 < together.mean() < 0.5
    each = [
        bool(beyond_spared(frame, 4.7, *at, 2.5)[0])
        for at in zip(y[:, None], x[:, None], strict=True)
    ]
    np.testing.assert_array_equal(together, each)


def test_a_guess_is_the_regression_on_those_that_were_spared():
    stars = _stars(4.7)
    spared = RNG.random((len(stars.gram), 50)) < 0.6
    spared[MIDDLE] = False
    for own, guess in zip(spared.T, _guess(stars, spared).T, strict=True):
        at = np.flatnonzero(own)
        moments = stars.gram[np.ix_(at, at)] + NUGGET**2 * np.eye(len(at))
        expected = np.zeros(len(own))
        expected[at] = np.maximum(np.linalg.solve(moments, stars.asked[at]), 0)
        np.testing.assert_allclose(guess, expected, atol=1e-4)
