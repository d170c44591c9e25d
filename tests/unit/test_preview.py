"""Pictures show what pixels hold, where they lie, and which are flagged."""

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.errors import UsageError
from gmoscli.frame import Exposure
from gmoscli.preview import COLOURS, GAP, GROUND, from_afar, picture, preview, preview_of
from gmoscli.section import Section
from gmoscli.simulate import Effects, Night
from gmoscli.simulate.plan import shot_of
from gmoscli.simulate.produce import write_raw
from tests.builders import a_ccd, an_observation


def an_exposure(*ccds):
    return Exposure(an_observation(*(ccd.info for ccd in ccds)), ccds)


GRID = Section(0, 2048, 0, 4224)
"""Of a grid that frames were laid on: pixels are more or fewer than the chip has."""


def noisy(shape=(40, 60), index=2, dq=0, **at):
    """Return a ccd of sky, noise 1 about 100, and of pixels at given values."""
    sci = np.random.default_rng(1).normal(100, 1, shape).astype(np.float32)
    for pixel, value in at.get("pixels", {}).items():
        sci[pixel] = value
    dq = np.broadcast_to(np.asarray(dq, np.uint16), shape)
    return a_ccd(sci, dq=dq, index=index, section=at.get("section", GRID))


def test_ccds_stand_side_by_side_from_left_to_right():
    ccds = [noisy(index=3, dq=Dq.NO_DATA), noisy(index=1), noisy(index=2)]
    picture = preview(an_exposure(*ccds))
    assert picture.shape == (40, 3 * 60 + 2 * GAP, 3)
    assert (picture[:, 60 : 60 + GAP] == GROUND).all()
    assert (picture[:, -60:] == 0).all()
    assert (picture[:, :60] > 0).mean() > 0.9


def test_row_one_is_at_the_bottom():
    picture = preview(an_exposure(noisy(pixels={(0, 7): 1e4})))
    assert picture[..., 0].argmax() == 39 * 60 + 7


def test_more_light_is_never_darker():
    ramp = {(20, x): 90 + x**2 for x in range(60)}
    row = preview(an_exposure(noisy(pixels=ramp)))[19, :, 0].astype(int)
    assert (np.diff(row) >= 0).all()
    assert row[-1] == 255


def test_flags_show_in_colour_and_good_pixels_in_grey():
    dq = np.zeros((40, 60), np.uint16)
    dq[5, 5] = Dq.SATURATED
    picture = preview(an_exposure(noisy(dq=dq)))
    red, green, blue = picture[34, 5].tolist()
    assert red > 200 > green == blue
    picture[34, 5] = 0
    assert (np.ptp(picture, axis=2) == 0).all()


def test_flagged_light_does_not_change_the_stretch():
    dq = np.zeros((40, 60), np.uint16)
    dq[5, 5] = Dq.COSMIC_RAY
    plain = preview(an_exposure(noisy(dq=dq)))
    hot = preview(an_exposure(noisy(dq=dq, pixels={(5, 5): 1e6})))
    np.testing.assert_array_equal(plain, hot)


def test_a_wide_exposure_is_averaged_down_to_the_width_asked_for():
    ccds = [noisy((30, 90), index=i) for i in (1, 2, 3)]
    assert preview(an_exposure(*ccds), width=90).shape == (10, 90 + 2 * GAP, 3)


def test_ccds_of_different_heights_share_their_first_row():
    picture = preview(an_exposure(noisy((40, 60), index=1), noisy((38, 60), index=2)))
    assert (picture[:2, 60 + GAP :] == GROUND).all()
    assert (picture[2:, 60 + GAP :] != GROUND).any(axis=2).mean() > 0.5


@pytest.mark.parametrize("colour", COLOURS, ids=lambda colour: colour.name)
def test_a_flagged_pixel_has_its_colour(colour):
    dq = np.zeros((40, 60), np.uint16)
    dq[5, 5] = colour.flag
    assert tuple(preview(an_exposure(noisy(dq=dq)))[34, 5]) == colour.rgb


def test_without_flags_there_is_no_colour_and_only_missing_data_is_black():
    dq = np.zeros((40, 60), np.uint16)
    dq[5, 5], dq[6, 6] = Dq.BAD, Dq.NO_DATA
    ccd = noisy(dq=dq, pixels={(5, 5): 1e4, (6, 6): 1e4})
    shown = picture(an_observation(ccd.info), [from_afar(ccd, 1, flags=False)])
    assert (np.ptp(shown, axis=2) == 0).all()
    assert (shown[34, 5] == 255).all() and (shown[33, 6] == 0).all()


def test_a_picture_like_another_is_stretched_as_that_one():
    lit, dark = noisy(), noisy(dq=np.full((40, 60), Dq.UNILLUMINATED))
    dark.sci[:] /= 100
    obs = an_observation(lit.info, dark.info)
    panels = [from_afar(ccd, 1, flags=False) for ccd in (lit, dark)]
    alone = picture(obs, panels[:1])
    assert (picture(obs, panels, like=panels[:1])[:, :60] == alone).all()
    assert (picture(obs, panels)[:, :60] != alone).any()


def chips(*indexes, binning=(32, 32), y1=0):
    """Return ccds whose pixels are those of whole chips."""
    section = Section(0, 2048, y1, y1 + 32 * 40)
    return [a_ccd(np.ones((40, 64)), index=i, section=section, binning=binning) for i in indexes]


def test_chips_lie_as_far_apart_as_on_the_sky():
    detector = an_observation().detector
    gaps = [
        (b.shift[0] - a.shift[0] - 2048) / 32
        for a, b in zip(detector.chips, detector.chips[1:], strict=False)
    ]
    shown = preview(an_exposure(*chips(1, 2, 3)))
    assert shown.shape[1] == 3 * 64 + sum(max(round(gap), 1) for gap in gaps)
    assert 1 < gaps[0] < 4


def test_chips_that_are_no_neighbours_stand_side_by_side():
    assert preview(an_exposure(*chips(1, 3))).shape[1] == 2 * 64 + GAP


def test_a_region_read_higher_up_stands_higher():
    low, high = chips(1)[0], chips(2, y1=320)[0]
    shown = preview(an_exposure(low, high))
    assert shown.shape[0] == 50
    assert (shown[:10, :64] == GROUND).all() and (shown[-10:, -64:] == GROUND).all()


def test_what_was_handed_in_stays_as_it_was():
    ccd = noisy(dq=Dq.SATURATED)
    copies = [plane.copy() for plane in (ccd.sci, ccd.var, ccd.dq)]
    preview(an_exposure(ccd))
    for plane, copy in zip((ccd.sci, ccd.var, ccd.dq), copies, strict=True):
        np.testing.assert_array_equal(plane, copy)


@pytest.fixture(scope="module")
def raw_file(tmp_path_factory):
    night = Night(binning=(4, 4), frames=1)
    effects = Effects.only("sky", "gain", "bias_level", "read_noise", "stars", "saturation")
    shot = shot_of(night, "science", 0)
    return write_raw(night, effects, shot, tmp_path_factory.mktemp("raw") / "x.fits")


def test_amplifiers_of_a_raw_file_have_no_zero_level_of_their_own(raw_file):
    shown = preview_of(raw_file).astype(float)[..., 0]
    sky = [np.median(shown[:, x : x + 100]) for x in range(14, 500, 128)]
    assert np.ptp(sky) < 60  # gains differ by some percent; zero levels by far more than the noise


def test_a_raw_file_shows_its_saturated_stars_in_red(raw_file):
    shown = preview_of(raw_file)
    red = next(colour.rgb for colour in COLOURS if colour.flag is Dq.SATURATED)
    assert (shown == red).all(axis=2).sum() > 10


def test_one_ccd_alone_fills_the_width(raw_file):
    assert preview_of(raw_file, 512, only=2).shape == (1056, 512, 3)
    assert 384 < preview_of(raw_file, 512).shape[1] < 550


def test_a_ccd_that_the_file_does_not_have_is_named(raw_file):
    with pytest.raises(UsageError, match="no ccd 7"):
        preview_of(raw_file, only=7)


def test_the_same_file_gives_the_same_picture(raw_file):
    np.testing.assert_array_equal(preview_of(raw_file), preview_of(raw_file))


def test_an_exposure_without_a_good_pixel_is_still_a_picture():
    assert preview(an_exposure(noisy(dq=Dq.BAD))).shape == (40, 60, 3)


def test_a_flat_field_without_noise_is_still_a_picture():
    assert np.ptp(preview(an_exposure(a_ccd(np.ones((8, 8)))))) == 0
