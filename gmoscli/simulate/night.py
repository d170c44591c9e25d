"""What is observed in a simulated night: the instrument, the field, the frames."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from ..errors import UsageError, unknown
from ..gmos.detectors import Detector, detectors, gain, rois
from ..gmos.filters import wheel_cards
from ..section import Section

Speed = Literal["slow", "fast"]
Setting = Literal["low", "high"]

_FIRST_DAY = {
    "gmosn_eev": date(2009, 6, 13),
    "gmosn_e2v": date(2015, 6, 13),
    "gmosn_ham": date(2022, 6, 13),
    "gmoss_eev_old": date(2003, 6, 13),
    "gmoss_eev_new": date(2010, 6, 13),
    "gmoss_ham1": date(2018, 6, 13),  # after the banding of 2014-15, before amp 5 failed in 2022
    "gmoss_ham2": date(2024, 6, 13),
}
_NEW_BOARDS = date(2015, 8, 26)
_FORTNIGHT = timedelta(days=14)


@dataclass(frozen=True)
class Night:
    """Flats and biases of one day, science frames and biases of another, one detector and mode.

    Sequences of values a frame are taken in turn and begin again when they are used up.
    """

    detector: str = "gmosn_ham"
    """Which generation, by its name in the detector table."""
    binning: tuple[int, int] = (2, 2)
    roi: str = "Full Frame"
    """Or 'CCD2', 'Central Stamp', 'Central Spectrum'."""
    filter: str = "r"
    speed: Speed = "slow"
    setting: Setting = "low"
    biases: int = 5
    """In each of the two sets."""
    flats: int = 5
    frames: int = 5
    exposure: tuple[float, ...] = (350.0,)
    """Seconds of each science frame."""
    flat_levels: tuple[float, ...] = (60e3, 50e3, 41e3, 33e3, 26e3)
    """Electrons per binned pixel of each twilight flat, in the middle of the field."""
    days: tuple[date, date] | None = None
    """UT dates of the flats and of the science; None: dates this detector was in use."""
    seed: int = 1
    field: tuple[float, float] | None = None
    """RA and Dec of the science field, degrees; None: one that stands high."""
    pa: float = 0.0
    """Position angle, degrees."""
    dither: float = 10.0
    """Largest offset along p and q, arcsec; a gap between chips is 3 to 6 arcsec wide."""
    offsets: tuple[tuple[float, float], ...] = ()
    """(p, q) of each science frame, arcsec; empty: a pattern within ``dither``."""
    pointing_error: float = 0.3
    """Largest distance between true and header pointing, arcsec."""
    roll_error: float = 0.0
    """Largest error of the position angle of a frame, degrees."""
    placement_error: float = 0.3
    """Typical displacement of chips 1 and 3 from their catalogued places, unbinned pixels."""
    seeing: tuple[float, ...] = (0.75, 0.68, 0.82, 0.71, 0.90)
    """FWHM of each science frame, arcsec."""
    transparency: tuple[float, ...] = (1.0, 0.97, 0.93, 0.99, 0.95)
    sky: tuple[float, ...] = ()
    """Sky of each science frame, e-/s per unbinned pixel; empty: a dark sky, slightly varying."""
    moonlight: tuple[float, ...] = (0.04, 0.01, 0.06, 0.02, 0.03)
    """By how much the sky of each science frame rises in 5 arcmin, over its level."""
    fringe_amplitude: float | None = None
    """Of the fringes over the sky; None: what filter and chips are known for."""
    star_density: float = 20.0
    """Per square arcmin."""
    galaxy_density: float = 4.0
    magnitudes: tuple[float, float] = (15.5, 24.0)
    """Of the brightest and the faintest source."""
    qe: tuple[float, float, float] = (0.96, 1.0, 0.985)
    """Sensitivity of the chips to light of colour 0, over that of chip 2."""
    colour_terms: tuple[float, float, float] = (0.04, 0.0, -0.03)
    """Magnitudes by which a source of colour 1 is fainter on each chip than one of colour 0."""
    cosmic_rate: float = 1.0
    """Cosmic rays over their usual number."""

    def __post_init__(self) -> None:
        array = self.array
        try:
            wheel_cards(array.instrument, self.filter)
        except KeyError as error:
            raise UsageError(error.args[0]) from None
        _require(set(self.binning) <= {1, 2, 4}, f"binning {self.binning}: 1, 2 or 4 each way")
        _require(min(self.biases, self.flats, self.frames) >= 0, "a number of frames is negative")
        for name in ("exposure", "flat_levels", "seeing", "transparency"):
            values: Sequence[float] = getattr(self, name)
            _require(len(values) > 0 and min(values) > 0, f"{name}: positive numbers, at least one")
        _require(
            gain(array.amps[0].name, self.science_day, self.speed, self.setting) is not None,
            f"{array.id} was not read {self.speed}/{self.setting} on {self.science_day}",
        )
        roi, (xbin, ybin) = self.region, self.binning
        edges = {roi.x1, roi.x2} | {edge for amp in array.amps for edge in (amp.x1, amp.x2)}
        _require(
            not any(x % xbin for x in edges) and not any(y % ybin for y in (roi.y1, roi.y2)),
            f"binning {xbin}x{ybin} does not divide the region {self.roi!r}",
        )

    @cached_property
    def array(self) -> Detector:
        """The detector array and its numbers."""
        found = next((one for one in detectors() if one.id == self.detector), None)
        if found is None:
            raise unknown("detector", self.detector, [one.id for one in detectors()])
        return found

    @cached_property
    def region(self) -> Section:
        """The part of the detector that is read, in unbinned detector coordinates."""
        if self.roi not in rois():
            raise unknown("region", self.roi, rois())
        sections = rois()[self.roi]
        if not self.array.family.startswith("Hamamatsu"):
            return sections[0]
        short_stamp = self.roi == "Central Stamp" and self.array.instrument == "GMOS-S"
        return sections[1 if short_stamp else -1]

    @property
    def flat_day(self) -> date:
        """UT date of the flats and of the first set of biases."""
        return self.days[0] if self.days else _FIRST_DAY[self.detector]

    @property
    def science_day(self) -> date:
        """UT date of the science frames and of the second set of biases."""
        return self.days[1] if self.days else self.flat_day + _FORTNIGHT

    @property
    def detector_keyword(self) -> str:
        """The DETECTOR card; that of GMOS-S changed when it got new video boards."""
        return self.array.keywords[0 if self.flat_day < _NEW_BOARDS else -1]

    @property
    def pixel_area(self) -> int:
        """Unbinned pixels in a binned one."""
        return self.binning[0] * self.binning[1]


def turn(values: Sequence[float], index: int) -> float:
    """Return the value of a frame; sequences begin again when they are used up."""
    return values[index % len(values)]


def _require(truth: bool, message: str) -> None:
    if not truth:
        raise UsageError(message)
