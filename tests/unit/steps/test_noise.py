"""What detector and light make uncertain, in the unit of the pixels."""

import numpy as np
import pytest

from gmoscli.steps.bias import to_electrons
from gmoscli.steps.noise import poisson_noise, read_noise
from tests.builders import a_ccd, an_amp

TWO = (
    an_amp(slice(0, 5), "left", gain=2.0, read_noise=4.0),
    an_amp(slice(5, 12), "right", gain=4.0, read_noise=6.0),
)


def test_read_noise_is_added_in_the_unit_of_the_pixels():
    out = read_noise(a_ccd(var=1.0, amps=TWO))
    np.testing.assert_array_equal(out.var[0], np.repeat(np.float32([5.0, 3.25]), (5, 7)))


@pytest.mark.parametrize("step", [read_noise, poisson_noise])
def test_noise_of_counts_and_of_electrons_is_the_same_noise(step):
    ccd = a_ccd(1000.0, amps=TWO)
    before, after = to_electrons(step(ccd)), step(to_electrons(ccd))
    np.testing.assert_allclose(before.var, after.var, rtol=1e-6)


def test_electrons_scatter_by_their_number():
    electrons = to_electrons(a_ccd(np.array([[500.0, 0.0, -10.0]]), var=7.0))
    np.testing.assert_array_equal(poisson_noise(electrons).var, [[1028.0, 28.0, 28.0]])


def test_the_noise_model_is_that_of_a_simulated_amplifier():
    rng = np.random.default_rng(0)
    electrons = rng.poisson(900.0, (300, 300)) + 4.0 * rng.standard_normal((300, 300))
    ccd = a_ccd(electrons / 2.0)  # 2 electrons per ADU, 4 electrons of read noise
    noisy = poisson_noise(read_noise(ccd))
    # 90000 values know their variance to 0.5 %.
    assert noisy.var.mean() == pytest.approx(ccd.sci.var(), rel=0.02)


@pytest.mark.parametrize("step", [read_noise, poisson_noise])
def test_the_ccd_that_is_handed_in_stays_as_it_was(step):
    ccd = a_ccd(1000.0, var=3.0)
    step(ccd)
    assert (ccd.sci == 1000).all()
    assert (ccd.var == 3).all()
