"""``gmoscli demo``: what a newcomer sees first."""

import os
import subprocess

import pytest

from tests.commands import command, environment


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def shown(home):
    """Run the demo once, with a configuration of the user's own that must not matter."""
    (home / "mine.toml").write_text('[calibs]\ndatabases = ["mine.db get store"]\n')
    done = subprocess.run(
        command("demo", "a demo"),
        cwd=home,
        env=environment(HOME=str(home), XDG_DATA_HOME=str(home), DRAGONSRC=str(home / "mine.toml")),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_every_command_is_shown_before_what_it_says(shown):
    lines = shown.stderr.splitlines()
    commands = [line.split()[1:3] for line in lines if line.startswith("$ ")]
    assert [words[0] for words in commands] == [
        *("gmoscli", "caldb", "caldb", "showd"),
        *("dataselect",) * 4,
        *("reduce",) * 4,
        "caldb",
    ]
    first = lines.index("$ reduce @biastwi.lis")
    assert lines[first + 1].startswith("reduce: makeProcessedBias: 3 files")


def test_commands_that_are_shown_can_be_run_again(shown, home, commands):
    path = f"{commands}{os.pathsep}{os.environ['PATH']}"
    lines = [line[2:] for line in shown.stderr.splitlines() if line.startswith("$ dataselect")]
    for line in lines:
        subprocess.run(line, shell=True, check=True, cwd=home / "a demo", env={"PATH": path})
    lists = sorted((home / "a demo").glob("*.lis"))
    assert [len(path.read_text().splitlines()) for path in lists] == [6, 6, 6, 6]


def test_the_product_and_its_picture_are_named_and_there(shown, home):
    product, picture = shown.stdout.splitlines()[:2]
    assert product == "a demo/N20220627S0115_image.fits"
    assert (home / product).stat().st_size > 1e6
    assert (home / picture).read_bytes().startswith(b"\x89PNG")


def test_the_figures_are_those_of_a_good_reduction(shown):
    columns, *rows = [line.split("\t") for line in shown.stdout.splitlines()[2:]]
    scores = [dict(zip(columns, map(float, row), strict=True)) for row in rows]
    assert [score["ccd"] for score in scores] == [1, 2, 3]
    for score in scores:
        assert score["stars"] >= 5
        assert score["astrometry_mas"] < 20
        assert score["photometry_mmag"] < 15
        assert 0.9 < score["noise"] < 1.1


def test_the_users_own_databases_are_left_alone(shown, home):
    assert sorted(path.name for path in home.iterdir()) == ["a demo", "mine.toml"]
