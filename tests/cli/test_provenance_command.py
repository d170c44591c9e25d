"""``provenance``: steps and files behind products, for people, pipes and programs."""

import hashlib
import json

import pytest

from gmoscli.recipes import RECIPES
from tests.commands import on_terminal, run
from tests.header_files import raw as raw_headers
from tests.header_files import write


@pytest.fixture(scope="module")
def bias(masters):
    """A master bias beside the database of masters."""
    return min(masters.parent.glob("*_bias.fits"))


def rows(*words, cwd):
    done = run("provenance", *words, cwd=cwd)
    assert (done.returncode, done.stderr) == (0, "")
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_steps_are_those_of_the_recipe_with_what_they_ran_with(bias):
    told = [row[2:] for row in rows(bias.name, cwd=bias.parent) if row[1] == "step"]
    recipe = RECIPES["makeProcessedBias"]
    assert [(name, primitive) for name, primitive, _ in told] == [
        (step.name, step.primitive) for step in recipe
    ]
    assert [json.loads(args) for _, _, args in told] == [step.values() for step in recipe]


def test_files_behind_a_product_have_their_checksums(bias, raw):
    files = [row[2:] for row in rows(bias.name, cwd=bias.parent) if row[1] == "file"]
    frames = {name: md5 for name, role, md5 in files if role == "frame"}
    assert len(frames) > 1
    for name, md5 in frames.items():
        assert hashlib.md5((raw / name).read_bytes()).hexdigest() == md5
    assert {role for _, role, _ in files} == {"frame", "bpm"}


def test_json_has_an_object_for_each_file(bias):
    done = run("provenance", "--json", bias.name, bias.name, cwd=bias.parent)
    one, other = map(json.loads, done.stdout.splitlines())
    assert one == other
    assert one["filename"] == bias.name
    assert one["steps"][-1]["step"] == "average"
    assert one["steps"][-1]["parameters"]["saturated"] == "drop"
    assert {"name", "as", "md5"} == set(one["files"][0])


def test_a_terminal_shows_paragraphs(bias):
    text = on_terminal("provenance", bias.name, cwd=bias.parent, NO_COLOR="1")
    assert text.startswith(f"{bias.name}\n  files\n    N")
    assert "\n  steps\n    flag_saturated" in text
    assert "hsigma=4.0" in text


def test_names_come_from_standard_input_and_bad_files_do_not_hide_good_ones(bias):
    done = run("provenance", cwd=bias.parent, stdin=f"missing.fits\n{bias.name}\n")
    assert done.returncode == 1
    assert done.stderr == "provenance: missing.fits: no such file or directory\n"
    assert done.stdout.count(f"{bias.name}\tstep\t") == len(RECIPES["makeProcessedBias"].steps)


def test_a_raw_file_has_no_rows_and_a_person_is_told_so(tmp_path):
    write(tmp_path / "a.fits", raw_headers())
    done = run("provenance", "a.fits", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "provenance: a.fits: raw, or its history was not recorded\n"
    assert on_terminal("provenance", "a.fits", cwd=tmp_path, NO_COLOR="1") == (
        "a.fits\n  raw, or its history was not recorded\n"
    )
