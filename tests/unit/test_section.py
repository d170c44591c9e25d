"""Rectangles of pixels, as headers write them and as arrays count them."""

import pytest

from gmoscli.section import Section

AREA = Section(0, 1024, 0, 2112)


def test_headers_count_from_one_and_include_the_end():
    assert Section.parse("[1:1024,1:2112]") == AREA
    assert str(AREA) == "[1:1024,1:2112]"


def test_blanks_do_not_matter():
    assert Section.parse(" [ 1 : 1024 , 1:2112 ] ") == AREA


@pytest.mark.parametrize(
    "text", ["", "[:,:]", "[1:2]", "1:2,3:4", "[1:2,3:4", "[2:1,1:2]", "[-1:2,1:2]", "[a:b,c:d]"]
)
def test_anything_else_is_no_section(text):
    with pytest.raises(ValueError, match="section"):
        Section.parse(text)


def test_an_empty_rectangle_cannot_be_made():
    with pytest.raises(ValueError, match="empty"):
        Section(3, 3, 0, 1)


def test_slices_are_rows_then_columns():
    assert Section(1, 2, 3, 4).slices == (slice(3, 4), slice(1, 2))


def test_binning_divides_and_moving_adds():
    assert Section(512, 1024, 0, 4224).binned(2, 4) == Section(256, 512, 0, 1056)
    assert Section(0, 1, 0, 1).moved(2, 3) == Section(2, 3, 3, 4)


def test_overlap_is_what_both_hold_and_join_what_holds_both():
    one, two = Section(0, 10, 0, 10), Section(5, 20, 2, 4)
    assert one.overlap(two) == Section(5, 10, 2, 4)
    assert one.joined(two) == Section(0, 20, 0, 10)
    assert one.overlap(Section(10, 11, 0, 1)) is None
    assert one.holds(Section(5, 10, 2, 4))
    assert not one.holds(two)
