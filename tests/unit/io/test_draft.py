"""A header in the making holds what it is told, in a form that other software reads."""

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from gmoscli.cards import Header
from gmoscli.io.draft import BLOCK, Draft
from tests.fits_bytes import card

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200)


def read(draft, **structure):
    """The header as other software reads it, checked against the standard."""
    header = fits.Header.fromstring(draft.under(structure).decode("ascii"))
    for one in header.cards:
        one.verify("exception")
    return header


def drafted(**cards):
    draft = Draft()
    draft.update(cards)
    return draft


@given(TEXT)
def test_a_string_of_any_length_is_read_back(text):
    draft = drafted(WORD=text)
    assert read(draft)["WORD"] == text.rstrip()
    assert Header(draft.under({}))["WORD"] == text.rstrip()


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.booleans())
def test_a_number_is_read_back_to_its_last_digit(value):
    again = read(drafted(NUMBER=value))["NUMBER"]
    assert again == value
    assert type(again) is type(value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5), np.int64(7), np.True_])
def test_numbers_of_arrays_are_numbers(value):
    assert read(drafted(NUMBER=value))["NUMBER"] == value


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], b"text"])
def test_what_no_card_holds_is_refused(value):
    with pytest.raises(TypeError, match="no FITS card holds"):
        drafted(NUMBER=value)


def test_nothing_is_a_card_without_value():
    assert read(drafted(NONE=None))["NONE"] is None


@given(TEXT, TEXT)
def test_a_comment_is_cut_before_the_value_is(value, comment):
    header = read(drafted(WORD=(value, comment)))
    assert header["WORD"] == value.rstrip()
    assert comment.strip().startswith(header.comments["WORD"].strip())


def test_a_new_value_keeps_its_place_and_its_comment():
    draft = drafted(A=(1, "first"), B=("it's / 2", "second"), C=3)
    draft.update({"A": 10, "B": "new", "C": (30, "third")})
    header = read(draft)
    assert [(k, header[k], header.comments[k]) for k in header] == [
        ("A", 10, "first"),
        ("B", "new", "second"),
        ("C", 30, "third"),
    ]


def test_cards_that_are_taken_over_stay_as_they_stand():
    kept = [
        card("OBJECT", "'M  31'               /odd comment"),
        "COMMENT  two words",
        "HISTORY one",
        "HISTORY two",
        card("REAL", "1.50E+00"),
        card("REAL", "2.5").ljust(80),
        card("LONG", "'begun&'"),
        "CONTINUE  'and ended'",
        "HIERARCH ESO DET = 5",
    ]
    text = "".join(line.ljust(80) for line in kept)
    again = Draft(text + "END".ljust(80)).under({}).decode("ascii")
    assert again == (text + "END".ljust(80)).ljust(BLOCK)


def test_how_the_data_of_another_file_are_laid_out_is_not_taken_over():
    old = fits.ImageHDU(np.zeros((3, 3), np.uint16)).header
    old["OBJECT"] = "M31"
    old["CHECKSUM"] = "abc"
    assert list(read(Draft(old.tostring()), SIMPLE=True)) == ["SIMPLE", "OBJECT"]


def test_a_long_value_is_replaced_with_all_its_cards():
    draft = drafted(LONG="x" * 100, NEXT=1)
    draft["LONG"] = "short"
    assert draft.under({}).decode().count("x") == 0
    assert read(draft)["LONG"] == "short"


def test_a_header_fills_whole_blocks():
    draft = drafted(**{f"K{i}": i for i in range(100)})
    assert len(draft.under({})) == 3 * BLOCK
    assert "K5" in draft
    assert "K100" not in draft
