"""The response is evened out, and the master that does it is normal."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.dq import Dq
from gmoscli.errors import ReductionError
from gmoscli.frame import Exposure
from gmoscli.steps.flat import divide_flat, match_levels, measure_level, normalise_flat
from tests.builders import a_ccd, an_amp, an_info, an_observation

LARGE = (100, 80)


def test_division_scales_light_and_propagates_both_noises():
    out = divide_flat(a_ccd(1000, var=100), a_ccd(0.5, var=1e-4))
    assert (out.sci == 2000).all()
    np.testing.assert_allclose(out.var, (100 + 2000**2 * 1e-4) / 0.25, rtol=1e-6)


@given(response=st.floats(0.25, 4.0, width=32), light=st.floats(-1e3, 1e5, width=32))
def test_light_that_a_response_took_away_comes_back(response, light):
    seen = np.float32(light) * np.float32(response)
    out = divide_flat(a_ccd(seen), a_ccd(response))
    np.testing.assert_allclose(out.sci, light, rtol=1e-6, atol=1e-6)


def test_the_noise_of_a_quotient_is_that_of_many_quotients():
    rng = np.random.default_rng(0)
    many = (1000 + 30 * rng.standard_normal(200_000)) / (0.8 + 0.01 * rng.standard_normal(200_000))
    out = divide_flat(a_ccd(1000, var=900), a_ccd(0.8, var=1e-4))
    assert float(out.var[0, 0]) == pytest.approx(many.var(), rel=0.02)


@pytest.mark.parametrize("divide", [True, False])
def test_full_pixels_are_full_and_as_noisy_before_and_after(divide):
    # Both by the levels of their amplifier: counts / gain + (read noise / gain)^2.
    amp = an_amp(gain=1.0, saturation=9e4, nonlinear=8e4)
    ccd = a_ccd(np.full(LARGE, 9e4), var=9e4 + 16, amps=(amp,), index=2)
    if divide:
        out = divide_flat(ccd, a_ccd(np.full(LARGE, 1.2)))
    else:
        obs = an_observation(ccd.info)
        (out,) = normalise_flat(Exposure(obs, (ccd,))).ccds
    (own,) = out.info.amps
    assert out.sci[0, 0] == pytest.approx(own.saturation)
    assert own.nonlinear / own.saturation == pytest.approx(8 / 9)
    told = out.sci[0, 0] / own.gain + (own.read_noise / own.gain) ** 2
    assert told == pytest.approx(out.var[0, 0], rel=1e-5)


@pytest.mark.parametrize("dead", [0.0, -0.3])
def test_a_pixel_without_response_keeps_a_finite_value_and_the_flag_of_the_flat(dead):
    out = divide_flat(a_ccd(1000, var=1, dq=Dq.SATURATED), a_ccd(dead, dq=Dq.UNILLUMINATED))
    assert (out.sci == 1000).all()
    assert (out.dq == Dq.SATURATED | Dq.UNILLUMINATED).all()


def test_neither_ccd_nor_flat_is_changed():
    ccd, flat = a_ccd(1000, var=9), a_ccd(0.5)
    divide_flat(ccd, flat)
    assert (ccd.sci == 1000).all()
    assert (flat.sci == 0.5).all()


def test_the_level_is_the_median_of_good_pixels_inside_the_border():
    sci = np.full(LARGE, 500.0)
    sci[:5] = sci[-5:] = 9e4
    sci[:, :4] = sci[:, -4:] = 9e4
    dq = np.zeros(LARGE)
    sci[20:50], dq[20:50] = 7e4, Dq.UNILLUMINATED
    assert measure_level(a_ccd(sci, dq=dq)).info.level == 500


def test_stars_in_a_twilight_do_not_raise_its_level():
    rng = np.random.default_rng(0)
    sci = rng.normal(500, 5, LARGE)
    clean = measure_level(a_ccd(sci)).info.level
    sci[rng.random(LARGE) < 0.05] += 4000
    # 5 % of stars move a median by 0.06 sigma; the mean would move by 200.
    assert abs(measure_level(a_ccd(sci)).info.level - clean) < 1.0


def test_a_ccd_without_good_pixels_has_no_level():
    assert measure_level(a_ccd(500.0, dq=Dq.BAD)).info.level is None


def a_flat_of(levels, name):
    return an_observation(
        *(an_info(index=i, level=level) for i, level in enumerate(levels, 1)), name=name
    )


def test_flats_are_brought_to_the_level_of_the_first_by_the_central_ccd():
    frames = [a_flat_of((1, 4e4, 1), "a"), a_flat_of((9, 1e4, 9), "b")]
    assert [obs.placement.scale for obs in match_levels(frames)] == [1.0, 4.0]


@pytest.mark.parametrize("level", [None, 0.0, -3.0])
def test_a_flat_without_light_is_refused_by_name(level):
    with pytest.raises(ReductionError, match=r"b.fits: no light"):
        match_levels([a_flat_of((1, 4e4, 1), "a"), a_flat_of((9, level, 9), "b")])


def exposure(*levels):
    ccds = tuple(a_ccd(np.full(LARGE, x), var=x, index=i) for i, x in enumerate(levels, 1))
    return Exposure(an_observation(*(ccd.info for ccd in ccds)), ccds)


def test_a_master_is_one_on_the_central_ccd_and_the_others_keep_their_response():
    out = normalise_flat(exposure(4.4e4, 4e4, 3.6e4))
    np.testing.assert_allclose([ccd.sci.mean() for ccd in out.ccds], [1.1, 1.0, 0.9], rtol=1e-6)
    expected = [level / 4e4**2 for level in (4.4e4, 4e4, 3.6e4)]
    np.testing.assert_allclose([ccd.var.mean() for ccd in out.ccds], expected, rtol=1e-6)


def test_a_master_of_the_central_ccd_alone_is_normal_too():
    out = normalise_flat(exposure(4e4))
    np.testing.assert_allclose(out.ccds[0].sci, 1.0)


@pytest.mark.parametrize(
    ("response", "flagged"), [(0.05, True), (0.11, False), (4.9, False), (5.1, True)]
)
def test_a_response_beyond_the_limits_is_flagged_and_divides_by_one(response, flagged):
    flat = exposure(4e4)
    flat.ccds[0].sci[50, 40] = response * 4e4
    (out,) = normalise_flat(flat, lowest=0.1, highest=5.0).ccds
    assert (out.dq[50, 40] == Dq.UNILLUMINATED) == flagged
    assert out.sci[50, 40] == pytest.approx(1.0 if flagged else response)
    assert (out.dq > 0).sum() == flagged


def test_saturated_flat_pixels_keep_their_value_and_bad_ones_divide_by_one():
    flat = exposure(4e4)
    flat.ccds[0].sci[3:5] = 5e4
    flat.ccds[0].dq[3], flat.ccds[0].dq[4] = Dq.SATURATED, Dq.BAD
    (out,) = normalise_flat(flat).ccds
    np.testing.assert_allclose(out.sci[3], 1.25)
    np.testing.assert_array_equal(out.sci[4], 1.0)
    assert (out.var[4] == 0).all()


def test_normalising_twice_is_normalising_once():
    once = normalise_flat(exposure(4.4e4, 4e4, 3.6e4))
    twice = normalise_flat(replace(once))
    for ccd, again in zip(once.ccds, twice.ccds, strict=True):
        np.testing.assert_allclose(ccd.sci, again.sci, rtol=1e-6)


def test_flats_weigh_as_the_light_they_have():
    frames = [an_observation(an_info(LARGE, level=level)) for level in (6e4, 3e4)]
    bright, faint = match_levels(frames)
    assert (bright.placement.weights, faint.placement.weights) == ({2: 1.0}, {2: 0.5})
