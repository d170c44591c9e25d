"""Frames are brought to one count scale and one sky, and weighed by their noise."""

from dataclasses import replace

import numpy as np
import pytest

from gmoscli.frame import Placement, Sky
from gmoscli.steps.mosaic import match_ccds
from gmoscli.steps.scale import WINGS, match_counts
from gmoscli.steps.sky import match_sky
from tests.builders import a_starry_observation, an_info, an_observation

X, Y = np.random.default_rng(0).uniform([20, 20], [1000, 2000], (60, 2)).T
FLUX = 10 ** np.random.default_rng(1).uniform(4, 6, 60)


def a_frame(scale=1.0, seed=0, **changes):
    """A frame that sees the field at a share of its brightness, with its own noise."""
    error = np.sqrt(FLUX * scale) + 30
    flux = FLUX * scale + error * np.random.default_rng(seed).normal(size=len(FLUX))
    return a_starry_observation(X, Y, flux, flux_error=error, **changes)


REFERENCE = a_frame(reference=True, name="reference")


def scale_of(frame, **settings):
    return match_counts([REFERENCE, frame], **settings)[1].placement


@pytest.mark.parametrize("transparency", [0.3, 0.9, 1.1])
def test_transparency_comes_back_from_the_stars(transparency):
    found = scale_of(a_frame(transparency, seed=2))
    assert found.scale * transparency == pytest.approx(1, abs=0.004)
    assert abs(found.scale * transparency - 1) < 4 * found.scale_error


def test_the_reference_keeps_its_counts():
    assert match_counts([REFERENCE, a_frame(0.9)])[0].placement.scale == 1.0


@pytest.mark.parametrize("share", [0.05, 0.15])
def test_variable_and_blended_stars_do_not_count(share):
    frame = a_frame(0.9, seed=3)
    sources = frame.ccds[0].sources.copy()
    odd = slice(0, round(share * len(sources)))
    sources["flux"][odd] *= 3.0
    frame = replace(frame, ccds=(replace(frame.ccds[0], sources=sources),))
    assert scale_of(frame).scale * 0.9 == pytest.approx(1, abs=0.005)


def test_stars_with_something_beside_them_count_less_than_those_alone():
    # A worse seeing brings a bright star the light of its neighbour: 5 %, on three stars of ten.
    flux = np.where(np.arange(10) < 3, 1e6, 3e4)
    frames = []
    for reference, light in ((True, 1.0), (False, np.where(np.arange(10) < 3, 1.05, 1.0))):
        noisy = flux * light + 100 * np.random.default_rng(int(reference)).normal(size=10)
        one = a_starry_observation(X[:10], Y[:10], noisy, reference=reference)
        sources = one.ccds[0].sources.copy()
        sources["alone"] = flux < 1e5
        frames.append(replace(one, ccds=(replace(one.ccds[0], sources=sources),)))
    found = match_counts(frames)[1].placement
    assert found.scale == pytest.approx(1, abs=0.004)
    assert abs(found.scale - 1) < 4 * found.scale_error


def test_stars_that_a_dither_brings_to_another_ccd_do_not_tell_of_transparency():
    frame = a_frame(0.9, seed=3)
    (own,) = frame.ccds
    crossed = np.arange(len(X)) < 40
    sources = own.sources.copy()
    sources["flux"][crossed] *= 1.04
    beside = replace(own, index=own.index - 1, sources=sources[crossed])
    frame = replace(frame, ccds=(beside, replace(own, sources=sources[~crossed])))
    assert scale_of(frame).scale * 0.9 == pytest.approx(1, abs=0.004)
    alone = replace(frame, ccds=(beside,))
    assert scale_of(alone).scale * 0.9 == pytest.approx(1 / 1.04, abs=0.004)


def test_another_seeing_makes_a_scale_less_sure():
    same, worse = a_frame(0.9, seed=2), a_frame(0.9, seed=2)
    wide = replace(worse.ccds[0], fwhm=same.ccds[0].fwhm * np.e)
    found, unsure = (scale_of(one) for one in (same, replace(worse, ccds=(wide,))))
    assert unsure.scale == found.scale
    extra = unsure.scale_error**2 - found.scale_error**2
    assert extra == pytest.approx((WINGS * found.scale) ** 2)


def test_with_few_stars_the_exposure_times_decide():
    faint = a_starry_observation(X[:2], Y[:2], FLUX[:2], exposure_time=25.0)
    found = scale_of(faint)
    assert (found.scale, found.scale_error) == (4.0, 0.0)
    blank = a_starry_observation(X[:0], Y[:0], exposure_time=50.0)
    assert scale_of(blank).scale == 2.0


def test_a_frame_without_matches_does_not_shift_the_scales_of_others():
    blank = a_starry_observation(X[:0], Y[:0], exposure_time=50.0, name="blank")
    others = [a_frame(0.5, seed=4, name="half"), a_frame(0.8, seed=5, name="most")]
    alone = [scale_of(other).scale for other in others]
    frames = match_counts([blank, others[0], REFERENCE, others[1]])
    assert [obs.name for obs in frames] == ["blank", "half", "reference", "most"]
    assert [obs.placement.scale for obs in frames] == [2.0, alone[0], 1.0, alone[1]]


def test_stars_that_are_no_match_do_not_count():
    other = a_starry_observation(X + 30.0, Y, 2 * FLUX, exposure_time=100.0)
    assert scale_of(other).scale == 1.0


@pytest.mark.parametrize("n", [5, 20, 60])
@pytest.mark.parametrize("light", [1.0, 0.4])
def test_the_stated_error_is_that_of_many_trials(n, light):
    def trial(seed):
        rng = np.random.default_rng(seed)
        error = np.full(n, 300.0)
        fluxes = np.array([[1.0], [light]]) * 3e4 + error * rng.normal(size=(2, n))
        one, other = (
            a_starry_observation(X[:n], Y[:n], f, flux_error=error, reference=first)
            for f, first in zip(fluxes, (True, False), strict=True)
        )
        return match_counts([one, other])[1].placement

    found = [trial(seed) for seed in range(60)]
    scatter = np.std([placement.scale for placement in found])
    stated = np.median([placement.scale_error for placement in found])
    # 60 trials know their scatter to 9 %; the floor of 0.3 % a star adds to the stated error.
    assert 0.7 < scatter / stated < 1.3


def a_sky(*levels, noise=10.0, scale=1.0, **changes):
    infos = [an_info(index=i, sky=Sky(level, noise)) for i, level in enumerate(levels, 1)]
    return an_observation(*infos, placement=Placement(scale=scale), **changes)


def test_skies_are_brought_to_the_level_of_the_reference_after_scaling():
    frames = match_sky([a_sky(100.0, 110.0, 120.0, reference=True), a_sky(50, 60, 70, scale=2.0)])
    assert frames[0].placement.offsets == {1: 0.0, 2: 0.0, 3: 0.0}
    assert frames[1].placement.offsets == {1: 0.0, 2: -10.0, 3: -20.0}


def test_a_frame_weighs_as_the_inverse_of_its_scaled_sky_variance():
    frames = match_sky(
        [a_sky(100.0, noise=10.0, reference=True), a_sky(100.0, noise=5.0, scale=4.0)]
    )
    one, other = (obs.placement.weights[1] for obs in frames)
    assert other / one == pytest.approx((10 / 20) ** 2)


def test_one_long_and_many_short_exposures_give_the_least_noise_that_they_can():
    # Unweighted, one exposure of 300 s and five of 30 s have 2.1 times the least variance.
    seconds = np.array([300.0] + [30.0] * 5)
    skies = [
        a_sky(10 * t, noise=np.sqrt(10 * t), scale=300 / t, reference=t == 300) for t in seconds
    ]
    frames = match_sky(skies)
    weights = np.array([obs.placement.weights[1] for obs in frames])
    variances = np.array([10 * t * (300 / t) ** 2 for t in seconds])
    combined = (weights**2 * variances).sum() / weights.sum() ** 2
    assert combined == pytest.approx(1 / (1 / variances).sum())


def test_a_ccd_without_sky_is_left_as_it_is():
    blind = an_observation(an_info(index=2, sky=None))
    assert match_sky([blind, blind])[1].placement.offsets == {}


def test_the_sky_of_the_outer_ccds_is_matched_to_the_central_one_for_a_mosaic():
    frames = match_ccds([a_sky(95.0, 100.0, 105.0), a_sky(190.0, 200.0, 210.0)])
    for obs in frames:
        assert obs.placement.scale_of(1) == pytest.approx(100 / 95)
        assert obs.placement.scale_of(2) == 1.0
        assert obs.placement.scale_of(3) == pytest.approx(100 / 105)


@pytest.mark.parametrize("step", [match_counts, match_sky])
def test_observations_stay_as_they_were(step):
    frames = [REFERENCE, a_frame(0.8)]
    step(frames)
    assert frames[1].placement.scale == 1.0
    assert frames[1].placement.offsets == {}
