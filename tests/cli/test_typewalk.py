"""``typewalk``: the tags of a tree of files."""

import json
import os

import pytest

from tests.commands import run
from tests.header_files import bias, raw, write


@pytest.fixture
def tree(tmp_path):
    """Files in two folders, one of them no FITS file and one compressed by name only."""
    (tmp_path / "raw").mkdir()
    write(tmp_path / "raw" / "sci.fits", raw())
    write(tmp_path / "raw" / "bias.fits.bz2", raw(OBSTYPE="BIAS"))
    write(tmp_path / "master.FITS", bias())
    (tmp_path / "raw" / "notes.txt").write_text("hello")
    return tmp_path


def names(done) -> list[str]:
    return [line.split("\t")[0] for line in done.stdout.splitlines()]


def test_a_pipe_gets_a_line_a_file(tree):
    done = run("typewalk", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")
    assert names(done) == ["master.FITS", "raw/bias.fits.bz2", "raw/sci.fits"]
    assert done.stdout.splitlines()[2] == "raw/sci.fits\tGEMINI,GMOS,IMAGE,NORTH,RAW,UNPREPARED"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--tags", "BIAS"], ["master.FITS", "raw/bias.fits.bz2"]),
        (["--tags", "BIAS", "RAW"], ["raw/bias.fits.bz2"]),
        (["--tags", "BIAS,RAW"], ["raw/bias.fits.bz2"]),
        (
            ["--tags", "BIAS", "IMAGE", "--or", "--xtags", "PROCESSED"],
            ["raw/bias.fits.bz2", "raw/sci.fits"],
        ),
        (["--xtags", "CAL", "FLAT"], ["raw/sci.fits"]),
        (["-n"], ["master.FITS"]),
        (["-d", "raw", "--filemask", "bias"], ["raw/bias.fits.bz2"]),
        (["-b", "7", "--tags", "ARC"], []),
        (["raw", "--tags", "BIAS"], ["raw/bias.fits.bz2"]),
    ],
)
def test_options_choose_files(tree, words, expected):
    done = run("typewalk", *words, cwd=tree)
    assert (done.returncode, names(done)) == (0, expected)


def test_the_tree_names_each_folder_once_and_is_not_coloured(tree):
    write(tree / "raw" / "a_name_that_is_longer_than_its_column.fits", raw())
    done = run("typewalk", "--format", "tree", "--tags", "RAW", cwd=tree)
    assert done.stdout == (
        f"\ndirectory:  {tree}/raw\n"
        "     a_name_that_is_longer_than_its_column.fits\n"
        "........................................ (GEMINI) (GMOS) (IMAGE) (NORTH) (RAW)"
        " (UNPREPARED)\n"
        "     bias.fits.bz2 ..................... (BIAS) (CAL) (GEMINI) (GMOS) (NORTH) (RAW)"
        " (UNPREPARED)\n"
        "     sci.fits .......................... (GEMINI) (GMOS) (IMAGE) (NORTH) (RAW)"
        " (UNPREPARED)\n"
    )


def test_json_lines_hold_lists_of_tags(tree):
    done = run("typewalk", "-n", "--format", "jsonl", cwd=tree)
    assert "BIAS" in json.loads(done.stdout)["tags"]


def test_a_list_has_absolute_names_and_is_written_though_empty(tree):
    run("typewalk", "--tags", "RAW", "-o", "raw.lis", cwd=tree)
    assert names(run("dataselect", "@raw.lis", cwd=tree)) == [
        f"{tree}/raw/bias.fits.bz2",
        f"{tree}/raw/sci.fits",
    ]
    assert run("typewalk", "--tags", "ARC", "-o", "arc.lis", cwd=tree).returncode == 0
    assert all(line.startswith("#") for line in (tree / "arc.lis").read_text().splitlines())


def test_a_file_that_cannot_be_read_is_named_and_counts(tree):
    (tree / "raw" / "bad.fits").write_text("no")
    done = run("typewalk", cwd=tree)
    assert (done.returncode, len(names(done))) == (1, 3)
    assert done.stderr == "typewalk: raw/bad.fits: not a FITS file\n"


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["-d", "nowhere"], 1, "typewalk: nowhere: no such folder"),
        (["-f", "("], 2, "typewalk: --filemask: "),
        (["--tags", "bias"], 2, "typewalk: unknown tag 'bias'"),
    ],
)
def test_what_cannot_be_done_is_said(tree, words, code, message):
    done = run("typewalk", *words, cwd=tree)
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.startswith(message)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every folder")
def test_a_folder_that_cannot_be_read_is_named(tree):
    (tree / "raw").chmod(0)
    done = run("typewalk", cwd=tree)
    (tree / "raw").chmod(0o755)
    assert (done.returncode, names(done)) == (1, ["master.FITS"])
    assert done.stderr == "typewalk: raw: permission denied\n"
