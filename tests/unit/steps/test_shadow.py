"""The shadow of the guide probe is found and flagged, and nothing else is taken for it."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.simulate import Effects, Night
from gmoscli.steps.bias import to_electrons
from gmoscli.steps.flat import divide_flat
from gmoscli.steps.masks import with_neighbours
from gmoscli.steps.overscan import subtract_overscan
from gmoscli.steps.shadow import CELL, flag_probe_shadow
from tests.builders import a_ccd, simulated

NIGHT = Night(binning=(4, 4), frames=1)
NIGHTS = [NIGHT, Night(binning=(4, 4), frames=1, detector="gmoss_ham2")]
CLEAN = Effects().without("cosmic_rays", "bad_pixels", "pattern", "fringes")


def calibrated(effects, night=NIGHT):
    """Yield each ccd after a perfect flat, with its truth and its observation."""
    frame, shot = simulated(night, effects, "science", 0)
    for index, truth in zip(frame.ccds, shot.ccds, strict=True):
        flat = a_ccd(truth.response, dq=np.where(truth.response < 0.1, Dq.UNILLUMINATED, 0))
        yield (
            divide_flat(to_electrons(subtract_overscan(frame.ccds[index])), flat),
            truth,
            frame.obs,
        )


def new_flags(ccd, obs):
    return (flag_probe_shadow(ccd, obs).dq & ~ccd.dq) > 0


@pytest.mark.parametrize("night", NIGHTS)
def test_the_probe_is_found_on_the_ccds_that_it_shades(night):
    # On GMOS-S it leaves a strip of nine binned pixels on ccd 2, beside the gap.
    lit = {truth.area.chip.index: truth.background for _, truth, _ in calibrated(CLEAN, night)}
    shaded = []
    for ccd, truth, obs in calibrated(CLEAN.including("guide_probe"), night):
        index = truth.area.chip.index
        shadow = (truth.background < 0.5 * lit[index]) & (ccd.dq == 0)
        found = new_flags(ccd, obs)
        if shadow.sum() > 500:
            shaded.append(index)
            assert found[shadow].mean() > 0.98
        reach = truth.background < 0.5 * lit[index]
        for _ in range(3 * CELL // 4):  # two cells beyond the shadow and its soft edge
            reach = with_neighbours(reach)
        assert not (found & ~reach).any()
    assert shaded == [2, 3]


@pytest.mark.parametrize("night", NIGHTS)
def test_without_the_probe_nothing_is_flagged(night):
    for ccd, _, obs in calibrated(CLEAN, night):
        assert not new_flags(ccd, obs).any()


def test_an_exposure_without_sky_has_no_shadow():
    ccds = list(calibrated(CLEAN.without("sky", "stars", "galaxies")))
    for ccd, _, obs in ccds:
        assert not new_flags(ccd, obs).any()


def test_a_shadow_is_found_to_its_tip_at_the_edge_of_the_field():
    obs = next(obs for *_, obs in calibrated(CLEAN.including("guide_probe")))
    rng = np.random.default_rng(2)
    y, x = np.indices((528, 256))
    unlit = y + x < 150
    tip = np.abs(x - 60) < 0.6 * (y - 90)  # dark from the unlit corner on, ever wider
    dark = tip & (y < 300) & ~unlit
    sci = np.where(dark, 400.0, 1000.0) + rng.normal(0, 30, y.shape)
    ccd = a_ccd(sci, var=900.0, dq=np.where(unlit, Dq.UNILLUMINATED, 0), binning=(4, 4))
    assert new_flags(ccd, obs)[dark].all()
