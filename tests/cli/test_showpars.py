"""``showpars``: what can be set, from the signatures of the steps."""

import pytest

from gmoscli.recipes import RECIPES
from tests import header_files
from tests.commands import run

BIAS = {"OBSTYPE": "BIAS", "OBJECT": "Bias"}


@pytest.fixture
def folder(tmp_path):
    """A folder with a raw science exposure and a raw bias."""
    header_files.write(tmp_path / "science.fits", header_files.raw())
    header_files.write(tmp_path / "bias.fits", header_files.raw(**BIAS))
    return tmp_path


def shown(*words, cwd):
    """Return the columns of each line."""
    done = run("showpars", *words, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_a_line_has_all_that_the_signature_says(folder):
    assert shown("science.fits", "clip_noise", cwd=folder) == [
        *(
            ["clip_noise", f"{side}sigma", "5.0", "5.0", "float", "1 or more", f"sigmas {where}"]
            for side, where in (("h", "above the median"), ("l", "below the median"))
        ),
        [
            *("clip_noise", "sources", "keep", "keep", "str"),
            *("one of keep, clip", "clip values on sources as well, or keep them"),
        ],
    ]


def test_steps_go_by_their_primitive_too(folder):
    own = shown("science.fits", "clip_noise", cwd=folder)
    assert shown("science.fits", "rejectPixels", cwd=folder) == own


def test_values_are_those_of_the_recipe_for_this_file(folder):
    value = {row[1]: row[2:4] for row in shown("bias.fits", "rejectPixels", cwd=folder)}
    assert value["hsigma"] == ["4.0", "5.0"]


def test_without_a_step_all_of_the_recipe_are_shown_once(folder):
    rows = {(row[0], row[1]) for row in shown("science.fits", cwd=folder)}
    assert rows == {(step.name, name) for step in RECIPES["reduce"] for name in step.parameters}


def test_a_step_of_another_recipe_that_fits_is_found(folder):
    steps = [step.name for step in RECIPES["reduce"]]
    others = [step for step in RECIPES["makeProcessedFringe"] if step.name not in steps]
    step = next(step for step in others if step.parameters)
    assert {row[0] for row in shown("science.fits", step.name, cwd=folder)} == {step.name}


def test_all_recipes_are_looked_into_if_asked(folder):
    one = shown("science.fits", "adjustWCSToReference", cwd=folder)
    every = shown("science.fits", "--all", "adjustWCSToReference", cwd=folder)
    assert len(every) > len(one)
    assert all(row in every for row in one)


def test_a_step_without_parameters_has_no_lines(folder):
    assert shown("science.fits", "biasCorrect", cwd=folder) == []


def test_the_whole_text_is_shown_if_asked(folder):
    done = run("showpars", "--doc", "--format", "text", "science.fits", "divide_flat", cwd=folder)
    assert "First-order propagation" in done.stdout


def test_an_unknown_step_is_refused_with_the_nearest(folder):
    done = run("showpars", "science.fits", "stackFrame", cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    complaint, hint = done.stderr.splitlines()
    assert complaint == "showpars: unknown primitive 'stackFrame'"
    assert hint.startswith("hint: did you mean stackFrames")


def test_csv_has_a_header(folder):
    done = run("showpars", "science.fits", "rejectPixels", "--format", "csv", cwd=folder)
    assert done.stdout.startswith("step,parameter,value,default,type,allowed,meaning\n")


@pytest.mark.parametrize("name", ["prepare", "xyzzy"])
def test_a_step_that_no_recipe_has_is_refused_with_what_shows_those_there_are(folder, name):
    done = run("showpars", "science.fits", name, cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    complaint, hint = done.stderr.splitlines()
    assert complaint == f"showpars: unknown primitive {name!r}"
    assert hint.endswith("showrecipes FILE shows all steps")
