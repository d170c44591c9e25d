"""Which exposures belong together, by single differences."""

import pytest

from gmoscli.plan.groups import groups
from gmoscli.recipes import default_recipe
from gmoscli.request.together import check_together
from tests.header_files import CCD2
from tests.unit.plan.shots import bias, science, twilight


def parts(what: str, *frames) -> list[str]:
    """Return the names of each group's frames, joined."""
    return ["".join(f.stem for f in group.frames) for group in groups(frames, what)]


READ_OTHERWISE = [
    {"binning": (1, 1)},
    {"roi": CCD2},
    {"AMPINTEG": 4000},
    {"gain": 5.1},
    {"DETID": "others"},
]
MAKERS = {"bias": bias, "flat": twilight, "science": science}


@pytest.mark.parametrize("what", MAKERS)
@pytest.mark.parametrize("change", READ_OTHERWISE, ids=str)
def test_frames_that_are_read_otherwise_are_reduced_apart(what, change):
    make = MAKERS[what]
    assert parts(what, make("a"), make("b", **change), make("c")) == ["ac", "b"]


def test_biases_of_a_night_belong_together_those_of_the_next_apart():
    evening, morning = bias("a", UT="01:00:00"), bias("b", UT="21:00:00")
    assert parts("bias", evening, morning, bias("c", UT="23:00:00")) == ["ab", "c"]


@pytest.mark.parametrize("change", [{"FILTER2": "i_G0302"}, {"OBJECT": "Domeflat"}], ids=str)
def test_the_light_of_flats_must_be_alike(change):
    assert parts("flat", twilight("a"), twilight("b", **change)) == ["a", "b"]


def test_biases_are_alike_through_any_filter():
    assert parts("bias", bias("a"), bias("b", FILTER2="i_G0302")) == ["ab"]


def test_flats_belong_together_by_night():
    assert parts("flat", twilight("a"), twilight("b", **{"DATE-OBS": "2022-06-14"})) == ["a", "b"]


@pytest.mark.parametrize("change", [{"OBJECT": "Field B"}, {"FILTER2": "i_G0302"}], ids=str)
def test_science_belongs_together_by_target_and_filter(change):
    assert parts("science", science("a"), science("b", **change)) == ["a", "b"]


def test_science_of_one_target_belongs_together_over_nights():
    assert parts("science", science("a"), science("b", **{"DATE-OBS": "2022-07-01"})) == ["ab"]


def test_exposures_less_than_half_as_long_are_stacked_apart():
    times = {"a": 300.0, "b": 150.0, "c": 149.0, "d": 75.0, "e": 5.0, "f": 0.0}
    frames = [science(name, EXPTIME=seconds) for name, seconds in times.items()]
    assert parts("science", *frames) == ["ab", "cd", "e", "f"]


def test_twilights_of_any_length_belong_together():
    assert parts("flat", twilight("a", EXPTIME=1.0), twilight("b", EXPTIME=60.0)) == ["ab"]


def test_science_in_a_filter_without_fringes_makes_no_fringe_frame():
    z = {"FILTER2": "z_G0304"}
    assert parts("fringe", science("a"), science("b", **z), twilight("c", **z)) == ["b"]


def test_a_fringe_frame_is_made_of_all_targets_of_a_night():
    z = {"FILTER2": "z_G0304"}
    frames = [
        science("a", **z),
        science("b", OBJECT="Field B", EXPTIME=20.0, **z),
        science("c", **{"DATE-OBS": "2022-06-14"}, **z),
    ]
    assert parts("fringe", *frames) == ["ab", "c"]


def test_groups_come_in_the_order_of_their_first_frames():
    frames = [bias("b", binning=(1, 1), UT="02:00:00"), bias("a", UT="03:00:00")]
    assert parts("bias", *frames) == parts("bias", *reversed(frames)) == ["b", "a"]


def test_whatever_is_grouped_can_be_reduced_together():
    changes = [{}, *READ_OTHERWISE, {"FILTER2": "i_G0302"}, {"OBJECT": "Field B"}]
    for what, make in MAKERS.items():
        frames = [make(f"{i}{n}", **c) for i, c in enumerate(changes) for n in range(2)]
        for group in groups(frames, what):
            headers = [frame.headers for frame in group.frames]
            recipe = default_recipe(group.first.record.tags)
            assert len(headers) > 1
            check_together(recipe, headers)
