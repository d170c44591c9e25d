"""The profile of stars, and what is sharper than any of them."""

import numpy as np
import pytest

from gmoscli.steps.profile import (
    crowd_fluxes,
    fitted_moffat,
    moffat_growth,
    profile_fluxes,
    rings,
)
from gmoscli.steps.sharp import sharper_than_stars
from gmoscli.steps.stamps import circles, stamps
from tests.builders import a_ccd, starlight

RADII = np.array([0.6, 0.9, 1.2, 1.6, 2.1, 2.7])
RADII_PX = np.array([2.0, 3.0, 5.0, 9.0, 14.0])


@pytest.mark.parametrize("beta", [2.5, 3.0, 5.0])
def test_growth_is_the_integral_of_the_profile(beta):
    alpha = 0.8 / (2 * np.sqrt(2 ** (1 / beta) - 1))
    r = np.linspace(0, 200, 2_000_001)
    profile = (1 + (r / alpha) ** 2) ** -beta * r
    light = np.cumsum(profile) / profile.sum()
    expected = np.interp(RADII, r, light)
    np.testing.assert_allclose(moffat_growth(RADII, 0.8, beta), expected, atol=1e-3)


@pytest.mark.parametrize("fwhm", [0.4, 0.7, 1.3])
@pytest.mark.parametrize("beta", [2.5, 3.0, 5.0])
def test_width_and_index_come_back_from_the_growth_curve_in_any_unit(fwhm, beta):
    curve = 123.0 * moffat_growth(RADII, fwhm, beta)
    np.testing.assert_allclose(fitted_moffat(RADII, curve), (fwhm, beta, 123.0), rtol=0.01)
    assert fitted_moffat(RADII, curve, beta).fwhm == pytest.approx(fwhm, rel=1e-3)


@pytest.mark.parametrize("beta", [None, 3.0])
def test_light_that_is_even_around_a_star_is_not_its_own(beta):
    curve = 100.0 * moffat_growth(RADII, 0.7, 3.0) + 2.0 * RADII**2
    found = fitted_moffat(RADII, curve, beta, even=1.0)
    np.testing.assert_allclose(found, (0.7, 3.0, 100.0), rtol=0.01)
    share = moffat_growth(RADII, 0.7, 3.0)
    growth = curve[None] * [[10.0], [1000.0]]
    flux, _ = profile_fluxes(growth, rings(share), RADII, noise=1.0)
    np.testing.assert_allclose(flux, [1e3, 1e5], rtol=1e-6)
    flux, _ = crowd_fluxes(growth, share, RADII, noise=1.0, base=3)
    np.testing.assert_allclose(flux, [1e3, 1e5], rtol=1e-6)


def test_errors_in_a_crowd_are_those_of_the_photons_and_a_share_of_the_light():
    rng = np.random.default_rng(4)
    share, sigma = moffat_growth(RADII, 0.7, 3.0), 100.0 * np.sqrt(np.pi * rings(RADII**2))
    light = 2e4 * rings(share) + 80 * np.pi * rings(RADII**2)
    growth = np.cumsum(light + sigma * rng.normal(size=(400, len(RADII))), axis=1)
    flux, error = crowd_fluxes(growth, share, RADII, noise=100.0, base=3)
    photons = np.sqrt(error**2 - (0.03 * flux) ** 2)
    assert abs(flux.mean() / 2e4 - 1) < 4 * flux.std() / 2e4 / 20
    # That of the wide ring, scaled by area, is told as if it were one of the star's circle.
    assert 0.8 < flux.std() / photons.mean() < 1.3


@pytest.mark.parametrize("fwhm", [2.3, 3.0, 4.5])
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5])
def test_growth_on_pixels_is_what_circles_on_an_image_hold(fwhm, phase):
    ccd = a_ccd(starlight((61, 61), 30 + phase, 30 - phase, 1e5, fwhm), var=1.0)
    at = np.array([30 + phase]), np.array([30 - phase])
    light, error = circles(stamps(ccd, *at, np.zeros(1), 28), RADII_PX)
    expected = moffat_growth(RADII_PX, fwhm, 3.0, pixel=1.0)
    # The next order of the blur: a few thousandths of the light at the edge of a small circle.
    np.testing.assert_allclose(light[0] / 1e5, expected, atol=0.006)
    np.testing.assert_allclose(error[0] ** 2, np.pi * RADII_PX**2, rtol=0.03)


@pytest.mark.parametrize("seeing", [0.5, 1.2])
def test_fluxes_by_the_profile_are_those_of_the_stars_and_scatter_as_told(seeing):
    rng = np.random.default_rng(3)
    radii, noise, true = RADII, 100.0, np.repeat([2e4, 2e5], 200)
    share = rings(moffat_growth(radii, seeing, 3.0))
    sigma = noise * np.sqrt(np.pi * rings(radii**2))
    light = true[:, None] * share
    light = light + rng.normal(size=light.shape) * np.sqrt(sigma**2 + light)
    flux, error = profile_fluxes(np.cumsum(light, axis=1), share, radii, noise)
    for some in (true < 1e5, true > 1e5):
        assert abs(flux[some].mean() / true[some][0] - 1) < 4 * error[some][0] / true[some][0] / 14
        # 200 stars know their scatter to 5 %; the stated one allows for an unlike profile as well.
        assert 0.6 < flux[some].std() / error[some].mean() < 1.15


@pytest.mark.parametrize("fwhm", [2.2, 3.0, 5.0, 9.0])
@pytest.mark.parametrize("phase", [0.0, 0.3, 0.5])
@pytest.mark.parametrize("flux", [1e4, 1e6])
def test_no_star_is_sharper_than_a_star(fwhm, phase, flux):
    star = starlight((41, 41), 20 + phase, 20 - phase, flux, fwhm)
    everywhere = np.ones(star.shape, bool)
    sharp = sharper_than_stars(star, star + 100, everywhere, fwhm=fwhm, sigma=5.0)
    assert not sharp.any()


@pytest.mark.parametrize("fwhm", [3.0, 5.0])
def test_a_hit_of_one_pixel_is_sharper_on_sky_and_on_a_star(fwhm):
    star = starlight((41, 41), 20, 20, 2e4, fwhm)
    for y, x in ((5, 5), (20, 24)):
        hit = star.copy()
        hit[y, x] += 3000
        sharp = sharper_than_stars(hit, star + 100, np.ones(star.shape, bool), fwhm=fwhm, sigma=5.0)
        np.testing.assert_array_equal(np.argwhere(sharp), [[y, x]])


def test_only_pixels_that_are_asked_about_are_judged():
    hit = np.zeros((9, 9), np.float32)
    hit[4, 4] = 1e4
    none = np.zeros(hit.shape, bool)
    assert not sharper_than_stars(hit, hit + 100, none, fwhm=4.0, sigma=5.0).any()
