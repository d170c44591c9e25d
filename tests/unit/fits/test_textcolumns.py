"""Columns of text are read as the field's own library reads them."""

import numpy as np
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.fits import Header
from gmoscli.fits.textcolumns import text_columns

WORDS = st.text("abc xyz{}\"':1", max_size=12).map(lambda word: word.rstrip())
OTHERS = ("L", "X", "11X", "B", "I", "2J", "K", "E", "3D", "C", "M", "PJ(3)", "QE(3)")


def read(table: fits.BinTableHDU) -> dict[str, list[str]]:
    """Return what this program reads of a table that astropy lays out."""
    cards = table.header.tostring(padding=False, endcard=False).encode()
    return text_columns(Header(cards), table.data.tobytes())


@given(st.lists(st.tuples(WORDS, WORDS), max_size=4), st.permutations([0, 1, *OTHERS]))
def test_text_is_found_whatever_stands_beside_it(lines, order):
    columns = [
        fits.Column(f"text{one}", "12A", array=np.array([line[one] for line in lines], "U12"))
        if isinstance(one, int)
        else fits.Column(f"{one} {i}", one)
        for i, one in enumerate(order)
    ]
    table = fits.BinTableHDU.from_columns(columns, nrows=len(lines))
    assert read(table) == {
        f"text{one}": [line[one] for line in lines] for one in order if isinstance(one, int)
    }


def test_a_text_ends_where_zeros_begin():
    table = fits.BinTableHDU.from_columns([fits.Column("a", "4A", array=np.array(["ab", ""]))])
    assert read(table) == {"a": ["ab", ""]}


def test_what_has_no_rows_to_tell_of_has_no_columns():
    assert text_columns(Header({"TFORM1": "4A", "TTYPE1": "a"}), b"") == {}
