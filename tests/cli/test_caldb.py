"""``caldb`` as observers and scripts meet it: real processes, real pipes."""

import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from gmoscli.cli.caldb import caldb
from tests.header_files import bias, bpm, flat, raw, write

NEXT_DAY = {"DATE": "2022-06-14", "DATE-OBS": "2022-06-14"}


class Place:
    """A working directory and a home of one's own, and the command run in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.home = folder / "home"
        self.folder.mkdir()
        self.home.mkdir()
        python = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        self.environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": os.pathsep.join(filter(None, python)),
            "PYTHONWARNINGS": "error",
        }

    def start(self, *words: str, **how) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "gmoscli", "caldb", *words],
            cwd=self.folder,
            env=self.environ,
            text=True,
            stdin=how.pop("stdin", subprocess.DEVNULL),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **how,
        )

    def run(self, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        process = self.start(*words, stdin=subprocess.PIPE)
        out, err = process.communicate(stdin, timeout=60)
        return subprocess.CompletedProcess(words, process.returncode, out, err)

    def ok(self, *words: str, stdin: str = "") -> str:
        """Return what a command prints; it must succeed and complain of nothing."""
        done = self.run(*words, stdin=stdin)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    def put(self, name: str, headers, **how) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return write(path, headers, **how)

    def listed(self) -> list[str]:
        return sorted(Path(line).name for line in self.ok("list", "--paths").splitlines())


@pytest.fixture
def place(tmp_path) -> Place:
    """A directory whose configuration names a database, which is ready."""
    place = Place(tmp_path)
    (place.folder / "dragonsrc.toml").write_text('[calibs]\ndatabases = "cal.db get store"\n')
    place.ok("init")
    return place


# --- without, and with, a configuration


def test_a_newcomer_needs_no_set_up(tmp_path):
    place = Place(tmp_path)
    assert place.ok("list") == ""
    assert not list(place.home.iterdir())
    place.put("a_bias.fits", bias())
    place.ok("add", "a_bias.fits")
    assert place.listed() == ["a_bias.fits"]
    assert (place.home / ".local/share/gmoscli/calibrations.db").exists()


def test_a_configuration_is_named_by_option_variable_or_place(tmp_path):
    place = Place(tmp_path)
    for name in ("option", "variable", "dragonsrc"):
        text = f'[calibs]\ndatabases = "{name}.db get store"\n'
        (place.folder / f"{name}.toml").write_text(text)
    assert "dragonsrc.db" in place.ok("config")
    place.environ["DRAGONSRC"] = "variable.toml"
    assert "variable.db" in place.ok("config")
    assert "option.db" in place.ok("config", "-c", "option.toml")
    place.ok("init", "-c", "option.toml")
    assert (place.folder / "option.db").exists()


def test_a_named_configuration_that_is_missing_is_wrong_usage(place):
    done = place.run("list", "-c", "nosuch.toml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"caldb list: {place.folder}/nosuch.toml: cannot be read: " + (
        "no such file or directory\n"
    )


def test_a_mistake_in_the_configuration_is_told_with_file_and_line(place):
    (place.folder / "my.toml").write_text('[calibs]\ndatabases = "x.db gte"\n')
    done = place.run("list", "-c", "my.toml")
    assert done.returncode == 2
    assert done.stderr.startswith(f"caldb list: {place.folder}/my.toml:2: unknown flag 'gte'")


def test_what_a_configuration_says_in_vain_is_warned_about_on_standard_error(place):
    (place.folder / "dragonsrc.toml").write_text('[clibs]\n[calibs]\ndatabases = "cal.db"\n')
    done = place.run("list")
    assert (done.returncode, done.stdout) == (0, "")
    assert "warning" in done.stderr
    assert "[clibs]: did you mean calibs?" in done.stderr


def test_a_configuration_turns_into_toml_that_says_the_same(place):
    legacy = "[calibs]\ndatabases = cal.db get store  # mine\n  /other.db\n"
    (place.folder / "dragonsrc.toml").write_text(legacy)
    toml = place.ok("config", "--to-toml")
    before = [row.split("\t")[:3] for row in place.ok("config").splitlines()]
    (place.folder / "dragonsrc.toml").write_text(toml)
    assert [row.split("\t")[:3] for row in place.ok("config").splitlines()] == before
    assert place.ok("config", "--to-toml") == toml


def test_the_configuration_is_data_in_a_pipe(place):
    rows = [json.loads(line) for line in place.ok("config", "--json").splitlines()]
    (database,) = (row for row in rows if row["setting"] == "database")
    assert database["value"] == str(place.folder / "cal.db")
    assert database["note"] == "get store, holds 0"
    assert database["origin"] == str(place.folder / "dragonsrc.toml")


def test_a_database_on_the_command_line_is_the_only_one(place):
    (place.folder / "sub").mkdir()
    place.ok("init", "-d", "sub")
    place.ok("add", "-d", "sub", str(place.put("a.fits", bias())))
    assert (place.folder / "sub" / "cal_manager.db").exists()
    assert place.ok("list", "-d", "sub/cal_manager.db", "--paths").splitlines() != []
    assert place.listed() == []


def test_several_databases_to_work_on_want_a_choice(place):
    text = '[calibs]\ndatabases = ["a.db get store", "b.db get store"]\n'
    (place.folder / "dragonsrc.toml").write_text(text)
    done = place.run("init")
    assert done.returncode == 2
    assert "several databases to work on" in done.stderr
    assert "hint: name the database with -d" in done.stderr


# --- init


def test_init_twice_keeps_what_is_stored_and_wiping_does_not(place):
    place.put("a.fits", bias())
    place.ok("add", "a.fits")
    place.ok("init")
    assert place.listed() == ["a.fits"]
    place.ok("init", "--wipe")
    assert place.listed() == []


@pytest.mark.parametrize("words", [("add", "a.fits"), ("list",), ("remove", "a.fits"), ("verify",)])
def test_a_database_that_is_not_initialised_is_one_line_and_the_next_command(place, words):
    place.put("a.fits", bias())
    (place.folder / "cal.db").unlink()
    done = place.run(*words)
    database = place.folder / "cal.db"
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"caldb {words[0]}: {database}: no such database\nhint: caldb init -d {database}\n"
    )


def test_a_file_that_is_no_database_is_left_alone(place):
    notes = place.folder / "notes.txt"
    notes.write_text("cloudy all night, no biases")
    done = place.run("init", "-w", "-d", "notes.txt")
    assert (done.returncode, done.stderr) == (1, f"caldb init: {notes}: is not a database\n")
    assert notes.read_text() == "cloudy all night, no biases"


# --- add and remove


def test_what_is_no_calibration_is_refused_with_the_reason_and_the_others_go_on(place):
    place.put("bias.fits", bias())
    place.put("raw.fits", raw())
    place.put("dark.fits", bias(OBSTYPE="DARK", PROCBIAS=None, PROCDARK="T"))
    (place.folder / "notes.txt").write_text("cloudy")
    done = place.run("add", "raw.fits", "notes.txt", "dark.fits", "nosuch.fits", "bias.fits")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        "caldb add: raw.fits: is not a calibration",
        "caldb add: notes.txt: not a FITS file",
        "caldb add: dark.fits: is a processed dark: bias, flat, fringe and bpm are of use here",
        "caldb add: nosuch.fits: no such file or directory",
    ]
    assert place.listed() == ["bias.fits"]


def test_names_come_from_operands_lists_and_standard_input(place):
    for name in ("a.fits", "b c.fits", "d.fits", "e.fits"):
        place.put(name, bias())
    (place.folder / "my.lis").write_text("# biases\nd.fits  # the best\n")
    place.ok("add", "a.fits", "-", "@my.lis", stdin="# from a pipe\n\nb c.fits\n")
    assert place.listed() == ["a.fits", "b c.fits", "d.fits"]
    place.ok("add", stdin="e.fits\n")
    assert place.listed() == ["a.fits", "b c.fits", "d.fits", "e.fits"]


def test_names_go_out_and_in_with_nul(place):
    place.put("new\nline.fits", bias())
    place.ok("add", "new\nline.fits")
    names = place.ok("list", "--paths", "-0")
    assert names == f"{place.folder}/new\nline.fits\0"
    place.ok("remove", "-0", "-", stdin=names)
    assert place.ok("list") == ""


def test_a_folder_is_searched_and_its_folders_only_when_walking(place):
    place.put("night/a.fits", bias())
    place.put("night/raw.fits", raw())
    place.put("night/deep/b.fits", flat())
    done = place.run("add", "night")
    assert (done.returncode, place.listed()) == (0, ["a.fits"])
    assert done.stderr == "caldb add: 1 file passed over: not calibrations\n"
    assert place.run("add", "-k", "night").returncode == 0
    assert place.listed() == ["a.fits", "b.fits"]


def test_success_is_silent_and_verbose_speaks_on_standard_error(place):
    place.put("a.fits", bias())
    done = place.run("add", "-v", "a.fits")
    assert (done.stdout, done.stderr) == ("", "caldb add: a.fits: added\n")
    assert place.ok("add", "a.fits") == ""
    place.put("a.fits", bias(), padding=1)
    assert place.run("add", "-v", "a.fits").stderr == "caldb add: a.fits: updated\n"


def test_removing_what_is_unknown_fails_and_the_others_go_on(place):
    place.put("a.fits", bias())
    place.ok("add", "a.fits")
    done = place.run("remove", "unknown.fits", "a.fits")
    assert done.returncode == 1
    assert done.stderr == ("caldb remove: unknown.fits: is not in the database\nhint: caldb list\n")
    assert place.listed() == []
    assert (place.folder / "a.fits").exists()


# --- list


def test_a_list_is_whole_and_newest_first(place):
    names = [f"{n:04}.fits" for n in range(600)]
    one = place.put("one.fits", bias()).read_bytes()
    for name in names:
        (place.folder / name).write_bytes(one)
    place.put("next day.fits", bias(**NEXT_DAY))
    place.ok("add", stdin="\n".join([*names, "next day.fits"]))
    paths = place.ok("list", "--paths").splitlines()
    assert len(paths) == 601
    assert paths[0].endswith("/next day.fits")


def test_a_list_is_tabs_in_a_pipe_and_json_on_request(place):
    place.put("a.fits", flat())
    place.put("b.fits", bpm())
    place.ok("add", "a.fits", "b.fits")
    rows = [line.split("\t") for line in place.ok("list").splitlines()]
    assert sorted(row[:3] for row in rows) == [
        ["a.fits", str(place.folder), "flat"],
        ["b.fits", str(place.folder), "bpm"],
    ]
    (only,) = [
        json.loads(line) for line in place.ok("list", "--json", "--kind", "flat").splitlines()
    ]
    assert only["name"] == "a.fits"
    assert only["filter"] == "open1-6&r_G0303"
    assert only["date"] == "2022-06-13T12:00:00"


def test_a_reader_that_leaves_early_is_no_trouble(place):
    for n in range(20):
        place.put(f"{n}.fits", bias())
    place.ok("add", *(f"{n}.fits" for n in range(20)))
    process = place.start("list", "--paths")
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(60) in (0, 141)
    process.stderr.close()


# --- find and explain


@pytest.fixture
def stocked(place) -> Place:
    """A database with two biases, of which one fits, a flat, and a bad pixel mask."""
    place.put("good_bias.fits", bias(**NEXT_DAY))
    place.put("fast_bias.fits", bias(AMPINTEG=5000))
    place.put("r_flat.fits", flat())
    place.put("mask.fits", bpm())
    place.ok("add", "good_bias.fits", "fast_bias.fits", "r_flat.fits", "mask.fits")
    place.put("raw.fits", raw())
    return place


def test_find_prints_the_path_of_each_kind_for_scripts(stocked):
    found = stocked.ok("find", "raw.fits").splitlines()
    assert found == [
        str(stocked.folder / name) for name in ("good_bias.fits", "r_flat.fits", "mask.fits")
    ]
    assert stocked.ok("find", "--kind", "processed_bias", "raw.fits").splitlines() == found[:1]
    rows = [json.loads(line) for line in stocked.ok("find", "--json", "raw.fits").splitlines()]
    assert [(row["file"], row["kind"]) for row in rows] == [
        ("raw.fits", "bias"),
        ("raw.fits", "flat"),
        ("raw.fits", "bpm"),
    ]


def test_a_missing_calibration_is_exit_3_with_the_nearest_miss_and_the_others_found(stocked):
    stocked.put("i band.fits", raw(FILTER2="i_G0302"))
    done = stocked.run("find", "i band.fits", "raw.fits")
    assert done.returncode == 3
    assert len(done.stdout.splitlines()) == 5
    assert done.stderr == (
        "caldb find: i band.fits: no flat fits; nearest is r_flat.fits: "
        "filter is open1-6&r_G0303, the frame has open1-6&i_G0302\n"
        "hint: caldb explain 'i band.fits'\n"
    )


def test_a_missing_mask_is_no_failure_unless_asked_for(stocked):
    stocked.ok("remove", "mask.fits")
    assert len(stocked.ok("find", "raw.fits").splitlines()) == 2
    assert stocked.run("find", "--kind", "bpm", "raw.fits").returncode == 3


def test_explain_shows_the_chosen_one_and_the_first_rule_that_each_other_failed(stocked):
    told = [line.split("\t")[1:] for line in stocked.ok("explain", "raw.fits").splitlines()]
    assert told == [
        ["bias", "chosen", "1.0", str(stocked.folder / "good_bias.fits"), ""],
        [
            "bias",
            "refused",
            "0.0",
            str(stocked.folder / "fast_bias.fits"),
            "read speed is fast, the frame has slow",
        ],
        ["flat", "chosen", "0.0", str(stocked.folder / "r_flat.fits"), ""],
        ["bpm", "chosen", "0.0", str(stocked.folder / "mask.fits"), ""],
    ]


def test_explain_tells_of_kinds_that_are_not_stored_at_all(stocked):
    out = stocked.ok("explain", "--kind", "fringe", "raw.fits")
    assert out == "raw.fits\tfringe\tnone\t\t\tno fringe is stored\n"


def test_a_frame_of_another_instrument_is_named(stocked):
    stocked.put("niri.fits", raw(INSTRUME="NIRI"))
    for command in ("find", "explain"):
        done = stocked.run(command, "niri.fits")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == f"caldb {command}: niri.fits: is not of GMOS\n"


def test_quick_look_is_given_to_quick_look_alone(place):
    place.put("ql_bias.fits", bias(PROCMODE="ql"))
    place.put("raw.fits", raw())
    place.ok("add", "ql_bias.fits")
    assert place.run("find", "--kind", "bias", "raw.fits").returncode == 3
    assert place.ok("find", "--kind", "bias", "--mode", "ql", "raw.fits") != ""


def test_an_altered_file_hides_itself_alone(stocked):
    stocked.put("better_bias.fits", bias())
    stocked.ok("add", "better_bias.fits")
    stocked.put("better_bias.fits", bias(), padding=1)
    done = stocked.run("find", "--kind", "bias", "raw.fits")
    assert done.returncode == 0
    assert done.stdout == f"{stocked.folder}/good_bias.fits\n"
    assert done.stderr == (
        f"caldb find: warning: {stocked.folder}/better_bias.fits: was altered: "
        "another bias is sought\n"
    )


# --- verify


def test_verify_says_what_is_wrong_and_what_to_do(stocked):
    stocked.put("r_flat.fits", flat(), padding=1)
    (stocked.folder / "mask.fits").unlink()
    done = stocked.run("verify")
    states = dict(line.split("\t") for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert states == {
        str(stocked.folder / "good_bias.fits"): "ok",
        str(stocked.folder / "fast_bias.fits"): "ok",
        str(stocked.folder / "r_flat.fits"): "was altered",
        str(stocked.folder / "mask.fits"): "is missing",
    }
    assert f"hint: caldb add {stocked.folder}/r_flat.fits\n" in done.stderr
    assert f"hint: caldb remove {stocked.folder}/mask.fits\n" in done.stderr


def test_what_verify_advises_mends_it(stocked):
    stocked.put("r_flat.fits", flat(), padding=1)
    (stocked.folder / "mask.fits").unlink()
    for line in stocked.run("verify").stderr.splitlines():
        if line.startswith("hint: "):
            stocked.ok(*line.split()[2:])
    assert {line.split("\t")[1] for line in stocked.ok("verify").splitlines()} == {"ok"}


# --- under load


def test_two_processes_that_add_at_once_lose_nothing(tmp_path):
    place = Place(tmp_path)  # its database is made by whichever of the two comes first
    mine = [place.put(f"mine {n}.fits", bias()).name for n in range(30)]
    yours = [place.put(f"yours {n}.fits", bias()).name for n in range(30)]
    processes = [place.start("add", *names) for names in (mine, yours)]
    assert [process.communicate(timeout=60) for process in processes] == [("", "")] * 2
    assert [process.returncode for process in processes] == [0, 0]
    assert place.listed() == sorted(mine + yours)


def test_a_process_killed_while_adding_leaves_whole_records_and_what_it_had_said(place):
    names = [place.put(f"{n:03}.fits", bias()).name for n in range(200)]
    process = place.start("add", "-v", *names)
    said = [process.stderr.readline() for _ in range(5)]
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert said == [f"caldb add: {name}: added\n" for name in names[:5]]
    stored = place.listed()
    assert stored == names[: len(stored)]
    assert 5 <= len(stored) < 200
    with sqlite3.connect(place.folder / "cal.db") as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    place.ok("add", *names)
    assert place.listed() == names


def test_a_disk_that_is_full_is_one_line_and_harms_nothing(place):
    names = [place.put(f"{n:03}.fits", bias()).name for n in range(100)]
    most = 16 * 4096  # bytes: the database has room for some of the files
    process = place.start(
        "add", *names, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    )
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err.startswith(f"caldb add: {place.folder}/cal.db: cannot be used: ")
    assert len(err.splitlines()) == 1
    stored = place.listed()
    assert stored == names[: len(stored)]
    assert 0 < len(stored) < 100
    place.ok("add", *names)
    assert place.listed() == names


def test_a_project_that_is_moved_keeps_its_calibrations(stocked):
    moved = stocked.folder.with_name("moved")
    shutil.move(stocked.folder, moved)
    stocked.folder = moved
    assert stocked.ok("find", "--kind", "bias", "raw.fits") == f"{moved}/good_bias.fits\n"


# --- start-up


USES = (
    *("--help", "init", "list", "list -f table", "config", "verify", "explain raw.fits"),
    *("find raw.fits", "add mask.fits", "remove mask.fits"),
)


def test_no_use_of_the_command_imports_what_is_heavy(stocked):
    code = (
        "import sys\n"
        "from gmoscli.cli.caldb import caldb\n"
        "for use in sys.argv[1:]:\n"
        "    caldb(use.split(), prog_name='caldb', standalone_mode=False)\n"
        "    heavy = {'numpy', 'astropy', 'scipy', 'rich'} & sys.modules.keys()\n"
        "    print(use, sorted(heavy), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *USES],
        cwd=stocked.folder,
        env=stocked.environ,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.stderr.splitlines() == [f"{use} []" for use in USES]


@pytest.mark.parametrize(
    "command", ["init", "add", "remove", "list", "config", "find", "explain", "verify"]
)
def test_each_command_has_help_and_common_options(command):
    done = CliRunner().invoke(caldb, [command, "--help"])
    assert done.exit_code == 0
    for option in ("--config", "--database", "--verbose"):
        assert option in done.output


def test_names_to_remove_and_kinds_complete(stocked):
    def completed(*words: str) -> list[str]:
        stocked.environ["_CALDB_COMPLETE"] = "bash_complete"
        stocked.environ["COMP_WORDS"] = " ".join(("caldb", *words))
        stocked.environ["COMP_CWORD"] = str(len(words))
        code = "from gmoscli.cli.caldb import caldb; caldb(prog_name='caldb')"
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=stocked.folder,
            env=stocked.environ,
            capture_output=True,
            text=True,
            check=True,
        )
        return [line.partition(",")[2] for line in done.stdout.splitlines() if line]

    assert completed("remove", "fa") == ["fast_bias.fits"]
    assert completed("remove", "-d", "nosuch.db", "fa") == []
    assert completed("find", "--kind", "f") == ["flat", "fringe"]


def test_a_word_that_is_no_command_is_wrong_usage(tmp_path):
    done = Place(tmp_path).run("frobnicate")
    assert (done.returncode, done.stdout) == (2, "")
    assert "frobnicate" in done.stderr
