"""The night and its exposures."""

from datetime import date

import pytest

from gmoscli.errors import UsageError
from gmoscli.gmos.detectors import detectors, gain
from gmoscli.simulate import Night
from gmoscli.simulate.plan import plan, shot_of

IDS = [one.id for one in detectors()]


def of_kind(night, kind):
    return [shot for shot in plan(night) if shot.kind == kind]


def test_a_night_has_two_sets_of_biases_flats_and_science():
    night = Night(biases=3, flats=2, frames=4)
    days = [shot.start.date() for shot in of_kind(night, "bias")]
    assert days == [night.flat_day] * 3 + [night.science_day] * 3
    assert {shot.start.date() for shot in of_kind(night, "flat")} == {night.flat_day}
    assert {shot.start.date() for shot in of_kind(night, "science")} == {night.science_day}
    assert len(plan(night)) == 12


@pytest.mark.parametrize("counts", [(5, 5, 5), (0, 0, 1), (50, 60, 300)])
def test_no_two_exposures_share_a_name_or_a_time(counts):
    biases, flats, frames = counts
    shots = plan(Night(biases=biases, flats=flats, frames=frames, exposure=(1.0,)))
    assert len({shot.name for shot in shots}) == len({shot.start for shot in shots}) == len(shots)


def test_names_tell_telescope_and_date():
    assert [shot.name for shot in of_kind(Night(frames=2), "science")] == [
        "N20220627S0115",
        "N20220627S0116",
    ]
    assert plan(Night(detector="gmoss_ham2"))[0].name == "S20240613S0138"


def test_what_does_not_fit_into_a_night_goes_on_in_the_next():
    starts = [shot.start for shot in of_kind(Night(frames=100), "science")]
    assert len({start.date() for start in starts}) == 2
    assert starts == sorted(starts)
    assert max(start.hour for start in starts) < 16


def test_dithers_begin_at_the_centre_stay_in_reach_and_apart():
    offsets = [shot.offset for shot in of_kind(Night(frames=40, dither=20), "science")]
    assert offsets[0] == (0, 0)
    assert max(abs(step) for offset in offsets for step in offset) <= 20
    assert len(set(offsets)) == 40


def test_values_of_frames_begin_again_when_they_are_used_up():
    shots = of_kind(Night(frames=5, exposure=(100.0, 30.0)), "science")
    assert [shot.exposure for shot in shots] == [100, 30, 100, 30, 100]


@pytest.mark.parametrize("name", IDS)
def test_each_detector_has_a_night_in_which_its_gains_are_known(name):
    night = Night(detector=name)
    for amp in night.array.amps:
        for day in (night.flat_day, night.science_day):
            assert gain(amp.name, day, "slow", "low") is not None


@pytest.mark.parametrize(
    "wrong",
    [
        {"binning": (3, 3)},
        {"binning": (2, 0)},
        {"detector": "gmosn"},
        {"filter": "q"},
        {"filter": "u"},  # GMOS-S alone
        {"roi": "Centre"},
        {"roi": "Central Stamp", "binning": (4, 4)},
        {"speed": "slow", "setting": "high"},  # never used with Hamamatsu chips
        {"days": (date(2010, 1, 1), date(2010, 1, 2))},  # other chips then
        {"frames": -1},
        {"exposure": ()},
        {"seeing": (0.5, 0.0)},
    ],
)
def test_a_night_that_cannot_be_is_refused(wrong):
    with pytest.raises(UsageError):
        Night(**wrong)


def test_an_exposure_that_is_not_in_the_plan_is_refused():
    with pytest.raises(LookupError):
        shot_of(Night(frames=2), "science", 2)
