"""``dataselect``: what it selects, what it writes, how it ends."""

import pytest

from tests.commands import run, shell
from tests.header_files import bias, raw, write


@pytest.fixture
def night(tmp_path):
    """Biases of two nights, flats and science in two filters."""
    june = {"DATE-OBS": "2022-06-13"}
    july = {"DATE-OBS": "2022-07-01"}
    frames = {
        "bias1": raw(OBSTYPE="BIAS", OBJECT="Bias", EXPTIME=0.0, **june),
        "bias2": raw(OBSTYPE="BIAS", OBJECT="Bias", EXPTIME=0.0, **july),
        "flat r": raw(OBJECT="Twilight", OBSCLASS="dayCal", EXPTIME=5.0, **june),
        "sci_i": raw(FILTER2="i_G0302", EXPTIME=350.0, **july),
        "sci_r": raw(EXPTIME=350.0, **july),
        "short_r": raw(EXPTIME=20.0, **july),
        "z_master": bias(EXPTIME=0.0, **june),
    }
    for name, headers in frames.items():
        write(tmp_path / f"{name}.fits", headers)
    return tmp_path


NAMES = ["bias1", "bias2", "flat r", "sci_i", "sci_r", "short_r", "z_master"]
FILES = [f"{name}.fits" for name in NAMES]


def selected(night, *words: str) -> list[str]:
    done = run("dataselect", *words, *FILES, cwd=night)
    assert (done.returncode, done.stderr) == (0, "")
    return [name.removesuffix(".fits") for name in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ([], NAMES),
        (["--tags", "BIAS"], ["bias1", "bias2", "z_master"]),
        (["--tags", "BIAS, RAW"], ["bias1", "bias2"]),
        (["-t", "BIAS", "-t", "RAW"], ["bias1", "bias2"]),
        (["--tags", "BIAS", "--xtags", "PROCESSED"], ["bias1", "bias2"]),
        (["--xtags", "CAL"], ["sci_i", "sci_r", "short_r"]),
        (["--tags", "BIAS", "--expr", 'ut_date=="2022-06-13"'], ["bias1", "z_master"]),
        (["--tags", "BIAS", "--expr", '(ut_date=="2022-06-13")'], ["bias1", "z_master"]),
        (["--tags", "FLAT", "--expr", 'filter_name=="r"'], ["flat r"]),
        (
            ["--xtags", "CAL", "--expr", '(observation_class=="science" and filter_name=="r")'],
            ["sci_r", "short_r"],
        ),
        (["--expr", "exposure_time > 10"], ["sci_i", "sci_r", "short_r"]),
        (["--expr", "exposure_time==349"], ["sci_i", "sci_r"]),
        (["--strict", "--expr", "exposure_time==349"], []),
        (["--strict", "--expr", 'filter_name=="open1-6&i_G0302"'], ["sci_i"]),
        (["--tags", "ARC"], []),
    ],
)
def test_tags_and_expressions_select(night, words, names):
    assert selected(night, *words) == names


def test_options_and_files_may_be_mixed(night):
    done = run("dataselect", "bias1.fits", "--tags", "BIAS", "sci_r.fits", cwd=night)
    assert done.stdout == "bias1.fits\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--tags", "bias"], "unknown tag 'bias'"),
        (["--expr", "exposure_tim > 1"], "unknown descriptor 'exposure_tim'"),
        (["--expr", "exposure_time=20"], "write == to compare"),
        (["--expr", ""], "empty expression"),
        (["--expr", '__import__("os").remove("bias1.fits")'], "not allowed in an expression"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_any_file_is_opened(night, words, complaint):
    done = run("dataselect", *words, "missing.fits", cwd=night)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"dataselect: {complaint}\n")
    assert "missing.fits" not in done.stderr


def test_the_place_of_a_mistake_is_pointed_at(night):
    done = run("dataselect", "--expr", "airmass < 2 and exposure_tim > 10", "bias1.fits", cwd=night)
    assert done.stderr.splitlines()[:3] == [
        "dataselect: unknown descriptor 'exposure_tim'",
        "  airmass < 2 and exposure_tim > 10",
        "                  ^^^^^^^^^^^^",
    ]


def test_a_list_tells_how_it_was_made_and_quotes_names_with_blanks(night):
    expression = 'exposure_time < 10\nand ut_date=="2022-06-13"'
    done = run(
        *("dataselect", "-t", "CAL", "--xtags", "PROCESSED,ARC", "--expr", expression),
        *("-o", "cal.lis", *FILES),
        cwd=night,
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert (night / "cal.lis").read_text() == (
        "# Includes tags: ['CAL']\n"
        "# Excludes tags: ['PROCESSED', 'ARC']\n"
        '# Descriptor expression: exposure_time < 10 and ut_date=="2022-06-13"\n'
        "bias1.fits\n"
        "'flat r.fits'\n"
    )
    again = run("dataselect", "@cal.lis", cwd=night)
    assert again.stdout == "bias1.fits\nflat r.fits\n"


def test_with_a_list_names_are_printed_only_if_asked(night):
    assert run("dataselect", "-t", "BIAS", "-o", "b.lis", *FILES, cwd=night).stdout == ""
    assert "# Descriptor expression: None\n" in (night / "b.lis").read_text()
    done = run("dataselect", "-v", "-t", "BIAS", "-o", "b.lis", *FILES, cwd=night)
    assert done.stdout == "bias1.fits\nbias2.fits\nz_master.fits\n"


def test_an_empty_list_has_only_its_heading(night):
    done = run("dataselect", "-t", "ARC", "-o", "b.lis", *FILES, cwd=night)
    assert done.returncode == 0
    assert all(line.startswith("# ") for line in (night / "b.lis").read_text().splitlines())


def test_finding_nothing_is_a_failure_only_if_asked(night):
    assert run("dataselect", "-t", "ARC", *FILES, cwd=night).returncode == 0
    done = run("dataselect", "--fail-if-empty", "-t", "ARC", *FILES, cwd=night)
    assert (done.returncode, done.stderr) == (1, "dataselect: no file selected\n")


def test_files_that_cannot_be_read_are_named_and_the_others_go_on(night):
    (night / "cut.fits").write_bytes((night / "bias1.fits").read_bytes()[:2000])
    done = run("dataselect", "-t", "BIAS", "no.fits", "cut.fits", "bias1.fits", cwd=night)
    assert (done.returncode, done.stdout) == (1, "bias1.fits\n")
    assert done.stderr.splitlines() == [
        "dataselect: no.fits: no such file or directory",
        "dataselect: cut.fits: truncated in the header of HDU 0",
    ]


def test_a_list_that_cannot_be_written_is_reported(night):
    done = run("dataselect", "-t", "BIAS", "-o", "no/such/place.lis", "bias1.fits", cwd=night)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no such file or directory" in done.stderr


@pytest.mark.parametrize(("path", "why"), [(".", "directory"), ("/dev/full", "space")])
def test_what_cannot_hold_a_list_is_named(night, path, why):
    done = run("dataselect", "-t", "BIAS", "-o", path, "bias1.fits", cwd=night)
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith(f"dataselect: {path}: ") and why in line


def test_names_go_through_pipes_with_nul_and_back(night):
    line = (
        "dataselect -0 --tags FLAT *.fits"
        " | dataselect -0 --expr 'exposure_time > 1' | xargs -0 -n 1 echo got"
    )
    assert shell(line, night).stdout == "got flat r.fits\n"


def test_selections_are_chained_by_pipes(night):
    line = "dataselect --tags RAW *.fits | dataselect --tags BIAS - | showd -d object,ut_date"
    done = shell(line, night)
    assert done.stdout == "bias1.fits\tBias\t2022-06-13\nbias2.fits\tBias\t2022-07-01\n"
    assert (done.returncode, done.stderr) == (0, "")


def test_a_reader_that_goes_away_ends_the_command_quietly(night):
    files = " ".join(["sci_r.fits"] * 8000)
    done = shell(f"dataselect {files} | head -1", night)
    assert (done.returncode, done.stdout, done.stderr) == (141, "sci_r.fits\n", "")


def test_a_list_may_go_into_a_pipe(night):
    done = shell("dataselect -t BIAS -o /dev/stdout *.fits | tail -1", night)
    assert done.stdout == "z_master.fits\n"
