import struct
import zlib

import numpy as np
import pytest

from gmoscli.dq import Dq
from gmoscli.errors import GmosError
from gmoscli.frame import Exposure
from gmoscli.preview import GAP, GROUND, png, preview
from tests.builders import a_ccd, an_observation


def an_exposure(*ccds):
    return Exposure(an_observation(*(ccd.info for ccd in ccds)), ccds)


def noisy(shape=(40, 60), index=2, dq=0, **at):
    """Return a ccd of sky, noise 1 about 100, and of pixels at given values."""
    sci = np.random.default_rng(1).normal(100, 1, shape).astype(np.float32)
    for pixel, value in at.get("pixels", {}).items():
        sci[pixel] = value
    return a_ccd(sci, dq=np.broadcast_to(np.asarray(dq, np.uint16), shape), index=index)


def decoded(path):
    """Return the pixels of a PNG file, read by its standard."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        assert struct.unpack(">I", data[at + 8 + size : at + 12 + size])[0] == zlib.crc32(
            kind + body
        )
        chunks[kind] = body
        at += 12 + size
    nx, ny, bits, colour, *methods = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (bits, methods) == (8, [0, 0, 0])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(ny, -1)
    assert (lines[:, 0] == 0).all()
    pixels = lines[:, 1:]
    return pixels if colour == 0 else pixels.reshape(ny, nx, 3)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
def test_a_png_file_holds_the_picture(tmp_path, shape):
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    png(tmp_path / "x.png", picture)
    np.testing.assert_array_equal(decoded(tmp_path / "x.png"), picture)


def test_a_picture_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(GmosError, match="nowhere"):
        png(tmp_path / "nowhere" / "x.png", np.zeros((2, 2), np.uint8))


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


def test_an_exposure_without_a_good_pixel_is_still_a_picture():
    assert preview(an_exposure(noisy(dq=Dq.BAD))).shape == (40, 60, 3)


def test_a_flat_field_without_noise_is_still_a_picture():
    assert np.ptp(preview(an_exposure(a_ccd(np.ones((8, 8)))))) == 0
