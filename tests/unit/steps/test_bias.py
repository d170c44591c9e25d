"""The bias goes and its noise stays; counts become electrons once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.dq import Dq
from gmoscli.steps.bias import subtract_bias, to_electrons
from tests.builders import a_ccd, an_amp

LEVELS = st.floats(-1e4, 6e4, width=32)


def test_the_bias_goes_and_its_noise_stays():
    out = subtract_bias(a_ccd(1000, var=9), a_ccd(400, var=4))
    assert (out.sci == 600).all()
    assert (out.var == 13).all()


def test_flags_of_both_are_kept():
    out = subtract_bias(a_ccd(dq=Dq.SATURATED), a_ccd(dq=Dq.BAD))
    assert (out.dq == Dq.SATURATED | Dq.BAD).all()


@given(level=LEVELS, pedestal=st.floats(-1e3, 1e3, width=32))
def test_adding_then_subtracting_a_pedestal_changes_nothing(level, pedestal):
    raised = a_ccd(np.float32(level) + np.float32(pedestal))
    np.testing.assert_allclose(subtract_bias(raised, a_ccd(pedestal)).sci, level, atol=0.01)


def test_neither_ccd_nor_bias_is_changed():
    ccd, bias = a_ccd(1000, var=9), a_ccd(400, var=4)
    subtract_bias(ccd, bias)
    to_electrons(ccd)
    assert (ccd.sci == 1000).all()
    assert (ccd.var == 9).all()
    assert (bias.sci == 400).all()
    assert ccd.info.amps[0].gain == 2


TWO = (an_amp(slice(0, 5), "left", gain=1.5), an_amp(slice(5, 12), "right", gain=3.0))


@given(level=LEVELS, variance=st.floats(0, 1e6, width=32))
def test_each_amplifier_is_multiplied_by_its_gain_and_its_variance_by_the_square(level, variance):
    out = to_electrons(a_ccd(level, var=variance, amps=TWO))
    gains = np.repeat(np.float32([1.5, 3.0]), (5, 7))
    np.testing.assert_array_equal(out.sci, np.broadcast_to(np.float32(level) * gains, (8, 12)))
    np.testing.assert_allclose(out.var[0], np.float32(variance) * gains**2, rtol=1e-6)


def test_levels_are_multiplied_by_the_gain_once():
    # NONLINEA times gain twice is a known fault of other software: 171961 where 105304 was meant.
    out = to_electrons(a_ccd(50_000, amps=(an_amp(gain=1.633, nonlinear=64_485.0),)))
    (amp,) = out.info.amps
    assert amp.nonlinear == pytest.approx(105_304, abs=1)
    assert amp.saturation == pytest.approx(60_000 * 1.633)
    assert (amp.gain, out.info.unit) == (1, "electron")


@given(level=LEVELS)
def test_a_full_pixel_is_full_before_and_after(level):
    ccd = a_ccd(level, amps=(an_amp(gain=1.633, saturation=np.float32(level)),))
    out = to_electrons(ccd)
    np.testing.assert_allclose(out.sci, out.info.amps[0].saturation, rtol=1e-6)
