"""What files tell of how they were made."""

import json

import numpy as np
import pytest
from astropy.io import fits

from gmoscli.errors import BadFile
from gmoscli.fits import Headers
from gmoscli.past import Done, Past, Used, past_of

ROW = Done("clip_noise", "rejectPixels", '{"sigma": 3.0}')
USED = Used("N1.fits", "0" * 32, "prepare")


def texts(name, **columns) -> fits.BinTableHDU:
    made = [fits.Column(key, "128A", array=np.array(values)) for key, values in columns.items()]
    return fits.BinTableHDU.from_columns(made, name=name)


def a_product(path, *tables, **cards):
    """Write a file with pixels before its tables."""
    units = [fits.PrimaryHDU(), fits.ImageHDU(np.zeros((50, 60), np.float32)), *tables]
    units[0].header.update({"PREPARE": "T", **cards})
    fits.HDUList(units).writeto(path)
    return path


def history(*lines: Done) -> fits.BinTableHDU:
    return texts(
        "HISTORY",
        primitive=[line.primitive for line in lines],
        args=[line.args for line in lines],
        step=[line.step for line in lines],
    )


def provenance() -> fits.BinTableHDU:
    return texts(
        "PROVENANCE",
        filename=[USED.name],
        md5=[USED.checksum],
        provenance_added_by=[USED.step],
    )


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2"])
def test_both_tables_are_read_also_from_compressed_files(tmp_path, ending):
    path = a_product(tmp_path / f"p.fits{ending}", history(ROW), provenance())
    assert past_of(Headers.open(path)) == Past((ROW,), (USED,))


def test_tables_may_be_longer_than_a_block(tmp_path):
    path = a_product(tmp_path / "p.fits", history(*[ROW] * 30), provenance())
    assert past_of(Headers.open(path)) == Past((ROW,) * 30, (USED,))


def test_a_product_may_lack_one_table(tmp_path):
    path = a_product(tmp_path / "p.fits", history(ROW, ROW))
    assert past_of(Headers.open(path)) == Past((ROW, ROW), ())


def test_headers_in_memory_tell_nothing():
    assert past_of(Headers({"PREPARE": "T"})) == Past()


def test_a_table_that_ends_too_early_is_a_bad_file(tmp_path):
    path = a_product(tmp_path / "p.fits", history(ROW), provenance())
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(BadFile, match="truncated"):
        past_of(Headers.open(path))


@pytest.mark.parametrize("args", ["", "{}", json.dumps({"sigma": 3.0, "how": None})])
def test_parameters_are_those_that_were_written(args):
    assert Done("x", "x", args).parameters == json.loads(args or "{}")


@pytest.mark.parametrize("args", ["sigma=3", "[1, 2]"])
def test_what_is_no_set_of_parameters_stays_as_it_is(args):
    assert Done("x", "x", args).parameters == {"": args}


def test_frames_are_told_from_calibrations():
    assert (USED.role, Used("b.fits", "", "bias").role) == ("frame", "bias")
