"""Where the sky is: sidereal time, altitude and airmass, good to a tenth of a degree.

Formulae: Meeus, Astronomical Algorithms (1998), chapters 12 and 13.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import asin, atan2, cos, degrees, radians, sin, tan

_J2000 = datetime(2000, 1, 1, 12)


@dataclass(frozen=True)
class Site:
    """A telescope; degrees, east and north positive, and the local clock in hours from UT."""

    name: str
    longitude: float
    latitude: float
    clock: float

    def local(self, ut: datetime) -> datetime:
        """Return the local time."""
        return ut + timedelta(hours=self.clock)


SITES = {
    "GMOS-N": Site("Gemini-North", -155.46906, 19.82380, -10.0),
    "GMOS-S": Site("Gemini-South", -70.73669, -30.24075, -4.0),
}


def sidereal_time(site: Site, ut: datetime) -> float:
    """Return the local sidereal time in degrees."""
    days = (ut - _J2000) / timedelta(days=1)
    return (280.46061837 + 360.98564736629 * days + site.longitude) % 360


def mjd(ut: datetime) -> float:
    """Return the modified Julian date."""
    return (ut - _J2000) / timedelta(days=1) + 51544.5


def year(ut: datetime) -> float:
    """Return the time as a Julian year with its fraction."""
    return 2000 + (ut - _J2000) / timedelta(days=365.25)


@dataclass(frozen=True)
class Look:
    """Where the telescope looks, in degrees; ``azimuth`` from north over east."""

    hour_angle: float
    elevation: float
    azimuth: float
    parallactic: float

    @property
    def airmass(self) -> float:
        """Return the secant of the zenith distance."""
        return 1 / sin(radians(max(self.elevation, 10.0)))


def look(site: Site, ut: datetime, ra: float, dec: float) -> Look:
    """Return where a position of the sky stands at a time."""
    hour_angle = (sidereal_time(site, ut) - ra + 180) % 360 - 180
    h, d, lat = radians(hour_angle), radians(dec), radians(site.latitude)
    elevation = asin(sin(lat) * sin(d) + cos(lat) * cos(d) * cos(h))
    azimuth = atan2(-sin(h) * cos(d), sin(d) * cos(lat) - cos(d) * cos(h) * sin(lat))
    parallactic = atan2(sin(h), tan(lat) * cos(d) - sin(d) * cos(h))
    return Look(hour_angle, degrees(elevation), degrees(azimuth) % 360, degrees(parallactic))
