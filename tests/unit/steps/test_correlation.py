"""Apertures on resampled noise scatter as the variance plane and the factor say."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.frame import Placement, Sky
from gmoscli.geometry import Affine
from gmoscli.steps.combine import average
from gmoscli.steps.correlation import correlation, sharpness
from gmoscli.steps.resample import resample
from tests.builders import a_piece, an_info, an_observation, some_strips

SHAPE = (450, 450)
TURNED = Affine.moved(1.7, -0.4).after(Affine.turned(0.2, (300.0, -200.0)))
STACKS = {
    "one, half a pixel": [(Affine.moved(0.5, 0.5), 1.0, 1.0, 10.0)],
    "one that stays": [(Affine.moved(3.0, -8.0), 1.0, 1.0, 10.0)],
    "reference and another": [(Affine(), 1.0, 1.0, 9.0), (Affine.moved(0.5, 0.5), 1.0, 1.0, 9.0)],
    "a noisy one beside a good one": [
        (Affine(), 1.0, 1.0, 5.0),
        (Affine.moved(0.5, 0.4), 1.0, 2.0, 15.0),
    ],
    "turned": [(Affine(), 1.0, 1.0, 9.0), (TURNED, 1.0, 1.3, 7.0), (TURNED.inverse, 2.0, 1.0, 8.0)],
}
"""Of each frame: map to its pixels, weight, scale, noise."""


def told(stack):
    """What the product says of a stack of frames."""
    frames = []
    for _, weight, scale, noise in stack:
        info = an_info(SHAPE, sky=Sky(100.0, noise))
        frames.append(an_observation(info, placement=Placement(scale=scale, weights={2: weight})))
    return correlation(frames, [{2: at} for at, *_ in stack], SHAPE)


def apertures(stack, side, rng):
    """Sums over squares of blank sky, over the roots of their summed variances."""
    shape = (SHAPE[0] + 30, SHAPE[1] + 30)
    pieces = [
        a_piece(
            rng.normal(0, noise, shape),
            var=noise**2,
            at=Affine.moved(9.0, 9.0).after(at),
            scale=scale,
        )
        for at, _, scale, noise in stack
    ]
    weights = tuple(weight for _, weight, *_ in stack)
    planes = average(resample(some_strips(*pieces, shape=SHAPE, weights=weights)))
    n = SHAPE[0] // side
    tiles = [
        plane[: n * side, : n * side].reshape(n, side, n, side).sum(axis=(1, 3))
        for plane in (planes.sci, planes.var, planes.dq > 0)
    ]
    return (tiles[0] / np.sqrt(tiles[1]))[tiles[2] == 0]


@pytest.mark.parametrize("stack", STACKS.values(), ids=STACKS)
def test_apertures_scatter_as_they_are_said_to(stack):
    rng = np.random.default_rng(3)
    values = np.concatenate([apertures(stack, 15, rng) for _ in range(4)])
    # Some 3400 squares know their scatter to 1.2 %; at 15 pixels the edges still hide up to 2 %.
    assert np.std(values) == pytest.approx(told(stack), rel=0.05)


def test_single_pixels_scatter_as_the_variance_says():
    values = apertures(STACKS["reference and another"], 1, np.random.default_rng(4))
    assert np.std(values) == pytest.approx(1, abs=0.01)


def test_the_noisier_frame_tells_how_much_is_hidden():
    still, moved = Affine(), Affine.moved(0.5, 0.5)
    quiet = told([(still, 1.0, 1.0, 9.0), (moved, 1.0, 1.0, 1.0)])
    loud = told([(still, 1.0, 1.0, 1.0), (moved, 1.0, 1.0, 9.0)])
    assert 1 < quiet < 1.01
    assert loud == pytest.approx(told([(moved, 1.0, 1.0, 9.0)]), abs=0.02)


def test_a_frame_of_no_weight_changes_nothing():
    stack = STACKS["turned"]
    idle = (Affine.moved(0.5, 0.5), 0.0, 1.0, 9.0)
    assert told([*stack, idle]) == pytest.approx(told(stack))


def test_what_was_interpolated_before_hides_noise_already():
    info = replace(an_info(SHAPE, sky=Sky(100.0, 5.0)), correlation=1.2)
    frames = [an_observation(info)] * 2
    assert correlation(frames, [{2: Affine()}] * 2, SHAPE) == pytest.approx(1.2)


@pytest.mark.parametrize("at", [Affine.moved(0.5, 0.5), Affine.moved(-3.3, 2.8), TURNED])
def test_sharpness_is_the_share_of_pixel_variance_that_is_left(at):
    shape = (300, 300)
    deep = resample(some_strips(a_piece(np.zeros((320, 320)), var=1.0, at=at), shape=shape))
    inner = deep.dq[0] == 0
    assert sharpness(at, shape) == pytest.approx(float(deep.var[0][inner].mean()), rel=0.03)


def test_without_interpolation_all_variance_is_left():
    assert sharpness(Affine.moved(3.0, -8.0), (50, 50)) == 1.0
