"""One interpolation per pixel, against its definition written out."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.errors import ReductionError
from gmoscli.geometry import Affine
from gmoscli.steps.mend import TO_FILL
from gmoscli.steps.resample import check_turn, resample
from tests.builders import a_piece, some_strips, starlight

SHAPE = (40, 50)
RNG = np.random.default_rng(5)
MAPS = {
    "half": Affine.moved(0.5, 0.5),
    "fraction": Affine.moved(-3.3, 2.8),
    "turned": Affine.moved(1.7, -0.4).after(Affine.turned(0.2, (300.0, -200.0))),
    "turned back": Affine.moved(0.0, 0.6).after(Affine.turned(-0.05, (-900.0, 500.0))),
}
EVERY_MAP = pytest.mark.parametrize("at", MAPS.values(), ids=MAPS)


def weights(n, at):
    """Lanczos-3 on n pixels, made to sum one and to have its centre at a place."""
    away = np.arange(n) - at
    w = np.where((away > -3) & (away <= 3), np.sinc(away) * np.sinc(away / 3), 0.0)
    used = (away > -3) & (away <= 3)
    w /= w.sum()
    tilt = np.where(used, away - away[used].mean(), 0.0)
    return w - (w @ away) * tilt / (tilt @ tilt)


def slowly_resampled(plane, at, power=1):
    """Sum over all native pixels, for every output pixel with all its neighbours in the plane."""
    ny, nx = plane.shape
    out = np.full(plane.shape, np.nan)
    for y, x in np.ndindex(plane.shape):
        native_x, native_y = at([x, y])
        if 3 <= native_x < nx - 4 and 3 <= native_y < ny - 4:
            out[y, x] = weights(ny, native_y) ** power @ plane @ weights(nx, native_x) ** power
    return out


def resampled(piece, shape=None, **strips):
    deep = resample(some_strips(piece, shape=shape, **strips))
    return deep.sci[0], deep.var[0], deep.dq[0]


@EVERY_MAP
def test_pixels_are_those_of_a_sum_over_all_neighbours_in_two_dimensions(at):
    plane = RNG.normal(100, 10, SHAPE)
    expected = slowly_resampled(plane, at)
    inner = np.isfinite(expected)
    assert inner.sum() > 800
    sci, _, _ = resampled(a_piece(plane, at=at))
    # In two passes a turn slants the column that is summed: at 0.2 degrees by 0.01 pixel at the
    # outermost taps, whose weights are small. The noise here is 10.
    np.testing.assert_allclose(sci[inner], expected[inner], atol=0.1)


@EVERY_MAP
def test_variances_go_with_the_squared_weights(at):
    # Weights in place of their squares is a known fault of other software: 1 where 0.406 is right.
    var = RNG.uniform(1, 100, SHAPE)
    expected = slowly_resampled(var, at, power=2)
    inner = np.isfinite(expected)
    _, found, _ = resampled(a_piece(var, var=var, at=at))
    np.testing.assert_allclose(found[inner], expected[inner], rtol=0.01)


@EVERY_MAP
def test_variances_are_those_of_many_resampled_noises(at):
    noise = RNG.normal(0, 3, (400, 12, 14)).astype(np.float32)
    many = np.array([resampled(a_piece(one, at=at))[0] for one in noise])
    _, var, dq = resampled(a_piece(noise[0], var=9.0, at=at))
    inner = np.zeros(var.shape, bool)
    inner[4:-4, 4:-4] = dq[4:-4, 4:-4] == 0
    # 400 noises know each variance to 7 %, and the mean of some 24 pixels to about 2 %.
    assert inner.sum() > 5
    ratio = many.var(axis=0)[inner] / var[inner]
    assert ratio.mean() == pytest.approx(1, abs=0.06)


@EVERY_MAP
def test_one_noisy_pixel_makes_no_variance_negative(at):
    var = np.ones(SHAPE)
    var[20, 25] = 1000.0
    _, found, dq = resampled(a_piece(np.zeros(SHAPE), var=var, at=at))
    assert (found[dq == 0] > 0.3).all()


@pytest.mark.parametrize("shift", [(0, 0), (3, -2), (-7, 11)])
def test_a_shift_by_whole_pixels_is_a_copy(shift):
    sci, var = RNG.normal(size=SHAPE), RNG.uniform(1, 2, SHAPE)
    flags = RNG.integers(0, 5, SHAPE) & ~int(TO_FILL)
    piece = a_piece(sci, var, flags, at=Affine.moved(*shift))
    x, y = shift
    target = (slice(max(0, -y), SHAPE[0] - max(0, y)), slice(max(0, -x), SHAPE[1] - max(0, x)))
    source = (slice(max(0, y), SHAPE[0] + min(0, y)), slice(max(0, x), SHAPE[1] + min(0, x)))
    for found, native in zip(resampled(piece), (piece.sci, piece.var, piece.dq), strict=True):
        np.testing.assert_array_equal(found[target], native[source])


@pytest.mark.parametrize("fwhm", [2.0, 2.5, 4.2, 7.0])
@pytest.mark.parametrize("phase", [0.0, 0.1, 0.25, 0.5, 0.77])
def test_a_star_keeps_its_flux_to_a_thousandth_at_any_phase(fwhm, phase):
    star = starlight((101, 101), 50.2, 49.7, 1e5, fwhm)
    sci, _, _ = resampled(a_piece(star, at=Affine.moved(phase, phase / 2)))
    near = (slice(30, 71), slice(30, 71))
    assert sci[near].sum() / star[near].sum() == pytest.approx(1, abs=1e-3)


def centroid(stamp):
    y, x = np.indices(stamp.shape)
    return (stamp * x).sum() / stamp.sum(), (stamp * y).sum() / stamp.sum()


@pytest.mark.parametrize("fwhm", [2.5, 4.2])
def test_a_star_is_found_where_the_map_says(fwhm):
    at = MAPS["turned"]
    places = np.array([[25.3, 20.6], [300.2, 30.1], [700.9, 25.0]])
    native = at(places)
    light = starlight((60, 760), native[:, 0], native[:, 1], 1e5, fwhm)
    sci, _, _ = resampled(a_piece(light, at=at))
    painted = starlight((60, 760), *places.T, 1e5, fwhm)
    for x, y in places:
        stamp = (slice(round(y) - 9, round(y) + 10), slice(round(x) - 9, round(x) + 10))
        np.testing.assert_allclose(centroid(sci[stamp]), centroid(painted[stamp]), atol=0.005)


@EVERY_MAP
def test_a_flat_field_stays_flat_up_to_its_edges(at):
    sci, _, dq = resampled(a_piece(np.full(SHAPE, 100.0), at=at))
    np.testing.assert_allclose(sci[dq == 0], 100.0, rtol=1e-5)


@EVERY_MAP
def test_pixels_whose_centre_no_frame_reaches_hold_zero_and_no_data(at):
    piece = a_piece(np.full(SHAPE, 100.0), at=at)
    sci, var, dq = resampled(piece, shape=(60, 70), sky=5.0)
    xx, yy = np.meshgrid(np.arange(70), np.arange(60))
    x, y = np.moveaxis(at(np.stack([xx, yy], axis=-1)), -1, 0)
    inside = (x >= 0) & (x <= SHAPE[1] - 1) & (y >= 0) & (y <= SHAPE[0] - 1)
    np.testing.assert_array_equal(dq == Dq.NO_DATA, ~inside)
    assert (sci[~inside] == 0).all()
    assert (var[~inside] == 0).all()
    assert (sci[inside] > 0).all()


@pytest.mark.parametrize("bit", [Dq.BAD, Dq.COSMIC_RAY, Dq.SATURATED, Dq.UNILLUMINATED])
@EVERY_MAP
def test_a_flagged_pixel_flags_nine_output_pixels_at_most(at, bit):
    for x in range(20, 30):
        flags = np.zeros(SHAPE)
        flags[15, x] = bit
        _, _, dq = resampled(a_piece(np.ones(SHAPE), dq=flags, at=at))
        found = (dq & bit) > 0
        assert 1 <= found.sum() <= 9
        place = at.inverse([x, 15])
        yy, xx = np.nonzero(found)
        assert (np.hypot(xx - place[0], yy - place[1]) < 1.5).all()


@EVERY_MAP
def test_a_cosmic_ray_does_not_ring_through_its_surroundings(at):
    # Interpolated as it is, 50000 electrons at half a pixel spread to 15820 and -1758.
    sci, flags = np.full(SHAPE, 100.0), np.zeros(SHAPE)
    sci[20, 25], flags[20, 25] = 50_000, Dq.COSMIC_RAY
    found, _, dq = resampled(a_piece(sci, dq=flags, at=at))
    np.testing.assert_allclose(found[(dq & Dq.NO_DATA) == 0], 100.0, rtol=1e-4)


def test_what_is_lost_in_a_wide_bad_column_does_not_reach_far():
    sci, flags = np.full(SHAPE, 100.0), np.zeros(SHAPE)
    sci[:, 20:24], flags[:, 20:24] = 1e5, Dq.BAD
    found, _, dq = resampled(a_piece(sci, dq=flags, at=MAPS["half"]), sky=100.0)
    np.testing.assert_allclose(found[dq == 0], 100.0, rtol=1e-5)
    assert ((dq & Dq.BAD) > 0).any(axis=0).sum() == 5


def test_scale_and_offset_act_on_counts_and_the_square_of_the_scale_on_variances():
    plain, at = RNG.normal(100, 5, SHAPE), MAPS["fraction"]
    sci, var, dq = resampled(a_piece(plain, var=4.0, at=at))
    scaled = resampled(a_piece(plain, var=4.0, at=at, scale=3.0, offset=-7.0))
    seen = dq == 0
    np.testing.assert_allclose(scaled[0][seen], 3 * sci[seen] - 7, rtol=1e-5)
    np.testing.assert_allclose(scaled[1][seen], 9 * var[seen], rtol=1e-5)


def test_ccds_side_by_side_are_laid_on_one_grid():
    left = a_piece(np.full((20, 30), 1.0), at=Affine.moved(-2.0, 0.0))
    right = a_piece(np.full((20, 30), 2.0), at=Affine.moved(-40.5, 0.0))
    sci, _, dq = resampled((left, right), shape=(20, 80))
    lit = [1.0 * (2 <= x <= 31) + 2.0 * (41 <= x <= 69) for x in range(80)]
    np.testing.assert_allclose(sci, np.broadcast_to(lit, (20, 80)), rtol=1e-6)
    np.testing.assert_array_equal(dq[10] == 0, np.array(lit) > 0)


def test_a_piece_beside_the_band_leaves_no_trace():
    sci, var, dq = resampled(a_piece(np.ones((20, 30)), at=Affine.moved(-500.0, 0.0)))
    assert not sci.any()
    assert not var.any()
    assert (dq == Dq.NO_DATA).all()


@EVERY_MAP
def test_pieces_stay_as_they_were(at):
    piece = a_piece(RNG.normal(size=SHAPE), RNG.uniform(size=SHAPE), RNG.integers(0, 9, SHAPE), at)
    before = [plane.copy() for plane in (piece.sci, piece.var, piece.dq)]
    resampled(piece)
    for plane, was in zip((piece.sci, piece.var, piece.dq), before, strict=True):
        np.testing.assert_array_equal(plane, was)


@pytest.mark.parametrize("degrees", [1.0, -3.0, 90.0])
def test_a_frame_turned_by_much_is_refused_by_name(degrees):
    with pytest.raises(ReductionError, match=r"N1.fits: turned"):
        check_turn(Affine.turned(degrees), Path("N1.fits"))


def test_a_frame_turned_by_little_is_not_refused():
    check_turn(replace(Affine.turned(0.5), shift=np.array([500.0, 9.0])), Path("N1.fits"))
