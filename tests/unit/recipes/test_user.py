"""Recipes that users write."""

from textwrap import dedent

import pytest

from gmoscli.errors import UsageError
from gmoscli.recipes.user import load, looks_like_file

PYTHON = """
    from gmoscli.frame import Ccd
    from gmoscli.recipes.science import separate_ccds
    from gmoscli.step import step

    @step("clipNegative")
    def clip_negative(ccd: Ccd, *, floor: float = -50.0) -> Ccd:
        "Raise deep holes to a floor."
        return ccd.with_planes(sci=ccd.sci.clip(min=floor))

    recipe = separate_ccds.after("divide_flat", clip_negative)
    deep = recipe.set("clip_noise", hsigma=4.0)
    not_a_recipe = 3
"""


@pytest.fixture
def written(tmp_path):
    def write(name, text):
        (tmp_path / name).write_text(dedent(text))
        return str(tmp_path / name)

    return write


@pytest.mark.parametrize(
    ("name", "is_file"),
    [("my.py", True), ("a/b.py:deep", True), ("x.toml", True), ("reduceSeparateCCDs", False)],
)
def test_the_ending_tells_a_file_from_a_name(name, is_file):
    assert looks_like_file(name) is is_file


def test_a_python_file_gives_the_recipe_it_calls_recipe_or_the_one_asked_for(written):
    path = written("my.py", PYTHON)
    assert load(path).find("clip_negative").values() == {"floor": -50.0}
    assert load(f"{path}:deep")["clip_noise"].values()["hsigma"] == 4.0


@pytest.mark.parametrize("name", ["not_a_recipe", "nothing"])
def test_what_is_no_recipe_is_refused_with_those_that_are(written, name):
    with pytest.raises(UsageError, match=r"it has: .*deep"):
        load(f"{written('my.py', PYTHON)}:{name}")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("recipe = 1 / 0", "ZeroDivisionError"),
        ("recipe = ", "SyntaxError"),
        ("import no_such_module_anywhere", "ModuleNotFoundError"),
        ("import sys\nsys.exit(0)", "SystemExit"),
    ],
)
def test_an_error_in_a_users_file_is_named_with_the_file(written, text, says):
    path = written("my.py", text)
    with pytest.raises(UsageError, match=says) as refused:
        load(path)
    assert refused.value.path == path


def test_a_toml_file_chooses_without_code(written):
    recipe = load(
        written(
            "my.toml",
            """
            extends = "reduceSeparateCCDs"
            without = ["flag_cosmic_rays"]
            suffix = "_mine"
            [set.clip_noise]
            hsigma = 4.0
            """,
        )
    )
    assert recipe.find("flag_cosmic_rays") is None
    assert recipe["clip_noise"].values()["hsigma"] == 4.0
    assert recipe.suffix == "_mine"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("extends = ", "not TOML"),
        ("without = []", "extends is not the name of a recipe"),
        ("extends = 3", "extends is not the name of a recipe"),
        ('extends = "reduce"\nwithout = "register"', "without is not a list"),
        ('extends = "reduce"\nwithout = [3]', "without is not a list"),
        ('extends = "reduce"\nset = 3', "set is not made of tables"),
        ('extends = "reduce"\nset.register = 3', "set is not made of tables"),
        ('extends = "reduce"\nuntil = 3', "until is not the name of a step"),
        ('extends = "reduce"\nsuffix = 3', "suffix is not text"),
        ('extends = "reduce"\nset.register.ccd = "a"', "ccd=a: not a value of type int"),
        ('extends = "reduce"\nset.register.ccc = 1', "register has no parameter 'ccc'"),
        ('extends = "reduceSeparateCCDs"\nwith = []', "unknown key 'with'"),
        ('extends = "reduceSeparateCCD"', "unknown recipe"),
        ('extends = "reduceSeparateCCDs"\nwithout = ["sky"]', "no step 'sky'"),
        ('extends = "reduceSeparateCCDs"\n[set.clip_noise]\nhsigm = 4', "no parameter"),
        ('extends = "reduceSeparateCCDs"\n[set.clip_noise]\nhsigma = 0.5', "1 or more"),
    ],
)
def test_a_toml_file_that_means_nothing_is_refused_with_its_path(written, text, says):
    path = written("my.toml", text)
    with pytest.raises(UsageError, match=says) as refused:
        load(path)
    assert refused.value.path == path


def test_a_file_that_is_not_there_is_refused():
    with pytest.raises(UsageError, match="no such recipe file"):
        load("nowhere.py")
