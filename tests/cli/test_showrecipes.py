"""``showrecipes``: which recipe, which steps."""

import json

import pytest

from gmoscli.recipes import RECIPES
from tests import header_files
from tests.commands import at_terminal, command, environment, run

BIAS = {"OBSTYPE": "BIAS", "OBJECT": "Bias"}
TWILIGHT = {"OBJECT": "Twilight", "OBSCLASS": "dayCal"}


@pytest.fixture
def science(tmp_path):
    return header_files.write(tmp_path / "science.fits", header_files.raw())


def lines(*words, cwd):
    """Return the columns of each line that a command prints."""
    done = run(*words, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t") for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("cards", "recipe"),
    [(BIAS, "makeProcessedBias"), (TWILIGHT, "makeProcessedFlat"), ({}, "reduce")],
)
def test_the_recipe_follows_from_what_the_file_is(tmp_path, cards, recipe):
    header_files.write(tmp_path / "a.fits", header_files.raw(**cards))
    shown = lines("showrecipes", "a.fits", cwd=tmp_path)
    assert [(step, primitive) for _, step, primitive, *_ in shown] == [
        (step.name, step.primitive) for step in RECIPES[recipe]
    ]


def test_passes_are_numbered_as_the_engine_makes_them(science, tmp_path):
    shown = lines("showrecipes", "science.fits", "-r", "reduceSeparateCCDs", cwd=tmp_path)
    passes = RECIPES["reduceSeparateCCDs"].passes()
    numbers = [str(n) for n, (_, steps) in enumerate(passes, start=1) for _ in steps]
    assert [line[0] for line in shown] == numbers


def test_needed_calibrations_are_told(science, tmp_path):
    shown = lines("showrecipes", "science.fits", cwd=tmp_path)
    needs = {step: need for _, step, _, need, _ in shown}
    assert (needs["subtract_bias"], needs["divide_flat"]) == ("bias", "flat")
    assert needs["to_electrons"] == ""


def test_all_lists_what_fits_the_file_with_the_default_first(science, tmp_path):
    listed = lines("showrecipes", "--all", "science.fits", cwd=tmp_path)
    assert listed[0][:2] == ["reduce", "yes"]
    assert {line[1] for line in listed[1:]} == {"no"}
    names = {line[0] for line in listed}
    assert {"reduceSeparateCCDs", "makeProcessedFringe", "reduce_nostack"} <= names
    assert not {"makeProcessedBias", "makeProcessedFlat", "alignAndStack"} & names


def test_products_are_for_align_and_stack(tmp_path):
    header_files.write(tmp_path / "a.fits", header_files.raw(**header_files.MASTER, PROCSCI="sq"))
    listed = lines("showrecipes", "--all", "a.fits", cwd=tmp_path)
    assert [name for name, *_ in listed] == ["alignAndStack"]


def test_lines_are_json_if_asked_for(science, tmp_path):
    done = run("showrecipes", "science.fits", "--format", "jsonl", cwd=tmp_path)
    first = json.loads(done.stdout.splitlines()[0])
    assert (first["pass"], first["step"]) == (1, "flag_saturated")


def test_a_recipe_of_ones_own_is_shown_too(science, tmp_path):
    (tmp_path / "my.toml").write_text('extends = "reduce"\nuntil = "divide_flat"\n')
    shown = lines("showrecipes", "-r", "my.toml", "science.fits", cwd=tmp_path)
    assert shown[-1][1] == "divide_flat"


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["none.fits"], 1, "showrecipes: none.fits: no such file"),
        (["bpm.fits"], 1, "showrecipes: bpm.fits: no recipe for a file with tags BPM"),
        (["science.fits", "-r", "reduceSeparateCCD"], 2, "did you mean reduceSeparateCCDs"),
        (["science.fits", "-r", "none.py"], 2, "showrecipes: none.py: no such recipe file"),
    ],
)
def test_what_cannot_be_shown_is_told_in_a_line(science, tmp_path, words, code, complaint):
    header_files.write(tmp_path / "bpm.fits", header_files.bpm())
    done = run("showrecipes", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def on_terminal(*words, cwd):
    """Return what a command writes to a terminal."""
    done = at_terminal(command(*words), cwd=cwd, env=environment())
    assert done.returncode == 0
    return done.stdout


def test_a_terminal_shows_the_passes_as_a_text(science, tmp_path):
    text = on_terminal("showrecipes", "science.fits", cwd=tmp_path)
    assert text.startswith("recipe reduce: ")
    assert "\npass 1: each ccd of each frame\n  flag_saturated" in text


def test_a_terminal_shows_parameters_as_a_text(science, tmp_path):
    text = on_terminal("showpars", "science.fits", "biasCorrect", "rejectPixels", cwd=tmp_path)
    assert "subtract_bias\x1b[0m (biasCorrect)" in text
    assert "\n    nothing to set\n" in text
    assert "\n    hsigma  = 5.0   sigmas above the median (1 or more)\n" in text


@pytest.mark.parametrize("words", [("-p", "zzzz:grow=1"), ("-p", "zzzz=1"), ("-r", "odd.toml")])
def test_what_is_unlike_anything_known_is_refused_with_a_command_that_works(
    science, tmp_path, words
):
    (tmp_path / "odd.toml").write_text('extends = "reduce"\nwithout = ["zzzz"]\n')
    done = run("reduce", "science.fits", *words, cwd=tmp_path)
    hint = done.stderr.rpartition("hint: ")[2].partition(" shows ")[0]
    assert done.returncode == 2
    named = {"RECIPE": "reduce", "FILE": "science.fits"}
    advised = [named.get(word, word) for word in hint.split()]
    assert run(*advised, cwd=tmp_path).stdout.count("\n") > 5
