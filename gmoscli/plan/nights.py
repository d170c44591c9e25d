"""Which night an exposure belongs to."""

from datetime import date, datetime, timedelta

_NOON = {"GMOS-N": 22, "GMOS-S": 16}
"""Hour of UT at local noon: Hawaii is at UTC-10; Chile at UTC-4, at UTC-3 in its summer."""


def night_of(instrument: str, moment: datetime) -> date:
    """Return the night of an instant of UT: it lasts from noon to noon, local time.

    It goes by the UT date of its morning, as Gemini names its files. So biases of the morning
    after belong to it, twilights of both its ends, and a night at Gemini South is one although
    the UT date changes in it.
    """
    return (moment + timedelta(hours=24 - _NOON[instrument.upper()])).date()
