"""What a page says of pixels is what they are."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.report.look import BINS, grown, look
from tests.builders import a_ccd

SHAPE = (256, 256)
NOTHING = np.zeros(SHAPE, np.uint8)


def sky(noise=3.0, level=100.0, var=9.0, dq=0):
    sci = np.random.default_rng(2).normal(level, noise, SHAPE)
    return a_ccd(sci, var=np.full(SHAPE, var), dq=np.broadcast_to(np.asarray(dq), SHAPE))


@pytest.mark.parametrize("excess", [0.8, 1.0, 1.2])
def test_the_noise_check_is_the_scatter_over_the_root_of_the_variance(excess):
    assert look(sky(3 * excess), NOTHING).noise == pytest.approx(excess, abs=0.02)


def test_a_slope_of_the_sky_is_no_noise():
    ccd = sky()
    slope = np.linspace(0, 60, SHAPE[1], dtype=np.float32)
    assert look(ccd.with_planes(sci=ccd.sci + slope), NOTHING).noise == pytest.approx(1, abs=0.03)


def test_sources_and_flagged_pixels_do_not_count():
    ccd = sky()
    light, dq, mask = ccd.sci.copy(), ccd.dq.copy(), NOTHING.copy()
    light[50:120, 50:120] += 500
    mask[54:116, 54:116] = 1
    light[200:240] = -1e5
    dq[200:240] = Dq.BAD
    seen = look(ccd.with_planes(sci=light, dq=dq), mask)
    assert seen.noise == pytest.approx(1, abs=0.03)
    assert seen.level == pytest.approx(100, abs=0.3)
    assert dict(seen.flagged) == {Dq.BAD: 40 / 256}


def test_no_sky_is_judged_where_sources_are_not_known():
    seen = look(sky(), None)
    assert seen.noise is None and seen.histogram == ()
    assert (seen.scatter, seen.expected) == (pytest.approx(3, abs=0.05), pytest.approx(3))


def test_without_variance_nothing_is_expected():
    seen = look(sky(var=0), NOTHING)
    assert seen.expected is None and seen.noise is None


def test_a_ccd_without_a_good_pixel_is_told_of_all_the_same():
    seen = look(sky(dq=Dq.NO_DATA), NOTHING)
    assert np.isnan(seen.level) and seen.noise is None
    assert seen.flagged == ((Dq.NO_DATA, 1.0),)


def test_the_histogram_is_the_density_of_normal_noise():
    seen = look(sky(), NOTHING)
    middle = (BINS[1:] + BINS[:-1]) / 2
    normal = np.exp(-(middle**2) / 2) / np.sqrt(2 * np.pi)
    np.testing.assert_allclose(seen.histogram, normal, atol=0.02)  # 65 000 pixels in 40 bins


@pytest.mark.parametrize("pixels", [1, 3])
def test_a_mask_grows_by_as_many_pixels_on_every_side(pixels):
    mask = np.zeros((11, 11), bool)
    mask[5, 5] = mask[0, 0] = True
    y, x = np.mgrid[:11, :11]
    near = [np.maximum(abs(y - at), abs(x - at)) <= pixels for at in (0, 5)]
    np.testing.assert_array_equal(grown(mask, pixels), near[0] | near[1])
    assert mask.sum() == 2
