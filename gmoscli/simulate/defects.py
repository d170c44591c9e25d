"""Pixels that do not work: dead and hot ones, bad columns."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .areas import CcdArea
from .night import Night
from .seeds import generator

_DEAD, _HOT = 350, 120  # on each chip, binned pixels
_COLUMNS = 4  # bad columns on each chip; the first of them is hot
_DEAD_RESPONSE = (0.0, 0.6)
_HOT_RATE = (0.5, 2.2)  # log10 of e-/s
_HOT_COLUMN_RATE = 20.0  # e-/s


@dataclass(frozen=True)
class Defects:
    """Some pixels of an array and a value for each."""

    y: NDArray[np.intp]
    x: NDArray[np.intp]
    value: NDArray[np.float32]

    def read(self, area: CcdArea) -> "Defects":
        """Return those of a whole chip that lie in what is read, counted from its corner."""
        section = area.section.binned(*area.binning)
        y, x = self.y - section.y1, self.x - section.x1
        inside = (y >= 0) & (y < section.height) & (x >= 0) & (x < section.width)
        return Defects(y[inside], x[inside], self.value[inside])


def dead_pixels(night: Night, area: CcdArea) -> Defects:
    """Return pixels that lose light, with their response."""
    return _chip_defects(night, area.chip.index)[0].read(area)


def hot_pixels(night: Night, area: CcdArea) -> Defects:
    """Return pixels that make charge of their own, with electrons per second."""
    return _chip_defects(night, area.chip.index)[1].read(area)


def bad_pixels(night: Night, area: CcdArea) -> NDArray[np.bool_]:
    """Return True at each pixel that is dead or hot."""
    bad = np.zeros(area.shape, bool)
    for some in (dead_pixels(night, area), hot_pixels(night, area)):
        bad[some.y, some.x] = True
    return bad


@lru_cache(maxsize=6)
def _chip_defects(night: Night, index: int) -> tuple[Defects, Defects]:
    """Return dead and hot pixels of a whole chip."""
    nx, ny = (size // step for size, step in zip(night.array.chip_size, night.binning, strict=True))
    rng = generator(night.seed, "bad pixels", index)
    dead = _scattered(rng, ny, nx, rng.uniform(*_DEAD_RESPONSE, _DEAD))
    hot = _scattered(rng, ny, nx, 10 ** rng.uniform(*_HOT_RATE, _HOT))
    columns = [_column(rng, ny, nx) for _ in range(_COLUMNS)]
    hot_column = [(y, x, np.full(len(y), _HOT_COLUMN_RATE)) for y, x, _ in columns[:1]]
    return _join(dead, *columns[1:]), _join(hot, *hot_column)


Part = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]


def _scattered(rng: np.random.Generator, ny: int, nx: int, values: NDArray[np.float64]) -> Part:
    """Return the values at different places, anywhere."""
    y, x = np.divmod(rng.choice(ny * nx, len(values), replace=False), nx)
    return y, x, values


def _column(rng: np.random.Generator, ny: int, nx: int) -> Part:
    """Return a column that responds badly from some row to the top."""
    y = np.arange(rng.integers(ny // 2), ny)
    x = np.full(len(y), rng.integers(nx))
    return y, x, np.full(len(y), rng.uniform(*_DEAD_RESPONSE))


def _join(*parts: Part) -> Defects:
    y, x, value = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Defects(y, x, value.astype(np.float32))
