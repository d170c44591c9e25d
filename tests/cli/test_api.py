"""What scripts import: the same calls as the commands, and errors that can be caught."""

import logging
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import gmoscli
from gmoscli import Reduce, caldb, dataselect, logutils
from gmoscli.errors import BadFile, CalibrationMissing, GmosError, UsageError
from gmoscli.logs import LOGGER
from tests import header_files


@pytest.fixture
def at_desk(calibrated, monkeypatch):
    """Work at a desk: its folder, its home and its configuration."""
    monkeypatch.chdir(calibrated.folder)
    monkeypatch.setenv("HOME", calibrated.environ["HOME"])
    for name in ("GMOSCLIRC", "DRAGONSRC", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return calibrated


@pytest.fixture
def names(tmp_path):
    """Names of a bias, a science exposure in r and one in i, of which only headers are there."""
    kinds = {
        "bias.fits": header_files.raw(OBSTYPE="BIAS", OBJECT="Bias"),
        "r.fits": header_files.raw(),
        "i.fits": header_files.raw(FILTER2="i_G0302"),
    }
    return [str(header_files.write(tmp_path / name, headers)) for name, headers in kinds.items()]


def test_importing_the_package_loads_nothing_until_a_name_is_used():
    code = (
        "import sys, gmoscli; before = set(sys.modules); gmoscli.dataselect;"
        "heavy = {'numpy', 'astropy', 'click', 'rich', 'gmoscli.select'};"
        "print(sorted(before & heavy), 'gmoscli.select' in sys.modules, 'numpy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[] True False\n"


def test_the_public_names_are_there_and_no_others():
    assert set(gmoscli.__all__) == {"Reduce", "__version__", "caldb", "dataselect", "logutils"}
    with pytest.raises(AttributeError, match="reduce_data"):
        _ = gmoscli.reduce_data


def test_selection_keeps_the_order_of_the_inputs(names):
    assert dataselect.select_data(names) == names
    assert dataselect.select_data(reversed(names), [], ["BIAS"]) == names[:0:-1]


def test_selection_goes_by_tags_and_expression(names):
    bias, red, _ = names
    assert dataselect.select_data(names, ["BIAS"]) == [bias]
    expression = dataselect.expr_parser('(observation_class=="science" and filter_name=="r")')
    assert dataselect.select_data(names, [], ["CAL"], expression) == [red]
    assert dataselect.select_data(names, [], ["CAL"], 'filter_name == "r"') == [red]


def test_strict_expressions_compare_full_names(names):
    strict = dataselect.expr_parser('filter_name=="r"', strict=True)
    assert dataselect.select_data(names, [], ["CAL"], strict) == []


def test_what_is_no_expression_is_refused_before_files_are_read():
    with pytest.raises(UsageError, match="exposure"):
        dataselect.select_data(["none.fits"], [], [], "exposure > 3")
    with pytest.raises(UsageError, match=r"^expression: 3 is not text"):
        dataselect.expr_parser(3)


def test_a_file_that_cannot_be_read_is_named():
    with pytest.raises(BadFile, match=r"none\.fits"):
        dataselect.select_data(["none.fits"])


@pytest.mark.parametrize("words", ["inputs", "tags", "xtags"])
def test_a_text_is_no_list_of_texts(names, words):
    with pytest.raises(UsageError, match=f"{words} is text, not a list"):
        dataselect.select_data(**{"inputs": names, words: "BIAS"})


@pytest.mark.parametrize("argument", ["inputs", "tags", "xtags", "expression"])
@pytest.mark.parametrize("wrong", [3, [3], None], ids=str)
def test_what_is_of_another_kind_is_told_by_its_argument(names, argument, wrong):
    with pytest.raises(UsageError, match=f"^{argument}: "):
        dataselect.select_data(**{"inputs": names, argument: wrong})


@pytest.mark.parametrize("words", ["tags", "xtags"])
def test_an_unknown_tag_is_refused_rather_than_found_nowhere(names, words):
    with pytest.raises(UsageError, match="unknown tag 'BAIS'"):
        dataselect.select_data(names, **{words: ["BAIS"]})


def test_reduce_has_no_attributes_but_its_own():
    reduction = Reduce()
    with pytest.raises(AttributeError, match="recipe_name"):
        reduction.recipe_name = "reduceSeparateCCDs"
    reduction.suffix = "_mine"
    assert pickle.loads(pickle.dumps(reduction)).suffix == "_mine"


def test_one_path_and_pairs_of_parameters_are_understood(at_desk):
    reduction = Reduce()
    reduction.files = "raw/N20220613S0180.fits"
    reduction.uparms = [("function", "row"), ("clip_noise:hsigma", 5)]
    reduction.runr()
    assert reduction.output_filenames == ["N20220613S0180_bias.fits"]


def test_reductions_in_threads_give_what_each_gives_alone(at_desk):
    days = ("N20220613S018", "N20220627S022")

    def bias_of(day, suffix):
        reduction = Reduce()
        reduction.files.extend(sorted(map(str, Path("raw").glob(f"{day}*.fits"))))
        reduction.suffix = suffix
        reduction.runr()
        return [Path(name).read_bytes() for name in reduction.output_filenames]

    alone = [bias_of(day, "_alone") for day in days]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(bias_of, days, ("_together", "_together")))
    assert together == alone
    assert alone[0] != alone[1]


IN_WORKERS = """
import glob, multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
from gmoscli import Reduce

def bias_of(day):
    reduction = Reduce()
    reduction.files = sorted(glob.glob(f"raw/{day}*"))
    reduction.suffix = sys.argv[2]
    reduction.runr()
    return reduction.output_filenames

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    with context.Pool(2) as pool:
        print(pool.map(bias_of, ["N20220627S022"]))
    with ProcessPoolExecutor(1, context) as pool:
        print(list(pool.map(bias_of, ["N20220627S022"])))
"""


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_workers_of_pools_reduce_as_well(at_desk, start):
    (at_desk.folder / "night.py").write_text(IN_WORKERS)
    product = "[['N20220627S0222_worker.fits']]"
    assert at_desk.ok(f"python night.py {start} _worker").splitlines() == [product, product]


UNCHANGED = """
import asyncio, glob, logging, os, signal, sys, threading, warnings
import numpy as np
from gmoscli import Reduce

def state():
    root = logging.getLogger()
    return {
        "signals": [signal.getsignal(number) for number in signal.valid_signals()],
        "warnings": list(warnings.filters),
        "root logger": (root.level, list(root.handlers)),
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "hooks": (sys.excepthook, threading.excepthook, sys.displayhook),
        "turns": sys.getswitchinterval(),
        "numpy": (np.geterr(), np.get_printoptions()),
        "open files": sorted(os.listdir("/proc/self/fd")),
    }

def bias_of(day):
    reduction = Reduce()
    reduction.files = sorted(glob.glob(f"raw/{day}*"))
    reduction.runr()

async def both():
    days = ("N20220613S018", "N20220627S022")
    await asyncio.gather(*(asyncio.to_thread(bias_of, day) for day in days))

before = state()
bias_of("N20220627S022")
asyncio.run(both())
after = state()
print([name for name in before if before[name] != after[name]])
"""


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are not listed")
def test_reductions_change_nothing_of_the_process_that_they_run_in(at_desk):
    (at_desk.folder / "night.py").write_text(UNCHANGED)
    assert at_desk.ok("python night.py") == "[]\n"


def test_reduce_begins_empty_and_shares_nothing():
    one, other = Reduce(), Reduce()
    one.files.append("a.fits")
    one.uparms["x"] = 1
    assert (other.files, other.uparms, other.recipename) == ([], {}, "_default")
    assert other.output_filenames is None


def test_reduce_writes_what_it_names_and_a_database_keeps_it(at_desk):
    (at_desk.folder / "mine.toml").write_text('[calibs]\ndatabases = ["mine.db get store"]\n')
    database = caldb.set_local_database("mine.toml")
    database.init()
    reduction = Reduce()
    reduction.files.extend(f"raw/N20220613S018{i}.fits" for i in range(3))
    reduction.config_file = "mine.toml"
    reduction.uparms = {"clip_noise:hsigma": 5, "function": "row"}
    reduction.suffix = "_mine"
    reduction.runr()
    assert reduction.output_filenames == ["N20220613S0180_mine.fits"]
    assert reduction.processed_filenames == reduction.output_filenames
    assert reduction.recipename == "makeProcessedBias"
    assert [stored.name for stored in database.list_files()] == reduction.output_filenames
    args = at_desk.ok(
        'python -c "from astropy.io import fits; print(*fits.getdata('
        "'N20220613S0180_mine.fits', 'HISTORY')['args'])\""
    )
    assert '"hsigma": 5.0' in args
    assert '"function": "row"' in args


def test_calibrations_given_by_hand_come_first(at_desk, masters):
    bias = masters.parent / "N20220613S0180_bias.fits"
    reduction = Reduce()
    reduction.files = ["raw/N20220627S0115.fits"]
    reduction.recipename = "reduceSeparateCCDs"
    reduction.ucals = {"processed_bias": bias}
    reduction.runr()
    used = at_desk.ok(
        'python -c "from astropy.io import fits; print(*fits.getdata('
        "'N20220627S0115_image.fits', 'PROVENANCE')['filename'])\""
    )
    assert bias.name in used
    assert "N20220627S0222_bias.fits" not in used
    assert reduction.processed_filenames == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"files": []}, UsageError),
        ({"files": ["none.fits"]}, BadFile),
        ({"recipename": "reduceTogether"}, UsageError),
        ({"uparms": {"stackFrames:none": 1}}, UsageError),
        ({"uparms": {"clip_noise:hsigma": -1}}, UsageError),
        ({"ucals": {"processed_bias": "none.fits"}}, BadFile),
        ({"ucals": {"processed_arc": "none.fits"}}, UsageError),
        ({"mode": "fast"}, UsageError),
        ({"config_file": "none.toml"}, UsageError),
        ({"config_file": "empty.toml"}, CalibrationMissing),
    ],
    ids=str,
)
def test_what_goes_wrong_is_one_of_the_family_and_leaves_nothing(at_desk, changes, error):
    (at_desk.folder / "empty.toml").write_text("[calibs]\ndatabases = []\n")
    reduction = Reduce()
    reduction.files = ["raw/N20220627S0115.fits"]
    for name, value in changes.items():
        setattr(reduction, name, value)
    with pytest.raises(error) as caught:
        reduction.runr()
    assert isinstance(caught.value, GmosError)
    assert reduction.output_filenames is None
    assert list(at_desk.folder.glob("*.fits")) == []


@pytest.mark.parametrize("wrong", [3, [3], {3: 3}, b"a.fits"], ids=str)
@pytest.mark.parametrize(
    "attribute", ["files", "recipename", "uparms", "ucals", "suffix", "config_file"]
)
def test_an_attribute_of_another_kind_is_named(at_desk, attribute, wrong):
    reduction = Reduce()
    reduction.files = ["raw/N20220613S0180.fits"]
    setattr(reduction, attribute, wrong)
    with pytest.raises(UsageError, match=f"^{attribute}: "):
        reduction.runr()


@pytest.fixture
def log():
    """Put the package's logger back as it was."""
    yield LOGGER
    for handler in list(LOGGER.handlers):
        LOGGER.removeHandler(handler)
        handler.close()
    LOGGER.addHandler(logging.NullHandler())
    LOGGER.propagate = True
    LOGGER.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("mode", "said"),
    [("standard", "told\n"), ("quiet", ""), ("verbose", "all\ntold\n"), ("debug", "all\ntold\n")],
)
def test_the_mode_decides_what_is_said_and_the_file_has_all(log, tmp_path, capsys, mode, said):
    logutils.config(file_name=tmp_path / "x.log", mode=mode)
    log.debug("all")
    log.info("told")
    assert capsys.readouterr().err == said
    text = (tmp_path / "x.log").read_text()
    assert text.count("\n") == 2
    assert "DEBUG" in text


def test_a_log_file_grows_unless_it_is_to_begin_anew(log, tmp_path):
    for stomp, lines in ((False, 1), (False, 2), (True, 1)):
        logutils.config(mode="quiet", file_name=tmp_path / "x.log", stomp=stomp)
        log.info("told")
        assert (tmp_path / "x.log").read_text().count("\n") == lines


def test_an_unknown_mode_is_refused():
    with pytest.raises(UsageError, match="loud"):
        logutils.config(mode="loud")


@pytest.mark.parametrize("wrong", [{"mode": None}, {"mode": 3}, {"file_name": 3}], ids=str)
def test_what_the_log_cannot_be_is_told_by_its_argument(wrong):
    with pytest.raises(UsageError, match=f"^{next(iter(wrong))}: "):
        logutils.config(**wrong)


def test_a_log_file_that_cannot_be_is_named_and_the_log_stays_as_it_was(log, tmp_path, capsys):
    logutils.config(file_name=tmp_path / "x.log")
    with pytest.raises(GmosError, match=r"none/y\.log: cannot be written"):
        logutils.config(file_name=tmp_path / "none" / "y.log")
    log.info("told")
    assert capsys.readouterr().err == "told\n"
    assert "told" in (tmp_path / "x.log").read_text()
