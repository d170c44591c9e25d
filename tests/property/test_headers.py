"""Whatever is written by the rules of FITS is read back as it was."""

from hypothesis import given
from hypothesis import strategies as st

from gmoscli.fits import Header
from gmoscli.section import Section
from tests.fits_bytes import card, unit

KEYWORDS = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_", min_size=1, max_size=8).filter(
    lambda word: word not in ("COMMENT", "HISTORY", "CONTINUE", "END", "HIERARCH")
)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(
    lambda text: text.rstrip().rstrip("&").rstrip()
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = TEXTS | NUMBERS | st.booleans() | st.integers(-(10**18), 10**18)


def as_fits(value) -> str:
    if isinstance(value, bool):
        return "T" if value else "F"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value).upper()


@given(st.dictionaries(KEYWORDS, VALUES, max_size=40), st.text("/ abc'", max_size=9))
def test_values_come_back_as_they_were_written(values, comment):
    lines = [card(key, f"{as_fits(value)} / {comment}")[:80] for key, value in values.items()]
    header = Header(unit(lines))
    assert dict(header) == values
    assert list(header) == list(values)


@given(st.text(st.characters(max_codepoint=255), max_size=80))
def test_a_card_of_nonsense_spoils_no_other(nonsense):
    header = Header(unit([card("BEFORE", "1"), nonsense, card("AFTER", "2")]))
    own = {keyword for keyword in header if keyword not in ("BEFORE", "AFTER")}
    assert (header["BEFORE"], header["AFTER"] if "AFTER" not in nonsense else 2) == (1, 2)
    assert all(isinstance(header[keyword], str | float | int | None) for keyword in own)


@given(*(st.integers(0, 7000) for _ in range(2)), *(st.integers(1, 7000) for _ in range(2)))
def test_a_section_is_read_as_it_was_written(x, y, width, height):
    section = Section(x, x + width, y, y + height)
    assert Section.parse(str(section)) == section
    assert (section.width, section.height) == (width, height)
