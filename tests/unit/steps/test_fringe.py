"""The fringes go, in proportion to the light that makes them."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.steps.fringe import RIM, amplitude, noise_share, subtract_fringe
from gmoscli.steps.objects import objects
from tests.builders import a_ccd, a_sky_ccd, a_tan, starlight

SHAPE, SKY = (240, 260), 2000.0
YY, XX = np.mgrid[: SHAPE[0], : SHAPE[1]]
PATTERN = 30.0 * np.sin(XX / 9 + 2 * np.sin(YY / 25))
GRADIENT = 50.0 * (XX / SHAPE[1]) + 30.0 * (YY / SHAPE[0]) ** 2
STARS = np.random.default_rng(0).uniform(10, 230, (2, 30))


def a_fringe(noise=0.0):
    error = noise * np.random.default_rng(8).standard_normal(SHAPE)
    return a_ccd(PATTERN + error, var=noise**2)


def an_image(scale, seed=0, sources=True):
    """A sky with a gradient, the pattern at a scale, and sources."""
    light = SKY + GRADIENT + scale * PATTERN
    if sources:
        light = light + starlight(SHAPE, *STARS, 3e4, 5.0)
    return a_sky_ccd(light, seed=seed, wcs=a_tan())


@pytest.mark.parametrize(("scale", "noise"), [(0.5, 10.0), (1.0, 0.0), (2.0, 10.0)])
def test_the_amplitude_comes_back_beside_sources_gradients_and_noise(scale, noise):
    found = [amplitude(an_image(scale, seed), a_fringe(noise)) for seed in range(2)]
    values, errors = np.array(found).T
    assert values.mean() == pytest.approx(scale, rel=0.03)
    assert np.median(errors) < 0.05
    assert np.abs(values - scale).max() < 5 * np.median(errors) + 0.01


def test_without_fringes_nothing_is_found():
    assert amplitude(an_image(0.0), a_fringe())[0] < 0.05


def test_a_fringe_frame_of_noise_alone_has_no_amplitude():
    noise = a_ccd(np.random.default_rng(1).normal(0, 5, SHAPE), var=25.0)
    assert amplitude(an_image(1.0), noise)[0] < 0.3


def test_less_than_a_tenth_of_the_pattern_is_left():
    image = an_image(1.3, sources=False)
    left = subtract_fringe(image, a_fringe()).sci - SKY - GRADIENT
    assert abs((left * PATTERN).mean() / (PATTERN**2).mean()) < 0.05


def test_a_given_scale_is_used_as_it_is():
    out = subtract_fringe(a_ccd(np.full(SHAPE, 100.0), var=9.0), a_fringe(4.0), scale=0.5)
    np.testing.assert_allclose(out.sci, 100.0 - 0.5 * a_fringe(4.0).sci, atol=1e-3)


def test_noise_and_flags_of_the_fringe_frame_come_along():
    fringe = a_fringe(4.0)
    fringe.dq[5, 5], fringe.dq[6, 6] = Dq.BAD, Dq.COSMIC_RAY
    out = subtract_fringe(an_image(1.0), fringe)
    assert (out.dq[5, 5], out.dq[6, 6]) == (Dq.BAD, 0)


def frames_and_their_mean(frames=5, flat_error=0.004):
    """Ccds of one star field, dithered, divided by one noisy flat, and their masked mean."""
    rng = np.random.default_rng(3)
    flat = 1 + flat_error * rng.standard_normal(SHAPE)
    truths, ccds = [], []
    for k in range(frames):
        x, y = (at + 11 * k * np.array([[1], [-1]])[i] for i, at in enumerate(STARS))
        truth = SKY + PATTERN + starlight(SHAPE, x, y, 1e5, 5.0)
        ccd = a_sky_ccd(truth, seed=k, wcs=a_tan())
        sci = (ccd.sci * flat).astype(np.float32)
        var = (ccd.var + np.square(truth * flat_error)).astype(np.float32)
        truths.append(truth)
        ccds.append(ccd.with_planes(sci=sci, var=var))
    masked = [objects(c.with_planes(sci=c.sci - PATTERN.astype("f4")), 2.0, RIM) for c in ccds]
    open_ = np.array([~found.grown for found in masked])
    number = np.maximum(open_.sum(axis=0), 1)
    mean = (np.array([c.sci for c in ccds]) * open_).sum(axis=0) / number
    var = (np.array([c.var for c in ccds]) * open_).sum(axis=0) / number**2
    dq = np.where(open_.any(axis=0), 0, Dq.BAD)
    return truths, ccds, a_ccd(mean - mean[dq == 0].mean(), var=var, dq=dq)


def test_the_variance_is_that_of_what_is_left_on_blank_sky_and_in_sources():
    truths, ccds, fringe = frames_and_their_mean()
    sky, star = [], []
    for truth, ccd in zip(truths, ccds, strict=True):
        out = subtract_fringe(ccd, fringe)
        left = out.sci - (truth - PATTERN)
        left -= np.median(left)
        bright, faint = truth - PATTERN > SKY + 500, truth - PATTERN < SKY + 5
        good = out.dq == 0
        for found, where in ((sky, faint & good), (star, bright & good)):
            found.append(np.mean(np.square(left[where]) / out.var[where]))
    assert np.mean(sky) == pytest.approx(1, abs=0.03)
    assert np.mean(star) == pytest.approx(1, abs=0.1)  # a few thousand pixels


def test_where_a_deep_frame_was_rejected_in_the_fringe_frame_its_noise_stays():
    rng = np.random.default_rng(3)
    own, others = np.sqrt(SKY) * rng.standard_normal((2, *SHAPE)) * [[[1.0]], [[2.5**0.5]]]
    rejected = rng.random(SHAPE) < 0.1
    light = SKY + GRADIENT + PATTERN + own
    mean = np.where(rejected, others, 0.7 * own + 0.3 * others)
    variance = SKY * np.where(rejected, 2.5, 0.7**2 + 0.3**2 * 2.5)
    frame = a_ccd(light, var=SKY, wcs=a_tan())
    out = subtract_fringe(frame, a_ccd(PATTERN + mean, var=variance), scale=1.0)
    off = (out.sci - SKY - GRADIENT) / np.sqrt(out.var)
    assert off[rejected].std() == pytest.approx(1, abs=0.05)
    assert off[~rejected].std() == pytest.approx(1, abs=0.05)


def test_the_noise_of_another_nights_fringe_frame_is_added():
    out = subtract_fringe(an_image(1.0, sources=False), a_fringe(20.0))
    apart = np.diff(out.sci, axis=1)
    assert apart.var() / (2 * out.var.mean()) == pytest.approx(1, abs=0.05)


def test_independent_errors_are_not_shared():
    image = an_image(0.0, sources=False)
    assert noise_share(image, np.ones(SHAPE, bool)) == pytest.approx(1, abs=0.05)  # 2 sigma


def test_from_a_few_pixels_no_noise_is_told():
    assert noise_share(an_image(0.0), np.eye(*SHAPE, dtype=bool)) == 1.0


def test_without_a_fringe_frame_nothing_changes():
    image = an_image(1.0)
    assert subtract_fringe(image, None) is image


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5])
def test_the_amplitude_is_right_also_when_the_fringe_frame_holds_noise_of_the_frame(share):
    found = []
    for seed in range(4):
        image = an_image(1.0, seed, sources=False)
        noise = image.sci - SKY - GRADIENT - PATTERN
        other = 20.0 * np.random.default_rng(seed + 50).standard_normal(SHAPE)
        found.append(amplitude(image, a_ccd(PATTERN + share * noise + other, var=600.0))[0])
    assert np.mean(found) == pytest.approx(1.0, abs=0.015)  # a single one is known to 0.012


def test_flagged_pixels_of_either_do_not_count():
    image, fringe = an_image(1.0, sources=False), a_fringe()
    alone = amplitude(image, fringe)[0]
    image.sci[50:80], image.dq[50:80] = 2000.0 - 40 * PATTERN[50:80], Dq.BAD
    fringe.sci[150:170], fringe.dq[150:170] = -500.0, Dq.NO_DATA
    assert amplitude(image, fringe)[0] == pytest.approx(alone, abs=0.02)


@pytest.mark.parametrize("blind", ["image", "fringe"])
def test_without_good_pixels_the_ccd_keeps_its_counts(blind):
    image, fringe = an_image(1.0), a_fringe()
    {"image": image, "fringe": fringe}[blind].dq[:] = Dq.BAD
    out = subtract_fringe(image, fringe)
    np.testing.assert_array_equal(out.sci, image.sci)
    np.testing.assert_array_equal(out.var, image.var)
