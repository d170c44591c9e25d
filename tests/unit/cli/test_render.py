"""Values as text and as JSON."""

from datetime import date, datetime, time

import pytest

from gmoscli.cli.render import as_json, as_text
from gmoscli.section import Section

AREA = Section(0, 512, 0, 4224)


@pytest.mark.parametrize(
    ("value", "text", "json"),
    [
        (None, "", None),
        ("r", "r", "r"),
        (20.0, "20.0", 20.0),
        (True, "True", True),
        (date(2022, 6, 13), "2022-06-13", "2022-06-13"),
        (time(5, 0, 10, 500000), "05:00:10.500000", "05:00:10.500000"),
        (datetime(2022, 6, 13, 5, 0, 10), "2022-06-13 05:00:10", "2022-06-13T05:00:10"),
        (AREA, "[1:512,1:4224]", "[1:512,1:4224]"),
        ([1.568, None], "[1.568, None]", [1.568, None]),
        ([AREA, None], "['[1:512,1:4224]', None]", ["[1:512,1:4224]", None]),
        (frozenset({"CAL", "BIAS"}), "BIAS,CAL", ["BIAS", "CAL"]),
        ((4, 3), "[4, 3]", [4, 3]),
    ],
)
def test_each_kind_of_value_has_a_text_and_a_json_form(value, text, json):
    assert as_text(value) == text
    assert as_json(value) == json
