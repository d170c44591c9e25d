"""``showd`` in pipes, in scripts and on terminals."""

import csv
import io
import json
import os
import signal
import subprocess
import sys

import pytest

from tests.commands import command, environment, on_terminal, run, shell
from tests.header_files import raw, write


@pytest.fixture
def night(tmp_path):
    """A directory of three files: two biases and a science frame."""
    write(tmp_path / "a.fits", raw(OBJECT="Bias", OBSTYPE="BIAS", EXPTIME=0.0))
    write(tmp_path / "b b.fits", raw(OBJECT="Bias", OBSTYPE="BIAS", EXPTIME=0.0))
    write(tmp_path / "c.fits", raw(OBJECT='Field "A", east', EXPTIME=350.0))
    return tmp_path


def test_a_pipe_gets_a_line_a_file_with_tabs_between(night):
    done = run("showd", "-d", "object,exposure_time", "a.fits", "b b.fits", "c.fits", cwd=night)
    assert done.stdout == 'a.fits\tBias\t0.0\nb b.fits\tBias\t0.0\nc.fits\tField "A", east\t350.0\n'
    assert (done.returncode, done.stderr) == (0, "")


def test_blanks_and_trailing_commas_in_the_list_of_descriptors_do_not_matter(night):
    plain = run("showd", "-d", "object,exposure_time", "c.fits", cwd=night)
    for words in (["-d", "object, exposure_time,"], ["-d", "object", "-d", "exposure_time"]):
        assert run("showd", *words, "c.fits", cwd=night).stdout == plain.stdout


def test_options_and_files_may_be_mixed(night):
    done = run("showd", "a.fits", "-d", "object", "c.fits", "--long", cwd=night)
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["a.fits", "c.fits"]


def test_csv_quotes_what_has_commas_or_quotes(night):
    done = run("showd", "--csv", "-d", "object,gain", "c.fits", cwd=night)
    header, row = csv.reader(io.StringIO(done.stdout))
    assert header == ["filename", "object", "gain"]
    assert row[:2] == ["c.fits", 'Field "A", east']
    assert row[2].startswith("[1.675, ")


def test_json_lines_keep_types(night):
    names = "object,exposure_time,ut_date,gain,tags,central_wavelength,is_ao,detector_section"
    done = run("showd", "--format", "jsonl", "-d", names, "c.fits", cwd=night)
    row = json.loads(done.stdout)
    assert list(row) == ["filename", *names.split(",")]
    assert (row["exposure_time"], row["is_ao"], row["central_wavelength"]) == (350.0, False, None)
    assert row["ut_date"] == "2022-06-13"
    assert len(row["gain"]) == 12
    assert "IMAGE" in row["tags"]
    assert row["detector_section"][0] == "[1:512,1:4224]"


def test_a_table_lines_up_and_marks_what_is_missing(night):
    words = ("--format", "table", "-d", "object,slit_width", "a.fits", "b b.fits")
    assert run("showd", *words, cwd=night).stdout.splitlines() == [
        "------------------------------",
        "filename   object   slit_width",
        "------------------------------",
        "a.fits     Bias     -",
        "b b.fits   Bias     -",
    ]


def test_a_table_of_many_rows_keeps_the_widths_of_the_first(night):
    many = ["a.fits"] * 40 + ["b b.fits"]
    done = run("showd", "--format", "table", "-d", "object", *many, cwd=night)
    lines = done.stdout.splitlines()
    assert len(lines) == 3 + 41
    assert lines[3] == lines[42] == "a.fits     Bias"


def test_missing_values_are_empty(night):
    done = run("showd", "-d", "central_wavelength,object,slit", "a.fits", cwd=night)
    assert done.stdout == "a.fits\t\tBias\t\n"


def test_tabs_in_values_do_not_break_columns(tmp_path):
    write(tmp_path / "a.fits", raw(OBJECT="a\tb"))
    assert run("showd", "-d", "object", "a.fits", cwd=tmp_path).stdout == "a.fits\ta\\tb\n"


def test_long_shows_full_names(night):
    assert (
        "open1-6&r_G0303" in run("showd", "--long", "-d", "filter_name", "c.fits", cwd=night).stdout
    )
    assert run("showd", "-d", "filter_name", "c.fits", cwd=night).stdout == "c.fits\tr\n"


def test_good_files_are_shown_though_others_are_bad(night):
    (night / "empty.fits").touch()
    (night / "note.txt").write_text("hello")
    names = ["empty.fits", "a.fits", "missing.fits", "note.txt", ".", "c.fits"]
    done = run("showd", "-d", "exposure_time", *names, cwd=night)
    assert done.stdout == "a.fits\t0.0\nc.fits\t350.0\n"
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "showd: empty.fits: empty file",
        "showd: missing.fits: no such file or directory",
        "showd: note.txt: not a FITS file",
        "showd: .: is a directory",
        "hint: name the files in it: ./*.fits*",
    ]


def test_an_unknown_descriptor_is_refused_before_any_file_is_opened(night):
    done = run("showd", "-d", "object,exposure_tim", "missing.fits", cwd=night)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "showd: unknown descriptor 'exposure_tim'",
        "hint: did you mean exposure_time or ut_time?",
    ]


def test_wrong_usage_is_one_line_and_a_hint(night):
    for words in (["a.fits"], ["-d", "object", "--foo", "a.fits"], ["-d", "object", "@no.lis"]):
        done = run("showd", *words, cwd=night)
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) <= 2
        assert done.stderr.startswith("showd: ")


def test_names_come_from_standard_input_where_no_file_is_given(night):
    done = run("showd", "-d", "object", cwd=night, stdin="# a list\n\na.fits\nb b.fits\n  \n")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["a.fits", "b b.fits"]


def test_standard_input_is_left_alone_where_files_are_given(night):
    line = 'printf "c.fits\\n" | { showd -d object a.fits; cat; }'
    done = shell(line, night)
    assert done.stdout == "a.fits\tBias\nc.fits\n"


def test_a_loop_over_names_is_not_robbed_of_them(night):
    line = 'ls *.fits | while read -r f; do showd -d exposure_time "$f"; done'
    assert len(shell(line, night).stdout.splitlines()) == 3


def test_a_dash_reads_standard_input_in_its_place(night):
    done = run("showd", "-d", "object", "c.fits", "-", cwd=night, stdin="a.fits\n")
    assert [line.split("\t")[0] for line in done.stdout.splitlines()] == ["c.fits", "a.fits"]


def test_names_may_be_separated_by_nul(night):
    (night / "two\nlines.fits").write_bytes((night / "a.fits").read_bytes())
    done = run("showd", "-0", "-d", "object", cwd=night, stdin=b"a.fits\0two\nlines.fits\0b b.fits")
    assert done.stdout == "a.fits\tBias\ntwo\\nlines.fits\tBias\nb b.fits\tBias\n"


@pytest.mark.parametrize("option", [(), ("-0",)], ids=["lines", "nul"])
def test_what_is_no_list_on_standard_input_is_refused_at_once(option, night):
    for content in ((night / "a.fits").read_bytes(), b"x" * 200_000):
        done = run("showd", *option, "-d", "object", cwd=night, stdin=content)
        assert done.returncode == 2
        assert done.stderr == "showd: standard input: not a list of names\n"


def test_names_that_are_no_utf8_are_kept(night):
    name = os.fsdecode(b"\xe9t\xe9.fits")
    write(night / name, raw(OBJECT="x"))
    assert run("showd", "-d", "object", name, cwd=night).stdout == f"{name}\tx\n"
    assert (
        run("showd", "-d", "object", cwd=night, stdin=b"\xe9t\xe9.fits\n").stdout == f"{name}\tx\n"
    )


def test_a_name_with_brackets_is_a_name(night):
    write(night / "a[1].fits", raw(OBJECT="x"))
    assert run("showd", "-d", "object", "a[1].fits", cwd=night).stdout == "a[1].fits\tx\n"


def test_a_list_of_dataselect_can_be_shown(night):
    done = shell("dataselect --tags BIAS *.fits -o b.lis && showd -d object @b.lis", night)
    assert done.stdout == "a.fits\tBias\nb b.fits\tBias\n"
    assert shell("showd -d object - < b.lis", night).stdout == done.stdout


def test_a_reader_that_goes_away_ends_the_command_quietly(night):
    files = " ".join(["a.fits"] * 3000)
    done = shell(f"showd -d object {files} | head -1", night)
    assert done.stdout == "a.fits\tBias\n"
    assert (done.returncode, done.stderr) == (141, "")


def test_rows_appear_as_files_are_read(night):
    process = subprocess.Popen(
        command("showd", "-d", "object"),
        cwd=night,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for name in ("a.fits", "c.fits"):
        process.stdin.write(f"{name}\n")
        process.stdin.flush()
        assert process.stdout.readline().startswith(name)
    process.communicate()
    assert process.returncode == 0


@pytest.mark.parametrize(("error", "heard"), [("KeyboardInterrupt", False), ("OSError", True)])
def test_ctrl_c_says_nothing_while_a_command_is_still_loaded(error, heard):
    code = f"import gmoscli.cli.showd; raise {error}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, check=False
    )
    assert done.returncode == (1 if heard else -signal.SIGINT)
    assert bool(done.stderr) is heard


def test_ctrl_c_ends_with_130_and_no_word(night):
    process = subprocess.Popen(
        command("showd", "-d", "object"),
        cwd=night,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write("a.fits\n")
    process.stdin.flush()
    assert process.stdout.readline() == "a.fits\tBias\n"
    process.send_signal(2)
    out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (130, "", "")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_trouble(night, closed):
    done = shell(f"showd -d object a.fits {closed}", night)
    assert "Traceback" not in done.stderr
    assert done.returncode == (1 if ">&-" in closed.replace("2>&-", "") else 0)


def test_a_closed_output_is_told_once_however_many_files(night):
    done = shell("showd -d object a.fits a.fits a.fits >&-", night)
    assert (done.returncode, done.stderr) == (1, "showd: standard output: closed\n")


def test_no_file_and_no_input_is_wrong_usage(night):
    done = shell("showd -d object <&-", night)
    assert done.returncode == 2
    assert done.stderr.startswith("showd: no FILE given")


def test_a_full_disk_is_reported(night):
    done = shell("showd -d object a.fits > /dev/full", night)
    assert done.returncode == 1
    assert done.stderr == "showd: standard output: no space left on device\n"


def test_a_terminal_gets_a_table_with_bold_names(night):
    text = on_terminal("showd", "-d", "object,exposure_time", "a.fits", "c.fits", cwd=night)
    assert "\x1b[1mfilename" in text
    assert 'c.fits     Field "A", east           350.0' in text


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_a_table_keeps_within_the_width_of_the_terminal_and_loses_no_letter(night, columns):
    def shown(width: int) -> list[str]:
        words = ("showd", "-d", "object,gain,exposure_time", "a.fits", "c.fits")
        text = on_terminal(*words, cwd=night, columns=width, NO_COLOR="1")
        return [line for line in text.splitlines() if line.strip("-")]

    assert max(map(len, shown(columns))) <= columns < max(map(len, shown(400)))
    narrow, wide = ("".join(shown(width)).replace(" ", "") for width in (columns, 400))
    assert sorted(narrow) == sorted(wide)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_colour_can_be_refused(night, env):
    assert "\x1b" not in on_terminal("showd", "-d", "object", "a.fits", cwd=night, **env)


def test_colour_can_be_demanded(night):
    words = ("showd", "--format", "table", "-d", "object", "a.fits")
    assert "\x1b" not in run(*words, cwd=night).stdout
    assert "\x1b[1m" in run(*words, cwd=night, env=environment(FORCE_COLOR="1")).stdout


def test_a_terminal_as_input_is_not_waited_for(night):
    assert "no FILE given" in on_terminal("showd", "-d", "object", cwd=night)


def test_all_descriptors_are_listed_with_unit_and_meaning(night):
    lines = run("showd", "--list", cwd=night).stdout.splitlines()
    assert len(lines) == 88
    assert "exposure_time\ts\tthe exposure time." in lines
