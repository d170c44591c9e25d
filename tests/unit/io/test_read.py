"""Files become ccds whatever their layout, and bad ones a sentence."""

import bz2
import gzip
import random
import shutil

import numpy as np
import pytest
from astropy.io import fits

from gmoscli.dq import Dq
from gmoscli.errors import BadFile
from gmoscli.frame import Ccd, RawCcd
from gmoscli.geometry import array_to_detector
from gmoscli.gmos.detectors import detectors
from gmoscli.io import open_source, read_exposure
from gmoscli.simulate import Effects, Night, expose
from gmoscli.simulate.bpm import write_bpm
from gmoscli.simulate.camera import focal_plane
from gmoscli.simulate.plan import shot_of
from gmoscli.simulate.produce import write_raw
from gmoscli.steps.bias import to_electrons
from gmoscli.steps.overscan import subtract_overscan

QUIET = Effects.only("sky", "vignetting", "response", "dust", "gain", "bias_level")
"""Light with structure, each amplifier with its own gain and level, no noise."""
NIGHTS = [
    *(Night(detector=one.id, binning=(4, 4), frames=1) for one in detectors()),
    Night(roi="Central Stamp", frames=1),
    Night(roi="CCD2", binning=(4, 4), frames=1),
    Night(roi="Central Stamp", detector="gmoss_eev_new", binning=(1, 1), frames=1),
    Night(roi="Central Spectrum", detector="gmosn_e2v", binning=(4, 2), frames=1),
]


def label(night):
    return f"{night.detector}-{night.roi}-{night.binning[0]}x{night.binning[1]}".replace(" ", "")


def a_raw_file(folder, night, effects=QUIET, kind="science"):
    shot = shot_of(night, kind, 0)
    return write_raw(night, effects, shot, folder / f"{shot.name}.fits")


def all_ccds(path):
    source = open_source(path)
    ccds = [source.ccd(info.index) for info in source.obs.ccds]
    source.close()
    return ccds


@pytest.mark.parametrize("night", NIGHTS, ids=label)
def test_the_light_on_every_ccd_comes_back_from_a_raw_file_of_any_detector(tmp_path, night):
    raws = all_ccds(a_raw_file(tmp_path, night))
    truth = expose(night, QUIET, "science", 0).ccds
    assert [raw.info.index for raw in raws] == [ccd.area.chip.index for ccd in truth]
    for raw, true in zip(raws, truth, strict=True):
        assert isinstance(raw, RawCcd)
        ccd = to_electrons(subtract_overscan(raw))
        # Counts are whole: half a count of light, and as much of the level, in electrons.
        most = 1.1 * max(amp.gain for amp in raw.info.amps)
        np.testing.assert_allclose(ccd.sci, true.expected, atol=most)


ORDERS = {
    1: Night(roi="CCD2", detector="gmoss_eev_new", binning=(4, 4), frames=1),
    2: Night(roi="Central Stamp", frames=1),
    3: Night(detector="gmoss_eev_new", binning=(4, 4), frames=1),
    4: Night(roi="CCD2", binning=(4, 4), frames=1),
    6: Night(detector="gmosn_e2v", binning=(4, 4), frames=1),
    12: Night(detector="gmoss_ham2", binning=(4, 4), frames=1),
}
"""By the number of extensions."""


@pytest.mark.parametrize("count", ORDERS)
def test_the_order_of_extensions_does_not_matter(tmp_path, count):
    path = a_raw_file(tmp_path, ORDERS[count])
    with fits.open(path) as units:
        shuffled = list(units[1:])
        assert len(shuffled) == count
        random.Random(1).shuffle(shuffled)
        fits.HDUList([units[0], *shuffled]).writeto(tmp_path / "shuffled.fits")
    for one, other in zip(all_ccds(path), all_ccds(tmp_path / "shuffled.fits"), strict=True):
        for name in ("index", "section", "binning", "shape", "amps", "unit"):
            assert getattr(one.info, name) == getattr(other.info, name)
        np.testing.assert_array_equal(one.info.wcs.cd, other.info.wcs.cd)
        corner = [0, 0]
        np.testing.assert_array_equal(one.info.wcs.sky(corner), other.info.wcs.sky(corner))
        for a, b in zip(one.readouts, other.readouts, strict=True):
            np.testing.assert_array_equal(a.counts, b.counts)


@pytest.mark.parametrize("night", NIGHTS, ids=label)
def test_every_ccd_lies_on_the_sky_where_its_geometry_puts_it(tmp_path, night):
    obs = open_source(a_raw_file(tmp_path, night, Effects.only())).obs
    true = focal_plane(night, expose(night, Effects.only(), "science", 0).now.true)
    for info in obs.ccds:
        ny, nx = info.shape
        corners = [[0, 0], [nx - 1, 0], [0, ny - 1], [nx - 1, ny - 1]]
        plane = array_to_detector(obs.detector, info.index, info.section, info.binning)(corners)
        away = (info.wcs.sky(corners) - true.sky(plane)) * 3600
        assert np.abs(away).max() < 0.005


def test_levels_stand_above_the_pedestal_and_below_the_end_of_the_converter(tmp_path):
    night = Night(roi="Central Stamp", binning=(1, 1), speed="fast", setting="high", frames=1)
    (raw,) = all_ccds(a_raw_file(tmp_path, night))
    for readout in raw.readouts:
        well = 129e3 / readout.amp.gain  # electrons of a Hamamatsu pixel
        level = float(np.median(readout.counts[readout.overscan.slices]))
        assert 0.8 * well < readout.amp.saturation - level < 1.2 * well
    (binned,) = all_ccds(a_raw_file(tmp_path, Night(roi="Central Stamp", frames=1)))
    assert {readout.amp.saturation for readout in binned.readouts} == {65_535.0}


@pytest.mark.parametrize("trimmed", [True, False])
def test_a_bad_pixel_mask_is_flags_with_or_without_room_for_overscan(tmp_path, trimmed):
    night = Night(binning=(4, 4))
    effects = Effects()
    path = write_bpm(night, effects, tmp_path / "bpm.fits", trimmed=trimmed)
    truth = expose(night, Effects.only("bad_pixels"), "bias", 0).ccds
    for ccd, true in zip(all_ccds(path), truth, strict=True):
        assert isinstance(ccd, Ccd)
        np.testing.assert_array_equal(ccd.dq, np.where(true.bad, Dq.BAD, 0))
        assert not ccd.sci.any()


def compressed(path, how):
    if how == "plain":
        return path
    squeeze = {"gz": gzip.compress, "bz2": bz2.compress}[how]
    target = path.with_name(f"{path.name}.{how}")
    target.write_bytes(squeeze(path.read_bytes()))
    return target


STAMP = Night(roi="Central Stamp", frames=1)


@pytest.mark.parametrize("how", ["gz", "bz2"])
def test_compressed_files_hold_the_same_pixels(tmp_path, how):
    path = a_raw_file(tmp_path, STAMP)
    for one, other in zip(all_ccds(path), all_ccds(compressed(path, how)), strict=True):
        for a, b in zip(one.readouts, other.readouts, strict=True):
            np.testing.assert_array_equal(a.counts, b.counts)


def test_raw_extensions_may_be_compressed_each_into_a_table(tmp_path):
    path = a_raw_file(tmp_path, STAMP)
    with fits.open(path) as units:
        packed = [fits.CompImageHDU(unit.data, unit.header) for unit in units[1:]]
        fits.HDUList([units[0], *packed]).writeto(tmp_path / "packed.fits.fz")
    for one, other in zip(all_ccds(path), all_ccds(tmp_path / "packed.fits.fz"), strict=True):
        assert one.info.amps == other.info.amps
        for a, b in zip(one.readouts, other.readouts, strict=True):
            np.testing.assert_array_equal(a.counts, b.counts)


def test_what_a_file_is_called_does_not_matter(tmp_path):
    path = compressed(a_raw_file(tmp_path, STAMP), "bz2")
    shutil.copy(path, tmp_path / "with a blank.dat")
    assert isinstance(all_ccds(tmp_path / "with a blank.dat")[0], RawCcd)


@pytest.mark.parametrize("how", ["plain", "gz", "bz2"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_a_truncated_file_is_refused_by_name(tmp_path, how, share):
    path = compressed(a_raw_file(tmp_path, STAMP), how)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(BadFile) as refused:
        all_ccds(path)
    assert refused.value.path == str(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("how", ["gz", "bz2"])
def test_a_corrupted_file_is_refused_by_name(tmp_path, how):
    path = compressed(a_raw_file(tmp_path, STAMP), how)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(content)
    with pytest.raises(BadFile) as refused:
        all_ccds(path)
    assert refused.value.path == str(path)


def test_a_file_that_vanishes_before_its_pixels_are_read_is_named(tmp_path):
    path = a_raw_file(tmp_path, STAMP)
    source = open_source(path)
    path.unlink()
    with pytest.raises(BadFile, match="no such file") as refused:
        source.ccd(2)
    assert refused.value.path == str(path)


def edited(path, change):
    with fits.open(path, mode="update") as units:
        change(units)
    return path


def undated(units):
    for keyword in ("DATE-OBS", "DATE", "UTDATE", "MJD-OBS", "OBSSTART"):
        units[0].header.remove(keyword, ignore_missing=True)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda units: units[0].header.set("INSTRUME", "NIRI"), "not a GMOS exposure: .*NIRI"),
        (lambda units: units[0].header.set("DETID", "CHIP-7"), "unknown detector"),
        (lambda units: units[1].header.remove("DETSEC"), "no DETSEC in extension 1"),
        (lambda units: units[2].header.set("CCDSUM", "4 4"), "binning"),
        (lambda units: units[1].header.set("BIASSEC", "left"), "BIASSEC: not a section"),
        (lambda units: units[1].header.set("AMPNAME", "nobody"), "no gain or read noise"),
        (lambda units: units[1].header.set("DATASEC", "[1:9999,1:64]"), "DATASEC .* lies outside"),
        (lambda units: units[1].header.set("BIASSEC", "[1:9999,1:64]"), "BIASSEC .* lies outside"),
        (lambda units: units[1].header.set("DATASEC", "[1:8,1:8]"), "DATASEC .* does not fit"),
        (lambda units: setattr(units[1], "data", units[1].data * np.nan), "are not numbers"),
        (undated, "amplifier '.*' without the date"),
        (lambda units: setattr(units[1], "data", None), "no pixels in extension 1"),
        (lambda units: setattr(units[1], "data", units[1].data[:9]), "the .* x 9 pixels of ext"),
    ],
)
def test_headers_that_make_no_sense_are_refused_with_what_is_wrong(tmp_path, change, says):
    path = edited(a_raw_file(tmp_path, STAMP), change)
    with pytest.raises(BadFile, match=says) as refused:
        all_ccds(path)
    assert refused.value.path == str(path)


def test_pixels_of_a_size_that_fits_lacks_are_refused(tmp_path):
    path = a_raw_file(tmp_path, STAMP)
    whole = path.read_bytes()
    path.write_bytes(
        whole.replace(b"BITPIX  =                   16", b"BITPIX  =                   17")
    )
    with pytest.raises(BadFile, match="BITPIX 17 of extension 1"):
        all_ccds(path)


def test_an_odd_number_of_extensions_is_refused(tmp_path):
    path = a_raw_file(tmp_path, Night(binning=(4, 4), frames=1), Effects.only())
    with fits.open(path) as units:
        units[:6].writeto(tmp_path / "five.fits")
    with pytest.raises(BadFile, match="it has 5 extensions"):
        open_source(tmp_path / "five.fits")


def test_a_raw_exposure_is_not_read_as_a_reduced_one(tmp_path):
    with pytest.raises(BadFile, match="a raw exposure"):
        read_exposure(a_raw_file(tmp_path, STAMP))


def test_pixels_can_be_asked_for_again_after_letting_go(tmp_path):
    source = open_source(a_raw_file(tmp_path, STAMP))
    before = source.ccd(2).readouts[0].counts.copy()
    source.close()
    source.close()
    np.testing.assert_array_equal(source.ccd(2).readouts[0].counts, before)
    source.close()
