"""Where pixels lie, against astropy and against the numbers in the field's own tables."""

import numpy as np
import pytest
from astropy.wcs import WCS

from gmoscli.geometry import (
    ARCSEC,
    Affine,
    Tan,
    array_to_chip,
    array_to_detector,
    between,
    deproject,
    outline_mask,
    project,
)
from gmoscli.gmos.detectors import detectors
from gmoscli.section import Section
from tests.builders import a_tan, the_detector

FULL = Section(0, 2048, 0, 4224)
CORNERS = np.array([[0, 0], [2047, 0], [0, 4223], [2047, 4223], [1000, 2000]], float)


def astropy_wcs(tan: Tan) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = tan.crval
    wcs.wcs.crpix = np.array(tan.crpix) + 1
    wcs.wcs.cd = tan.cd
    return wcs


def a_turned_tan(crval, degrees=33.0, scale=0.0807):
    turn = Affine.turned(degrees).matrix
    return Tan(crval, (1234.5, -321.0), np.diag([-scale, scale]) / ARCSEC @ turn)


@pytest.mark.parametrize("crval", [(150.0, 30.0), (0.001, -70.0), (359.999, 0.0), (83.0, 89.5)])
def test_pixels_fall_on_the_sky_where_astropy_puts_them(crval):
    tan = a_turned_tan(crval)
    ours, theirs = tan.sky(CORNERS), astropy_wcs(tan).all_pix2world(CORNERS, 0)
    east = ((ours - theirs)[:, 0] + 180) % 360 - 180
    np.testing.assert_allclose(east * np.cos(np.radians(crval[1])), 0, atol=1e-9)
    np.testing.assert_allclose(ours[:, 1], theirs[:, 1], atol=1e-9)


@pytest.mark.parametrize("crval", [(150.0, 30.0), (0.001, -70.0), (359.999, 0.0), (83.0, 89.5)])
def test_the_way_back_from_the_sky_ends_on_the_same_pixel(crval):
    tan = a_turned_tan(crval)
    np.testing.assert_allclose(tan.pixels(tan.sky(CORNERS)), CORNERS, atol=1e-7)


def test_points_may_come_singly_in_lists_or_in_planes():
    tan = a_tan()
    grid = np.stack(np.meshgrid([0.0, 5.0, 9.0], [1.0, 2.0]), axis=-1)
    for way in (tan.sky, lambda p: project(p, tan.crval), lambda p: deproject(p, tan.crval)):
        each = np.array([[way(point) for point in row] for row in grid])
        np.testing.assert_array_equal(way(grid), each)


def test_the_scale_of_a_system_is_the_size_of_its_pixels():
    assert a_turned_tan((10.0, 10.0), scale=0.0807).scale == pytest.approx(0.0807)


def test_a_system_before_a_map_sees_the_same_sky():
    tan = a_turned_tan((150.0, 30.0))
    there = Affine(np.array([[2.0, 0.1], [0.0, 1.9]]), np.array([3.0, -4.0]))
    np.testing.assert_allclose(tan.before(there).sky(CORNERS), tan.sky(there(CORNERS)), atol=1e-12)


def test_a_map_and_its_inverse_cancel():
    there = Affine(np.array([[1.01, 0.2], [-0.3, 0.9]]), np.array([7.0, -2.0]))
    for round_trip in (there.after(there.inverse), there.inverse.after(there)):
        np.testing.assert_allclose(round_trip(CORNERS), CORNERS, atol=1e-10)


def test_after_means_one_and_then_the_other():
    turned, moved = Affine.turned(90.0), Affine.moved(10.0, 0.0)
    np.testing.assert_allclose(moved.after(turned)([1.0, 0.0]), [10.0, 1.0], atol=1e-12)
    np.testing.assert_allclose(turned.after(moved)([1.0, 0.0]), [0.0, 11.0], atol=1e-12)


def test_a_rotation_is_counter_clockwise_and_keeps_its_centre():
    turned = Affine.turned(90.0, (5.0, 5.0))
    np.testing.assert_allclose(turned([[5, 5], [6, 5]]), [[5, 5], [5, 6]], atol=1e-12)


def test_binned_pixels_have_their_centres_in_the_middle_of_what_they_cover():
    np.testing.assert_array_equal(
        Affine.unbinned((2, 4))([[0, 0], [1, 1]]), [[0.5, 1.5], [2.5, 5.5]]
    )
    away = array_to_chip(Section(100, 200, 40, 80), (2, 4))([0, 0])
    np.testing.assert_array_equal(away, [100.5, 41.5])


def test_three_points_and_their_images_give_the_map_back():
    there = Affine(np.array([[1.01, 0.2], [-0.3, 0.9]]), np.array([7.0, -2.0]))
    found = Affine.fitted(CORNERS[:3], there(CORNERS[:3]))
    np.testing.assert_allclose(found.matrix, there.matrix, atol=1e-12)
    np.testing.assert_allclose(found.shift, there.shift, atol=1e-9)


# Mosaic positions of trimmed GMOS-N Hamamatsu amplifiers, relative to the first pixel of the sixth
# (chip 2, column 512), as DRAGONS has them: (chip, column of the chip, x, y).
MOSAIC = [
    (1, 0, -2628.0974, -0.1459),
    (1, 511, -2117.0974, -0.1816),
    (1, 2047, -581.0974, -0.2888),
    (2, 0, -512.0, 0.0),
    (2, 512, 0.0, 0.0),
    (3, 0, 1603.2821, 0.2686),
    (3, 2047, 3650.2821, 0.0768),
]


@pytest.mark.parametrize("binning", [1, 2, 4])
@pytest.mark.parametrize(("chip", "column", "x", "y"), MOSAIC)
def test_chips_lie_in_the_mosaic_where_other_software_has_them(chip, column, x, y, binning):
    to_plane = array_to_detector(the_detector(), chip, FULL, (binning, binning))
    origin = Affine.unbinned((binning, binning))([512 / binning, 0])
    # A binned pixel is centred off the unbinned one that begins it, which a turn moves a little.
    place = (to_plane([column / binning, 0]) - origin) / binning
    np.testing.assert_allclose(place, [x / binning, y / binning], atol=2e-4)


@pytest.mark.parametrize("one", detectors(), ids=lambda one: one.id)
def test_chip_2_is_the_plane_and_the_others_lie_beside_it(one):
    nx, ny = one.chip_size
    whole = Section(0, nx, 0, ny)
    centre = [(nx - 1) / 2, (ny - 1) / 2]
    left, middle, right = (array_to_detector(one, i, whole, (1, 1))(centre) for i in (1, 2, 3))
    np.testing.assert_allclose(middle, centre)
    assert -nx - 100 < left[0] - middle[0] < -nx - 20
    assert nx + 20 < right[0] - middle[0] < nx + 100


@pytest.mark.parametrize("dither", [0.0, 10.0, 60.0])
@pytest.mark.parametrize("crpix", [-1090.0, 1024.0, 3140.0])
def test_an_affine_map_between_frames_is_wrong_by_1e_5_pixel_per_arcsec_of_dither(dither, crpix):
    first = a_tan((crpix, 2112.0), (150.0, 30.0), 0.0807)
    moved = np.array(first.crval) + dither / ARCSEC / np.array([np.cos(np.radians(30)), 1])
    second = a_tan((crpix, 2112.0), tuple(moved), 0.0807)
    grid = np.stack(np.meshgrid(np.arange(0, 2048, 89.0), np.arange(0, 4224, 128.0)), axis=-1)
    exact = second.pixels(first.sky(grid))
    assert np.abs(between(first, second, (4224, 2048))(grid) - exact).max() < 1e-6 + 1e-5 * dither


def test_between_applies_a_fix_on_the_tangent_plane_of_the_first():
    tan = a_tan(scale=0.1)
    fix = Affine.moved(1.0 / ARCSEC, 2.0 / ARCSEC)
    np.testing.assert_allclose(between(tan, tan, (10, 10), fix)([0, 0]), [-10, -20], atol=1e-6)


def slow_outline(outline, section, binning):
    """Ask for every unbinned pixel of every binned one whether it is lit."""
    xbin, ybin = binning
    shape = (section.height // ybin, section.width // xbin)
    rows, first, last = zip(*outline, strict=True)
    dark = np.zeros(shape, bool)
    for y in range(shape[0]):
        for x in range(shape[1]):
            for yy in range(section.y1 + y * ybin, section.y1 + (y + 1) * ybin):
                left, right = np.interp(yy, rows, first), np.interp(yy, rows, last)
                for xx in range(section.x1 + x * xbin, section.x1 + (x + 1) * xbin):
                    lit = rows[0] <= yy <= rows[-1] and left <= xx <= right
                    dark[y, x] |= not lit
    return dark


@pytest.mark.parametrize("binning", [(1, 1), (2, 2), (4, 2), (1, 4)])
@pytest.mark.parametrize("corner", [(0, 0), (8, 12)])
def test_a_pixel_with_any_part_outside_the_outline_is_outside(binning, corner):
    # An octagon without a sharper corner than those of the field between listed rows.
    outline = [(4, 20, 30), (16, 8, 44), (40, 8, 44), (52, 20, 30)]
    section = Section(corner[0], corner[0] + 48, corner[1], corner[1] + 48)
    found = outline_mask(tuple(map(tuple, outline)), section, binning)
    np.testing.assert_array_equal(found, slow_outline(outline, section, binning))


def test_without_an_outline_everything_is_inside():
    assert not outline_mask((), Section(0, 8, 0, 8), (2, 2)).any()
