"""Nights last from noon to noon, local time."""

from datetime import date, datetime

import pytest

from gmoscli.plan.nights import night_of

SECOND = date(2022, 6, 14)


@pytest.mark.parametrize(
    ("instrument", "moment"),
    [
        ("GMOS-N", datetime(2022, 6, 13, 22)),  # noon in Hawaii
        ("GMOS-N", datetime(2022, 6, 14, 5, 10)),  # evening twilight
        ("GMOS-N", datetime(2022, 6, 14, 15, 20)),  # morning twilight
        ("GMOS-N", datetime(2022, 6, 14, 18)),  # biases of the morning after
        ("GMOS-N", datetime(2022, 6, 14, 21, 59, 59)),
        ("GMOS-S", datetime(2022, 6, 13, 16)),  # noon in Chile
        ("GMOS-S", datetime(2022, 6, 13, 22, 20)),  # evening twilight
        ("GMOS-S", datetime(2022, 6, 14, 2)),
        ("GMOS-S", datetime(2022, 6, 14, 12)),  # biases of the morning after
        ("GMOS-S", datetime(2022, 6, 14, 15, 59, 59)),
    ],
)
def test_a_night_goes_by_the_date_of_its_morning(instrument, moment):
    assert night_of(instrument, moment) == SECOND
