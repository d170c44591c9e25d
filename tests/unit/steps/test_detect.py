"""Blocks, peaks and blank sky are those that slow and obvious ways find."""

import numpy as np
import pytest
from scipy.ndimage import convolve, maximum_filter

from gmoscli.dq import Dq
from gmoscli.steps.detect import (
    KEPT,
    Blocks,
    blank,
    block_size,
    block_sums,
    detected,
    peaks,
    seen_in_blocks,
    sharp_peaks,
    smoothed,
    spread,
    without_sky,
)
from tests.builders import SCALE, a_ccd, a_sky_ccd, a_tan, an_info, starlight

RNG = np.random.default_rng(4)
SIZES = [(1, 1), (2, 2), (4, 4), (1, 4), (2, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_sums_are_those_of_each_block(size):
    plane = RNG.integers(0, 9, (21, 18))
    sums = block_sums(plane, size)
    for row, column in np.ndindex(sums.shape):
        y, x = row * size[1], column * size[0]
        assert sums[row, column] == plane[y : y + size[1], x : x + size[0]].sum()
    assert sums.shape == (21 // size[1], 18 // size[0])


@pytest.mark.parametrize(
    ("binning", "scale", "size"),
    [((1, 1), 0.0807, (4, 4)), ((2, 2), 0.1614, (2, 2)), ((4, 4), 0.323, (1, 1))],
)
def test_a_block_is_a_third_of_an_arcsec_whatever_the_binning(binning, scale, size):
    assert block_size(an_info(binning=binning, wcs=a_tan(scale=scale))) == size


def test_unseen_pixels_do_not_count_in_a_block_and_too_many_hide_it():
    sci, dq = np.full((4, 4), 7.0), np.zeros((4, 4), np.uint16)
    sci[0, 0], dq[0, 0] = np.nan, Dq.BAD
    dq[2:, 2:] = Dq.COSMIC_RAY
    dq[2, 2] = Dq.SATURATED  # seen, but full
    means, unseen = seen_in_blocks(a_ccd(sci, dq=dq), (2, 2))
    np.testing.assert_array_equal(means, 7.0)
    np.testing.assert_array_equal(unseen, [[False, False], [False, True]])


def test_smoothing_is_a_convolution_away_from_the_edges_and_keeps_a_known_share_of_noise():
    plane = RNG.normal(size=(300, 200)).astype(np.float32)
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    inner = (slice(1, -1), slice(1, -1))
    smooth = smoothed(plane)
    np.testing.assert_allclose(smooth[inner], convolve(plane, kernel)[inner], atol=1e-5)
    assert smooth[inner].std() / plane.std() == pytest.approx(KEPT, rel=0.02)


def test_peaks_are_the_highest_of_nine():
    plane = RNG.normal(size=(60, 50)).astype(np.float32)
    high = (plane == maximum_filter(plane, 3)) & (plane > 0.5)
    high[[0, -1]] = high[:, [0, -1]] = False
    np.testing.assert_array_equal(np.column_stack(peaks(plane, 0.5)), np.argwhere(high))


def test_of_two_equal_neighbours_one_is_the_peak():
    plane = np.zeros((6, 7), np.float32)
    plane[2, 2:4] = plane[4, 4] = 1.0
    y, x = peaks(plane, 0.5)
    assert list(zip(y.tolist(), x.tolist(), strict=True)) == [(2, 3), (4, 4)]


def test_the_sky_below_stars_is_the_sky_beside_them():
    x, y = RNG.uniform(20, 380, (2, 60))
    light = starlight((400, 400), x, y, 10 ** RNG.uniform(4, 6, 60), 4.5, sky=500.0)
    blocks = without_sky(a_sky_ccd(light, wcs=a_tan()), 12.0)
    # A hundredth of the noise of a pixel, and what the wings of a million electrons leave.
    assert np.median(blocks.back) == pytest.approx(500.0, abs=1.0)
    assert np.percentile(np.abs(blocks.back - 500.0), 90) < 3.0
    assert blocks.noise == pytest.approx(np.sqrt(500 + 16) / 2, rel=0.1)
    shown = blank(blocks)
    row, column = blocks.near(x, y)
    assert not shown[row, column].any()
    assert shown.mean() > 0.5


def test_one_pixel_is_sharper_than_a_star_and_a_star_is_not():
    light = starlight((80, 80), [20.3, 60.0], [20.0, 60.4], 3e4, 4.5, sky=300.0)
    light[20, 60] += 3000.0
    ccd = a_sky_ccd(light, wcs=a_tan())
    blocks = without_sky(ccd, 12.0)
    row, column = peaks(smoothed(blocks.sci), 10 * KEPT * blocks.noise)
    sharp = sharp_peaks(ccd, blocks, row, column, 0.35 / SCALE)
    assert {(int(y), int(x)) for y, x in zip(row[sharp], column[sharp], strict=True)} == {(10, 30)}
    assert np.count_nonzero(~sharp) == 2


@pytest.mark.parametrize("shape", [(8, 8), (9, 11)])
def test_a_map_of_blocks_covers_all_pixels(shape):
    mask = RNG.random((4, 4)) > 0.5
    wide = spread(mask, (2, 2), shape)
    assert wide.shape == shape
    np.testing.assert_array_equal(wide[:8:2, :8:2], mask)
    np.testing.assert_array_equal(wide[8:, :8], np.repeat(wide[7:8, :8], shape[0] - 8, axis=0))


@pytest.mark.parametrize("hidden", [0.0, 0.02, 0.3, 0.9])
@pytest.mark.parametrize("light", [0.0, 0.5, 30.0])
def test_the_room_for_what_is_lit_never_falls_short(hidden, light):
    """Also where all of it is one patch, which is held whole."""
    sci = (light + RNG.normal(size=(90, 70))).astype(np.float32)
    unseen = RNG.random(sci.shape) < hidden
    unseen[30:50, 20:40] = True
    blocks = Blocks(sci, 0 * sci, 1.0, unseen, sci > light, (2, 2))
    for thresh in (0.2, 1.0, 2.5):
        found, segments = detected(blocks, thresh, 1)
        assert (len(found) > 0) == (segments > 0).any()
