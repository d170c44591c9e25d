"""Bias, drift and pattern of the amplifiers."""

import numpy as np
import pytest

from gmoscli.gmos.detectors import bias_level
from gmoscli.simulate import Effects, Night, expose
from gmoscli.simulate.areas import amp_areas
from gmoscli.simulate.readout import PEDESTAL

NIGHT = Night(roi="CCD2", biases=2, binning=(4, 4))


def biases(*effects):
    """Counts of the first amplifier in the two biases of each day, as floats."""
    return [
        expose(NIGHT, Effects.only(*effects), "bias", i).counts[0].astype(float) for i in range(4)
    ]


def test_bias_levels_are_near_the_table_and_move_from_day_to_day():
    name = amp_areas(NIGHT)[0].amp.name
    levels = [one.mean() for one in biases("bias_level")]
    assert levels == pytest.approx([bias_level(name, NIGHT.flat_day, "slow", "low")] * 4, abs=10)
    assert levels[0] == levels[1] and levels[2] == levels[3] and levels[0] != levels[2]


def test_drift_is_the_same_along_a_row_and_differs_between_frames():
    frames = biases("drift")
    for one in frames:
        assert (one == one[:, :1]).all()
        assert np.abs(np.diff(one[:, 0])).max() <= 3  # it is smooth
    assert len({one.tobytes() for one in frames}) == 4


def test_the_pattern_stays_from_frame_to_frame_and_is_not_in_the_overscan():
    first, second, third, _ = biases("pattern")
    area = amp_areas(NIGHT)[0]
    assert (first == second).all()
    assert (first != third).any()
    assert np.ptp(first[area.datasec.slices]) >= 3
    assert (first[area.biassec.slices] == PEDESTAL).all()


def test_read_noise_is_new_in_every_frame_and_amplifier():
    exposure = expose(NIGHT, Effects.only("read_noise"), "bias", 0)
    planes = [*exposure.counts[:2], *biases("read_noise")[1:]]
    scatter = [np.corrcoef(planes[0].ravel(), other.ravel())[0, 1] for other in planes[1:]]
    assert np.abs(scatter).max() < 0.02
