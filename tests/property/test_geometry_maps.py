"""Maps and projections undo each other, wherever the telescope points."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.geometry import ARCSEC, Affine, Tan, deproject, project

RA, DEC = st.floats(0, 360, exclude_max=True), st.floats(-88, 88)
PIXELS = st.tuples(st.floats(-5000, 5000), st.floats(-5000, 5000))
MAPS = st.builds(
    lambda x, y, turn, stretch: Affine.moved(x, y).after(
        Affine(Affine.turned(turn).matrix * stretch)
    ),
    st.floats(-100, 100),
    st.floats(-100, 100),
    st.floats(-180, 180),
    st.floats(0.25, 4),
)


@given(RA, DEC, st.floats(-0.2, 0.2), st.floats(-0.2, 0.2))
def test_a_point_of_the_tangent_plane_comes_back_from_the_sky(ra, dec, xi, eta):
    plane = project(deproject([xi, eta], (ra, dec)), (ra, dec))
    np.testing.assert_allclose(plane, [xi, eta], atol=1e-9)


@given(RA, DEC, st.floats(-180, 180), PIXELS)
def test_a_pixel_comes_back_from_the_sky(ra, dec, turn, pixel):
    cd = Affine.turned(turn).matrix * 0.0807 / ARCSEC
    tan = Tan((ra, dec), (1000.0, 2000.0), cd)
    np.testing.assert_allclose(tan.pixels(tan.sky(pixel)), pixel, atol=1e-5)


@given(RA, DEC)
def test_the_reference_pixel_is_the_pointing(ra, dec):
    tan = Tan((ra, dec), (12.0, -7.0), np.eye(2) / ARCSEC)
    east = (tan.sky([12.0, -7.0])[0] - ra + 180) % 360 - 180
    np.testing.assert_allclose([east, tan.sky([12.0, -7.0])[1] - dec], 0, atol=1e-9)


@given(MAPS, PIXELS)
def test_a_map_and_its_inverse_cancel(there, point):
    np.testing.assert_allclose(there.inverse(there(point)), point, atol=1e-7)


@given(MAPS, MAPS, MAPS, PIXELS)
def test_maps_may_be_put_together_in_any_grouping(a, b, c, point):
    one, other = a.after(b.after(c)), a.after(b).after(c)
    np.testing.assert_allclose(one(point), other(point), rtol=1e-9, atol=1e-6)
    np.testing.assert_allclose(one(point), a(b(c(point))), rtol=1e-9, atol=1e-6)
