"""Every recipe, for every generation of detectors, from raw files to products that are right."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from gmoscli.io import read_exposure
from gmoscli.simulate import Effects, Night, simulate
from gmoscli.simulate.score import score
from tests.commands import run

GENERATIONS = ("gmosn_e2v", "gmoss_eev_new", "gmoss_ham2")
"""Six, three and twelve amplifiers; the present one of GMOS-N is that of the other tests."""
NOISE = 0.03
"""Deviation from 1 that the noise of blank sky over the root of its variance may have."""
CONFIG = '[calibs]\ndatabases = ["cal.db get store"]\n'


def done(folder, *words):
    """Run a command that must succeed and return the names that it prints."""
    told = run(*words, cwd=folder)
    assert told.returncode == 0, told.stderr
    return told.stdout.split()


def files(folder, *words):
    names = sorted(str(path.relative_to(folder)) for path in folder.glob("raw/[NS]*.fits"))
    return done(folder, "dataselect", *words, *names)


@pytest.fixture(scope="module", params=GENERATIONS)
def night(request, tmp_path_factory) -> Path:
    """A folder with a small night and its masters."""
    folder = tmp_path_factory.mktemp(request.param)
    few = {"frames": 2, "biases": 2, "flats": 2, "exposure": (90.0,)}
    simulate(Night(request.param, (4, 4), **few), Effects(), folder / "raw")
    return with_masters(folder)


def with_masters(folder) -> Path:
    """Return the folder of a night, with two masters of two biases, and one of all flats."""
    (folder / "dragonsrc.toml").write_text(CONFIG)
    done(folder, "caldb", "init")
    done(folder, "caldb", "add", *(str(path) for path in folder.glob("raw/bpm*")))
    biases = files(folder, "-t", "BIAS")
    for group in (biases[:2], biases[2:], files(folder, "-t", "FLAT")):
        done(folder, "reduce", "-q", *group)
    return folder


def noises(path, raw):
    return [one.noise for one in score(read_exposure(path), raw)]


@pytest.mark.parametrize("recipe", ["reduce", "reduceSeparateCCDs", "reduceSeparateCCDsCentral"])
def test_the_noise_and_the_stars_of_a_stack_are_right(night, recipe):
    frames = files(night, "-x", "CAL")
    (name,) = done(night, "reduce", "-q", "-r", recipe, "-o", f"{recipe}.fits", *frames)
    scores = score(read_exposure(night / name), night / "raw")
    assert [one.ccd for one in scores] == ([0] if recipe == "reduce" else [1, 2, 3])
    for one in scores:
        assert one.noise == pytest.approx(1, abs=NOISE)
        assert one.stars > 5
        assert one.astrometry < 20  # mas; pixels are 290 to 320
        if one.ccd:  # in a mosaic the ccds' responses to colour differ
            assert one.photometry < one.photon_limit + 5  # mmag


def test_without_stacking_every_frame_becomes_a_mosaic_of_its_own(night):
    frames = files(night, "-x", "CAL")
    names = done(night, "reduce", "-q", "-r", "reduce_nostack", *frames)
    assert names == [f"{Path(frame).stem}_mosaic.fits" for frame in frames]
    for name in names:
        assert noises(night / name, night / "raw") == pytest.approx([1.0], abs=NOISE)


@pytest.mark.parametrize("recipe", ["reduce", "reduceSeparateCCDs"])
def test_the_noise_of_frames_that_see_the_sky_with_the_same_pixels_is_right(still, recipe):
    (name,) = done(still, "reduce", "-q", "-r", recipe, *files(still, "-x", "CAL"))
    (noise,) = noises(still / name, still / "raw")
    assert noise == pytest.approx(1, abs=NOISE)  # 1.16 if the noise of the flat were forgotten


@pytest.fixture(scope="module")
def still(tmp_path_factory) -> Path:
    """A folder with a bright night that was not dithered."""
    folder = tmp_path_factory.mktemp("still")
    few = {"frames": 8, "biases": 2, "flats": 2, "exposure": (60.0,), "sky": (5.0,)}
    night = Night("gmosn_ham", (4, 4), roi="CCD2", dither=0.0, pointing_error=0.0, **few)
    simulate(night, Effects(), folder / "raw")
    return with_masters(folder)


# ---- ccds that are off their places


@pytest.fixture(scope="module")
def displaced(tmp_path_factory) -> Path:
    """A folder with a night whose outer ccds lie off by 2 unbinned pixels, and wide dithers."""
    folder = tmp_path_factory.mktemp("displaced")
    few = {"frames": 3, "biases": 2, "flats": 2, "exposure": (90.0,)}
    night = Night("gmosn_ham", (4, 4), dither=45.0, placement_error=2.0, seed=149, **few)
    simulate(night, Effects(), folder / "raw")
    return with_masters(folder)


def stack_of_mosaics(folder, product, *mosaics):
    """Return the astrometry of a stack of mosaics, mas, and what was told."""
    told = run("reduce", "-r", "alignAndStack", "-o", product, *mosaics, cwd=folder)
    assert told.returncode == 0, told.stderr
    (one,) = score(read_exposure(folder / product), folder / "raw")
    assert one.stars > 30
    assert one.noise == pytest.approx(1, abs=NOISE)
    return one.astrometry, told.stderr


def test_mosaics_of_all_frames_at_once_are_laid_by_their_stars(displaced):
    frames = files(displaced, "-x", "CAL")
    mosaics = done(displaced, "reduce", "-q", "-r", "reduce_nostack", *frames)
    astrometry, told = stack_of_mosaics(displaced, "all.fits", *mosaics)
    assert astrometry < 10
    assert "warning" not in told
    for name in mosaics:
        header = fits.getheader(displaced / name, "SCI")
        for index in (1, 3):
            assert np.hypot(header[f"CCD{index}OFFX"], header[f"CCD{index}OFFY"]) > 0.03
            assert 0 < header[f"CCD{index}OFFE"] < 0.01
            assert header[f"CCD{index}OFFN"] >= 20


# ---- products made of products


@pytest.fixture(scope="module")
def stacks(tmp_path_factory, raw, masters) -> dict[str, Path]:
    """A stack of all frames of the usual night, and one of a stack and a single frame."""
    folder = tmp_path_factory.mktemp("stacks")
    (folder / "dragonsrc.toml").write_text(CONFIG.replace("cal.db get store", f"{masters} get"))
    frames = [str(raw / f"N20220627S011{i}.fits") for i in (5, 6, 7)]
    reduce = ("reduce", "-q", "-r", "reduceSeparateCCDs", "-o")
    for name, some in (("whole", frames), ("pair", frames[:2]), ("single", frames[2:])):
        done(folder, *reduce, f"{name}.fits", *some)
    parts = ("pair.fits", "single.fits")
    done(folder, "reduce", "-q", "-r", "alignAndStack", "-o", "parts.fits", *parts)
    return {name: folder / f"{name}.fits" for name in ("whole", "parts")}


@pytest.fixture(scope="module")
def light(stacks, raw) -> float:
    """Light of the frame that the whole's counts are of, over that of the parts' counts."""
    frames = Table.read(raw / "truth_frames.ecsv", format="ascii.ecsv")
    frames.add_index("file")
    return transparency(stacks["whole"], frames) / transparency(stacks["parts"], frames)


def transparency(path, frames):
    """Return that of the raw frame behind a stack's counts, which may be a stack's reference."""
    header = fits.getheader(path)
    name = str(header.get("REFFRAME") or header["ORIGNAME"])
    behind = path.with_name(name)
    if behind.exists():
        return transparency(behind, frames)
    return float(frames.loc[name.removesuffix(".fits")]["transparency"])


def test_noise_and_weights_of_part_stacks_are_those_of_the_whole(stacks, raw, light):
    whole, parts = (read_exposure(stacks[name]) for name in ("whole", "parts"))
    assert noises(stacks["parts"], raw) == pytest.approx([1.0] * 3, abs=NOISE)
    for one, other in zip(whole.ccds, parts.ccds, strict=True):
        ours, theirs = (large_aperture_variance(ccd) for ccd in (one, other))
        # CORRFACT is a mean over frames, of which one was interpolated before and one was not.
        assert light**2 * theirs / ours == pytest.approx(1, abs=0.08)
        gains = [np.mean([amp.gain for amp in ccd.info.amps]) for ccd in (one, other)]
        assert gains[1] / gains[0] / light == pytest.approx(1, abs=0.03)


def large_aperture_variance(ccd):
    """Return the variance of blank sky a pixel, with the noise that interpolation hides."""
    return float(np.median(ccd.var[ccd.dq == 0])) * ccd.info.correlation**2


def test_stars_of_part_stacks_are_as_bright_as_those_of_the_whole(stacks, light):
    with fits.open(stacks["whole"]) as whole, fits.open(stacks["parts"]) as parts:
        for number in (1, 2, 3):
            one, other = (units["OBJCAT", number].data for units in (whole, parts))
            dec = np.cos(np.radians(one["Y_WORLD"][0]))
            dx = 3600 * dec * (one["X_WORLD"][:, None] - other["X_WORLD"])
            dy = 3600 * (one["Y_WORLD"][:, None] - other["Y_WORLD"])
            i, j = np.nonzero(np.hypot(dx, dy) < 0.3)
            ratio = one["FLUX_APER"][i] / other["FLUX_APER"][j]
            error = one["FLUXERR_APER"][i] / one["FLUX_APER"][i]
            good = (error < 0.01) & (one["FLAGS"][i] == 0) & (other["FLAGS"][j] == 0)
            assert good.sum() > 5
            assert np.median(ratio[good]) == pytest.approx(light, abs=0.01)


def test_a_stack_of_stacks_tells_of_every_raw_frame_and_every_step(stacks):
    with fits.open(stacks["whole"]) as whole, fits.open(stacks["parts"]) as parts:
        for word in ("ORIGNAME", "NCOMBINE", "TEXPTIME", "DATE-AVG", "AMSTART", "AMEND", "BIASIM"):
            assert parts[0].header[word] == whole[0].header[word], word
        for number in (1, 2, 3):
            for word in ("AMPNAME", "AMPNAM1", "AMPNAM4", "AMPSEC4"):
                assert parts["SCI", number].header[word] == whole["SCI", number].header[word]
        steps = [str(step) for step in whole["HISTORY"].data["step"]]
        assert [str(step) for step in parts["HISTORY"].data["step"]][: len(steps)] == steps
        for column in ("filename", "md5"):
            ours, theirs = (set(units["PROVENANCE"].data[column]) for units in (whole, parts))
            assert ours < theirs


def test_the_catalogue_and_the_mask_are_those_of_the_stack(stacks):
    with fits.open(stacks["whole"]) as units:
        for number in (1, 2, 3):
            table, mask = units["OBJCAT", number].data, units["OBJMASK", number].data
            assert mask.shape == units["SCI", number].data.shape
            x, y = (np.rint(table[f"{axis}_IMAGE"] - 1).astype(int) for axis in "XY")
            assert mask[y, x].mean() > 0.98
            sky = units["SCI", number].header["SKYLEVEL"]
            faint = table["FLUX_APER"] < 20 * table["FLUXERR_APER"]
            # Sources that no single frame shows at five sigma are in it.
            assert faint.any()
            assert (units["SCI", number].data[y, x] > sky).mean() > 0.95
