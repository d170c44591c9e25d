"""Frames that are all the same are combined without dividing nothing by nothing."""

import numpy as np

from gmoscli.steps.chips import register_ccds
from gmoscli.steps.combine import average, clip_noise, median
from gmoscli.steps.register import register
from gmoscli.steps.scale import match_counts
from gmoscli.steps.sky import match_sky
from tests.builders import a_deep, a_starry_observation

X, Y = np.random.default_rng(0).uniform([20, 20], [1000, 2000], (50, 2)).T
FRAMES = [a_starry_observation(X, Y, name=name) for name in "abc"]


def test_placements_of_identical_frames_are_nothing():
    for obs in match_sky(match_counts(register_ccds(register(FRAMES)))):
        there = obs.placement
        np.testing.assert_allclose(there.fix.matrix, np.eye(2), atol=1e-12)
        np.testing.assert_allclose(there.fix.shift, 0, atol=1e-12)
        assert (there.scale, there.rms) == (1.0, 0.0)
        assert there.offsets == {2: 0.0}


def test_identical_pixels_are_kept_and_their_mean_is_each_of_them():
    deep = clip_noise(a_deep(np.full((4, 5, 6), 7.0), var=0.0))
    assert not deep.dq.any()
    for combine in (average, median):
        out = combine(deep)
        assert (out.sci == 7).all()
        assert (out.var == 0).all()
