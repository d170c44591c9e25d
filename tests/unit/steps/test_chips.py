"""The outer chips are moved to where stars that cross the gaps put them."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.geometry import Affine
from gmoscli.steps.chips import register_ccds
from gmoscli.steps.register import register
from tests.builders import SCALE, a_catalogue, a_tan, an_info, an_observation

SHAPE = (2112, 1024)
STEP = 1058.0
"""Pixels from one chip to the next, gap and all."""


def frames_of(displaced, n_frames=5, dither=80.0, seed=0, density=1200):
    """Dithered frames of three chips, the outer ones off their tabulated places by so much.

    ``displaced`` maps a chip to its displacement (x, y) in pixels; ``dither`` is in pixels.
    """
    rng = np.random.default_rng(seed)
    stars = rng.uniform([-1300, -150], [2300, 2250], (density, 2))
    signal = 10 ** rng.uniform(1.7, 2.7, density)
    frames = []
    for k in range(n_frames):
        moved = rng.uniform(-dither, dither, 2) if k else np.zeros(2)
        infos = []
        for index in (1, 2, 3):
            table = Affine.moved(STEP * (index - 2), 0.0)
            true = Affine.moved(*displaced.get(index, (0.0, 0.0))).after(table)
            seen = true.inverse(stars + moved) + rng.normal(size=stars.shape) / signal[:, None] * 2
            inside = ((seen > 5) & (seen < np.array(SHAPE[::-1]) - 5)).all(axis=1)
            sources = a_catalogue(*seen[inside].T, 100 * signal[inside], 100.0)
            wcs = a_tan((512.0, 1056.0)).before(Affine.moved(*-moved).after(table))
            infos.append(an_info(SHAPE, index, wcs=wcs, sources=sources, fwhm=4.7))
        frames.append(an_observation(*infos, name=f"N{k}"))
    return register(frames)


def misplaced(frames, displaced):
    """Return by how many arcsec the outer chips' coordinates miss the truth, in the worst frame."""
    worst = 0.0
    for obs in frames:
        chips = {info.index: info for info in obs.ccds}
        for index in (1, 3):
            true = Affine.moved(*displaced.get(index, (0.0, 0.0))).after(
                Affine.moved(STEP * (index - 2), 0.0)
            )
            middle = [512.0, 1056.0]
            seen = chips[index].wcs.to_plane(middle) * 3600
            expected = chips[2].wcs.to_plane(true(middle)) * 3600
            worst = max(worst, float(np.hypot(*(seen - expected))))
    return worst


DISPLACED = {1: (0.2, -0.15), 3: (-0.1, 0.25)}
"""0.3 unbinned pixel or so: what the table may be wrong by."""


def test_a_wrong_table_is_corrected_to_ten_mas_where_stars_cross_the_gaps():
    frames = frames_of(DISPLACED)
    assert misplaced(frames, DISPLACED) > 0.03
    assert misplaced(register_ccds(frames), DISPLACED) < 0.010


def test_a_right_table_stays_right():
    assert misplaced(register_ccds(frames_of({})), {}) < 0.010


@pytest.mark.parametrize("frames", [frames_of({}, dither=0.0), frames_of({}, n_frames=1)])
def test_without_stars_across_the_gaps_the_table_holds(frames):
    for before, after in zip(frames, register_ccds(frames), strict=True):
        for info, moved in zip(before.ccds, after.ccds, strict=True):
            np.testing.assert_array_equal(info.wcs.sky([9.0, 9.0]), moved.wcs.sky([9.0, 9.0]))


def test_the_central_chip_is_the_one_that_stays():
    frames = frames_of(DISPLACED)
    for before, after in zip(frames, register_ccds(frames), strict=True):
        moved = (after.ccds[1].wcs.sky([9.0, 9.0]) - before.ccds[1].wcs.sky([9.0, 9.0])) * 3600
        assert np.hypot(*moved) < 1e-6


def test_frames_of_one_ccd_are_given_back_as_they_are():
    frames = [replace(obs, ccds=obs.ccds[1:2]) for obs in frames_of({}, n_frames=2)]
    assert register_ccds(frames) is frames


def test_displacements_are_small_beside_a_pixel_of_the_detector():
    # The displacements of this file, in arcsec: what the tests above would miss is told here.
    assert 0.03 < SCALE * max(np.hypot(*shift) for shift in DISPLACED.values()) < 0.06


def turned(frames):
    """Return by how much the frames are placed turned, at 100 arcsec from the middle, in arcsec."""
    return [100 * np.hypot(*(obs.placement.fix.matrix - np.eye(2))[0]) for obs in frames]


def test_wide_dithers_over_displaced_chips_do_not_turn_the_frames():
    frames = frames_of(DISPLACED, dither=650.0)
    assert max(turned(frames)) > 0.002
    placed = register_ccds(frames)
    assert max(turned(placed)) < 0.0005
    assert misplaced(placed, DISPLACED) < 0.001
    assert max(obs.placement.rms for obs in placed) < 0.005
