"""What differs from one exposure to the next: pointing, seeing, transparency, sky."""

from dataclasses import dataclass
from math import atan2, cos, degrees, hypot, pi, radians, sin
from typing import NamedTuple

from ..geometry import ARCSEC
from . import brightness
from .almanac import SITES, sidereal_time
from .effects import Effects
from .night import Night, turn
from .plan import Shot, plan
from .seeds import generator

_SKY_VARIATION = (1.0, 1.05, 1.12, 0.97, 1.03)
_FLAT_SEEING = 1.0  # arcsec; the telescope has just been opened
_BLUEST_TWILIGHT = 0.3  # magnitudes of colour, falling to minus this along the sequence
_ELLIPTICITY = 0.06  # largest 1 - b/a of the stars
_FRINGE_SCATTER = 0.1  # sky lines vary against the rest of the sky
_EAST_OF_MERIDIAN = 8.0  # degrees: a field rises for half an hour and stands high for hours


@dataclass(frozen=True)
class Conditions:
    """The truth about one exposure, beyond its header."""

    base: tuple[float, float]
    """RA and Dec of the target, degrees, as the header tells."""
    header: tuple[float, float]
    """RA and Dec that the header claims, offsets included."""
    true: tuple[float, float]
    """RA and Dec where the telescope pointed."""
    roll: float
    """Degrees by which the position angle was off."""
    seeing: float
    """FWHM, arcsec."""
    ellipticity: float
    """1 - b/a of the stars."""
    elongation: float
    """Direction in which stars are long, degrees counter-clockwise from +x."""
    transparency: float
    sky: float
    """e-/s per unbinned pixel; of a flat: e- per binned pixel in all."""
    slope: tuple[float, float]
    """Of the sky along x and y, over its level: how much it rises in 5 arcmin."""
    fringes: float
    """Amplitude of the fringes over the sky."""
    colour: float
    """Colour of the sky; 0 gives each chip its nominal sensitivity."""


class Frame(NamedTuple):
    """One exposure of a night to be simulated, and the truth about it."""

    night: Night
    effects: Effects
    shot: Shot
    now: Conditions


def frame_of(night: Night, effects: Effects, shot: Shot) -> Frame:
    """Return an exposure of the plan with its conditions."""
    return Frame(night, effects, shot, conditions(night, effects, shot))


def conditions(night: Night, effects: Effects, shot: Shot) -> Conditions:
    """Return the truth about one exposure."""
    base = _base(night, shot)
    header = _moved(base, on_sky(shot.offset, night.pa))
    error, roll = _pointing_error(night, effects, shot)
    science = shot.kind == "science"
    ellipticity, elongation = _elongation(night, effects, shot)
    return Conditions(
        base=base,
        header=header,
        true=_moved(header, error),
        roll=roll,
        seeing=turn(night.seeing, shot.index if effects.seeing else 0) if science else _FLAT_SEEING,
        ellipticity=ellipticity,
        elongation=elongation,
        transparency=turn(night.transparency, shot.index)
        if science and effects.transparency
        else 1.0,
        sky=_sky(night, effects, shot),
        slope=_slope(night, effects, shot),
        fringes=_fringes(night, effects, shot),
        colour=_colour(night, effects, shot),
    )


def on_sky(offset: tuple[float, float], pa: float) -> tuple[float, float]:
    """Return the offset in RA and Dec (arcsec) of one along the instrument's axes p and q."""
    p, q = offset
    c, s = cos(radians(pa)), sin(radians(pa))
    return p * c + q * s, -p * s + q * c


def _base(night: Night, shot: Shot) -> tuple[float, float]:
    """Return the target: the field, a blank one for flats, the zenith for biases."""
    site = SITES[night.array.instrument]
    if shot.kind == "bias":
        return round(sidereal_time(site, shot.start), 6), site.latitude
    if shot.kind == "science" and night.field is not None:
        return night.field
    first = next(one for one in plan(night) if one.kind == shot.kind)
    ra = (sidereal_time(site, first.start) + _EAST_OF_MERIDIAN) % 360
    return round(ra, 1), round(site.latitude + 10.0, 1)


def _moved(centre: tuple[float, float], offset: tuple[float, float]) -> tuple[float, float]:
    """Return a position moved by (RA, Dec) arcsec on the sky."""
    dec = centre[1] + offset[1] / ARCSEC
    return (centre[0] + offset[0] / ARCSEC / cos(radians(dec))) % 360, dec


def _pointing_error(
    night: Night, effects: Effects, shot: Shot
) -> tuple[tuple[float, float], float]:
    """Return an error anywhere in a disc (arcsec), and one of the position angle (degrees)."""
    if shot.kind == "bias" or not effects.pointing:
        return (0.0, 0.0), 0.0
    u, v, w = generator(night.seed, "pointing", shot.kind, shot.index).random(3)
    radius, angle = night.pointing_error * u**0.5, 2 * pi * v
    return (radius * cos(angle), radius * sin(angle)), night.roll_error * (2 * w - 1) + 0.0


def _elongation(night: Night, effects: Effects, shot: Shot) -> tuple[float, float]:
    if not effects.seeing:
        return 0.0, 0.0
    a, b = generator(night.seed, "elongation", shot.kind, shot.index).uniform(-1, 1, 2)
    return _ELLIPTICITY * min(hypot(a, b), 1.0), degrees(atan2(b, a)) / 2 % 180


def _sky(night: Night, effects: Effects, shot: Shot) -> float:
    if shot.kind == "bias" or (shot.kind == "science" and not effects.sky):
        return 0.0
    if shot.kind == "flat":
        return turn(night.flat_levels, shot.index)
    index = shot.index if effects.sky_variation else 0
    if night.sky:
        return turn(night.sky, index)
    return brightness.sky_rate(night.array, night.filter) * turn(_SKY_VARIATION, index)


def _slope(night: Night, effects: Effects, shot: Shot) -> tuple[float, float]:
    if shot.kind != "science" or not effects.moonlight:
        return 0.0, 0.0
    angle = 2 * pi * generator(night.seed, "moonlight", shot.index).random()
    rise = turn(night.moonlight, shot.index)
    return rise * cos(angle), rise * sin(angle)


def _fringes(night: Night, effects: Effects, shot: Shot) -> float:
    if shot.kind != "science" or not effects.fringes:
        return 0.0
    amplitude = night.fringe_amplitude
    if amplitude is None:
        amplitude = brightness.fringe_amplitude(night.array, night.filter)
    draw = generator(night.seed, "fringes", shot.index).uniform(-1, 1)
    return float(amplitude * (1 + _FRINGE_SCATTER * draw))


def _colour(night: Night, effects: Effects, shot: Shot) -> float:
    """Return the colour of a twilight, which goes from one side of 0 to the other."""
    if shot.kind != "flat" or not effects.flat_colour or night.flats < 2:
        return 0.0
    return _BLUEST_TWILIGHT * (1 - 2 * shot.index / (night.flats - 1))
