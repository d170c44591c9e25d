"""Stars of twilight flats are found in the flat that has them, too faint for single pixels."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.frame import Placement, Spots
from gmoscli.steps.twilight import find_stars, measure_light
from tests.builders import a_ccd, an_observation

LEVELS = (60e3, 50e3, 40e3, 30e3, 20e3)
SHAPE = (256, 320)
SEEING = 5.0  # sigma, pixels


def flats(stars, levels=LEVELS, **changes):
    """Return flats, electrons, of one unbinned ccd, and their observations; star: frame, x, y."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]]
    ccds = []
    for number, level in enumerate(levels):
        light = np.full(SHAPE, level)
        for frame, column, row, peak in stars:
            away = (x - column) ** 2 + (y - row) ** 2
            light += (frame == number) * peak * np.exp(-away / 2 / SEEING**2)
        sci = rng.normal(light, np.sqrt(light))
        ccds.append(measure_light(a_ccd(sci, light, unit="electron", **changes)))
    return ccds, [
        an_observation(
            ccd.info, placement=Placement(scale=levels[0] / level, weights={2: level / levels[0]})
        )
        for ccd, level in zip(ccds, levels, strict=True)
    ]


def spots(observations):
    """Return where each flat is left out: [frame, y, x]."""
    found = [obs.ccds[0].stars for obs in observations]
    return np.array([one.flags(Dq.COSMIC_RAY, 0, *SHAPE) > 0 for one in found])


def test_a_star_of_one_sigma_a_pixel_is_found_where_it_is_and_nowhere_else():
    _, observations = flats([(1, 200, 100, 1.5 * LEVELS[1] ** 0.5)])
    found = spots(find_stars(observations))
    assert found[1, 96:105, 196:205].all()
    assert not found[[0, 2, 3, 4], 80:121, 180:221].any()
    assert found.mean() < 0.01


def test_flats_without_stars_lose_nearly_nothing():
    found = spots(find_stars(flats([])[1]))
    assert found.mean() < 0.005


def test_a_slope_of_the_twilight_is_no_star():
    ccds, observations = flats([])
    slope = np.linspace(0.99, 1.01, ccds[0].info.light.shape[1], dtype=np.float32)
    ccds[0].info.light[:] *= slope
    assert spots(find_stars(observations)).mean() < 0.01


def test_the_master_without_such_stars_is_as_even_as_photons_let_it_be():
    rng = np.random.default_rng(3)
    stars = [(i, *rng.uniform(20, (300, 236)), 300.0) for i in range(5) for _ in range(12)]
    ccds, observations = flats(stars)
    found = spots(find_stars(observations))
    scaled = np.array([c.sci * o.placement.scale for c, o in zip(ccds, observations, strict=True)])
    weight = np.array(LEVELS)[:, None, None] * np.ones_like(scaled)

    def unevenness(weights):
        master = (weights * scaled).sum(axis=0) / weights.sum(axis=0)
        return float(master.reshape(16, 16, 20, 16).mean(axis=(1, 3)).std() / LEVELS[0])

    photons = (sum(LEVELS) * 16**2) ** -0.5
    assert unevenness(weight) > 2 * photons
    assert unevenness(weight * ~found) < 1.35 * photons


def test_what_would_be_lost_in_all_flats_is_lost_in_none():
    # Each flat has its own star, but the wings of all meet: of two frames, one has to be brighter.
    _, observations = flats([(0, 100, 100, 900.0), (1, 112, 100, 900.0)], LEVELS[:2])
    assert not spots(find_stars(observations)).all(axis=0).any()


def test_a_single_flat_has_nothing_to_be_compared_with():
    _, observations = flats([(0, 100, 100, 5e3)], LEVELS[:1])
    assert not spots(find_stars(observations)).any()


def test_flats_whose_light_was_not_measured_stay_as_they_are():
    (found,) = find_stars([an_observation(a_ccd(np.ones(SHAPE)).info)])
    assert found.ccds[0].stars is None


@pytest.mark.parametrize("start", [0, 3, 8])
def test_rows_of_a_ccd_have_the_flags_that_the_whole_has(start):
    blocks = np.random.default_rng(0).random((4, 5)) > 0.5
    some = Spots((2, 3), blocks)
    whole = some.flags(4, 0, 13, 11)
    assert (some.flags(4, start, start + 5, 11) == whole[start : start + 5]).all()
    assert (whole[:12, :10] == 4 * np.repeat(np.repeat(blocks, 3, 0), 2, 1)).all()
    assert (whole[12] == whole[11]).all()
    assert (whole[:, 10] == whole[:, 9]).all()
