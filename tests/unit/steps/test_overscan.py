"""The zero level goes, and what remains uncertain of it is known."""

import numpy as np
import pytest

from gmoscli.simulate import Effects, Night
from gmoscli.steps.overscan import pixel_noise, subtract_overscan
from tests.builders import a_raw_ccd, a_readout, simulated

ROWS = 1056
Y = np.arange(ROWS) / ROWS
WAVES = 1000 + 1.5 * np.cos(np.pi * Y) + 0.7 * np.cos(2 * np.pi * Y)
DRIFT = WAVES + 5 * np.exp(-Y * ROWS / 7.5)
"""ADU: slow waves and a settling at the first rows, as video boards have them."""
NOISE = 4.0 / 1.57
"""ADU: read noise of 4 e- at 1.57 e-/ADU."""
FUNCTIONS = pytest.mark.parametrize("function", ["smooth", "row", "constant"])


def strip(level, noise=0.0, seed=0):
    """Return 32 overscan columns on a level a row."""
    rng = np.random.default_rng(seed)
    return level[:, None] + noise * rng.standard_normal((len(level), 32))


def corrected(light, overscan, left=False, contaminated=4, **amp):
    return lambda **settings: subtract_overscan(
        a_raw_ccd(a_readout(light, overscan, left=left, **amp), contaminated=contaminated),
        **settings,
    )


def level_error(overscan, level, **settings):
    """Return by how much each row's level is missed, and the variance that is added for it."""
    ccd = corrected(np.repeat(level[:, None], 3, axis=1), overscan)(**settings)
    return ccd.sci[:, 0], float(ccd.var[0, 0])


@pytest.mark.parametrize("left", [True, False])
@pytest.mark.parametrize("function", ["smooth", "row"])
def test_light_comes_back_from_above_a_level_that_drifts(left, function):
    light = np.random.default_rng(0).uniform(0, 6e4, (ROWS, 5))
    ccd = corrected(light + WAVES[:, None], strip(WAVES), left)(function=function)
    np.testing.assert_allclose(ccd.sci, light, atol=0.1)


@FUNCTIONS
def test_the_variance_that_is_added_is_that_of_the_level(function):
    level = np.full(ROWS, 1000.0)
    frames = range(100)
    errors, variances = zip(
        *(level_error(strip(level, NOISE, seed), level, function=function) for seed in frames),
        strict=True,
    )
    # 100 numbers know their variance to 14 %; a stiffness that the data choose follows some noise,
    # at a level of 0.001 ADU^2 beside the 6 ADU^2 of a pixel's own.
    most = 2.0 if function == "smooth" else 1.3
    assert 0.7 < np.mean(np.square(errors)) / np.mean(variances) < most


@pytest.mark.parametrize("sigma", [0.8, 1.7, 2.5])
def test_the_noise_of_whole_counts_is_known_to_three_percent_beside_cosmic_rays(sigma):
    counts = np.rint(strip(DRIFT, sigma))
    counts[::50, 7] += 3000
    expected = np.hypot(sigma, 1 / np.sqrt(12))  # whole counts add the variance of a unit step
    assert pixel_noise(counts) == pytest.approx(expected, rel=0.03)


def test_a_drifting_level_leaves_less_than_a_quarter_adu_of_row_striping():
    errors = [level_error(strip(DRIFT, NOISE, seed), DRIFT)[0] for seed in range(20)]
    # The mean of each row alone would leave 4 / 1.57 / sqrt(27) = 0.49 ADU.
    assert np.std(errors) < 0.25
    assert np.abs(np.mean(errors, axis=0)).max() < 0.25


def test_row_striping_of_a_simulated_bias_stays_below_a_quarter_adu():
    effects = Effects.only("gain", "bias_level", "drift", "read_noise")
    bias, _ = simulated(Night(binning=(4, 4), biases=1), effects, "bias", 0)
    for raw in bias.ccds.values():
        ccd = subtract_overscan(raw)
        for amp in ccd.info.amps:
            rows = ccd.sci[:, amp.columns].mean(axis=1)
            own = amp.read_noise / amp.gain / np.sqrt(128)  # of 128 columns, were the level known
            assert np.sqrt(max(rows.var() - own**2, 0)) < 0.25
            assert abs(np.median(rows)) < 0.25


@pytest.mark.parametrize("function", ["smooth", "constant"])
def test_odd_rows_do_not_pull_the_level_of_others(function):
    level = np.full(ROWS, 1000.0)
    odd = strip(level, NOISE)
    odd[100:103] += 3000.0
    odd[500, 10] += 60_000.0
    odd[800] -= 400.0
    clean, _ = level_error(strip(level, NOISE), level, function=function)
    hit, _ = level_error(odd, level, function=function)
    assert np.abs(hit - clean).max() < 0.1


@pytest.mark.parametrize("left", [True, False])
def test_columns_that_light_trails_into_are_not_used(left):
    level = np.full(ROWS, 1000.0)
    overscan = strip(level)
    beside = slice(28, 32) if left else slice(0, 4)
    overscan[:, beside] += 500.0
    overscan[:, 0 if left else 31] -= 500.0  # the outermost column is odd on real detectors
    ccd = corrected(np.full((ROWS, 3), 1500.0), overscan, left)()
    np.testing.assert_allclose(ccd.sci, 500.0, atol=0.01)


def test_counts_below_the_level_are_negative_not_huge():
    light = np.full((64, 3), 990, np.uint16)
    ccd = corrected(light, np.full((64, 32), 1000, np.uint16))()
    np.testing.assert_allclose(ccd.sci, -10, atol=0.01)


@FUNCTIONS
def test_saturation_goes_down_with_the_pixels(function):
    overscan = strip(np.full(ROWS, 1000.0))
    ccd = corrected(np.full((ROWS, 3), 61_000.0), overscan, saturation=61e3, nonlinear=5e4)(
        function=function
    )
    (amp,) = ccd.info.amps
    assert amp.saturation == pytest.approx(float(ccd.sci[0, 0]), abs=0.01)
    assert amp.nonlinear == pytest.approx(49e3, abs=0.01)


def test_amplifiers_are_joined_each_above_its_own_level():
    level = np.full(64, 1000.0)
    left = a_readout(np.full((64, 2), 1010.0), strip(level), left=True, name="left")
    right = a_readout(np.full((64, 3), 2020.0), strip(level + 1000), column=2, name="right")
    left.dq[5, 1] = 4
    right.dq[6, 2] = 1
    ccd = subtract_overscan(a_raw_ccd(left, right))
    np.testing.assert_allclose(ccd.sci[9], [10, 10, 20, 20, 20], atol=0.01)
    np.testing.assert_array_equal(np.argwhere(ccd.dq), [[5, 1], [6, 4]])
    before = [readout.amp.saturation for readout in (left, right)]
    lowered = np.subtract(before, [amp.saturation for amp in ccd.info.amps])
    assert lowered == pytest.approx([1000, 2000], abs=0.01)


def test_without_overscan_the_counts_stay_as_they_are():
    ccd = corrected(np.full((4, 3), 500, np.uint16), None)()
    assert (ccd.sci == 500).all()
    assert (ccd.var == 0).all()
    assert ccd.info.amps[0].saturation == 60_000


def test_raw_pixels_stay_as_they_were():
    raw = a_raw_ccd(a_readout(np.full((64, 3), 1500, np.uint16), 1000))
    before = raw.readouts[0].counts.copy()
    subtract_overscan(raw)
    np.testing.assert_array_equal(raw.readouts[0].counts, before)
    assert raw.readouts[0].amp.saturation == 60_000


@pytest.mark.parametrize("rows", [1, 2, 20, 75])
def test_a_region_of_few_rows_is_corrected_too(rows):
    ccd = corrected(np.full((rows, 3), 1500.0), strip(np.full(rows, 1000.0)))()
    np.testing.assert_allclose(ccd.sci, 500, atol=0.01)
    assert np.isfinite(ccd.var).all()
