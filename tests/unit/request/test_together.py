"""Frames that are reduced together are alike, and known troubles are told."""

from itertools import permutations

import pytest

from gmoscli.errors import BadFile, ReductionError
from gmoscli.gmos.tags import tags_of
from gmoscli.recipes import default_recipe
from gmoscli.recipes.bias import bias as bias_recipe
from gmoscli.recipes.flat import flat as flat_recipe
from gmoscli.recipes.science import align_and_stack, separate_ccds
from gmoscli.request.together import alone, check_together, known_troubles
from tests.header_files import BIAS, CCD2, TWILIGHT, frame, staged

# ---- frames that go together


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        ({"FILTER2": "i_G0302"}, "filter i, but r in N1.fits"),
        ({"binning": (1, 1)}, "binning 1x1, but 2x2 in N1.fits"),
        ({"roi": CCD2}, "region of interest CCD2"),
        ({"AMPINTEG": 4000}, "read mode"),
        ({"DETID": "BI11-33-4k-1,BI11-41-4k-2,BI12-34-4k-1"}, "detector"),
        ({"INSTRUME": "GMOS-S"}, "instrument GMOS-S"),
        (BIAS, "not an image"),
        (TWILIGHT, "not of the same kind"),
    ],
)
def test_an_odd_frame_is_refused_by_name_with_what_is_odd(cards, says):
    with pytest.raises(ReductionError, match=says) as refused:
        check_together(separate_ccds, [frame(), frame("N2.fits", **cards)])
    assert refused.value.path == "N2.fits"
    assert refused.value.hint


@pytest.mark.parametrize(("kind", "odd"), list(permutations((BIAS, TWILIGHT, {}), 2)))
def test_of_a_mixture_the_command_in_the_hint_picks_the_kind_of_the_first(kind, odd):
    first, other = frame(**kind), frame("N2.fits", **odd)
    recipe = default_recipe(tags_of(first))
    with pytest.raises(ReductionError) as refused:
        check_together(recipe, [first, other])
    words = refused.value.hint.partition("dataselect ")[2].partition(" FILES")[0].split()
    asked = dict(zip(words[::2], words[1::2], strict=True))
    picked = [
        one
        for one in (first, other)
        if asked["--tags"] in tags_of(one) and asked.get("--xtags") not in tags_of(one)
    ]
    assert picked == [first]


def test_biases_may_be_of_any_filter():
    frames = [frame(**BIAS), frame(**BIAS, FILTER2="i_G0302")]
    check_together(bias_recipe, frames)


@pytest.mark.parametrize("recipe", [bias_recipe, flat_recipe])
def test_a_master_is_made_of_its_own_kind_alone(recipe):
    with pytest.raises(ReductionError, match=f"not a {recipe.kind}"):
        check_together(recipe, [frame()])


def test_a_recipe_gets_frames_that_are_as_far_reduced_as_it_begins():
    check_together(align_and_stack, [staged(), staged("N2.fits")])
    with pytest.raises(ReductionError, match=r"raw, but alignAndStack begins") as refused:
        check_together(align_and_stack, [staged(), frame("N2.fits")])
    assert refused.value.path == "N2.fits"
    with pytest.raises(ReductionError, match=r"reduced already.* begins with raw frames"):
        check_together(separate_ccds, [frame(), staged("N2.fits")])


# ---- what is known of the detectors

OLD_GMOS_S = {"INSTRUME": "GMOS-S", "DETID": "BI5-36-4k-2,BI11-33-4k-1,BI12-34-4k-1"}
BANDING = "saturated pixels pull whole rows of their amplifier below the bias (banding)"


@pytest.mark.parametrize(
    ("day", "binning", "told"),
    [
        ("2014-05-31", (2, 2), None),
        ("2014-06-01", (2, 2), f"{BANDING} (2014-06-01 on): look at the product"),
        ("2015-08-25", (2, 2), f"{BANDING} (2014-06-01 on): look at the product"),
        ("2015-08-25", (1, 1), None),
        ("2015-08-26", (2, 2), None),
        ("2022-01-27", (2, 2), None),
        ("2022-01-28", (1, 1), "amplifier 5 has failed (2022-01-28 on): flagged as bad"),
        ("2023-12-13", (2, 2), "amplifier 5 has failed (2022-01-28 on): flagged as bad"),
    ],
)
def test_troubles_of_a_detector_are_told_by_date_and_binning_once_each(day, binning, told):
    frames = [
        frame(f"S{i}.fits", binning=binning, **OLD_GMOS_S, **{"DATE-OBS": day}) for i in (1, 2)
    ]
    assert list(known_troubles(frames)) == ([f"S1.fits: {told}"] if told else [])


def test_new_chips_have_none_of_the_old_troubles():
    new = {**OLD_GMOS_S, "DETID": "BI11-41-4k-2,BI13-19-4k-3,BI12-34-4k-1"}
    assert not list(known_troubles([frame(**new, **{"DATE-OBS": "2024-01-01"})]))


def test_an_unknown_detector_is_named_with_its_file():
    with pytest.raises(BadFile, match="unknown detector") as refused:
        list(known_troubles([frame("N7.fits", DETID="EEV-1")]))
    assert refused.value.path == "N7.fits"


# ---- masters of one frame


@pytest.mark.parametrize(("recipe", "cards"), [(bias_recipe, BIAS), (flat_recipe, TWILIGHT)])
def test_a_master_of_one_frame_is_told_of_with_the_command_for_more(recipe, cards):
    (said,) = alone(recipe, [frame(**cards)])
    assert said.startswith(f"N1.fits: one {recipe.kind} alone")
    assert f"dataselect --tags {recipe.kind.upper()} FILES | reduce -" in said


def test_neither_two_biases_nor_one_image_are_alone():
    assert not list(alone(bias_recipe, [frame(**BIAS), frame("N2.fits", **BIAS)]))
    assert not list(alone(separate_ccds, [frame()]))
