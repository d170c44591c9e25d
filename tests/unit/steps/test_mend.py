"""Flagged pixels are filled from their good neighbours."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.steps.mend import PAD, TO_FILL, mended
from tests.builders import a_piece, starlight

SHAPE = (17, 23)
RNG = np.random.default_rng(11)


def whole(piece, sky=0.0):
    """All rows of a piece, mended, without the margins."""
    native = mended(piece, piece.first, piece.first + piece.sci.shape[0], sky)
    return tuple(plane[:, PAD:-PAD] for plane in (native.sci, native.var, native.dq))


def slowly_mended(plane, good, lonely):
    out = plane.astype(float)
    for y, x in zip(*np.nonzero(~good), strict=True):
        total = weight = 0.0
        for v in range(max(0, y - 2), min(plane.shape[0], y + 3)):
            for u in range(max(0, x - 2), min(plane.shape[1], x + 3)):
                share = good[v, u] * (4 if max(abs(v - y), abs(u - x)) == 1 else 1)
                total, weight = total + share * plane[v, u], weight + share
        out[y, x] = total / weight if weight else lonely[y, x]
    return out


@pytest.mark.parametrize("share", [0.0, 0.03, 0.5, 0.97])
def test_flagged_pixels_of_the_sky_hold_the_weighted_mean_of_good_neighbours(share):
    sci, var = RNG.normal(100, 9, SHAPE), RNG.uniform(1, 9, SHAPE)
    flags = np.where(RNG.random(SHAPE) < share, RNG.choice([1, 8, 16, 64], SHAPE), 0)
    piece = a_piece(sci, var, flags, scale=2.0, offset=-30.0)
    good = (flags & int(TO_FILL)) == 0
    mended_sci, mended_var, dq = whole(piece, sky=170.0)
    expected = slowly_mended(piece.sci, good, np.full(SHAPE, 100.0))
    np.testing.assert_allclose(mended_sci, expected, rtol=1e-5)
    np.testing.assert_allclose(mended_var, slowly_mended(piece.var, good, var), rtol=1e-5)
    np.testing.assert_array_equal(dq, flags)


def test_a_star_keeps_its_shape_where_a_pixel_is_lost():
    star = starlight((41, 41), 20.3, 20.1, 1e5, 6.0)
    flags, broken = np.zeros(star.shape), star.copy()
    flags[22, 18], broken[22, 18] = Dq.BAD, -9999
    sci, _, _ = whole(a_piece(broken, dq=flags))
    assert sci[22, 18] == pytest.approx(star[22, 18], rel=0.02)
    np.testing.assert_array_equal(sci[flags == 0], broken[flags == 0])


@pytest.mark.parametrize("scale", [1.0, 2.5])
def test_a_bad_column_through_a_star_is_bridged_whatever_the_level_of_the_sky(scale):
    star = starlight((41, 41), 20.3, 20.1, 1e5, 6.0)
    flags, broken = np.zeros(star.shape), star / scale + 300
    flags[:, 20], broken[:, 20] = Dq.BAD, -9999
    sci, _, _ = whole(a_piece(broken, dq=flags, scale=scale, offset=50.0), 300 * scale + 50.0)
    filled = (sci[:, 20] - 300) * scale
    np.testing.assert_allclose(filled, star[:, 20], atol=0.03 * star.max())


def test_where_all_neighbours_are_bad_the_sky_stands_in():
    flags = np.full((21, 21), int(Dq.BAD))
    sci, _, _ = whole(a_piece(np.full((21, 21), -9999.0), dq=flags, scale=2.0, offset=-30.0), 50.0)
    np.testing.assert_allclose(sci * 2.0 - 30.0, 50.0)


@pytest.mark.parametrize(("start", "stop"), [(100, 117), (103, 109), (90, 102), (112, 140)])
def test_rows_are_the_same_whichever_are_asked_for(start, stop):
    planes = (RNG.normal(size=SHAPE), 1.0, np.where(RNG.random(SHAPE) < 0.1, 1, 0))
    piece = a_piece(*planes, first=100)
    every = whole(piece)
    some = mended(piece, start, stop, 0.0)
    assert some.first == start
    lines = np.clip(np.arange(start, stop) - 100, 0, SHAPE[0] - 1)
    columns = np.clip(np.arange(-PAD, SHAPE[1] + PAD), 0, SHAPE[1] - 1)
    for plane, expected in zip((some.sci, some.var, some.dq), every, strict=True):
        np.testing.assert_array_equal(plane, expected[np.ix_(lines, columns)])
