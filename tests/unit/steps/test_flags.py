"""What cannot be trusted is flagged, and nothing else."""

from datetime import date

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.geometry import outline_mask
from gmoscli.gmos.detectors import detectors
from gmoscli.section import Section
from gmoscli.simulate import Effects, Night
from gmoscli.steps.flags import (
    flag_bad_pixels,
    flag_failed_amps,
    flag_saturated,
    flag_unilluminated,
)
from gmoscli.steps.overscan import subtract_overscan
from tests.builders import a_ccd, a_raw_ccd, a_readout, an_observation, simulated


def flags(light, grow=0, **amp):
    raw = flag_saturated(a_raw_ccd(a_readout(light, 1000, **amp)), grow=grow)
    return raw.readouts[0].dq


def test_saturation_is_judged_on_raw_counts():
    light = np.array([[49_999, 50_000, 59_000, 60_000, 65_535]], np.uint16)
    dq = flags(light, saturation=60_000.0, nonlinear=50_000.0)
    both = Dq.NONLINEAR | Dq.SATURATED
    np.testing.assert_array_equal(dq, [[0, Dq.NONLINEAR, Dq.NONLINEAR, both, both]])


def test_without_a_nonlinear_range_a_full_pixel_is_saturated_alone():
    light = np.array([[59_000, 60_000]], np.uint16)
    dq = flags(light, saturation=60_000.0, nonlinear=60_000.0)
    np.testing.assert_array_equal(dq, [[0, Dq.SATURATED]])


@pytest.mark.parametrize("grow", [0, 1, 3])
def test_flags_grow_along_the_column_of_a_full_pixel_alone(grow):
    light = np.zeros((9, 5), np.uint16)
    light[4, 2] = 65_535
    expected = np.zeros((9, 5), np.uint16)
    expected[4 - grow : 5 + grow, 2] = Dq.SATURATED
    np.testing.assert_array_equal(flags(light, grow) & Dq.SATURATED, expected)


def test_flags_do_not_grow_over_the_edge_to_the_other_side():
    light = np.zeros((9, 3), np.uint16)
    light[0, 1] = 65_535
    np.testing.assert_array_equal(np.flatnonzero(flags(light, grow=2)[:, 1]), [0, 1, 2])


def test_full_overscan_pixels_are_nobodys_business():
    raw = a_raw_ccd(a_readout(np.zeros((4, 3), np.uint16), 65_535, left=True))
    assert not flag_saturated(raw).readouts[0].dq.any()


def test_flags_that_are_there_stay_and_the_given_ones_are_untouched():
    readout = a_readout(np.full((2, 2), 65_535, np.uint16), 1000)
    readout.dq[0, 0] = Dq.BAD
    found = flag_saturated(a_raw_ccd(readout)).readouts[0].dq
    assert found[0, 0] == Dq.BAD | Dq.NONLINEAR | Dq.SATURATED
    np.testing.assert_array_equal(readout.dq, [[Dq.BAD, 0], [0, 0]])


@pytest.mark.parametrize(
    "mode",
    [
        {"binning": (2, 2)},  # the converter ends before a binned pixel is full
        {"binning": (1, 1), "speed": "fast", "setting": "high"},  # the pixel is full before
    ],
)
def test_full_pixels_of_a_simulated_exposure_are_flagged_whatever_their_noise(mode):
    effects = Effects().without("cosmic_rays", "bad_pixels", "galaxies")
    night = Night(roi="Central Stamp", star_density=200.0, magnitudes=(12.0, 15.0), **mode)
    frame, shot = simulated(night, effects, "science", 0)
    ccd = subtract_overscan(flag_saturated(frame.ccds[2], grow=0))
    (truth,) = shot.ccds
    found = (ccd.dq & Dq.SATURATED) > 0
    assert truth.saturated.sum() > 1000
    assert found[truth.saturated].all()
    # On the slopes of stars a few pixels are within a percent of being full.
    assert found.sum() < 1.03 * truth.saturated.sum()


def test_static_flags_are_added_bit_by_bit():
    ccd = a_ccd(dq=np.array([[0, Dq.SATURATED, Dq.BAD]]))
    bpm = a_ccd(dq=np.array([[Dq.BAD, Dq.BAD, Dq.NONLINEAR]]))
    expected = [[Dq.BAD, Dq.SATURATED | Dq.BAD, Dq.BAD | Dq.NONLINEAR]]
    np.testing.assert_array_equal(flag_bad_pixels(ccd, bpm).dq, expected)
    np.testing.assert_array_equal(ccd.dq, [[0, Dq.SATURATED, Dq.BAD]])


def test_without_a_mask_nothing_changes():
    ccd = a_ccd()
    assert flag_bad_pixels(ccd, None) is ccd


SICK = (date(2022, 1, 20), date(2022, 2, 3))
"""Days of flats and of science about the 28th, when amplifier 5 of GMOS-S failed."""


@pytest.mark.parametrize(("kind", "index", "failed"), [("science", 0, True), ("flat", 0, False)])
def test_an_amplifier_is_flagged_from_the_day_on_which_it_failed(kind, index, failed):
    night = Night("gmoss_ham1", (4, 4), roi="CCD2", days=SICK, frames=1, biases=0, flats=1)
    frame, shot = simulated(night, Effects.only("sky", "failures"), kind, index)
    ccd = flag_failed_amps(subtract_overscan(frame.ccds[2]), frame.obs)
    (truth,) = shot.ccds
    np.testing.assert_array_equal(ccd.dq, np.where(truth.bad, Dq.BAD, 0))
    assert truth.bad[:, :128].all() == failed
    assert not truth.bad[:, 128:].any()


def test_the_name_of_a_chip_decides_no_epoch():
    # Chip BI12-34-4k-1 stayed when the others were replaced in December 2023.
    night = Night("gmoss_ham2", (4, 4), frames=1)
    frame, _ = simulated(night, Effects.only(), "science", 0)
    for raw in frame.ccds.values():
        assert not flag_failed_amps(subtract_overscan(raw), frame.obs).dq.any()


@pytest.mark.parametrize("one", detectors(), ids=lambda one: one.id)
@pytest.mark.parametrize("index", [1, 2, 3])
def test_pixels_outside_the_field_are_flagged_in_detector_coordinates(one, index):
    nx, ny = one.chip_size
    section = Section(0, nx, 0, ny)
    ccd = a_ccd(shape=(ny // 4, nx // 4), index=index, section=section, binning=(4, 4))
    dq = flag_unilluminated(ccd, an_observation(ccd.info, detector=one)).dq
    on_detector = section.moved(*one.chips[index - 1].origin)
    dark = outline_mask(one.outline, on_detector, (4, 4))
    np.testing.assert_array_equal(dq, np.where(dark, Dq.UNILLUMINATED, 0))
    assert 0 < dark.mean() < (0.25 if index == 2 else 0.6)


def test_the_middle_of_the_field_is_lit_whatever_part_of_the_chip_is_read():
    stamp = Section(874, 1174, 1986, 2286)
    ccd = a_ccd(shape=(150, 150), index=2, section=stamp, binning=(2, 2))
    assert not flag_unilluminated(ccd, an_observation(ccd.info)).dq.any()
