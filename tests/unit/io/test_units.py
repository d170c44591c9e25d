"""Images and tables are read back by other software as they were."""

import numpy as np
import pytest
from astropy.io import fits

from gmoscli.io.draft import Draft
from gmoscli.io.units import Column, image_unit, primary_unit, table_unit

RNG = np.random.default_rng(2)


def saved(path, *extensions):
    with path.open("wb") as stream:
        for unit in (primary_unit(Draft()), *extensions):
            unit.write(stream)
    with fits.open(path) as again:
        again.verify("exception")
    return path


@pytest.mark.parametrize("shape", [(1, 1), (37, 41), (700, 500), (2, 300_000)])
@pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8, np.uint16])
def test_an_image_is_read_back_bit_by_bit(tmp_path, kind, shape):
    plane = (RNG.uniform(0, 255, shape) * (257 if kind == np.uint16 else 1)).astype(kind)
    draft = Draft()
    draft["EXTVER"] = 4
    with fits.open(saved(tmp_path / "a.fits", image_unit("SCI", draft, plane))) as again:
        assert again["SCI", 4].data.dtype.newbyteorder("=") == kind
        np.testing.assert_array_equal(again["SCI", 4].data, plane)


def test_rows_apart_in_memory_make_the_same_file(tmp_path):
    plane = RNG.uniform(size=(50, 60)).astype(np.float32)
    apart = saved(tmp_path / "a.fits", image_unit("SCI", Draft(), plane.T))
    together = saved(tmp_path / "b.fits", image_unit("SCI", Draft(), np.ascontiguousarray(plane.T)))
    assert apart.read_bytes() == together.read_bytes()


def test_a_table_is_read_back_with_its_units(tmp_path):
    columns = [
        Column("N", "J", [1, -2]),
        Column("X", "D", np.array([0.1, np.nan]), "pix"),
        Column("E", "E", np.array([1.5, 2.5])),
        Column("STAR", "L", np.array([True, False])),
        Column("NAME", "5A", ["abc", "é"]),
    ]
    with fits.open(saved(tmp_path / "a.fits", table_unit("OBJCAT", columns, 3))) as again:
        table = again["OBJCAT", 3]
        assert list(table.data["N"]) == [1, -2]
        np.testing.assert_array_equal(table.data["X"], [0.1, np.nan])
        assert list(table.data["E"]) == [1.5, 2.5]
        assert list(table.data["STAR"]) == [True, False]
        assert list(table.data["NAME"]) == ["abc", "?"]
        assert [c.unit for c in table.columns] == [None, "pix", None, None, None]


def test_a_table_may_be_empty(tmp_path):
    columns = [Column("NAME", "28A", []), Column("N", "J", []), Column("STAR", "L", [])]
    with fits.open(saved(tmp_path / "a.fits", table_unit("HISTORY", columns))) as again:
        assert len(again["HISTORY"].data) == 0
