"""README.md: each line that it shows works."""

import tomllib

from gmoscli.cli.umbrella import COMMANDS
from tests.commands import ROOT
from tests.examples import in_readme

SET_UP, TESTS, NIGHT, PIPE, CONTRIBUTE = in_readme("sh")


def test_the_night_takes_twelve_lines_and_each_works(desk):
    lines = NIGHT.splitlines()
    assert len(lines) == 12
    said = [desk.ok(line) for line in lines]
    assert said[10] == "N20220627S0115_image.fits\n"
    assert (desk.folder / "N20220627S0115_image.fits").exists()
    stored = [line.split("\t")[0] for line in said[11].splitlines()]
    assert sorted(stored)[:3] == [
        "N20220613S0138_flat.fits",
        "N20220613S0180_bias.fits",
        "N20220627S0222_bias.fits",
    ]


def test_the_pipe_and_the_script_make_the_same_without_lists(calibrated):
    (calibrated.folder / "dragonsrc.toml").unlink()
    name, what, _ = calibrated.ok(PIPE).split("\t")
    assert (name, what) == ("N20220613S0180_bias.fits", "Bias")
    first = (calibrated.folder / name).read_bytes()
    (calibrated.folder / "script.py").write_text(*in_readme("python"))
    assert calibrated.ok("python script.py") == f"['{name}']\n"
    assert (calibrated.folder / name).read_bytes() == first


def test_the_configuration_is_understood(desk):
    (desk.folder / "dragonsrc.toml").write_text(*in_readme("toml"))
    assert "memory\t256M" in desk.ok("caldb config")


def test_two_commands_set_everything_up_and_the_other_one_is_what_ci_runs():
    steps = [step.replace("venv/bin/", "") for step in TESTS.strip().split(" && ")]
    assert steps == ["python3 -m venv venv", "pip install '.[test]'", "python -m pytest"]
    ci = (ROOT / ".ci" / "run").read_text()
    assert all(words in ci for words in ("-m venv", "'.[test]'", "python -m pytest"))
    assert (
        "test"
        in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    )
    assert SET_UP.strip().endswith("venv/bin/pip install . && venv/bin/gmoscli demo")
    assert "pre-commit install" in CONTRIBUTE


def test_every_command_is_named():
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"`{name}`" not in text and f" {name}`" not in text] == []
