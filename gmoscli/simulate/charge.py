"""Full pixels, and where their charge goes."""

import numpy as np
from numpy.typing import NDArray

from ..gmos.detectors import full_well
from .areas import CcdArea
from .night import Night

Plane = NDArray[np.float32]

_USUAL_WELL = 150e3  # electrons per unbinned pixel, where the tables have none (EEV)


def wells(night: Night, area: CcdArea) -> Plane:
    """Return the full well of each column, in electrons per binned pixel."""
    row = np.empty(area.shape[1], np.float32)
    for amp in area.amps:
        one = full_well(night.detector_keyword, amp.amp.name) or _USUAL_WELL
        row[area.columns(amp)] = one * night.pixel_area
    return row


def overflow(charge: Plane, well: Plane, *, bleeding: bool) -> NDArray[np.bool_]:
    """Empty what exceeds the full wells, in place; return True where a pixel was or became full.

    When bleeding, half of the excess runs up the column and half down, filling pixels as it goes;
    charge is conserved but for what leaves the chip. Otherwise the excess is lost.
    """
    columns = np.flatnonzero((charge > well).any(axis=0))
    some, limit = charge[:, columns].astype(np.float64), well[columns].astype(np.float64)
    excess = np.maximum(some - limit, 0)
    some -= excess
    if bleeding:
        _pour(some, excess / 2, limit)
        _pour(some[::-1], excess[::-1] / 2, limit)
    charge[:, columns] = some
    full = np.zeros(charge.shape, bool)
    full[:, columns] = some >= limit * (1 - 1e-6)
    return full


def _pour(
    charge: NDArray[np.float64], excess: NDArray[np.float64], limit: NDArray[np.float64]
) -> None:
    """Carry the excess of each row along the columns into the room that is left, in place."""
    rows = np.flatnonzero(excess.any(axis=1))
    carried = np.zeros(charge.shape[1])
    for row in range(rows[0] if len(rows) else len(charge), len(charge)):
        carried += excess[row]
        taken = np.minimum(carried, limit - charge[row])
        charge[row] += taken
        carried -= taken
        if row >= rows[-1] and not carried.any():
            break
