"""Recipes follow from what files are, and from what observers ask for."""

import pytest

from gmoscli.errors import ReductionError, UsageError
from gmoscli.fits import Headers
from gmoscli.recipes.bias import bias as bias_recipe
from gmoscli.recipes.flat import flat as flat_recipe
from gmoscli.recipes.science import separate_ccds
from gmoscli.request.choosing import chosen_recipe, with_params
from tests import header_files
from tests.header_files import BIAS, TWILIGHT, frame


@pytest.mark.parametrize(
    ("cards", "recipe"), [(BIAS, bias_recipe), (TWILIGHT, flat_recipe)], ids=["bias", "flat"]
)
def test_tags_choose_the_recipe(cards, recipe):
    assert chosen_recipe(None, frame(**cards), {}, {}) == recipe


def test_the_recipe_that_is_asked_for_goes_before_the_tags():
    assert chosen_recipe("reduceSeparateCCDs", frame(), {}, {}) == separate_ccds
    assert chosen_recipe(bias_recipe, frame(), {}, {}) == bias_recipe


def test_a_file_that_no_recipe_is_for_is_refused_with_its_tags():
    with pytest.raises(ReductionError, match=r"no recipe for a file with tags .*PROCESSED") as no:
        chosen_recipe(None, Headers(header_files.bias().phu, [], "b.fits"), {}, {})
    assert "recipes begin with raw files" in no.value.hint


def test_a_mask_is_to_be_added_not_reduced():
    with pytest.raises(ReductionError) as no:
        chosen_recipe(None, Headers(header_files.bpm().phu, [], "raw/bad pixels.fits"), {}, {})
    assert no.value.hint.startswith("caldb add 'raw/bad pixels.fits' ")


def test_a_value_that_means_nothing_is_told_with_its_step_and_where_it_stands():
    with pytest.raises(UsageError, match=r"^clip_noise:hsigma=many: not a value") as refused:
        chosen_recipe("makeProcessedBias", frame(), {"clip_noise.hsigma": "many"}, {})
    assert refused.value.hint == "caldb config shows where the configuration is"


def test_the_user_wins_over_the_configuration_and_that_over_the_recipe():
    configured = {"clip_noise.hsigma": 6.0, "clip_noise.lsigma": 6.0}
    recipe = chosen_recipe("makeProcessedBias", frame(), configured, {"clip_noise:hsigma": "7"})
    step = recipe["clip_noise"]
    assert (step.values()["hsigma"], step.values()["lsigma"]) == (7.0, 6.0)
    assert step.origins["hsigma"] == "command line"
    assert step.origins["lsigma"] == "configuration"
    assert step.origins["sources"] == "recipe"


@pytest.mark.parametrize("name", ["clip_noise:hsigma", "rejectPixels:hsigma", "hsigma"])
def test_a_parameter_goes_by_step_by_primitive_or_alone(name):
    recipe = with_params(bias_recipe, {name: "9"}, "command line", strict=True)
    assert recipe["clip_noise"].values()["hsigma"] == 9.0


def test_a_configuration_may_serve_recipes_that_do_not_have_the_step():
    assert with_params(bias_recipe, {"register:ccd": "2"}, "configuration", strict=False)


@pytest.mark.parametrize(
    ("name", "value", "says", "hint"),
    [
        ("clip_nois:hsigma", "4", "no step 'clip_nois'", "clip_noise"),
        ("clip_noise:hsigm", "4", "no parameter 'hsigm' in step clip_noise", "hsigma"),
        ("hsigm", "4", "no parameter 'hsigm' in any step", "hsigma"),
        ("zzz", "4", "no parameter 'zzz'", "showpars"),
        ("clip_noise:do_cal", "skip", "no parameter 'do_cal'", "skip_primitive"),
        ("flag_bad_pixels:static_bpm", "a", "no parameter 'static_bpm'", "processed_bpm:FILE"),
        ("bias", "a.fits", "no parameter 'bias'", "processed_bias:FILE"),
        ("hsigma", "high", "not a value of type float", None),
        ("hsigma", "0.5", "must be 1 or more", None),
    ],
)
def test_what_means_nothing_is_refused_with_the_nearest_name(name, value, says, hint):
    with pytest.raises(UsageError, match=says) as refused:
        with_params(bias_recipe, {name: value}, "command line", strict=True)
    assert hint is None or hint in refused.value.hint
