"""The exposures of a night, in the order of their files: names, times, offsets."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Literal

from .night import Night, turn

Kind = Literal["bias", "flat", "science"]

# UT at which the twilight flats, the biases and the science frames of a day begin.
_BEGIN = {
    "GMOS-N": {"flat": time(5, 10), "bias": time(18, 0), "science": time(6, 50)},
    "GMOS-S": {"flat": time(22, 20), "bias": time(12, 0), "science": time(2, 0)},
}
_FLAT_NUMBER, _SCIENCE_NUMBER = 138, 115
_FIRST_BIAS, _SECOND_BIAS = 180, 222  # moved up where the frames before them are many
_READOUT = timedelta(seconds=42)
_DARKNESS = timedelta(hours=8)  # what is longer goes on in the next night
_FLAT_DITHER = 12.0  # arcsec: stars of one flat are off those of the next


@dataclass(frozen=True)
class Shot:
    """One exposure to be taken; ``index`` counts those of its kind."""

    kind: Kind
    index: int
    name: str
    """File name without its ending."""
    start: datetime
    """UT."""
    exposure: float
    """Seconds."""
    offset: tuple[float, float]
    """(p, q), arcsec."""
    number: int
    """Within its observation, from 1."""


@cache
def plan(night: Night) -> tuple[Shot, ...]:
    """Return all exposures of a night: flats and biases of one day, science and biases of another.

    Biases 0 to n-1 belong to the flats' day, n to 2n-1 to that of the science frames.
    """
    first_bias = max(_FIRST_BIAS, _FLAT_NUMBER + night.flats)
    second_bias = max(_SECOND_BIAS, _SCIENCE_NUMBER + night.frames)
    return (
        *_series(night, "flat", night.flat_day, _FLAT_NUMBER, range(night.flats)),
        *_series(night, "bias", night.flat_day, first_bias, range(night.biases)),
        *_series(night, "science", night.science_day, _SCIENCE_NUMBER, range(night.frames)),
        *_series(
            night, "bias", night.science_day, second_bias, range(night.biases, 2 * night.biases)
        ),
    )


def shot_of(night: Night, kind: Kind, index: int) -> Shot:
    """Return the exposure of this kind and index. Raises LookupError if there is none."""
    for shot in plan(night):
        if (shot.kind, shot.index) == (kind, index):
            return shot
    raise LookupError(f"the night has no {kind} {index}")


def _series(night: Night, kind: Kind, day: date, first: int, indexes: range) -> list[Shot]:
    begin = start = datetime.combine(day, _BEGIN[night.array.instrument][kind])
    shots = []
    for number, index in enumerate(indexes):
        if start - begin > _DARKNESS:
            begin = start = begin + timedelta(days=1)
        exposure = _seconds(night, kind, index)
        name = f"{night.array.instrument[-1]}{start:%Y%m%d}S{first + number:04d}"
        offset = _offset(night, kind, index)
        shots.append(Shot(kind, index, name, start, exposure, offset, number + 1))
        start += timedelta(seconds=exposure) + _READOUT
    return shots


def _seconds(night: Night, kind: Kind, index: int) -> float:
    """Return the exposure time; twilights grow longer as the sky darkens."""
    if kind == "science":
        return turn(night.exposure, index)
    return 0.0 if kind == "bias" else 5.0 + 3.0 * index


def _offset(night: Night, kind: Kind, index: int) -> tuple[float, float]:
    if kind == "bias":
        return (0.0, 0.0)
    if kind == "science" and night.offsets:
        return night.offsets[index % len(night.offsets)]
    reach = night.dither if kind == "science" else _FLAT_DITHER
    return _spread(index, reach)


def _spread(index: int, reach: float) -> tuple[float, float]:
    """Return the point of an even sequence in a square; the first is the centre.

    The additive recurrence of Roberts (2018), whose points stay apart for any number of them.
    """
    p, q = ((0.5 + index * step) % 1.0 for step in (0.7548776662466927, 0.5698402909980532))
    return round(reach * (2 * p - 1), 1), round(reach * (2 * q - 1), 1)
