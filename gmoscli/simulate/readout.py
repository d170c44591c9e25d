"""From electrons to counts: gain, bias, overscan, noise, the converter."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from ..gmos import detectors
from ..gmos.detectors import ADC_LIMIT, OVERSCAN_WIDTH
from .areas import AmpArea
from .conditions import Frame
from .effects import Effects
from .night import Night
from .plan import Shot
from .seeds import generator

Plane = NDArray[np.float32]

PEDESTAL = 500.0
"""ADU of every amplifier when the effect of bias levels is off: a converter cannot go below 0."""

_LEVEL_SCATTER = 2.0  # ADU from one day to another
_FRAME_SCATTER = 0.7  # ADU from frame to frame
_DRIFT = 1.2  # ADU, of each of the slow waves along the rows
_SETTLING, _SETTLING_ROWS = 6.0, 30.0  # ADU at the first row, and unbinned rows to its e-th part
_COLUMN_PATTERN = 0.6  # ADU from column to column
_GLOW, _GLOW_COLUMNS = 4.0, 20.0  # ADU at the edge of the amplifier, binned columns to its e-th
_DAY_PATTERN = 0.3  # of the pattern that is new on another day
_HASH = 100.0  # ADU by which the rows of a failed amplifier scatter
_TRAIL, _TRAIL_COLUMNS = 1.5e-3, 0.8  # of the last column's light, and its e-folding


@dataclass(frozen=True)
class AmpTruth:
    """The true numbers of one amplifier on one day."""

    gain: float
    """e-/ADU."""
    read_noise: float
    """Electrons."""
    bias: float
    """ADU, before drifts."""


def amp_truth(night: Night, effects: Effects, amp: str, day: date) -> AmpTruth:
    """Return gain, noise and bias of an amplifier."""
    mode = (amp, day, night.speed, night.setting)
    bias = PEDESTAL
    if effects.bias_level:
        shift = generator(night.seed, "bias level", amp, str(day)).standard_normal()
        bias = (detectors.bias_level(*mode) or PEDESTAL) + _LEVEL_SCATTER * shift
    return AmpTruth(
        gain=(detectors.gain(*mode) or 1.0) if effects.gain else 1.0,
        read_noise=(detectors.read_noise(*mode) or 0.0) if effects.read_noise else 0.0,
        bias=float(bias),
    )


def read_out(frame: Frame, area: AmpArea, electrons: Plane) -> NDArray[np.uint16]:
    """Return the raw counts of one amplifier, overscan and all, from its pixels' electrons."""
    night, effects, shot, _ = frame
    name = area.amp.name
    truth = amp_truth(night, effects, name, shot.start.date())
    shape = (area.datasec.height, area.datasec.width + OVERSCAN_WIDTH)
    adu = np.full(shape, truth.bias, np.float32)
    signal = electrons / np.float32(truth.gain)
    adu[area.datasec.slices] += signal
    if effects.pattern:
        adu[area.datasec.slices] += _pattern(night, shot.start.date(), area)
    if effects.drift:
        adu += _drift(night, shot, area)[:, None]
    if effects.overscan_trail:
        _add_trail(adu, area, signal, night.array.contaminated_columns)
    if effects.failures and has_failed(night, area, shot.start.date()):
        rng = generator(night.seed, "failure", shot.kind, shot.index, name)
        adu[:] = np.float32(truth.bias) + np.float32(_HASH) * rng.standard_normal((shape[0], 1))
    if effects.read_noise:
        rng = generator(night.seed, "read noise", shot.kind, shot.index, name)
        noise = rng.standard_normal(shape, dtype=np.float32)
        noise *= np.float32(truth.read_noise / truth.gain)
        adu += noise
    return np.clip(np.rint(adu, out=adu), 0, ADC_LIMIT, out=adu).astype(np.uint16)


def has_failed(night: Night, area: AmpArea, day: date) -> bool:
    """Say whether an amplifier is known to have failed on a day: it tells nothing of the light."""
    known = detectors.troubles(night.array, day, night.binning)
    return any(area.amp.name in trouble.amps for trouble in known)


def _pattern(night: Night, day: date, area: AmpArea) -> Plane:
    """Return the fixed pattern: columns, a glow at one edge, a slow wave; partly new each day."""
    ny, nx = area.datasec.height, area.datasec.width
    y = np.linspace(0, 1, ny, dtype=np.float32)[:, None]
    pattern = np.zeros((ny, nx), np.float32)
    for weight, word in ((1.0, "always"), (_DAY_PATTERN, str(day))):
        rng = generator(night.seed, "pattern", area.amp.name, word)
        columns = _COLUMN_PATTERN * rng.standard_normal(nx)
        edge = np.arange(nx) if area.amp.overscan == "left" else np.arange(nx)[::-1]
        columns += _GLOW * rng.random() * np.exp(-edge / _GLOW_COLUMNS)
        waves, phase = rng.uniform(0.5, 2.0), rng.random()
        wave = np.sin(2 * np.pi * (waves * y + phase), dtype=np.float32)
        pattern += np.float32(weight) * (columns.astype(np.float32) + wave)
    return pattern


def _drift(night: Night, shot: Shot, area: AmpArea) -> Plane:
    """Return the bias along the rows of one frame: a step, a settling, slow waves."""
    ny = area.datasec.height
    rng = generator(night.seed, "drift", shot.kind, shot.index, area.amp.name)
    t = np.arange(ny) / ny
    drift = np.full(ny, _FRAME_SCATTER * rng.standard_normal())
    drift += _SETTLING * rng.random() * np.exp(-t * ny * night.binning[1] / _SETTLING_ROWS)
    for order in (1, 2, 3):
        drift += _DRIFT / order * rng.standard_normal() * np.cos(np.pi * order * t)
    return drift.astype(np.float32)


def _add_trail(adu: Plane, area: AmpArea, light: Plane, n: int) -> None:
    """Add light that trails into the n overscan columns beside it, in place."""
    left = area.amp.overscan == "left"
    trail = np.float32(_TRAIL) * np.exp(-np.arange(n, dtype=np.float32) / _TRAIL_COLUMNS)
    beside = light[:, 0] if left else light[:, -1]
    first = area.biassec.x2 - n if left else area.biassec.x1
    adu[:, first : first + n] += np.outer(beside, trail[::-1] if left else trail)
