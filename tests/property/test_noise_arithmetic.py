"""Noise goes through arithmetic as it should, whatever the numbers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.steps.bias import subtract_bias, to_electrons
from gmoscli.steps.combine import average
from gmoscli.steps.flat import divide_flat
from gmoscli.steps.noise import poisson_noise, read_noise
from tests.builders import a_ccd, a_deep, an_amp

LIGHT = st.floats(-100, 6e4, width=32)
VARIANCES = st.floats(0, 1e5, width=32)
GAINS = st.sampled_from([1.0, 1.6, 2.5, 5.1])
RESPONSES = st.floats(0.125, 4, width=32)


def close(one, other):
    np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@given(LIGHT, VARIANCES, RESPONSES, VARIANCES)
def test_a_flat_that_is_twice_as_bright_halves_light_and_quarters_variance(light, var, flat, error):
    one = divide_flat(a_ccd(light, var=var), a_ccd(flat, var=error * 1e-6))
    other = divide_flat(a_ccd(light, var=var), a_ccd(2 * flat, var=4 * error * 1e-6))
    close(one.sci, 2 * other.sci)
    close(one.var, 4 * other.var)


@given(LIGHT, VARIANCES, GAINS, st.floats(0, 20, width=32))
def test_counting_electrons_or_counts_tells_the_same_noise(light, var, gain, noise):
    ccd = a_ccd(light, var=var, amps=(an_amp(gain=gain, read_noise=noise),))
    before = to_electrons(poisson_noise(read_noise(ccd)))
    after = poisson_noise(read_noise(to_electrons(ccd)))
    close(before.var, after.var)


@given(LIGHT, VARIANCES, VARIANCES)
def test_no_step_lowers_the_variance_below_what_it_was(light, var, error):
    ccd = a_ccd(light, var=var)
    for after in (
        subtract_bias(ccd, a_ccd(10.0, var=error)),
        read_noise(ccd),
        poisson_noise(ccd),
        divide_flat(ccd, a_ccd(1.0, var=error * 1e-6)),
    ):
        assert (after.var >= ccd.var).all()


@given(st.lists(st.tuples(VARIANCES, st.floats(0.1, 10)), min_size=1, max_size=6))
def test_an_average_is_never_noisier_than_its_noisiest_frame(frames):
    var = np.array([v for v, _ in frames]).reshape(-1, 1, 1)
    out = average(a_deep(np.zeros(var.shape), var, weights=tuple(w for _, w in frames)))
    assert out.var[0, 0] <= var.max() * (1 + 1e-5)


@given(st.lists(st.tuples(VARIANCES, st.floats(0.1, 10)), min_size=2, max_size=6))
def test_averaging_in_two_steps_is_averaging_in_one(frames):
    rng = np.random.default_rng(len(frames))
    n = len(frames)
    sci = rng.normal(100, 10, (n, 1, 1))
    var = np.array([v for v, _ in frames]).reshape(-1, 1, 1)
    weights = tuple(w for _, w in frames)
    first = average(a_deep(sci[:-1], var[:-1], weights=weights[:-1]))
    both = a_deep(
        np.stack([first.sci, sci[-1]]),
        np.stack([first.var, var[-1]]),
        weights=(sum(weights[:-1]), weights[-1]),
    )
    whole, parts = average(a_deep(sci, var, weights=weights)), average(both)
    np.testing.assert_allclose(whole.sci, parts.sci, rtol=1e-4)
    np.testing.assert_allclose(whole.var, parts.var, rtol=1e-3, atol=1e-6)
