"""``gmoscli plan`` as a process: what it tells, and its Makefile from beginning to end."""

import json
import shutil
import time
from pathlib import Path

import pytest

from tests import header_files
from tests.cli.test_umbrella import HEAVY, loaded_by
from tests.commands import environment, on_terminal, run
from tests.header_files import raw as raw_headers
from tests.header_files import write

BIAS = {"OBSTYPE": "BIAS", "OBJECT": "Bias", "EXPTIME": 0.0}
TWILIGHT = {"OBJECT": "Twilight", "OBSCLASS": "dayCal", "EXPTIME": 5.0}


@pytest.fixture
def home(tmp_path) -> Path:
    """A working directory with a night of headers in ``raw/``."""
    folder = tmp_path / "raw"
    folder.mkdir()
    shots = {"B1": BIAS, "B2": BIAS, "F1": TWILIGHT, "S1": {}, "S2": {}}
    for name, cards in shots.items():
        write(folder / f"{name}.fits", raw_headers(**cards))
    return tmp_path


def planned(home: Path, *words: str, stdin: str | None = None):
    """Run ``gmoscli plan`` with a home of its own."""
    env = environment(HOME=str(home), XDG_DATA_HOME=str(home / "data"))
    for variable in ("DRAGONSRC", "GMOSCLIRC"):
        env.pop(variable, None)
    return run("plan", *words, cwd=home, stdin=stdin, env=env)


def products(done) -> dict[str, dict]:
    """Return the lines of JSON by their outputs."""
    lines = map(json.loads, done.stdout.splitlines())
    return {line["output"]: line for line in lines}


def test_a_pipe_has_a_line_for_each_product(home):
    write(home / "raw" / "bpm.fits", header_files.bpm())
    done = planned(home, "raw")
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    setup = "2x2 slow/low"
    assert lines == [
        ["raw/bpm.fits", "bpm", *[""] * 8],
        ["B1_bias.fits", "bias", "2", "0.0", "2022-06-13", "", "", setup, "bpm", ""],
        ["F1_flat.fits", "flat", "1", "5.0", "2022-06-13", "", "r", setup, "B1_bias bpm", ""],
        [
            *("S1_image.fits", "science", "2", "240.0", "2022-06-13", "Field A", "r", setup),
            *("B1_bias F1_flat bpm", ""),
        ],
    ]


def test_lines_of_json_tell_everything(home):
    write(home / "raw" / "bpm.fits", header_files.bpm())
    told = products(planned(home, "raw", "--format", "jsonl", "--outdir", "out"))
    assert list(told) == [
        *("raw/bpm.fits", "out/B1_bias.fits", "out/F1_flat.fits", "out/S1_image.fits"),
    ]
    stack = told["out/S1_image.fits"]
    assert (stack["kind"], stack["recipe"]) == ("science", "reduce")
    assert stack["inputs"] == ["raw/S1.fits", "raw/S2.fits"]
    assert stack["calibrations"] == {
        **{"bias": "out/B1_bias.fits", "flat": "out/F1_flat.fits", "bpm": "raw/bpm.fits"},
    }
    assert stack["missing"] == {}
    assert told["raw/bpm.fits"]["recipe"] == "caldb add"


def test_a_table_names_its_columns_and_has_one_for_what_is_missing_only_then(home):
    names = ["output", "kind", "frames", "seconds", "night", "object", "filter", "setup"]
    lines = planned(home, "raw", "--format", "table").stdout.splitlines()
    assert lines[1].split() == [*names, "calibrations"]
    (home / "raw" / "F1.fits").unlink()
    lines = planned(home, "raw", "--format", "table").stdout.splitlines()
    assert lines[1].split() == [*names, "calibrations", "missing"]
    assert lines[-1].endswith("no flat here, none stored")


@pytest.mark.parametrize(("columns", "whole"), [(80, False), (200, True)])
def test_a_narrow_terminal_shows_whole_words_and_leaves_calibrations_out(home, columns, whole):
    for path in sorted((home / "raw").iterdir()):
        path.rename(path.with_name(f"N20220627S{path.stem}001.fits"))
    text = on_terminal("plan", "raw", cwd=home, columns=columns, HOME=str(home), NO_COLOR="1")
    lines = text.splitlines()
    assert max(map(len, lines)) <= columns
    assert ("calibrations" in text) is whole
    for word in ("2022-06-13", "science", "N20220627SS1001_", "image.fits", "240.0", "Field"):
        assert word in text


def test_what_is_missing_is_told_with_its_reason_and_the_exit_code_is_3(home):
    (home / "raw" / "F1.fits").unlink()
    write(home / "raw" / "F2.fits", raw_headers(FILTER2="i_G0302", **TWILIGHT))
    done = planned(home, "raw", "--json")
    assert done.returncode == 3
    assert products(done)["S1_image.fits"]["missing"]["flat"] == (
        "no flat fits; nearest is F2_flat.fits:"
        " filter is open1-6&i_G0302, the frame has open1-6&r_G0303"
    )
    assert done.stderr == "plan: warning: 3 products go without: no bpm here, none stored\n"


def test_a_makefile_of_what_can_be_made_is_written_though_something_is_missing(home):
    (home / "raw" / "F1.fits").unlink()
    done = planned(home, "raw", "--make")
    assert done.returncode == 3
    assert "\nB1_bias.fits:" in done.stdout
    assert "\nS1_image.fits:" not in done.stdout
    assert (
        "plan: warning: S1_image.fits: not in the Makefile: no flat here, none stored\n"
        in done.stderr
    )


def test_other_files_are_counted_and_named_if_asked(home):
    folder = home / "raw"
    write(folder / "dark.fits", raw_headers(OBSTYPE="DARK"))
    write(folder / "acq.fits", raw_headers(OBSCLASS="acq"))
    write(folder / "niri.fits", raw_headers(INSTRUME="NIRI"))
    write(folder / "niri2.fits", raw_headers(INSTRUME="NIRI"))
    (folder / "notes.txt").write_text("clear")
    counts = [
        *("2 files left out: not of GMOS", "1 file left out: tagged ACQUISITION"),
        "1 file left out: neither biases nor images",
    ]
    told = planned(home, "raw").stderr.splitlines()
    assert told[:3] == [f"plan: {count}" for count in counts]
    told = planned(home, "raw", "-v").stderr.splitlines()
    assert "plan: raw/dark.fits: left out: neither biases nor images" in told


def test_acquisitions_are_planned_if_nothing_is_excluded(home):
    write(home / "raw" / "acq.fits", raw_headers(OBSCLASS="acq", OBJECT="Field B"))
    assert "acq_image.fits" not in planned(home, "raw").stdout
    assert "acq_image.fits" in planned(home, "raw", "--exclude-tags", "").stdout
    done = planned(home, "raw", "--exclude-tags", "BIAS,ACQUISITION", "--json")
    assert {product["kind"] for product in products(done).values()} == {"flat", "science"}


def test_bad_files_are_named_and_the_rest_is_planned(home):
    path = home / "raw" / "cut.fits"
    path.write_bytes((home / "raw" / "S1.fits").read_bytes()[:3000])
    done = planned(home, "raw")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("plan: raw/cut.fits: truncated in the header")
    assert len(done.stdout.splitlines()) == 3


def test_where_no_file_can_be_read_nothing_is_said_of_those_that_could(home):
    (home / "bad").mkdir()
    (home / "bad" / "cut.fits").write_bytes((home / "raw" / "S1.fits").read_bytes()[:3000])
    done = planned(home, "bad")
    assert (done.returncode, done.stdout) == (1, "")
    bad, nothing, hint = done.stderr.splitlines()
    assert bad.startswith("plan: bad/cut.fits: truncated")
    assert nothing == "plan: no raw biases or images of GMOS that can be read"
    assert hint == "hint: typewalk DIR shows what is there"


def test_a_database_that_is_not_there_is_warned_of_with_what_makes_it(home):
    done = planned(home, "raw", "--make", "-d", "my cal.db")
    path = home / "my cal.db"
    warning = f"plan: warning: {path}: no such database: not searched"
    assert f"{warning}; hint: caldb init -d '{path}'" in done.stderr.splitlines()


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (["raw", "--recipe", "reduce_nostack"], 2, "unknown recipe"),
        (["raw", "--make", "--json"], 2, "--make and --format exclude each other"),
        (["raw", "--exclude-tags", "acq"], 2, "unknown tag 'acq'"),
        (["empty"], 1, "no raw biases or images of GMOS"),
        (["empty", "--qa"], 2, "no such option '--qa'"),
        (["nowhere"], 1, "nowhere: no such file or directory"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_line(home, words, code, complaint):
    (home / "empty").mkdir()
    done = planned(home, *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert complaint in done.stderr.splitlines()[0]


def test_names_may_come_from_standard_input(home):
    names = [f"raw/{name}.fits" for name in ("B1", "S1")]
    by_line = planned(home, "-", stdin="".join(f"{name}\n" for name in names))
    by_nul = planned(home, "-0", "-", stdin="".join(f"{name}\0" for name in names))
    assert by_line.stdout == by_nul.stdout
    assert len(by_line.stdout.splitlines()) == 2


def test_a_stored_calibration_is_used_and_products_of_before_are_made_again(home):
    (home / "stored").mkdir()
    stored = write(home / "stored" / "flat.fits", header_files.flat())
    write(home / "B1_bias.fits", header_files.bias())
    assert run("caldb", "init", "-d", "my.db", cwd=home).returncode == 0
    adding = ("caldb", "add", "-d", "my.db", str(stored), "B1_bias.fits")
    assert run(*adding, cwd=home).returncode == 0
    (home / "raw" / "F1.fits").unlink()
    done = planned(home, "raw", "-d", "my.db", "--json")
    assert done.returncode == 0
    assert products(done)["S1_image.fits"]["calibrations"] == {
        **{"bias": "B1_bias.fits", "flat": "stored/flat.fits"},
    }
    assert "B1_bias.fits" in products(done)
    stored.unlink()
    missing = products(planned(home, "raw", "-d", "my.db", "--json"))["S1_image.fits"]["missing"]
    assert missing["flat"] == "no flat fits; nearest is flat.fits: file is missing"


def test_planning_needs_the_standard_library_alone(home):
    for words in (["--help"], ["raw"], ["raw", "--make", "-r", "reduceSeparateCCDs"]):
        code = f"from gmoscli.cli.umbrella import umbrella\numbrella(['plan', *{words}])"
        caught = f"import os; os.environ['HOME'] = {str(home)!r}\ntry:\n  "
        lines = code.replace("\n", "\n  ") + "\nexcept SystemExit: pass"
        heavy = set(HEAVY) - ({"sqlite3"} if words != ["--help"] else set())
        assert not heavy & loaded_by(caught + lines, home)


@pytest.fixture
def work(desk) -> Path:
    """A folder with two of the night's files of each kind, which may be changed."""
    night = desk.folder / "night"
    night.mkdir()
    thirds = ("S0140.fits", "S0182.fits", "S0117.fits", "S0224.fits")
    for path in (desk.folder / "raw").glob("*.fits"):
        if not path.name.endswith(thirds):
            (night / path.name).symlink_to(path)
    (desk.folder / "dragonsrc.toml").write_text('[calibs]\ndatabases = ["cal.db get store"]\n')
    return night


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_does_the_night_once_and_again_what_a_change_touches(desk, work):
    products = [
        *("out/N20220613S0138_flat.fits", "out/N20220613S0180_bias.fits"),
        *("out/N20220627S0115_image.fits", "out/N20220627S0222_bias.fits"),
    ]
    desk.ok("gmoscli plan night --make --outdir out -r reduceSeparateCCDs > Makefile")
    assert _made(desk.ok("make -j2")) == products
    assert "Nothing to be done" in desk.ok("make -j2")
    again = "gmoscli plan night out --make --outdir out -r reduceSeparateCCDs | cmp - Makefile"
    assert desk.ok(again) == ""
    stored = desk.ok("caldb list --paths").splitlines()
    assert sorted(Path(path).name for path in stored) == [
        *("N20220613S0138_flat.fits", "N20220613S0180_bias.fits", "N20220627S0222_bias.fits"),
        next(work.glob("bpm*")).name,
    ]

    _change(work / "N20220613S0181.fits")
    assert _made(desk.ok("make -j2")) == products[:3]
    assert "Nothing to be done" in desk.ok("make")
    assert desk.ok("caldb verify | cut -f2 | sort -u") == "ok\n"
    desk.ok("make clean")
    assert [*(desk.folder / "out").iterdir()] == []


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_makes_a_database_that_was_named_for_the_plan(desk, work):
    for path in (desk.folder / "dragonsrc.toml", *work.glob("N20220627*")):
        path.unlink()
    desk.ok("gmoscli plan night --make -d new/my.db > Makefile && make -j2")
    stored = [Path(path).name for path in desk.ok("caldb list -d new/my.db --paths").splitlines()]
    masters = ["N20220613S0138_flat.fits", "N20220613S0180_bias.fits"]
    assert sorted(stored) == [*masters, next(work.glob("bpm*")).name]
    assert "Nothing to be done" in desk.ok("make")


def _made(printed: str) -> list[str]:
    """Return the paths that ``reduce`` printed."""
    return sorted(line for line in printed.splitlines() if line.startswith("out/"))


def _change(link: Path) -> None:
    """Put a file of its own in the place of a link, with the same bytes and the time of now."""
    content = link.read_bytes()
    link.unlink()
    time.sleep(0.02)  # file systems tell times apart by some milliseconds
    link.write_bytes(content)
