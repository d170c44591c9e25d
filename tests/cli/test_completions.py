"""Completions: the committed scripts, and what shells get from them."""

import shutil
import subprocess

import pytest

from gmoscli.cli.completion import FILES, OWN_NAMES, scripts
from tests.commands import ROOT, run

MADE = dict(scripts(ROOT / "completions"))


@pytest.mark.parametrize("path", MADE, ids=lambda path: "/".join(path.parts[-2:]))
def test_the_committed_script_is_what_click_makes(path):
    assert path.read_text() == MADE[path], "python -m gmoscli.cli.manpage makes it anew"


def test_nothing_else_is_among_the_completions():
    assert {p for p in (ROOT / "completions").rglob("*") if p.is_file()} == set(MADE)


@pytest.mark.parametrize("shell", FILES)
def test_the_command_prints_the_scripts_of_all_commands(shell, tmp_path):
    done = run("completion", shell, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    pattern = FILES[shell]
    folder = ROOT / "completions" / shell
    parts = [(folder / pattern.format(name)).read_text() for name in OWN_NAMES]
    assert done.stdout == "".join(parts)


@pytest.mark.parametrize("shell", FILES)
def test_the_script_is_good_shell(shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for path in (p for p in MADE if p.parent.name == shell):
        done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def completed(desk, *words):
    """Return what bash offers for the last of the words."""
    typed = " ".join(f"'{word}'" for word in words)
    script = f"""
    source {ROOT}/completions/bash/{words[0]}
    COMP_WORDS=({typed}); COMP_CWORD={len(words) - 1}; COMPREPLY=()
    compopt() {{ COMPREPLY+=("<$*>"); }}
    _{words[0]}_completion {words[0]}
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = desk.shell(script)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("gmoscli", "show"), ["showd", "showpars", "showrecipes"]),
        (("showd", "--de"), ["--descriptors"]),
        (("showd", "-d", "ut_d"), ["ut_date", "ut_datetime"]),
        (("showd", "-d", "object,ut_t"), ["object,ut_time"]),
        (("dataselect", "--tags", "BI"), ["BIAS"]),
        (("reduce", "-r", "makeProcessedB"), ["makeProcessedBias"]),
        (("reduce", "-p", "subtract_overscan"), None),
        (("reduce", "--user-cal", "processed_fl"), ["processed_flat:"]),
        (("showrecipes", "-r", "reduceS"), ["reduceSeparateCCDs", "reduceSeparateCCDsCentral"]),
        (("showpars", "x.fits", "biasC"), ["biasCorrect"]),
        (("caldb", "ver"), ["verify"]),
        (("caldb", "list", "--kind", "fl"), ["flat"]),
    ],
    ids=lambda value: " ".join(value or ["..."]),
)
def test_names_complete(desk, words, offered):
    found = completed(desk, *words)
    if offered is None:
        assert found
        assert all(word.startswith("subtract_overscan:") for word in found)
    else:
        assert found == offered


@pytest.mark.parametrize(
    "words", [("showd", "ra"), ("reduce", "-r", "my"), ("showpars", "ra"), ("caldb", "add", "ra")]
)
def test_files_complete_where_a_file_may_stand(desk, words):
    assert any("default" in word for word in completed(desk, *words))
