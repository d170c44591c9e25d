"""Which recipe a file asks for."""

import pytest

from gmoscli.errors import UsageError
from gmoscli.recipes import default_recipe, recipe_named
from gmoscli.recipes.science import separate_ccds, separate_ccds_central


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ("GMOS CAL BIAS RAW", "makeProcessedBias"),
        ("GMOS CAL FLAT IMAGE TWILIGHT", "makeProcessedFlat"),
    ],
)
def test_calibrations_ask_for_the_recipe_that_makes_masters_of_them(tags, name):
    assert default_recipe(frozenset(tags.split())).name == name


def test_science_asks_for_a_stack():
    recipe = default_recipe({"GMOS", "IMAGE", "SIDEREAL"})
    assert recipe.stacks
    assert not recipe.kind


@pytest.mark.parametrize("tags", ["GMOS SPECT", "GMOS CAL BIAS PROCESSED", "GMOS IMAGE THRUSLIT"])
def test_what_no_recipe_is_for_asks_for_none(tags):
    assert default_recipe(frozenset(tags.split())) is None


def test_a_recipe_is_found_by_the_name_that_observers_know():
    assert recipe_named("reduceSeparateCCDs") is separate_ccds


def test_an_unknown_recipe_is_refused_with_the_nearest_names():
    with pytest.raises(UsageError, match="unknown recipe 'reduceSeperateCCDs'") as refused:
        recipe_named("reduceSeperateCCDs")
    assert "reduceSeparateCCDs" in refused.value.hint


def test_the_central_recipe_differs_by_one_setting():
    assert separate_ccds_central["register"].values()["ccd"] == 2
    assert separate_ccds_central.set("register", ccd=0).steps[0] is separate_ccds.steps[0]
