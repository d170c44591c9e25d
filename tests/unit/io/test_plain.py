"""Pixels are read where they lie as a library reads them, however they are stored."""

import numpy as np
import pytest
from astropy.io import fits

from gmoscli.errors import BadFile
from gmoscli.io.plain import PlainFile

RNG = np.random.default_rng(4)
KINDS = ["u1", "i2", "u2", "i4", "u4", "i8", "f4", "f8"]


def saved(path, *units):
    fits.HDUList([fits.PrimaryHDU(), *units]).writeto(path)
    return path


def noise(kind="f4", shape=(13, 17)):
    most = 1.0 if kind[0] == "f" else 0.9 * min(np.iinfo(kind).max, 1e9)
    return RNG.uniform(0, most, shape).astype(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_pixels_of_every_type_are_read_as_they_were(tmp_path, kind):
    pixels = noise(kind)
    again = PlainFile(saved(tmp_path / "a.fits", fits.ImageHDU(pixels))).pixels("", 1)
    assert again.dtype == kind
    np.testing.assert_array_equal(again, pixels)


def test_extensions_are_found_by_name_and_number_behind_tables(tmp_path):
    table = fits.BinTableHDU.from_columns([fits.Column("A", "PE()", array=[[1.0], [2.0, 3.0]])])
    planes = [noise() for _ in range(4)]
    units = [
        fits.ImageHDU(p, name=n, ver=v)
        for p, n, v in zip(planes, "ABAB", (1, 1, 2, 2), strict=True)
    ]
    path = saved(tmp_path / "a.fits", units[0], table, *units[1:], fits.ImageHDU(planes[0]))
    file = PlainFile(path)
    np.testing.assert_array_equal(file.pixels("A", 2), planes[2])
    np.testing.assert_array_equal(file.pixels("B", 2), planes[3])
    np.testing.assert_array_equal(file.pixels("", 1), planes[0])
    assert file.pixels("A", 3) is None
    assert file.pixels("C", 1) is None


def test_scaled_blanked_and_tiled_pixels_are_read_as_the_library_reads_them(tmp_path):
    scaled = fits.ImageHDU(noise(), name="SCALED")
    scaled.scale("int16", bscale=0.01, bzero=3)
    blanked = fits.ImageHDU(noise("i2"), name="BLANKED")
    blanked.header["BLANK"] = 7
    tiled = fits.CompImageHDU(noise("i2"), name="TILED")
    file = PlainFile(saved(tmp_path / "a.fits", scaled, blanked, tiled))
    with fits.open(file.path) as units:
        for unit in units[1:]:
            np.testing.assert_array_equal(file.pixels(unit.name, 1), unit.data)


def test_a_file_of_broken_blocks_is_refused(tmp_path):
    path = saved(tmp_path / "a.fits", fits.ImageHDU(noise()))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(
        BadFile, match=r"truncated: \d+ bytes are not a whole number of FITS blocks"
    ):
        PlainFile(path)
