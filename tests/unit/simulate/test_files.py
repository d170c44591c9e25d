"""Raw files, mask and truth, as readers find them."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from gmoscli.errors import GmosError
from gmoscli.fits import Headers
from gmoscli.gmos.descriptors import describe
from gmoscli.gmos.detectors import detectors
from gmoscli.gmos.tags import tags_of
from gmoscli.section import Section
from gmoscli.simulate import Effects, Night, expose, simulate
from gmoscli.simulate.areas import whole_chips
from gmoscli.simulate.bpm import bpm_name, write_bpm
from gmoscli.simulate.defects import bad_pixels
from gmoscli.simulate.plan import plan
from gmoscli.simulate.produce import write_raw
from gmoscli.simulate.readout import amp_truth
from gmoscli.simulate.scene import scene
from gmoscli.simulate.write import write_whole

SMALL = Night(roi="Central Stamp", frames=1, biases=1, flats=1)
QUIET = Effects().without("stars", "galaxies", "twilight_stars")
IDS = [one.id for one in detectors()]
TAGS = {
    "bias": "AT_ZENITH AZEL_TARGET BIAS CAL GEMINI GMOS NON_SIDEREAL RAW UNPREPARED",
    "flat": "CAL FLAT TWILIGHT IMAGE GEMINI GMOS RAW SIDEREAL UNPREPARED",
    "science": "GEMINI GMOS IMAGE RAW SIDEREAL UNPREPARED",
}


def written(night, folder, kind="science", effects=QUIET):
    shot = next(one for one in plan(night) if one.kind == kind)
    return write_raw(night, effects, shot, folder / f"{shot.name}.fits")


@pytest.mark.parametrize("kind", TAGS)
@pytest.mark.parametrize("name", ["gmosn_ham", "gmoss_eev_new"])
def test_files_have_the_tags_of_what_they_are(name, kind, tmp_path):
    site = "NORTH" if name.startswith("gmosn") else "SOUTH"
    headers = Headers.open(written(replace(SMALL, detector=name), tmp_path, kind))
    assert tags_of(headers) == {*TAGS[kind].split(), site}


@pytest.mark.parametrize("name", IDS)
@pytest.mark.parametrize("roi", ["Full Frame", "CCD2", "Central Stamp", "Central Spectrum"])
def test_sections_fit_the_arrays_and_each_other(name, roi, tmp_path):
    step = 2 if roi == "Central Stamp" else 4
    night = Night(detector=name, roi=roi, binning=(step, step), biases=1)
    with fits.open(written(night, tmp_path, "bias")) as units:
        cards = [unit.header for unit in units[1:]]
    covered = 0
    for card in cards:
        data, bias, ccd, det = (
            Section.parse(card[word]) for word in ("DATASEC", "BIASSEC", "CCDSEC", "DETSEC")
        )
        assert data.joined(bias) == Section(0, card["NAXIS1"], 0, card["NAXIS2"])
        assert bias.width == 32 and data.overlap(bias) is None
        assert (data.width, data.height) == (ccd.width // step, ccd.height // step)
        origin = det.x1 - ccd.x1
        assert det.moved(-origin, 0) == ccd and origin in (0, 2048, 4096)
        assert card["EXTVER"] == -1 and "EXTNAME" not in card
        covered += det.width * det.height
    assert covered == night.region.width * night.region.height


@pytest.mark.parametrize("name", IDS)
def test_descriptors_tell_what_was_simulated(name, tmp_path):
    night = Night(detector=name, roi="CCD2", binning=(4, 4), frames=1, pa=25.0)
    headers = Headers.open(written(night, tmp_path))
    array = night.array
    amps = [card["AMPNAME"] for card in headers.extensions]
    truths = [amp_truth(night, Effects(), amp, night.science_day) for amp in amps]
    assert describe(headers, "gain") == pytest.approx([truth.gain for truth in truths])
    assert describe(headers, "read_noise") == pytest.approx([t.read_noise for t in truths])
    assert describe(headers, "read_mode") == "Normal"
    assert describe(headers, "detector_roi_setting") == "CCD2"
    assert describe(headers, "detector_name", pretty=True) == array.family
    assert describe(headers, "filter_name", pretty=True) == "r"
    assert describe(headers, "binning") == "4x4"
    assert describe(headers, "exposure_time") == 350
    assert describe(headers, "pixel_scale") == pytest.approx(4 * array.pixel_scale)
    assert describe(headers, "position_angle") == pytest.approx(205)
    assert describe(headers, "ut_date") == night.science_day
    assert describe(headers, "observation_class") == "science"
    assert describe(headers, "qa_state") == "Pass"
    assert describe(headers, "airmass") < 1.3


@pytest.mark.parametrize(
    ("speed", "setting", "mode"),
    [("slow", "low", "Normal"), ("fast", "low", "Acquisition"), ("fast", "high", "Bright")],
)
def test_headers_tell_the_read_mode(speed, setting, mode, tmp_path):
    headers = Headers.open(written(replace(SMALL, speed=speed, setting=setting), tmp_path, "bias"))
    assert describe(headers, "read_mode") == mode


@pytest.mark.parametrize(("day", "says"), [(date(2015, 1, 5), ""), (date(2016, 1, 5), "_new")])
def test_the_detector_keyword_changes_with_the_video_boards(day, says, tmp_path):
    night = replace(SMALL, detector="gmoss_ham1", days=(day, day))
    phu = Headers.open(written(night, tmp_path, "bias")).phu
    assert phu["DETECTOR"] == "GMOS + Hamamatsu" + says


def test_reference_pixels_are_those_of_real_headers(tmp_path):
    """The first, second and fifth amplifier of GMOS-N at 2x2."""
    night = Night(frames=1)
    extensions = Headers.open(written(night, tmp_path, effects=Effects.only())).extensions
    places = [(one["CRPIX1"], one["CRPIX2"]) for one in extensions]
    assert places[0] == pytest.approx((1566.595, 1068.7267))
    assert places[1] == pytest.approx((1342.595, 1068.7267))
    assert places[4] == pytest.approx((509.095, 1068.27815))
    assert extensions[0]["CD1_1"] == pytest.approx(-4.48333e-5, rel=1e-5)


def test_amplifiers_of_e2v_chips_are_not_in_the_order_of_columns(tmp_path):
    night = Night(detector="gmosn_e2v", frames=1, binning=(4, 4))
    extensions = Headers.open(written(night, tmp_path, effects=Effects.only())).extensions
    first = [Section.parse(one["DETSEC"]).x1 for one in extensions]
    assert first == [1024, 0, 3072, 2048, 4096, 5120]


def test_files_say_that_they_are_simulated(tmp_path):
    with fits.open(written(SMALL, tmp_path)) as units:
        phu = units[0].header
    assert phu["ORIGIN"] == "SIMULATED" and phu["SIMULATE"] is True
    assert any("no telescope took part" in line for line in phu["COMMENT"])
    assert any(line.endswith("left out: stars") for line in phu["COMMENT"])


def test_files_hold_the_counts_of_the_exposure(tmp_path):
    with fits.open(written(SMALL, tmp_path)) as units:
        data = [unit.data for unit in units[1:]]
    exposure = expose(SMALL, QUIET, "science", 0)
    assert all(one.dtype == np.uint16 for one in data)
    assert all((a == b).all() for a, b in zip(data, exposure.counts, strict=True))


def test_the_guide_star_is_in_the_header_when_its_probe_guides(tmp_path):
    off = Headers.open(written(SMALL, tmp_path)).phu
    on = Headers.open(written(SMALL, tmp_path, effects=QUIET.including("guide_probe"))).phu
    assert off["OIWFS_ST"] == "parked" and "OIARA" not in off
    assert on["OIWFS_ST"] == "guiding"
    assert abs(on["OIADEC"] - on["DEC"]) < 0.06


def test_the_mask_flags_the_pixels_that_are_bad(tmp_path):
    night = Night(binning=(2, 2))
    path = write_bpm(night, Effects(), tmp_path / bpm_name(night))
    assert path.name == "bpm_20220303_gmos-n_Ham_22_full_12amp.fits"
    with fits.open(path) as units:
        flags = np.hstack([unit.data for unit in units[1:]])
        names = [unit.header["AMPNAME"] for unit in units[1:]]
    assert names == [amp.name for amp in night.array.amps]
    assert (flags == np.hstack([bad_pixels(night, area) for area in whole_chips(night)])).all()
    assert 3000 < flags.sum() < 30000
    tags = "BPM CAL GEMINI GMOS NORTH PROCESSED SIDEREAL UNPREPARED"
    assert tags_of(Headers.open(path)) == set(tags.split())


def test_an_untrimmed_mask_is_the_trimmed_one_with_good_overscan(tmp_path):
    night = Night(binning=(4, 4))
    trimmed, whole = (
        write_bpm(night, Effects(), tmp_path / f"{trim}.fits", trimmed=trim)
        for trim in (True, False)
    )
    with fits.open(trimmed) as narrow, fits.open(whole) as wide:
        for one, two in zip(narrow[1:], wide[1:], strict=True):
            light = Section.parse(two.header["DATASEC"])
            assert (two.data[light.slices] == one.data).all()
            assert two.data.sum() == one.data.sum()
            assert two.data.shape[1] == one.data.shape[1] + 32


@pytest.mark.parametrize("name", IDS)
def test_masks_are_named_for_detector_and_amplifiers(name):
    night = Night(detector=name, binning=(2, 4))
    stem = bpm_name(night).removesuffix(".fits").split("_")
    assert stem[2:] == [
        f"gmos-{name[4]}",
        {"E": "EEV", "e": "e2v", "H": "Ham"}[night.array.family[0]],
        "24",
        "full",
        f"{len(night.array.amps)}amp",
    ]


def test_the_same_night_gives_the_same_bytes_for_any_number_of_jobs(tmp_path):
    one, two = (simulate(SMALL, Effects(), tmp_path / str(n), jobs=n) for n in (1, 3))
    assert [path.name for path in one] == [path.name for path in two]
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    assert sorted(one) == sorted((tmp_path / "1").iterdir())


def test_a_file_that_cannot_be_finished_leaves_nothing(tmp_path):
    taken = tmp_path / "night.fits"
    taken.mkdir()
    with pytest.raises(GmosError, match=r"night\.fits: cannot write"):
        write_whole(taken, b"content")
    assert list(tmp_path.iterdir()) == [taken]


def test_the_truth_is_in_tables(tmp_path):
    night = replace(SMALL, frames=2)
    simulate(night, Effects(), tmp_path)
    sources, frames, chips, amps = (
        Table.read(tmp_path / f"truth_{name}.ecsv")
        for name in ("sources", "frames", "chips", "amps")
    )
    found = scene(night, Effects(), "science")
    assert len(sources) == len(found)
    assert set(sources["kind"]) == {"star", "galaxy"}
    assert sources["ra"].unit == "deg" and sources["rate1"].unit == "electron / s"
    assert list(frames["file"]) == [shot.name for shot in plan(night)]
    assert set(frames["kind"]) == {"bias", "flat", "science"}
    assert list(chips["qe"]) == [0.96, 1.0, 0.985]
    assert chips["dx"][0] == pytest.approx(night.array.chips[0].shift[0], abs=2)
    assert len(amps) == 2 * 2


def test_the_truth_is_in_arrays(tmp_path):
    night = replace(SMALL, frames=2, pa=30.0)
    simulate(night, Effects(), tmp_path)
    with np.load(tmp_path / "truth.npz") as truth:
        n = len(truth["ra"])
        for name in ("dec", "mag", "col", "eps"):
            assert truth[name].shape == (n,)
        assert truth["gra"].shape == truth["gdec"].shape == truth["gmag"].shape
        assert truth["offs"].shape == (2, 4)
        assert truth["cd"] * 3600 / 0.0807 == pytest.approx(
            np.array([[-(3**0.5), -1], [1, -(3**0.5)]]) / 2
        )
        assert truth["shift"].shape == (3, 2) and truth["rot"].shape == (3,)
        assert list(truth["colterm"]) == [0.04, 0.0, -0.03]
        assert 2000 < truth["half"] < 2112
        zero = truth["mag"] + 2.5 * np.log10(truth["eps"])
        assert zero == pytest.approx(28.299)
