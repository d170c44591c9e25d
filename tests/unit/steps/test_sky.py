"""Skies agree where frames overlap, whatever else each of them shows."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.frame import Placement, Sky, SkyCells
from gmoscli.geometry import Affine
from gmoscli.steps.detect import blank, without_sky
from gmoscli.steps.overlaps import pairs
from gmoscli.steps.sky import Differences, match_sky, solved
from gmoscli.steps.sources import in_cells, measure_sources
from tests.builders import a_sky_ccd, a_tan, an_info, an_observation, starlight

CELL, SHAPE = 32, (2112, 1024)
NOISE = 10.0


def nebula(x, y):
    """Light that belongs to the sky: it rises by 200 over the field."""
    return 1000 + 0.15 * x + 0.05 * y


def a_frame(shift, level=0.0, scale=1.0, seed=0, spoilt=0.0, slope=(0.0, 0.0), **changes):
    """A frame that sees the nebula displaced by some pixels, brighter, through clouds.

    ``scale`` undoes the clouds; a share of the cells is ``spoilt`` by what they alone show; the
    sky rises by ``slope`` per pixel from the middle of the ccd.
    """
    rng = np.random.default_rng(seed)
    row, column = np.indices((SHAPE[0] // CELL, SHAPE[1] // CELL))
    x, y = (CELL * (axis + 0.5) - 0.5 for axis in (column, row))
    cells = nebula(x + shift[0], y + shift[1]) / scale + level
    cells += slope[0] * (x - 511.5) + slope[1] * (y - 1055.5)
    cells += rng.normal(size=cells.shape) * NOISE / CELL
    cells[rng.random(cells.shape) < spoilt] += 500.0
    sky = Sky(float(np.median(cells)), NOISE, SkyCells(cells.astype(np.float32), (CELL, CELL)))
    wcs = a_tan((512.0, 1056.0)).before(Affine.moved(*shift))
    placement = Placement(scale=scale)
    return an_observation(an_info(SHAPE, wcs=wcs, sky=sky), placement=placement, **changes)


def offsets(frames):
    return [obs.placement.offsets[2] for obs in match_sky(frames)]


@pytest.mark.parametrize("spoilt", [0.0, 0.1])
def test_levels_come_back_from_where_frames_overlap(spoilt):
    shifts = [(0, 0), (200, -150), (-180, 90), (320, 64), (11, -7)]
    levels, scales = [0.0, 30.0, -20.0, 50.0, 5.0], [1.0, 1.1, 0.9, 1.3, 1.0]
    frames = [
        a_frame(shift, level, scale, seed, spoilt, name=f"N{seed}", reference=seed == 0)
        for seed, (shift, level, scale) in enumerate(zip(shifts, levels, scales, strict=True))
    ]
    found = np.array(offsets(frames))
    # Some thousand cells of noise 0.3; those that are spoilt on one side pull by as much again.
    np.testing.assert_allclose(found, -np.multiply(levels, scales), atol=0.1)
    medians = [obs.placement.scale * obs.ccds[0].sky.level for obs in frames]
    by_medians = medians[0] - np.array(medians)
    assert np.abs(by_medians + np.multiply(levels, scales)).max() > 20


@pytest.mark.parametrize("spoilt", [0.0, 0.1])
def test_slopes_that_differ_become_those_of_the_reference(spoilt):
    shifts = [(0, 0), (60, -50), (-70, 90), (30, 64)]
    slopes = np.array([(0.02, -0.01), (0.05, 0.03), (-0.04, 0.0), (0.0, -0.06)])
    levels, scales = np.array([0.0, 30.0, -20.0, 50.0]), np.array([1.0, 1.1, 0.9, 1.3])
    frames = [
        a_frame(shifts[i], levels[i], scales[i], i, spoilt, slopes[i], reference=i == 0)
        for i in range(4)
    ]
    found = [obs.placement for obs in match_sky(frames)]
    assert 2 not in found[0].slopes
    changes = np.array([each.slopes[2] for each in found[1:]])
    # The nebula's own slope stays; scaled cells of noise 0.4 tell slopes to 1e-4.
    expected = slopes[0] - scales[1:, None] * slopes[1:]
    np.testing.assert_allclose(changes, expected, atol=5e-4)
    # The sky of the reference goes on where frames see what lies beside its middle.
    middles = np.array(shifts) @ slopes[0] - levels * scales
    np.testing.assert_allclose([each.offsets[2] for each in found], middles, atol=0.15)


def test_slopes_that_do_not_differ_for_certain_are_left_alone():
    frames = [a_frame((9 * i, -7 * i), seed=i, reference=i == 0) for i in range(5)]
    assert all(not obs.placement.slopes for obs in match_sky(frames))


def test_a_frame_that_overlaps_with_none_goes_by_its_level():
    far = a_frame((5000, 0), 70.0, name="far")
    first = a_frame((0, 0), reference=True)
    expected = first.ccds[0].sky.level - far.ccds[0].sky.level
    assert offsets([first, far]) == pytest.approx([0.0, expected])


def test_a_chain_of_overlaps_reaches_the_last_frame():
    frames = [
        a_frame((700 * k, 0), 10.0 * k, seed=k, name=f"N{k}", reference=k == 0) for k in range(4)
    ]
    np.testing.assert_allclose(offsets(frames), [0, -10, -20, -30], atol=0.1)


def test_the_order_of_frames_does_not_matter():
    frames = [
        a_frame((20 * k, -9 * k), 10.0 * k, seed=k, name=f"N{k}", reference=k == 1)
        for k in range(3)
    ]
    np.testing.assert_allclose(offsets(frames[::-1])[::-1], offsets(frames), atol=0.01)


def test_offsets_are_the_least_squares_solution():
    rng = np.random.default_rng(1)
    first, second = np.array(pairs(6, 2)).T
    apart = Differences(first, second, rng.normal(size=len(first)), rng.uniform(0.1, 1, len(first)))
    guess, sigma = rng.normal(size=6), np.full(6, 3.0)
    rows = np.zeros((len(first), 6))
    rows[np.arange(len(first)), first] = 1
    rows[np.arange(len(first)), second] = -1
    design = np.vstack([rows / apart.error[:, None], np.eye(6) / sigma[:, None]])[
        :, [0, 1, 3, 4, 5]
    ]
    right = np.concatenate([apart.value / apart.error, guess / sigma])
    expected = np.linalg.lstsq(design, right, rcond=None)[0]
    found = solved(apart, guess, sigma, 2)
    assert found[2] == 0
    np.testing.assert_allclose(np.delete(found, 2), expected)


@pytest.mark.parametrize(("frames", "most"), [(1, 0), (2, 1), (5, 10), (300, 300 * 5)])
def test_pairs_tie_every_frame_to_the_reference_and_their_number_grows_with_the_frames(
    frames, most
):
    found = pairs(frames, 0)
    assert len(found) <= most
    assert {j for i, j in found if i == 0} == set(range(1, frames))
    assert all(i < j for i, j in found)


def test_cells_hold_the_mean_of_their_blank_blocks():
    rng = np.random.default_rng(3)
    light = starlight((256, 256), *rng.uniform(0, 256, (2, 12)), 3e5, 4.5, sky=400.0)
    ccd = a_sky_ccd(light, wcs=a_tan())
    ccd.dq[:100, :60] = Dq.BAD
    blocks = without_sky(ccd, 12.0)
    dark = blank(blocks)
    cells = in_cells(blocks, dark)
    assert cells.size == (32, 32)
    total = blocks.sci + blocks.back
    assert 0 < np.isnan(cells.level).sum() < cells.level.size
    for row, column in np.ndindex(cells.level.shape):
        part = (slice(16 * row, 16 * row + 16), slice(16 * column, 16 * column + 16))
        if dark[part].mean() < 0.25:
            assert np.isnan(cells.level[row, column])
        else:
            assert cells.level[row, column] == pytest.approx(
                total[part][dark[part]].mean(), rel=1e-4
            )


def test_stars_do_not_lift_the_level_of_the_sky():
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 400, (2, 150))
    faint = starlight((400, 400), x, y, 3e3, 4.5, sky=400.0)
    crowded = starlight((400, 400), x, y, 10 ** rng.uniform(3, 6, 150), 4.5, sky=400.0)
    for light in (faint, crowded):
        sky = measure_sources(a_sky_ccd(light, wcs=a_tan())).info.sky
        # Wings beyond what is masked: a tenth of the noise of a pixel in the crowded field.
        assert sky.level == pytest.approx(400, abs=0.1 * np.sqrt(416))


def test_a_ccd_that_is_blind_in_one_frame_is_left_as_it_is_there():
    first, second = a_frame((0, 0), reference=True), a_frame((9, 9), 5.0, name="N1")
    blind = replace(second, ccds=(replace(second.ccds[0], sky=None),))
    assert [obs.placement.offsets for obs in match_sky([first, blind])] == [{2: 0.0}, {}]
