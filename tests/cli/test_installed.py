"""What ``pip install`` puts into an environment."""

import importlib.metadata
import os
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest

from tests.commands import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def files():
    """Paths of all files that were installed; none of a checkout that is used in place."""
    place = sysconfig.get_path("purelib")  # the checkout may hold what building left
    distribution = next(iter(importlib.metadata.distributions(name="gmoscli", path=[place])), None)
    if distribution is None:
        pytest.skip("gmoscli is not installed")
    if '"editable": true' in (distribution.read_text("direct_url.json") or ""):
        pytest.skip("the checkout is used in place")
    return {Path(distribution.locate_file(path)).resolve() for path in distribution.files}


@pytest.mark.parametrize("name", PROJECT["scripts"])
def test_each_command_is_there_by_its_name(files, name):
    script = Path(sys.executable).parent / name
    assert script.resolve() in files
    done = subprocess.run(
        [script, "--version"],
        env={"PATH": os.environ["PATH"]},
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    version = importlib.metadata.version("gmoscli")
    assert done.stdout == f"{name} (gmoscli) {version}\n"


def test_manual_pages_and_completions_are_there(files):
    share = Path(sys.prefix).resolve() / "share"
    expected = {
        share / "man" / f"man{path.suffix[1:]}" / path.name for path in (ROOT / "man").iterdir()
    }
    for shell, folder in (
        ("bash", "bash-completion/completions"),
        ("zsh", "zsh/site-functions"),
        ("fish", "fish/vendor_completions.d"),
    ):
        names = (ROOT / "completions" / shell).iterdir()
        expected |= {share / folder / path.name for path in names}
    assert len(expected) > 40
    assert {path.relative_to(share) for path in expected - files} == set()


def test_modules_and_their_tables_are_there_and_nothing_else_of_the_package(files):
    place = Path(sysconfig.get_path("purelib")).resolve()
    inside = [path.relative_to(place) for path in files if place in path.parents]
    names = {str(path) for path in inside if path.suffix != ".pyc"}
    own = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "gmoscli").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert {name for name in names if name.startswith("gmoscli/")} == own


def test_what_is_installed_makes_a_master_without_the_checkout(files, tmp_path):
    night = "--roi stamp --biases 2 --flats 0 --frames 0"
    script = f"""
    gmoscli simulate raw {night} > made
    grep -h 0613S made | reduce - | xargs showd -d tags
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        env={"PATH": path, "HOME": str(tmp_path)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name, tags = done.stdout.split("\t")
    assert (tmp_path / name).exists()
    assert {"BIAS", "PROCESSED"} <= set(tags.strip().split(","))


def test_the_readme_names_the_oldest_python():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert f"Python {oldest} or newer" in (ROOT / "README.md").read_text()
