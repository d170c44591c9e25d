"""Our products of the shared night beside those of DRAGONS, and beside the truth."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gmoscli.io import read_exposure
from tests.commands import environment, run

SHARED = Path(__file__).parents[2].parent / "shared"
RAW, REFERENCE = SHARED / "night/raw", SHARED / "night/reference"
BIASES = ("N20220613S0180_bias", "N20220627S0222_bias")
FLAT, STACK = "N20220613S0138_flat", "N20220627S0115_image"

pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason="no shared reference night")


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    """A folder with our products of the shared night."""
    folder = tmp_path_factory.mktemp("reference")
    (folder / "dragonsrc.toml").write_text('[calibs]\ndatabases = ["cal.db get store"]\n')

    def ok(*words):
        done = run(*words, cwd=folder)
        assert done.returncode == 0, done.stderr

    def files(pattern):
        return [str(path) for path in sorted(RAW.glob(pattern))]

    ok("caldb", "init")
    ok("caldb", "add", *files("bpm*"))
    ok("reduce", *files("N20220613S018*"))
    ok("reduce", *files("N20220627S022*"))
    ok("reduce", *files("N20220613S01[34]*"))
    ok("reduce", *files("N20220627S011*"), "-r", "reduceSeparateCCDs")
    return folder


def pairs(night, name):
    """Yield each ccd of our product with the peer's, and where neither flags a pixel."""
    ours = read_exposure(night / f"{name}.fits")
    theirs = read_exposure(REFERENCE / f"{name}.fits.gz")
    for one, other in zip(ours.ccds, theirs.ccds, strict=True):
        assert one.info.index == other.info.index
        yield one, other, (one.dq == 0) & (other.dq == 0)


def median_and_scatter(values):
    middle = np.median(values)
    return middle, 1.4826 * np.median(np.abs(values - middle))


@pytest.mark.parametrize("name", BIASES)
def test_master_biases_differ_by_the_noise_of_single_overscan_rows(night, name):
    for ours, theirs, good in pairs(night, name):
        assert good.mean() > 0.98
        middle, scatter = median_and_scatter((ours.sci - theirs.sci)[good])
        assert abs(middle) < 0.05
        # The peer subtracts the mean of each row's 27 overscan pixels: 2.5 ADU / sqrt(27) / sqrt(5)
        # frames is 0.22 ADU of row noise that a smooth level does not have.
        assert scatter < 0.3
        for amp in theirs.info.amps:
            some = (slice(None), amp.columns)
            assert abs(np.median((ours.sci - theirs.sci)[some][good[some]])) < 0.05


def test_rows_of_our_master_bias_are_quieter_than_those_of_the_peer(night):
    for name in BIASES:
        for ours, theirs, _ in pairs(night, name):
            for amp in theirs.info.amps:
                rows = [np.diff(np.median(x.sci[:, amp.columns], axis=1)) for x in (ours, theirs)]
                assert rows[0].std() < rows[1].std()


def test_master_flats_agree_to_a_thousandth_and_their_noise(night):
    for ours, theirs, good in pairs(night, FLAT):
        ratio = ours.sci[good] / theirs.sci[good]
        middle, scatter = median_and_scatter(ratio)
        assert middle == pytest.approx(1, abs=1e-3)
        # The same frames, rejected and weighted otherwise: less than half of the noise of either.
        noise = np.sqrt(np.median(ours.var[good]))
        assert scatter < 0.5 * noise


@pytest.fixture(scope="session")
def scores(night):
    """What the shared tool measures of our stack and of the peer's, by ccd."""
    found = []
    for path in (night / f"{STACK}.fits", REFERENCE / f"{STACK}.fits.gz"):
        done = subprocess.run(
            [sys.executable, SHARED / "tools/score.py", path, SHARED / "night/truth.npz", "--json"],
            env=environment(PYTHONWARNINGS="ignore"),
            capture_output=True,
            text=True,
            check=True,
        )
        found.append({int(ccd): values for ccd, values in json.loads(done.stdout).items()})
    return found


@pytest.mark.parametrize("ccd", [1, 2, 3])
def test_the_stack_holds_what_was_promised_of_it(scores, ccd):
    ours, theirs = (found[ccd] for found in scores)
    assert ours["stars"] >= theirs["stars"]
    assert 0.95 < ours["noise_over_sigma"] < 1.05
    assert ours["outliers8"] + ours["outliersm8"] <= 100
    assert ours["outliers8"] < theirs["outliers8"]
    assert ours["goodfrac"] > theirs["goodfrac"]


def test_stars_lie_within_5_mas_of_each_other_on_the_central_ccd(scores):
    assert scores[0][2]["rms"] < 0.005


def test_bright_stars_scatter_by_a_hundredth_of_a_magnitude_on_the_central_ccd(scores):
    # Neighbours that the tool takes for sky spoil two of the six bright stars of ccd 1.
    assert scores[0][2]["phot_rms"] < 0.010


@pytest.mark.parametrize("ccd", [1, 2, 3])
def test_colour_terms_are_those_of_the_truth(scores, ccd):
    ours, theirs = (found[ccd] for found in scores)
    # Fifteen stars know a colour term to about 0.01; the peer sees the same ones.
    away = abs(ours["ct"] - ours["ct_true"])
    assert away < max(0.010, 1.1 * abs(theirs["ct"] - theirs["ct_true"]))
