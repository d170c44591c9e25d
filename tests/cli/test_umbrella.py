"""``gmoscli COMMAND``: dispatch by name, and commands that start light."""

import os
import signal
import subprocess
import sys

import pytest

from gmoscli.cli.umbrella import COMMANDS
from tests.commands import ROOT, command, environment, run
from tests.header_files import raw, write

HEAVY = ("numpy", "scipy", "astropy", "rich", "sep", "sqlite3")
SHOWN = ("showd", "dataselect", "typewalk")


def loaded_by(code: str, cwd) -> set[str]:
    """Return the modules that are there after some lines of Python."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


def test_help_lists_all_commands_and_loads_none(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert all(f"  {name}  " in done.stdout for name in COMMANDS)
    code = "from gmoscli.cli.umbrella import umbrella\numbrella(['--help'], standalone_mode=False)"
    loaded = loaded_by(code, tmp_path)
    assert not {f"gmoscli.cli.{name}" for name in COMMANDS} & loaded
    assert not set(HEAVY) & loaded


def test_ctrl_c_says_nothing_while_the_library_of_commands_is_still_loaded(tmp_path):
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt\n")
    env = environment(PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    done = subprocess.run(command("--help"), env=env, capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("name", SHOWN)
def test_the_command_of_a_name_loads_no_other(tmp_path, name):
    code = f"from gmoscli.cli.umbrella import umbrella\numbrella.get_command(None, '{name}')"
    loaded = {module for module in loaded_by(code, tmp_path) if module.startswith("gmoscli.cli.")}
    neighbours = {"typewalk": {"gmoscli.cli.dataselect"}}.get(name, set())
    assert {f"gmoscli.cli.{other}" for other in COMMANDS} & loaded <= {
        f"gmoscli.cli.{name}",
        *neighbours,
    }


@pytest.mark.parametrize(
    "words",
    [
        ["showd", "-d", "object,gain,ra,group_id,tags", "a.fits"],
        ["dataselect", "--tags", "IMAGE", "--expr", "airmass == None", "a.fits"],
        ["typewalk"],
        ["showd", "--help"],
        ["dataselect", "--version"],
    ],
)
def test_metadata_needs_the_standard_library_alone(tmp_path, words):
    write(tmp_path / "a.fits", raw())
    code = f"from gmoscli.cli.umbrella import umbrella\numbrella({words}, standalone_mode=False)"
    assert not set(HEAVY) & loaded_by(code, tmp_path)


def test_selecting_by_tags_loads_neither_grammar_nor_numbers(tmp_path):
    write(tmp_path / "a.fits", raw())
    words = ["dataselect", "--tags", "IMAGE", "a.fits"]
    code = f"from gmoscli.cli.umbrella import umbrella\numbrella({words}, standalone_mode=False)"
    assert not {"gmoscli.select", "gmoscli.gmos.detectors", "tomllib"} & loaded_by(code, tmp_path)


def test_versions_and_short_help_are_those_of_every_command(tmp_path):
    for words in ([], *([name] for name in SHOWN)):
        assert "(gmoscli) 0." in run(*words, "--version", cwd=tmp_path).stdout
        assert run(*words, "-h", cwd=tmp_path).stdout.startswith("Usage: ")


def test_an_unknown_command_is_refused_with_the_nearest(tmp_path):
    done = run("shwod", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[0] == "gmoscli: unknown command 'shwod'"
    assert "showd" in done.stderr.splitlines()[1]


def test_a_package_that_is_missing_stops_only_the_command_that_needs_it(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError(name='numpy')")
    path = environment()["PYTHONPATH"]
    env = environment(PYTHONPATH=f"{tmp_path}:{path}", PYTHONDONTWRITEBYTECODE="1")
    write(tmp_path / "a.fits", raw())
    assert run("showd", "-d", "object", "a.fits", cwd=tmp_path, env=env).returncode == 0


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("gmoscli sho", {"showd", "showpars", "showrecipes"}),
        ("gmoscli showd -d object,exposure_", {"object,exposure_time"}),
        ("gmoscli dataselect --tags OVERSCAN_T", {"OVERSCAN_TRIMMED"}),
    ],
)
def test_the_shell_can_complete_commands_descriptors_and_tags(tmp_path, words, expected):
    wishes = {"_GMOSCLI_COMPLETE": "bash_complete", "COMP_WORDS": words}
    env = environment(**wishes, COMP_CWORD=str(len(words.split()) - 1))
    lines = run(cwd=tmp_path, env=env).stdout.splitlines()
    assert {line.partition(",")[2] for line in lines} == expected
