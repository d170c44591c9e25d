"""A step is a function that can be read."""

from collections.abc import Sequence
from typing import Annotated

import pytest

from gmoscli.band import Deep, Planes, Strips
from gmoscli.errors import UsageError
from gmoscli.frame import Ccd, Exposure, Observation, RawCcd
from gmoscli.step import Choice, Range, Scope, step
from tests.builders import a_ccd


@step("addOne")
def add(
    ccd: Ccd,
    bias: Ccd,
    obs: Observation,
    *,
    amount: Annotated[float, "how much", Range(0.0, 10.0)] = 1.0,
    often: Annotated[int, Range(1)] = 1,
    how: Annotated[str, "which way", Choice(("up", "down"))] = "up",
    loud: bool = False,
    limit: Annotated[float | None, Range(high=5.0)] = None,
) -> Ccd:
    """Add a number to every pixel.

    And no more than that.
    """
    return ccd.with_planes(sci=ccd.sci + amount * often)


def test_a_step_is_still_the_function_that_it_was():
    assert (add(a_ccd(1.0), a_ccd(), None).sci == 2).all()
    assert (add(a_ccd(1.0), a_ccd(), None, amount=5.0).sci == 6).all()


def test_its_signature_says_what_it_works_on_what_it_needs_and_what_may_be_set():
    assert (add.name, add.primitive, add.takes, add.gives) == ("add", "addOne", Ccd, Ccd)
    assert add.needs == ("bias", "obs")
    assert add.values() == dict(amount=1.0, often=1, how="up", loud=False, limit=None)
    assert add.doc == "Add a number to every pixel."
    assert add.parameters["amount"].doc == "how much"


@pytest.mark.parametrize(
    ("takes", "scope"),
    [
        (RawCcd, Scope.CCD),
        (Ccd, Scope.CCD),
        (Exposure, Scope.EXPOSURE),
        (Sequence[Observation], Scope.SET),
        (Strips, Scope.BAND),
        (Deep, Scope.BAND),
        (Planes, Scope.BAND),
    ],
)
def test_the_scope_follows_from_the_first_annotation(takes, scope):
    def nothing(it):
        return it

    nothing.__annotations__ = {"it": takes, "return": takes}
    assert step("nothing")(nothing).scope is scope


def test_a_step_says_how_far_beyond_a_band_it_looks():
    @step("lookAround", halo=3)
    def looking(strips: Strips) -> Strips:
        return strips

    assert (looking.halo, looking.set("recipe").halo, add.halo) == (3, 3, 0)


def test_a_function_that_works_on_anything_else_is_no_step():
    def odd(number: int) -> int:
        return number

    with pytest.raises(TypeError, match="odd"):
        step("odd")(odd)


def test_a_step_that_stands_for_no_primitive_goes_by_its_own_name():
    @step
    def brighten(ccd: Ccd, *, by: float = 2.0) -> Ccd:
        return ccd.with_planes(sci=ccd.sci * by)

    assert brighten.primitive == brighten.name == "brighten"
    assert (brighten.set(by=3.0)(a_ccd(1.0)).sci == 3).all()


@pytest.mark.parametrize(
    ("signature", "says"),
    [
        ("(ccd): ...", "no annotation of ccd"),
        ("(ccd: Ccd): ...", "no annotation of return"),
        ("(ccd: Ccd, *, by=2.0) -> Ccd: ...", "no annotation of by"),
        ("() -> Ccd: ...", "no annotation of a first parameter"),
    ],
)
def test_a_signature_that_does_not_say_enough_is_refused_with_what_is_missing(signature, says):
    names = {"Ccd": Ccd}
    exec(f"def vague{signature}", names)
    with pytest.raises(TypeError, match=f"vague: {says}"):
        step(names["vague"])


def test_a_parameter_that_is_set_takes_effect_on_a_new_step_alone():
    louder = add.set(amount=3.0)
    assert (louder(a_ccd(1.0), a_ccd(), None).sci == 4).all()
    assert (add(a_ccd(1.0), a_ccd(), None).sci == 2).all()
    assert louder.origins == {"amount": "recipe"}
    assert louder.set("command line", amount=4.0).origins == {"amount": "command line"}


def test_a_parameter_that_does_not_exist_is_refused_with_those_that_do():
    with pytest.raises(UsageError) as refused:
        add.set(amont=3.0)
    assert "amount" in refused.value.hint


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("amount", "2.5", 2.5),
        ("amount", "1e1", 10.0),
        ("often", "3", 3),
        ("how", "down", "down"),
        ("loud", "True", True),
        ("loud", "no", False),
        ("limit", "None", None),
        ("limit", "4", 4.0),
    ],
)
def test_text_becomes_a_value_of_the_annotated_type(name, text, value):
    found = add.parameters[name].convert(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("amount", "much", "type float"),
        ("amount", "11", "from 0 to 10"),
        ("amount", "-1", "from 0 to 10"),
        ("often", "1.5", "type int"),
        ("often", "0", "1 or more"),
        ("how", "sideways", "one of up, down"),
        ("loud", "perhaps", "type bool"),
        ("limit", "5.5", "5 or less"),
        ("limit", "nothing", "float or None"),
    ],
)
def test_text_that_means_nothing_here_is_refused_with_what_would_be_allowed(name, text, says):
    with pytest.raises(UsageError, match=says):
        add.parameters[name].convert(text)


def test_a_recipe_cannot_set_what_a_user_may_not():
    with pytest.raises(UsageError, match="from 0 to 10"):
        add.set(amount=11.0)
