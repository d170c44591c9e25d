"""Light on pixels: flux, shape, quadrature."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmoscli.simulate import Night
from gmoscli.simulate.areas import ccd_areas
from gmoscli.simulate.profiles import paint, profiles
from gmoscli.simulate.scene import Sources

SCALE = 0.08
SPECTRUM = "Central Spectrum"  # whole rows of the chips, a quarter of their height


def a_source(galaxy=False, bulge=False, half_light=0.0, axis_ratio=1.0, angle=0.0):
    columns = (0.0, 0.0, 20.0, 0.0, galaxy, bulge, half_light, axis_ratio, angle)
    return Sources(*(np.array([value]) for value in columns))


def painted(area, x, y, flux=1e7, source=None, **shape):
    light = profiles(
        source or a_source(), np.array([[x, y]]), np.array([flux]), scale=SCALE, **shape
    )
    plane = np.zeros(area.shape, np.float32)
    paint(plane, area, light)
    return plane


def the_area(binning, roi=SPECTRUM):
    return ccd_areas(Night(binning=binning, roi=roi))[1]


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(900, 1100),
    y=st.floats(2100, 2200),
    fwhm=st.floats(0.4, 1.2),
    ellipticity=st.floats(0, 0.3),
    elongation=st.floats(0, 180),
    binning=st.sampled_from([(1, 1), (2, 2), (4, 4), (1, 2), (4, 2)]),
)
def test_a_star_has_its_electrons_wherever_in_a_pixel_it_falls(
    *, x, y, fwhm, ellipticity, elongation, binning
):
    shape = {"fwhm": fwhm / SCALE, "ellipticity": ellipticity, "elongation": elongation}
    total = painted(the_area(binning), x, y, **shape).sum(dtype=float)
    assert total == pytest.approx(1e7, rel=1e-4)


@pytest.mark.parametrize("flux", [100.0, 3e4, 1e8])
def test_no_more_than_two_parts_in_ten_thousand_of_a_star_are_left_out(flux):
    total = painted(the_area((2, 2)), 1000.3, 2150.7, flux, fwhm=9.0).sum(dtype=float)
    assert 0.9997 * flux < total < 1.00001 * flux


@pytest.mark.parametrize("phase", [0.0, 0.8, 1.6])
def test_each_pixel_holds_the_integral_of_the_profile_over_its_face(phase):
    area, fwhm = the_area((4, 4)), 5.0
    x0, y0 = area.x[250] + phase, area.y[130] - phase / 2
    plane = painted(area, x0, y0, fwhm=fwhm)
    fine = (np.arange(160) + 0.5) / 40 - 2  # 160 points across an unbinned width of 4
    a = fwhm / 2 / np.sqrt(2 ** (1 / 3) - 1)
    for row, column in [(130, 250), (130, 251), (131, 250), (133, 246)]:
        r2 = (area.x[column] + fine - x0)[None, :] ** 2 + (area.y[row] + fine - y0)[:, None] ** 2
        slowly = (1e7 * 2 / (np.pi * a**2) * (1 + r2 / a**2) ** -3).mean() * 16
        assert plane[row, column] == pytest.approx(slowly, rel=1e-4)


def test_half_of_the_peak_is_reached_at_half_the_seeing():
    area = the_area((1, 1))
    plane = painted(area, 1000.0, 2150.0, fwhm=40.0)
    row = plane[2150 - area.section.y1]
    assert row[1020] / row[1000] == pytest.approx(0.5, rel=2e-3)


def test_an_elongated_star_is_long_in_its_direction():
    area = the_area((1, 1))
    plane = painted(area, 1000.0, 2150.0, fwhm=10.0, ellipticity=0.3, elongation=90.0)
    y0 = 2150 - area.section.y1
    assert plane[y0 + 10, 1000] > 1.5 * plane[y0, 1010]


def test_elongation_does_not_change_the_area_of_a_star():
    area = the_area((1, 1))
    round_, long = (painted(area, 1e3, 2150.0, fwhm=10.0, ellipticity=e).max() for e in (0, 0.3))
    assert round_ == pytest.approx(long, rel=0.02)


@pytest.mark.parametrize("bulge", [False, True])
def test_a_galaxy_has_its_electrons_and_half_of_them_within_its_radius(bulge):
    area = the_area((1, 1))
    galaxy = a_source(galaxy=True, bulge=bulge, half_light=4.0)
    plane = painted(area, 1000.0, 2150.0, source=galaxy, fwhm=2.0)
    r = np.hypot((area.x - 1000)[None, :], (area.y - 2150)[:, None])
    assert plane.sum(dtype=float) == pytest.approx(1e7, rel=0.02)
    assert plane[r < 4.0 / SCALE].sum(dtype=float) == pytest.approx(5e6, rel=0.04)


def test_light_beside_the_array_is_cut_off_and_nothing_else_is_touched():
    area = the_area((2, 2))
    plane = painted(area, -20.0, 2150.0, fwhm=9.0)
    assert 0 < plane.sum(dtype=float) < 0.05 * 1e7
    assert not plane[:, 400:].any()
