"""Products are whole, tell the truth about themselves, and are read back as they were."""

import os
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from gmoscli.dq import Dq
from gmoscli.errors import GmosError
from gmoscli.fits import Header, Headers
from gmoscli.frame import Exposure, Placement, Sky
from gmoscli.gmos.tags import tags_of
from gmoscli.io import open_source, read_exposure
from gmoscli.io.write import write_product
from gmoscli.past import Done, Used, past_of
from gmoscli.section import Section
from gmoscli.simulate import Effects, Night
from gmoscli.simulate.plan import shot_of
from gmoscli.simulate.produce import write_raw
from tests.builders import a_catalogue, a_ccd

RNG = np.random.default_rng(8)
NIGHT = Night(binning=(4, 4), frames=2, biases=1, flats=1)
STAMP = "2022-06-27T10:00:00"


@pytest.fixture(scope="module")
def observations(tmp_path_factory):
    """The first observation of each kind, with the headers of a simulated file."""
    folder = tmp_path_factory.mktemp("raw")
    shots = [shot_of(NIGHT, kind, 0) for kind in ("bias", "flat", "science")]
    files = [write_raw(NIGHT, Effects.only(), s, folder / f"{s.name}.fits") for s in shots]
    return {s.kind: open_source(path).obs for s, path in zip(shots, files, strict=True)}


@pytest.fixture
def observed(observations):
    """The observation of a science frame."""
    return observations["science"]


def a_product(obs, unit="electron", **info):
    """An exposure of the observation's ccds with noise for pixels."""
    ccds = []
    for own in obs.ccds:
        amps = tuple(replace(amp, gain=1.0, saturation=1e5, nonlinear=9e4) for amp in own.amps)
        planes = (RNG.normal(size=own.shape), RNG.uniform(size=own.shape))
        ccd = a_ccd(*planes, RNG.integers(0, 127, own.shape))
        ccds.append(replace(ccd, info=replace(own, amps=amps, unit=unit, **info)))
    return Exposure(replace(obs, ccds=tuple(ccd.info for ccd in ccds)), tuple(ccds))


def stacked(exposure, *frames):
    return replace(exposure, obs=replace(exposure.obs, inputs=frames))


def saved(exposure, folder, kind="", name="product.fits"):
    write_product(exposure, folder / name, kind, STAMP)
    return folder / name


@pytest.mark.parametrize("kind", ["", "bias", "flat", "fringe"])
def test_what_is_written_is_read_back(tmp_path, observed, kind):
    exposure = a_product(observed, unit="adu" if kind == "bias" else "electron")
    again = read_exposure(saved(exposure, tmp_path, kind))
    for one, other in zip(exposure.ccds, again.ccds, strict=True):
        for name in ("sci", "var", "dq"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        for name in ("index", "section", "binning", "shape"):
            assert getattr(one.info, name) == getattr(other.info, name)
        np.testing.assert_allclose(other.info.wcs.sky([9, 9]), one.info.wcs.sky([9, 9]), atol=1e-9)


def test_amplifiers_of_a_product_stay_apart_when_it_is_read_and_written_again(tmp_path, observed):
    exposure = a_product(observed)
    again = read_exposure(saved(exposure, tmp_path))
    third = read_exposure(saved(again, tmp_path, name="again.fits"))
    for one, *others in zip(exposure.ccds, again.ccds, third.ccds, strict=True):
        for other in others:
            for ours, theirs in zip(one.info.amps, other.info.amps, strict=True):
                for name in ("name", "section", "columns", "gain", "saturation", "nonlinear"):
                    assert getattr(ours, name) == getattr(theirs, name)
                assert theirs.read_noise == pytest.approx(ours.read_noise, rel=1e-5)


def test_a_stack_keeps_its_gain_and_its_correlation_when_it_is_read_again(tmp_path, observed):
    (amp, *_) = observed.ccds[0].amps
    exposure = a_product(observed)
    infos = {"amps": (replace(amp, gain=4.9, read_noise=9.0),), "correlation": 1.25}
    exposure = replace(exposure, ccds=tuple(ccd.with_info(**infos) for ccd in exposure.ccds))
    for ccd in read_exposure(saved(exposure, tmp_path)).ccds:
        assert [(amp.gain, amp.read_noise) for amp in ccd.info.amps] == [(4.9, 9.0)]
        assert ccd.info.correlation == 1.25


@pytest.mark.parametrize(
    ("kind", "tags"),
    [("bias", {"BIAS", "CAL"}), ("flat", {"FLAT", "CAL"}), ("fringe", {"FRINGE", "CAL"})],
)
def test_a_calibration_is_known_by_its_tags(tmp_path, observations, kind, tags):
    obs = observations[{"fringe": "science"}.get(kind, kind)]
    again = read_exposure(saved(a_product(obs), tmp_path, kind))
    assert tags | {"PROCESSED", "GMOS"} <= tags_of(again.obs.headers)


def test_a_science_product_is_processed_and_no_calibration(tmp_path, observed):
    tags = tags_of(read_exposure(saved(a_product(observed), tmp_path)).obs.headers)
    assert "PROCESSED" in tags
    assert "CAL" not in tags


def test_every_plane_of_every_ccd_has_its_name_and_number(tmp_path, observed):
    with fits.open(saved(a_product(observed), tmp_path)) as units:
        names = [(unit.name, unit.ver) for unit in units[1:]]
        assert units[0].header["NEXTEND"] == len(names)
    planes = [(name, version) for version in (1, 2, 3) for name in ("SCI", "VAR", "DQ")]
    assert names == [*planes, ("HISTORY", 1), ("PROVENANCE", 1)]


def test_other_software_reads_the_same_sky(tmp_path, observed):
    exposure = a_product(observed)
    with fits.open(saved(exposure, tmp_path)) as units:
        for ccd in exposure.ccds:
            wcs = WCS(units["SCI", ccd.info.index].header)
            theirs = wcs.all_pix2world([[100.0, 200.0]], 0)[0]
            np.testing.assert_allclose(ccd.info.wcs.sky([100.0, 200.0]), theirs, atol=1e-9)


def test_the_headers_of_all_frames_are_told(tmp_path, observed):
    frames = [
        replace(observed, name="N1", exposure_time=100.0),
        replace(observed, name="N2", exposure_time=60.0, reference=True),
    ]
    exposure = stacked(a_product(replace(observed, exposure_time=60.0)), *frames)
    header = fits.getheader(saved(exposure, tmp_path))
    assert header["NCOMBINE"] == 2
    assert (header["EXPTIME"], header["TEXPTIME"]) == (60.0, 160.0)
    assert (header["IMCMB001"], header["IMCMB002"]) == ("N1.fits", "N2.fits")
    assert header["REFFRAME"] == "N2.fits"
    assert header["AMSTART"] <= header["AIRMASS"] <= header["AMEND"]


def part(observed, frames, folder, name):
    """Return a stack of frames as it is read from its file."""
    exposure = stacked(a_product(replace(observed, name=frames[0].name)), *frames)
    path = saved(exposure, folder, name=f"{name}.fits")
    return replace(open_source(path).obs, name=name)


def a_frame_at(observed, name, start, seconds, airmass):
    cards = {**observed.headers.phu, "UT": start, "TIME-OBS": start, "UTSTART": start}
    cards |= {"AIRMASS": airmass, "AMSTART": airmass - 0.01, "AMEND": airmass + 0.01}
    text = fits.Header(cards).tostring().encode()
    headers = Headers(Header(text), observed.headers.extensions, observed.path)
    placed = Placement(rms=0.001 * len(name))
    return replace(observed, name=name, headers=headers, exposure_time=seconds, placement=placed)


def test_a_stack_of_stacks_tells_the_same_as_a_stack_of_all_frames(tmp_path, observed):
    facts = [("06:50:00.0", 100.0, 1.2), ("07:00:00.0", 60.0, 1.4), ("07:20:00.0", 60.0, 1.8)]
    facts.append(("07:10:00.0", 30.0, 1.3))
    frames = [a_frame_at(observed, f"N{10**i}", *fact) for i, fact in enumerate(facts)]
    frames[0], frames[2] = (replace(frames[i], reference=True) for i in (0, 2))
    parts = [part(observed, frames[i : i + 2], tmp_path, f"part{i}") for i in (0, 2)]
    parts[0] = replace(parts[0], reference=True)
    whole, again = (
        fits.getheader(saved(stacked(a_product(observed), *some), tmp_path, name=name))
        for some, name in ((frames, "whole.fits"), (parts, "again.fits"))
    )
    for keyword in ("NCOMBINE", "TEXPTIME", "DATE-AVG", "AMSTART", "AMEND", "ALIGNRMS"):
        assert again[keyword] == whole[keyword], keyword
    assert again["AIRMASS"] == pytest.approx(whole["AIRMASS"])
    assert (whole["NCOMBINE"], whole["TEXPTIME"]) == (4, 250.0)
    assert (whole["AMSTART"], whole["AMEND"]) == pytest.approx((1.19, 1.81))


def test_a_product_of_a_product_goes_back_to_the_raw_file(tmp_path, observed):
    once = part(observed, [observed], tmp_path, "part")
    header = fits.getheader(saved(a_product(once), tmp_path))
    assert header["ORIGNAME"] == f"{observed.name}.fits"
    assert header["DATALAB"].endswith("-001-SQ-IMAGE")


def test_the_counts_of_a_flat_stand_for_no_exposure_but_the_mean(tmp_path, observations):
    obs = observations["flat"]
    frames = [replace(obs, exposure_time=seconds) for seconds in (5.0, 8.0, 17.0)]
    exposure = stacked(a_product(replace(obs, exposure_time=5.0)), *frames)
    header = fits.getheader(saved(exposure, tmp_path, "flat"))
    assert (header["EXPTIME"], header["TEXPTIME"]) == (10.0, 30.0)


def test_the_date_of_the_observation_is_not_overwritten(tmp_path, observed):
    # DATE is when the file was made: another day, in files that were copied.
    text = fits.Header({**observed.headers.phu, "DATE": "2022-07-31"}).tostring().encode()
    headers = Headers(Header(text), observed.headers.extensions, observed.path)
    header = fits.getheader(saved(a_product(replace(observed, headers=headers)), tmp_path))
    assert header["DATE-OBS"] == observed.headers.phu["DATE-OBS"] == "2022-06-27"


def test_sections_are_those_of_the_product_and_none_of_the_raw_file_is_left(tmp_path, observed):
    exposure = a_product(observed)
    with fits.open(saved(exposure, tmp_path)) as units:
        for ccd in exposure.ccds:
            ny, nx = ccd.sci.shape
            for name in ("SCI", "VAR", "DQ"):
                header = units[name, ccd.info.index].header
                assert header["DATASEC"] == f"[1:{nx},1:{ny}]"
                assert not {"BIASSEC", "TRIMSEC", "OVERSEC", "AREATYPE"} & set(header)


def test_the_levels_of_the_product_stand_in_its_headers(tmp_path, observed):
    # Once, in its own unit: NONLINEA times gain twice is a known fault of other software.
    with fits.open(saved(a_product(observed), tmp_path)) as units:
        header = units["SCI", 2].header
    assert (header["SATLEVEL"], header["NONLINEA"]) == (1e5, 9e4)
    assert header["BUNIT"] == "electron"
    assert header["GAIN"] == 1
    noises = [amp.read_noise for amp in observed.ccds[1].amps]
    assert header["RDNOISE"] == pytest.approx(np.mean(noises), rel=1e-5)
    assert [header[f"AMPRON{i}"] for i in range(1, 5)] == pytest.approx(noises, rel=1e-5)


def test_history_and_provenance_are_kept_in_order(tmp_path, observed):
    done = (Done("subtract_overscan", "overscanCorrect", '{"function": "smooth"}'),)
    used = (Used("N1.fits", "0" * 32, "prepare"), Used("b_bias.fits", "1" * 32, "bias"))
    exposure = a_product(observed)
    exposure = replace(exposure, obs=replace(exposure.obs, history=done, used=used))
    with fits.open(saved(exposure, tmp_path)) as units:
        history, provenance = units["HISTORY"].data, units["PROVENANCE"].data
        assert list(history["primitive"]) == ["overscanCorrect"]
        assert list(history["args"]) == ['{"function": "smooth"}']
        assert list(provenance["filename"]) == ["N1.fits", "b_bias.fits"]
        assert list(provenance["md5"]) == ["0" * 32, "1" * 32]
        assert list(provenance["provenance_added_by"]) == ["prepare", "bias"]
        assert units[0].header["BIASIM"] == "b_bias.fits"
    path = saved(exposure, tmp_path)
    assert past_of(Headers.open(path)) == (done, used)


def test_letters_that_no_header_can_hold_are_replaced(tmp_path, observed):
    cards = observed.headers.phu.cards.replace(
        b"Simulated field", b"N\xfa\xf1ez's fie\0d".ljust(15)
    )
    headers = Headers(Header(cards), observed.headers.extensions, observed.path)
    named = replace(
        observed, name="süß \udcff☃", headers=headers, used=(Used("ü.fits", "-", "flat"),)
    )
    path = tmp_path / "ß.fits"
    write_product(stacked(a_product(named), named, named), path, "", STAMP)
    with fits.open(path) as units:
        assert units[0].header["OBJECT"] == "N??ez's fie?d"
        assert units[0].header["ORIGNAME"] == "s?? ??.fits"
        assert units[0].header["IMCMB001"] == "s?? ??.fits"
        assert units[0].header["FLATIM"] == "?.fits"
        assert set(units["FRAMES"].data["FRAME"]) == {"s?? ??"}
        assert list(units["PROVENANCE"].data["filename"]) == ["?.fits"]


@pytest.mark.parametrize("letters", [20, 50, 200])
def test_names_may_be_long(tmp_path, observed, letters):
    named = replace(observed, name="N" * letters)
    write_product(a_product(named), tmp_path / "long.fits", "", STAMP)
    assert fits.getheader(tmp_path / "long.fits")["ORIGNAME"] == "N" * letters + ".fits"


def test_pixels_that_are_no_numbers_have_no_data(tmp_path, observed):
    made = a_product(observed)
    made.ccds[0].sci[3, 4] = np.nan
    made.ccds[0].var[5, 6] = np.inf
    write_product(made, tmp_path / "p.fits", "", STAMP)
    first = read_exposure(tmp_path / "p.fits").ccds[0]
    for at in ((3, 4), (5, 6)):
        assert first.dq[at] & Dq.NO_DATA
        assert first.sci[at] == first.var[at] == 0
    assert np.count_nonzero(first.dq != made.ccds[0].dq) <= 2


def test_a_raw_file_has_no_past(tmp_path):
    path = write_raw(NIGHT, Effects.only(), shot_of(NIGHT, "bias", 0), tmp_path / "raw.fits")
    assert past_of(Headers.open(path)) == ((), ())


def test_history_of_other_software_is_kept_by_its_primitives(tmp_path, observed):
    path = saved(a_product(replace(observed, history=(Done("x", "prepare", "{}"),))), tmp_path)
    with fits.open(path) as units:
        table = units["HISTORY"]
        units["HISTORY"] = fits.BinTableHDU(Table(table.data)["primitive", "args"], name="HISTORY")
        units.writeto(tmp_path / "theirs.fits")
    path = tmp_path / "theirs.fits"
    assert past_of(Headers.open(path)).done == (Done("prepare", "prepare", "{}"),)


def test_sources_of_the_stack_are_catalogued_beside_it(tmp_path, observed):
    catalogue = a_catalogue([10.0, 20.0], [30.0, 40.0], [1e4, 2e4])
    exposure = a_product(observed, sources=catalogue, sky=Sky(500.0, 22.0), fwhm=4.0)
    objects = np.zeros(exposure.ccds[0].info.shape, np.uint8)
    objects[30, 10] = 1
    with_map = replace(
        exposure, ccds=tuple(ccd.with_planes(objects=objects) for ccd in exposure.ccds)
    )
    with fits.open(saved(with_map, tmp_path)) as units:
        table = units["OBJCAT", 2].data
        np.testing.assert_array_equal(table["X_IMAGE"], [11.0, 21.0])
        np.testing.assert_array_equal(table["FLUX_APER"], [1e4, 2e4])
        sky = exposure.ccds[1].info.wcs.sky([10.0, 30.0])
        np.testing.assert_allclose([table["X_WORLD"][0], table["Y_WORLD"][0]], sky)
        np.testing.assert_array_equal(units["OBJMASK", 2].data, objects)
        assert units["SCI", 2].header["SKYLEVEL"] == 500.0


def test_the_same_exposure_is_the_same_bytes(tmp_path, observed):
    exposure = a_product(observed)
    one, other = (saved(exposure, tmp_path, name=name) for name in ("a.fits", "b.fits"))
    assert one.read_bytes() == other.read_bytes()


def as_amplifiers(path, target):
    """Rewrite a product with one SCI, VAR, DQ triple per amplifier, as DRAGONS does."""
    with fits.open(path) as units:
        split = [units[0].copy()]
        for version, (ccd, i) in enumerate(product((1, 2, 3), range(4)), 1):
            for name in ("SCI", "VAR", "DQ"):
                whole = units[name, ccd]
                nx = whole.data.shape[1] // 4
                part = fits.ImageHDU(whole.data[:, i * nx : (i + 1) * nx], name=name, ver=version)
                det = Section(2048 * (ccd - 1) + 512 * i, 2048 * (ccd - 1) + 512 * (i + 1), 0, 4224)
                part.header["DETSEC"] = str(det)
                part.header["CCDSEC"] = str(det.moved(-2048 * (ccd - 1), 0))
                part.header["DATASEC"] = f"[1:{nx},1:{whole.data.shape[0]}]"
                part.header["CCDSUM"], part.header["BUNIT"] = "4 4", "adu"
                part.header["AMPNAME"] = f"amp {4 * ccd + i}"
                split.append(part)
        fits.HDUList(split).writeto(target)
    return target


def test_a_calibration_in_twelve_amplifiers_is_tiled_to_ccds(tmp_path, observations):
    exposure = a_product(observations["bias"], unit="adu")
    path = as_amplifiers(saved(exposure, tmp_path, "bias"), tmp_path / "twelve.fits")
    again = read_exposure(path)
    assert [len(ccd.info.amps) for ccd in again.ccds] == [4, 4, 4]
    for one, other in zip(exposure.ccds, again.ccds, strict=True):
        for name in ("sci", "var", "dq"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert other.info.section == one.info.section


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path, observed):
    tmp_path.chmod(0o500)
    with pytest.raises(GmosError, match="cannot write: permission denied"):
        saved(a_product(observed), tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path, observed):
    with pytest.raises(GmosError, match="cannot write: no such file"):
        saved(a_product(observed), tmp_path / "nowhere")


def test_amplifiers_are_named_with_their_sections(tmp_path, observed):
    exposure = a_product(observed)
    with fits.open(saved(exposure, tmp_path)) as units:
        header = units["SCI", 1].header
    for i, amp in enumerate(exposure.ccds[0].info.amps, start=1):
        assert header[f"AMPNAM{i}"] == amp.name
        assert header[f"AMPSEC{i}"] == str(amp.section)
    assert header["CCDSEC"] == header["DETSEC"] == "[1:2048,1:4224]"
