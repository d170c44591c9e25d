"""When: dates and times are UT and without a time zone."""

import re
from datetime import date, datetime, time, timedelta

from ...fits import Headers
from .. import keywords
from .registry import descriptor

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_OLD_DATE = re.compile(r"(\d\d)/(\d\d)/(\d\d)")
_TIME = re.compile(r"(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d*))?")
_NIGHT = re.compile(r".(2\d{3})(\d\d)(\d\d)")
_LONGEST_EXPOSURE = 10000.0  # seconds; more than that is a broken header
_MJD_ZERO = datetime(1858, 11, 17)
_LAST_MJD = 100_000  # the year 2132

Stamp = tuple[date | None, time | None]


@descriptor("s")
def exposure_time(h: Headers) -> float | None:
    """Return the exposure time."""
    seconds = keywords.number(h.phu, "EXPTIME")
    return seconds if seconds is not None and 0 <= seconds <= _LONGEST_EXPOSURE else None


@descriptor("UT")
def ut_date(h: Headers) -> date | None:
    """Return the UT date of the exposure."""
    return _stamp(h)[0]


@descriptor("UT")
def ut_time(h: Headers) -> time | None:
    """Return the UT time at the start of the exposure."""
    return _stamp(h)[1]


@descriptor("UT")
def ut_datetime(h: Headers) -> datetime | None:
    """Return the UT date and time at the start of the exposure.

    Without any date in the primary header it is the night in FRMNAME or in the file's name; a
    missing time is midnight.
    """
    day, clock = _stamp(h)
    day = day or _night(h)
    return None if day is None else datetime.combine(day, clock or time())


@descriptor("local")
def local_time(h: Headers) -> time | None:
    """Return the local time at the start of the exposure."""
    return _time(keywords.text(h.phu, "LT") or "")


def _stamp(h: Headers) -> Stamp:
    """Return date and time from the first cards that tell them.

    A date may bring its time along; otherwise UT counts before TIME-OBS, STARTUT and UTSTART.
    Where one of the two is missing, MJD-OBS and OBSSTART tell both.
    """
    day, clock = _first_date(h)
    clock = clock or _first_time(h)
    if day is None or clock is None:
        last = _last_resort(h)
        if last is not None:
            return day or last.date(), clock or last.time()
    return day, clock


def _first_date(h: Headers) -> Stamp:
    for keyword in ("DATE-OBS", "DATE", "UTDATE"):
        text = keywords.text(h.phu, keyword) or ""
        if (day := _date(text)) is not None:
            return day, _time(text[11:]) if text[10:11] == "T" else None
    return None, None


def _first_time(h: Headers) -> time | None:
    times = (_time(keywords.text(h.phu, k) or "") for k in ("UT", "TIME-OBS", "STARTUT", "UTSTART"))
    return next((clock for clock in times if clock is not None), None)


def _last_resort(h: Headers) -> datetime | None:
    days = keywords.number(h.phu, "MJD-OBS")
    if days is not None and 1 < days < _LAST_MJD:
        return _MJD_ZERO + timedelta(days=days)
    text = keywords.text(h.phu, "OBSSTART") or ""
    day, clock = _date(text), _time(text[11:])
    return None if day is None or clock is None else datetime.combine(day, clock)


def _night(h: Headers) -> date | None:
    """Return the date in the controller's frame name or in the file's name: N20220613S0138."""
    frames = [keywords.text(extension, "FRMNAME") or "" for extension in h.extensions]
    names = [*frames, h.path.name if h.path else ""]
    found = next((match for name in names if (match := _NIGHT.match(name))), None)
    return None if found is None else _valid_date(*found.groups())


def _date(text: str) -> date | None:
    if found := _DATE.match(text):
        return _valid_date(*found.groups())
    if found := _OLD_DATE.match(text):
        day, month, year = found.groups()
        return _valid_date("19" + year, month, day)
    return None


def _valid_date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _time(text: str) -> time | None:
    found = _TIME.match(text.strip())
    if found is None:
        return None
    hour, minute, second, fraction = found.groups()
    microsecond = int((fraction or "").ljust(6, "0")[:6])
    try:
        return time(int(hour), int(minute), int(second), microsecond)
    except ValueError:
        return None
