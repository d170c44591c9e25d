"""``reduce`` as observers and scripts meet it: a night of raw files, real processes, real pipes."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from astropy.io import fits

from gmoscli.io import read_exposure
from gmoscli.simulate import Effects, Night, simulate
from tests import header_files
from tests.commands import command, environment, run
from tests.conftest import Desk

CONFIG = '[calibs]\ndatabases = ["cal.db get store"]\n'

SESSION = """
caldb init
caldb add raw/bpm*.fits*
showd -d object,ut_date raw/N*.fits*
dataselect --tags BIAS raw/*.fits* --expr="ut_date=='2022-06-13'" -o biastwi.lis
dataselect --tags BIAS raw/*.fits* --expr="ut_date=='2022-06-27'" -o biassci.lis
dataselect --tags FLAT --expr 'filter_name=="r"' raw/*.fits* -o flats.lis
dataselect --xtags CAL --expr '(observation_class=="science" and filter_name=="r")' \
raw/*.fits* -o sci.lis
reduce @biastwi.lis
reduce @biassci.lis
reduce @flats.lis
reduce @sci.lis --recipe reduceSeparateCCDs
caldb list
""".strip().replace("\\\n", "")
PRODUCTS = [
    "N20220613S0180_bias.fits",
    "N20220627S0222_bias.fits",
    "N20220613S0138_flat.fits",
    "N20220627S0115_image.fits",
]


@pytest.fixture(scope="session")
def worked(tmp_path_factory, commands, raw):
    """A folder in which the session was run, and what each of its lines said."""
    folder = tmp_path_factory.mktemp("session")
    (folder / "raw").symlink_to(raw)
    (folder / "dragonsrc.toml").write_text(CONFIG)
    desk = Desk(folder, with_commands(commands))
    return folder, {line: desk.shell(line) for line in SESSION.splitlines()}


def with_commands(folder):
    """Return an environment in which the commands go by their own names."""
    return environment(PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="session")
def night(worked):
    """The folder of the session: raw files, lists, masters, database."""
    return worked[0]


def fresh(night, folder):
    """Make a folder a working directory with the night's database and lists, but no products."""
    for name in ("biassci.lis", "sci.lis"):
        lines = (night / name).read_text().splitlines()
        names = (str(night / line) if line.startswith("raw/") else line for line in lines)
        (folder / name).write_text("\n".join(names) + "\n")
    config = CONFIG.replace("cal.db", str(night / "cal.db"))
    (folder / "dragonsrc.toml").write_text(config.replace(" get store", " get"))
    return folder


@pytest.fixture(scope="session")
def stamp(tmp_path_factory):
    """A folder of two small biases and what they need, for what does not depend on size."""
    folder = tmp_path_factory.mktemp("stamp")
    simulate(Night(roi="Central Stamp", biases=2, flats=0, frames=0), Effects(), folder / "raw")
    (folder / "dragonsrc.toml").write_text(CONFIG)
    run("caldb", "init", cwd=folder)
    run("caldb", "add", *map(str, (folder / "raw").glob("bpm*")), cwd=folder)
    return folder


STAMP_BIAS = "N20220627S0222"
STAMP_PRODUCT = f"{STAMP_BIAS}_bias.fits"


def small(stamp, folder):
    """Make a folder a working directory with two small biases in ``b.lis``."""
    names = [stamp / "raw" / f"{STAMP_BIAS[:-1]}{i}.fits" for i in (2, 3)]
    (folder / "b.lis").write_text("".join(f"{name}\n" for name in names))
    config = CONFIG.replace("cal.db get store", f"{stamp / 'cal.db'} get")
    (folder / "dragonsrc.toml").write_text(config)
    return folder


def contents(folder):
    return sorted(path.name for path in folder.iterdir())


def one_line(done):
    """Return the complaint of a command, without its hint."""
    lines = [line for line in done.stderr.splitlines() if not line.startswith("hint:")]
    assert len(lines) == 1, done.stderr
    return lines[0]


# ---- the night


def test_every_line_of_the_night_succeeds(worked):
    for line, done in worked[1].items():
        assert done.returncode == 0, (line, done.stderr)


def test_only_the_paths_of_products_go_to_standard_output(worked):
    said = [done.stdout for line, done in worked[1].items() if line.startswith("reduce")]
    assert said == [f"{name}\n" for name in PRODUCTS]


def test_messages_go_to_standard_error_without_warnings(worked):
    for line, done in worked[1].items():
        if line.startswith("reduce"):
            assert "warning" not in done.stderr.lower(), done.stderr
            assert "3 files" in done.stderr


def test_each_product_is_in_the_database_and_science_is_not(worked):
    folder, said = worked
    listed = said["caldb list"].stdout
    assert [name in listed for name in PRODUCTS] == [True, True, True, False]
    assert contents(folder).count("cal.db") == 1


def test_frames_find_the_bias_of_their_own_day_and_the_flat(night):
    used = {name: provenance(night / name) for name in PRODUCTS}
    assert PRODUCTS[0] in used[PRODUCTS[2]]
    assert PRODUCTS[1] not in used[PRODUCTS[2]]
    assert {PRODUCTS[1], PRODUCTS[2]} <= used[PRODUCTS[3]]
    assert PRODUCTS[0] not in used[PRODUCTS[3]]
    for names in used.values():
        assert any(name.startswith("bpm") for name in names)


def provenance(path):
    with fits.open(path) as units:
        return set(units["PROVENANCE"].data["filename"])


def test_the_product_has_one_extension_per_ccd_with_variance_and_flags(night):
    exposure = read_exposure(night / PRODUCTS[3])
    assert [ccd.info.index for ccd in exposure.ccds] == [1, 2, 3]
    for ccd in exposure.ccds:
        assert (ccd.dq == 0).mean() > 0.4  # the corners of the outer ccds are dark
        assert (ccd.var >= 0).all()
        assert np.isfinite(ccd.sci).all()


def test_the_noise_of_blank_sky_is_what_the_variance_says(night):
    for ccd in read_exposure(night / PRODUCTS[3]).ccds:
        blocks = []
        for y in range(100, ccd.sci.shape[0] - 132, 32):
            for x in range(100, ccd.sci.shape[1] - 132, 32):
                some = (slice(y, y + 32), slice(x, x + 32))
                if (ccd.dq[some] == 0).all():
                    off = ccd.sci[some] - np.median(ccd.sci[some])
                    blocks.append(1.4826 * np.median(np.abs(off)) / np.sqrt(ccd.var[some].mean()))
        # The darkest blocks are free of stars; their noise is known to 3 % each.
        assert len(blocks) > 30
        assert 0.93 < np.percentile(blocks, 25) < 1.05


def test_the_same_night_goes_through_pipes_without_lists(night, tmp_path, commands):
    fresh(night, tmp_path)
    line = (
        f"dataselect --tags BIAS --expr 'ut_date==\"2022-06-13\"' {night}/raw/*.fits"
        " | reduce - | xargs -n 1 echo"
    )
    done = Desk(tmp_path, with_commands(commands)).shell(line)
    assert done.stdout == f"{PRODUCTS[0]}\n"
    shown = run("showd", "-d", "object,gain", PRODUCTS[0], cwd=tmp_path)
    assert shown.stdout.startswith(f"{PRODUCTS[0]}\tBias\t")
    assert (tmp_path / PRODUCTS[0]).read_bytes() == (night / PRODUCTS[0]).read_bytes()


def test_without_configuration_the_users_own_database_serves(night, tmp_path):
    env = environment(HOME=str(tmp_path / "home"), XDG_DATA_HOME=str(tmp_path / "data"))
    (tmp_path / "home").mkdir()
    biases = sorted(str(p) for p in (night / "raw").glob("N20220613S018*"))
    done = run("reduce", *biases, cwd=tmp_path, env=env)
    assert (done.returncode, done.stdout) == (0, f"{PRODUCTS[0]}\n")
    listed = run("caldb", "list", cwd=tmp_path, env=env)
    assert PRODUCTS[0] in listed.stdout


# ---- the same bytes


@pytest.mark.parametrize("how", [["-j1", "--memory", "2G"], ["-j3", "--memory", "32M"]])
def test_products_are_the_same_bytes_for_any_jobs_and_memory(night, tmp_path, how):
    fresh(night, tmp_path)
    for listed, product in (("@biassci.lis", PRODUCTS[1]), ("@sci.lis", PRODUCTS[3])):
        done = run("reduce", listed, "-r", recipe_of(product), *how, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / product).read_bytes() == (night / product).read_bytes()
        least = "memory 32M: more is taken, the program alone needs 112M"
        assert (least in done.stderr) == ("32M" in how)


def recipe_of(product):
    return "makeProcessedBias" if product.endswith("_bias.fits") else "reduceSeparateCCDs"


def test_a_reduction_leaves_no_threads_of_other_libraries_behind(stamp, tmp_path):
    program = """
import os, sys, threading
from gmoscli.cli.reduce import reduce
reduce(sys.argv[1:], standalone_mode=False)
for own in set(threading.enumerate()) - {threading.main_thread()}:
    own.join(10)
print(len(os.listdir("/proc/self/task")), "thread")
"""
    env = environment()
    env.pop("OPENBLAS_NUM_THREADS", None)
    small(stamp, tmp_path)
    words = [sys.executable, "-c", program, "-q", "@b.lis"]
    said = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "1 thread"


# ---- what is missing or wrong


def test_a_missing_calibration_is_named_with_the_nearest_candidate(night, tmp_path):
    fresh(night, tmp_path)
    header_files.write(tmp_path / "N9.fits", header_files.raw(binning=(2, 2)))
    done = run("reduce", "N9.fits", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    text = done.stderr
    assert "N9.fits: no bias fits; nearest is N20220" in text
    assert "no flat fits; nearest is N20220613S0138_flat.fits" in text
    assert "hint: caldb explain N9.fits" in text
    assert not list(tmp_path.glob("*_image.fits"))


def test_with_an_empty_database_all_that_is_missing_is_told_at_once(night, tmp_path):
    (tmp_path / "dragonsrc.toml").write_text(CONFIG)
    run("caldb", "init", cwd=tmp_path)
    done = run("reduce", str(night / "raw/N20220627S0115.fits"), cwd=tmp_path)
    assert done.returncode == 3
    assert "no bias is stored" in done.stderr
    assert "no flat is stored" in done.stderr


def bad_inputs(night, folder):
    """Make one file of each kind that cannot be reduced with the night's science frames."""
    whole = (night / "raw/N20220627S0117.fits").read_bytes()
    (folder / "truncated.fits").write_bytes(whole[: len(whole) // 2])
    (folder / "log.fits").write_text("a night log\n")
    (folder / "empty.fits").touch()
    header_files.write(folder / "niri.fits", header_files.raw(INSTRUME="NIRI"))
    header_files.write(folder / "binned.fits", header_files.raw(binning=(2, 2)))
    header_files.write(folder / "i.fits", header_files.raw(binning=(4, 4), FILTER2="i_G0302"))
    header_files.write(folder / "staged.fits", header_files.staged(binning=(4, 4)))
    header_files.write(folder / "odd.fits", header_files.raw(binning=(4, 4), DETID="EEV-1"))
    (folder / "folder").mkdir()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("missing.fits", "no such file"),
        ("truncated.fits", "truncated"),
        ("log.fits", "not a FITS file"),
        ("empty.fits", "empty"),
        ("niri.fits", "not a GMOS exposure"),
        ("binned.fits", "binning 2x2, but 4x4"),
        ("i.fits", "filter i, but r"),
        ("staged.fits", "reduced already"),
        ("odd.fits", "EEV-1"),
        ("folder", "is a directory"),
    ],
)
def test_a_bad_input_is_named_in_one_line_and_nothing_is_made(night, tmp_path, name, says):
    fresh(night, tmp_path)
    bad_inputs(night, tmp_path)
    before, database = contents(tmp_path), (night / "cal.db").read_bytes()
    done = run("reduce", "@sci.lis", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    complaint = one_line(done)
    assert complaint.startswith(f"reduce: {name}: ")
    assert says in complaint
    assert contents(tmp_path) == before
    assert (night / "cal.db").read_bytes() == database


def test_never_from_fewer_frames_than_asked_but_with_skip_bad(stamp, tmp_path):
    small(stamp, tmp_path)
    whole = (stamp / "raw" / f"{STAMP_BIAS}.fits").read_bytes()
    (tmp_path / "truncated.fits").write_bytes(whole[:-20_000])
    words = ["reduce", "@b.lis", "truncated.fits"]
    assert run(*words, cwd=tmp_path).returncode == 1
    planned = run(*words, "--skip-bad", "-n", cwd=tmp_path)
    assert planned.returncode == 1
    assert STAMP_PRODUCT in planned.stdout
    done = run(*words, "--skip-bad", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, f"{STAMP_PRODUCT}\n")
    assert "truncated.fits" in done.stderr
    assert fits.getheader(tmp_path / STAMP_PRODUCT)["NCOMBINE"] == 2


def test_files_may_have_any_name_and_headers_any_letter(stamp, tmp_path):
    small(stamp, tmp_path)
    content = (stamp / "raw" / f"{STAMP_BIAS}.fits").read_bytes()
    name = os.fsdecode("Núñez ☃ 'a' \udcff.fits".encode("utf-8", "surrogateescape"))
    observer = f"{'OBSERVER':8}= {chr(39)}Núñez{chr(39)}".ljust(80).encode("latin-1")
    spare = content.index(b"OBJECT  =")
    (tmp_path / name).write_bytes(content[:spare] + observer + content[spare + 80 :])
    done = subprocess.run(
        command("reduce", "-q", "--report", name),
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    product = name.replace(".fits", "_bias.fits")
    assert (done.returncode, done.stderr) == (0, b"")
    assert os.fsdecode(done.stdout) == f"{product}\n"
    assert fits.getheader(tmp_path / product)["OBSERVER"] == "N??ez"
    assert (tmp_path / product).with_suffix(".html").exists()


def test_a_product_never_replaces_its_input(stamp, tmp_path):
    small(stamp, tmp_path)
    source = tmp_path / "N1.fits"
    source.write_bytes((stamp / "raw" / f"{STAMP_BIAS}.fits").read_bytes())
    before = source.read_bytes()
    done = run("reduce", "N1.fits", "-o", "N1.fits", cwd=tmp_path)
    assert done.returncode == 2
    assert "replace one of its inputs" in one_line(done)
    assert source.read_bytes() == before


# ---- options


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["-p", "clip_nois:hsigma=4"], "no step 'clip_nois'", "clip_noise"),
        (["-p", "hsigm=4"], "no parameter 'hsigm'", "hsigma"),
        (["-p", "hsigma=high"], "not a value of type float", ""),
        (["-p", "hsigma"], "not of the form", ""),
        (["-p", "write_outputs=True"], "of which step", "STEP:write_outputs"),
        (["-p", "overscanCorrect:write_outputs=yes"], "not True or False", ""),
        (["-p", "clip_noise:skip_primitive=1"], "not True or False", ""),
        (["-p", "skip_primitive=True"], "no parameter 'skip_primitive'", ""),
        (["-p", "overscanCorrect:skip_primitive=True"], "but finds", ""),
        (["-r", "rejectPixels"], "alone leaves nothing to write", "showrecipes"),
        (["-r", "makeProcesedBias"], "unknown recipe 'makeProcesedBias'", "makeProcessedBias"),
        (["--memory", "lots"], "--memory", ""),
        (["--user-cal", "processed_dark:x.fits"], "processed_dark", ""),
        (["--user-cal", "bias:a.fits", "--user-cal", "processed_bias:b.fits"], "two files", "add"),
        (["--outdir", "nowhere"], "no such folder", "mkdir"),
        (["--outdir", "no where"], "no such folder", "mkdir -p 'no where'"),
        (["--suffix", "/x"], "holds no /", "--outdir"),
        (["--qa"], "no such option '--qa'", "dragonsrc.toml"),
        (["-o", "x.fits", "--suffix", "_y"], "--output and --suffix exclude each other", ""),
        (["-q", "-v"], "--quiet and --verbose exclude each other", ""),
    ],
)
def test_words_that_mean_nothing_are_refused_before_any_work(stamp, tmp_path, words, says, hint):
    small(stamp, tmp_path)
    done = run("reduce", "@b.lis", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert says in one_line(done)
    assert hint in done.stderr
    assert not list(tmp_path.glob("*.fits"))


@pytest.mark.parametrize(
    ("words", "source"), [(["@none.lis"], "@none.lis"), (["-"], "standard input")]
)
def test_a_list_that_names_nothing_is_told(tmp_path, words, source):
    (tmp_path / "none.lis").write_text("# Includes tags: ['FLAT']\n")
    done = run("reduce", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert one_line(done).endswith(f"no files to reduce: no name in {source}")


def sigma_of(path):
    with fits.open(path) as units:
        table = units["HISTORY"].data
        (args,) = table["args"][table["step"] == "clip_noise"]
    return args


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ([], "6.0"),
        (["-p", "clip_noise:hsigma=7"], "7.0"),
        (["-p", "rejectPixels:hsigma=8", "lsigma=9"], "8.0"),
        (["-p", "hsigma=9"], "9.0"),
    ],
)
def test_the_user_wins_over_the_configuration_and_the_recipe(stamp, tmp_path, words, value):
    small(stamp, tmp_path)
    with (tmp_path / "dragonsrc.toml").open("a") as config:
        config.write("[reduce.params]\nclip_noise.hsigma = 6.0\n")
    done = run("reduce", "@b.lis", *words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f'"hsigma": {value}' in sigma_of(tmp_path / STAMP_PRODUCT)


def test_a_dry_run_tells_the_plan_and_writes_nothing(night, tmp_path):
    fresh(night, tmp_path)
    before = contents(tmp_path)
    done = run("reduce", "@sci.lis", "-r", "reduceSeparateCCDs", "--dry-run", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    for word in ("reduceSeparateCCDs", "clip_noise", *PRODUCTS[1:]):
        assert word in done.stdout
    assert contents(tmp_path) == before


def test_products_go_where_and_by_what_name_they_are_told_to(stamp, tmp_path):
    small(stamp, tmp_path)
    (tmp_path / "out").mkdir()
    done = run("reduce", "@b.lis", "--outdir", "out", "--suffix", "_b", cwd=tmp_path)
    assert done.stdout == "out/N20220627S0222_b.fits\n"
    done = run("reduce", "@b.lis", "-o", "my bias.fits", "-0", cwd=tmp_path)
    assert done.stdout == "my bias.fits\0"
    assert (tmp_path / "my bias.fits").is_file()


def test_a_calibration_given_by_hand_goes_before_the_database(night, tmp_path):
    fresh(night, tmp_path)
    words = ["-r", "reduceSeparateCCDs", "--user-cal", f"processed_bias:{night / PRODUCTS[0]}"]
    done = run("reduce", "@sci.lis", *words, "-n", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(night / PRODUCTS[0]) in done.stdout
    assert PRODUCTS[1] not in done.stdout


def test_frames_can_be_written_as_they_are_after_a_step(stamp, tmp_path):
    small(stamp, tmp_path)
    done = run("reduce", "@b.lis", "--write-outputs", "subtract_overscan", cwd=tmp_path)
    *staged, product = done.stdout.splitlines()
    assert product == STAMP_PRODUCT
    assert staged == [f"{STAMP_BIAS[:-1]}{i}_subtract_overscan.fits" for i in (2, 3)]
    (ccd,) = read_exposure(tmp_path / staged[0]).ccds
    assert abs(np.median(ccd.sci)) < 5


def test_a_step_alone_goes_on_from_frames_that_were_written(stamp, tmp_path):
    small(stamp, tmp_path)
    words = ("--write-outputs", "flag_failed_amps", "--write-outputs", "read_noise")
    *staged, _ = run("reduce", "@b.lis", *words, cwd=tmp_path).stdout.splitlines()
    words = ("-r", "read_noise", "--outdir", "alone")
    (tmp_path / "alone").mkdir()
    done = run("reduce", *staged[:2], *words, cwd=tmp_path)
    assert (done.returncode, done.stdout.split()) == (0, [f"alone/{name}" for name in staged[2:]])
    for name in staged[2:]:
        one, other = (read_exposure(tmp_path / folder / name).ccds[0] for folder in ("", "alone"))
        for plane in ("sci", "var", "dq"):
            np.testing.assert_array_equal(getattr(one, plane), getattr(other, plane))
        told = run("provenance", name, cwd=tmp_path / "alone").stdout
        assert told.count("\tstep\tread_noise\t") == 1
    assert not list((tmp_path / "alone").glob("*_bias.fits"))


def test_every_step_can_be_left_out_and_its_frames_written(stamp, tmp_path):
    small(stamp, tmp_path)
    words = ("-p", "rejectPixels:skip_primitive=True", "overscanCorrect:write_outputs=True")
    plan = run("reduce", "@b.lis", *words, "--explain", cwd=tmp_path).stdout
    assert "clip_noise" not in plan and "average" in plan
    done = run("reduce", "@b.lis", *words, cwd=tmp_path)
    frames = done.stdout.split()[:-1]
    assert frames
    assert all(name.endswith("_subtract_overscan.fits") for name in frames)
    assert all((tmp_path / name).exists() for name in done.stdout.split())


def test_quiet_says_nothing_and_the_logfile_everything(stamp, tmp_path):
    small(stamp, tmp_path)
    done = run("reduce", "@b.lis", "-q", "--logfile", "a.log", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "makeProcessedBias: 2 files" in (tmp_path / "a.log").read_text()


@pytest.mark.parametrize(("mode", "says"), [("quiet", ""), ("standard", "makeProcessedBias")])
def test_log_modes_of_observers_habit_are_understood(stamp, tmp_path, mode, says):
    small(stamp, tmp_path)
    done = run("reduce", "@b.lis", "--logmode", mode, cwd=tmp_path)
    assert done.returncode == 0
    assert says in done.stderr
    assert bool(says) is bool(done.stderr)


def test_a_users_recipe_runs_like_one_of_ours(stamp, tmp_path):
    small(stamp, tmp_path)
    (tmp_path / "my.toml").write_text(
        'extends = "makeProcessedBias"\nsuffix = "_mine"\n[set.clip_noise]\nhsigma = 5.5\n'
    )
    done = run("reduce", "@b.lis", "-r", "my.toml", cwd=tmp_path)
    assert done.stdout == "N20220627S0222_mine.fits\n", done.stderr
    assert '"hsigma": 5.5' in sigma_of(tmp_path / "N20220627S0222_mine.fits")


# ---- leaving early


def test_ctrl_c_ends_a_reduction_at_once_and_leaves_nothing(night, tmp_path):
    fresh(night, tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    database, before = (night / "cal.db").read_bytes(), contents(tmp_path)
    words = ["@sci.lis", "-r", "reduceSeparateCCDs", "--scratch", str(scratch), "--memory", "64M"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen(command("reduce", *words), cwd=tmp_path, env=environment(), **pipes)
    deadline = time.monotonic() + 30
    while not list(scratch.glob("*/*")) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert "Traceback" not in err
    assert contents(tmp_path) == before
    assert list(scratch.iterdir()) == []
    assert (night / "cal.db").read_bytes() == database


def test_a_reader_that_went_away_is_no_error(stamp, tmp_path, commands):
    small(stamp, tmp_path)
    line = "reduce @b.lis 2>err | true; echo ${PIPESTATUS[0]}; cat err"
    done = Desk(tmp_path, with_commands(commands)).shell(line)
    code, *said = done.stdout.splitlines()
    assert code in ("0", "141")
    assert not [line for line in said if "error" in line.lower()]
    assert (tmp_path / STAMP_PRODUCT).is_file()
