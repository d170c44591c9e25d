"""The measure of the rays that stay counts their light, and nothing that rejection does."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.geometry import Affine
from gmoscli.steps.combine import average
from gmoscli.steps.resample import resample
from tests.bench.science.sky import OUTLIER
from tests.bench.science.twins import flag_twins, subtract_twins
from tests.builders import SCALE, a_piece, a_sky_ccd, some_strips, starlight

SHAPE, SKY, NOISE = (90, 90), 1000.0, 4.0
STAR = (45.3, 44.8)
MIXES = pytest.mark.parametrize("seeing", [(0.7,), (0.4, 1.2), (0.7, 0.6, 0.9)])


def a_night(seeing, charge=0.0):
    """Dithered frames of a bright star, the first with such charge, and their twins without."""
    pieces = []
    for i, arcsec in enumerate(seeing):
        at = Affine.moved(1.4 * i, -0.7 * i)
        light = starlight(SHAPE, *at([STAR]).T, [2e5], arcsec / SCALE, sky=SKY)
        sci = a_sky_ccd(light, seed=i, read_noise=NOISE).sci
        pieces.append(a_piece(sci, np.maximum(sci, 0) + NOISE**2, at=at))
    hit = pieces[0].sci + np.float32(charge)
    first = replace(pieces[0], sci=hit, var=pieces[0].var + np.float32(charge))
    fwhm = tuple(arcsec / SCALE for arcsec in seeing) * 2
    return some_strips(first, *pieces[1:], *pieces, shape=SHAPE, sky=SKY, fwhm=fwhm)


def stays(strips):
    """Return the flagged frames, and where light of rays exceeds the noise."""
    flagged = flag_twins(strips)
    left = average(subtract_twins(resample(flagged)), gaps="leave")
    return flagged, (left.sci > OUTLIER * np.sqrt(left.var)) & (left.dq == 0)


@MIXES
def test_frames_without_rays_and_their_twins_leave_nothing(seeing):
    _, seen = stays(a_night(seeing))
    assert not seen.any()


def test_a_ray_that_no_test_can_find_is_counted_in_exactly_its_pixels():
    charge = starlight(SHAPE, [20.0], [60.0], [3e4], 0.7 / SCALE)  # as wide as a star
    night = a_night((0.7,), charge)
    flagged, seen = stays(night)
    assert not (flagged.frames[0][0].dq & Dq.COSMIC_RAY).any()
    (twin,) = night.frames[1]
    expected = charge > OUTLIER * np.sqrt(twin.var)
    assert expected.sum() > 9
    np.testing.assert_array_equal(seen, expected)


def test_light_that_is_missing_is_not_counted():
    _, seen = stays(a_night((0.7,), -starlight(SHAPE, [20.0], [60.0], [3e3], 0.7 / SCALE)))
    assert not seen.any()


@pytest.mark.parametrize("seeing", [(0.4, 1.2), (0.4, 0.8, 1.2)])
def test_a_frame_that_is_rightly_left_out_among_unequal_seeings_leaves_nothing(seeing):
    charge = np.zeros(SHAPE)
    charge[40:50, 45] = 1e6  # across the star
    night = a_night(seeing, charge)
    flagged, seen = stays(night)
    assert (flagged.frames[0][0].dq[40:50, 45] & Dq.COSMIC_RAY).all()
    assert not seen.any()
    alone = [
        replace(night, frames=part, weights=(1.0,) * len(seeing), fwhm=night.fwhm[: len(part)])
        for part in (flagged.frames[: len(seeing)], night.frames[len(seeing) :])
    ]
    ours, twins = (average(resample(part)) for part in alone)
    difference = np.abs(ours.sci - twins.sci) / np.sqrt(twins.var)
    assert difference.max() > OUTLIER  # so the stacks themselves differ by the seeing
