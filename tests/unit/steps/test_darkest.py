"""Between the stars of the most crowded field there is still a sky, and it is found."""

import numpy as np
import pytest

from gmoscli.geometry import Affine
from gmoscli.steps.darkest import AROUND, SHARE, dark_sky, darkest, surroundings
from gmoscli.steps.register import register
from gmoscli.steps.seeing import measure_seeing
from gmoscli.steps.sources import map_sources, measure_sources
from tests.builders import SCALE, a_sky_ccd, a_tan, an_observation, starlight

SHAPE, NOISE, SKY = (540, 360), 14.0, 800.0
NONE = np.zeros(SHAPE, bool)


def noise(seed=0):
    return np.random.default_rng(seed).normal(SKY, NOISE, SHAPE).astype(np.float32)


def slow_surroundings(sci, unseen, row, column):
    half = AROUND // 2
    square = np.s_[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1]
    others = ~unseen[square]
    total = sci[square][others].sum(dtype=float) - sci[row, column]
    number = others.sum() - 1
    return total / number if 2 * number >= AROUND**2 - 1 else np.inf


def test_surroundings_are_the_mean_of_the_seen_others():
    sci, unseen = noise()[:30, :40], np.random.default_rng(1).random((30, 40)) < 0.3
    around = surroundings(np.where(unseen, 1e6, sci).astype(np.float32), unseen)
    for row, column in np.ndindex(sci.shape):
        if unseen[row, column]:
            assert around[row, column] == np.inf
        else:
            slow = slow_surroundings(sci, unseen, row, column)
            assert around[row, column] == pytest.approx(slow, rel=1e-5)


def test_every_mesh_has_its_darkest_blocks():
    around = surroundings(noise(), NONE)
    dark = darkest(around, 36)
    for y in range(0, SHAPE[0], 36):
        for x in range(0, SHAPE[1], 36):
            here = np.s_[y : y + 36, x : x + 36]
            assert dark[here].mean() == pytest.approx(SHARE, abs=2 / 36**2)
            assert around[here][dark[here]].max() <= around[here][~dark[here]].min()


def test_a_mesh_that_nobody_sees_has_none():
    unseen = NONE.copy()
    unseen[:72, :72] = True
    assert not darkest(surroundings(noise(), unseen), 36)[:72, :72].any()


def test_blank_sky_is_no_darker_for_being_chosen():
    for seed in range(5):
        sky = dark_sky(noise(seed), NONE, 36)
        error = NOISE / np.sqrt(sky.dark.sum())
        assert sky.back.mean() == pytest.approx(SKY, abs=4 * error)
        # About 9700 values tell a sigma to 1.2 % by their median absolute deviation.
        assert sky.noise == pytest.approx(NOISE, rel=0.04)


def test_a_sloping_sky_keeps_its_slope():
    slope = np.linspace(-60, 60, SHAPE[1], dtype=np.float32)
    sky = dark_sky(noise() + slope, NONE, 36)
    assert np.abs(sky.back - SKY - slope).max() < 2.5


def a_crowd(fwhm, per_ccd, seed=0, at=None):
    """A ccd of 700 by 700 pixels, as dense as one of GMOS (2x2) with so many stars."""
    shape = (700, 700)
    rng = np.random.default_rng(7)
    n = per_ccd * shape[0] * shape[1] // (2112 * 1024)
    magnitude = np.log10(rng.uniform(10**3.1, 10**4.8, n)) / 0.2  # 15.5 to 24
    flux = 60 * 10 ** (0.4 * (28.2 - magnitude))
    places = (at or Affine())(rng.uniform(0, 700, (n, 2)))
    light = starlight(shape, *places.T, flux, fwhm / SCALE, sky=SKY)
    full = light > 2.3e5
    wcs = a_tan((350.0, 350.0)).before((at or Affine()).inverse)
    ccd = a_sky_ccd(np.minimum(light, 2.3e5), seed=seed, wcs=wcs, dq=np.where(full, 4, 0))
    return measure_sources(ccd)


@pytest.mark.parametrize("per_ccd", [5_000, 10_000, 20_000])
def test_the_sky_of_a_crowded_field_is_that_between_its_stars(per_ccd):
    sky = a_crowd(0.7, per_ccd).info.sky
    sigma = np.hypot(np.sqrt(SKY), 4.0)
    # What is left is wings: 3 % of the light of Moffat stars falls beyond 2 arcsec.
    assert -0.1 * sigma < sky.level - SKY < 0.3 * sigma * per_ccd / 10_000
    assert sky.noise == pytest.approx(sigma, rel=0.1)


@pytest.mark.parametrize(("per_ccd", "within"), [(5_000, 0.05), (10_000, 0.1)])
@pytest.mark.parametrize("seeings", [(0.5, 0.8), (0.7, 1.0)])
def test_the_seeing_of_a_crowded_field_is_that_of_its_stars(seeings, per_ccd, within):
    ccds = [
        a_crowd(fwhm, per_ccd, i, Affine.moved(7.3 * i, -4.6 * i)) for i, fwhm in enumerate(seeings)
    ]
    frames = [an_observation(ccd.info, name=f"N{i}") for i, ccd in enumerate(ccds)]
    for obs, fwhm in zip(measure_seeing(register(frames)), seeings, strict=True):
        assert obs.ccds[0].fwhm * SCALE == pytest.approx(fwhm, rel=within)


def test_stars_of_a_crowded_field_are_catalogued_though_all_light_is_one_patch():
    # 2265 stars; a patch's sources of half a per cent of its light are some 300.
    assert len(map_sources(a_crowd(0.7, 10_000)).info.sources) > 500
