"""Stars of one field grow alike, and neighbours do not change their curve."""

import numpy as np
import pytest

from gmoscli.steps.catalogue import BASE, RADII, growth_curve, narrowest_alike, neighbours
from gmoscli.steps.profile import moffat_growth
from tests.builders import a_catalogue

FLUX = 10 ** np.random.default_rng(0).uniform(4, 5.5, 40)
SHAPE = moffat_growth(RADII, 0.8, 3.0)


def stars(n=40, **columns):
    """A catalogue of stars with the growth curves of one seeing, and photon noise."""
    growth = FLUX[:n, None] * SHAPE
    growth += np.sqrt(growth) * np.random.default_rng(1).normal(size=growth.shape)
    x = np.arange(n, dtype=float)
    return a_catalogue(x, x, FLUX[:n], np.sqrt(FLUX[:n]), growth=growth, **columns)


def test_the_curve_is_that_of_the_stars():
    curve, error = growth_curve([stars(20), stars(40)])
    np.testing.assert_allclose(curve, SHAPE / SHAPE[BASE], atol=0.005)
    assert error.shape == RADII.shape and (error >= 0.001).all()


def test_in_a_crowded_field_it_ends_where_the_light_of_neighbours_begins():
    crowded = stars(alone=np.arange(40) < 4)
    beside = np.random.default_rng(2).uniform(0, 0.5, (40, 1)) * FLUX[:, None]
    crowded["growth"][:, BASE + 1 :] += beside * (np.arange(len(RADII) - BASE - 1) + 1)
    curve, error = growth_curve([crowded])
    np.testing.assert_allclose(curve, (SHAPE / SHAPE[BASE])[: BASE + 1], atol=0.005)
    assert curve.shape == error.shape


def test_stars_alone_tell_of_the_wings_if_they_are_a_fifth_of_all():
    curve, _ = growth_curve([stars(alone=np.arange(40) < 8)])
    assert curve.shape == RADII.shape


@pytest.mark.parametrize("left", [0, 2])
def test_fewer_than_three_stars_make_no_curve(left):
    assert growth_curve([stars(star=np.arange(40) < left)]) is None
    assert growth_curve([stars(left)]) is None


def test_faint_stars_and_those_with_unknown_circles_do_not_count():
    odd = stars()
    odd["growth"][:20] = 0.0
    odd["flux_error"][20:] = odd["flux"][20:] / 10
    odd["growth"][20:] *= np.linspace(1, 2, len(RADII))
    curve, _ = growth_curve([odd, stars(20)])
    np.testing.assert_allclose(curve, SHAPE / SHAPE[BASE], atol=0.005)


@pytest.mark.parametrize(("few", "galaxies"), [(3, 0), (4, 12), (6, 30), (30, 60), (200, 60)])
def test_the_width_of_stars_is_found_among_any_number_of_galaxies(few, galaxies):
    rng = np.random.default_rng(few)
    wide = np.concatenate([rng.uniform(1.3, 2.5, galaxies // 2), rng.normal(1.6, 0.01, galaxies)])
    widths = rng.permutation(np.concatenate([rng.normal(0.8, 0.01, few), wide[:galaxies]]))
    assert narrowest_alike(widths) == pytest.approx(0.8, rel=0.02)


def test_stars_that_look_narrower_by_noise_do_not_set_the_width_of_many():
    widths = np.concatenate([np.random.default_rng(0).normal(1.0, 0.03, 90), [0.7, 0.71, 0.72]])
    assert narrowest_alike(widths) == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("widths", [[], [1.0, 1.0], [1.0, 1.5, 2.0, 3.0]])
def test_sources_that_are_not_alike_are_no_stars(widths):
    assert narrowest_alike(np.array(widths)) is None


def test_no_catalogue_makes_no_curve():
    assert growth_curve([]) is None


@pytest.mark.parametrize("n", [0, 1, 2, 300])
@pytest.mark.parametrize("radius", [0.0, 3.0, 20.0, 500.0])
def test_neighbours_are_all_others_within_the_radius(n, radius):
    rng = np.random.default_rng(3)
    x, y = rng.uniform(0, 50, n), np.rint(rng.uniform(0, 200, n))  # many are equally high
    flux = rng.uniform(-1, 10, n)
    near = np.hypot(x - x[:, None], y - y[:, None]) <= radius
    np.fill_diagonal(near, False)
    expected = near @ np.maximum(flux, 0) / np.maximum(flux, 1e-9)
    found = neighbours(a_catalogue(x, y, flux, np.ones(n)), radius)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
