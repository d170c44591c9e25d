"""The manual: made pages are up to date, and what the others show works."""

import ast
import re
import shutil
import subprocess
import sys

import pytest

from gmoscli.cli.manpage import pages, roff
from gmoscli.cli.umbrella import COMMANDS
from gmoscli.config import load
from gmoscli.config.values import reduce_converters
from gmoscli.recipes import RECIPES
from tests.commands import ROOT, environment
from tests.examples import in_page, played

MADE = dict(pages(ROOT / "man"))
WRITTEN = sorted(set((ROOT / "man").iterdir()) - set(MADE))
REMAKE = "python -m gmoscli.cli.manpage makes them anew"


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_the_page_says_what_the_command_says(path):
    assert path.read_text() == MADE[path], REMAKE


@pytest.mark.parametrize(("word", "code"), [("--help", 0), ("-x", 2), ("nowhere", 2)])
def test_what_makes_pages_writes_nowhere_but_where_it_is_told(tmp_path, word, code):
    words = [sys.executable, "-m", "gmoscli.cli.manpage", word]
    done = subprocess.run(
        words, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == code, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_command_has_a_page():
    names = {path.stem.removeprefix("gmoscli-") for path in MADE}
    assert set(COMMANDS) <= names


def test_the_other_pages_are_those_that_command_pages_refer_to():
    assert [path.name for path in WRITTEN] == [
        "dragonsrc.5",
        "gmoscli-algorithms.7",
        "gmoscli-recipes.7",
        "gmoscli-tutorial.7",
    ]


@pytest.mark.skipif(shutil.which("mandoc") is None, reason="mandoc is not installed")
@pytest.mark.parametrize("path", [*MADE, *WRITTEN], ids=lambda path: path.name)
def test_roff_is_clean(path):
    done = subprocess.run(["mandoc", "-Tlint", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_pages_of_one_version_say_so(path):
    heading = next(iter(MADE.values())).splitlines()[1].split('"', 4)[-1]
    assert path.read_text().splitlines()[0].split('"', 4)[-1] == heading


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("--tags", "\\-\\-tags"),
        ("use -, or --no-header", "use -, or \\-\\-no\\-header"),
        ("it's", "it\\(aqs"),
        (".fits", "\\&.fits"),
        ("a\\b", "a\\eb"),
    ],
)
def test_roff_shows_text_as_it_is(text, shown):
    assert roff(text) == shown


def test_the_tutorial_works_from_its_first_line_to_its_last(desk):
    said = [desk.ok(lines) for lines in played(in_page("gmoscli-tutorial.7"), desk.folder)]
    products = {path.name for path in desk.folder.glob("*.fits")}
    assert products == {
        "N20220613S0180_bias.fits",
        "N20220627S0222_bias.fits",
        "N20220613S0138_flat.fits",
        "N20220627S0115_image.fits",
        "N20220627S0115_tight.fits",
    }
    assert said[-1].strip() == "['N20220627S0115_image.fits']"
    assert "N20220627S0115" in (desk.folder / "gmos_reduction.log").read_text()


def test_the_page_on_recipes_works_from_its_first_line_to_its_last(calibrated):
    desk = calibrated
    said = [desk.ok(lines) for lines in played(in_page("gmoscli-recipes.7"), desk.folder)]
    assert "flag_cosmic_rays" not in said[0]
    assert "hsigma=4.0 (recipe)" in said[0]
    assert said[1].startswith("raise_holes\tfloor\t-200.0")
    assert all(name.endswith("_subtract_bias.fits") for name in said[2].splitlines()[-3:])
    lowest = [tuple(map(float, line.split())) for line in said[3].splitlines()]
    assert [ccd for ccd, _, _ in lowest] == [1, 2, 3]
    assert all(raised == 0 for _, _, raised in lowest)


def test_the_page_on_algorithms_tells_of_every_step():
    text = plain("gmoscli-algorithms.7")
    steps = {step.name for recipe in RECIPES.values() for step in recipe}
    assert {step for step in steps if not re.search(rf"\b{step}\b", text)} == set()


def test_the_page_on_algorithms_names_every_paper_that_steps_follow():
    text = " ".join(plain("gmoscli-algorithms.7").split())
    named = re.compile(r"[A-Z][a-z]+(?: & [A-Z][a-z]+)? (?:et al\. )?(?:19|20)\d\d")
    papers = set()
    for path in (ROOT / "gmoscli" / "steps").glob("*.py"):
        papers |= {paper for doc in docstrings(path) for paper in named.findall(doc)}
    assert papers
    assert {paper for paper in papers if paper not in text} == set()


def docstrings(path):
    """Return the docstrings of a module, each as one line."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.FunctionDef | ast.ClassDef):
            yield " ".join((ast.get_docstring(node) or "").split())


def plain(page):
    """Return the text of a page without its escapes."""
    return (ROOT / "man" / page).read_text().replace("\\-", "-")


def test_the_page_on_the_configuration_tells_of_every_key():
    text = plain("dragonsrc.5")
    keys = ("databases", "database_dir", "get", "store", "path", "url", *reduce_converters(str))
    assert [key for key in keys if not re.search(rf"^\.BR? {key}\b", text, re.MULTILINE)] == []


def test_the_example_of_a_configuration_means_what_it_says(tmp_path):
    assert list(played(in_page("dragonsrc.5"), tmp_path)) == []
    settings = load(None, {}, tmp_path, tmp_path)
    assert settings.warnings == ()
    assert [(d.path.name, d.get, d.store) for d in settings.databases] == [
        ("calibrations.db", True, True),
        ("cal.db", True, False),
    ]
    assert settings.memory == 256 << 20
    assert settings.params == {"clip_noise.hsigma": 4.5, "measure_sources.detect_thresh": 4.0}
    named = {settings.origin(name) for name in ("databases", *reduce_converters(str))}
    assert named == {str(tmp_path / "dragonsrc.toml")}


def test_parameters_in_the_example_of_a_configuration_are_known():
    ((_, text),) = in_page("dragonsrc.5")
    (step, name) = re.search(r'"(\w+)\.(\w+)" =', text).groups()
    assert name in RECIPES["reduceSeparateCCDs"][step].parameters
    (step, name) = re.search(r"\[reduce\.params\.(\w+)\]\n(\w+)", text).groups()
    assert name in RECIPES["reduceSeparateCCDs"][step].parameters
