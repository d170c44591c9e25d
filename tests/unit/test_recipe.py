"""A recipe is a value: checked when it is written, edited and never copied."""

import pytest

from gmoscli.errors import UsageError
from gmoscli.recipe import Recipe
from gmoscli.recipes import RECIPES
from gmoscli.recipes.science import separate_ccds
from gmoscli.step import Scope
from gmoscli.steps.bias import subtract_bias, to_electrons
from gmoscli.steps.combine import average, clip_noise, median
from gmoscli.steps.flags import flag_saturated
from gmoscli.steps.flat import divide_flat, match_levels, measure_level, normalise_flat
from gmoscli.steps.overscan import subtract_overscan
from gmoscli.steps.register import register
from gmoscli.steps.resample import resample

RECIPE = Recipe("some", (flag_saturated, subtract_overscan, subtract_bias, clip_noise, average))


def names(recipe):
    return [step.name for step in recipe]


@pytest.mark.parametrize(
    ("steps", "finds"),
    [
        ((subtract_bias, flag_saturated), "raw ccds but finds ccds"),
        ((flag_saturated, subtract_bias), "ccds but finds raw ccds"),
        ((subtract_overscan, subtract_overscan), "raw ccds but finds ccds"),
        ((clip_noise, subtract_bias), "ccds but finds frames on one grid"),
        ((clip_noise, resample), "on their own pixels but finds frames on one grid"),
        ((flag_saturated, register), "observations but finds raw ccds"),
        ((flag_saturated, average), "on one grid but finds raw ccds"),
    ],
)
def test_steps_that_do_not_follow_each_other_are_refused_when_they_are_written(steps, finds):
    with pytest.raises(UsageError, match=f"{steps[1].name} works on .*{finds}"):
        Recipe("odd", steps)


def test_an_edit_is_checked_like_a_recipe():
    with pytest.raises(UsageError, match="subtract_bias"):
        RECIPE.without("subtract_overscan")


def test_a_recipe_without_steps_is_a_recipe():
    assert names(Recipe("empty", ())) == []


def test_edits_put_steps_where_they_are_told_to():
    both = ["subtract_bias", "to_electrons"]
    assert names(RECIPE.after("subtract_bias", to_electrons))[2:4] == both
    assert names(RECIPE.before("clip_noise", to_electrons))[2:4] == both
    assert names(RECIPE.instead("average", median))[-1] == "median"
    assert names(RECIPE.without("clip_noise", "subtract_bias")) == [
        "flag_saturated",
        "subtract_overscan",
        "average",
    ]
    assert names(RECIPE.until("subtract_overscan")) == ["flag_saturated", "subtract_overscan"]
    assert names(RECIPE.then(normalise_flat))[-1] == "normalise_flat"


def test_edits_leave_the_recipe_they_came_from_as_it_was():
    before = names(RECIPE)
    RECIPE.without("clip_noise").set("average")
    RECIPE.set("subtract_overscan", function="row")
    assert names(RECIPE) == before
    assert RECIPE["subtract_overscan"].values()["function"] == "smooth"


def test_steps_go_by_the_names_of_their_primitives_too():
    assert RECIPE["biasCorrect"].name == "subtract_bias"
    assert names(RECIPE.without("biasCorrect")) == names(RECIPE.without("subtract_bias"))
    assert RECIPE.find("stackFrames").name == "average"
    assert RECIPE.find("nonsense") is None


def test_an_unknown_step_is_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="recipe some has no step") as refused:
        RECIPE.without("substract_bias")
    assert "subtract_bias" in refused.value.hint


def test_a_setting_shows_where_it_came_from():
    recipe = RECIPE.set("clip_noise", "command line", hsigma=4.0)
    assert recipe["clip_noise"].values()["hsigma"] == 4.0
    assert recipe["clip_noise"].origins == {"hsigma": "command line"}


def test_neighbours_of_one_scope_share_a_pass():
    recipe = Recipe("flat", (subtract_bias, measure_level, match_levels, clip_noise, average))
    assert [(scope, [s.name for s in steps]) for scope, steps in recipe.passes()] == [
        (Scope.CCD, ["subtract_bias", "measure_level"]),
        (Scope.SET, ["match_levels"]),
        (Scope.BAND, ["clip_noise", "average"]),
    ]


def test_what_a_recipe_needs_is_known_from_its_signatures():
    assert Recipe("two", (divide_flat, subtract_bias, divide_flat)).calibrations == ("flat", "bias")
    assert {"bpm", "bias", "flat"} <= set(separate_ccds.calibrations)


def test_a_recipe_that_combines_bands_makes_one_product_of_all_frames():
    assert RECIPE.stacks
    assert not RECIPE.until("subtract_bias").stacks


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_recipe_goes_by_its_own_name_and_marks_its_products(recipe):
    assert RECIPES[recipe.name] is recipe
    assert recipe.suffix.startswith("_")


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
def test_every_parameter_of_every_recipe_is_explained_and_allowed_by_default(recipe):
    for step in recipe:
        assert step.doc.endswith((".", "*."))
        for name, value in step.values().items():
            assert step.parameters[name].doc, f"{step.name}:{name}"
            assert step.parameters[name].check(value) == value
