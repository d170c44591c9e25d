"""Makefiles, as make itself understands them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gmoscli.caldb.match import Candidate
from gmoscli.caldb.record import record_of
from gmoscli.errors import GmosError
from gmoscli.plan.makefile import Tools, makefile, name, word
from tests import header_files
from tests.unit.plan.shots import bias, products, science, twilight

needs_make = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

# Does what a Makefile needs of gmoscli: tells its words, makes the file behind -o, or a database.
STAND_IN = """#!/bin/sh
echo "$1 $2:"; for word in "$@"; do echo "  <$word>"; done
[ "$2" = init ] && exec touch -- "$4"
while [ "$1" != -- ]; do [ "$1" = -o ] && : > "$2"; shift; done
for file in "$@"; do [ "$file" = -- ] || [ -e "$file" ] || exit 1; done
"""


def text(*frames, masks=(), tools=None, outdir=Path(), **how) -> str:
    ready = [Candidate(mask, record_of(header_files.bpm())) for mask in masks]
    made = products(*frames, ready=ready, outdir=outdir, **how)
    return makefile([*made.values()], masks, outdir, tools or Tools())


@pytest.fixture
def make(tmp_path):
    """Run make in a folder that holds the Makefile and the files that frames are read from."""

    def make(content: str, *words: str) -> subprocess.CompletedProcess[str]:
        tool = tmp_path / "tool"
        tool.write_text(STAND_IN)
        tool.chmod(0o755)
        (tmp_path / "Makefile").write_text(content)
        return subprocess.run(
            ["make", "GMOSCLI=./tool", *words],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    return make


def put(folder: Path, *names: str) -> None:
    for one in names:
        path = folder / one
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def done(process: subprocess.CompletedProcess[str]) -> list[str]:
    """Return the files that were made."""
    assert process.returncode == 0, process.stderr
    return re.findall("<-o>\n  <(.*)>", process.stdout)


NIGHT = ["B1.fits", "B2.fits", "F1.fits", "S1.fits"]
LATER = {"DATE-OBS": "2022-06-27"}
FRAMES = [bias("B1"), twilight("F1"), bias("B2", **LATER), science("S1", **LATER)]


@needs_make
def test_everything_is_made_once_and_again_what_depends_on_a_change(make, tmp_path):
    put(tmp_path, *NIGHT)
    content = text(*FRAMES)
    everything = ["B1_bias.fits", "B2_bias.fits", "F1_flat.fits", "S1_image.fits"]
    assert sorted(done(make(content, "-j2"))) == everything
    assert "Nothing to be done for 'all'" in make(content).stdout
    for path in tmp_path.glob("*.fits"):
        os.utime(path, (10**9, 10**9))
    (tmp_path / "B2.fits").touch()
    assert done(make(content)) == ["B2_bias.fits", "S1_image.fits"]


@needs_make
def test_clean_takes_away_what_was_made_and_nothing_else(make, tmp_path):
    put(tmp_path, *NIGHT)
    content = text(*FRAMES)
    make(content)
    make(content, "clean")
    assert sorted(path.name for path in tmp_path.glob("*.fits")) == NIGHT


@needs_make
@pytest.mark.parametrize(
    "folder",
    [
        "a b",
        "a  b'c",
        "$HOME",
        "q$x$$",
        "#1",
        "co:lon",
        "(2)",
        '"x"',
        "{a,b}",
        "a~",
        "ü",
        "!<x>",
        "-n",
    ],
)
def test_odd_names_go_through_make_and_shell(make, tmp_path, folder):
    frames = [bias(f"{folder}/B1"), bias(f"{folder}/B2", UT="12:01:00"), science(f"{folder}/S1")]
    mask, config = Path(folder, "bpm.fits"), Path(folder, "my.toml")
    put(tmp_path, *(str(frame.path) for frame in frames), str(mask), str(config))
    database = f"{folder}/my.db"
    tools = Tools(config, [("caldb", "add", "-d", database)], [Path(database)])
    content = text(*frames, masks=[mask], tools=tools, outdir=Path(f"{folder} out"))
    first = make(content)
    assert done(first) == [f"{folder} out/B1_bias.fits"]
    assert f"<processed_bpm:{mask}>" in first.stdout
    assert f"<{database}>" in first.stdout
    assert (tmp_path / database).exists()
    assert (tmp_path / f"{folder} out" / "bpm.fits.added").exists()
    assert "Nothing to be done" in make(content).stdout
    make(content, "clean")
    assert not [*(tmp_path / f"{folder} out").iterdir()]


@pytest.mark.parametrize(
    "odd", ["a=b", "a;b", "a*", "a?", "[a]", "a%", "a|b", "a&", "~a", "a\\b", "a\nb"]
)
def test_names_that_make_has_no_word_for_are_refused(odd):
    with pytest.raises(GmosError, match="make cannot handle"):
        name(Path(odd, "N1.fits"))


def test_plain_names_stay_as_they_are():
    plain = "/data/2022-06-13/raw,v2/N20220613S0138.fits.bz2"
    assert name(Path(plain)) == word(plain) == plain


def test_a_change_of_the_configuration_touches_all_products():
    content = text(*FRAMES, tools=Tools(Path("my.toml")))
    assert "REDUCE = $(GMOSCLI) reduce -c my.toml $(REDUCEFLAGS)" in content
    rules = [part for part in content.split("\n\n") if "$(REDUCE)" in part.partition("\t")[2]]
    assert len(rules) == 4
    assert all("my.toml" in rule.partition("\t")[0] for rule in rules)


def test_a_stack_depends_on_the_file_of_its_recipe():
    content = text(*FRAMES, recipe="my.py:deep")
    stack = content.partition("\nS1_image.fits:")[2]
    assert "my.py" in stack.partition("\t")[0].split()
    assert "-r my.py:deep" in stack
    assert content.count("my.py ") + content.count("my.py\n") == 1


def test_masters_go_into_a_database_that_reduce_does_not_know():
    add = [("caldb", "add", "-d", "my.db")]
    named = text(*FRAMES, tools=Tools(adding=add, adding_masters=True))
    assert named.count("caldb add -d my.db --") == 3
    assert "caldb add -d my.db -- S1" not in named
    assert "caldb" not in text(*FRAMES, tools=Tools(adding=add))


def test_a_database_is_made_before_masters_and_masks_go_into_it_and_changes_nothing_later():
    tools = Tools(databases=[Path("my.db")], adding=[("caldb", "add", "-d", "my.db")])
    content = text(*FRAMES, masks=[Path("bpm.fits")], tools=tools)
    assert "\nmy.db:\n\t$(GMOSCLI) caldb init -d my.db\n" in content
    heads = [rule.partition("\n\t")[0] for rule in content.split("\n\n")]
    after = {head.partition(":")[0] for head in heads if "| my.db" in " ".join(head.split())}
    made = {"bpm.fits.added", "B1_bias.fits", "B2_bias.fits", "F1_flat.fits"}
    assert {name.strip() for name in after} == made


def test_what_cannot_be_made_is_told_in_a_comment_and_left_out():
    content = text(bias("B1"), science("S1"))
    assert "# Not made: S1_image.fits: no flat here, none stored.\n" in content
    assert content.count("S1_image.fits") == 1


def test_without_a_database_that_keeps_masks_none_is_added():
    content = text(bias("B1"), masks=[Path("bpm.fits")])
    assert ".added" not in content
    assert "processed_bpm:bpm.fits" in content
