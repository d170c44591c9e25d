"""A step alone is a recipe, where it leaves something to write."""

import pytest

from gmoscli.errors import UsageError
from gmoscli.recipes.alone import alone
from gmoscli.recipes.bias import bias
from gmoscli.recipes.science import separate_ccds

IMAGE = frozenset({"GMOS", "IMAGE"})


@pytest.mark.parametrize("name", ["subtract_bias", "biasCorrect"])
def test_a_step_goes_by_its_name_and_by_that_of_its_primitive(name):
    assert alone(name, IMAGE).steps == (separate_ccds["subtract_bias"],)


def test_a_primitive_is_all_the_steps_that_stand_for_it():
    names = [step.name for step in alone("addVAR", IMAGE)]
    assert names == ["read_noise", "poisson_noise"]


def test_it_is_set_as_in_the_recipe_for_such_files():
    assert alone("average", frozenset({"GMOS", "BIAS", "CAL"}))["average"] == bias["average"]
    assert alone("average", IMAGE)["average"] == separate_ccds["average"]


def test_a_step_that_no_recipe_for_such_files_has_comes_from_another():
    assert alone("normalise_flat", IMAGE).steps[0].name == "normalise_flat"


def test_what_is_no_step_is_none():
    assert alone("display", IMAGE) is None


@pytest.mark.parametrize("name", ["flag_saturated", "register", "resample", "clip_noise"])
def test_what_leaves_nothing_to_write_is_refused(name):
    with pytest.raises(UsageError, match=f"{name} alone leaves nothing to write"):
        alone(name, IMAGE)
