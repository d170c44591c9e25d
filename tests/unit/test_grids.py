"""The grid that frames share."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.frame import Placement
from gmoscli.geometry import ARCSEC, Affine
from gmoscli.grids import average_amps, grid_of_ccd, grid_of_mosaic, info_of, to_native
from tests.builders import SCALE, a_tan, an_amp, an_info, an_observation

SHAPE = (60, 40)


def a_dithered(x=0.0, y=0.0, turn=0.0, **changes):
    """An observation of which a star lies at (+x, +y) pixels of where the reference has it."""
    wcs = a_tan((20.0, 30.0)).before(Affine.turned(turn, (20, 30)).after(Affine.moved(-x, -y)))
    return an_observation(an_info(SHAPE, wcs=wcs), **changes)


REFERENCE = a_dithered(reference=True)


def test_a_grid_without_a_reference_is_the_ccd_itself():
    frames = [a_dithered(), a_dithered(9, 9)]
    grid = grid_of_ccd(frames, 2)
    assert (grid.shape, grid.wcs, grid.members) == (SHAPE, None, (2,))
    np.testing.assert_array_equal(to_native(grid, frames[1], 2)([3, 4]), [3, 4])


def test_the_grid_of_one_frame_is_its_own_pixels():
    grid = grid_of_ccd([REFERENCE], 2)
    assert grid.shape == SHAPE
    np.testing.assert_allclose(to_native(grid, REFERENCE, 2)([3, 4]), [3, 4], atol=1e-6)


@pytest.mark.parametrize(("x", "y"), [(7, 0), (-7, 3), (6.4, -2.7)])
def test_the_grid_holds_all_frames_and_no_more(x, y):
    grid = grid_of_ccd([REFERENCE, a_dithered(x, y)], 2)
    assert grid.shape == (SHAPE[0] + np.ceil(abs(y)), SHAPE[1] + np.ceil(abs(x)))


@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_the_reference_keeps_its_own_pixels_on_the_grid(turn):
    frames = [a_dithered(-7.3, 4.9, turn), REFERENCE]
    at = to_native(grid_of_ccd(frames, 2), REFERENCE, 2)([0, 0])
    np.testing.assert_allclose(at, np.rint(at), atol=1e-6)


def test_every_pixel_of_every_frame_lies_on_the_grid():
    frames = [REFERENCE, a_dithered(-7.3, 4.9, 0.2), a_dithered(3.3, -14.9, -0.2)]
    grid = grid_of_ccd(frames, 2)
    ny, nx = SHAPE
    corners = [[0, 0], [nx - 1, 0], [0, ny - 1], [nx - 1, ny - 1]]
    for obs in frames:
        places = to_native(grid, obs, 2).inverse(corners)
        assert (places > -2e-3).all()
        assert (places < np.array(grid.shape[::-1]) - 1 + 2e-3).all()


def test_a_star_is_brought_to_the_same_pixel_of_the_grid_from_every_frame():
    moved = a_dithered(6.0, -3.0)
    grid = grid_of_ccd([REFERENCE, moved], 2)
    ours = to_native(grid, REFERENCE, 2).inverse([10.0, 20.0])
    theirs = to_native(grid, moved, 2).inverse([16.0, 17.0])
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_a_placement_moves_a_frame_on_the_grid():
    # The header is wrong by 2 pixels in x: the sky lies 2 pixels further right than it says.
    fix = Affine.moved(-2 * SCALE / ARCSEC, 0.0)
    placed = replace(a_dithered(), placement=Placement(fix))
    grid = grid_of_ccd([REFERENCE], 2)
    np.testing.assert_allclose(to_native(grid, placed, 2)([5, 5]), [7, 5], atol=1e-4)


def three_ccds(**changes):
    wcs = a_tan((20.0, 30.0))
    infos = [an_info(SHAPE, i, wcs=wcs.before(Affine.moved(45.0 * (i - 2), 0))) for i in (1, 2, 3)]
    return an_observation(*infos, **changes)


def test_the_grid_of_the_mosaic_holds_all_ccds_on_the_pixels_of_the_central_one():
    obs = three_ccds(reference=True)
    grid = grid_of_mosaic([obs])
    assert grid.shape == (SHAPE[0], SHAPE[1] + 2 * 45)
    assert grid.members == (1, 2, 3)
    for index, x in ((1, 0), (2, 45), (3, 90)):
        np.testing.assert_allclose(to_native(grid, obs, index)([x, 0]), [0, 0], atol=1e-4)


def test_a_mosaic_needs_celestial_coordinates():
    with pytest.raises(ValueError, match="celestial"):
        grid_of_mosaic([an_observation(an_info())])


def test_a_ccd_is_known_by_its_index_not_by_its_place():
    obs = three_ccds()
    assert info_of(replace(obs, ccds=obs.ccds[::-1]), 3).index == 3


def placed(*amps, scale=1.0, weight=1.0, offset=0.0, unit="electron"):
    """A frame with these amplifiers, and its part in an average."""
    place = Placement(scale=scale, weights={2: weight}, offsets={2: offset})
    return an_observation(an_info(amps=amps, unit=unit), placement=place)


@pytest.mark.parametrize(
    "parts",  # weight, scale, gain, read noise of each frame
    [
        [(1, 1, 1, 4)] * 4,
        [(1, 2, 1, 4)],
        [(3, 1, 1, 4), (1, 1, 1, 6)],
        [(1, 1, 3, 7), (0.5, 1.2, 2, 6)],  # stacks of three and of two frames
    ],
)
def test_gain_and_read_noise_of_an_average_tell_its_noise(parts):
    # By var = counts / gain + (read noise / gain)^2, as of each frame alone.
    frames = [
        placed(an_amp(gain=g, read_noise=noise), scale=s, weight=w) for w, s, g, noise in parts
    ]
    (amp,) = average_amps(frames, frames[0], 2)
    w, s, g, noise = np.array(parts, float).T
    counts = 1000.0  # of the average
    each = counts / s / g + (noise / g) ** 2
    variance = (np.square(w * s) * each).sum() / w.sum() ** 2
    assert counts / amp.gain + (amp.read_noise / amp.gain) ** 2 == pytest.approx(variance)


def test_in_adu_the_gain_still_turns_counts_into_electrons():
    frames = [placed(an_amp(gain=1.6, read_noise=4.0), unit="adu")] * 4
    (amp,) = average_amps(frames, frames[0], 2)
    assert (amp.gain, amp.read_noise) == (1.6, pytest.approx(2.0))


def test_an_average_is_full_where_its_first_frame_is_full():
    full = an_amp(saturation=1e5, nonlinear=9e4)
    frames = [placed(full), placed(full, scale=0.8, offset=500.0), placed(full, scale=1.3)]
    (amp,) = average_amps(frames, frames[0], 2)
    assert (amp.saturation, amp.nonlinear) == (8e4 + 500, 7.2e4 + 500)
