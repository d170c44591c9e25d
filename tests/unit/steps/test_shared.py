"""Noise that frames share through their masters is in the variance of their stack."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.frame import MasterNoise, Placement
from gmoscli.geometry import Affine
from gmoscli.past import Used
from gmoscli.steps.bias import subtract_bias, to_electrons
from gmoscli.steps.combine import average
from gmoscli.steps.flat import divide_flat
from gmoscli.steps.resample import resample
from gmoscli.steps.shared import shared_noise
from tests.builders import a_ccd, a_piece, an_amp, an_info, an_observation, some_strips

SHAPE = (260, 260)
READ, BIAS, FLAT, SKY = 6.0, 3.0, 0.02, 200.0
"""Noise of a frame's own and of its bias (electrons), of its flat (of the level), and the level."""
TURN = Affine.turned(0.1, (130.0, 130.0))
STILL = [Affine()] * 6
DITHERS = {
    "none": STILL,
    "a fraction of a pixel": [Affine.moved(0.45 * i, -0.3 * i) for i in range(6)],
    "some pixels": [Affine.moved(1.7 * i, 2.2 * i) for i in range(6)],
    "whole pixels": [Affine.moved(i % 2, 0.0) for i in range(6)],
    "two places": [Affine.moved(8.5 * (i % 2), 0.0) for i in range(6)],
    "turns alone": [TURN if i % 2 else Affine() for i in range(6)],
    "far": [Affine.moved(9.0 * i, 0.0) for i in range(6)],
}
"""Maps to the pixels of each of six frames, of different weights, scales and offsets."""
WEIGHTS = (1.0, 0.8, 1.0, 1.3, 0.5, 1.0)
SCALES = (1.0, 1.1, 0.9, 1.0, 1.4, 1.0)
OFFSETS = (0.0, -20.0, 20.0, 0.0, -80.0, 0.0)


def told(dither, masters=("one",) * 6):
    noise = MasterNoise(BIAS**2, FLAT**2)
    frames = [
        replace(
            an_observation(an_info(SHAPE, masters=noise)),
            placement=Placement(scale=scale, offsets={2: offset}, weights={2: weight}),
            used=(Used(f"{name}_bias.fits", "", "bias"), Used(f"{name}_flat.fits", "", "flat")),
        )
        for name, weight, scale, offset in zip(masters, WEIGHTS, SCALES, OFFSETS, strict=True)
    ]
    return shared_noise(frames, [{2: at} for at in dither], SHAPE)


def deviations(dither, rng, *, masters=("one",) * 6):
    """Deviations of a stack of blank sky, over the roots of its variances."""
    shape = (SHAPE[0] + 80, SHAPE[1] + 80)
    patterns = {
        name: (rng.normal(0, BIAS, shape), rng.normal(0, FLAT, shape))
        for name in dict.fromkeys(masters)
    }
    pieces = []
    for at, name, scale, offset in zip(dither, masters, SCALES, OFFSETS, strict=True):
        level = (SKY - offset) / scale
        bias, flat = patterns[name]
        sci = level + rng.normal(0, READ, shape) + bias + level * flat
        var = READ**2 + BIAS**2 + (level * FLAT) ** 2
        at_corner = Affine.moved(9.0, 9.0).after(at)
        pieces.append(a_piece(sci, var=var, at=at_corner, scale=scale, offset=offset))
    stack = average(resample(some_strips(*pieces, shape=SHAPE, weights=WEIGHTS)))
    var = told(dither, masters).added(stack.var, stack.sci)
    return ((stack.sci - SKY) / np.sqrt(var))[stack.dq == 0]


@pytest.mark.parametrize("dither", DITHERS.values(), ids=DITHERS)
def test_a_stack_scatters_as_its_variance_says(dither):
    rng = np.random.default_rng(5)
    values = np.concatenate([deviations(dither, rng) for _ in range(3)])
    assert np.std(values) == pytest.approx(1, abs=0.01)


def test_frames_with_masters_of_their_own_share_nothing():
    names = tuple("abcdef")
    own = told(STILL, names)
    assert (own.constant, own.slope, own.square) == (0, 0, 0)
    values = deviations(STILL, np.random.default_rng(6), masters=names)
    assert np.std(values) == pytest.approx(1, abs=0.01)


def test_masters_of_two_nights_are_shared_by_the_frames_of_each():
    names = ("a", "a", "a", "b", "b", "b")
    values = deviations(STILL, np.random.default_rng(7), masters=names)
    assert np.std(values) == pytest.approx(1, abs=0.01)


def test_variance_of_frames_far_apart_stays_what_it_is_to_the_last_bit():
    var = np.ones(SHAPE, np.float32)
    assert told(DITHERS["far"]).added(var, var) is var


def test_a_single_frame_shares_its_noise_with_none():
    frame = an_observation(an_info(SHAPE, masters=MasterNoise(9.0, 0.01)))
    assert shared_noise([frame], [{2: Affine()}], SHAPE).constant == 0


def test_where_there_is_no_variance_none_is_added():
    var = np.zeros(SHAPE, np.float32)
    assert not told(STILL).added(var, var).any()


def test_what_masters_add_to_the_variance_is_known_of_the_frame():
    amps = (an_amp(slice(0, 12), gain=1.7),)
    levels = np.linspace(500, 3000, 96).reshape(8, 12)

    def calibrated(bias_var, flat_var):
        ccd = subtract_bias(a_ccd(levels, var=25, amps=amps), a_ccd(100, var=bias_var))
        return divide_flat(to_electrons(ccd), a_ccd(0.8, var=flat_var))

    noisy, clean = calibrated(4.0, 3e-4), calibrated(0.0, 0.0)
    masters = noisy.info.masters
    told = masters.constant + masters.relative * noisy.sci**2
    np.testing.assert_allclose(told, noisy.var - clean.var, rtol=1e-5)
    assert clean.info.masters == MasterNoise()
