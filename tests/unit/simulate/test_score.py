from dataclasses import replace

import numpy as np
import pytest

from gmoscli.frame import Ccd, Exposure
from gmoscli.geometry import Affine
from gmoscli.simulate import Effects, Night
from gmoscli.simulate.score import score
from gmoscli.simulate.truth import write_truth
from tests.builders import simulated

NIGHT = Night(binning=(4, 4), frames=1, biases=0, flats=0, star_density=15.0)
EFFECTS = Effects.only("stars", "galaxies", "sky", "gain")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the truth tables of the night."""
    folder = tmp_path_factory.mktemp("night")
    list(write_truth(NIGHT, EFFECTS, folder))
    return folder


@pytest.fixture(scope="module")
def perfect():
    """The exposure as a perfect reduction would have it: nothing but photons."""
    frame, shot = simulated(NIGHT, EFFECTS, "science", 0)
    rng = np.random.default_rng(1)
    ccds = []
    for info, truth in zip(frame.obs.ccds, shot.ccds, strict=True):
        light = truth.sources + truth.background
        sci = rng.normal(light, np.sqrt(light)).astype(np.float32)
        flags = truth.saturated.astype(np.uint16)
        ccds.append(Ccd(replace(info, unit="electron"), sci, light, flags))
    return Exposure(replace(frame.obs, exposure_time=shot.shot.exposure), tuple(ccds))


def changed(product, index, change):
    """Return the product with one ccd changed."""
    ccds = [change(ccd) if ccd.info.index == index else ccd for ccd in product.ccds]
    return replace(product, ccds=tuple(ccds))


def test_a_perfect_product_differs_from_the_truth_by_its_photons_alone(perfect, folder):
    for one in score(perfect, folder):
        assert one.stars >= 8
        assert one.astrometry < 4
        assert one.photometry < 2 * one.photon_limit
        assert one.noise == pytest.approx(1, abs=0.02)


def test_each_ccd_has_its_score(perfect, folder):
    assert [one.ccd for one in score(perfect, folder)] == [1, 2, 3]


def test_coordinates_that_are_all_off_alike_do_not_count(perfect, folder):
    def off(ccd):
        return ccd.with_info(wcs=replace(ccd.info.wcs, crval=(crval[0], crval[1] + 3 / 3600)))

    crval = perfect.ccds[0].info.wcs.crval
    moved = replace(perfect, ccds=tuple(map(off, perfect.ccds)))
    before, after = score(perfect, folder), score(moved, folder)
    assert [one.stars for one in after] == [one.stars for one in before]
    assert [one.astrometry for one in after] == pytest.approx(
        [one.astrometry for one in before], abs=0.5
    )


def test_a_ccd_in_the_wrong_place_is_found_out(perfect, folder):
    off = Affine.moved(0.1, 0.1)  # pixels of 0.32 arcsec: 32 mas
    moved = changed(perfect, 3, lambda c: c.with_info(wcs=c.info.wcs.before(off)))
    places = [one.astrometry for one in score(moved, folder)]
    assert max(places[:2]) < 6
    assert places[2] == pytest.approx(1.4826 * 32, rel=0.15)


def test_a_variance_that_is_too_small_is_found_out(perfect, folder):
    boasting = changed(perfect, 1, lambda c: c.with_planes(var=c.var / 4))
    assert [round(one.noise, 1) for one in score(boasting, folder)] == [2.0, 1.0, 1.0]


def test_a_response_that_is_not_even_is_found_out(perfect, folder):
    def uneven(ccd):
        columns = np.arange(ccd.sci.shape[1])
        return ccd.with_planes(sci=ccd.sci * (1 + 0.03 * np.sin(columns / 20)).astype(np.float32))

    before, after = score(perfect, folder)[1], score(changed(perfect, 2, uneven), folder)[1]
    assert after.photometry > before.photometry + 8


def test_a_star_on_a_flagged_pixel_does_not_count(perfect, folder):
    nothing_good = changed(
        perfect, 2, lambda c: c.with_planes(dq=c.dq | (np.indices(c.dq.shape).sum(0) % 4 == 0))
    )
    scores = score(nothing_good, folder)
    assert scores[1].stars == 0
    assert np.isnan(scores[1].photometry)
    assert scores[0].stars >= 8
