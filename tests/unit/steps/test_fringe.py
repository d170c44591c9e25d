"""The fringes go, in proportion to the light that makes them."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.errors import ReductionError
from gmoscli.geometry import ARCSEC
from gmoscli.steps.fringe import (
    amplitude,
    centre_fringes,
    mask_objects,
    match_fringes,
    shared_noise,
    subtract_fringe,
)
from tests.builders import SCALE, a_ccd, a_sky_ccd, a_tan, an_info, an_observation, starlight

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


def test_the_variance_is_that_of_the_pixels_that_are_left():
    out = subtract_fringe(an_image(1.0, sources=False), a_fringe(20.0))
    apart = np.diff(out.sci, axis=1)
    assert apart.var() / (2 * out.var.mean()) == pytest.approx(1, abs=0.05)


def test_independent_errors_are_not_shared():
    assert shared_noise(an_image(0.0, sources=False)) == pytest.approx(1, abs=0.03)


def test_without_a_fringe_frame_nothing_changes():
    image = an_image(1.0)
    assert subtract_fringe(image, None) is image


def test_sources_are_masked_and_fringes_are_not():
    masked = mask_objects(an_image(1.0), a_fringe())
    y, x = np.rint(STARS[::-1]).astype(int)
    assert (masked.dq[y, x] > 0).mean() > 0.95
    assert (masked.dq > 0).mean() < 0.3


def a_pointing(x, y, levels=(100.0, 110.0, 90.0), name="N", **changes):
    """A frame that points (x, y) arcsec off, with a median of sky on each ccd."""
    crval = (150.0 + x / ARCSEC / np.cos(np.radians(30)), 30.0 + y / ARCSEC)
    infos = [
        an_info(index=i, level=level, wcs=a_tan(crval=crval)) for i, level in enumerate(levels, 1)
    ]
    return an_observation(*infos, name=name, **changes)


DITHERED = [a_pointing(0, 0), a_pointing(10, 0, (200.0, 220.0, 180.0)), a_pointing(0, -10)]


def test_frames_are_scaled_by_their_sky_and_the_sky_is_taken_away():
    placed = [obs.placement for obs in match_fringes(DITHERED)]
    assert [p.scale for p in placed] == [1.0, 0.5, 1.0]
    assert placed[1].offsets == {1: -100.0, 2: -110.0, 3: -90.0}


def test_undithered_frames_are_refused_with_the_reason():
    near = [a_pointing(0, 0), a_pointing(1, 0), a_pointing(0, 2)]
    with pytest.raises(ReductionError, match=r"undithered: .* 5 arcsec apart, the widest 2.2"):
        match_fringes(near)
    assert match_fringes(near, min_dither=2.0)


def test_two_frames_are_too_few():
    with pytest.raises(ReductionError, match="needs 3 frames or more, not 2"):
        match_fringes(DITHERED[:2])


def test_a_frame_without_sky_is_named():
    blind = a_pointing(30, 0, (100.0, None, 90.0), name="blind")
    with pytest.raises(ReductionError, match=r"blind.fits: no good pixel of sky"):
        match_fringes([*DITHERED, blind])


def test_the_smooth_part_of_a_pattern_is_taken_out_and_flagged_pixels_hold_nothing():
    ccd = a_ccd(PATTERN + GRADIENT)
    ccd.dq[0, 0] = Dq.BAD
    out = centre_fringes(ccd)
    assert out.sci[0, 0] == 0
    assert abs(out.sci.mean()) < 0.5
    assert np.corrcoef(out.sci.ravel(), PATTERN.ravel())[0, 1] > 0.98
    assert pytest.approx(a_tan().scale) == SCALE


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
