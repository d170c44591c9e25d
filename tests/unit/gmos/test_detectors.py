"""The table of detectors is whole, consistent, and answers by date."""

from datetime import date
from itertools import pairwise

import pytest

from gmoscli.errors import BadFile
from gmoscli.gmos import detectors as table
from gmoscli.gmos.detectors import bias_level, detector, detectors, gain, read_noise
from gmoscli.section import Section

DAY = date(2022, 6, 13)
GENERATIONS = detectors()
EACH = pytest.mark.parametrize("one", GENERATIONS, ids=lambda one: one.id)


def test_both_telescopes_have_all_their_generations():
    assert [one.id for one in GENERATIONS] == [
        "gmosn_eev",
        "gmosn_e2v",
        "gmosn_ham",
        "gmoss_eev_old",
        "gmoss_eev_new",
        "gmoss_ham1",
        "gmoss_ham2",
    ]


@EACH
def test_amplifiers_cover_the_three_chips_without_overlap(one):
    edges = sorted((amp.x1, amp.x2) for amp in one.amps)
    assert edges[0][0] == 0
    assert edges[-1][1] == 3 * one.chip_size[0]
    assert all(left[1] == right[0] for left, right in pairwise(edges))
    assert len(edges) in (3, 6, 12)


@EACH
def test_the_middle_chip_is_the_reference_and_the_others_lie_beside_it(one):
    left, middle, right = one.chips
    assert (left.index, middle.index, right.index) == (1, 2, 3)
    assert (middle.shift, middle.rotation) == ((0.0, 0.0), 0.0)
    assert left.shift[0] < -2048
    assert right.shift[0] > 2048
    assert [chip.origin for chip in one.chips] == [(0, 0), (2048, 0), (4096, 0)]


@EACH
def test_the_outline_rises_and_lies_on_the_detector(one):
    rows = [row for row, _, _ in one.outline]
    assert rows == sorted(set(rows))
    assert rows[0] >= 0
    assert rows[-1] < one.chip_size[1]
    assert all(0 <= first < last < 6144 for _, first, last in one.outline)


@EACH
def test_every_amplifier_has_numbers_for_its_common_modes(one):
    for epoch in one.epochs:
        assert epoch.since < epoch.until
        for amp in one.amps:
            triple = epoch.amps[amp.name]["slow", "low"]
            assert 1 < triple[0] < 3
            assert 2 < triple[1] < 5
            assert 100 < triple[2] < 3500


@EACH
def test_a_generation_is_found_by_its_detid(one):
    assert detector(one.detid) is one
    assert detector(f" {one.detid} ") is one


def test_the_wrong_names_of_early_files_are_understood():
    assert detector("BI11-39-41-4k-2,BI13-19-4k-3,BI12-34-4k").id == "gmoss_ham2"
    late = date(2024, 1, 1)
    assert gain("BI11-39-41-4k-2, 4", late, "slow", "low") == 1.943
    assert gain("BI12-34-4k-1 4", date(2014, 7, 1), "slow", "low") == gain(
        "BI12-34-4k-1, 4", date(2014, 7, 1), "slow", "low"
    )


def test_an_unknown_detector_is_named():
    with pytest.raises(BadFile, match="DETID is 'BI99'"):
        detector("BI99")


def test_a_read_mode_has_its_gain_noise_and_bias():
    amp = "BI13-20-4k-1, 4"
    assert gain(amp, DAY, "slow", "low") == 1.675
    assert read_noise(amp, DAY, "fast", "high") == 9.9
    assert bias_level(amp, DAY, "fast", "low") == 499


def test_a_chip_that_stayed_was_calibrated_anew():
    amp = "BI12-34-4k-1, 1"
    days = [date(2015, 8, 25), date(2015, 8, 26), date(2023, 12, 13), date(2023, 12, 14)]
    gains = [gain(amp, day, "slow", "low") for day in days]
    assert gains[1:] == [1.652, 1.652, 1.594]
    assert gains[0] != gains[1]


@pytest.mark.parametrize("day", [date(2006, 8, 31), date(2017, 2, 24), date(2023, 12, 14)])
def test_gain_and_read_noise_change_on_the_same_day(day):
    amps = {amp.name for one in GENERATIONS for amp in one.amps}
    for amp in amps:
        known = gain(amp, day, "slow", "low") is None, read_noise(amp, day, "slow", "low") is None
        assert known in ((True, True), (False, False))


@pytest.mark.parametrize(
    ("amp", "day", "speed", "setting"),
    [
        ("no such amp", DAY, "slow", "low"),
        ("BI13-20-4k-1, 4", None, "slow", "low"),
        ("BI13-20-4k-1, 4", DAY, None, "low"),
        ("BI13-20-4k-1, 4", DAY, "slow", None),
        ("BI13-20-4k-1, 4", date(2016, 1, 1), "slow", "low"),
        ("BI13-20-4k-1, 4", DAY, "slow", "high"),
        ("EEV 9273-16-03, right", date(2015, 8, 26), "slow", "low"),
        (None, DAY, "slow", "low"),
    ],
)
def test_what_was_never_calibrated_is_unknown(amp, day, speed, setting):
    assert gain(amp, day, speed, setting) is None
    assert read_noise(amp, day, speed, setting) is None
    assert bias_level(amp, day, speed, setting) is None


def test_the_full_well_depends_on_the_electronics():
    assert table.full_well("GMOS + Hamamatsu", "BI5-36-4k-2, 1") == 108289
    assert table.full_well("GMOS + Hamamatsu_new", "BI5-36-4k-2, 1") == 120435
    assert table.full_well("GMOS + Red1", "EEV 9273-16-03, right") is None
    assert table.full_well("GMOS + Hamamatsu", None) is None


def test_fringes_show_in_the_red_and_in_old_chips_sooner():
    assert [table.fringe_needed(name, "Hamamatsu-N") for name in ("r", "i", "z", "Y")] == [
        False,
        False,
        True,
        True,
    ]
    assert all(table.fringe_needed(name, "e2vDD") for name in ("i", "CaT", "Z", "z", "Y"))
    assert not table.fringe_needed(None, "EEV")
    assert not table.fringe_needed("z", None)


def test_the_read_speed_follows_from_the_integration_time():
    assert table.read_speed("S10892-N", 11880) == "slow"
    assert table.read_speed("S10892-N", 4000) == "fast"
    assert table.read_speed("SDSU II CCD", 5000) == "slow"
    assert table.read_speed("SDSU II CCD", 1000) == "fast"
    assert table.read_speed("unknown", 1000) is None
    assert table.read_speed("S10892", None) is None


def test_read_modes_have_names():
    assert table.read_mode("slow", "low") == "Normal"
    assert table.read_mode("fast", "high") == "Bright"
    assert table.read_mode("fast", "low") == "Acquisition"
    assert table.read_mode("slow", "high") == "Engineering"
    assert table.read_mode(None, "low") is None


def test_regions_have_names():
    assert table.roi_name(Section(0, 6144, 0, 4224)) == "Full Frame"
    assert table.roi_name(Section(2048, 4096, 0, 4608)) == "CCD2"
    assert table.roi_name(Section(2922, 3222, 1986, 2294)) == "Central Stamp"
    assert table.roi_name(Section(0, 6144, 1624, 2648)) == "Central Spectrum"
    assert table.roi_name(Section(0, 100, 0, 100)) == "Custom"


def test_zero_points_are_those_of_the_chip_or_of_a_mosaic():
    assert table.zero_point("BI12-09-4k-2", "r") == 28.299
    assert table.zero_point("BI13-20-4k-1,BI12-09-4k-2,BI13-18-4k-2", "i") == 28.41
    assert table.zero_point("BI12-09-4k-2", "Y") is None
    assert table.zero_point(None, "r") is None


def test_the_pixel_scale_is_known_for_each_instrument_and_array():
    assert table.pixel_scale("GMOS-N", "S10892-N") == 0.0807
    assert table.pixel_scale("GMOS-S", "S10892") == 0.08
    assert table.pixel_scale("GMOS-N", "S10892") is None
