"""The fringe frame has the pattern on all scales, and nothing of sky or sources."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.engine import Run, run
from gmoscli.engine.scratch import scratch
from gmoscli.errors import ReductionError
from gmoscli.frame import Exposure, Fringes
from gmoscli.geometry import ARCSEC
from gmoscli.recipes.fringe import draft, fringe
from gmoscli.recipes.science import calibrate
from gmoscli.steps.fringe_frame import centre_fringes, mask_objects, match_fringes, part_sky
from tests.builders import (
    a_ccd,
    a_frame,
    a_sky_ccd,
    a_tan,
    an_info,
    an_observation,
    starlight,
)

SHAPE, SKY = (240, 260), 20000.0
YY, XX = np.mgrid[: SHAPE[0], : SHAPE[1]]
X, Y = XX / SHAPE[1] - 0.5, YY / SHAPE[0] - 0.5
SHORT = 30.0 * np.sin(XX / 9 + 2 * np.sin(YY / 25))
LONG = 200.0 * np.cos(4 * X + 3 * np.sin(3 * Y))
"""A part of the pattern that a polynomial of low degree looks like."""
PATTERN = SHORT + LONG - np.mean(LONG)
STARS = np.random.default_rng(0).uniform(10, 230, (2, 30))
STEPS = [step.name for step in calibrate]
OFFSETS = ((0, 0), (40, 0), (0, 40), (-40, 0), (0, -40))
"""Pixels by which frames are dithered."""
GRADIENTS = (0.0, 0.03, -0.02, 0.05, 0.01)
"""Of the sky across each frame."""


def a_pointing(x, y, levels=(100.0, 110.0, 90.0), name="N", **changes):
    """A frame that points (x, y) arcsec off, with a median of sky on each ccd."""
    crval = (150.0 + x / ARCSEC / np.cos(np.radians(30)), 30.0 + y / ARCSEC)
    infos = [
        an_info(index=i, level=level, wcs=a_tan(crval=crval)) for i, level in enumerate(levels, 1)
    ]
    return an_observation(*infos, name=name, **changes)


DITHERED = [a_pointing(0, 0), a_pointing(10, 0, (200.0, 220.0, 180.0)), a_pointing(0, -10)]


def test_frames_are_scaled_by_their_sky_and_the_sky_is_taken_away():
    placed = [obs.placement for obs in match_fringes(DITHERED)]
    assert [p.scale for p in placed] == [1.0, 0.5, 1.0]
    assert placed[1].offsets == {1: -100.0, 2: -110.0, 3: -90.0}


def test_undithered_frames_are_refused_with_the_reason():
    near = [a_pointing(0, 0), a_pointing(1, 0), a_pointing(0, 2)]
    with pytest.raises(ReductionError, match=r"undithered: .* 5 arcsec apart, the widest 2.2"):
        match_fringes(near)
    assert match_fringes(near, min_dither=2.0)


def test_two_frames_are_too_few():
    with pytest.raises(ReductionError, match="needs 3 frames or more, not 2") as refused:
        match_fringes(DITHERED[:2])
    assert "-p subtract_fringe:skip_primitive=True" in refused.value.hint


def test_a_frame_without_sky_is_named():
    blind = a_pointing(30, 0, (100.0, None, 90.0), name="blind")
    with pytest.raises(ReductionError, match=r"blind.fits: no good sky pixels"):
        match_fringes([*DITHERED, blind])


def test_known_amplitudes_go_before_sky_levels():
    frames = [
        replace(
            obs,
            ccds=tuple(replace(info, fringes=Fringes(a, np.zeros((4, 4)))) for info in obs.ccds),
        )
        for obs, a in zip(DITHERED, (1.0, 0.8, 1.25), strict=True)
    ]
    assert [obs.placement.scale for obs in match_fringes(frames)] == [1.0, 1.25, 0.8]


def an_image(k, *, gradients=GRADIENTS, stars=3e4, twist=0.0):
    """A frame of the dithered set: its own sky, the pattern in proportion, sources, noise."""
    sky = SKY * (1 + gradients[k] * (X + 0.5 * Y) + twist * (k % 2) * X * Y)
    x, y = (at + move for at, move in zip(STARS, OFFSETS[k], strict=True))
    light = sky + (1 + 0.05 * k) * PATTERN + starlight(SHAPE, x, y, stars, 5.0)
    crval = (150.0 + OFFSETS[k][0] / 100 / ARCSEC * 16, 30.0 + OFFSETS[k][1] / 100 / ARCSEC * 16)
    return a_sky_ccd(light, seed=k, wcs=a_tan(crval=crval))


def a_fringe_frame(jobs=2, memory=1 << 20, **image):
    """The fringe frame of the set, as the recipe makes it of calibrated frames."""
    frames = [a_frame(an_image(k, **image), name=f"f{k}") for k in range(len(OFFSETS))]
    recipe = replace(fringe.without(*STEPS), draft=draft.without(*STEPS))
    with scratch(room=0) as place:
        bring = lambda _kind, _obs, _info: None  # noqa: E731 - in one line
        (product,) = run(recipe, frames, Run(bring, place, jobs, memory))
    return product.ccds[0]


def without_sky(plane, good):
    """A plane less its level, tilt and twist, where it is good."""
    terms = np.column_stack([np.ones(good.sum()), X[good], Y[good], (X * Y)[good]])
    values = plane[good].astype(float)
    return values - terms @ np.linalg.lstsq(terms, values, rcond=None)[0]


def in_cells(values, good, size=20):
    """The means of cells of the good values."""
    plane = np.full(SHAPE, np.nan)
    plane[good] = values
    cells = plane.reshape(SHAPE[0] // size, size, SHAPE[1] // size, size)
    return np.nanmean(cells, axis=(1, 3))


def test_the_pattern_comes_back_on_all_scales_but_its_tilt():
    ccd = a_fringe_frame(gradients=(0.0,) * 5)
    good = ccd.dq == 0
    wrong = without_sky(ccd.sci - PATTERN, good)
    assert np.mean(wrong**2 / ccd.var[good]) == pytest.approx(1, abs=0.05)
    assert in_cells(wrong, good).std() < 5  # of 140, with noise of 3


@pytest.mark.parametrize("twist", [0.0, 0.02])
def test_a_sky_that_changes_leaves_no_trace_in_the_pattern(twist):
    ccd = a_fringe_frame(twist=twist)
    good = ccd.dq == 0
    assert good.mean() > 0.9
    assert in_cells(without_sky(ccd.sci - PATTERN, good), good).std() < 5  # of 1000


def test_the_fringe_frame_does_not_depend_on_jobs_or_memory():
    one, two = a_fringe_frame(jobs=1), a_fringe_frame(jobs=3, memory=1 << 16)
    for name in ("sci", "var", "dq"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_what_is_no_pattern_of_the_draft_is_taken_off_a_frame():
    flat = part_sky(an_image(3, stars=0.0), a_ccd(PATTERN, wcs=a_tan()))
    left = flat.sci - 1.15 * PATTERN
    assert flat.info.fringes.amplitude == pytest.approx(1.15, rel=0.01)
    assert flat.info.level == pytest.approx(np.median(left), rel=1e-3)
    assert in_cells(left.ravel(), np.ones(SHAPE, bool)).std() < 15  # of 350; noise 7


def test_a_frame_without_sky_enough_to_be_flattened_is_flagged():
    hidden = an_image(0)
    hidden.dq[:, 10:] = Dq.BAD
    flat = part_sky(hidden, a_ccd(PATTERN, wcs=a_tan()))
    assert (flat.dq > 0).all()
    assert flat.info.level is None


def test_only_the_tilt_that_all_ccds_share_is_the_skys():
    tilts, sky = (-30.0, 50.0, -20.0), 40.0
    ccds = [
        a_ccd(SHORT + (tilt + sky) * X + 7 * k, index=k, wcs=a_tan())
        for k, tilt in enumerate(tilts, 1)
    ]
    out = centre_fringes(Exposure(an_observation(*(ccd.info for ccd in ccds)), tuple(ccds)))
    for ccd, tilt in zip(out.ccds, tilts, strict=True):
        np.testing.assert_allclose(ccd.sci - SHORT, tilt * X, atol=2.5)


def test_flagged_pixels_hold_nothing():
    ccd = a_ccd(PATTERN, wcs=a_tan())
    ccd.dq[0, 0] = Dq.BAD
    out = centre_fringes(Exposure(an_observation(ccd.info), (ccd,))).ccds[0]
    assert out.sci[0, 0] == 0


def test_sources_are_masked_and_fringes_are_not():
    masked = mask_objects(an_image(0), a_ccd(PATTERN, wcs=a_tan()))
    y, x = np.rint(STARS[::-1]).astype(int)
    assert (masked.dq[y, x] > 0).mean() > 0.95
    assert (masked.dq > 0).mean() < 0.3
